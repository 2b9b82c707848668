// SPDX-License-Identifier: BSD-3-Clause
// One op over one layout: canonical form and walk; for a reduction also the repeats, the carries and the positions.
// Only kernels read elements.
#include "../strideops.h"
#include "carry.h"
#include "simd.h"

#include <stdlib.h>

// Where there is nothing to add up, the results are 0. They do not move along the reduced axes, so these fall away.
static void clear_results(so_isa isa, so_dtype dtype, const so_layout *layout, int result)
{
    char nothing[8] = {0};
    so_layout target;
    target.ndim = 0;
    target.noperands = 2;
    target.data[0] = layout->data[result];
    target.data[1] = nothing;
    for (int axis = 0; axis < layout->ndim; axis++) {
        if (layout->stride[result][axis] == 0)
            continue;
        target.shape[target.ndim] = layout->shape[axis];
        target.stride[0][target.ndim] = layout->stride[result][axis];
        target.stride[1][target.ndim++] = 0;
    }
    so_run_with(isa, SO_COPY, dtype, &target);
}

// Along an axis on which it alone moves, the result is computed once and then copied.
static int is_copied_along(const so_layout *layout, int result, int axis)
{
    for (int k = 0; k < result; k++)
        if (layout->stride[k][axis])
            return 0;
    return layout->stride[result][axis] != 0;
}

static int result_is_copied(const so_layout *layout, int result)
{
    for (int axis = 0; axis < layout->ndim; axis++)
        if (is_copied_along(layout, result, axis))
            return 1;
    return 0;
}

static void plan_copies(so_layout *copy, const so_layout *layout, int result)
{
    copy->ndim = layout->ndim;
    copy->noperands = 2;
    copy->data[0] = copy->data[1] = layout->data[result];
    for (int axis = 0; axis < layout->ndim; axis++) {
        ptrdiff_t stride = layout->stride[result][axis];
        copy->shape[axis] = stride ? layout->shape[axis] : 1;
        copy->stride[0][axis] = stride;
        copy->stride[1][axis] = is_copied_along(layout, result, axis) ? 0 : stride;
    }
}

// Each element of the result is finished before the next one begins.
static void finish_results_in_turn(so_layout *layout, int result)
{
    int front = 0;
    for (int axis = 0; axis < layout->ndim; axis++) {
        if (!layout->stride[result][axis])
            continue;
        for (int at = axis; at > front; at--)
            so_swap_axes(layout, at - 1, at);
        front++;
    }
}

// Where whole cache lines are added up to one number, the axes of the result go outside: no long chain of additions
// then runs through its elements.
static int adds_up_lines(const so_layout *layout, int result)
{
    int inner = layout->ndim - 1;
    return inner >= 0 && !layout->stride[result][inner] && layout->shape[inner] * llabs(layout->stride[0][inner]) >= 64;
}

// A float result can carry what it cannot hold: the sum is then as good as if it were exact.
static void walk_with_carries(so_layout *layout, so_kernel *kernel, const so_tile *start, size_t count)
{
    so_carries carries;
    int result = layout->noperands - 1, operand = layout->noperands++;
    carries.count = count;
    for (size_t i = 0; i < count; i++)
        carries.place[i].owner = NULL;
    layout->data[operand] = (char *)&carries;
    for (int axis = 0; axis < layout->ndim; axis++)
        layout->stride[operand][axis] = 0;
    so_walk(layout, kernel, result, start);
    layout->noperands--;
}

static int reduced_axes(const so_layout *layout, int result)
{
    int count = 0;
    for (int axis = 0; axis < layout->ndim; axis++)
        count += !layout->stride[result][axis];
    return count;
}

// The result moves along the two inner axes: where one is short, such as that of a pixel, or both are, tiles hold rows
// of columns that are groups of elements.
static int form_groups(so_layout *layout, int result)
{
    enum { MOST_IN_GROUP = 4, SMALL = 512 };
    int inner = layout->ndim - 1, rows = inner - 2;
    if (rows < 0 || !layout->stride[result][inner] || !layout->stride[result][inner - 1] ||
        reduced_axes(layout, result) != 1)
        return 0;
    if (so_size(layout) > SMALL)
        return layout->shape[inner] <= MOST_IN_GROUP && !layout->stride[result][rows];
    if (layout->shape[inner] > layout->shape[inner - 1])
        so_swap_axes(layout, inner - 1, inner);
    while (layout->stride[result][rows])
        rows--;
    for (; rows < inner - 2; rows++)
        so_swap_axes(layout, rows, rows + 1);
    return 1;
}

// Several tiles add to one element of the result.
static int tiles_share_results(const so_layout *layout, int result)
{
    for (int axis = 0; axis < layout->ndim - 2; axis++)
        if (!layout->stride[result][axis])
            return 1;
    return so_walks_in_blocks(layout, result);
}

// The position operand: its addresses count the elements in C order over the reduced axes. Where x does not move, the
// first of equals is the first.
static void add_positions(so_layout *layout)
{
    ptrdiff_t step = 1;
    int position = layout->noperands++;
    layout->data[position] = (char *)FIRST_POSITION;
    for (int axis = layout->ndim - 1; axis >= 0; axis--) {
        int reduced = layout->stride[1][axis] == 0;
        layout->stride[position][axis] = reduced ? step : 0;
        if (reduced) {
            step *= layout->shape[axis];
            if (layout->stride[0][axis] == 0)
                layout->shape[axis] = 1;
        }
    }
}

// A single reduced axis belongs into the tiles.
static void bring_reduced_axis_in(so_layout *layout)
{
    int inner = layout->ndim - 2;
    for (int axis = 0; axis < inner; axis++)
        if (!layout->stride[1][axis]) {
            for (; axis < inner; axis++)
                so_swap_axes(layout, axis, axis + 1);
            return;
        }
}

static void walk_to_positions(so_layout *layout, so_kernel *kernel, const so_tile *start)
{
    char best[8];
    if (reduced_axes(layout, 1) != 1)
        finish_results_in_turn(layout, 1);
    else if (!start->group)
        bring_reduced_axis_in(layout);
    int operand = layout->noperands++;
    layout->data[operand] = best;
    for (int axis = 0; axis < layout->ndim; axis++)
        layout->stride[operand][axis] = 0;
    so_walk(layout, kernel, 1, start);
    layout->noperands -= 2;
}

static void reduce(so_isa isa, so_op op, so_dtype dtype, so_layout *layout)
{
    int result = so_inputs(op);
    so_kind kind = so_kind_of(op);
    so_dtype result_dtype = so_result_dtype(op, dtype);
    if (so_size(layout) == 0) {
        clear_results(isa, result_dtype, layout, result);
        return;
    }

    so_layout copy;
    int one = reduced_axes(layout, result) == layout->ndim, copies = !one && result_is_copied(layout, result);
    if (copies)
        plan_copies(&copy, layout, result);
    if (kind == SO_FINDS)
        add_positions(layout);
    so_tile start;
    start.target_bytes = 0;
    start.repeats = so_fold_repeats(layout, result + 1);
    if (copies)
        so_fold_repeats(layout, result);
    so_canonicalize(layout, result);
    if (!one && kind == SO_ADDS && adds_up_lines(layout, result))
        finish_results_in_turn(layout, result);
    start.group = form_groups(layout, result);
    so_kernel *kernel = so_find_kernel(isa, op, dtype);
    if (kind == SO_FINDS) {
        walk_to_positions(layout, kernel, &start);
    } else if (kind == SO_CHOOSES) {
        start.repeats = 1;
        so_walk(layout, kernel, result, &start);
    } else if ((dtype >= SO_FLOAT32 || op == SO_NORM) && !start.group && tiles_share_results(layout, result)) {
        walk_with_carries(layout, kernel, &start, one ? 1 : MOST_CARRIES);
    } else {
        so_walk(layout, kernel, result, &start);
    }
    if (copies)
        so_run_with(isa, SO_COPY, result_dtype, &copy);
}

void so_run_with(so_isa isa, so_op op, so_dtype dtype, so_layout *layout)
{
    if (so_inputs(op)) {
        reduce(isa, op, dtype, layout);
    } else {
        so_tile start;
        start.target_bytes = op == SO_COPY || op == SO_PACK ? so_size(layout) * so_itemsize(dtype) : 0;
        if (op == SO_PACK && start.target_bytes >= LARGE)
            start.target_bytes = LARGE - 1;
        start.repeats = 1;
        start.group = 0;
        so_canonicalize(layout, layout->noperands);
        so_walk(layout, so_find_kernel(isa, op, dtype), layout->noperands - 1, &start);
        if (start.target_bytes >= LARGE_TURNED)
            end_streams();
    }
}

void so_run(so_op op, so_dtype dtype, so_layout *layout)
{
    so_run_with(so_best_isa(), op, dtype, layout);
}
