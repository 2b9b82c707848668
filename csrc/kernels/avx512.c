// SPDX-License-Identifier: BSD-3-Clause
// The kernels for CPUs with AVX-512.
#include "variants.h"

#if SO_X86
#define ISA avx512
#define VECTOR 64
#define HAS_MASKS 1
#define HAS_FMA 1
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2"))),     \
                             apply_to = function)
#include "table.inc"
#pragma clang attribute pop
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,prefer-vector-width=512")
#include "table.inc"
#pragma GCC pop_options
#endif
#undef HAS_MASKS
#undef HAS_FMA
#endif
