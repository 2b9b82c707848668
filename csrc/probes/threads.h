// SPDX-License-Identifier: BSD-3-Clause
// The threads of this process, as Linux knows them.
#ifndef STRIDEOPS_THREADS_H
#define STRIDEOPS_THREADS_H

#include <sys/types.h>

// In the child of a fork, where the thread that held a lock is not: what to do about it. Once for each.
void so_after_fork(void (*release)(void));

enum { SO_MOST_THREADS = 128 };

// Up to SO_MOST_THREADS and one more, which says that there are too many; 0: they cannot be listed.
int so_list_threads(pid_t threads[SO_MOST_THREADS + 1]);

// Whether a SIGTRAP would reach its handler; a thread that blocks it would be ended by one.
int so_takes_traps(pid_t thread);

#endif
