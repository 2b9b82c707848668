// SPDX-License-Identifier: BSD-3-Clause
// Elements as whole numbers, and the way through a layout: what the plain loops and the generators are made of.
#ifndef ELEMENTS_H
#define ELEMENTS_H

#include "strideops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

static inline int below(int limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int)((state >> 33) % (uint64_t)limit);
}

typedef union number {
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    float f;
    double d;
} number;

static inline int64_t get(so_dtype dtype, const char *address)
{
    number value;
    memcpy(&value, address, (size_t)so_itemsize(dtype));
    switch (dtype) {
    case SO_INT8: return value.i8;
    case SO_INT16: return value.i16;
    case SO_INT32: return value.i32;
    case SO_INT64: return value.i64;
    case SO_UINT8: return value.u8;
    case SO_UINT16: return value.u16;
    case SO_UINT32: return value.u32;
    case SO_UINT64: return (int64_t)value.u64;
    case SO_FLOAT32: return (int64_t)value.f;
    default: return (int64_t)value.d;
    }
}

static inline void put_real(so_dtype dtype, char *address, double real)
{
    number value = {.d = real};
    if (dtype == SO_FLOAT32)
        value.f = (float)real;
    memcpy(address, &value, (size_t)so_itemsize(dtype));
}

// Integers wrap.
static inline void put(so_dtype dtype, char *address, int64_t whole)
{
    number value = {.i64 = whole};
    switch (so_itemsize(dtype)) {
    case 1: value.i8 = (int8_t)whole; break;
    case 2: value.i16 = (int16_t)whole; break;
    case 4: value.i32 = (int32_t)whole; break;
    }
    if (dtype >= SO_FLOAT32)
        put_real(dtype, address, (double)whole);
    else
        memcpy(address, &value, (size_t)so_itemsize(dtype));
}

// Moves the index to the next place in C order; 0 after the last one.
static inline int next_index(const so_layout *layout, ptrdiff_t *index)
{
    for (int axis = layout->ndim - 1; axis >= 0; axis--) {
        if (++index[axis] < layout->shape[axis])
            return 1;
        index[axis] = 0;
    }
    return 0;
}

// How far from the first element of operand k the one at the index lies, in bytes.
static inline ptrdiff_t distance(const so_layout *layout, int k, const ptrdiff_t *index)
{
    ptrdiff_t bytes = 0;
    for (int axis = 0; axis < layout->ndim; axis++)
        bytes += index[axis] * layout->stride[k][axis];
    return bytes;
}

static inline char *at(const so_layout *layout, int k, const ptrdiff_t *index)
{
    return layout->data[k] + distance(layout, k, index);
}

// The bytes that operand k spans, and how many of them lie below its first element.
static inline ptrdiff_t span(const so_layout *layout, int k, ptrdiff_t itemsize, ptrdiff_t *below_first)
{
    ptrdiff_t low = 0, high = itemsize;
    for (int axis = 0; axis < layout->ndim; axis++) {
        ptrdiff_t reach = layout->shape[axis] ? (layout->shape[axis] - 1) * layout->stride[k][axis] : 0;
        if (reach < 0)
            low += reach;
        else
            high += reach;
    }
    *below_first = -low;
    return high - low;
}

static inline void fail(const char *what, so_op op, so_dtype dtype, const so_layout *layout)
{
    printf("%s: op %s, dtype %d\n", what, so_op_name(op), (int)dtype);
    for (int axis = 0; axis < layout->ndim; axis++) {
        printf("  axis %d: length %td, strides", axis, layout->shape[axis]);
        for (int k = 0; k < layout->noperands; k++)
            printf(" %td", layout->stride[k][axis]);
        printf("\n");
    }
    fflush(stdout);
    _Exit(1);
}

#endif
