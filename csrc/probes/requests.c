// SPDX-License-Identifier: BSD-3-Clause
#include <Python.h>

#include "requests.h"

#include "calls.h"
#include "import_table.h"
#include "python_line.h"

#include <stdio.h>

enum { WINDOW = 32 };

so_request so_requests[SO_REQUESTS];
atomic_int so_requests_active;

static atomic_size_t unplaced_bytes, unplaced_count;
static size_t smallest_block;
static PyObject *inner_folder, *replaced_handler;
static so_library own[2]; // where Python and the C library are, whose memory is no array's
static int is_native;

static so_request *find_request(const so_place *place)
{
    size_t first = ((uintptr_t)place->code >> 4) * 0x9E3779B1u + (size_t)place->instruction;
    for (size_t i = 0; i < WINDOW; i++) {
        so_request *at = &so_requests[(first + i) % SO_REQUESTS];
        if (at == so_requests)
            continue;
        if (!at->code)
            *at = (so_request){Py_NewRef(place->code), Py_NewRef(place->globals), place->instruction, 0, 0};
        if (at->code == place->code && at->instruction == place->instruction)
            return at;
    }
    return NULL;
}

static int is_own(uintptr_t address)
{
    return (address >= own[0].start && address < own[0].end) || (address >= own[1].start && address < own[1].end);
}

void so_note_request(size_t size, const void *caller)
{
    if (size < smallest_block || so_calls_depth || is_own((uintptr_t)caller))
        return;
    so_place place = so_find_place(inner_folder);
    so_request *at = place.code ? find_request(&place) : NULL;
    if (at) {
        at->bytes += size;
        at->count++;
    } else {
        unplaced_bytes += size;
        unplaced_count++;
    }
    Py_XDECREF(place.code);
    Py_XDECREF(place.globals);
}

int so_requests_begin(size_t smallest, PyObject *folder)
{
    smallest_block = smallest;
    own[0] = so_find_library((uintptr_t)PyErr_NoMemory);
    own[1] = so_find_library((uintptr_t)fopen);
    if (so_hook_numpy(&replaced_handler)) // which holds the GIL where what is behind it does not, as for numpy.zeros
        return -1;
    is_native = so_hook_native() == 0;
    inner_folder = Py_NewRef(folder);
    so_requests_active = 1;
    return 0;
}

int so_requests_end(int *native)
{
    if (!so_requests_active)
        return 0;
    so_requests_active = 0;
    *native = is_native;
    so_requests->bytes = atomic_exchange(&unplaced_bytes, 0);
    so_requests->count = atomic_exchange(&unplaced_count, 0);
    Py_CLEAR(inner_folder);
    if (is_native)
        so_unhook_native();
    return so_unhook_numpy(&replaced_handler);
}

void so_requests_clear(void)
{
    for (int i = 0; i < SO_REQUESTS; i++) {
        so_request gone = so_requests[i];
        so_requests[i] = (so_request){0};
        Py_XDECREF(gone.code);
        Py_XDECREF(gone.globals);
    }
}
