// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "hits.h"

#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__)

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FRAMES = 16 };

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
static long write_traceback(so_hits *hits)
{
    sigset_t blocked;
    if (!hits->traceback_signal || hits->tracebacks == SO_TRACEBACKS || pthread_sigmask(SIG_SETMASK, NULL, &blocked) ||
        sigismember(&blocked, hits->traceback_signal))
        return -1;
    hits->tracebacks++;
    long begin = lseek(hits->traceback_file, 0, SEEK_CUR);
    raise(hits->traceback_signal);
    return begin;
}

int so_hits_count(so_hits *hits, int array, int spot, uintptr_t instruction)
{
    for (int i = 0; i < hits->count; i++) {
        so_hit *known = &hits->hit[i];
        if (known->instruction == instruction && known->array == array) {
            known->count++;
            known->spots |= 1ull << spot;
            return 1;
        }
    }
    return 0;
}

void so_hits_note(so_hits *hits, int array, int spot, uintptr_t instruction)
{
    long traceback = -1;
    so_line line = {NULL, 0};
    int thread = (int)syscall(SYS_gettid);
    if (so_hits_count(hits, array, spot, instruction))
        return;
    for (int i = 0; i < hits->count; i++)
        if (hits->hit[i].instruction == instruction && hits->hit[i].thread == thread) {
            traceback = hits->hit[i].traceback;
            line = hits->hit[i].line;
        }
    if (hits->count == SO_HITS) {
        hits->lost++;
        return;
    }
    if (!line.code && traceback < 0)
        line = so_find_line(hits->file);
    if (!line.code && traceback < 0)
        traceback = write_traceback(hits);
    hits->hit[hits->count++] =
        (so_hit){instruction, find_caller(instruction), array, 1ull << spot, 1, thread, line, traceback};
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

void so_hits_prepare(void)
{
    void *frames[FRAMES];
    backtrace(frames, FRAMES);
    dl_iterate_phdr(find_libc, dlsym(RTLD_DEFAULT, "gnu_get_libc_version"));
}

#else

int so_hits_count(so_hits *hits, int array, int spot, uintptr_t instruction)
{
    (void)hits, (void)array, (void)spot, (void)instruction;
    return 1;
}

void so_hits_note(so_hits *hits, int array, int spot, uintptr_t instruction)
{
    (void)hits, (void)array, (void)spot, (void)instruction;
}

void so_hits_prepare(void)
{
}

#endif
