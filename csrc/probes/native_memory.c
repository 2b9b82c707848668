// SPDX-License-Identifier: BSD-3-Clause
// Counts what compiled code requests from malloc and its kin and from anonymous mmap, whichever library calls them.
#define _GNU_SOURCE
#include "blocks.h"
#include "import_table.h"
#include "meter.h"
#include "requests.h"

#if SO_HAS_IMPORT_TABLES

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CALLER __builtin_return_address(0)

static void *begun(void *block, size_t size, so_content content, const void *caller)
{
    so_meter_leave();
    so_request_begins(block, size, caller);
    so_block_begins(SO_NATIVE_MEMORY, block, size, content);
    return block;
}

static void *metered_malloc(size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, size);
    return begun(malloc(size), size, SO_REMAINS, CALLER);
}

static void *metered_calloc(size_t count, size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, count * size);
    return begun(calloc(count, size), count * size, SO_ZEROS, CALLER);
}

static void *metered_realloc(void *old, size_t size)
{
    so_block_ends(old);
    so_meter_enter(SO_NATIVE_MEMORY, size);
    return begun(realloc(old, size), size, SO_KEPT, CALLER);
}

static void *metered_reallocarray(void *old, size_t count, size_t size)
{
    so_block_ends(old);
    so_meter_enter(SO_NATIVE_MEMORY, count * size);
    return begun(reallocarray(old, count, size), count * size, SO_KEPT, CALLER);
}

static void *metered_memalign(size_t alignment, size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, size);
    return begun(memalign(alignment, size), size, SO_REMAINS, CALLER);
}

static void *metered_valloc(size_t size)
{
    return metered_memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

static int metered_posix_memalign(void **block, size_t alignment, size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, size);
    int error = posix_memalign(block, alignment, size);
    begun(error ? NULL : *block, size, SO_REMAINS, CALLER);
    return error;
}

static void *metered_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    so_meter_enter(SO_NATIVE_MEMORY, flags & MAP_ANONYMOUS ? size : 0);
    void *block = mmap(address, size, protection, flags, file, offset);
    return begun(block, block == MAP_FAILED || !(flags & MAP_ANONYMOUS) ? 0 : size, SO_MAPPED, CALLER);
}

static void metered_free(void *block)
{
    so_block_ends(block);
    free(block);
}

static int metered_munmap(void *block, size_t size)
{
    so_block_ends(block);
    return munmap(block, size);
}

static const so_import imports[] = {
    {"malloc", (void *)metered_malloc},     {"calloc", (void *)metered_calloc},
    {"realloc", (void *)metered_realloc},   {"aligned_alloc", (void *)metered_memalign},
    {"memalign", (void *)metered_memalign}, {"posix_memalign", (void *)metered_posix_memalign},
    {"mmap", (void *)metered_mmap},         {"mmap64", (void *)metered_mmap},
    {"valloc", (void *)metered_valloc},     {"reallocarray", (void *)metered_reallocarray},
    {"free", (void *)metered_free},         {"munmap", (void *)metered_munmap},
};
static so_import_set set = {imports, sizeof imports / sizeof imports[0], NULL, 0, 0, 0, 0};

int so_hook_native(void)
{
    return so_imports_hook(&set);
}

void so_unhook_native(void)
{
    so_imports_unhook(&set);
}

void so_refresh_native(void)
{
    so_imports_refresh(&set);
}

#else

int so_hook_native(void)
{
    return -1;
}

void so_unhook_native(void)
{
}

void so_refresh_native(void)
{
}

#endif
