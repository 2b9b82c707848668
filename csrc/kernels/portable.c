// SPDX-License-Identifier: BSD-3-Clause
// The kernels for what the compiler takes for granted.
#define ISA portable
#define VECTOR 16
#define HAS_MASKS 0
#ifdef __FP_FAST_FMA
#define HAS_FMA 1
#else
#define HAS_FMA 0
#endif
#include "table.inc"
#undef HAS_MASKS
#undef HAS_FMA
