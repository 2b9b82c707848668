// SPDX-License-Identifier: BSD-3-Clause
// Every op as a plain loop over whole numbers, small enough to be exact in every dtype.
#include "elements.h"

#include <math.h>

static void no_plain_loop(so_op op)
{
    printf("no plain loop for %s\n", so_op_name(op));
    exit(1);
}

static void plain_elementwise(so_op op, so_dtype dtype, const so_layout *layout)
{
    ptrdiff_t index[SO_MAX_NDIM] = {0};
    do {
        int64_t element[SO_MAX_OPERANDS];
        for (int k = 0; k < layout->noperands; k++)
            element[k] = get(dtype, at(layout, k, index));
        char *target = at(layout, 0, index);
        switch (op) {
        case SO_COPY:
        case SO_PACK: put(dtype, target, element[1]); break;
        case SO_SCALE: put(dtype, target, element[0] * element[1]); break;
        case SO_AXPY: put(dtype, target, element[0] + element[1] * element[2]); break;
        default: no_plain_loop(op);
        }
    } while (next_index(layout, index));
}

// One result: over the layout's elements in C order.
static void plain_result(so_op op, so_dtype dtype, const so_layout *layout, char *target)
{
    ptrdiff_t index[SO_MAX_NDIM] = {0};
    int64_t total = 0, count = 0, least = INT64_MAX, most = INT64_MIN, first_least = 0, first_most = 0;
    int y = so_inputs(op) - 1;
    if (so_size(layout))
        do {
            int64_t x = get(dtype, at(layout, 0, index));
            total += op == SO_SUM ? x : x * get(dtype, at(layout, y, index));
            if (x < least) {
                least = x;
                first_least = count;
            }
            if (x > most) {
                most = x;
                first_most = count;
            }
            count++;
        } while (next_index(layout, index));
    so_dtype result = so_result_dtype(op, dtype);
    switch (op) {
    case SO_SUM:
    case SO_DOT: put(result, target, total); break;
    case SO_MIN: put(result, target, least); break;
    case SO_MAX: put(result, target, most); break;
    case SO_ARGMIN: put(result, target, first_least); break;
    case SO_ARGMAX: put(result, target, first_most); break;
    case SO_NORM: put_real(result, target, sqrt((double)total)); break;
    default: no_plain_loop(op);
    }
}

static void plain_reduction(so_op op, so_dtype dtype, const so_layout *layout)
{
    int result = so_inputs(op);
    so_layout kept = *layout, reduced = *layout;
    for (int axis = 0; axis < layout->ndim; axis++)
        (layout->stride[result][axis] ? &reduced : &kept)->shape[axis] = 1;
    ptrdiff_t index[SO_MAX_NDIM] = {0};
    do {
        for (int k = 0; k < result; k++)
            reduced.data[k] = at(&kept, k, index);
        plain_result(op, dtype, &reduced, at(&kept, result, index));
    } while (next_index(&kept, index));
}

// The op is undefined for this layout: the least of no numbers.
static int has_no_answer(so_op op, const so_layout *layout)
{
    int needs_one = op == SO_MIN || op == SO_MAX || op == SO_ARGMIN || op == SO_ARGMAX;
    return needs_one && so_size(layout) == 0;
}

// What the op leaves in the target.
static void run_plainly(so_op op, so_dtype dtype, const so_layout *layout)
{
    ptrdiff_t targets = 1;
    for (int axis = 0; axis < layout->ndim; axis++)
        if (layout->stride[so_inputs(op)][axis])
            targets *= layout->shape[axis];
    if (targets == 0)
        return;
    if (so_inputs(op))
        plain_reduction(op, dtype, layout);
    else if (so_size(layout))
        plain_elementwise(op, dtype, layout);
}
