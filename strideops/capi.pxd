# SPDX-License-Identifier: BSD-3-Clause
# The C core for Cython: `from strideops.capi cimport so_layout, so_run`. Compile strideops.c from
# strideops.get_include() into your module; nothing is imported at run time.

cdef extern from "strideops.h" nogil:
    enum:
        SO_MAX_NDIM
        SO_MAX_OPERANDS

    ctypedef enum so_dtype:
        SO_INT8
        SO_INT16
        SO_INT32
        SO_INT64
        SO_UINT8
        SO_UINT16
        SO_UINT32
        SO_UINT64
        SO_FLOAT32
        SO_FLOAT64
        SO_DTYPE_COUNT

    ctypedef enum so_op:
        SO_COPY
        SO_PACK
        SO_SCALE
        SO_AXPY
        SO_SUM
        SO_DOT
        SO_NORM
        SO_MIN
        SO_MAX
        SO_ARGMIN
        SO_ARGMAX
        SO_OP_COUNT

    ctypedef enum so_isa:
        SO_PORTABLE
        SO_AVX2
        SO_AVX512
        SO_ISA_COUNT

    ctypedef struct so_layout:
        int ndim
        int noperands
        ptrdiff_t shape[64]
        ptrdiff_t stride[4][64]
        char *data[4]

    ctypedef struct so_tile:
        int noperands
        int first
        int last
        ptrdiff_t repeats
        ptrdiff_t target_bytes
        ptrdiff_t shape[2]
        ptrdiff_t stride[4][2]
        char *data[4]

    ctypedef void so_kernel(const so_tile *tile) noexcept

    ctypedef enum so_overlap:
        SO_DISJOINT
        SO_SHARED
        SO_UNDECIDED

    ptrdiff_t so_size(const so_layout *layout)
    void so_canonicalize(so_layout *layout, int leading)
    ptrdiff_t so_fold_repeats(so_layout *layout, int operands)
    so_overlap so_overlaps_itself(const so_layout *layout, int operand, ptrdiff_t itemsize)
    so_overlap so_overlaps(const so_layout *layout, int a, int b, ptrdiff_t itemsize)
    bint so_same_memory(const so_layout *layout, int a, int b)
    void so_walk(const so_layout *layout, so_kernel *kernel, int result, const so_tile *start)
    bint so_walks_in_blocks(const so_layout *layout, int result)
    char *so_item(const so_layout *layout, const ptrdiff_t *index)
    ptrdiff_t so_itemsize(so_dtype dtype)
    const char *so_op_name(so_op op)
    so_dtype so_result_dtype(so_op op, so_dtype dtype)
    int so_inputs(so_op op)
    bint so_has_isa(so_isa isa)
    so_isa so_best_isa()
    const char *so_isa_name(so_isa isa)
    so_kernel *so_find_kernel(so_isa isa, so_op op, so_dtype dtype)
    void so_run(so_op op, so_dtype dtype, so_layout *layout)
    void so_run_with(so_isa isa, so_op op, so_dtype dtype, so_layout *layout)
