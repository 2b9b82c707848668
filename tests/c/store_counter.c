// SPDX-License-Identifier: BSD-3-Clause
// Counts the loads and stores of the portable kernels, byte by byte. The core is compiled with -fsanitize=thread, whose
// calls at every access end here instead of in its runtime; calls of memcpy and memset come here by the linker's
// --wrap.
//
// For every op and dtype, on layouts whose elements share no memory, prints what an element of each operand costs.
#include "layouts.h"

#include <stdint.h>

enum { ROOM = 1 << 20, OPERANDS = 4 };

typedef struct area {
    char *start, *end;
    unsigned reads[ROOM], writes[ROOM]; // by byte
} area;

static area areas[OPERANDS];
static int area_count;
static uintptr_t stack_high; // of the frame that runs the op
static long stack_stores, other_stores;
static int counting;

static void count(const void *address, size_t bytes, int is_write)
{
    char *place = (char *)address;
    if (!counting)
        return;
    for (int i = 0; i < area_count; i++)
        if (place < areas[i].end && place + bytes > areas[i].start) {
            for (size_t b = 0; b < bytes; b++)
                if (place + b >= areas[i].start && place + b < areas[i].end)
                    ++(is_write ? areas[i].writes : areas[i].reads)[place + b - areas[i].start];
            return;
        }
    if (is_write && (uintptr_t)place < stack_high && (uintptr_t)place > stack_high - (1 << 20))
        stack_stores++;
    else if (is_write)
        other_stores++;
}

#define ACCESS(size)                                                                                                   \
    void __tsan_read##size(void *address)                                                                              \
    {                                                                                                                  \
        count(address, size, 0);                                                                                       \
    }                                                                                                                  \
    void __tsan_write##size(void *address)                                                                             \
    {                                                                                                                  \
        count(address, size, 1);                                                                                       \
    }                                                                                                                  \
    void __tsan_unaligned_read##size(void *address)                                                                    \
    {                                                                                                                  \
        count(address, size, 0);                                                                                       \
    }                                                                                                                  \
    void __tsan_unaligned_write##size(void *address)                                                                   \
    {                                                                                                                  \
        count(address, size, 1);                                                                                       \
    }                                                                                                                  \
    void __tsan_volatile_read##size(void *address)                                                                     \
    {                                                                                                                  \
        count(address, size, 0);                                                                                       \
    }                                                                                                                  \
    void __tsan_volatile_write##size(void *address)                                                                    \
    {                                                                                                                  \
        count(address, size, 1);                                                                                       \
    }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_read_range(void *address, size_t bytes)
{
    count(address, bytes, 0);
}

void __tsan_write_range(void *address, size_t bytes)
{
    count(address, bytes, 1);
}

void __tsan_init(void)
{
}
void __tsan_func_entry(void *caller)
{
    (void)caller;
}
void __tsan_func_exit(void)
{
}

void *__real_memcpy(void *to, const void *from, size_t bytes);
void *__real_memmove(void *to, const void *from, size_t bytes);
void *__real_memset(void *to, int value, size_t bytes);

void *__wrap_memcpy(void *to, const void *from, size_t bytes)
{
    count(from, bytes, 0);
    count(to, bytes, 1);
    return __real_memcpy(to, from, bytes);
}

void *__wrap_memmove(void *to, const void *from, size_t bytes)
{
    count(from, bytes, 0);
    count(to, bytes, 1);
    return __real_memmove(to, from, bytes);
}

void *__wrap_memset(void *to, int value, size_t bytes)
{
    count(to, bytes, 1);
    return __real_memset(to, value, bytes);
}

// The fewest and the most accesses to a byte of an element, over all layouts.
typedef struct range {
    unsigned least, most;
} range;

static range reads[OPERANDS], writes[OPERANDS];
static unsigned between; // the most reads of a byte between elements

static void widen(range *all, unsigned seen)
{
    all->least = seen < all->least ? seen : all->least;
    all->most = seen > all->most ? seen : all->most;
}

static ptrdiff_t size_of(so_op op, so_dtype dtype, int k)
{
    return so_itemsize(so_inputs(op) && k == so_inputs(op) ? so_result_dtype(op, dtype) : dtype);
}

// No byte between the elements, or around them, is written.
static void judge(so_op op, so_dtype dtype, const so_layout *layout)
{
    static unsigned char visible[ROOM];
    for (int k = 0; k < layout->noperands; k++) {
        ptrdiff_t index[SO_MAX_NDIM] = {0}, bytes = size_of(op, dtype, k);
        memset(visible, 0, sizeof visible);
        do {
            ptrdiff_t first = at(layout, k, index) - areas[k].start;
            for (ptrdiff_t byte = first; byte < first + bytes && !visible[byte]; byte++) {
                visible[byte] = 1;
                widen(&reads[k], areas[k].reads[byte]);
                widen(&writes[k], areas[k].writes[byte]);
            }
        } while (next_index(layout, index));
        for (ptrdiff_t byte = 0; byte < areas[k].end - areas[k].start; byte++)
            if (!visible[byte]) {
                between = areas[k].reads[byte] > between ? areas[k].reads[byte] : between;
                if (areas[k].writes[byte])
                    fail("a store between elements", op, dtype, layout);
            }
    }
    if (other_stores)
        fail("stores outside the operands and the stack", op, dtype, layout);
}

static void run_counted(so_op op, so_dtype dtype, const so_layout *layout)
{
    so_layout given = *layout;
    stack_stores = other_stores = 0;
    counting = 1;
    so_run_with(SO_PORTABLE, op, dtype, &given);
    counting = 0;
    judge(op, dtype, layout);
}

static void place_operands(so_op op, so_dtype dtype, so_layout *layout)
{
    area_count = layout->noperands;
    for (int k = 0; k < layout->noperands; k++) {
        ptrdiff_t first, bytes = span(layout, k, size_of(op, dtype, k), &first);
        area *its = &areas[k];
        free(its->start);
        if (bytes + 64 > ROOM)
            fail("the layout is too large to be counted", op, dtype, layout);
        its->start = malloc((size_t)bytes + 64);
        its->end = its->start + bytes + 64;
        memset(its->reads, 0, sizeof *its->reads * (size_t)(bytes + 64));
        memset(its->writes, 0, sizeof *its->writes * (size_t)(bytes + 64));
        memset(its->start, 0, (size_t)bytes + 64);
        layout->data[k] = its->start + first + below(32);
        ptrdiff_t index[SO_MAX_NDIM] = {0};
        do
            put(size_of(op, dtype, k) == so_itemsize(dtype) ? dtype : SO_INT64, at(layout, k, index), 1 + below(50));
        while (next_index(layout, index));
    }
}

static void shape_with_elements(so_layout *layout)
{
    layout->ndim = 1 + below(4);
    ptrdiff_t room = 3000;
    for (int axis = 0; axis < layout->ndim; axis++) {
        layout->shape[axis] = 1 + below((int)(room < 90 ? room : below(3) ? 20 : 90));
        room /= layout->shape[axis];
        room = room ? room : 1;
    }
}

static void make_strides(so_op op, so_dtype dtype, so_layout *layout)
{
    int inputs = so_inputs(op);
    for (int k = 0; k < layout->noperands; k++) {
        int one_element = (op == SO_SCALE && k == 1) || (op == SO_AXPY && k == 2);
        random_strides(layout, k, size_of(op, dtype, k), 1);
        for (int axis = 0; axis < layout->ndim; axis++)
            if (one_element || (inputs && k == inputs && below(2)))
                layout->stride[k][axis] = 0;
    }
}

static int operands_of(so_op op)
{
    return so_inputs(op) ? so_inputs(op) + 1 : op == SO_AXPY ? 3 : 2;
}

// The stores on the stack that every further element costs, in rows of a layout that becomes longer and longer.
static double stack_slope(so_op op, so_dtype dtype, int step, int reduced)
{
    long stores[2];
    ptrdiff_t rows = 4, columns[2] = {1024, 4096};
    for (int i = 0; i < 2; i++) {
        so_layout layout = {.ndim = 2, .noperands = operands_of(op), .shape = {rows, columns[i]}};
        for (int k = 0; k < layout.noperands; k++) {
            ptrdiff_t size = size_of(op, dtype, k);
            int one_element = (op == SO_SCALE && k == 1) || (op == SO_AXPY && k == 2);
            int is_result = so_inputs(op) && k == so_inputs(op);
            layout.stride[k][0] = one_element || (is_result && (reduced & 1)) ? 0 : columns[i] * step * size + size;
            layout.stride[k][1] = one_element || (is_result && (reduced & 2)) ? 0 : step * size;
        }
        place_operands(op, dtype, &layout);
        run_counted(op, dtype, &layout);
        stores[i] = stack_stores;
    }
    return (double)(stores[1] - stores[0]) / (double)(rows * (columns[1] - columns[0]));
}

static void count_op(so_op op, so_dtype dtype, int rounds)
{
    double worst = 0;
    between = 0;
    for (int k = 0; k < OPERANDS; k++)
        reads[k] = writes[k] = (range){~0u, 0};
    for (int round = 0; round < rounds; round++) {
        so_layout layout = {.noperands = operands_of(op)};
        shape_with_elements(&layout);
        make_strides(op, dtype, &layout);
        place_operands(op, dtype, &layout);
        run_counted(op, dtype, &layout);
    }
    for (int step = 1; step <= 4; step++)
        for (int reduced = so_inputs(op) ? 1 : 0; reduced < (so_inputs(op) ? 4 : 1); reduced++) {
            double slope = stack_slope(op, dtype, step, reduced);
            worst = slope > worst ? slope : worst;
        }
    printf("%s %d", so_op_name(op), (int)dtype);
    for (int k = 0; k < operands_of(op); k++)
        printf(" %u-%u/%u-%u", reads[k].least, reads[k].most, writes[k].least, writes[k].most);
    printf(" between %u stack %.3f\n", between, worst);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 40;
    stack_high = (uintptr_t)__builtin_frame_address(0);
    for (int op = 0; op < SO_OP_COUNT; op++)
        for (int dtype = 0; dtype < SO_DTYPE_COUNT; dtype++)
            count_op((so_op)op, (so_dtype)dtype, rounds);
    return 0;
}
