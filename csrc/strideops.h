// SPDX-License-Identifier: BSD-3-Clause
// The whole public C API of strideops: layouts, the walk and the ops. Nothing here allocates, nothing keeps state.
#ifndef STRIDEOPS_H
#define STRIDEOPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SO_MAX_NDIM = 64, SO_MAX_OPERANDS = 4 };

typedef enum so_dtype {
    SO_INT8,
    SO_INT16,
    SO_INT32,
    SO_INT64,
    SO_UINT8,
    SO_UINT16,
    SO_UINT32,
    SO_UINT64,
    SO_FLOAT32,
    SO_FLOAT64,
    SO_DTYPE_COUNT
} so_dtype;

// The operands of each op, in this order. An operand that is one element has stride 0 on every axis.
typedef enum so_op {
    SO_COPY,  // target, source: target[...] = source (a fill when the source is one element)
    SO_PACK,  // the same into memory that nothing has touched yet: it has to come into the caches first
    SO_SCALE, // target, alpha: target *= alpha
    SO_AXPY,  // target, x, alpha: target += alpha * x
    SO_SUM,   // x, result: the sum over every axis on which the result has stride 0
    SO_DOT,   // x, y, result: the sum of products over those axes
    SO_NORM,  // x, result: the square root of the sum of squares over those axes
    SO_MIN,   // x, result: the smallest element over those axes, which hold at least one; NaN where there is a NaN
    SO_MAX,
    SO_ARGMIN, // x, result: the first position of that element, counted in C order over those axes as they are given
    SO_ARGMAX,
    SO_OP_COUNT
} so_op;

// Instruction sets that the kernels are compiled for.
typedef enum so_isa {
    SO_PORTABLE, // what the compiler takes for granted: SSE2, NEON
    SO_AVX2,
    SO_AVX512, // F, BW, DQ, VL and VBMI
    SO_ISA_COUNT
} so_isa;

// One shape and, per operand, an address and signed strides in bytes. Axis 0 is the outermost.
typedef struct so_layout {
    int ndim;
    int noperands;
    ptrdiff_t shape[SO_MAX_NDIM];
    ptrdiff_t stride[SO_MAX_OPERANDS][SO_MAX_NDIM];
    char *data[SO_MAX_OPERANDS];
} so_layout;

// What a kernel sees: the two inner axes. [0] is the row axis, [1] the column axis, the inner one.
typedef struct so_tile {
    int noperands;
    int first, last;        // of a reduction: no other tile has been, or will be, at the results of this one
    ptrdiff_t repeats;      // of a reduction: how often each result counts
    ptrdiff_t target_bytes; // of a copy: what it writes in all its tiles
    ptrdiff_t shape[2];
    ptrdiff_t stride[SO_MAX_OPERANDS][2];
    ptrdiff_t group; // elements of each column, such as the colours of a pixel; 0 where columns are single elements
    ptrdiff_t group_stride[SO_MAX_OPERANDS];
    char *data[SO_MAX_OPERANDS];
} so_tile;

typedef void so_kernel(const so_tile *tile);

// layout.c

// The number of elements that the layout visits.
ptrdiff_t so_size(const so_layout *layout);

void so_swap_axes(so_layout *layout, int a, int b);

// The address of one element of operand 0; the index has one entry per axis, each in range.
char *so_item(const so_layout *layout, const ptrdiff_t *index);

// The same elements in the cheapest order for the first `leading` operands. No axis of length 1; along each axis the
// first of them that moves goes upwards, with steps that fall from the outermost axis to the innermost; neighbours
// merged where every operand allows. Last, an axis on which a later one has its smallest step moves next to the
// innermost, and a longer axis takes the place of a short one there if the innermost is short too.
void so_canonicalize(so_layout *layout, int leading);

// Removes the axes on which none of the first `operands` moves and returns the product of their lengths.
ptrdiff_t so_fold_repeats(so_layout *layout, int operands);

// overlap.c

typedef enum so_overlap {
    SO_DISJOINT,
    SO_SHARED,
    SO_UNDECIDED // the search ended at its limit: treat as shared
} so_overlap;

// Do two different elements of the operand share a byte?
so_overlap so_overlaps_itself(const so_layout *layout, int operand, ptrdiff_t itemsize);

// Does an element of operand a share a byte with an element of operand b?
so_overlap so_overlaps(const so_layout *layout, int a, int b, ptrdiff_t itemsize);

// Does operand b lie exactly on operand a, element on element?
int so_same_memory(const so_layout *layout, int a, int b);

// walk.c

// Calls the kernel with every tile of a layout. `start` says what does not depend on the place: repeats, target_bytes,
// and whether the innermost axis is that of a group: the tiles are then those of the two axes before it. Tiles are
// first and last with regard to operand `result`, the last one whose addresses are places in memory.
void so_walk(const so_layout *layout, so_kernel *kernel, int result, const so_tile *start);

// Does the walk divide the two inner axes, since operands disagree about which of them is the inner one?
int so_walks_in_blocks(const so_layout *layout, int result);

// table.c

ptrdiff_t so_itemsize(so_dtype dtype);

const char *so_op_name(so_op op);

// The dtype of the op's result operand.
so_dtype so_result_dtype(so_op op, so_dtype dtype);

// The number of operands that a reduction reads; 0 for an op that writes its target element by element.
int so_inputs(so_op op);

// Was the instruction set compiled in, and does this CPU have it?
int so_has_isa(so_isa isa);

// The widest that this CPU has.
so_isa so_best_isa(void);

const char *so_isa_name(so_isa isa);

so_kernel *so_find_kernel(so_isa isa, so_op op, so_dtype dtype);

// run.c

// Runs the op over the layout, which comes back in canonical form, a reduction's without its stride-0 repeats.
void so_run(so_op op, so_dtype dtype, so_layout *layout);

// The same with the kernels of one instruction set, which this CPU must have.
void so_run_with(so_isa isa, so_op op, so_dtype dtype, so_layout *layout);

#ifdef __cplusplus
}
#endif

#endif
