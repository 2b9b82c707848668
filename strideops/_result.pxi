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


cdef void _run(so_op op, so_dtype dtype, so_layout *layout):
    if _witness is not None:
        _record(so_op_name(op).decode(), dtype, layout)
    if so_size(layout) < RELEASE_GIL_FROM:
        so_run(op, dtype, layout)
    else:
        with nogil:
            so_run(op, dtype, layout)


cdef extern from "_numpy_abi.h":
    enum:
        SO_NUMPY_SCALAR
        SO_NUMPY_EMPTY
    ctypedef object so_numpy_scalar(void *element, object dtype, PyObject *base)
    ctypedef object so_numpy_empty(int ndim, const Py_ssize_t *shape, object stolen_dtype, int fortran)
    void **so_numpy_api() except NULL

cdef so_numpy_scalar *_make_scalar = <so_numpy_scalar *> so_numpy_api()[SO_NUMPY_SCALAR]
cdef so_numpy_empty *_make_array = <so_numpy_empty *> so_numpy_api()[SO_NUMPY_EMPTY]


cdef object _new_array(int ndim, const Py_ssize_t *shape, so_dtype dtype):
    dtype_object = _dtype[<int> dtype]
    Py_INCREF(dtype_object)
    return _make_array(ndim, shape, dtype_object, False)


cdef object _scalar(so_dtype dtype, const void *address):
    """The NumPy scalar of one element, at any alignment."""
    cdef uint64_t element
    memcpy(&element, address, so_itemsize(dtype))
    return _make_scalar(&element, _dtype[<int> dtype], NULL)


cdef object _element(so_dtype dtype, object value, str name):
    """A 0-d array that holds the value as `x[...] = value` would store it."""
    element = _new_array(0, NULL, dtype)
    try:
        element[...] = value
    except (TypeError, ValueError, OverflowError) as error:
        kind = next(kind for kind in (TypeError, ValueError, OverflowError) if isinstance(error, kind))
        raise kind(f"{name} cannot be stored as {DTYPES[<int> dtype]}: {error}") from None
    return element


cdef object _factor(so_dtype dtype, object alpha):
    """A 0-d array that holds alpha, where NumPy would allow `x *= alpha` without changing the dtype of x."""
    if isinstance(alpha, (np.generic, _ndarray)):
        if alpha.ndim or alpha.dtype.kind not in "biuf" or _has_ignored_mask(alpha):
            raise TypeError(f"alpha is {alpha.dtype} of shape {alpha.shape}; a real number is wanted")
        alpha = float(alpha) if alpha.dtype.kind == "f" else int(alpha)
    if not isinstance(alpha, (int, float)):
        raise TypeError(f"alpha is a {type(alpha).__name__}; a real number is wanted")
    if dtype < SO_FLOAT32 and not isinstance(alpha, int):
        raise TypeError(f"alpha is a float, {alpha!r}, but the array is {DTYPES[<int> dtype]}; an integer is wanted")
    return _element(dtype, alpha, "alpha")
