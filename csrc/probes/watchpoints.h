// SPDX-License-Identifier: BSD-3-Clause
// Hardware watchpoints: who accesses a few bytes of memory? The processor stops the thread behind the instruction;
// it has four of them, which all guards share. Linux.
#ifndef STRIDEOPS_WATCHPOINTS_H
#define STRIDEOPS_WATCHPOINTS_H

#include "hits.h"

enum { SO_WATCHPOINTS = 4, SO_MOST_HITS = 1000 };

typedef struct so_spot {
    uintptr_t address;
    int array;      // which of the guard's
    int bytes;      // 1, 2, 4 or 8, and the address a multiple of it
    int armed;      // in all threads, all the time but for what `lost` says
    unsigned count; // accesses; from SO_MOST_HITS on it is not watched any more
} so_spot;

typedef struct so_watch {
    so_spot spots[SO_WATCHPOINTS];
    int spot_count;
    so_hits hits;
    int lost;      // a guard inside took some of the watchpoints for its time
    int unwatched; // threads that could not be watched
    int error;     // errno of the system's refusal
    struct so_watch *outer;
} so_watch;

// Holding the GIL. A spot that cannot be watched is not armed, and `error` says why.
void so_watch_begin(so_watch *watch);
void so_watch_end(so_watch *watch);

#endif
