// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "watchpoints.h"

#include "threads.h"
#include "traps.h"

#if SO_HAS_TRAPS

#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PERF_TRAP = 6, THREADS = SO_MOST_THREADS };

// A watchpoint of the processor's, in every thread: whose spot it stands on.
typedef struct register_use {
    so_watch *watch;
    int spot;
    int files[THREADS];
    int file_count;
} register_use;

static register_use uses[SO_WATCHPOINTS];
static int use_count;
static so_watch *guards; // innermost first
static atomic_flag lock = ATOMIC_FLAG_INIT;

static int on_trap(siginfo_t *info, ucontext_t *context)
{
    if (info->si_code != PERF_TRAP)
        return 0;
    so_spin(&lock);
    for (int i = 0; i < use_count; i++) {
        register_use *use = &uses[i];
        so_spot *spot = &use->watch->spots[use->spot];
        if (spot->address != (uintptr_t)info->si_addr)
            continue;
        so_hits_note(&use->watch->hits, spot->array, use->spot, (uintptr_t)context->uc_mcontext.gregs[REG_RIP]);
        if (++spot->count == SO_MOST_HITS)
            for (int file = 0; file < use->file_count; file++)
                ioctl(use->files[file], PERF_EVENT_IOC_DISABLE, 0);
    }
    so_release(&lock);
    return 1; // of no spot: it came after the end
}

static int open_event(const so_spot *spot, pid_t thread)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_BREAKPOINT,
        .size = sizeof attr,
        .bp_type = HW_BREAKPOINT_RW, // x86 has none for reads alone
        .bp_addr = spot->address,
        .bp_len = (uint64_t)spot->bytes,
        .sample_period = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .inherit = 1,
        .inherit_thread = 1,
        .sigtrap = 1,
        .remove_on_exec = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void disarm(void)
{
    for (int i = 0; i < use_count; i++)
        for (int file = 0; file < uses[i].file_count; file++)
            close(uses[i].files[file]);
    so_spin(&lock);
    use_count = 0;
    so_release(&lock);
}

static void arm_spot(so_watch *watch, int number, const pid_t *threads, int thread_count)
{
    register_use *use = &uses[use_count];
    so_spot *spot = &watch->spots[number];
    *use = (register_use){.watch = watch, .spot = number};
    for (int t = 0; t < thread_count && t < THREADS; t++) {
        int file = open_event(spot, threads[t]);
        if (file >= 0)
            use->files[use->file_count++] = file;
        else if (errno != ESRCH) { // a thread that has ended needs none
            watch->error = errno;
            break;
        }
    }
    spot->armed = !watch->error;
    if (spot->armed)
        use_count++;
    else
        while (use->file_count)
            close(use->files[--use->file_count]);
}

// The innermost guard may have half of them, each one further out one at least as long as they last.
static void arm(void)
{
    pid_t all[THREADS + 1], threads[THREADS + 1];
    int thread_count = 0, count = guards ? so_list_threads(all) : 0, room = SO_WATCHPOINTS, unwatched = 0;
    if (guards && !count)
        all[count++] = (pid_t)syscall(SYS_gettid);
    for (int t = 0; t < count; t++)
        if (count == 1 || so_takes_traps(all[t]))
            threads[thread_count++] = all[t];
        else
            unwatched++;
    for (so_watch *watch = guards; watch; watch = watch->outer) {
        int share = watch->outer ? (room + 1) / 2 : room, armed = 0;
        watch->error = 0;
        if (watch->unwatched < unwatched + (thread_count > THREADS))
            watch->unwatched = unwatched + (thread_count > THREADS);
        for (int spot = 0; spot < watch->spot_count; spot++) {
            watch->spots[spot].armed = 0;
            if (armed < share && watch->spots[spot].count < SO_MOST_HITS) {
                arm_spot(watch, spot, threads, thread_count);
                armed += watch->spots[spot].armed;
            }
        }
        room -= armed;
        if (armed < watch->spot_count && watch != guards)
            watch->lost = 1;
    }
}

void so_watch_begin(so_watch *watch)
{
    so_traps_begin(SIGTRAP, on_trap);
    disarm();
    watch->outer = guards;
    guards = watch;
    arm();
}

void so_watch_end(so_watch *watch)
{
    disarm();
    so_watch **at = &guards;
    while (*at && *at != watch)
        at = &(*at)->outer;
    if (*at)
        *at = watch->outer;
    arm();
    so_traps_end(SIGTRAP, on_trap);
}

#else

#include <errno.h>

void so_watch_begin(so_watch *watch)
{
    watch->error = ENOSYS;
}

void so_watch_end(so_watch *watch)
{
    (void)watch;
}

#endif
