# SPDX-License-Identifier: BSD-3-Clause
# Part of _core.pyx: one element, and the products of two arrays.

cdef object _integer(object index, int axis):
    if isinstance(index, bool) or not PyIndex_Check(index):
        raise IndexError(f"index {axis} is a {type(index).__name__}; an integer is wanted")
    try:
        return PyNumber_Index(index)
    except TypeError as error:
        raise IndexError(f"index {axis} is {index!r}; an integer is wanted ({error})") from None


cdef Py_ssize_t _position(object index, int axis, Operand *x) except -1:
    """The index counted from the start."""
    if not PyLong_CheckExact(index):
        index = _integer(index, axis)
    cdef Py_ssize_t length = x.shape[axis], position = PyNumber_AsSsize_t(index, NULL)
    if not -length <= position < length:
        raise IndexError(f"index {axis} is {index}, out of range: {_describe('x', x)}")
    return position + length if position < 0 else position


def item(x, *index):
    """One element, read by C through the strides.

    Parameters
    ----------
    x : buffer, shape (n0, n1, ...)
        Any array of a supported dtype, wherever its elements lie.
    *index : int
        One per axis; negative ones count from the end.

    Returns
    -------
    numpy scalar
        What ``x[index]`` returns, in the dtype of `x`.

    Raises
    ------
    IndexError
        Not one integer per axis, or one out of range.
    TypeError
        `x` cannot be read in place.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.arange(48).reshape(6, 8)
    >>> int(strideops.strided.item(X[:, :6], 5, 5))
    45
    """
    cdef Operand operand
    cdef so_layout layout
    cdef ptrdiff_t position[SO_MAX_NDIM]
    cdef int axis
    _clear(&operand)
    try:
        _hold(&operand, x, "x", False)
        if len(index) != operand.ndim:
            raise IndexError(
                f"{_describe('x', &operand)}: item wants {operand.ndim} indices, one per axis, got {len(index)}"
            )
        _place_first(&layout, &operand)
        for axis in range(layout.ndim):
            position[axis] = _position(index[axis], axis, &operand)
        if _witness is not None:
            _record("item", operand.dtype, &layout)
        return _scalar(operand.dtype, so_item(&layout, position))
    finally:
        _release(&operand)


def dot(x, y):
    """The sum of the products of all elements of two arrays, in their dtype, as `numpy.dot` of two vectors.

    Parameters
    ----------
    x, y : buffer, shape (n0, n1, ...)
        The same shape and dtype, any strides.

    Returns
    -------
    numpy scalar
        In the dtype of the operands; integers wrap.

    Raises
    ------
    TypeError
        An operand cannot be read in place, or the dtypes differ.
    ValueError
        The shapes differ.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.arange(4.0).reshape(2, 2)
    >>> float(strideops.strided.dot(X, X.T))
    13.0
    """
    cdef Operand a, b
    cdef so_layout layout
    cdef uint64_t element
    _clear(&a)
    _clear(&b)
    try:
        _hold(&a, x, "x", False)
        _hold(&b, y, "y", False)
        _require_one_dtype(&a, "x", &b, "y")
        if not _same_shape(&a, &b):
            raise ValueError(f"{_describe('x', &a)} but {_describe('y', &b)}: dot wants two equal shapes")
        _place_first(&layout, &a)
        _place_broadcast(&layout, &b)
        _place_element(&layout, &element)
        _run(SO_DOT, a.dtype, &layout)
        return _scalar(a.dtype, &element)
    finally:
        _release(&b)
        _release(&a)


cdef int _hold_out(Operand *result, object out, Operand *matrix) except -1:
    """The target of matvec, one element for each row of the matrix."""
    cdef so_layout layout
    _hold(result, out, "out", True)
    if result.dtype != matrix.dtype:
        raise TypeError(
            f"{_describe('out', result)} but {_describe('a', matrix)}: a cast would be a copy. "
            f"Pass an out of dtype {DTYPES[<int> matrix.dtype]}"
        )
    if result.ndim != 1 or result.shape[0] != matrix.shape[0]:
        raise ValueError(
            f"{_describe('out', result)} but {_describe('a', matrix)}: out must have shape ({matrix.shape[0]})"
        )
    _place_first(&layout, result)
    return _require_target_apart(&layout, result, "out")


def matvec(a, x, out=None):
    """The product of a matrix and a vector, in their dtype: ``a @ x``.

    Parameters
    ----------
    a : buffer, shape (m, n)
    x : buffer, shape (n,)
        The dtype of `a`.
    out : writable buffer, shape (m,), optional
        The dtype of `a`, any strides. Takes the result.

    Returns
    -------
    ndarray, shape (m,), or `out`
        In the dtype of the operands; integers wrap.

    Raises
    ------
    TypeError
        An operand cannot be used in place, or the dtypes differ.
    ValueError
        The shapes do not match, or `out` is read-only, overlaps itself, `a` or `x`.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.arange(6.0).reshape(2, 3)
    >>> strideops.strided.matvec(X[:, ::2], np.array([1.0, 10.0]))
    array([20., 53.])
    """
    cdef Operand matrix, vector, result
    cdef so_layout layout
    _clear(&matrix)
    _clear(&vector)
    _clear(&result)
    try:
        _hold(&matrix, a, "a", False)
        _hold(&vector, x, "x", False)
        _require_one_dtype(&matrix, "a", &vector, "x")
        if matrix.ndim != 2 or vector.ndim != 1 or matrix.shape[1] != vector.shape[0]:
            raise ValueError(
                f"{_describe('a', &matrix)} but {_describe('x', &vector)}: matvec wants shapes (m,n) and (n)"
            )
        target = _new_array(1, matrix.shape, NULL, matrix.dtype) if out is None else out
        _hold_out(&result, target, &matrix)
        _place_first(&layout, &matrix)
        _place_broadcast(&layout, &vector)
        _place_element(&layout, result.data)
        layout.stride[2][0] = result.stride[0]
        if out is not None:
            _require_apart(&layout, 2, &result, "out", 0, &matrix, "a", "overlap")
            _require_apart(&layout, 2, &result, "out", 1, &vector, "x", "overlap")
        _run(SO_DOT, matrix.dtype, &layout)
        return target
    finally:
        _release(&result)
        _release(&vector)
        _release(&matrix)
