// SPDX-License-Identifier: BSD-3-Clause
// One op over one layout: canonical form and walk; for a reduction also the start value and the repeats.
// Only kernels read elements.
#include "../strideops.h"
#include "carry.h"

#include <stdlib.h>
#include <string.h>

// A whole number as one element; integers wrap.
static void encode(so_dtype dtype, ptrdiff_t number, char *element)
{
    float single = (float)number;
    double real = (double)number;
    uint8_t one = (uint8_t)number;
    uint16_t two = (uint16_t)number;
    uint32_t four = (uint32_t)number;
    uint64_t eight = (uint64_t)number;
    const void *by_size[9] = {[1] = &one, [2] = &two, [4] = &four, [8] = &eight};
    ptrdiff_t size = so_itemsize(dtype);
    memcpy(element, dtype == SO_FLOAT32 ? &single : dtype == SO_FLOAT64 ? &real : by_size[size], (size_t)size);
}

// Applies an op with one element as its source to every element of the result. The result does not move
// along the reduced axes, so these fall away.
static void apply_to_result(so_op op, so_dtype dtype, const so_layout *layout, int result, char *element)
{
    so_layout target;
    target.ndim = 0;
    target.noperands = 2;
    target.data[0] = layout->data[result];
    target.data[1] = element;
    for (int axis = 0; axis < layout->ndim; axis++) {
        if (layout->stride[result][axis] == 0)
            continue;
        target.shape[target.ndim] = layout->shape[axis];
        target.stride[0][target.ndim] = layout->stride[result][axis];
        target.stride[1][target.ndim++] = 0;
    }
    so_run(op, dtype, &target);
}

// Along an axis on which it alone moves, the result is computed once and then copied: the copy, and whether it is
// needed.
static int plan_copies(so_layout *copy, const so_layout *layout, int result)
{
    int needed = 0;
    copy->ndim = layout->ndim;
    copy->noperands = 2;
    copy->data[0] = copy->data[1] = layout->data[result];
    for (int axis = 0; axis < layout->ndim; axis++) {
        int read = 0;
        for (int k = 0; k < result; k++)
            read |= layout->stride[k][axis] != 0;
        ptrdiff_t stride = layout->stride[result][axis];
        copy->shape[axis] = stride ? layout->shape[axis] : 1;
        copy->stride[0][axis] = stride;
        copy->stride[1][axis] = read ? stride : 0;
        needed |= stride && !read;
    }
    return needed;
}

// Where whole cache lines are added up to one number, the axes of the result go outside: each of its elements is
// then finished before the next one begins, and no long chain of additions runs through it.
static void finish_results_in_turn(so_layout *layout, int result)
{
    int inner = layout->ndim - 1, front = 0;
    if (inner < 0 || layout->stride[result][inner] || layout->shape[inner] * llabs(layout->stride[0][inner]) < 64)
        return;
    for (int axis = 0; axis < layout->ndim; axis++) {
        if (!layout->stride[result][axis])
            continue;
        for (int at = axis; at > front; at--)
            so_swap_axes(layout, at - 1, at);
        front++;
    }
}

// A float result can carry what it cannot hold: the sum is then as good as if it were exact.
static void walk_with_carries(so_layout *layout, so_kernel *kernel, size_t count)
{
    so_carries carries;
    int operand = layout->noperands++;
    carries.count = count;
    for (size_t i = 0; i < count; i++)
        carries.place[i].owner = NULL;
    layout->data[operand] = (char *)&carries;
    for (int axis = 0; axis < layout->ndim; axis++)
        layout->stride[operand][axis] = 0;
    so_walk(layout, kernel);
    layout->noperands--;
}

static int result_is_one_element(const so_layout *layout, int result)
{
    for (int axis = 0; axis < layout->ndim; axis++)
        if (layout->stride[result][axis])
            return 0;
    return 1;
}

// Outside of the tiles there is a reduced axis: several tiles add to one element of the result.
static int tiles_share_results(const so_layout *layout, int result)
{
    for (int axis = 0; axis < layout->ndim - 2; axis++)
        if (!layout->stride[result][axis])
            return 1;
    return 0;
}

// Sums: a start of 0, and a stride-0 axis of length n multiplies by n.
static void reduce(so_op op, so_dtype dtype, so_layout *layout)
{
    char element[8];
    int result = so_inputs(op);
    so_dtype result_dtype = so_result_dtype(op, dtype);
    encode(result_dtype, 0, element);
    apply_to_result(SO_COPY, result_dtype, layout, result, element);
    if (so_size(layout) == 0)
        return;

    so_layout copy;
    int copies = plan_copies(&copy, layout, result);
    ptrdiff_t repeats = so_fold_repeats(layout, result + 1);
    if (copies)
        so_fold_repeats(layout, result);
    so_canonicalize(layout, result);
    finish_results_in_turn(layout, result);
    so_kernel *kernel = so_find_kernel(op, dtype);
    if (dtype < SO_FLOAT32)
        so_walk(layout, kernel);
    else if (result_is_one_element(layout, result))
        walk_with_carries(layout, kernel, 1);
    else if (tiles_share_results(layout, result))
        walk_with_carries(layout, kernel, MOST_CARRIES);
    else
        so_walk(layout, kernel);
    if (repeats > 1) {
        encode(result_dtype, repeats, element);
        apply_to_result(SO_SCALE, result_dtype, layout, result, element);
    }
    if (copies)
        so_run(SO_COPY, result_dtype, &copy);
}

void so_run(so_op op, so_dtype dtype, so_layout *layout)
{
    if (so_inputs(op)) {
        reduce(op, dtype, layout);
    } else {
        so_canonicalize(layout, layout->noperands);
        so_walk(layout, so_find_kernel(op, dtype));
    }
}
