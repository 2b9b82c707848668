// SPDX-License-Identifier: BSD-3-Clause
// Page traps: who accesses pages of an array? They are protected, and an access ends in a handler. Linux on x86-64.
//
// "Visits": one page is open at a time, so that a walk through the array traps once a page, and the next walk again;
// only whole pages of the array are protected, at most SO_PAGES of each. "Every": all accesses, one instruction at a
// time, to all the array's pages; what else lies on them is accessed slowly. In both, a system call that is given
// protected memory fails with EFAULT.
#ifndef STRIDEOPS_PAGE_TRAPS_H
#define STRIDEOPS_PAGE_TRAPS_H

#include "hits.h"
#include "memory_copies.h"

enum { SO_PAGES = 64, SO_TRAPPED_ARRAYS = 16, SO_MOST_TRAPS = 1 << 20, SO_MOST_VISITS = 4096 };

typedef struct so_trapped {
    const so_copied *elements;
    int pages; // that are watched
} so_trapped;

typedef struct so_page_traps {
    int every;
    so_trapped arrays[SO_TRAPPED_ARRAYS];
    int array_count;
    so_hits hits;
    uint64_t traps; // from SO_MOST_TRAPS or SO_MOST_VISITS on, nothing is protected any more
    int error;      // errno of the system's refusal; EBUSY: another guard has them
} so_page_traps;

// One at a time. Holding the GIL. -1: nothing is protected, and `error` says why.
int so_pages_begin(so_page_traps *traps);
void so_pages_end(so_page_traps *traps);

#endif
