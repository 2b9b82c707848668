// SPDX-License-Identifier: BSD-3-Clause
// Counts what NumPy requests for the data of arrays, through its data handler (NEP 49).
#include "_numpy_abi.h"
#include "blocks.h"
#include "meter.h"
#include "requests.h"

// A handler of ours in front of one of somebody's. Arrays made while it is in place keep it for life, so that it is
// never taken down, and neither is the one behind it.
typedef struct metered_handler {
    so_numpy_handler handler;
    so_numpy_allocator *next;
    PyObject *capsule;
    struct metered_handler *older;
} metered_handler;

static metered_handler *handlers;

static void *metered_malloc(void *context, size_t size)
{
    so_numpy_allocator *next = ((metered_handler *)context)->next;
    so_meter_enter(SO_NUMPY_MEMORY, size);
    void *block = next->malloc(next->ctx, size);
    so_meter_leave();
    so_block_begins(SO_NUMPY_MEMORY, block, size, SO_REMAINS);
    so_request_begins(block, size, NULL);
    return block;
}

static void *metered_calloc(void *context, size_t count, size_t size)
{
    so_numpy_allocator *next = ((metered_handler *)context)->next;
    so_meter_enter(SO_NUMPY_MEMORY, count * size);
    void *block = next->calloc(next->ctx, count, size);
    so_meter_leave();
    so_block_begins(SO_NUMPY_MEMORY, block, count * size, SO_ZEROS);
    so_request_begins(block, count * size, NULL);
    return block;
}

static void *metered_realloc(void *context, void *old, size_t size)
{
    so_numpy_allocator *next = ((metered_handler *)context)->next;
    so_block_ends(old);
    so_meter_enter(SO_NUMPY_MEMORY, size);
    void *block = next->realloc(next->ctx, old, size);
    so_meter_leave();
    so_block_begins(SO_NUMPY_MEMORY, block, size, SO_KEPT);
    so_request_begins(block, size, NULL);
    return block;
}

static void watched_free(void *context, void *block, size_t size)
{
    so_numpy_allocator *next = ((metered_handler *)context)->next;
    so_block_ends(block);
    so_meter_depth++;
    next->free(next->ctx, block, size);
    so_meter_depth--;
}

static metered_handler *new_handler(so_numpy_allocator *next)
{
    metered_handler *made = PyMem_RawCalloc(1, sizeof *made);
    if (!made) {
        PyErr_NoMemory();
        return NULL;
    }
    so_numpy_allocator allocator = {made, metered_malloc, metered_calloc, metered_realloc, watched_free};
    made->handler = (so_numpy_handler){"strideops_meter", 1, allocator};
    made->next = next;
    made->older = handlers;
    made->capsule = PyCapsule_New(&made->handler, "mem_handler", NULL);
    if (!made->capsule) {
        PyMem_RawFree(made);
        return NULL;
    }
    return handlers = made;
}

// The one in front of the handler in the capsule.
static metered_handler *find_handler(PyObject *capsule)
{
    so_numpy_handler *behind = PyCapsule_GetPointer(capsule, "mem_handler");
    if (!behind)
        return NULL;
    for (metered_handler *known = handlers; known; known = known->older)
        if (known->next == &behind->allocator)
            return known;
    Py_INCREF(capsule);
    return new_handler(&behind->allocator);
}

static PyObject *exchange_handler(PyObject *capsule)
{
    void **api = so_numpy_api();
    return api ? ((so_numpy_set_handler *)api[SO_NUMPY_SET_HANDLER])(capsule) : NULL;
}

static PyObject *current_handler(void)
{
    void **api = so_numpy_api();
    return api ? ((so_numpy_get_handler *)api[SO_NUMPY_GET_HANDLER])() : NULL;
}

static int is_ours(PyObject *capsule)
{
    const metered_handler *known = handlers;
    while (known && known->capsule != capsule)
        known = known->older;
    return known != NULL;
}

int so_hook_numpy(PyObject **replaced)
{
    PyObject *current = current_handler();
    *replaced = NULL;
    if (!current)
        return -1;
    if (!is_ours(current)) {
        metered_handler *ours = find_handler(current);
        *replaced = ours ? exchange_handler(ours->capsule) : NULL;
    }
    int failed = !*replaced && !is_ours(current);
    Py_DECREF(current);
    return failed ? -1 : 0;
}

int so_unhook_numpy(PyObject **replaced)
{
    if (!*replaced)
        return 0;
    PyObject *current = current_handler(), *ours = NULL;
    if (current && is_ours(current))
        ours = exchange_handler(*replaced);
    int failed = !current || (is_ours(current) && !ours);
    Py_XDECREF(current);
    Py_XDECREF(ours);
    Py_CLEAR(*replaced);
    return failed ? -1 : 0;
}
