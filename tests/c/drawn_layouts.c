// SPDX-License-Identifier: BSD-3-Clause
// Every op x variant of the C core on the layouts of a file, which test_memory_safety.py draws: for each its dtype,
// shift, which axes to reduce, shape, and strides in bytes of four operands, all as int64.
#include "check.h"

enum { X, Y, TARGET, RESULT, DRAWN, LARGE = 100000 };

static int read_numbers(FILE *file, int64_t *numbers, size_t count)
{
    return fread(numbers, sizeof *numbers, count, file) == count;
}

typedef struct drawn {
    int ndim;
    int shift;
    so_dtype dtype;
    int64_t shape[SO_MAX_NDIM];
    int64_t reduced[SO_MAX_NDIM];
    int64_t stride[DRAWN][SO_MAX_NDIM];
} drawn;

static int read_drawn(FILE *file, drawn *from)
{
    int64_t head[3];
    if (!read_numbers(file, head, 3))
        return 0;
    from->dtype = (so_dtype)head[0];
    from->ndim = (int)head[1];
    from->shift = (int)head[2];
    size_t ndim = (size_t)from->ndim;
    int whole = read_numbers(file, from->shape, ndim) && read_numbers(file, from->reduced, ndim);
    for (int k = 0; k < DRAWN; k++)
        whole = whole && read_numbers(file, from->stride[k], ndim);
    if (!whole)
        exit(3);
    return 1;
}

// The drawn strides of an operand, or stride 0 on the axes of a result that are reduced.
static void add_operand(so_layout *layout, const drawn *from, int which, int is_result)
{
    int k = layout->noperands++;
    for (int axis = 0; axis < layout->ndim; axis++)
        layout->stride[k][axis] = is_result && from->reduced[axis] ? 0 : (ptrdiff_t)from->stride[which][axis];
}

static void add_element(so_layout *layout)
{
    int k = layout->noperands++;
    for (int axis = 0; axis < layout->ndim; axis++)
        layout->stride[k][axis] = 0;
}

static void check_drawn(const drawn *from, so_op op, so_dtype dtype)
{
    so_layout layout = {.ndim = from->ndim};
    for (int axis = 0; axis < from->ndim; axis++)
        layout.shape[axis] = (ptrdiff_t)from->shape[axis];
    if (so_size(&layout) > LARGE && (op != SO_COPY || dtype != from->dtype))
        return;
    int inputs = so_inputs(op), narrow = so_itemsize(so_result_dtype(op, dtype)) == so_itemsize(dtype);
    if (inputs) {
        add_operand(&layout, from, X, 0);
        if (inputs == 2)
            add_operand(&layout, from, Y, 0);
        add_operand(&layout, from, narrow ? TARGET : RESULT, 1);
    } else {
        add_operand(&layout, from, TARGET, 0);
        if (op != SO_SCALE)
            add_operand(&layout, from, X, 0);
        if (op == SO_SCALE || op == SO_AXPY)
            add_element(&layout);
    }
    check(op, dtype, &layout, from->shift);
}

int main(int argc, char **argv)
{
    watch_guards();
    FILE *file = fopen(argc > 1 ? argv[1] : "", "rb");
    if (!file)
        return 3;
    drawn from;
    int layouts = 0;
    for (; read_drawn(file, &from); layouts++)
        for (int dtype = 0; dtype < SO_DTYPE_COUNT; dtype++)
            if (so_itemsize((so_dtype)dtype) == so_itemsize(from.dtype))
                for (int op = 0; op < SO_OP_COUNT; op++)
                    check_drawn(&from, (so_op)op, (so_dtype)dtype);
    printf("%d layouts, %ld runs\n", layouts, checked);
    fclose(file);
    return 0;
}
