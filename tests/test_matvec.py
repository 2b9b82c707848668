# SPDX-License-Identifier: BSD-3-Clause
"""matvec beyond the patterns: out, empty and overlapping operands, and what wraps."""

import math

import numpy as np
import pytest
from oracle import NUMPY, PATHS, check_same

from benchmarks import patterns
from strideops import contiguous, strided

OUTS = {
    "packed": lambda m, dtype: np.full(m, 9, dtype),
    "reversed": lambda m, dtype: np.full(m, 9, dtype)[::-1],
    "strided": lambda m, dtype: np.full((m, 3), 9, dtype)[:, 1],
    "backward steps": lambda m, dtype: np.full(2 * m, 9, dtype)[::-2],
    "field": lambda m, dtype: np.zeros(m, [("tag", "u1"), ("value", dtype)])["value"],
}


def whole(rng, shape, dtype):
    return rng.integers(0, 10, shape).astype(dtype)


@pytest.mark.parametrize("dtype", patterns.DTYPES)
@pytest.mark.parametrize("out", OUTS)
def test_out(out, dtype):
    rng = np.random.default_rng(3)
    for m, n in ((1, 1), (5, 3), (3, 5), (40, 70), (1, 300), (300, 1), (4, 0)):
        a, x = whole(rng, (2 * m, 3 * n), dtype), whole(rng, (2 * n,), dtype)
        for matrix in (a[::2, ::3], a[::-2, ::-3], a.reshape(3 * n, 2 * m).T[::2, ::3]):
            expected = NUMPY["matvec"](matrix, x[::2])
            for path in PATHS.values():
                target = OUTS[out](m, dtype)
                assert path.matvec(matrix, x[::2], target) is target
                check_same(np.ascontiguousarray(target), expected)
                check_same(path.matvec(matrix, x[::2], out=None), expected)


@pytest.mark.parametrize("path", PATHS)
def test_out_may_be_any_writable_buffer(path):
    target = memoryview(bytearray(16)).cast("d")
    assert PATHS[path].matvec(np.ones((2, 3)), np.ones(3), target) is target
    assert list(target) == [3, 3]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("m", "n"), [(0, 0), (0, 4), (4, 0)])
def test_without_elements(path, m, n):
    check_same(PATHS[path].matvec(np.ones((m, n)), np.ones(n)), np.zeros(m))
    target = np.ones(2 * m)[::2]
    PATHS[path].matvec(np.ones((m, n)), np.ones(n), target)
    assert not target.any()


def test_wraparound():
    a = np.array([[100, 100], [-128, 1]], np.int8)
    check_same(strided.matvec(a, np.array([2, 2], np.int8)), np.array([400 - 512 + 256 - 256, 2], np.int8))
    check_same(strided.matvec(np.array([[2**62, 3]]), np.array([2, 1])), np.array([3 - 2**63]))


@pytest.mark.parametrize("dtype", patterns.DTYPES)
def test_repeated_rows_columns_and_vectors(dtype):
    row, column = np.arange(5).astype(dtype), np.arange(7).astype(dtype)[:, None]
    for a in (np.broadcast_to(row, (7, 5)), np.broadcast_to(column, (7, 5)), np.broadcast_to(row[3], (7, 5))):
        for x in (row, np.broadcast_to(row[2], 5)):
            for path in PATHS.values():
                check_same(path.matvec(a, x), NUMPY["matvec"](a, x))


def test_sources_may_share_memory():
    x = np.arange(25.0).reshape(5, 5)
    check_same(strided.matvec(x, x[1]), x @ x[1])
    check_same(strided.matvec(x, x[:, 1]), x @ x[:, 1])


def test_contiguous_packs_sources_that_overlap_the_target():
    for out in (lambda x: x[0], lambda x: x[:, 2], lambda x: x[::-1, 0]):
        x = np.arange(25.0).reshape(5, 5)
        expected = x @ x[0]
        contiguous.matvec(x, x[0], out(x))
        np.testing.assert_array_equal(out(x), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_not_finite(dtype):
    a = np.array([[1, np.inf, 0], [np.nan, 1, 1], [np.inf, -np.inf, 0], [0, 1, 2]], dtype)
    for x in ([1, 1, 1], [1, 0, 1], [-1, 2, np.inf]):
        x = np.array(x, dtype)
        for view in (a, a[:, ::-1], np.asfortranarray(a)):
            with np.errstate(invalid="ignore"):
                check_same(strided.matvec(view, x), NUMPY["matvec"](view, x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_long_rows_are_as_accurate_as_numpy(dtype):
    """A million elements of one sign, where every lost bit counts."""
    a = np.random.default_rng(4).random((8, 10**6)).astype(dtype)[:, ::-1]
    ones = np.ones(10**6, dtype)
    exact = np.array([math.fsum(row.tolist()) for row in a])
    assert np.square(strided.matvec(a, ones) - exact).sum() <= np.square(a @ ones - exact).sum()
