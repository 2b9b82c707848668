# SPDX-License-Identifier: BSD-3-Clause
"""What the paths refuse: type, message, and that nothing changed."""

import ctypes

import numpy as np
import pytest
from oracle import PATHS, memory_of

from strideops import pack


def read_only(x):
    x = x.view()
    x.flags.writeable = False
    return x


def as_strided(x, shape, strides):
    return np.lib.stride_tricks.as_strided(x, shape, strides)


class Union(ctypes.Union):
    """ctypes exports it with the letter of a byte and eight bytes an item."""

    _fields_ = (("integer", ctypes.c_int), ("real", ctypes.c_double))


def axes(ndim):
    """A ctypes array of any number of axes: NumPy has none of more than 64."""
    kind = ctypes.c_int8
    for _ in range(ndim):
        kind = kind * 1
    return kind()


# op, arguments made from a writable X = arange(48).reshape(6, 8) of int64 and F of float64, error, words of the message
BOTH = [
    # what cannot be read in place
    ("sum", lambda X, F: ([1, 2],), TypeError, ["x is a list", "asstrided"]),
    ("sum", lambda X, F: (3,), TypeError, ["x is a int", "buffer"]),
    ("sum", lambda X, F: (None,), TypeError, ["x is a NoneType"]),
    ("sum", lambda X, F: (X.astype(complex),), TypeError, ["x is complex128", "(6,8):(128,16)", "astype"]),
    ("sum", lambda X, F: (X.astype(np.float16),), TypeError, ["x is float16"]),
    ("sum", lambda X, F: (X.astype(np.longdouble),), TypeError, [f"x is {np.dtype(np.longdouble)}"]),
    ("sum", lambda X, F: (X.astype(bool),), TypeError, ["x is bool"]),
    ("sum", lambda X, F: (X.astype(object),), TypeError, ["x is object"]),
    ("sum", lambda X, F: (X.astype("S4"),), TypeError, ["x is |S4"]),
    ("sum", lambda X, F: (X.astype("U4"),), TypeError, ["x is <U4"]),
    ("sum", lambda X, F: (X.astype("M8[s]"),), TypeError, ["x is datetime64[s]"]),
    ("sum", lambda X, F: (X.astype("m8[s]"),), TypeError, ["x is timedelta64[s]"]),
    ("sum", lambda X, F: (X.astype(">i8"),), TypeError, ["x is >i8", "foreign byte order"]),
    ("sum", lambda X, F: (F.astype(">f4"),), TypeError, ["x is >f4", "foreign byte order"]),
    ("sum", lambda X, F: (np.zeros(3, [("a", "i4"), ("b", "f8")]),), TypeError, ["x is [('a', '<i4'), ('b', '<f8')]"]),
    ("sum", lambda X, F: (np.ma.masked_equal(F, 3),), TypeError, ["x is a masked array", "filled"]),
    ("sum", lambda X, F: (memoryview(b"text").cast("c"),), TypeError, ["x is c (4):(1)"]),
    ("sum", lambda X, F: ((Union * 3)(),), TypeError, ["x is B (3):(8)"]),
    ("sum", lambda X, F: (np.datetime64(3, "s"),), TypeError, ["x is datetime64"]),
    ("item", lambda X, F: (X.astype(complex), 0, 0), TypeError, ["x is complex128"]),
    ("dot", lambda X, F: (F, [1.0]), TypeError, ["y is a list"]),
    ("copyto", lambda X, F: (F, 1.0), TypeError, ["src is a float"]),
    ("copyto", lambda X, F: ([1.0], F), TypeError, ["dst is a list"]),
    ("fill", lambda X, F: (F.astype(complex), 1), TypeError, ["x is complex128"]),
    ("scale", lambda X, F: (X.astype(bool), 1), TypeError, ["x is bool"]),
    ("axpy", lambda X, F: (1.0, [1.0], F), TypeError, ["x is a list"]),
    ("axpy", lambda X, F: (1.0, F, F.astype(">f8")), TypeError, ["y is >f8"]),
    ("sum", lambda X, F: (axes(65),), TypeError, ["x has 65 axes", "64"]),
    ("min", lambda X, F: ([1.0],), TypeError, ["x is a list", "asstrided"]),
    ("max", lambda X, F: (X.astype(complex),), TypeError, ["x is complex128"]),
    ("argmin", lambda X, F: (F.astype(">f8"),), TypeError, ["x is >f8", "foreign byte order"]),
    ("argmax", lambda X, F: (X.astype(bool),), TypeError, ["x is bool"]),
    ("norm", lambda X, F: (np.ma.masked_equal(F, 3),), TypeError, ["x is a masked array"]),
    ("norm", lambda X, F: (X.astype("m8[s]"),), TypeError, ["x is timedelta64[s]"]),
    ("matvec", lambda X, F: ([[1.0]], F[0]), TypeError, ["a is a list"]),
    ("matvec", lambda X, F: (F, 1.0), TypeError, ["x is a float"]),
    ("matvec", lambda X, F: (F.astype("f2"), F[0]), TypeError, ["a is float16"]),
    ("matvec", lambda X, F: (F, F[0], [0.0] * 6), TypeError, ["out is a list"]),
    ("matvec", lambda X, F: (F, F[0], np.zeros(6, ">f8")), TypeError, ["out is >f8"]),
    # two dtypes: a cast would be a copy
    ("dot", lambda X, F: (X, F), TypeError, ["x is int64 (6,8):(64,8)", "y is float64", "astype('int64')"]),
    ("copyto", lambda X, F: (F, X), TypeError, ["dst is float64", "src is int64", "cast"]),
    ("axpy", lambda X, F: (1, F.astype("f4"), F), TypeError, ["y is float64", "x is float32"]),
    ("matvec", lambda X, F: (X, F[0]), TypeError, ["a is int64 (6,8):(64,8)", "x is float64 (8):(8)", "cast"]),
    ("matvec", lambda X, F: (F, F[0].astype("f4")), TypeError, ["x is float32", "astype('float64')"]),
    ("matvec", lambda X, F: (F[:, ::2], F[0, ::2], X[:, 0]), TypeError, ["out is int64 (6):(64)", "of dtype float64"]),
    # numbers
    ("scale", lambda X, F: (X, 2.5), TypeError, ["alpha is a float, 2.5", "int64"]),
    ("scale", lambda X, F: (F, 1j), TypeError, ["alpha is a complex"]),
    ("scale", lambda X, F: (F, "2"), TypeError, ["alpha is a str"]),
    ("scale", lambda X, F: (F, np.ones(3)), TypeError, ["alpha is float64 of shape (3,)"]),
    ("scale", lambda X, F: (X, np.timedelta64(5, "ns")), TypeError, ["alpha is timedelta64[ns]"]),
    ("scale", lambda X, F: (F, np.ma.masked), TypeError, ["alpha is float64"]),
    ("sum", lambda X, F: (X, True), TypeError, ["axis True"]),
    ("scale", lambda X, F: (X.astype("i1"), 300), OverflowError, ["alpha", "int8"]),
    ("axpy", lambda X, F: (0.5, X, X), TypeError, ["alpha is a float"]),
    ("fill", lambda X, F: (X, "seven"), ValueError, ["value", "int64", "seven"]),
    ("fill", lambda X, F: (X, np.nan), ValueError, ["value", "int64"]),
    ("fill", lambda X, F: (X, 2**70), OverflowError, ["value", "int64"]),
    ("fill", lambda X, F: (X, [1, 2]), ValueError, ["value"]),
    ("fill", lambda X, F: (F.astype("f4"), np.array(["x"], object)[0]), ValueError, ["value", "float32"]),
    ("fill", lambda X, F: (F, None.__class__), TypeError, ["value", "float64"]),
    # shapes and axes
    ("dot", lambda X, F: (X, X[:, :6]), ValueError, ["x is int64 (6,8):(64,8)", "y is int64 (6,6):(64,8)", "shapes"]),
    ("dot", lambda X, F: (X, X[0]), ValueError, ["equal shapes"]),
    (
        "copyto",
        lambda X, F: (F, F[:, :6].copy()),
        ValueError,
        ["src is float64 (6,6)", "broadcast", "dst is float64 (6,8)"],
    ),
    (
        "copyto",
        lambda X, F: (F, F[:, ::2]),
        ValueError,
        ["src is float64 (6,4):(64,16)", "dst is float64 (6,8):(64,8)"],
    ),
    ("axpy", lambda X, F: (1, F[::2], F), ValueError, ["x is float64 (3,8):(128,8)", "y is float64 (6,8):(64,8)"]),
    ("dot", lambda X, F: (X[:, ::2], F[:, ::2]), TypeError, ["x is int64 (6,4):(64,16)", "y is float64 (6,4):(64,16)"]),
    ("item", lambda X, F: (X[::2].T, 8, 0), IndexError, ["x is int64 (8,3):(8,128)"]),
    ("copyto", lambda X, F: (F[0], F.copy()), ValueError, ["src is float64 (6,8)", "broadcast"]),
    ("axpy", lambda X, F: (1, F[0, :3].copy(), F), ValueError, ["x is float64 (3)", "broadcast", "y is float64"]),
    ("axpy", lambda X, F: (1, F[:1].copy(), F[1]), ValueError, ["x is float64 (1,8)", "broadcast", "y is float64 (8)"]),
    ("sum", lambda X, F: (X, 2), ValueError, ["axis 2", "2 axes"]),
    ("sum", lambda X, F: (X, -3), ValueError, ["axis -3"]),
    ("sum", lambda X, F: (X, (0, 0)), ValueError, ["names axis 0 twice"]),
    ("sum", lambda X, F: (X, (1, -1)), ValueError, ["names axis 1 twice"]),
    ("sum", lambda X, F: (X, 10**30), ValueError, ["axis 1000"]),
    ("sum", lambda X, F: (X, 0.5), TypeError, ["axis 0.5", "int"]),
    ("sum", lambda X, F: (X, "0"), TypeError, ["axis '0'", "int"]),
    ("sum", lambda X, F: (X, [0]), TypeError, ["axis [0]", "tuple"]),
    ("min", lambda X, F: (X, 2), ValueError, ["axis 2", "2 axes", "(6,8):(64,8)"]),
    ("max", lambda X, F: (X, (0, -2)), ValueError, ["names axis 0 twice"]),
    ("min", lambda X, F: (X, True), TypeError, ["axis True"]),
    ("norm", lambda X, F: (X[:, ::2], (0, 1, 2)), ValueError, ["axis 2", "(6,4):(64,16)"]),
    ("norm", lambda X, F: (X, 1.0), TypeError, ["axis 1.0"]),
    ("argmin", lambda X, F: (X, -3), ValueError, ["axis -3"]),
    ("argmax", lambda X, F: (X, 10**30), ValueError, ["axis 1000"]),
    ("argmin", lambda X, F: (X, (0,)), TypeError, ["axis (0,) is a tuple", "argmin wants None or an int"]),
    ("argmax", lambda X, F: (X, (0, 1)), TypeError, ["axis (0, 1) is a tuple", "argmax wants None or an int"]),
    ("argmax", lambda X, F: (X, [0]), TypeError, ["axis [0]"]),
    ("argmin", lambda X, F: (X, "0"), TypeError, ["axis '0'"]),
    ("matvec", lambda X, F: (X, X[:, 0]), ValueError, ["a is int64 (6,8):(64,8)", "x is int64 (6):(64)", "(m,n)"]),
    ("matvec", lambda X, F: (X[0], X[0]), ValueError, ["a is int64 (8):(8)"]),
    ("matvec", lambda X, F: (X, X[:1]), ValueError, ["x is int64 (1,8)"]),
    ("matvec", lambda X, F: (X[:, ::2], X[0]), ValueError, ["a is int64 (6,4):(64,16)"]),
    ("matvec", lambda X, F: (X, X[0, :1]), ValueError, ["x is int64 (1):(8)"]),
    ("matvec", lambda X, F: (F, F[0], np.zeros(8)), ValueError, ["out is float64 (8):(8)", "shape (6)"]),
    ("matvec", lambda X, F: (F, F[0], np.zeros((6, 1))), ValueError, ["out is float64 (6,1)", "shape (6)"]),
    ("matvec", lambda X, F: (F[:, ::3], F[0, ::3], np.zeros(1)), ValueError, ["(6,3):(64,24)", "shape (6)"]),
    # no elements to choose from
    ("min", lambda X, F: (F[:0],), ValueError, ["x is float64 (0,8):(64,8): min of no elements", "Axis 0"]),
    ("max", lambda X, F: (X[:, :0],), ValueError, ["x is int64 (6,0):(64,8): max of no elements", "Axis 1"]),
    ("min", lambda X, F: (F[:0], 0), ValueError, ["min of no elements"]),
    ("max", lambda X, F: (F[:, 3:3], (0, 1), True), ValueError, ["max of no elements"]),
    ("argmin", lambda X, F: (F[:0],), ValueError, ["x is float64 (0,8):(64,8): argmin of no elements"]),
    ("argmax", lambda X, F: (F[:, :0], -1), ValueError, ["x is float64 (6,0):(64,8): argmax of no elements"]),
    ("argmin", lambda X, F: (F[:0, :0], 1), ValueError, ["argmin of no elements"]),
    # indices
    ("item", lambda X, F: (X,), IndexError, ["item wants 2 indices", "got 0", "(6,8):(64,8)"]),
    ("item", lambda X, F: (X, 1), IndexError, ["got 1"]),
    ("item", lambda X, F: (X, 1, 1, 1), IndexError, ["got 3"]),
    ("item", lambda X, F: (X, 6, 0), IndexError, ["index 0 is 6", "out of range"]),
    ("item", lambda X, F: (X, 0, -9), IndexError, ["index 1 is -9", "out of range"]),
    ("item", lambda X, F: (X, 0, 2**80), IndexError, ["index 1"]),
    ("item", lambda X, F: (X, 0, 1.0), IndexError, ["index 1 is a float"]),
    ("item", lambda X, F: (X, True, 0), IndexError, ["index 0 is a bool"]),
    ("item", lambda X, F: (X, (1, 1)), IndexError, ["got 1"]),
    ("item", lambda X, F: (X, slice(None), 0), IndexError, ["index 0 is a slice"]),
    ("item", lambda X, F: (X[:0], 0, 0), IndexError, ["out of range"]),
    # targets
    ("fill", lambda X, F: (read_only(X), 1), ValueError, ["x is int64", "read-only", "writeable"]),
    ("scale", lambda X, F: (read_only(X)[:, ::2], 1), ValueError, ["x is int64 (6,4):(64,16)", "read-only"]),
    ("copyto", lambda X, F: (read_only(X), X.copy()), ValueError, ["dst is int64", "read-only"]),
    ("axpy", lambda X, F: (1, X.copy(), read_only(X)), ValueError, ["y is int64", "read-only"]),
    ("matvec", lambda X, F: (X, X[0].copy(), read_only(X)[:, 0]), ValueError, ["out is int64 (6):(64)", "read-only"]),
    ("matvec", lambda X, F: (X, X[0].copy(), b"bytes of out"), ValueError, ["out is uint8 (12):(1)", "read-only"]),
    (
        "matvec",
        lambda X, F: (X, X[0].copy(), as_strided(F.view("i8"), (6,), (0,))),
        ValueError,
        ["out is int64 (6):(0)", "overlaps itself"],
    ),
    (
        "matvec",
        lambda X, F: (X, X[0].copy(), as_strided(F.view("i8"), (6,), (4,))),
        ValueError,
        ["out is int64 (6):(4)", "overlaps itself"],
    ),
    ("fill", lambda X, F: (b"bytes", 1), ValueError, ["x is uint8 (5):(1)", "read-only"]),
    (
        "fill",
        lambda X, F: (as_strided(X, (6, 8), (0, 8)), 1),
        ValueError,
        ["x is int64 (6,8):(0,8)", "overlaps itself"],
    ),
    ("scale", lambda X, F: (as_strided(X, (4, 3), (8, 8)), 1), ValueError, ["x is", "overlaps itself"]),
    ("scale", lambda X, F: (as_strided(X, (4, 3), (16, 24)), 1), ValueError, ["overlaps itself"]),
    ("fill", lambda X, F: (as_strided(X, (3,), (4,)), 1), ValueError, ["x is int64 (3):(4)", "overlaps itself"]),
    ("copyto", lambda X, F: (as_strided(X, (2, 8), (0, 8)), X[:2].copy()), ValueError, ["dst is", "overlaps itself"]),
    (
        "axpy",
        lambda X, F: (1, X[:4, :3].copy(), as_strided(X, (4, 3), (8, 8))),
        ValueError,
        ["y is", "overlaps itself"],
    ),
]

# The contiguous path packs the source first, so these are refused by the strided path only.
STRIDED = [
    ("copyto", lambda X, F: (X[1:], X[:-1]), ["src is int64 (5,8):(64,8)", "partly overlaps", "dst", "contiguous"]),
    ("copyto", lambda X, F: (X[:, 1:], X[:, :-1]), ["partly overlaps"]),
    ("copyto", lambda X, F: (X, X[::-1]), ["partly overlaps"]),
    ("copyto", lambda X, F: (X, X[0]), ["partly overlaps"]),
    ("copyto", lambda X, F: (X[:6, :6], X[:6, :6].T), ["partly overlaps"]),
    ("axpy", lambda X, F: (2, X[:-1], X[1:]), ["x is int64 (5,8):(64,8)", "partly overlaps", "y"]),
    ("axpy", lambda X, F: (2, X[0], X), ["partly overlaps"]),
    ("axpy", lambda X, F: (2, X[::-1], X), ["partly overlaps"]),
    ("matvec", lambda X, F: (X, X[0].copy(), X[:, 0]), ["a is int64 (6,8):(64,8) and overlaps out is int64 (6):(64)"]),
    ("matvec", lambda X, F: (X, X[0].copy(), X[2, 1:7]), ["a is", "overlaps out"]),
    ("matvec", lambda X, F: (X[:, :1], F.view("i8")[0, :1], X[::-1, 0]), ["a is", "overlaps out"]),
    ("matvec", lambda X, F: (X[:, ::2], F.view("i8")[0, :4], F.view("i8")[:, 3]), ["x is int64 (4):(8) and overlaps"]),
    ("matvec", lambda X, F: (X[:, :6], F.view("i8")[0, :6], F.view("i8")[0, :6]), ["x is", "overlaps out"]),
    ("matvec", lambda X, F: (X[:1, :1], F.view("i8")[0, :1], F.view("i8")[0, :1]), ["x is", "overlaps out"]),
]

ROWS = [(path, *row) for row in BOTH for path in PATHS]
ROWS += [("strided", op, arguments, ValueError, words) for op, arguments, words in STRIDED]


@pytest.mark.parametrize(("path", "op", "arguments", "error", "words"), ROWS)
def test_refusals(path, op, arguments, error, words):
    X = np.arange(48).reshape(6, 8)
    F = np.arange(48.0).reshape(6, 8)
    arguments = arguments(X, F)
    arrays = [X, F, *(a for a in arguments if isinstance(a, np.ndarray) and a.dtype != object)]
    before = [memory_of(a).tobytes() for a in arrays]
    with pytest.raises(error) as refusal:
        getattr(PATHS[path], op)(*arguments)
    for word in words:
        assert word in str(refusal.value)
    assert [memory_of(a).tobytes() for a in arrays] == before


def test_there_are_enough_rows():
    assert len(BOTH) + len(STRIDED) >= 40


@pytest.mark.parametrize("x", [[1], np.zeros(2, complex), np.ma.zeros(3), object()])
def test_pack_refuses_what_it_cannot_read(x):
    with pytest.raises(TypeError, match="x is"):
        pack(x)


@pytest.mark.parametrize("make", [
    lambda x: (x[::2], x[1::2]),
    lambda x: (x[:, :4], x[:, 4:]),
    lambda x: (x[:3], x[3:]),
    lambda x: (x[::2, ::2], x[1::2, ::2]),
    lambda x: (x[::-2], x[::2][::-1] * 1),
])  # fmt: skip
def test_interleaved_arrays_do_not_overlap(make):
    """Byte ranges that overlap are no reason to refuse: elements are what counts."""
    target, source = make(np.arange(48).reshape(6, 8))
    expected = source.copy()
    PATHS["strided"].copyto(target, source)
    np.testing.assert_array_equal(target, expected)
