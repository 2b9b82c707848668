// SPDX-License-Identifier: BSD-3-Clause
// Copies by their contents: which blocks of memory, requested while a guard is active, hold a run of consecutive
// elements of its arrays? A block is looked at when it is given back, and at the guard's end if it lives then.
#ifndef STRIDEOPS_BLOCKS_H
#define STRIDEOPS_BLOCKS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "meter.h"
#include "python_line.h"
#include "runs.h"

enum { SO_FINDS = 16 };

// What a block holds when it begins.
typedef enum so_content {
    SO_REMAINS, // whatever somebody left there, and nobody needs
    SO_KEPT,    // what the block held that it has grown from
    SO_ZEROS,
    SO_MAPPED // zeros as well; but it may be unreadable, or go away piece by piece
} so_content;

typedef struct so_find {
    int source;
    so_memory memory;
    size_t block_bytes, bytes; // of the block; of the array in it, at least
    so_line line;              // where it was requested
} so_find;

typedef struct so_blocks {
    so_source *sources;
    int source_count;
    struct _object *file; // whose line is asked for
    size_t smallest;      // blocks that are shorter hold no run
    size_t worth_line;    // blocks from this size on are asked for their place
    uint64_t begun;
    int missed; // blocks for which there was no room
    int find_count;
    so_find finds[SO_FINDS];
    struct so_blocks *outer;
} so_blocks;

// Once, before the first.
void so_blocks_prepare(void);

// Holding the GIL. Between them, the sources' memory stays where it is.
void so_blocks_begin(so_blocks *guard);
void so_blocks_end(so_blocks *guard);

// From the hooks of the allocators, behind the allocation and before the release.
extern atomic_int so_blocks_active;
void so_note_block(so_memory memory, void *block, size_t size, so_content content);
void so_look_at_block(void *block);

static inline void so_block_begins(so_memory memory, void *block, size_t size, so_content content)
{
    if (so_blocks_active && block && size >= SO_SHORTEST_RUN && so_meter_depth == 0)
        so_note_block(memory, block, size, content);
}

static inline void so_block_ends(void *block)
{
    if (so_blocks_active && block && so_meter_depth == 0)
        so_look_at_block(block);
}

#endif
