# SPDX-License-Identifier: BSD-3-Clause
# Part of _core.pyx: from a layout through the C core to a Python result; numbers in and out of one element.

cdef list _witness = None


cdef void _record(object op, so_dtype dtype, so_layout *layout):
    shape = tuple([layout.shape[axis] for axis in range(layout.ndim)])
    operands = [
        (<size_t> layout.data[k], tuple([layout.stride[k][axis] for axis in range(layout.ndim)]))
        for k in range(layout.noperands)
    ]
    _witness.append((op, DTYPES[<int> dtype], shape, operands))


def witness(list records):
    """Append to `records` what every call hands to the C core, before it is put into canonical form.

    A record is ``(op, dtype, shape, operands)``, an operand ``(address, strides in bytes)``; ``None`` ends it.
    Private to the tests of this project.
    """
    global _witness
    _witness = records


cdef str _isa_name(so_isa isa):
    return so_isa_name(isa).decode()


cdef so_isa _choose_isa() except *:
    """What STRIDEOPS_ISA names, else the best that this CPU runs."""
    wanted = os.environ.get("STRIDEOPS_ISA")
    if not wanted:
        return so_best_isa()
    runnable = {_isa_name(<so_isa> one): one for one in range(SO_ISA_COUNT) if so_has_isa(<so_isa> one)}
    if wanted not in runnable:
        raise ImportError(f"STRIDEOPS_ISA is {wanted!r}; this build and this CPU run {', '.join(runnable)}")
    return runnable[wanted]


cdef so_isa _isa = _choose_isa()
isa = _isa_name(_isa)


cdef bint _lies_inside(Py_ssize_t length, Py_ssize_t stride, Py_ssize_t other_length, Py_ssize_t other_stride) noexcept:
    """Does an axis belong inside an earlier one? Of two with one step, the longer one does."""
    if length <= 1 or other_length <= 1:
        return True
    if llabs(stride) == llabs(other_stride):
        return length >= other_length
    return other_stride == 0 or 0 < llabs(stride) < llabs(other_stride)


cdef bint _follow_memory(
    Py_ssize_t *strides, int ndim, const Py_ssize_t *shape, const Py_ssize_t *x_stride, Py_ssize_t itemsize
) noexcept:
    """Packed strides with the axes in the order in which those of x lie in memory; False where it is C order."""
    cdef bint moved = False
    cdef int axis, other
    for axis in range(ndim):
        strides[axis] = itemsize
        for other in range(ndim):
            if other == axis:
                break
            if _lies_inside(shape[axis], x_stride[axis], shape[other], x_stride[other]):
                strides[other] *= shape[axis]
            else:
                strides[axis] *= shape[other]
                moved = True
    return moved


cdef int _run(so_op op, so_dtype dtype, so_layout *layout) except -1:
    if _witness is not None:
        _record(so_op_name(op).decode(), dtype, layout)
    if so_size(layout) < RELEASE_GIL_FROM:
        so_run_with(_isa, op, dtype, layout)
    else:
        with nogil:
            so_run_with(_isa, op, dtype, layout)
    return 0


cdef bint _store_plain(so_dtype dtype, object number, void *element) noexcept:
    """Stores an int or a float as NumPy would; False for what NumPy must decide: other types, what does not fit."""
    cdef Py_ssize_t size = so_itemsize(dtype)
    cdef long long whole = 0, most = <long long> ((<uint64_t> 1 << (8 * size - 1)) - 1)
    cdef int overflow = 0
    cdef double real
    if PyLong_CheckExact(number):
        whole = PyLong_AsLongLongAndOverflow(number, &overflow)
        real = <double> whole
    elif PyFloat_CheckExact(number) and dtype >= SO_FLOAT32:
        real = PyFloat_AS_DOUBLE(number)
    else:
        return False
    if dtype == SO_FLOAT64:
        (<double *> element)[0] = real
    elif dtype == SO_FLOAT32:
        (<float *> element)[0] = <float> real
        overflow |= isinf(<float> real) and not isinf(real)
    else:
        overflow |= whole > most if dtype < SO_UINT8 or size == 8 else whole > 2 * most + 1
        overflow |= whole < (-most - 1 if dtype < SO_UINT8 else 0)
        memcpy(element, <char *> &whole + (0 if _little_endian else 8 - size), size)
    return not overflow


cdef int _store(so_dtype dtype, object value, str name, void *element) except -1:
    """Stores the value as `x[...] = value` would."""
    if _store_plain(dtype, value, element):
        return 0
    array = _new_array(0, NULL, NULL, dtype)
    try:
        array[...] = value
    except (TypeError, ValueError, OverflowError) as error:
        # No generator here: every call would make its closure.
        kind = [kind for kind in (TypeError, ValueError, OverflowError) if isinstance(error, kind)][0]
        raise kind(f"{name} cannot be stored as {DTYPES[<int> dtype]}: {error}") from None
    memcpy(element, _fields(array).data, so_itemsize(dtype))
    return 0


cdef object _plain_number(object alpha):
    """The value of a NumPy scalar, or of a 0-d array, as an int or a float."""
    if isinstance(alpha, (np.generic, _ndarray)):
        if alpha.ndim or alpha.dtype.kind not in "biuf" or _has_ignored_mask(alpha):
            raise TypeError(f"alpha is {alpha.dtype} of shape {alpha.shape}; a real number is wanted")
        return float(alpha) if alpha.dtype.kind == "f" else int(alpha)
    if not isinstance(alpha, (int, float)):
        raise TypeError(f"alpha is a {type(alpha).__name__}; a real number is wanted")
    return alpha


cdef int _store_factor(so_dtype dtype, object alpha, void *element) except -1:
    """Stores alpha where NumPy would allow `x *= alpha` without changing the dtype of x."""
    if not (PyLong_CheckExact(alpha) or PyFloat_CheckExact(alpha)):
        alpha = _plain_number(alpha)
    if dtype < SO_FLOAT32 and not isinstance(alpha, int):
        raise TypeError(f"alpha is a float, {alpha!r}, but the array is {DTYPES[<int> dtype]}; an integer is wanted")
    return _store(dtype, alpha, "alpha", element)
