// SPDX-License-Identifier: BSD-3-Clause
// One op on one layout: in every variant of the kernels, with every operand at both ends of guarded memory and
// unaligned between, against the plain loop. Nothing but the target's elements may change.
#include "guarded.h"
#include "plain.h"

#include <signal.h>

static long checked;

// What is being checked.
static struct {
    const char *isa;
    int where;
    so_op op;
    so_dtype dtype;
    const so_layout *layout;
} now;

static void fail_now(const char *what)
{
    printf("variant %s, placement %d: ", now.isa, now.where);
    fail(what, now.op, now.dtype, now.layout);
}

static void fail_at_guard(int number)
{
    (void)number;
    fail_now("a byte outside of the operands is touched");
}

static void watch_guards(void)
{
#ifndef POISON // AddressSanitizer says more
    signal(SIGSEGV, fail_at_guard);
#else
    (void)fail_at_guard;
#endif
}

// Whole numbers with ties; where `rare`, nearly all are one number. No 0, whose sign a float keeps.
static int64_t random_number(so_dtype dtype, int rare)
{
    int sign = (dtype >= SO_UINT8 && dtype <= SO_UINT64) || below(2) ? 1 : -1;
    return rare && below(100) ? 3 : sign * (1 + below(5));
}

static void fill_at_random(so_dtype dtype, const so_layout *layout, int k)
{
    ptrdiff_t index[SO_MAX_NDIM] = {0};
    int rare = below(2);
    if (so_size(layout))
        do
            put(dtype, at(layout, k, index), random_number(dtype, rare));
        while (next_index(layout, index));
}

static int target_of(so_op op)
{
    return so_inputs(op);
}

static so_dtype dtype_of(so_op op, so_dtype dtype, int k)
{
    return so_inputs(op) && k == target_of(op) ? so_result_dtype(op, dtype) : dtype;
}

// The layout gives shape and strides; where the operands lie is decided here.
static void check(so_op op, so_dtype dtype, const so_layout *layout, int shift)
{
    if (has_no_answer(op, layout))
        return;
    so_layout plain = *layout;
    int operands = layout->noperands, target = target_of(op);
    size_t size[SO_MAX_OPERANDS];
    ptrdiff_t first[SO_MAX_OPERANDS];
    char *bytes[SO_MAX_OPERANDS];
    for (int k = 0; k < operands; k++) {
        size[k] = (size_t)span(layout, k, so_itemsize(dtype_of(op, dtype, k)), &first[k]);
        bytes[k] = malloc(size[k]);
        memset(bytes[k], NOISE, size[k]);
        plain.data[k] = bytes[k] + first[k];
        if (k != target || !so_inputs(op))
            fill_at_random(dtype, &plain, k);
    }
    char *before = malloc(size[target]);
    memcpy(before, bytes[target], size[target]);
    run_plainly(op, dtype, &plain);

    for (int isa = 0; isa < SO_ISA_COUNT; isa++)
        for (int where = 0; where < PLACEMENTS && so_has_isa((so_isa)isa); where++) {
            so_layout used = *layout;
            block blocks[SO_MAX_OPERANDS];
            for (int k = 0; k < operands; k++) {
                blocks[k] = place(k, size[k], (placement)where, (shift + 7 * k) % 64);
                fill(blocks[k], k == target ? before : bytes[k]);
                used.data[k] = blocks[k].start + first[k];
            }
            now.isa = so_isa_name((so_isa)isa);
            now.where = where;
            now.op = op;
            now.dtype = dtype;
            now.layout = layout;
            so_run_with((so_isa)isa, op, dtype, &used);
            for (int k = 0; k < operands; k++)
                if (!holds(blocks[k], bytes[k]))
                    fail_now(k == target ? "wrong bytes" : "a source is written to");
            checked++;
        }
    free(before);
    for (int k = 0; k < operands; k++)
        free(bytes[k]);
}
