// SPDX-License-Identifier: BSD-3-Clause
// What a copy of an array would look like: runs of consecutive elements, to be found in other memory.
#ifndef STRIDEOPS_RUNS_H
#define STRIDEOPS_RUNS_H

#include <stddef.h>
#include <stdint.h>

enum { SO_RUN_BYTES = 256, SO_SHORTEST_RUN = 32, SO_ORDERS = 3, SO_MAX_NDIM = 64 };

// Consecutive elements, packed.
typedef struct so_run {
    size_t start, bytes; // start: bytes of packed array before it
    int progression;     // equal steps
    unsigned char content[SO_RUN_BYTES];
} so_run;

// An array as a copy of it would look: a run at the begin and one at the end, in C order, in Fortran order, and in the
// order in which it lies. None where the elements there are too few or too much alike to be recognised.
typedef struct so_source {
    const char *data;
    int ndim;
    char kind; // as NumPy's: 'f' is a float
    size_t itemsize, elements, bytes;
    ptrdiff_t shape[SO_MAX_NDIM], strides[SO_MAX_NDIM];
    int order[SO_ORDERS][SO_MAX_NDIM]; // axes, outermost first
    int moved;   // set by the caller: the elements are not there any more, and must not be read again
    int changed; // they were others at the end
    int runs;
    so_run run[2 * SO_ORDERS];
} so_source;

// Reads the runs; again, when the elements may have changed. 1: they were others than before.
int so_source_read(so_source *source);

enum { SO_SEARCHED = 64 << 10 }; // bytes at either end of large memory, where runs are looked for

// Does the memory hold a run of the source?
int so_holds_run(const so_source *source, const char *content, size_t size);

// The bytes of the source that the memory holds, at least. Two runs, as far apart as they should be, are the whole;
// what has room for less than the whole may hold one of them.
size_t so_bytes_held(const so_source *source, const char *content, size_t size);

#endif
