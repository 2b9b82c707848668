// SPDX-License-Identifier: BSD-3-Clause
// One op over one layout: canonical form and walk; for a reduction also the start value and the repeats.
// Only kernels read elements.
#include "../strideops.h"

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

static int result_is_one_element(const so_layout *layout, int result)
{
    for (int axis = 0; axis < layout->ndim; axis++)
        if (layout->stride[result][axis] != 0)
            return 0;
    return 1;
}

// A result of one element can carry what it cannot hold: the sum is then as good as if it were exact.
static void walk_with_carry(so_layout *layout, so_kernel *kernel)
{
    double carry = 0;
    int operand = layout->noperands++;
    layout->data[operand] = (char *)&carry;
    for (int axis = 0; axis < layout->ndim; axis++)
        layout->stride[operand][axis] = 0;
    so_walk(layout, kernel);
    layout->noperands--;
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

    ptrdiff_t repeats = so_fold_repeats(layout);
    so_canonicalize(layout);
    if (dtype >= SO_FLOAT32 && result_is_one_element(layout, result))
        walk_with_carry(layout, so_find_kernel(op, dtype));
    else
        so_walk(layout, so_find_kernel(op, dtype));
    if (repeats > 1) {
        encode(result_dtype, repeats, element);
        apply_to_result(SO_SCALE, result_dtype, layout, result, element);
    }
}

void so_run(so_op op, so_dtype dtype, so_layout *layout)
{
    if (so_inputs(op)) {
        reduce(op, dtype, layout);
    } else {
        so_canonicalize(layout);
        so_walk(layout, so_find_kernel(op, dtype));
    }
}
