// SPDX-License-Identifier: BSD-3-Clause
// The kernels for CPUs with AVX2.
#include "variants.h"

#if SO_X86
#define ISA avx2
#define VECTOR 32
#define HAS_MASKS 0
#define HAS_FMA 1
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "table.inc"
#pragma clang attribute pop
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#include "table.inc"
#pragma GCC pop_options
#endif
#undef HAS_MASKS
#undef HAS_FMA
#endif
