# SPDX-License-Identifier: BSD-3-Clause
"""Reductions over axes beyond the patterns: axis and keepdims, no elements, NaN, ties, signs, limits, accuracy."""

import math
from itertools import permutations, product

import numpy as np
import pytest
from oracle import NUMPY, PATHS, check_same, exact_norm

from benchmarks import patterns
from strideops import strided

REDUCTIONS = ("sum", "min", "max", "argmin", "argmax", "norm")
CHOICES = REDUCTIONS[1:5]
FLOATS = ("float32", "float64")
INTEGERS = [dtype for dtype in patterns.DTYPES if dtype not in FLOATS]

SHAPED = np.random.default_rng(1).permutation(2 * 3 * 4 * 5).reshape(2, 3, 4, 5).astype(np.int32)[:, ::-1, :, ::2]


def check(op, x, *args):
    """Both paths do as NumPy does: the same result, or the same kind of refusal."""
    try:
        with np.errstate(all="ignore"):
            expected = NUMPY[op](x, *args[:1], **dict(zip(["keepdims"], args[1:], strict=False)))
    except (TypeError, ValueError) as refusal:
        for path in PATHS.values():
            with pytest.raises(TypeError if isinstance(refusal, TypeError) else ValueError):
                getattr(path, op)(x, *args)
    else:
        for path in PATHS.values():
            check_same(getattr(path, op)(x, *args), expected)


AXES = [None, 0, 1, -1, -4, (), (0,), (0, 1), (0, 2), (1, 3), (-1, 0), (0, 1, 2, 3), np.int8(2)]
VIEWS = [SHAPED, SHAPED.T, SHAPED[..., ::-1].astype("f4"), SHAPED[:0], SHAPED[:, :, :0].astype("f8"), SHAPED % 3]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("op", REDUCTIONS)
def test_axes(op, axis):
    for x, keepdims in product(VIEWS, (False, True)):
        check(op, x, axis, keepdims)


@pytest.mark.parametrize(
    "x", [np.array(5), np.float32(2.5), np.array(-0.0), np.full((3, 2), -0.0), np.zeros((0,)), np.zeros((3, 0))]
)
@pytest.mark.parametrize("keepdims", [False, True])
def test_sum_corners(x, keepdims):
    got, expected = strided.sum(x, None, keepdims), np.sum(x, keepdims=keepdims)
    check_same(got, expected)
    assert np.array_equal(np.signbit(got), np.signbit(expected))


@pytest.mark.parametrize("axis", [None, 0, -1, 1, (), (0,), (0, 0)])
@pytest.mark.parametrize("op", REDUCTIONS)
def test_without_axes(op, axis):
    check(op, np.array(-7), axis, True)
    check(op, np.array(-7.5), axis)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (0, 0), (2, 0, 3), (0, 2, 0)])
@pytest.mark.parametrize("op", REDUCTIONS)
def test_without_elements(op, shape):
    """A result without elements is one; an element of a result that has nothing to choose from is refused."""
    for axis in (None, *range(len(shape))):
        check(op, np.zeros(shape), axis)
        check(op, np.zeros(shape, np.int8).T, axis, True)


@pytest.mark.parametrize("axes", list(permutations(range(4))))
def test_results_follow_the_memory_order(axes):
    """As NumPy's do: what comes next runs along the memory, and so does the reduction itself."""
    x = np.ones((3, 4, 5, 6)).transpose(axes)
    for axis in (0, 1, (1, 3)):
        assert strided.sum(x, axis).strides == x.sum(axis).strides
    window = np.lib.stride_tricks.sliding_window_view(np.ones((9, 9)), (3, 3))
    assert strided.max(window, axis=0).strides == (8, 3 * 56, 56)  # of one step the longest axis is the inner one


@pytest.mark.parametrize("op", REDUCTIONS)
def test_64_axes(op):
    x = np.arange(2**6).reshape([2 if i % 11 == 0 else 1 for i in range(64)])
    for axis in (None, 0, 11, 1, 63):
        check(op, x, axis)
        check(op, x.T[(slice(None, None, -1),) * 64], axis)


def orders(x):
    """The elements of x, in the same C order, at other places of memory."""
    yield x
    yield np.asfortranarray(x)
    yield x[tuple([slice(None, None, -1)] * x.ndim)].copy()[tuple([slice(None, None, -1)] * x.ndim)]
    spread = np.zeros([3 * n for n in x.shape[:-1]] + [2 * x.shape[-1]], x.dtype)
    spread = spread[(*[slice(1, None, 3)] * (x.ndim - 1), slice(None, None, 2))]
    spread[...] = x
    yield spread
    fields = np.zeros(x.shape, [("tag", "u1"), ("value", x.dtype)])
    fields["value"] = x
    yield fields["value"]
    rolled = np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0)
    yield rolled


@pytest.mark.parametrize("dtype", patterns.DTYPES)
@pytest.mark.parametrize("op", CHOICES)
def test_ties(op, dtype):
    """Two or three values: the first of the best in C order, in any order of memory, in rows of any length."""
    rng = np.random.default_rng(2)
    for shape in ((1, 1), (4, 5), (3, 70), (70, 3), (2, 3, 129), (9, 300), (2, 4100)):
        for x in orders(rng.integers(0, 3, shape).astype(dtype)):
            for axis in (None, *range(len(shape))):
                check(op, x, axis)


@pytest.mark.parametrize("dtype", patterns.DTYPES)
@pytest.mark.parametrize("op", CHOICES)
def test_one_value(op, dtype):
    """Everything ties, also at the ends of the range."""
    dtype = np.dtype(dtype)
    ends = (-np.inf, np.inf) if dtype.kind == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    for value in (0, *ends):
        for x in orders(np.full((5, 131), value, dtype)):
            for axis in (None, 0, 1):
                check(op, x, axis)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("op", CHOICES)
def test_limits_of_integers(op, dtype):
    """Values that other signs or widths would order otherwise, each as the best one at each place."""
    info = np.iinfo(dtype)
    values = [info.min, info.min + 1, info.max // 2, info.max // 2 + 1, info.max - 1, info.max]
    for value, other in product(values, repeat=2):
        for place in (0, 1, 63, 64, 99):
            x = np.full(100, other, dtype)
            x[place] = value
            check(op, x)
            check(op, np.stack([x, x[::-1]])[:, ::-1], 1)
            check(op, np.stack([x, x[::-1]]).T, 1)


@pytest.mark.parametrize("op", CHOICES)
def test_uint64_above_the_int64s(op):
    check(op, np.array([2**63 - 1, 2**63, 2**64 - 1, 2**63 + 1, 0], np.uint64))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", REDUCTIONS)
@pytest.mark.parametrize("length", [1, 2, 7, 8, 33, 64, 257, 5000])
def test_nan(op, dtype, length):
    """Wherever it lies, beside infinities, and the first of several."""
    for place in {0, 1, length // 2, length - 2, length - 1} & set(range(length)):
        x = (np.arange(length) % 100).astype(dtype)
        x[-1], x[0] = np.inf, -np.inf
        x[place] = np.nan
        for view in orders(np.stack([x, x[::-1], np.zeros_like(x)])):
            for axis in (None, 0, 1):
                check(op, view, axis)
        x[place:] = np.nan
        check(op, x)
        check(op, -x[::-1])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", REDUCTIONS)
def test_nothing_but_not_numbers(op, dtype):
    for value in (np.nan, -np.nan, np.inf, -np.inf):
        for axis in (None, 0, 1):
            check(op, np.full((3, 50), value, dtype)[:, ::-1], axis)


@pytest.mark.parametrize("dtype", FLOATS)
def test_zeros_of_both_signs_tie(dtype):
    x = np.array([0.0, -0.0] * 40, dtype)
    for view in (x, x[1:], x[::-1], np.stack([x, -x]), np.stack([x, -x]).T):
        for op in ("argmin", "argmax"):
            for axis in (None, 0):
                check(op, view, axis)
        assert strided.min(view) == strided.max(view) == 0
        assert math.copysign(1, strided.norm(view)) == 1


@pytest.mark.parametrize("dtype", patterns.DTYPES)
def test_the_first_of_a_repeated_element(dtype):
    """Along a stride-0 axis every position holds the same memory: the first one counts."""
    x = np.array([[3, 1, 4, 1, 5]], dtype)
    for view in (np.broadcast_to(x, (6, 5)), np.broadcast_to(x.T, (5, 6)), np.broadcast_to(x[0, 2], (4, 3))):
        for op in CHOICES:
            for axis in (None, 0, 1):
                check(op, view, axis)
                check(op, view[::-1, ::-1], axis)


def test_stride_0_axes_cost_nothing():
    """Ten to the fifteenth elements: only an answer that does not walk them can come back."""
    x = np.broadcast_to(np.array([3.0, 1.0, 4.0, 1.0]), (10**15, 4))
    assert strided.min(x) == 1
    assert strided.argmin(x) == 1
    np.testing.assert_array_equal(strided.argmax(x, 0), [0, 0, 0, 0])
    np.testing.assert_array_equal(strided.max(x, 0), [3, 1, 4, 1])
    assert strided.norm(x) == np.sqrt(27e15)
    np.testing.assert_allclose(strided.norm(x, 0), np.array([3, 1, 4, 1]) * np.sqrt(1e15), rtol=1e-15)


def test_a_position_is_wider_than_its_elements():
    x = np.zeros(2**17, np.int8)
    x[-1] = 1
    assert strided.argmax(x) == 2**17 - 1
    x[70_000] = -1
    assert strided.argmin(x) == 70_000
    check("argmin", x[::-1].reshape(2, -1).T, 0)


def test_norm_of_integers_is_not_wrapped():
    assert strided.norm(np.full(3, -128, np.int8)) == np.sqrt(3 * 128.0**2)
    assert strided.norm(np.array([2**62, 2**62])) == np.sqrt(2.0) * 2**62
    assert strided.norm(np.array([2**64 - 1], np.uint64)) == 2.0**64
    assert strided.norm(np.full((300, 70), 255, np.uint8)[:, ::2]) == np.sqrt(300 * 35) * 255


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("axis", [0, 1])
def test_norms_along_an_axis_are_as_accurate_as_numpy(dtype, axis):
    """Over 20 arrays of seven decades the mean square of the relative errors is no greater than NumPy's."""
    rng = np.random.default_rng(6)
    ours, numpy = [], []
    for _ in range(20):
        x = (rng.standard_normal((60, 500)) * 10.0 ** rng.integers(-3, 4, (60, 500))).astype(dtype)
        for view in (x, x[:, ::2], x.T, x[::-1, ::-1]):
            exact = [exact_norm(row) for row in np.moveaxis(view, axis, -1)]
            ours.extend(strided.norm(view, axis) / exact - 1)
            numpy.extend(np.linalg.norm(view, axis=axis) / exact - 1)
    assert np.mean(np.square(ours)) <= np.mean(np.square(numpy))
