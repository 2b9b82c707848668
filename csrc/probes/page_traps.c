// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "page_traps.h"

#include "traps.h"

#include <errno.h>

#if SO_HAS_TRAPS

#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    TRACE_TRAP = 2,
    ACCESS_TRAP = 2,
    STEP = 0x100,
    RANGES = SO_PAGES * SO_TRAPPED_ARRAYS,
    OPEN = 16,
    LATE_FAULTS = 100
};

// Pages side by side that are protected together.
typedef struct range {
    uintptr_t start, end;
    int array, spot;
    int protection; // that they had
} range;

// The caller's, copied: what the handlers touch must not lie on a page that is protected.
static so_page_traps mine;
static so_copied elements[SO_TRAPPED_ARRAYS];
static so_page_traps *guard; // the caller's, or NULL
static range ranges[RANGES];
static int range_count;
static uintptr_t page_size;
static atomic_flag lock = ATOMIC_FLAG_INIT;
static struct {
    range *at;
    int thread; // that opened it, by this instruction
    uintptr_t instruction;
} opened[OPEN];
static int open_count;
static int late_faults;      // in a row
static _Atomic int stepping; // threads that execute one instruction

static void set_protection(const range *at, int protection)
{
    mprotect((void *)at->start, at->end - at->start, protection);
}

static void close_all(void)
{
    while (open_count)
        set_protection(opened[--open_count].at, PROT_NONE);
}

// One instruction may need several pages at a time; the next one of the same thread needs none of those.
static void close_visited(int thread, uintptr_t instruction)
{
    int kept = 0;
    for (int i = 0; i < open_count; i++)
        if (opened[i].thread == thread && opened[i].instruction != instruction)
            set_protection(opened[i].at, PROT_NONE);
        else
            opened[kept++] = opened[i];
    open_count = kept;
}

static void open_all(void)
{
    for (int i = 0; i < range_count; i++)
        set_protection(&ranges[i], ranges[i].protection);
    open_count = 0;
}

static range *find_range(uintptr_t address)
{
    for (int i = 0; i < range_count; i++)
        if (address >= ranges[i].start && address < ranges[i].end)
            return &ranges[i];
    return NULL;
}

// What is written down of a new instruction, Python's lines, may lie on the same pages.
static void note(const range *at, uintptr_t instruction)
{
    if (so_hits_count(&mine.hits, at->array, at->spot, instruction))
        return;
    for (int i = 0; i < range_count && mine.every; i++)
        set_protection(&ranges[i], ranges[i].protection);
    so_hits_note(&mine.hits, at->array, at->spot, instruction);
    for (int i = 0; i < range_count && mine.every; i++)
        set_protection(&ranges[i], PROT_NONE);
}

static int on_fault(siginfo_t *info, ucontext_t *context)
{
    uintptr_t address = (uintptr_t)info->si_addr;
    int ours = 0;
    if (info->si_code != ACCESS_TRAP)
        return 0;
    so_spin(&lock);
    range *at = find_range(address);
    if (at && guard) {
        uintptr_t instruction = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
        const so_copied *array = &elements[at->array];
        if (so_elements_in(array, (char *)info->si_addr + 1 - array->itemsize, array->itemsize))
            note(at, instruction);
        ours = 1;
        if (++mine.traps >= (mine.every ? SO_MOST_TRAPS : SO_MOST_VISITS)) {
            open_all();
        } else {
            int thread = (int)syscall(SYS_gettid);
            if (!mine.every)
                close_visited(thread, instruction);
            if (open_count == OPEN)
                close_all();
            set_protection(at, at->protection);
            opened[open_count].at = at;
            opened[open_count].thread = thread;
            opened[open_count++].instruction = instruction;
            if (mine.every) {
                context->uc_mcontext.gregs[REG_EFL] |= STEP;
                stepping++;
            }
        }
    } else if (at) {
        ours = ++late_faults < LATE_FAULTS; // it was on its way when the guard ended: the access may go on
    }
    so_release(&lock);
    return ours;
}

static int on_step(siginfo_t *info, ucontext_t *context)
{
    if (info->si_code != TRACE_TRAP || !stepping)
        return 0;
    so_spin(&lock);
    stepping--;
    context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)STEP;
    close_all();
    so_release(&lock);
    return 1;
}

// What the pages of an address may do now; -1: more than read and write, or nothing.
static int find_protection(uintptr_t start, uintptr_t end)
{
    char line[512], bits[5];
    unsigned long long first, last;
    int found = -1;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && found < 0 && fgets(line, sizeof line, maps))
        if (sscanf(line, "%llx-%llx %4s", &first, &last, bits) == 3 && start >= first && end <= last &&
            bits[0] == 'r' && bits[2] == '-')
            found = PROT_READ | (bits[1] == 'w' ? PROT_WRITE : 0);
    if (maps)
        fclose(maps);
    return found;
}

static int add_range(uintptr_t start, uintptr_t end, int array, int spot, int protection)
{
    stack_t stack; // of the handlers: it must be there when they begin
    if (sigaltstack(NULL, &stack) || (!(stack.ss_flags & SS_DISABLE) &&
                                      start < (uintptr_t)stack.ss_sp + stack.ss_size && end > (uintptr_t)stack.ss_sp))
        return 0;
    if (protection < 0 || range_count == RANGES || find_range(start) || find_range(end - 1))
        return 0;
    ranges[range_count++] = (range){start, end, array, spot, protection};
    return 1;
}

static void choose_pages(so_page_traps *traps, int number)
{
    so_trapped *array = &traps->arrays[number];
    uintptr_t low = (uintptr_t)array->elements->low, high = (uintptr_t)array->elements->high;
    uintptr_t start = traps->every ? low & -page_size : (low + page_size - 1) & -page_size;
    uintptr_t end = traps->every ? (high + page_size - 1) & -page_size : high & -page_size;
    array->pages = 0;
    if (start >= end)
        return;
    uintptr_t pages = (end - start) / page_size;
    int protection = find_protection(start, end);
    if (traps->every) {
        array->pages = add_range(start, end, number, 0, protection);
        return;
    }
    uintptr_t chosen = pages < SO_PAGES ? pages : SO_PAGES;
    for (uintptr_t i = 0; i < chosen; i++) {
        uintptr_t page = start + (chosen > 1 ? i * (pages - 1) / (chosen - 1) : 0) * page_size;
        array->pages += add_range(page, page + page_size, number, (int)i, protection);
    }
}

int so_pages_begin(so_page_traps *traps)
{
    traps->error = guard ? EBUSY : 0;
    if (guard)
        return -1;
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    range_count = open_count = late_faults = 0;
    for (int i = 0; i < traps->array_count; i++) {
        choose_pages(traps, i);
        elements[i] = *traps->arrays[i].elements;
    }
    mine = *traps;
    so_traps_begin(SIGSEGV, on_fault);
    so_traps_begin(SIGTRAP, on_step);
    guard = traps;
    for (int i = 0; i < range_count && !traps->error; i++)
        if (mprotect((void *)ranges[i].start, ranges[i].end - ranges[i].start, PROT_NONE))
            traps->error = errno;
    if (!traps->error)
        return 0;
    so_pages_end(traps);
    return -1;
}

void so_pages_end(so_page_traps *traps)
{
    if (guard != traps)
        return;
    so_spin(&lock);
    open_all();
    guard = NULL;
    so_release(&lock);
    traps->hits = mine.hits;
    traps->traps = mine.traps;
    so_traps_end(SIGSEGV, on_fault);
    so_traps_end(SIGTRAP, on_step);
}

#else

int so_pages_begin(so_page_traps *traps)
{
    traps->error = ENOSYS;
    return -1;
}

void so_pages_end(so_page_traps *traps)
{
    (void)traps;
}

#endif
