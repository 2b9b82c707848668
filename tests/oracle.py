# SPDX-License-Identifier: BSD-3-Clause
"""NumPy's answer to every op, and what it means to agree with it."""

import math

import numpy as np

from benchmarks import cases
from strideops import contiguous, strided

PATHS = {"strided": strided, "contiguous": contiguous}


def _dot(x, y):
    with np.errstate(all="ignore"):
        return np.sum(np.multiply(x, y, dtype=x.dtype), dtype=x.dtype)


def _norm(x, axis=None, keepdims=False):
    """In double precision, as good as any: np.linalg.norm takes no more than two axes."""
    dtype = x.dtype if x.dtype.kind == "f" else float
    return np.sqrt(np.sum(np.square(x, dtype=float), axis=axis, keepdims=keepdims)).astype(dtype)


def _matvec(a, x, out=None):
    result = np.sum(np.multiply(a, x, dtype=a.dtype), axis=1, dtype=a.dtype)
    if out is None:
        return result
    out[...] = result
    return out


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
    "min": np.min,
    "max": np.max,
    "argmin": np.argmin,
    "argmax": np.argmax,
    "norm": _norm,
    "dot": _dot,
    "matvec": _matvec,
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


def exact_dot(x, y):
    """The sum of products of two arrays of floats, rounded once; each product is a sum of two floats (Dekker)."""
    x, y = x.astype(float), y.astype(float)
    x_high, y_high = ((134217729.0 * z) - (134217729.0 * z - z) for z in (x, y))
    x_low, y_low = x - x_high, y - y_high
    product = x * y
    rest = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
    return math.fsum(np.concatenate([product.ravel(), rest.ravel()]).tolist())


def exact_norm(x):
    return math.sqrt(exact_dot(x, x))


def memory_of(array):
    """All bytes of the largest array that this one is a view of."""
    base = array
    while base is not None:
        if isinstance(base, np.ndarray):
            array = base
        base = getattr(base, "base", None)
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
