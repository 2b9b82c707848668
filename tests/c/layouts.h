// SPDX-License-Identifier: BSD-3-Clause
// Random layouts in blocks of exactly their span, and elements as whole numbers: what random_layouts.c is made of.
#include "strideops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

static int below(int limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int)((state >> 33) % (uint64_t)limit);
}

// Elements as whole numbers, small enough to be exact in every dtype until they are added up.

static int64_t get(so_dtype dtype, const char *address)
{
    union {
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
    } value;
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

static void put(so_dtype dtype, char *address, int64_t number)
{
    float single = (float)number;
    double real = (double)number;
    int8_t one = (int8_t)number;
    int16_t two = (int16_t)number;
    int32_t four = (int32_t)number;
    const void *source = dtype == SO_FLOAT32       ? (void *)&single
                         : dtype == SO_FLOAT64     ? (void *)&real
                         : so_itemsize(dtype) == 1 ? (void *)&one
                         : so_itemsize(dtype) == 2 ? (void *)&two
                         : so_itemsize(dtype) == 4 ? (void *)&four
                                                   : (void *)&number;
    memcpy(address, source, (size_t)so_itemsize(dtype));
}

static int64_t as_stored(so_dtype dtype, int64_t number)
{
    char element[8];
    put(dtype, element, number);
    return get(dtype, element);
}

static void fail(const char *what, so_op op, so_dtype dtype, const so_layout *layout)
{
    printf("%s: op %d, dtype %d\n", what, (int)op, (int)dtype);
    for (int axis = 0; axis < layout->ndim; axis++) {
        printf("  axis %d: length %td, strides", axis, layout->shape[axis]);
        for (int k = 0; k < layout->noperands; k++)
            printf(" %td", layout->stride[k][axis]);
        printf("\n");
    }
    exit(1);
}

// Random strides of one operand; `apart` keeps its elements from sharing memory.
static void random_strides(so_layout *layout, int k, ptrdiff_t itemsize, int apart)
{
    int order[SO_MAX_NDIM];
    for (int i = 0; i < layout->ndim; i++)
        order[i] = i;
    for (int i = layout->ndim - 1; i > 0; i--) {
        int j = below(i + 1), held = order[i];
        order[i] = order[j];
        order[j] = held;
    }
    ptrdiff_t step = itemsize;
    for (int i = 0; i < layout->ndim; i++) {
        int axis = order[i];
        ptrdiff_t length = layout->shape[axis] > 0 ? layout->shape[axis] : 1;
        if (below(4) == 0)
            step += (1 + below(3)) * (below(3) ? itemsize : 1);
        layout->stride[k][axis] = below(3) ? step : -step;
        if (!apart && below(6) == 0)
            layout->stride[k][axis] = 0;
        step += step * (length - 1);
    }
    if (!apart && below(6) == 0) // a window: elements are shared whole
        for (int axis = 0; axis < layout->ndim; axis++)
            layout->stride[k][axis] = itemsize * (below(7) - 3);
}

// A block of exactly the bytes that an operand spans.
static char *allocate(so_layout *layout, int k, ptrdiff_t itemsize, ptrdiff_t *size)
{
    ptrdiff_t low = 0, high = itemsize;
    for (int axis = 0; axis < layout->ndim; axis++) {
        ptrdiff_t reach = layout->shape[axis] ? (layout->shape[axis] - 1) * layout->stride[k][axis] : 0;
        if (reach < 0)
            low += reach;
        else
            high += reach;
    }
    *size = high - low;
    char *block = malloc((size_t)*size);
    memset(block, 0x5a, (size_t)*size);
    layout->data[k] = block - low;
    return block;
}

static int next_index(const so_layout *layout, ptrdiff_t *index)
{
    for (int axis = layout->ndim - 1; axis >= 0; axis--) {
        if (++index[axis] < layout->shape[axis])
            return 1;
        index[axis] = 0;
    }
    return 0;
}

static char *at(const so_layout *layout, int k, const ptrdiff_t *index)
{
    char *address = layout->data[k];
    for (int axis = 0; axis < layout->ndim; axis++)
        address += index[axis] * layout->stride[k][axis];
    return address;
}

static void shape_at_random(so_layout *layout)
{
    static const int lengths[] = {1, 2, 3, 4, 5, 8, 9, 33, 70, 140, 0};
    layout->ndim = below(6);
    ptrdiff_t size = 1;
    for (int axis = 0; axis < layout->ndim; axis++) {
        layout->shape[axis] = lengths[below(below(20) ? 10 : 11)];
        if (size * layout->shape[axis] > 5000)
            layout->shape[axis] = 2;
        size *= layout->shape[axis];
    }
}
