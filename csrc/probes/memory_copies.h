// SPDX-License-Identifier: BSD-3-Clause
// Counts the bytes that memcpy, memmove and their kin are asked to take out of watched memory, by any library.
#ifndef STRIDEOPS_MEMORY_COPIES_H
#define STRIDEOPS_MEMORY_COPIES_H

#include <stdatomic.h>
#include <stddef.h>

#include "blocks.h"

// One source. Its elements in ascending order of addresses: the axes sorted, the strides made positive.
typedef struct so_copied {
    const char *low, *high;
    size_t itemsize, elements;
    int ndim;
    int overlaps; // then every byte in between counts as an element's
    size_t shape[SO_MAX_NDIM], strides[SO_MAX_NDIM];
    atomic_size_t calls, bytes;
    atomic_size_t writes;   // calls of these and of memset that wrote to it, from elsewhere
    atomic_size_t largest;  // bytes of one call
    _Atomic(void *) caller; // of the first call with more than one element
} so_copied;

// Elements that begin in a stretch of memory.
size_t so_elements_in(const so_copied *copied, const char *place, size_t bytes);

void so_copied_describe(so_copied *copied, const so_source *source);

// Once, before the first.
void so_copies_prepare(void);

// -1: not on this platform, or too many sources at a time.
int so_copies_begin(so_copied *copied, int count);
void so_copies_end(so_copied *copied, int count);

#endif
