// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "memory_copies.h"

#include "import_table.h"
#include "threads.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

// Elements that begin less than `offset` bytes above the lowest, where no two axes overlap.
static size_t elements_below(const so_copied *copied, ptrdiff_t offset)
{
    size_t count = 0, inner = copied->elements;
    if (offset <= 0)
        return 0;
    for (int k = 0; k < copied->ndim; k++) {
        inner /= copied->shape[k];
        size_t index = (size_t)offset / copied->strides[k];
        if (index >= copied->shape[k])
            return count + copied->shape[k] * inner;
        count += index * inner;
        offset -= (ptrdiff_t)(index * copied->strides[k]);
    }
    return count + (offset > 0);
}

size_t so_elements_in(const so_copied *at, const char *place, size_t bytes)
{
    if (place + bytes <= at->low || place >= at->high)
        return 0;
    if (at->overlaps) {
        const char *low = place > at->low ? place : at->low,
                   *high = place + bytes < at->high ? place + bytes : at->high;
        return ((size_t)(high - low) + at->itemsize - 1) / at->itemsize;
    }
    ptrdiff_t first = place - at->low;
    return elements_below(at, first + (ptrdiff_t)bytes) - elements_below(at, first);
}

void so_copied_describe(so_copied *copied, const so_source *source)
{
    memset(copied, 0, sizeof *copied);
    copied->low = copied->high = source->data;
    copied->itemsize = source->itemsize;
    copied->elements = 1;
    for (int k = 0; k < source->ndim && source->elements; k++) {
        int axis = source->order[2][k];
        ptrdiff_t stride = source->strides[axis], reach = stride * (source->shape[axis] - 1);
        *(reach < 0 ? &copied->low : &copied->high) += reach;
        if (stride == 0 || source->shape[axis] == 1)
            continue;
        copied->shape[copied->ndim] = (size_t)source->shape[axis];
        copied->strides[copied->ndim++] = (size_t)(stride < 0 ? -stride : stride);
        copied->elements *= (size_t)source->shape[axis];
    }
    copied->high += source->elements ? source->itemsize : 0;
    size_t extent = source->itemsize;
    for (int k = copied->ndim - 1; k >= 0; k--) {
        copied->overlaps |= copied->strides[k] < extent;
        extent += copied->strides[k] * (copied->shape[k] - 1);
    }
}

#if SO_HAS_IMPORT_TABLES

enum { ROOM = 64 };
static _Atomic(so_copied *) watched[ROOM];
static atomic_int counting; // threads that may look at what is watched

// `from` is NULL for memset.
static void count_copy(void *target, const void *from, size_t bytes, void *caller)
{
    counting++;
    for (int i = 0; i < ROOM; i++) {
        so_copied *at = watched[i];
        if (!at)
            continue;
        size_t taken = from ? so_elements_in(at, from, bytes) * at->itemsize : 0;
        if (!taken) {
            at->writes += so_elements_in(at, target, bytes) != 0;
            continue;
        }
        at->calls++;
        at->bytes += taken;
        if (taken > at->largest)
            at->largest = taken;
        if (taken > at->itemsize && !at->caller)
            at->caller = caller;
    }
    counting--;
}

static void *counted_memcpy(void *to, const void *from, size_t bytes)
{
    count_copy(to, from, bytes, __builtin_return_address(0));
    return memcpy(to, from, bytes);
}

static void *counted_memmove(void *to, const void *from, size_t bytes)
{
    count_copy(to, from, bytes, __builtin_return_address(0));
    return memmove(to, from, bytes);
}

static void *counted_mempcpy(void *to, const void *from, size_t bytes)
{
    count_copy(to, from, bytes, __builtin_return_address(0));
    return (char *)memcpy(to, from, bytes) + bytes;
}

static void *counted_memcpy_chk(void *to, const void *from, size_t bytes, size_t room)
{
    if (bytes > room)
        abort();
    count_copy(to, from, bytes, __builtin_return_address(0));
    return memcpy(to, from, bytes);
}

static void *counted_memmove_chk(void *to, const void *from, size_t bytes, size_t room)
{
    if (bytes > room)
        abort();
    count_copy(to, from, bytes, __builtin_return_address(0));
    return memmove(to, from, bytes);
}

static void *counted_memset(void *to, int value, size_t bytes)
{
    count_copy(to, NULL, bytes, NULL);
    return memset(to, value, bytes);
}

static const so_import imports[] = {
    {"memcpy", (void *)counted_memcpy},           {"memmove", (void *)counted_memmove},
    {"mempcpy", (void *)counted_mempcpy},         {"memset", (void *)counted_memset},
    {"__memcpy_chk", (void *)counted_memcpy_chk}, {"__memmove_chk", (void *)counted_memmove_chk},
};
static so_import_set set = {imports, sizeof imports / sizeof imports[0], NULL, 0, 0, 0, 0};

static void forget_other_threads(void)
{
    counting = 0;
}

void so_copies_prepare(void)
{
    so_after_fork(forget_other_threads);
}

int so_copies_begin(so_copied *copied, int count)
{
    if (so_imports_hook(&set))
        return -1;
    int placed = 0;
    for (int i = 0; i < ROOM && placed < count; i++) {
        so_copied *none = NULL;
        placed += atomic_compare_exchange_strong(&watched[i], &none, &copied[placed]);
    }
    if (placed == count)
        return 0;
    so_copies_end(copied, count);
    return -1;
}

void so_copies_end(so_copied *copied, int count)
{
    for (int i = 0; i < ROOM; i++) {
        so_copied *at = watched[i];
        if (at && at >= copied && at < copied + count)
            watched[i] = NULL;
    }
    while (counting)
        sched_yield();
    so_imports_unhook(&set);
}

#else

void so_copies_prepare(void)
{
}

int so_copies_begin(so_copied *copied, int count)
{
    (void)copied, (void)count;
    return -1;
}

void so_copies_end(so_copied *copied, int count)
{
    (void)copied, (void)count;
}

#endif
