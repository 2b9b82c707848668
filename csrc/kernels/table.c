// SPDX-License-Identifier: BSD-3-Clause
// What an op is besides its kernels, and which kernels this CPU can run. The table of kernels itself is in table.inc.
#include "../strideops.h"
#include "variants.h"

static const struct {
    const char *name;
    so_kind kind;
    int inputs; // that a reduction reads
    int widens; // integers add up in 64 bits
} traits[SO_OP_COUNT] = {
    [SO_COPY] = {"copy", SO_WRITES, 0, 0},    [SO_PACK] = {"pack", SO_WRITES, 0, 0},
    [SO_SCALE] = {"scale", SO_WRITES, 0, 0},  [SO_AXPY] = {"axpy", SO_WRITES, 0, 0},
    [SO_SUM] = {"sum", SO_ADDS, 1, 1},        [SO_DOT] = {"dot", SO_ADDS, 2, 0},
    [SO_NORM] = {"norm", SO_ADDS, 1, 0},      [SO_MIN] = {"min", SO_CHOOSES, 1, 0},
    [SO_MAX] = {"max", SO_CHOOSES, 1, 0},     [SO_ARGMIN] = {"argmin", SO_FINDS, 1, 0},
    [SO_ARGMAX] = {"argmax", SO_FINDS, 1, 0},
};

so_kind so_kind_of(so_op op)
{
    return traits[op].kind;
}

const char *so_op_name(so_op op)
{
    return traits[op].name;
}

int so_inputs(so_op op)
{
    return traits[op].inputs;
}

ptrdiff_t so_itemsize(so_dtype dtype)
{
    static const unsigned char itemsize[SO_DTYPE_COUNT] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8};
    return itemsize[dtype];
}

so_dtype so_result_dtype(so_op op, so_dtype dtype)
{
    if (traits[op].kind == SO_FINDS)
        return SO_INT64;
    if (dtype >= SO_FLOAT32)
        return dtype;
    if (op == SO_NORM)
        return SO_FLOAT64;
    if (!traits[op].widens)
        return dtype;
    return dtype < SO_UINT8 ? SO_INT64 : SO_UINT64;
}

static so_kernel *const (*const tables[SO_ISA_COUNT])[SO_DTYPE_COUNT] = {
    [SO_PORTABLE] = so_kernels_portable,
#if SO_X86
    [SO_AVX2] = so_kernels_avx2,
    [SO_AVX512] = so_kernels_avx512,
#endif
};

so_kernel *so_find_kernel(so_isa isa, so_op op, so_dtype dtype)
{
    return tables[isa][op][dtype];
}

const char *so_isa_name(so_isa isa)
{
    static const char *const name[SO_ISA_COUNT] = {"portable", "avx2", "avx512"};
    return name[isa];
}

// The compiler's runtime asks the CPU once, when it is loaded.
int so_has_isa(so_isa isa)
{
#if SO_X86
    if (isa == SO_AVX2)
        return __builtin_cpu_supports("avx2") != 0;
    if (isa == SO_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
#endif
    return isa == SO_PORTABLE;
}

so_isa so_best_isa(void)
{
    return so_has_isa(SO_AVX512) ? SO_AVX512 : so_has_isa(SO_AVX2) ? SO_AVX2 : SO_PORTABLE;
}
