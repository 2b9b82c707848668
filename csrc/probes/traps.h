// SPDX-License-Identifier: BSD-3-Clause
// Handlers of SIGTRAP and SIGSEGV in front of whatever handlers there are, as long as a probe needs them.
#ifndef STRIDEOPS_TRAPS_H
#define STRIDEOPS_TRAPS_H

#include <stdint.h>

#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__)
#define SO_HAS_TRAPS 1

#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

// Whether the signal was this probe's.
typedef int so_trap(siginfo_t *info, ucontext_t *context);

// Calls with the same handler nest. Holding the GIL.
void so_traps_begin(int number, so_trap *handler);
void so_traps_end(int number, so_trap *handler);

// Short, and never held by a thread that a trap may interrupt.
static inline void so_spin(atomic_flag *lock)
{
    while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire))
        ;
}

static inline void so_release(atomic_flag *lock)
{
    atomic_flag_clear_explicit(lock, memory_order_release);
}
#else
#define SO_HAS_TRAPS 0
#endif

#endif
