// SPDX-License-Identifier: BSD-3-Clause
// Blocks of memory that are requested outside the calls that are watched: how large, and where in Python's code.
// Python's own are left out.
#ifndef STRIDEOPS_REQUESTS_H
#define STRIDEOPS_REQUESTS_H

#include <stdatomic.h>
#include <stddef.h>

#include "meter.h"

struct _object;

enum { SO_REQUESTS = 4096 };

// From one place in the code.
typedef struct so_request {
    struct _object *code, *globals; // NULL: not known
    int instruction;                // its offset in the code
    size_t bytes, count;
} so_request;

// The first of them is of no known place: without the GIL, or when too many places are known.
extern so_request so_requests[SO_REQUESTS];

// Holding the GIL. Blocks from so many bytes on; what is requested in files of a folder (a Python string) is said of
// the line that calls them. `native` at the end: whether what compiled code requests for itself was counted. -1: a
// Python error is set.
int so_requests_begin(size_t smallest, struct _object *folder);
int so_requests_end(int *native);

// Holding the GIL, when none is under way: forgets them.
void so_requests_clear(void);

// From the hooks of the allocators, behind the allocation.
extern atomic_int so_requests_active;
void so_note_request(size_t size, const void *caller);

static inline void so_request_begins(const void *block, size_t size, const void *caller)
{
    if (so_requests_active && block && so_meter_depth == 0)
        so_note_request(size, caller);
}

#endif
