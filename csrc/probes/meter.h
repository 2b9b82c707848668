// SPDX-License-Identifier: BSD-3-Clause
// The allocation meter: bytes requested while a count is under way, by whom. Process-wide. Each source of memory has
// a file of its own; the outermost allocator counts, so that no byte is counted twice.
#ifndef STRIDEOPS_METER_H
#define STRIDEOPS_METER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef enum so_memory { SO_PYTHON_MEMORY, SO_NUMPY_MEMORY, SO_NATIVE_MEMORY, SO_MEMORY_COUNT } so_memory;

extern atomic_size_t so_meter_bytes[SO_MEMORY_COUNT];

// glibc makes a thread's room for other models on first use, with malloc: a hook that asks for it would not return.
#ifdef __GLIBC__
#define SO_METER_TLS __attribute__((tls_model("initial-exec"))) _Thread_local
#else
#define SO_METER_TLS _Thread_local
#endif
extern SO_METER_TLS int so_meter_depth; // of allocators that this thread is in

static inline void so_meter_enter(so_memory memory, size_t bytes)
{
    if (so_meter_depth++ == 0)
        so_meter_bytes[memory] += bytes;
}

static inline void so_meter_leave(void)
{
    so_meter_depth--;
}

// One count; there may be several at a time, one in another or in several threads.
typedef struct so_count {
    size_t bytes[SO_MEMORY_COUNT];
    int native;                   // whether native memory is counted as well, and, at the end, whether wholly
    uint64_t generation;          // of the loaded libraries
    struct _object *numpy_memory; // the handler that was replaced
} so_count;

// meter.c, holding the GIL. `native`: as well. -1: a Python error is set.
int so_meter_start(so_count *count, int native);
int so_meter_stop(so_count *count);

// Where the count begins, between them, and where it ends.
void so_meter_mark(so_count *count);
void so_meter_read(so_count *count);

// python_memory.c: the allocators of CPython's three domains.
void so_hook_python(void);
void so_unhook_python(void);

// numpy_memory.c: the handler of ndarray data (NEP 49), for the calling thread's context. -1: a Python error is set.
int so_hook_numpy(struct _object **replaced);
int so_unhook_numpy(struct _object **replaced);

// native_memory.c: malloc and anonymous mmap, called from any library that was loaded when the first count began. -1:
// not on this platform.
int so_hook_native(void);
void so_unhook_native(void);

// While it is hooked, when libraries may have been loaded.
void so_refresh_native(void);

#endif
