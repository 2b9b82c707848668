// SPDX-License-Identifier: BSD-3-Clause
// Counts what is requested from CPython's allocators: PyMem_Raw, PyMem and PyObject.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "blocks.h"
#include "meter.h"

static const PyMemAllocatorDomain domains[] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
enum { DOMAINS = sizeof domains / sizeof domains[0] };
static PyMemAllocatorEx original[DOMAINS];
static int buried[DOMAINS]; // somebody hooked in above us: our functions stay, and go on to count

static void *metered_malloc(void *context, size_t size)
{
    PyMemAllocatorEx *next = context;
    so_meter_enter(SO_PYTHON_MEMORY, size);
    void *block = next->malloc(next->ctx, size);
    so_meter_leave();
    so_block_begins(SO_PYTHON_MEMORY, block, size, SO_REMAINS);
    return block;
}

static void *metered_calloc(void *context, size_t count, size_t size)
{
    PyMemAllocatorEx *next = context;
    so_meter_enter(SO_PYTHON_MEMORY, count * size);
    void *block = next->calloc(next->ctx, count, size);
    so_meter_leave();
    so_block_begins(SO_PYTHON_MEMORY, block, count * size, SO_ZEROS);
    return block;
}

static void *metered_realloc(void *context, void *old, size_t size)
{
    PyMemAllocatorEx *next = context;
    so_block_ends(old);
    so_meter_enter(SO_PYTHON_MEMORY, size);
    void *block = next->realloc(next->ctx, old, size);
    so_meter_leave();
    so_block_begins(SO_PYTHON_MEMORY, block, size, SO_KEPT);
    return block;
}

static void watched_free(void *context, void *block)
{
    PyMemAllocatorEx *next = context;
    so_block_ends(block);
    so_meter_depth++;
    next->free(next->ctx, block);
    so_meter_depth--;
}

static int is_hooked(PyMemAllocatorDomain domain)
{
    PyMemAllocatorEx current;
    PyMem_GetAllocator(domain, &current);
    return current.malloc == metered_malloc;
}

void so_hook_python(void)
{
    for (int i = 0; i < DOMAINS; i++) {
        if (buried[i] || is_hooked(domains[i]))
            continue;
        PyMem_GetAllocator(domains[i], &original[i]);
        PyMemAllocatorEx metered = {&original[i], metered_malloc, metered_calloc, metered_realloc, watched_free};
        PyMem_SetAllocator(domains[i], &metered);
    }
}

// Somebody who hooked in during the count keeps calling our functions, which then only pass on: taking them out would
// take out theirs. They come out at the end of the first count that finds them on top again.
void so_unhook_python(void)
{
    for (int i = DOMAINS - 1; i >= 0; i--) {
        buried[i] = !is_hooked(domains[i]);
        if (!buried[i])
            PyMem_SetAllocator(domains[i], &original[i]);
    }
}
