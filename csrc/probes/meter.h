// SPDX-License-Identifier: BSD-3-Clause
// The allocation meter: bytes requested while it is armed, by whom. Process-wide. Each source of memory has a
// file of its own; the outermost allocator counts, so that no byte is counted twice.
#ifndef STRIDEOPS_METER_H
#define STRIDEOPS_METER_H

#include <stdatomic.h>
#include <stddef.h>

typedef enum so_memory { SO_PYTHON_MEMORY, SO_NUMPY_MEMORY, SO_NATIVE_MEMORY, SO_MEMORY_COUNT } so_memory;

extern atomic_int so_meter_armed;
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
    if (so_meter_depth++ == 0 && so_meter_armed)
        so_meter_bytes[memory] += bytes;
}

static inline void so_meter_leave(void)
{
    so_meter_depth--;
}

// meter.c: all sources at once. -1: a Python error is set. Holding the GIL; not while armed.
int so_meter_start(void);
int so_meter_stop(size_t bytes[SO_MEMORY_COUNT]);

// Whether the last count included native memory.
int so_meter_counts_native(void);

// python_memory.c: the allocators of CPython's three domains.
void so_hook_python(void);
void so_unhook_python(void);

// numpy_memory.c: the handler of ndarray data (NEP 49), for the calling thread's context. -1: a Python error is set.
int so_hook_numpy(void);
int so_unhook_numpy(void);

// native_memory.c: malloc and anonymous mmap, called from any library that is loaded when the count begins. -1: not on
// this platform; or, at the end, that libraries came or went meanwhile, so that the count is not whole.
int so_hook_native(void);
int so_unhook_native(void);

#endif
