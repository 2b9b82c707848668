// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "watchpoints.h"

#include "threads.h"

#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__)

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { PERF_TRAP = 6, THREADS = SO_MOST_THREADS, FRAMES = 16 };

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
static struct sigaction replaced;
static uintptr_t libc_start, libc_end;

static int in_libc(uintptr_t address)
{
    return address >= libc_start && address < libc_end;
}

// Of an access by the C library, who called it.
static uintptr_t find_caller(uintptr_t instruction)
{
    void *frames[FRAMES];
    int count = in_libc(instruction) ? backtrace(frames, FRAMES) : 0, at = 0;
    while (at < count && (uintptr_t)frames[at] != instruction)
        at++;
    while (at < count && in_libc((uintptr_t)frames[at]))
        at++;
    return at < count ? (uintptr_t)frames[at] : 0;
}

// faulthandler writes the thread's Python frames, if we may ask it to right here.
static long write_traceback(so_watch *watch)
{
    sigset_t blocked;
    if (!watch->traceback_signal || watch->traceback_count == SO_TRACEBACKS ||
        pthread_sigmask(SIG_SETMASK, NULL, &blocked) || sigismember(&blocked, watch->traceback_signal))
        return -1;
    watch->traceback_count++;
    long begin = lseek(watch->traceback_file, 0, SEEK_CUR);
    raise(watch->traceback_signal);
    return begin;
}

static void note_hit(so_watch *watch, int spot, uintptr_t instruction)
{
    for (int i = 0; i < watch->hit_count; i++) {
        so_hit *known = &watch->hits[i];
        if (known->spot == spot && known->instruction == instruction) {
            known->count++;
            return;
        }
    }
    if (watch->hit_count == SO_HITS) {
        watch->lost_hits++;
        return;
    }
    so_hit *hit = &watch->hits[watch->hit_count];
    *hit = (so_hit){instruction, find_caller(instruction), spot, 1, (int)syscall(SYS_gettid), -1};
    long traceback = -1;
    for (int i = 0; i < watch->hit_count && traceback < 0; i++)
        if (watch->hits[i].instruction == instruction && watch->hits[i].thread == hit->thread)
            traceback = watch->hits[i].traceback;
    hit->traceback = traceback < 0 ? write_traceback(watch) : traceback;
    watch->hit_count++;
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    int error = errno;
    int found = 0;
    if (info->si_code == PERF_TRAP) {
        uintptr_t instruction = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
        while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
            ;
        for (int i = 0; i < use_count; i++) {
            register_use *use = &uses[i];
            so_spot *spot = &use->watch->spots[use->spot];
            if (spot->address != (uintptr_t)info->si_addr)
                continue;
            note_hit(use->watch, use->spot, instruction);
            if (++spot->count == SO_MOST_HITS)
                for (int file = 0; file < use->file_count; file++)
                    ioctl(use->files[file], PERF_EVENT_IOC_DISABLE, 0);
        }
        found = 1; // of no spot: it came after the end
        atomic_flag_clear_explicit(&lock, memory_order_release);
    }
    errno = error;
    if (found)
        return;
    if (replaced.sa_flags & SA_SIGINFO)
        replaced.sa_sigaction(signal_number, info, context);
    else if (replaced.sa_handler == SIG_DFL) {
        signal(SIGTRAP, SIG_DFL);
        raise(SIGTRAP);
    } else if (replaced.sa_handler != SIG_IGN)
        replaced.sa_handler(signal_number);
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
        .disabled = 0,
    };
    return (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void disarm(void)
{
    for (int i = 0; i < use_count; i++)
        for (int file = 0; file < uses[i].file_count; file++)
            close(uses[i].files[file]);
    while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
        ;
    use_count = 0;
    atomic_flag_clear_explicit(&lock, memory_order_release);
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

// A trap that a thread has put off, as it blocks SIGTRAP, must find a handler.
static int is_trap_pending(void)
{
    pid_t threads[THREADS + 1];
    int count = so_list_threads(threads), blocking = 0;
    for (int t = 0; t < count && count > 1; t++)
        blocking += !so_takes_traps(threads[t]);
    return blocking;
}

void so_watch_begin(so_watch *watch)
{
    if (!guards) {
        struct sigaction ours = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_RESTART}, now;
        sigemptyset(&ours.sa_mask);
        sigaction(SIGTRAP, NULL, &now);
        if (now.sa_sigaction != on_trap) {
            replaced = now;
            sigaction(SIGTRAP, &ours, NULL);
        }
    }
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
    struct sigaction now;
    if (!guards && !is_trap_pending() && sigaction(SIGTRAP, NULL, &now) == 0 && now.sa_sigaction == on_trap)
        sigaction(SIGTRAP, &replaced, NULL);
}

static int find_libc(struct dl_phdr_info *info, size_t size, void *function)
{
    (void)size;
    uintptr_t start = UINTPTR_MAX, end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD)
            continue;
        uintptr_t first = info->dlpi_addr + part->p_vaddr;
        start = first < start ? first : start;
        end = first + part->p_memsz > end ? first + part->p_memsz : end;
    }
    if ((uintptr_t)function < start || (uintptr_t)function >= end)
        return 0;
    libc_start = start;
    libc_end = end;
    return 1;
}

void so_watch_prepare(void)
{
    void *frames[FRAMES];
    backtrace(frames, FRAMES);
    dl_iterate_phdr(find_libc, (void *)dlsym(RTLD_DEFAULT, "gnu_get_libc_version"));
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

void so_watch_prepare(void)
{
}

#endif
