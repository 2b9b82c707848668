// SPDX-License-Identifier: BSD-3-Clause
// Who accessed watched memory: what the handlers of traps write down, without a lock or an allocation.
#ifndef STRIDEOPS_HITS_H
#define STRIDEOPS_HITS_H

#include "python_line.h"

#include <stdint.h>

enum { SO_HITS = 64, SO_TRACEBACKS = 4 };

// Accesses to one array by one instruction.
typedef struct so_hit {
    uintptr_t instruction;
    uintptr_t caller; // of the C library's function that accessed; 0: another library's did
    int array;
    uint64_t spots; // which of the watched ones, as bits
    uint64_t count;
    // Of the first access. Without the GIL the line is not known, and faulthandler writes a traceback.
    int thread;
    so_line line;
    long traceback; // where it begins in the guard's file; -1: there is none
} so_hit;

typedef struct so_hits {
    so_hit hit[SO_HITS];
    int count, lost, tracebacks;
    struct _object *file;                 // whose line is asked for
    int traceback_signal, traceback_file; // faulthandler's; 0: none
} so_hits;

// Counts an access by an instruction that is known; 0: it is not.
int so_hits_count(so_hits *hits, int array, int spot, uintptr_t instruction);

// Counts it, or writes down a new one, which reads memory of Python's.
void so_hits_note(so_hits *hits, int array, int spot, uintptr_t instruction);

// Once, before the first: what a handler must not do for the first time.
void so_hits_prepare(void);

#endif
