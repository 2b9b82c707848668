// SPDX-License-Identifier: BSD-3-Clause
// Memory for operands: a room each, between two pages that nobody may touch.
#define _DEFAULT_SOURCE // anonymous memory maps
#include "strideops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <sys/mman.h>
#endif
#ifdef POISON // the build has AddressSanitizer
#include <sanitizer/asan_interface.h>
#endif

enum { ROOM = 1 << 26, GUARD = 1 << 16, MARGIN = 256, NOISE = 0x5a };

typedef enum placement {
    AT_END,   // the block ends where the guard begins
    AT_START, // the block begins where the guard ends
    BETWEEN,  // at any alignment; AddressSanitizer is the guard
    PLACEMENTS
} placement;

static inline char *new_room(void)
{
#ifdef _WIN32
    char *room = VirtualAlloc(NULL, ROOM + 2 * GUARD, MEM_RESERVE, PAGE_NOACCESS);
    if (!room || !VirtualAlloc(room + GUARD, ROOM, MEM_COMMIT, PAGE_READWRITE))
        exit(2);
#else
    char *room = mmap(NULL, ROOM + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (room == MAP_FAILED || mprotect(room + GUARD, ROOM, PROT_READ | PROT_WRITE))
        exit(2);
#endif
    return room + GUARD;
}

// The room of operand k.
static inline char *room_of(int k)
{
    static char *rooms[SO_MAX_OPERANDS];
    if (!rooms[k])
        rooms[k] = new_room();
    return rooms[k];
}

// A block of one operand and the margins beside it.
typedef struct block {
    char *start;
    size_t size, before, after;
} block;

static inline block place(int k, size_t size, placement where, int shift)
{
    char *room = room_of(k);
    size_t offset = where == AT_END ? ROOM - size : where == AT_START ? 0 : (size_t)(MARGIN + shift);
    size_t after = ROOM - size - offset;
    if (size + MARGIN + 64 > ROOM) {
        printf("%zu bytes are more than fit between the guards\n", size);
        exit(2);
    }
    return (block){room + offset, size, offset < MARGIN ? offset : MARGIN, after < MARGIN ? after : MARGIN};
}

// Bytes go in, with noise around them that may not be touched.
static inline void fill(block to, const char *bytes)
{
    memset(to.start - to.before, NOISE, to.before);
    memcpy(to.start, bytes, to.size);
    memset(to.start + to.size, NOISE, to.after);
#ifdef POISON
    ASAN_POISON_MEMORY_REGION(to.start - to.before, to.before);
    ASAN_POISON_MEMORY_REGION(to.start + to.size, to.after);
#endif
}

// Are these bytes there, and the noise around them?
static inline int holds(block there, const char *bytes)
{
#ifdef POISON
    ASAN_UNPOISON_MEMORY_REGION(there.start - there.before, there.before + there.size + there.after);
#endif
    int same = memcmp(there.start, bytes, there.size) == 0;
    for (size_t i = 1; i <= there.before; i++)
        same &= there.start[-(ptrdiff_t)i] == NOISE;
    for (size_t i = 0; i < there.after; i++)
        same &= there.start[there.size + i] == NOISE;
    return same;
}
