// SPDX-License-Identifier: BSD-3-Clause
// The kernels for what the compiler takes for granted.
#define ISA portable
#define VECTOR 16
#define HAS_MASKS 0
#include "table.inc"
#undef HAS_MASKS
