// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "traps.h"

#if SO_HAS_TRAPS

#include "threads.h"

#include <errno.h>

enum { PROBES = 4 };

typedef struct trap {
    int number;
    so_trap *volatile handlers[PROBES];
    int users[PROBES];
    struct sigaction replaced;
} trap;

static trap traps[] = {{.number = SIGTRAP}, {.number = SIGSEGV}};

static trap *find_trap(int number)
{
    return number == SIGTRAP ? &traps[0] : &traps[1];
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    trap *at = find_trap(number);
    int error = errno;
    for (int i = 0; i < PROBES; i++)
        if (at->handlers[i] && at->handlers[i](info, context)) {
            errno = error;
            return;
        }
    errno = error;
    if (at->replaced.sa_flags & SA_SIGINFO)
        at->replaced.sa_sigaction(number, info, context);
    else if (at->replaced.sa_handler == SIG_DFL) {
        // A fault comes again by itself, and what was sent is sent again.
        signal(number, SIG_DFL);
        if (info->si_code <= 0 || number == SIGTRAP)
            raise(number);
    } else if (at->replaced.sa_handler != SIG_IGN)
        at->replaced.sa_handler(number);
}

static int is_ours(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_signal;
}

// A trap that a thread has put off, as it blocks SIGTRAP, must find a handler.
static int may_be_pending(void)
{
    pid_t threads[SO_MOST_THREADS + 1];
    int count = so_list_threads(threads), blocking = 0;
    for (int t = 0; t < count && count > 1; t++)
        blocking += !so_takes_traps(threads[t]);
    return blocking;
}

static int is_idle(const trap *at)
{
    int users = 0;
    for (int i = 0; i < PROBES; i++)
        users += at->users[i];
    return users == 0;
}

void so_traps_begin(int number, so_trap *handler)
{
    trap *at = find_trap(number);
    if (is_idle(at) && !is_ours(number)) {
        struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        sigaction(number, NULL, &at->replaced);
        sigaction(number, &ours, NULL);
    }
    int place = 0;
    while (at->handlers[place] && at->handlers[place] != handler)
        place++;
    at->handlers[place] = handler;
    at->users[place]++;
}

// The handler stays in its place: it knows a late signal of its own, and passes on the others.
void so_traps_end(int number, so_trap *handler)
{
    trap *at = find_trap(number);
    for (int i = 0; i < PROBES; i++)
        at->users[i] -= at->handlers[i] == handler;
    if (is_idle(at) && is_ours(number) && (number != SIGTRAP || !may_be_pending()))
        sigaction(number, &at->replaced, NULL);
}

#else

typedef int so_no_traps;

#endif
