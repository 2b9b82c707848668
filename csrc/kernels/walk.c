// SPDX-License-Identifier: BSD-3-Clause
// The only N-d loop. It hands tiles to a kernel and knows no dtype; no element is read here.
#include "../strideops.h"

#include <stdlib.h>

// A block where the operands disagree about the inner axis: the lines of both that it touches stay in the second-level
// cache, also where their steps are powers of 2. Long along the rows, so that the lines of the one that is packed
// there come in order; a copy, which knows how to turn them, gets whole lines of its target.
enum { BLOCK_ROWS = 512, BLOCK_COLUMNS = 64 };

static int operands_disagree(const so_layout *layout, int rows, int last)
{
    for (int k = 0; k <= last && rows >= 0; k++) {
        ptrdiff_t row = llabs(layout->stride[k][rows]), column = llabs(layout->stride[k][rows + 1]);
        if (row && row < column)
            return 1;
    }
    return 0;
}

static ptrdiff_t at_most(ptrdiff_t limit, ptrdiff_t length)
{
    return length < limit ? length : limit;
}

static void run_in_blocks(const so_tile *tile, so_kernel *kernel, int result)
{
    const ptrdiff_t *reach = tile->stride[result];
    const ptrdiff_t columns = tile->target_bytes ? BLOCK_ROWS : BLOCK_COLUMNS;
    so_tile block = *tile;
    for (ptrdiff_t row = 0; row < tile->shape[0]; row += BLOCK_ROWS) {
        block.shape[0] = at_most(BLOCK_ROWS, tile->shape[0] - row);
        for (ptrdiff_t column = 0; column < tile->shape[1]; column += columns) {
            block.shape[1] = at_most(columns, tile->shape[1] - column);
            block.first = tile->first && (reach[0] || !row) && (reach[1] || !column);
            block.last = tile->last && (reach[0] || row + BLOCK_ROWS >= tile->shape[0]) &&
                         (reach[1] || column + columns >= tile->shape[1]);
            for (int k = 0; k < tile->noperands; k++)
                block.data[k] = tile->data[k] + row * tile->stride[k][0] + column * tile->stride[k][1];
            kernel(&block);
        }
    }
}

// The outer one of the two inner axes, before that of a group: as many axes are outside the tiles. Negative where the
// layout has fewer.
static int row_axis(const so_tile *tile, const so_layout *layout)
{
    return layout->ndim - (tile->group ? 3 : 2);
}

// Axes that the layout lacks have length 1.
static void set_inner_axes(so_tile *tile, const so_layout *layout)
{
    int rows = row_axis(tile, layout), columns = rows + 1;
    tile->noperands = layout->noperands;
    tile->shape[0] = rows < 0 ? 1 : layout->shape[rows];
    tile->shape[1] = columns < 0 ? 1 : layout->shape[columns];
    for (int k = 0; k < layout->noperands; k++) {
        tile->data[k] = layout->data[k];
        tile->stride[k][0] = rows < 0 ? 0 : layout->stride[k][rows];
        tile->stride[k][1] = columns < 0 ? 0 : layout->stride[k][columns];
        tile->group_stride[k] = tile->group ? layout->stride[k][columns + 1] : 0;
    }
    if (tile->group)
        tile->group = layout->shape[columns + 1];
}

// Moves the tile to the next place in C order of the outer axes; 0 after the last one.
static int advance(so_tile *tile, ptrdiff_t *index, const so_layout *layout)
{
    for (int axis = row_axis(tile, layout) - 1; axis >= 0; axis--) {
        for (int k = 0; k < layout->noperands; k++)
            tile->data[k] += layout->stride[k][axis];
        if (++index[axis] < layout->shape[axis])
            return 1;
        for (int k = 0; k < layout->noperands; k++)
            tile->data[k] -= layout->shape[axis] * layout->stride[k][axis];
        index[axis] = 0;
    }
    return 0;
}

// A tile is the first at its results where every outer axis along which they do not move is at its start.
static void set_first_and_last(so_tile *tile, const ptrdiff_t *index, const so_layout *layout, int result)
{
    tile->first = tile->last = 1;
    for (int axis = 0; axis < row_axis(tile, layout); axis++)
        if (layout->stride[result][axis] == 0) {
            tile->first &= index[axis] == 0;
            tile->last &= index[axis] == layout->shape[axis] - 1;
        }
}

int so_walks_in_blocks(const so_layout *layout, int result)
{
    return operands_disagree(layout, layout->ndim - 2, result);
}

void so_walk(const so_layout *layout, so_kernel *kernel, int result, const so_tile *start)
{
    if (so_size(layout) == 0)
        return;
    so_tile tile;
    tile.repeats = start->repeats;
    tile.target_bytes = start->target_bytes;
    tile.group = start->group;
    set_inner_axes(&tile, layout);
    int blocked = operands_disagree(layout, row_axis(&tile, layout), result);
    ptrdiff_t index[SO_MAX_NDIM];
    for (int axis = 0; axis < row_axis(&tile, layout); axis++)
        index[axis] = 0;
    do {
        set_first_and_last(&tile, index, layout, result);
        if (blocked)
            run_in_blocks(&tile, kernel, result);
        else
            kernel(&tile);
    } while (advance(&tile, index, layout));
}
