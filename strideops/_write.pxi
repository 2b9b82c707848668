# SPDX-License-Identifier: BSD-3-Clause
# Part of _core.pyx: the ops that write to an array in place, and pack.


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
        _hold(&target, dst, "dst", True)
        _hold(&source, src, "src", False)
        _require_one_dtype(&target, "dst", &source, "src")
        _place_first(&layout, &target)
        _require_shape(_place_broadcast(&layout, &source), "src", &source, "dst", &target)
        _require_target_apart(&layout, &target, "dst")
        if not so_same_memory(&layout, 0, 1):
            _require_apart(&layout, 0, &target, "dst", 1, &source, "src", "partly overlap")
        _run(SO_COPY, target.dtype, &layout)
    finally:
        _release(&source)
        _release(&target)


cdef object _apply_element(so_op op, object obj, object number, bint is_factor):
    """fill and scale: one target, one element."""
    cdef Operand x
    cdef so_layout layout
    cdef uint64_t element
    _clear(&x)
    try:
        _hold(&x, obj, "x", True)
        _place_first(&layout, &x)
        _require_target_apart(&layout, &x, "x")
        if is_factor:
            _store_factor(x.dtype, number, &element)
        else:
            _store(x.dtype, number, "value", &element)
        _place_element(&layout, &element)
        _run(op, x.dtype, &layout)
    finally:
        _release(&x)


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
    cdef Operand target, source
    cdef so_layout layout
    cdef uint64_t factor
    _clear(&target)
    _clear(&source)
    try:
        _hold(&target, y, "y", True)
        _hold(&source, x, "x", False)
        _require_one_dtype(&target, "y", &source, "x")
        _place_first(&layout, &target)
        _require_shape(
            -1 if source.ndim > target.ndim else _place_broadcast(&layout, &source),
            "x", &source, "y", &target,
        )
        _require_target_apart(&layout, &target, "y")
        if not so_same_memory(&layout, 0, 1):
            _require_apart(&layout, 0, &target, "y", 1, &source, "x", "partly overlap")
        _store_factor(target.dtype, alpha, &factor)
        _place_element(&layout, &factor)
        _run(SO_AXPY, target.dtype, &layout)
    finally:
        _release(&source)
        _release(&target)


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
    return _pack(x, "x", False)


def pack_operand(obj, str name, bint target):
    """`pack` for the contiguous path: refusals name the operand, and a target must be one that can be written to."""
    cdef _Packed packed = _Packed.__new__(_Packed)
    packed.array = _pack(obj, name, target)
    packed.original = obj
    return packed


cdef object _pack(object obj, str name, bint target):
    cdef Operand x, packed
    cdef so_layout layout
    _clear(&x)
    _clear(&packed)
    try:
        _hold(&x, obj, name, target)
        if target:
            _place_first(&layout, &x)
            _require_target_apart(&layout, &x, name)
        array = _new_array(x.ndim, x.shape, NULL, x.dtype)
        _hold(&packed, array, "packed", True)
        _place_first(&layout, &packed)
        _place_broadcast(&layout, &x)
        _run(SO_PACK, x.dtype, &layout)
        return array
    finally:
        _release(&packed)
        _release(&x)
