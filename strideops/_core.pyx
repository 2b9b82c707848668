# cython: language_level=3, autotestdict=False, binding=True
# SPDX-License-Identifier: BSD-3-Clause
"""From an ndarray, or any buffer, to a layout, to the C core, to a result.

No element is looped over here and no memory is acquired but results. What cannot be read in place is refused.
"""

import sys

import numpy as np

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer
from cpython.number cimport PyNumber_Index
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from libc.string cimport memcpy, memset
from libc.stdint cimport uint64_t

from .capi cimport (
    SO_AXPY, SO_COPY, SO_DISJOINT, SO_DOT, SO_FLOAT32, SO_INT8, SO_SCALE, SO_SUM, SO_UINT8,
    so_dtype, so_item, so_itemsize, so_layout, so_op, so_overlaps, so_overlaps_itself, so_result_dtype, so_run,
    so_same_memory, so_size,
)

DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
cdef tuple _dtype = tuple(np.dtype(name) for name in DTYPES)
cdef object _ndarray = np.ndarray
cdef bint _little_endian = sys.byteorder == "little"

# Below this many elements a call is over before another thread could make use of the GIL.
cdef enum:
    RELEASE_GIL_FROM = 2048

include "_operand.pxi"
include "_result.pxi"


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
    cdef ptrdiff_t position[64]
    cdef Py_ssize_t length, one
    cdef int axis
    _clear(&operand)
    try:
        _acquire(&operand, x, "x", False)
        if len(index) != operand.view.ndim:
            raise IndexError(
                f"{_describe('x', &operand)}: item wants {operand.view.ndim} indices, one per axis, got {len(index)}"
            )
        _place_first(&layout, &operand)
        for axis in range(layout.ndim):
            length = layout.shape[axis]
            if isinstance(index[axis], bool) or not hasattr(index[axis], "__index__"):
                raise IndexError(f"index {axis} is a {type(index[axis]).__name__}; an integer is wanted")
            try:
                one = PyNumber_Index(index[axis])
            except (TypeError, OverflowError) as error:
                raise IndexError(f"index {axis} is {index[axis]!r}; an integer is wanted ({error})") from None
            if not -length <= one < length:
                raise IndexError(f"index {axis} is {one}, out of range: {_describe('x', &operand)}")
            position[axis] = one + length if one < 0 else one
        if _witness is not None:
            _record("item", operand.dtype, &layout)
        return _scalar(operand.dtype, so_item(&layout, position))
    finally:
        PyBuffer_Release(&operand.view)


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
        _acquire(&a, x, "x", False)
        _acquire(&b, y, "y", False)
        _require_one_dtype(&a, "x", &b, "y")
        if not _same_shape(&a, &b):
            raise ValueError(f"{_describe('x', &a)} but {_describe('y', &b)}: dot wants two equal shapes")
        _place_first(&layout, &a)
        _place_broadcast(&layout, &b)
        _place_element(&layout, &element)
        _run(SO_DOT, a.dtype, &layout)
        return _scalar(so_result_dtype(SO_DOT, a.dtype), &element)
    finally:
        PyBuffer_Release(&b.view)
        PyBuffer_Release(&a.view)


def copyto(dst, src):
    """Copy the elements of `src` to where the elements of `dst` lie: ``dst[...] = src``.

    Parameters
    ----------
    dst : writable buffer, shape (n0, n1, ...)
        The target. Changed in place.
    src : buffer
        The same dtype, and a shape that broadcasts to that of `dst`.

    Raises
    ------
    TypeError
        An operand cannot be used in place, or the dtypes differ.
    ValueError
        The shapes do not broadcast, or `dst` is read-only, overlaps itself or partly overlaps `src`.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.zeros((2, 3))
    >>> strideops.strided.copyto(X[:, ::2], np.array([1.0, 2.0]))
    >>> X
    array([[1., 0., 2.],
           [1., 0., 2.]])
    """
    cdef Operand target, source
    cdef so_layout layout
    _clear(&target)
    _clear(&source)
    try:
        _acquire(&target, dst, "dst", True)
        _acquire(&source, src, "src", False)
        _require_one_dtype(&target, "dst", &source, "src")
        _place_first(&layout, &target)
        _require_shape(_place_broadcast(&layout, &source), "src", &source, "dst", &target)
        _require_target_apart(&layout, &target, "dst")
        _require_source_apart(&layout, &target, "dst", &source, "src")
        _run(SO_COPY, target.dtype, &layout)
    finally:
        PyBuffer_Release(&source.view)
        PyBuffer_Release(&target.view)


cdef object _apply_element(so_op op, object obj, object number, bint is_factor):
    """fill and scale: one target, one element."""
    cdef Operand x, element
    cdef so_layout layout
    _clear(&x)
    _clear(&element)
    try:
        _acquire(&x, obj, "x", True)
        _place_first(&layout, &x)
        _require_target_apart(&layout, &x, "x")
        stored = _factor(x.dtype, number) if is_factor else _element(x.dtype, number, "value")
        _acquire(&element, stored, "value", False)
        _place_element(&layout, element.view.buf)
        _run(op, x.dtype, &layout)
    finally:
        PyBuffer_Release(&element.view)
        PyBuffer_Release(&x.view)


def fill(x, value):
    """Set every element of `x`: ``x[...] = value``.

    Parameters
    ----------
    x : writable buffer, shape (n0, n1, ...)
        The target. Changed in place.
    value : number
        Converted as the assignment does.

    Raises
    ------
    TypeError
        `x` cannot be used in place.
    ValueError
        `x` is read-only or overlaps itself.
    TypeError, ValueError, OverflowError
        What ``x[...] = value`` raises for a value that the dtype cannot hold.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.zeros((2, 3))
    >>> strideops.strided.fill(X[:, 1], 7)
    >>> X
    array([[0., 7., 0.],
           [0., 7., 0.]])
    """
    _apply_element(SO_COPY, x, value, False)


def scale(x, alpha):
    """Multiply every element of `x`: ``x *= alpha``.

    Parameters
    ----------
    x : writable buffer, shape (n0, n1, ...)
        The target. Changed in place; integers wrap.
    alpha : int or float
        An int for integer dtypes. A NumPy scalar counts by its value, not by its dtype.

    Raises
    ------
    TypeError
        `x` cannot be used in place, or `alpha` would change its dtype.
    ValueError
        `x` is read-only or overlaps itself.
    OverflowError
        `alpha` is out of the range of the integer dtype.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.ones((2, 3))
    >>> strideops.strided.scale(X[:, ::2], 3)
    >>> X
    array([[3., 1., 3.],
           [3., 1., 3.]])
    """
    _apply_element(SO_SCALE, x, alpha, True)


def axpy(alpha, x, y):
    """Add a multiple of `x` to `y`: ``y += alpha * x``.

    Parameters
    ----------
    alpha : int or float
        An int for integer dtypes. A NumPy scalar counts by its value, not by its dtype.
    x : buffer
        The dtype of `y`, and a shape that broadcasts to that of `y`.
    y : writable buffer, shape (n0, n1, ...)
        The target. Changed in place; integers wrap.

    Raises
    ------
    TypeError
        An operand cannot be used in place, the dtypes differ, or `alpha` would change them.
    ValueError
        The shapes do not broadcast, or `y` is read-only, overlaps itself or partly overlaps `x`.
    OverflowError
        `alpha` is out of the range of the integer dtype.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.ones((2, 3))
    >>> strideops.strided.axpy(2, X[0], X[1])
    >>> X
    array([[1., 1., 1.],
           [3., 3., 3.]])
    """
    cdef Operand target, source, factor
    cdef so_layout layout
    _clear(&target)
    _clear(&source)
    _clear(&factor)
    try:
        _acquire(&target, y, "y", True)
        _acquire(&source, x, "x", False)
        _require_one_dtype(&target, "y", &source, "x")
        _place_first(&layout, &target)
        _require_shape(
            -1 if source.view.ndim > target.view.ndim else _place_broadcast(&layout, &source),
            "x", &source, "y", &target,
        )
        _require_target_apart(&layout, &target, "y")
        _require_source_apart(&layout, &target, "y", &source, "x")
        stored = _factor(target.dtype, alpha)
        _acquire(&factor, stored, "alpha", False)
        _place_element(&layout, factor.view.buf)
        _run(SO_AXPY, target.dtype, &layout)
    finally:
        PyBuffer_Release(&factor.view)
        PyBuffer_Release(&source.view)
        PyBuffer_Release(&target.view)


def pack(x):
    """A new C-contiguous array with the elements of `x`. Always a copy: the copy of the contiguous path.

    Parameters
    ----------
    x : buffer, shape (n0, n1, ...)

    Returns
    -------
    ndarray, shape (n0, n1, ...)
        The dtype of `x`, in C order, owning its memory.

    Raises
    ------
    TypeError
        `x` cannot be read in place.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.arange(48).reshape(6, 8)
    >>> strideops.pack(X[:, :6]).strides
    (48, 8)
    """
    return pack_operand(x, "x", False)


def pack_operand(obj, str name, bint target):
    """`pack` for the contiguous path: refusals name the operand, and a target must be one that can be written to."""
    cdef Operand x, packed
    cdef so_layout layout
    _clear(&x)
    _clear(&packed)
    try:
        _acquire(&x, obj, name, target)
        if target:
            _place_first(&layout, &x)
            _require_target_apart(&layout, &x, name)
        array = _new_array(x.view.ndim, x.view.shape, x.dtype)
        _acquire(&packed, array, "packed", True)
        _place_first(&layout, &packed)
        _place_broadcast(&layout, &x)
        _run(SO_COPY, x.dtype, &layout)
        return array
    finally:
        PyBuffer_Release(&packed.view)
        PyBuffer_Release(&x.view)
