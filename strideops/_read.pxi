# SPDX-License-Identifier: BSD-3-Clause
# Part of _core.pyx: the ops that read arrays and return a result.

cdef extern from "Python.h":
    Py_ssize_t PyNumber_AsSsize_t(object number, PyObject *overflow) except? -1  # NULL: clipped, not refused


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


cdef int _parse_axes(object axis, Operand *x, bint *reduced) except -1:
    cdef int ndim = x.ndim, i
    for i in range(ndim):
        reduced[i] = axis is None
    if axis is None:
        return 0
    for one in axis if isinstance(axis, tuple) else (axis,):
        try:
            if isinstance(one, bool):
                raise TypeError
            position = PyNumber_Index(one)
        except TypeError:
            raise TypeError(f"axis {axis!r} is not None, an int or a tuple of ints") from None
        if not isinstance(axis, tuple) and ndim == 0 and -1 <= position <= 0:
            return 0
        if not -ndim <= position < ndim:
            raise ValueError(f"axis {position} is out of range: {_describe('x', x)}, with {ndim} axes")
        i = position + ndim if position < 0 else position
        if reduced[i]:
            raise ValueError(f"axis {axis} names axis {i} twice; {_describe('x', x)}")
        reduced[i] = True
    return 0


cdef object _reduce(so_op op, object obj, object axis, bint keepdims):
    cdef Operand x, result
    cdef so_layout layout
    cdef bint reduced[SO_MAX_NDIM]
    cdef Py_ssize_t shape[SO_MAX_NDIM]
    cdef uint64_t element
    cdef int i, ndim = 0
    _clear(&x)
    _clear(&result)
    try:
        _hold(&x, obj, "x", False)
        _parse_axes(axis, &x, reduced)
        result_dtype = so_result_dtype(op, x.dtype)
        _place_first(&layout, &x)
        _place_element(&layout, &element)
        for i in range(x.ndim):
            if keepdims or not reduced[i]:
                shape[ndim] = 1 if reduced[i] else x.shape[i]
                ndim += 1
        if ndim == 0:
            _run(op, x.dtype, &layout)
            return _scalar(result_dtype, &element)
        array = _new_array(ndim, shape, result_dtype)
        _hold(&result, array, "result", True)
        layout.data[1] = result.data
        ndim = 0
        for i in range(x.ndim):
            if not reduced[i]:
                layout.stride[1][i] = result.stride[ndim]
            if keepdims or not reduced[i]:
                ndim += 1
        _run(op, x.dtype, &layout)
        return array
    finally:
        _release(&result)
        _release(&x)


def sum(x, axis=None, bint keepdims=False):
    """The sum of the elements over the given axes, as `numpy.sum`.

    Parameters
    ----------
    x : buffer, shape (n0, n1, ...)
    axis : None, int or tuple of int
        The axes to sum over; None is all of them.
    keepdims : bool
        Keep the summed axes, with length 1.

    Returns
    -------
    numpy scalar or ndarray
        int64 for signed integers, uint64 for unsigned ones (both wrap), else the dtype of `x`.
        A stride-0 axis of `x` costs nothing, however long.

    Raises
    ------
    TypeError
        `x` cannot be read in place.
    ValueError
        An axis out of range or named twice.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.arange(48).reshape(6, 8)
    >>> strideops.strided.sum(X[:, :6], axis=0)
    array([120, 126, 132, 138, 144, 150])
    """
    return _reduce(SO_SUM, x, axis, keepdims)


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
        return _scalar(so_result_dtype(SO_DOT, a.dtype), &element)
    finally:
        _release(&b)
        _release(&a)
