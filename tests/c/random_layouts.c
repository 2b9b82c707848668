// SPDX-License-Identifier: BSD-3-Clause
// Every op x dtype x variant of the C core on random layouts; the overlap search and the walk too.
// Built with sanitizers and without by test_memory_safety.py.
#include "check.h"
#include "layouts.h"

static void one_element(so_layout *layout, int k)
{
    for (int axis = 0; axis < layout->ndim; axis++)
        layout->stride[k][axis] = 0;
}

static void check_elementwise(so_op op, so_dtype dtype)
{
    so_layout layout = {.noperands = op == SO_AXPY ? 3 : 2};
    shape_at_random(&layout);
    random_strides(&layout, 0, so_itemsize(dtype), 1);
    random_strides(&layout, 1, so_itemsize(dtype), 0);
    if ((op != SO_COPY && op != SO_PACK) || below(4) == 0)
        one_element(&layout, layout.noperands - 1);
    if (so_overlaps_itself(&layout, 0, so_itemsize(dtype)) != SO_DISJOINT)
        fail("a target without overlap is taken for one that overlaps", op, dtype, &layout);
    check(op, dtype, &layout, below(64));
}

static void check_reduction(so_op op, so_dtype dtype)
{
    int result = so_inputs(op);
    so_layout layout = {.noperands = result + 1};
    shape_at_random(&layout);
    for (int k = 0; k < result; k++)
        random_strides(&layout, k, so_itemsize(dtype), 0);
    random_strides(&layout, result, so_itemsize(so_result_dtype(op, dtype)), 1);
    for (int axis = 0; axis < layout.ndim; axis++)
        if (below(2))
            layout.stride[result][axis] = 0;
    check(op, dtype, &layout, below(64));
}

// The overlap search against a map of bytes.
static void check_overlap(void)
{
    static unsigned char owner[4096];
    ptrdiff_t itemsize = 1 + below(8);
    so_layout layout = {.ndim = below(4), .noperands = 2};
    for (int axis = 0; axis < layout.ndim; axis++) {
        layout.shape[axis] = 1 + below(4);
        for (int k = 0; k < 2; k++)
            layout.stride[k][axis] = below(60) - 30;
    }
    for (int k = 0; k < 2; k++)
        layout.data[k] = (char *)owner + 2000 + below(80);
    memset(owner, 0, sizeof owner);
    int itself = 0, both = 0;
    ptrdiff_t index[SO_MAX_NDIM] = {0};
    do
        for (ptrdiff_t byte = 0; byte < itemsize; byte++) {
            itself |= *(at(&layout, 0, index) + byte);
            *(at(&layout, 0, index) + byte) = 1;
        }
    while (next_index(&layout, index));
    do
        for (ptrdiff_t byte = 0; byte < itemsize; byte++)
            both |= *(at(&layout, 1, index) + byte);
    while (next_index(&layout, index));
    if (so_overlaps_itself(&layout, 0, itemsize) != (itself ? SO_SHARED : SO_DISJOINT))
        fail("so_overlaps_itself", SO_COPY, SO_INT8, &layout);
    if (so_overlaps(&layout, 0, 1, itemsize) != (both ? SO_SHARED : SO_DISJOINT))
        fail("so_overlaps", SO_COPY, SO_INT8, &layout);
}

// The witness: which elements a kernel receives, and in which company.

enum { SEEN = 1 << 16 };
static struct {
    const char *data[3];
} seen[SEEN];
static int seen_count;

static void record(const so_tile *tile)
{
    for (ptrdiff_t row = 0; row < tile->shape[0]; row++)
        for (ptrdiff_t column = 0; column < tile->shape[1]; column++, seen_count++)
            for (int k = 0; k < tile->noperands; k++)
                seen[seen_count].data[k] = tile->data[k] + row * tile->stride[k][0] + column * tile->stride[k][1];
}

static int compare_seen(const void *a, const void *b)
{
    return memcmp(a, b, sizeof seen[0]);
}

static void check_canonical(const so_layout *layout)
{
    for (int axis = 0; axis < layout->ndim; axis++) {
        int first = 0;
        while (first < layout->noperands - 1 && layout->stride[first][axis] == 0)
            first++;
        if (layout->shape[axis] == 1 || layout->stride[first][axis] < 0)
            fail("not canonical", SO_COPY, SO_INT8, layout);
    }
}

// The kernel receives the caller's own elements, those of one index together, each index once.
static void check_witness(void)
{
    static char expected[sizeof seen];
    so_layout layout = {.noperands = 1 + below(3)};
    shape_at_random(&layout);
    for (int k = 0; k < layout.noperands; k++) {
        ptrdiff_t first;
        random_strides(&layout, k, 8, 0);
        size_t size = (size_t)span(&layout, k, 8, &first);
        layout.data[k] = place(k, size, AT_START, 0).start + first;
    }
    memset(seen, 0, sizeof seen);
    seen_count = 0;
    ptrdiff_t index[SO_MAX_NDIM] = {0};
    if (so_size(&layout))
        do {
            for (int k = 0; k < layout.noperands; k++)
                seen[seen_count].data[k] = at(&layout, k, index);
            seen_count++;
        } while (next_index(&layout, index));
    int count = seen_count;
    qsort(seen, (size_t)count, sizeof seen[0], compare_seen);
    memcpy(expected, seen, sizeof seen);

    memset(seen, 0, sizeof seen);
    seen_count = 0;
    so_layout canonical = layout;
    so_canonicalize(&canonical, canonical.noperands);
    check_canonical(&canonical);
    so_tile start = {.repeats = 1};
    so_walk(&canonical, record, canonical.noperands - 1, &start);
    qsort(seen, (size_t)seen_count, sizeof seen[0], compare_seen);
    if (seen_count != count || memcmp(expected, seen, sizeof seen))
        fail("a kernel receives other elements than the caller's", SO_COPY, SO_INT8, &layout);
}

// X, X.T and X[::-1, ::-1] of one block of memory are one layout.
static void check_same_canonical_form(void)
{
    static char x[6 * 8 * 8];
    so_layout forms[] = {
        {.ndim = 2, .noperands = 1, .shape = {6, 8}, .stride = {{64, 8}}, .data = {x}},
        {.ndim = 2, .noperands = 1, .shape = {8, 6}, .stride = {{8, 64}}, .data = {x}},
        {.ndim = 2, .noperands = 1, .shape = {6, 8}, .stride = {{-64, -8}}, .data = {x + 47 * 8}},
        {.ndim = 4, .noperands = 1, .shape = {1, 3, 8, 2}, .stride = {{7, -128, 8, 64}}, .data = {x + 256}},
    };
    for (int i = 0; i < 4; i++) {
        so_canonicalize(&forms[i], 1);
        if (forms[i].ndim != 1 || forms[i].shape[0] != 48 || forms[i].stride[0][0] != 8 || forms[i].data[0] != x)
            fail("not one axis of 48", SO_COPY, SO_INT8, &forms[i]);
    }
}

int main(int argc, char **argv)
{
    watch_guards();
    int rounds = argc > 1 ? atoi(argv[1]) : 100;
    for (int round = 0; round < rounds; round++) {
        for (int op = 0; op < SO_OP_COUNT; op++)
            for (int dtype = 0; dtype < SO_DTYPE_COUNT; dtype++)
                (so_inputs((so_op)op) ? check_reduction : check_elementwise)((so_op)op, (so_dtype)dtype);
        for (int i = 0; i < 20; i++)
            check_overlap();
        check_witness();
    }
    check_same_canonical_form();
    printf("%d layouts, %ld runs\n", rounds * (SO_OP_COUNT * SO_DTYPE_COUNT + 21), checked);
    return 0;
}
