// SPDX-License-Identifier: BSD-3-Clause
// Do two layouts share memory? An exact search over strides, with a limit. No element is read here.
#include "../strideops.h"

#include <stdlib.h>

enum { SEARCH_LIMIT = 100000, MAX_TERMS = 2 * SO_MAX_NDIM };

// Is there a choice 0 <= x[i] <= most[i] with  low <= start + sum(step[i] * x[i]) <= high ?
// Steps are positive and fall; equal steps are one term.
typedef struct sums {
    int terms;
    ptrdiff_t step[MAX_TERMS];
    ptrdiff_t most[MAX_TERMS];
    ptrdiff_t reach[MAX_TERMS + 1];   // the largest sum of the terms from i on
    ptrdiff_t divisor[MAX_TERMS + 1]; // the greatest common divisor of their steps
    ptrdiff_t extent;                 // the largest sum of all terms
    ptrdiff_t low, high;
    int budget;
} sums;

static ptrdiff_t greatest_common_divisor(ptrdiff_t a, ptrdiff_t b)
{
    while (b) {
        ptrdiff_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b)
{
    return a <= 0 ? 0 : (a - 1) / b + 1;
}

// The window of all distances at which two elements share a byte.
static void begin(sums *s, ptrdiff_t itemsize)
{
    s->terms = 0;
    s->extent = 0;
    s->low = 1 - itemsize;
    s->high = itemsize - 1;
    s->budget = SEARCH_LIMIT;
}

static void add_term(sums *s, ptrdiff_t step, ptrdiff_t most)
{
    if (step == 0 || most == 0)
        return;
    s->extent += step * most;
    int at = s->terms;
    while (at > 0 && s->step[at - 1] < step)
        at--;
    if (at > 0 && s->step[at - 1] == step) {
        s->most[at - 1] += most;
        return;
    }
    for (int i = s->terms++; i > at; i--) {
        s->step[i] = s->step[i - 1];
        s->most[i] = s->most[i - 1];
    }
    s->step[at] = step;
    s->most[at] = most;
}

static void prepare(sums *s)
{
    s->reach[s->terms] = s->divisor[s->terms] = 0;
    for (int i = s->terms - 1; i >= 0; i--) {
        s->reach[i] = s->reach[i + 1] + s->step[i] * s->most[i];
        s->divisor[i] = greatest_common_divisor(s->step[i], s->divisor[i + 1]);
    }
}

// No sum of the remaining terms, all multiples of their divisor, hits the window.
static int out_of_step(const sums *s, int term, ptrdiff_t start)
{
    ptrdiff_t divisor = s->divisor[term];
    if (divisor <= s->high - s->low)
        return 0;
    ptrdiff_t past = (s->low - start) % divisor;
    ptrdiff_t gap = past > 0 ? divisor - past : -past;
    return s->low + gap > s->high;
}

static so_overlap search(sums *s, int term, ptrdiff_t start)
{
    if (--s->budget < 0)
        return SO_UNDECIDED;
    if (start > s->high || start + s->reach[term] < s->low)
        return SO_DISJOINT;
    if (start >= s->low)
        return SO_SHARED;
    if (term == s->terms || out_of_step(s, term, start))
        return SO_DISJOINT;
    ptrdiff_t step = s->step[term];
    ptrdiff_t first = divide_up(s->low - s->reach[term + 1] - start, step);
    ptrdiff_t last = (s->high - start) / step;
    if (last > s->most[term])
        last = s->most[term];
    for (ptrdiff_t x = last; x >= first; x--) {
        so_overlap found = search(s, term + 1, start + x * step);
        if (found != SO_DISJOINT)
            return found;
    }
    return SO_DISJOINT;
}

// Most layouts lie apart by their extents alone; the divisors are worth their price to the others.
static so_overlap find(sums *s, ptrdiff_t start)
{
    if (start > s->high || start + s->extent < s->low)
        return SO_DISJOINT;
    prepare(s);
    return search(s, 0, start);
}

// The difference of two indices along the axis, d from -(n - 1) to n - 1, as a term x = d + (n - 1).
static ptrdiff_t add_difference(sums *s, ptrdiff_t step, ptrdiff_t length)
{
    add_term(s, step, 2 * (length - 1));
    return -step * (length - 1);
}

so_overlap so_overlaps_itself(const so_layout *layout, int operand, ptrdiff_t itemsize)
{
    if (so_size(layout) < 2)
        return SO_DISJOINT;
    // Two elements differ first along some axis, there by at least one step; free on the axes behind it.
    for (int first = 0; first < layout->ndim; first++) {
        ptrdiff_t length = layout->shape[first], step = llabs(layout->stride[operand][first]);
        if (length < 2)
            continue;
        if (step == 0)
            return SO_SHARED;
        sums s;
        begin(&s, itemsize);
        ptrdiff_t start = step;
        add_term(&s, step, length - 2);
        for (int axis = first + 1; axis < layout->ndim; axis++)
            if (layout->shape[axis] > 1)
                start += add_difference(&s, llabs(layout->stride[operand][axis]), layout->shape[axis]);
        so_overlap found = find(&s, start);
        if (found != SO_DISJOINT)
            return found;
    }
    return SO_DISJOINT;
}

// The address of an operand's first byte in memory.
static const char *lowest(const so_layout *layout, int operand)
{
    const char *address = layout->data[operand];
    for (int axis = 0; axis < layout->ndim; axis++)
        if (layout->stride[operand][axis] < 0)
            address += (layout->shape[axis] - 1) * layout->stride[operand][axis];
    return address;
}

so_overlap so_overlaps(const so_layout *layout, int a, int b, ptrdiff_t itemsize)
{
    if (so_size(layout) == 0)
        return SO_DISJOINT;
    sums s;
    begin(&s, itemsize);
    ptrdiff_t start = (ptrdiff_t)((uintptr_t)lowest(layout, a) - (uintptr_t)lowest(layout, b));
    for (int axis = 0; axis < layout->ndim; axis++) {
        ptrdiff_t last = layout->shape[axis] - 1;
        ptrdiff_t step_a = llabs(layout->stride[a][axis]), step_b = llabs(layout->stride[b][axis]);
        add_term(&s, step_a, last);
        add_term(&s, step_b, last);
        start -= step_b * last; // minus x becomes x - last
    }
    return find(&s, start);
}

int so_same_memory(const so_layout *layout, int a, int b)
{
    if (layout->data[a] != layout->data[b])
        return 0;
    for (int axis = 0; axis < layout->ndim; axis++)
        if (layout->shape[axis] > 1 && layout->stride[a][axis] != layout->stride[b][axis])
            return 0;
    return 1;
}
