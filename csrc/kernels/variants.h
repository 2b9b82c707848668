// SPDX-License-Identifier: BSD-3-Clause
// The tables of kernels, one per instruction set.
#ifndef SO_VARIANTS_H
#define SO_VARIANTS_H

#include "../strideops.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define SO_X86 1
#else
#define SO_X86 0
#endif

// For loops that are written once and compiled once per stride.
#ifdef __GNUC__
#define SPECIALIZED static inline __attribute__((always_inline))
#define SEPARATE __attribute__((noinline))
#else
#define SPECIALIZED static inline
#define SEPARATE
#endif

// The address that stands for position 0: steps to both sides of it stay within the addresses.
#define FIRST_POSITION ((uintptr_t)1 << (8 * sizeof(char *) - 2))

enum {
    SHORT_ROW = 8,      // elements below which a row is one chain of additions, as in NumPy's pairwise sum
    MANY_ROWS = 128,    // of a few elements, from which on it pays to turn them
    LONG_ROW = 32,      // elements from which a call of memmove pays
    LONG_PACKED = 1024, // bytes of a row, from which on it pays to begin with a cache line
};

// Are the elements of a row in pages of their own, more than a processor keeps translations of, but few enough for its
// caches?
static inline int spans_pages(ptrdiff_t stride, ptrdiff_t length)
{
    enum { PAGE = 4096, FEWEST = 2048, MOST = 32768 };
    return (stride >= PAGE || stride <= -PAGE) && FEWEST <= length && length <= MOST;
}

// 0, which the compiler does not know: an address to which a part of it is added waits for the other part.
static inline ptrdiff_t nothing(void)
{
    ptrdiff_t zero = 0;
#ifdef __GNUC__
    __asm__("" : "+r"(zero));
#endif
    return zero;
}

typedef enum so_kind {
    SO_WRITES,  // a target, element by element
    SO_ADDS,    // up: repeats count, floats carry
    SO_CHOOSES, // an element: repeats do not count
    SO_FINDS    // the position of one
} so_kind;

so_kind so_kind_of(so_op op);

// Rows for columns.
static inline so_tile turn(const so_tile *tile)
{
    so_tile turned = *tile;
    for (int i = 0; i < 2; i++) {
        turned.shape[i] = tile->shape[1 - i];
        for (int k = 0; k < tile->noperands; k++)
            turned.stride[k][i] = tile->stride[k][1 - i];
    }
    return turned;
}

extern so_kernel *const so_kernels_portable[SO_OP_COUNT][SO_DTYPE_COUNT];
extern so_kernel *const so_kernels_avx2[SO_OP_COUNT][SO_DTYPE_COUNT];
extern so_kernel *const so_kernels_avx512[SO_OP_COUNT][SO_DTYPE_COUNT];

#endif
