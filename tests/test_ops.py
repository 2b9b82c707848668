# SPDX-License-Identifier: BSD-3-Clause
"""Every call x path x pattern x dtype against NumPy, and random layouts beyond the patterns."""

import array
import ctypes
import math
import mmap
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from oracle import PATHS, check_call, check_same, exact_dot, exact_norm

from benchmarks import cases, patterns
from strideops import contiguous, strided

GRID = [(call, pattern) for call in cases.CALLS for pattern in patterns.PATTERNS if cases.is_case(call, pattern)]


@pytest.mark.parametrize("dtype", patterns.DTYPES)
@pytest.mark.parametrize(("call", "pattern"), GRID)
def test_patterns(call, pattern, dtype):
    for path in PATHS:
        for n in (6, 40):
            check_call(path, call, lambda n=n: patterns.make(pattern, n, dtype)[1])


def random_view(rng, dtype, writable):
    """A view of random memory: any order of axes, steps, signs, gaps, alignment; 0-d to 6-d, some of it empty."""
    ndim = int(rng.integers(0, 7))
    shape = [int(n) for n in rng.choice([0, 1, 2, 3, 4, 5, 7, 17], size=ndim, p=[0.02, 0.14, *[0.14] * 6])]
    steps = [int(n) for n in rng.integers(1, 4, size=ndim)]
    if rng.random() < 0.15 and ndim:
        shape[int(rng.integers(ndim))] = 300
    while math.prod(n * s for n, s in zip(shape, steps, strict=True)) > 200_000:
        shape[int(np.argmax(shape))] //= 4
    itemsize = np.dtype(dtype).itemsize
    offset = int(rng.integers(0, 4))
    count = math.prod(max(n * s, 1) for n, s in zip(shape, steps, strict=True))
    raw = np.zeros(count * itemsize + 8, np.uint8)
    whole = raw[offset : offset + count * itemsize].view(dtype)
    whole[...] = rng.integers(0, 50, size=count) - (25 if np.dtype(dtype).kind != "u" else 0)
    view = whole.reshape([max(n * s, 1) for n, s in zip(shape, steps, strict=True)])
    view = view[..., *[slice(0, n * s, s) for n, s in zip(shape, steps, strict=True)]]
    view = view[..., *[slice(None, None, int(sign)) for sign in rng.choice([-1, 1], size=ndim)]]
    view = view.transpose(rng.permutation(ndim))
    if not writable and ndim and rng.random() < 0.3:
        axis = int(rng.integers(ndim))
        first = (slice(None),) * axis + (slice(0, 1),)
        view = np.broadcast_to(view[first], view.shape)
    return view


def is_asked(call, view):
    """NumPy has an answer: there is an element where the op chooses one, and the axis."""
    chooses = cases.CALLS[call].op in {"item", "min", "max", "argmin", "argmax", "matvec"}
    axes = cases.CALLS[call].axes
    return (view.size or not chooses) and (view.ndim if "axis" in call else axes in (None, view.ndim))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("call", cases.CALLS)
def test_random_layouts(call, seed):
    for dtype in patterns.DTYPES:
        for path in PATHS:

            def make(dtype=dtype):
                return random_view(np.random.default_rng([seed, *dtype.encode()]), dtype, cases.CALLS[call].writes)

            if is_asked(call, make()):
                check_call(path, call, make)


@pytest.mark.parametrize("values", [[np.inf, 1, -np.inf], [np.nan, 1], [1e308] * 20, [np.inf] * 40, [-np.inf, 3]])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sum_not_finite(values, dtype):
    with np.errstate(all="ignore"):
        x = np.array(values).astype(dtype)
        check_same(strided.sum(x), np.sum(x))
        check_same(strided.sum(np.stack([x, x])[:, ::-1], 0), np.sum(np.stack([x, x])[:, ::-1], axis=0))


# In NumPy, what each op adds up with all its precision, and the sum without rounding.
EXACT = {
    "sum": (np.sum, lambda x: math.fsum(x.ravel().tolist())),
    "norm": (np.linalg.norm, exact_norm),
    "dot": (lambda x, y: np.dot(np.ravel(x), np.ravel(y)), exact_dot),
    "matvec": (np.matmul, lambda a, x: np.array([exact_dot(row, x) for row in a])),
}


@pytest.mark.parametrize("pattern", ["contiguous", "cut", "step3", "transposed", "field", "short_rows", "permuted"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", EXACT)
def test_accuracy(op, dtype, pattern):
    """Over 300 arrays of seven decades the mean square distance from the exact result is no greater than NumPy's."""
    rng = np.random.default_rng(7)
    numpy, exact = EXACT[op]
    errors = {function: [] for function in (numpy, *(getattr(path, op) for path in PATHS.values()))}
    call = next(call for call in cases.CALLS.values() if call.op == op)
    if call.axes not in (None, patterns.make(pattern, 6, dtype)[1].ndim):
        return
    for _ in range(300):
        views = [patterns.make(pattern, 120, dtype)[1] for _ in range(2)]
        for view in views:
            view[...] = rng.standard_normal(view.shape) * 10.0 ** rng.integers(-3, 4, view.shape)
        arguments = call.arguments(views[0], lambda views=views: views[1])
        result = exact(*arguments)
        for function, distances in errors.items():
            distances.append(np.asarray(function(*arguments), float) - result)
    allowed, *ours = (np.mean(np.square(distances)) for distances in errors.values())
    assert max(ours) <= allowed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "view", "axis"),
    [
        ((2, 20_000, 3), lambda x: x[:, :, :2], (1, 2)),
        ((3, 20_001, 4), lambda x: x[..., ::2], (1, 2)),
        ((100, 513, 4), lambda x: x[:, :512, :3], (1, 2)),
        ((50, 300, 100), lambda x: x, (0, 2)),
        ((7, 3, 1879, 2), lambda x: x, (0, 2, 3)),
        ((300, 40, 100), lambda x: x.transpose(1, 0, 2), (0, 2)),
        ((20_000,), lambda x: np.broadcast_to(x[::2], (7, 10_000)), 1),
        ((2, 20_000), lambda x: x, 0),
        ((2, 20_000), lambda x: x.T, 1),
    ],
)
def test_axis_sums_are_as_accurate_as_numpy(dtype, shape, view, axis):
    """Over 20 arrays and all results the mean square distance from the exact sum is no greater than NumPy's."""
    rng = np.random.default_rng(5)
    ours, numpy = [], []
    for _ in range(20):
        x = view(rng.random(shape).astype(dtype))
        kept = [i for i in range(x.ndim) if i not in (axis if isinstance(axis, tuple) else (axis,))]
        rows = np.moveaxis(x, kept, range(len(kept))).reshape(*(x.shape[i] for i in kept), -1).astype(float)
        exact = np.apply_along_axis(math.fsum, -1, rows)
        ours.append(strided.sum(x, axis) - exact)
        numpy.append(np.sum(x, axis=axis) - exact)
    assert np.mean(np.square(ours)) <= np.mean(np.square(numpy))


def test_axis_sums_are_accurate():
    x = np.random.default_rng(3).standard_normal((500, 700)).astype("f4")
    for view, axis in ((x, 0), (x, 1), (x[:, ::2], 1), (x.T, 0)):
        exact = np.array([math.fsum(row) for row in np.moveaxis(view, axis, -1).astype(float)])
        assert np.abs(strided.sum(view, axis) - exact).max() <= np.abs(np.sum(view, axis=axis) - exact).max() + 1e-6


def test_wraparound():
    x = np.array([2**63 - 1, 1], np.int64)
    assert strided.sum(x) == -(2**63)
    assert strided.dot(np.array([100, 100], np.int8), np.array([2, 2], np.int8)) == np.int8(400 - 512 + 256 - 256)
    y = np.array([200], np.uint8)
    strided.scale(y, 3)
    assert y[0] == 600 % 256


def test_stride_0_axis_costs_nothing():
    """Ten to the fifteenth elements: only an answer that does not walk them can come back."""
    x = np.broadcast_to(np.arange(4.0), (10**15, 4))
    assert strided.sum(x) == 6e15
    np.testing.assert_array_equal(strided.sum(x, 0), np.arange(4.0) * 1e15)
    assert strided.dot(x, x) == 14e15
    assert strided.sum(np.broadcast_to(np.int64(3), (2**40, 2**10))) == 3 * 2**50


def test_64_axes():
    x = np.arange(2**6).reshape([2 if i % 11 == 0 else 1 for i in range(64)])
    assert x.ndim == 64
    assert strided.sum(x) == 63 * 32
    assert strided.item(x, *[-1] * 64) == 63
    check_same(strided.sum(x, tuple(range(1, 64))), x.sum(axis=tuple(range(1, 64))))


def test_fill_converts_as_the_assignment_does():
    for dtype in patterns.DTYPES:
        for value in (True, 2.75, np.float32(3.5), np.int64(4), "5", np.array([6]).reshape(())):
            got, expected = np.zeros((3, 4), dtype)[:, ::2], np.zeros((3, 4), dtype)[:, ::2]
            strided.fill(got, value)
            expected[...] = value
            np.testing.assert_array_equal(got, expected)


NUMBERS = [s * 2**n + d for n in (7, 8, 15, 16, 31, 32, 53, 63, 64) for s in (1, -1) for d in (-1, 0, 1)]
NUMBERS += [0, 1.0, -0.0, 0.1, 1e-45, 3.4028235e38, 3.4028236e38, 1e39, -1e300, math.inf, -math.inf, math.nan]


def assigned(dtype, store):
    """The bytes that a number becomes in an array, or the kind of error and warning."""
    x = np.full(3, 9, dtype)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            store(x)
        except (TypeError, ValueError, OverflowError) as error:
            return type(error), x.tobytes()
    return [w.category for w in caught], x.tobytes()


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("dtype", patterns.DTYPES)
def test_numbers_at_the_limits_of_a_dtype(dtype, number):
    def assign(x):
        x[...] = number

    assert assigned(dtype, lambda x: strided.fill(x, number)) == assigned(dtype, assign)


def test_any_buffer_exporter():
    assert strided.sum(array.array("d", [1.0, 2.5])) == 3.5
    assert strided.sum(b"\x01\x02") == np.uint64(3)
    assert strided.sum(memoryview(np.arange(12).reshape(3, 4))[::2], 1).tolist() == [6, 38]
    assert strided.sum((ctypes.c_int16 * 3)(1, 2, -9)) == -6
    with mmap.mmap(-1, 4096) as memory:
        strided.fill(memory, 2)
        assert strided.sum(memory) == 8192


def test_the_gil_is_released():
    """Nobody is asked to give up the GIL for 1000 seconds, so another thread can run only where a call releases it."""
    x = np.ones((2000, 3000))[:, ::2]
    turns, done = 0, False

    def turn():
        nonlocal turns
        while not done:
            turns += 1
            time.sleep(0)

    thread = threading.Thread(target=turn)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    thread.start()
    try:
        before = turns
        assert any(strided.sum(x) and turns > before for _ in range(1000))
    finally:
        done = True
        sys.setswitchinterval(interval)
        thread.join()


def test_same_array_as_source_and_target():
    x = np.arange(12.0).reshape(3, 4)
    strided.axpy(1.0, x[:, ::2], x[:, ::2])
    np.testing.assert_array_equal(x, [[0, 1, 4, 3], [8, 5, 12, 7], [16, 9, 20, 11]])
    strided.copyto(x.T, x.T)
    strided.copyto(x[:, ::2], x[:, 1::2])
    np.testing.assert_array_equal(x[:, 0], [1, 5, 9])


def test_contiguous_packs_an_overlapping_source_first():
    x = np.arange(5)
    contiguous.copyto(x[1:], x[:-1])
    np.testing.assert_array_equal(x, [0, 0, 1, 2, 3])
    x = np.arange(5)
    contiguous.axpy(1, x[:-1], x[1:])
    np.testing.assert_array_equal(x, [0, 1, 3, 5, 7])
