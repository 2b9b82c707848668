// SPDX-License-Identifier: BSD-3-Clause
// Layouts at random: shapes, and strides of one operand.
#include "elements.h"

// Random strides of one operand; `apart` keeps its elements from sharing memory.
static inline void random_strides(so_layout *layout, int k, ptrdiff_t itemsize, int apart)
{
    int order[SO_MAX_NDIM];
    for (int i = 0; i < layout->ndim; i++)
        order[i] = i;
    for (int i = layout->ndim - 1; i > 0; i--) {
        int j = below(i + 1), held = order[i];
        order[i] = order[j];
        order[j] = held;
    }
    ptrdiff_t step = itemsize;
    for (int i = 0; i < layout->ndim; i++) {
        int axis = order[i];
        ptrdiff_t length = layout->shape[axis] > 0 ? layout->shape[axis] : 1;
        if (below(4) == 0)
            step += (1 + below(3)) * (below(3) ? itemsize : 1);
        layout->stride[k][axis] = below(3) ? step : -step;
        if (!apart && below(6) == 0)
            layout->stride[k][axis] = 0;
        step += step * (length - 1);
    }
    if (!apart && below(6) == 0) // a window: elements are shared whole
        for (int axis = 0; axis < layout->ndim; axis++)
            layout->stride[k][axis] = itemsize * (below(7) - 3);
}

static inline void shape_at_random(so_layout *layout)
{
    static const int lengths[] = {1, 2, 3, 4, 5, 8, 9, 33, 70, 140, 0};
    layout->ndim = below(6);
    ptrdiff_t size = 1;
    for (int axis = 0; axis < layout->ndim; axis++) {
        layout->shape[axis] = lengths[below(below(20) ? 10 : 11)];
        if (size * layout->shape[axis] > 5000)
            layout->shape[axis] = 2;
        size *= layout->shape[axis] ? layout->shape[axis] : 1;
    }
}
