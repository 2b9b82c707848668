# SPDX-License-Identifier: BSD-3-Clause
"""NumPy's answer to every op, and what it means to agree with it."""

import numpy as np

from benchmarks import cases
from strideops import contiguous, strided

PATHS = {"strided": strided, "contiguous": contiguous}


def _dot(x, y):
    with np.errstate(all="ignore"):
        return np.sum(np.multiply(x, y, dtype=x.dtype), dtype=x.dtype)


def _copyto(dst, src):
    dst[...] = src


def _fill(x, value):
    x[...] = value


def _scale(x, alpha):
    x *= alpha


def _axpy(alpha, x, y):
    y += alpha * x


NUMPY = {
    "item": lambda x, *index: x[index],
    "sum": np.sum,
    "dot": _dot,
    "copyto": _copyto,
    "fill": _fill,
    "scale": _scale,
    "axpy": _axpy,
}


def check_same(got, expected):
    """The same value, shape, dtype and kind of result. The tests' numbers are small and whole: sums are exact."""
    if expected is None:
        assert got is None
        return
    assert type(got) is type(expected)
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    np.testing.assert_array_equal(got, expected)


def memory_of(array):
    """All bytes of the array that owns the memory."""
    while array.base is not None:
        array = array.base
    return np.frombuffer(array, dtype=np.uint8) if array.size else np.empty(0, np.uint8)


def check_call(path, call, make_view):
    """Run a call on a path and in NumPy, each on memory of its own; compare results and every byte of the memory."""
    results = []
    for function in (getattr(PATHS[path], cases.CALLS[call].op), NUMPY[cases.CALLS[call].op]):
        views = [make_view()]

        def another(views=views):
            views.append(make_view())
            return views[-1]

        arguments = cases.CALLS[call].arguments(views[0], another)
        with np.errstate(all="ignore"):
            result = function(*arguments)
        results.append((result, [memory_of(view) for view in views] + list(arguments)))
    (got, got_memory), (expected, expected_memory) = results
    check_same(got, expected)
    for mine, theirs in zip(got_memory, expected_memory, strict=True):
        np.testing.assert_array_equal(mine, theirs)
