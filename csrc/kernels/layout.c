// SPDX-License-Identifier: BSD-3-Clause
// Shape and strides to canonical form. No element is read here.
#include "../strideops.h"

#include <stdlib.h>

static void move_axis(so_layout *layout, int from, int to)
{
    if (from == to)
        return;
    layout->shape[to] = layout->shape[from];
    for (int k = 0; k < layout->noperands; k++)
        layout->stride[k][to] = layout->stride[k][from];
}

void so_swap_axes(so_layout *layout, int a, int b)
{
    ptrdiff_t held = layout->shape[a];
    layout->shape[a] = layout->shape[b];
    layout->shape[b] = held;
    for (int k = 0; k < layout->noperands; k++) {
        held = layout->stride[k][a];
        layout->stride[k][a] = layout->stride[k][b];
        layout->stride[k][b] = held;
    }
}

// Unsigned, so that lengths whose product does not fit may stand beside a 0.
ptrdiff_t so_size(const so_layout *layout)
{
    size_t size = 1;
    for (int axis = 0; axis < layout->ndim; axis++)
        size *= (size_t)layout->shape[axis];
    return (ptrdiff_t)size;
}

char *so_item(const so_layout *layout, const ptrdiff_t *index)
{
    char *address = layout->data[0];
    for (int axis = 0; axis < layout->ndim; axis++)
        address += index[axis] * layout->stride[0][axis];
    return address;
}

static void drop_unit_axes(so_layout *layout)
{
    int kept = 0;
    for (int axis = 0; axis < layout->ndim; axis++)
        if (layout->shape[axis] != 1)
            move_axis(layout, axis, kept++);
    layout->ndim = kept;
}

// The first operand that moves along the axis; the first of all where none does.
static int mover(const so_layout *layout, int leading, int axis)
{
    for (int k = 0; k < leading; k++)
        if (layout->stride[k][axis])
            return k;
    return 0;
}

static void flip_negative_axes(so_layout *layout, int leading)
{
    for (int axis = 0; axis < layout->ndim; axis++) {
        if (layout->stride[mover(layout, leading, axis)][axis] >= 0)
            continue;
        for (int k = 0; k < layout->noperands; k++) {
            layout->data[k] += (layout->shape[axis] - 1) * layout->stride[k][axis];
            layout->stride[k][axis] = -layout->stride[k][axis];
        }
    }
}

static ptrdiff_t step_along(const so_layout *layout, int leading, int axis)
{
    return llabs(layout->stride[mover(layout, leading, axis)][axis]);
}

// Small steps belong inside, and of equal steps, which lead to the same memory, short axes; axes on which nothing
// moves, outside.
static int belongs_inside(const so_layout *layout, int leading, int axis, int other, int *ties)
{
    ptrdiff_t step = step_along(layout, leading, axis), other_step = step_along(layout, leading, other);
    if (step == other_step) {
        *ties = 1;
        return layout->shape[axis] < layout->shape[other];
    }
    return step && (step < other_step || !other_step);
}

// Stable, so that an array in C order keeps its axes. Of the smallest steps the longest axis is the innermost one.
static void sort_axes(so_layout *layout, int leading)
{
    int inner = layout->ndim - 1, axis = inner, ties = 0;
    for (int i = 1; i < layout->ndim; i++)
        for (int at = i; at > 0 && belongs_inside(layout, leading, at - 1, at, &ties); at--)
            so_swap_axes(layout, at - 1, at);
    if (!ties)
        return;
    while (axis > 0 && step_along(layout, leading, axis - 1) == step_along(layout, leading, inner))
        axis--;
    for (; axis < inner; axis++)
        so_swap_axes(layout, axis, axis + 1);
}

static int can_merge(const so_layout *layout, int outer, int inner)
{
    for (int k = 0; k < layout->noperands; k++)
        if (layout->stride[k][outer] != layout->shape[inner] * layout->stride[k][inner])
            return 0;
    return 1;
}

static void merge_axes(so_layout *layout)
{
    int kept = 0;
    for (int axis = 1; axis < layout->ndim; axis++) {
        if (can_merge(layout, kept, axis)) {
            ptrdiff_t merged = layout->shape[kept] * layout->shape[axis];
            move_axis(layout, axis, kept);
            layout->shape[kept] = merged;
        } else {
            move_axis(layout, axis, ++kept);
        }
    }
    if (layout->ndim)
        layout->ndim = kept + 1;
}

// The axis of an operand's smallest step, the innermost one where several tie.
static int inner_axis(const so_layout *layout, int operand)
{
    int inner = layout->ndim - 1;
    ptrdiff_t smallest = PTRDIFF_MAX;
    for (int axis = layout->ndim - 1; axis >= 0; axis--) {
        ptrdiff_t step = llabs(layout->stride[operand][axis]);
        if (step && step < smallest) {
            smallest = step;
            inner = axis;
        }
    }
    return inner;
}

// Where an operand's inner axis is not the innermost one, it becomes the row axis of the tiles: a tile
// then holds whole cache lines of both operands.
static void choose_row_axis(so_layout *layout, int leading)
{
    if (leading == 1)
        return; // its axes are in their order
    for (int k = 0; k < leading; k++) {
        int rows = inner_axis(layout, k);
        if (rows == layout->ndim - 1)
            continue;
        for (int axis = rows; axis < layout->ndim - 2; axis++)
            so_swap_axes(layout, axis, axis + 1);
        return;
    }
}

// A tile of a few elements costs a call of its kernel: a longer axis becomes its row axis.
static void lengthen_short_tiles(so_layout *layout)
{
    enum { SHORT = 8 };
    int rows = layout->ndim - 2;
    if (rows > 0 && layout->shape[rows] < SHORT && layout->shape[rows + 1] < SHORT &&
        layout->shape[rows - 1] > layout->shape[rows])
        so_swap_axes(layout, rows - 1, rows);
}

void so_canonicalize(so_layout *layout, int leading)
{
    drop_unit_axes(layout);
    flip_negative_axes(layout, leading);
    sort_axes(layout, leading);
    merge_axes(layout);
    choose_row_axis(layout, leading);
    lengthen_short_tiles(layout);
}

ptrdiff_t so_fold_repeats(so_layout *layout, int operands)
{
    ptrdiff_t repeats = 1;
    int kept = 0;
    for (int axis = 0; axis < layout->ndim; axis++) {
        int moves = 0;
        for (int k = 0; k < operands; k++)
            moves |= layout->stride[k][axis] != 0;
        if (moves)
            move_axis(layout, axis, kept++);
        else
            repeats *= layout->shape[axis];
    }
    layout->ndim = kept;
    return repeats;
}
