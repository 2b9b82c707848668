// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "runs.h"

#include <string.h>

static const char *element_at(const so_source *source, const int *order, size_t index)
{
    const char *place = source->data;
    for (int k = source->ndim - 1; k >= 0; k--) {
        size_t length = (size_t)source->shape[order[k]];
        place += source->strides[order[k]] * (ptrdiff_t)(index % length);
        index /= length;
    }
    return place;
}

static size_t magnitude(ptrdiff_t stride)
{
    return (size_t)(stride < 0 ? -stride : stride);
}

static void set_orders(so_source *source)
{
    for (int k = 0; k < source->ndim; k++) {
        source->order[0][k] = k;
        source->order[1][k] = source->ndim - 1 - k;
        int at = k; // by insertion: the largest stride outermost
        for (; at > 0 && magnitude(source->strides[source->order[2][at - 1]]) < magnitude(source->strides[k]); at--)
            source->order[2][at] = source->order[2][at - 1];
        source->order[2][at] = k;
    }
}

// Elements of a run: a cache line of them, but where the innermost axis has less, no more than it has.
static size_t run_length(const so_source *source, const int *order)
{
    size_t length = source->itemsize < 64 ? 64 / source->itemsize : 1;
    size_t row = source->ndim ? (size_t)source->shape[order[source->ndim - 1]] : 1;
    if (row < length && row * source->itemsize >= SO_SHORTEST_RUN)
        length = row;
    return length < source->elements ? length : source->elements;
}

// Zeros, or all but one of them, are everywhere.
static int is_distinct(const so_run *run, size_t itemsize)
{
    size_t unit = run->bytes >= 4 * itemsize ? itemsize : 1, changes = 0;
    for (size_t i = unit; i + unit <= run->bytes; i += unit)
        changes += memcmp(run->content + i - unit, run->content + i, unit) != 0;
    return changes >= 3;
}

static double number_at(const so_source *source, const unsigned char *place)
{
    double real = 0;
    float single = 0;
    int64_t whole = 0;
    if (source->kind != 'f') {
        memcpy(&whole, place, source->itemsize < 8 ? source->itemsize : 8);
        return (double)whole;
    }
    memcpy(&real, place, sizeof real);
    memcpy(&single, place, sizeof single);
    return source->itemsize == 4 ? single : real;
}

// Equal steps, as of arange: somebody else may have made the same.
static int is_progression(const so_source *source, const so_run *run)
{
    size_t size = source->itemsize, count = run->bytes / size;
    if (size > 8 || (source->kind == 'f' && size < 4))
        return 0;
    double step = number_at(source, run->content + size) - number_at(source, run->content);
    for (size_t i = 2; i < count; i++)
        if (number_at(source, run->content + i * size) - number_at(source, run->content + (i - 1) * size) != step)
            return 0;
    return 1;
}

static int read_run(const so_source *source, const int *order, size_t index, size_t length, so_run *run)
{
    size_t taken = source->itemsize < SO_RUN_BYTES ? source->itemsize : SO_RUN_BYTES;
    run->start = index * source->itemsize;
    run->bytes = 0;
    for (size_t i = 0; i < length && run->bytes + taken <= SO_RUN_BYTES; i++, run->bytes += taken)
        memcpy(run->content + run->bytes, element_at(source, order, index + i), taken);
    run->progression = is_progression(source, run);
    return run->bytes >= SO_SHORTEST_RUN && is_distinct(run, source->itemsize);
}

int so_source_read(so_source *source)
{
    so_run before[2 * SO_ORDERS];
    int runs_before = source->runs;
    memcpy(before, source->run, sizeof before);
    set_orders(source);
    source->runs = 0;
    for (int o = 0; o < SO_ORDERS && source->elements; o++) {
        const int *order = source->order[o];
        if ((o == 1 && source->ndim < 2) ||
            (o == 2 && (memcmp(order, source->order[0], sizeof *order * (size_t)source->ndim) == 0 ||
                        memcmp(order, source->order[1], sizeof *order * (size_t)source->ndim) == 0)))
            continue;
        size_t length = run_length(source, order), last = source->elements - length;
        for (size_t tries = 0; tries < 16 && tries * length <= last; tries++)
            if (read_run(source, order, tries * length, length, &source->run[source->runs])) {
                source->runs++;
                break;
            }
        for (size_t tries = 0; tries < 16 && tries * length <= last; tries++)
            if (read_run(source, order, last - tries * length, length, &source->run[source->runs])) {
                source->runs++;
                break;
            }
    }
    return runs_before != source->runs || memcmp(before, source->run, sizeof *before * (size_t)runs_before) != 0;
}

#ifdef _WIN32 // its C library has none
static void *memmem(const void *content, size_t size, const void *part, size_t bytes)
{
    for (const char *at = content, *end = at + size; (at = memchr(at, *(const char *)part, (size_t)(end - at))); at++) {
        if ((size_t)(end - at) < bytes)
            return NULL;
        if (memcmp(at, part, bytes) == 0)
            return (void *)at;
    }
    return NULL;
}
#endif

// Where the run is, in the first or the last stretch of the block.
static const char *find_run(const so_run *run, const char *content, size_t size)
{
    if (size <= 2 * SO_SEARCHED)
        return memmem(content, size, run->content, run->bytes);
    const char *found = memmem(content, SO_SEARCHED, run->content, run->bytes);
    return found ? found : memmem(content + size - SO_SEARCHED, SO_SEARCHED, run->content, run->bytes);
}

int so_holds_run(const so_source *source, const char *content, size_t size)
{
    for (int i = 0; i < source->runs; i++)
        if (size >= source->run[i].bytes && find_run(&source->run[i], content, size))
            return 1;
    return 0;
}

size_t so_bytes_held(const so_source *source, const char *content, size_t size)
{
    size_t held = 0;
    for (int i = 0; i < source->runs; i++) {
        const so_run *run = &source->run[i];
        const char *found = size >= run->bytes ? find_run(run, content, size) : NULL;
        if (!found)
            continue;
        if (held < run->bytes && !run->progression && size < source->bytes)
            held = run->bytes;
        for (int j = 0; j < source->runs; j++) {
            const so_run *other = &source->run[j];
            ptrdiff_t offset = found - content + (ptrdiff_t)(other->start - run->start);
            if (j != i && offset >= 0 && (size_t)offset + other->bytes <= size &&
                memcmp(content + offset, other->content, other->bytes) == 0)
                return source->bytes <= size ? source->bytes : size;
        }
    }
    return held;
}
