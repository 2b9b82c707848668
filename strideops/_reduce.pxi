# SPDX-License-Identifier: BSD-3-Clause
# Part of _core.pyx: the reductions over axes.


cdef int _mark_axis(object axis, object axes, Operand *x, bint *reduced) except -1:
    """Marks one of the given axes."""
    cdef Py_ssize_t position
    try:
        if isinstance(axis, bool):
            raise TypeError
        position = PyNumber_AsSsize_t(axis, NULL)
    except TypeError:
        raise TypeError(f"axis {axes!r} is not None, an int or a tuple of ints") from None
    if x.ndim == 0 and -1 <= position <= 0 and axis is axes:
        return 0
    if not -x.ndim <= position < x.ndim:
        raise ValueError(f"axis {axis} is out of range: {_describe('x', x)}, with {x.ndim} axes")
    position += x.ndim if position < 0 else 0
    if reduced[position]:
        raise ValueError(f"axis {axes} names axis {position} twice; {_describe('x', x)}")
    reduced[position] = True
    return 0


cdef int _mark_axes(so_op op, object axis, Operand *x, bint *reduced) except -1:
    """Which axes are reduced; refuses what the op cannot reduce."""
    cdef int i
    for i in range(x.ndim):
        reduced[i] = axis is None
    if isinstance(axis, tuple):
        if op in (SO_ARGMIN, SO_ARGMAX):
            raise TypeError(f"axis {axis} is a tuple; {so_op_name(op).decode()} wants None or an int")
        for one in axis:
            _mark_axis(one, axis, x, reduced)
    elif axis is not None:
        _mark_axis(axis, axis, x, reduced)
    if op in (SO_MIN, SO_MAX, SO_ARGMIN, SO_ARGMAX):
        for i in range(x.ndim):
            if reduced[i] and x.shape[i] == 0:
                raise ValueError(
                    f"{_describe('x', x)}: {so_op_name(op).decode()} of no elements. Axis {i} must not be empty"
                )
    return 0


cdef object _reduce(so_op op, object obj, object axis, bint keepdims):
    cdef Operand x, result
    cdef so_layout layout
    cdef bint reduced[SO_MAX_NDIM]
    cdef Py_ssize_t shape[SO_MAX_NDIM]
    cdef Py_ssize_t x_stride[SO_MAX_NDIM]
    cdef Py_ssize_t strides[SO_MAX_NDIM]
    cdef uint64_t element
    cdef int i, ndim = 0
    _clear(&x)
    _clear(&result)
    try:
        _hold(&x, obj, "x", False)
        _mark_axes(op, axis, &x, reduced)
        result_dtype = so_result_dtype(op, x.dtype)
        _place_first(&layout, &x)
        _place_element(&layout, &element)
        for i in range(x.ndim):
            if keepdims or not reduced[i]:
                shape[ndim] = 1 if reduced[i] else x.shape[i]
                x_stride[ndim] = x.stride[i]
                ndim += 1
        if ndim == 0:
            _run(op, x.dtype, &layout)
            return _scalar(result_dtype, &element)
        follows = _follow_memory(strides, ndim, shape, x_stride, so_itemsize(result_dtype))
        array = _new_array(ndim, shape, strides if follows else NULL, result_dtype)
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
    numpy scalar, or ndarray in the memory order of `x`
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


def min(x, axis=None, bint keepdims=False):
    """The smallest element over the given axes, as `numpy.min`.

    Parameters
    ----------
    x : buffer, shape (n0, n1, ...)
    axis : None, int or tuple of int
        The axes to search; None is all of them.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Returns
    -------
    numpy scalar, or ndarray in the memory order of `x`
        In the dtype of `x`; NaN where there is a NaN.

    Raises
    ------
    TypeError
        `x` cannot be read in place.
    ValueError
        An axis out of range or named twice, or no elements to choose from.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.arange(48).reshape(6, 8)
    >>> strideops.strided.min(X[:, 2:6], axis=1)
    array([ 2, 10, 18, 26, 34, 42])
    """
    return _reduce(SO_MIN, x, axis, keepdims)


def max(x, axis=None, bint keepdims=False):
    """The largest element over the given axes, as `numpy.max`.

    Parameters
    ----------
    x : buffer, shape (n0, n1, ...)
    axis : None, int or tuple of int
        The axes to search; None is all of them.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Returns
    -------
    numpy scalar, or ndarray in the memory order of `x`
        In the dtype of `x`; NaN where there is a NaN.

    Raises
    ------
    TypeError
        `x` cannot be read in place.
    ValueError
        An axis out of range or named twice, or no elements to choose from.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.arange(48).reshape(6, 8)
    >>> int(strideops.strided.max(X[:, :6]))
    45
    """
    return _reduce(SO_MAX, x, axis, keepdims)


def argmin(x, axis=None, bint keepdims=False):
    """The position of the smallest element, the first of several in C order, as `numpy.argmin`.

    Parameters
    ----------
    x : buffer, shape (n0, n1, ...)
    axis : None or int
        The axis to search; None is all of them, and counts positions as `numpy.ravel` does.
    keepdims : bool
        Keep the searched axes, with length 1.

    Returns
    -------
    numpy scalar, or ndarray in the memory order of `x`
        int64. The position of the first NaN where there is one.

    Raises
    ------
    TypeError
        `x` cannot be read in place, or `axis` is a tuple.
    ValueError
        An axis out of range, or no elements to choose from.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.array([[3, 1, 2], [0, 5, 0]])
    >>> strideops.strided.argmin(X[:, ::-1], axis=1)
    array([1, 0])
    """
    return _reduce(SO_ARGMIN, x, axis, keepdims)


def argmax(x, axis=None, bint keepdims=False):
    """The position of the largest element, the first of several in C order, as `numpy.argmax`.

    Parameters
    ----------
    x : buffer, shape (n0, n1, ...)
    axis : None or int
        The axis to search; None is all of them, and counts positions as `numpy.ravel` does.
    keepdims : bool
        Keep the searched axes, with length 1.

    Returns
    -------
    numpy scalar, or ndarray in the memory order of `x`
        int64. The position of the first NaN where there is one.

    Raises
    ------
    TypeError
        `x` cannot be read in place, or `axis` is a tuple.
    ValueError
        An axis out of range, or no elements to choose from.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.arange(48).reshape(6, 8)
    >>> int(strideops.strided.argmax(X[:, :6]))
    35
    """
    return _reduce(SO_ARGMAX, x, axis, keepdims)


def norm(x, axis=None, bint keepdims=False):
    """The 2-norm over the given axes, ``sqrt(sum(x * x))``.

    Parameters
    ----------
    x : buffer, shape (n0, n1, ...)
    axis : None, int or tuple of int
        The axes to reduce; None is all of them.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Returns
    -------
    numpy scalar, or ndarray in the memory order of `x`
        float64 for integers, else the dtype of `x`; 0 for no elements.

    Raises
    ------
    TypeError
        `x` cannot be read in place.
    ValueError
        An axis out of range or named twice.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.array([[3, 9, 4], [6, 9, 8]])
    >>> strideops.strided.norm(X[:, ::2], axis=1)
    array([ 5., 10.])
    """
    return _reduce(SO_NORM, x, axis, keepdims)
