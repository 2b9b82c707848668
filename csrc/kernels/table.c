// SPDX-License-Identifier: BSD-3-Clause
// The one place where ops meet dtypes. The bodies are in the .inc files, included once per dtype.
#include "../strideops.h"
#include "carry.h"

#include <string.h>

enum {
    LANES = 16,    // independent partial sums of a float row
    SHORT_ROW = 8, // elements below which a row is one chain of additions, as in NumPy's pairwise sum
    LONG_ROW = 32, // elements from which a call of memmove pays
};

// Elements of a row that share the lanes. Floats add up in doubles, which take a long chain without harm;
// doubles get chains of half the length of those in NumPy's pairwise sum.
#define CHUNK(T) (sizeof(T) < sizeof(double) ? 2048 : 128)

// A sum of doubles and the rounding errors that it left out.
typedef struct so_total {
    double sum;
    double error;
} so_total;

static inline void add_to_total(so_total *total, double value)
{
    double sum = total->sum + value;
    double added = sum - total->sum;
    total->error += (total->sum - (sum - added)) + (value - added);
    total->sum = sum;
}

// The error of an infinite sum is not a number.
static inline double settled(so_total total)
{
    return total.error - total.error == 0 ? total.sum + total.error : total.sum;
}

// Per dtype: T the element and WRAP a type in which its arithmetic wraps without overflow.
#define JOIN(op, dtype) op##_##dtype
#define EXPAND(op, dtype) JOIN(op, dtype)
#define NAME(op) EXPAND(op, DTYPE)

#define FLOATING 0
#define SIGNED 1
#define DTYPE int8
#define T int8_t
#define WRAP uint32_t
#include "bodies.inc"
#define DTYPE int16
#define T int16_t
#define WRAP uint32_t
#include "bodies.inc"
#define DTYPE int32
#define T int32_t
#define WRAP uint32_t
#include "bodies.inc"
#define DTYPE int64
#define T int64_t
#define WRAP uint64_t
#include "bodies.inc"
#undef SIGNED
#define SIGNED 0
#define DTYPE uint8
#define T uint8_t
#define WRAP uint32_t
#include "bodies.inc"
#define DTYPE uint16
#define T uint16_t
#define WRAP uint32_t
#include "bodies.inc"
#define DTYPE uint32
#define T uint32_t
#define WRAP uint32_t
#include "bodies.inc"
#define DTYPE uint64
#define T uint64_t
#define WRAP uint64_t
#include "bodies.inc"
#undef FLOATING
#define FLOATING 1
#define DTYPE float32
#define T float
#define WRAP float
#include "bodies.inc"
#define DTYPE float64
#define T double
#define WRAP double
#include "bodies.inc"

#define PER_DTYPE(op)                                                                                                  \
    {JOIN(op, int8),   JOIN(op, int16),  JOIN(op, int32),  JOIN(op, int64),   JOIN(op, uint8),                         \
     JOIN(op, uint16), JOIN(op, uint32), JOIN(op, uint64), JOIN(op, float32), JOIN(op, float64)}

static so_kernel *const kernels[SO_OP_COUNT][SO_DTYPE_COUNT] = {
    [SO_COPY] = PER_DTYPE(copy),      [SO_SCALE] = PER_DTYPE(scale),    [SO_AXPY] = PER_DTYPE(axpy),
    [SO_SUM] = PER_DTYPE(sum_kernel), [SO_DOT] = PER_DTYPE(dot_kernel),
};

so_kernel *so_find_kernel(so_op op, so_dtype dtype)
{
    return kernels[op][dtype];
}

// What an op is, besides its kernels.
static const struct {
    const char *name;
    int inputs; // that a reduction reads
    int widens; // integers add up in 64 bits
} traits[SO_OP_COUNT] = {
    [SO_COPY] = {"copy", 0, 0}, [SO_SCALE] = {"scale", 0, 0}, [SO_AXPY] = {"axpy", 0, 0},
    [SO_SUM] = {"sum", 1, 1},   [SO_DOT] = {"dot", 2, 0},
};

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
    if (!traits[op].widens || dtype >= SO_FLOAT32)
        return dtype;
    return dtype < SO_UINT8 ? SO_INT64 : SO_UINT64;
}
