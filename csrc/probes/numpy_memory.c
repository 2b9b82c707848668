// SPDX-License-Identifier: BSD-3-Clause
// Counts what NumPy requests for the data of arrays, through its data handler (NEP 49).
#include "_numpy_abi.h"
#include "meter.h"

static PyObject *metered_capsule, *previous_capsule;
static so_numpy_handler *original;

static void *metered_malloc(void *context, size_t size)
{
    (void)context;
    so_meter_enter(SO_NUMPY_MEMORY, size);
    void *block = original->allocator.malloc(original->allocator.ctx, size);
    so_meter_leave();
    return block;
}

static void *metered_calloc(void *context, size_t count, size_t size)
{
    (void)context;
    so_meter_enter(SO_NUMPY_MEMORY, count * size);
    void *block = original->allocator.calloc(original->allocator.ctx, count, size);
    so_meter_leave();
    return block;
}

static void *metered_realloc(void *context, void *old, size_t size)
{
    (void)context;
    so_meter_enter(SO_NUMPY_MEMORY, size);
    void *block = original->allocator.realloc(original->allocator.ctx, old, size);
    so_meter_leave();
    return block;
}

static void plain_free(void *context, void *block, size_t size)
{
    (void)context;
    original->allocator.free(original->allocator.ctx, block, size);
}

// Arrays made while the handler is in place keep it for life: it is never taken down.
static so_numpy_handler metered = {
    "strideops_meter", 1, {NULL, metered_malloc, metered_calloc, metered_realloc, plain_free}};

int so_hook_numpy(void)
{
    void **api = so_numpy_api();
    if (!api)
        return -1;
    if (!metered_capsule) {
        PyObject *current = ((so_numpy_get_handler *)api[SO_NUMPY_GET_HANDLER])();
        if (!current)
            return -1;
        original = PyCapsule_GetPointer(current, "mem_handler"); // `current` is kept: `original` lies in it
        metered_capsule = original ? PyCapsule_New(&metered, "mem_handler", NULL) : NULL;
        if (!metered_capsule)
            return -1;
    }
    Py_CLEAR(previous_capsule);
    previous_capsule = ((so_numpy_set_handler *)api[SO_NUMPY_SET_HANDLER])(metered_capsule);
    return previous_capsule ? 0 : -1;
}

int so_unhook_numpy(void)
{
    void **api = so_numpy_api();
    if (!api || !previous_capsule)
        return -1;
    PyObject *replaced = ((so_numpy_set_handler *)api[SO_NUMPY_SET_HANDLER])(previous_capsule);
    Py_XDECREF(replaced);
    return replaced ? 0 : -1;
}
