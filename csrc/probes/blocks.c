// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "blocks.h"

#include "threads.h"

#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/uio.h>
#include <unistd.h>
#endif

enum { ROOM = 4096, WINDOW = 16 };

typedef struct block {
    char *address; // NULL: nobody's
    size_t size;
    so_memory memory;
    int is_mapped;
    uint64_t number;
    so_line line;
} block;

static block table[ROOM];
static uint64_t used[ROOM / 64]; // which of them are somebody's
static uint64_t number;
static atomic_flag lock = ATOMIC_FLAG_INIT;
static so_blocks *guards; // innermost first
atomic_int so_blocks_active;

static void take(void)
{
    while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
        ;
}

static void give(void)
{
    atomic_flag_clear_explicit(&lock, memory_order_release);
}

// Of memory that may be gone meanwhile.
static int fetch(char *to, const char *from, size_t size)
{
#ifdef __linux__
    struct iovec target = {to, size}, source = {(void *)from, size};
    return process_vm_readv(getpid(), &target, 1, &source, 1, 0) == (ssize_t)size;
#else
    (void)to, (void)from, (void)size;
    return 0;
#endif
}

static int holds_run(const so_blocks *guard, const char *content, size_t size)
{
    for (int s = 0; s < guard->source_count; s++)
        if (so_holds_run(&guard->sources[s], content, size))
            return 1;
    return 0;
}

// The content of such a block; NULL: it is gone, or holds nothing that we look for.
static char *fetch_block(const so_blocks *guard, const block *at)
{
    static char stretch[SO_SEARCHED];
    const char *last = at->address + at->size - SO_SEARCHED;
    int is_large = at->size > 2 * SO_SEARCHED;
    if (is_large && !(fetch(stretch, at->address, SO_SEARCHED) && holds_run(guard, stretch, SO_SEARCHED)) &&
        !(fetch(stretch, last, SO_SEARCHED) && holds_run(guard, stretch, SO_SEARCHED)))
        return NULL;
    char *copy = malloc(at->size);
    if (copy && fetch(copy, at->address, at->size))
        return copy;
    free(copy);
    return NULL;
}

static void compare(so_blocks *guard, const block *at, const char *content, size_t size)
{
    for (int s = 0; s < guard->source_count && guard->find_count < SO_FINDS; s++) {
        size_t held = so_bytes_held(&guard->sources[s], content, size);
        if (held)
            guard->finds[guard->find_count++] = (so_find){s, at->memory, at->size, held, at->line};
    }
}

static void look_at(so_blocks *guard, const block *at, int may_be_gone)
{
    char *copy = may_be_gone ? fetch_block(guard, at) : NULL;
    const char *content = may_be_gone ? copy : at->address;
    if (content)
        compare(guard, at, content, at->size);
    free(copy);
}

static block *find_block(const void *address)
{
    size_t first = ((uintptr_t)address >> 4) * 0x9E3779B1u;
    for (size_t i = 0; i < WINDOW; i++) {
        block *at = &table[(first + i) % ROOM];
        if (at->address == address)
            return at;
    }
    return NULL;
}

static block *free_place(const void *address)
{
    size_t first = ((uintptr_t)address >> 4) * 0x9E3779B1u;
    for (size_t i = 0; i < WINDOW; i++) {
        block *at = &table[(first + i) % ROOM];
        if (!at->address)
            return at;
    }
    return NULL;
}

static void remove_block(block *at)
{
    size_t place = (size_t)(at - table);
    at->address = NULL;
    used[place / 64] &= ~(1ull << place % 64);
}

// An array that was copied there before must not be found: it is overwritten, where that is allowed.
static int is_clean(const so_blocks *guard, char *content, size_t size, so_content kind)
{
    for (; guard && kind < SO_ZEROS; guard = guard->outer)
        for (int s = 0; s < guard->source_count; s++)
            if (so_bytes_held(&guard->sources[s], content, size)) {
                if (kind == SO_KEPT)
                    return 0;
                memset(content, 0, size);
            }
    return 1;
}

void so_note_block(so_memory memory, void *address, size_t size, so_content content)
{
    block noted = {address, size, memory, content == SO_MAPPED, 0, {NULL, 0}};
    const so_blocks *guard = guards;
    if (!guard || size < guard->smallest)
        return;
    if (size >= guard->worth_line)
        noted.line = so_find_line(guard->file);
    take();
    noted.number = ++number;
    block *at = find_block(address);
    if (!is_clean(guards, address, size, content)) {
        if (at)
            remove_block(at);
        give();
        return;
    }
    if (!at)
        at = free_place(address);
    if (at) {
        *at = noted;
        used[(at - table) / 64] |= 1ull << (at - table) % 64;
    } else {
        for (so_blocks *each = guards; each; each = each->outer)
            each->missed++;
    }
    give();
}

void so_look_at_block(void *address)
{
    take();
    block *at = find_block(address);
    if (at) {
        for (so_blocks *guard = guards; guard; guard = guard->outer)
            if (at->number > guard->begun)
                look_at(guard, at, at->is_mapped);
        remove_block(at);
    }
    give();
}

void so_blocks_prepare(void)
{
    so_after_fork(give);
}

static size_t shortest_run(const so_blocks *guard)
{
    size_t shortest = SIZE_MAX;
    for (int s = 0; s < guard->source_count; s++)
        for (int i = 0; i < guard->sources[s].runs; i++)
            if (guard->sources[s].run[i].bytes < shortest)
                shortest = guard->sources[s].run[i].bytes;
    return shortest;
}

void so_blocks_begin(so_blocks *guard)
{
    guard->worth_line = 4096;
    guard->smallest = shortest_run(guard);
    for (int s = 0; s < guard->source_count; s++)
        if (guard->sources[s].bytes < guard->worth_line)
            guard->worth_line = guard->sources[s].bytes;
    take();
    guard->begun = number;
    guard->missed = guard->find_count = 0;
    guard->outer = guards;
    if (guards && guards->smallest < guard->smallest)
        guard->smallest = guards->smallest;
    guards = guard;
    give();
    so_blocks_active++;
}

static void look_at_living(so_blocks *guard)
{
    for (int word = 0; word < ROOM / 64; word++)
        for (uint64_t bits = used[word]; bits; bits &= bits - 1) {
            const block *at = &table[word * 64 + __builtin_ctzll(bits)];
            if (at->number <= guard->begun || at->size < shortest_run(guard))
                continue;
            // Blocks of Python's and NumPy's that live are there, as nobody else runs; others may be gone.
            look_at(guard, at, at->memory == SO_NATIVE_MEMORY);
        }
}

void so_blocks_end(so_blocks *guard)
{
    so_blocks_active--;
    take();
    look_at_living(guard);
    int changed = 0;
    for (int i = 0; i < guard->source_count; i++)
        if (!guard->sources[i].moved)
            changed += guard->sources[i].changed = so_source_read(&guard->sources[i]);
    if (changed)
        look_at_living(guard);
    so_blocks **at = &guards;
    while (*at && *at != guard)
        at = &(*at)->outer;
    if (*at)
        *at = guard->outer;
    if (!guards)
        for (int word = 0; word < ROOM / 64; word++)
            while (used[word])
                remove_block(&table[word * 64 + __builtin_ctzll(used[word])]);
    give();
}
