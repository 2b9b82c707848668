# SPDX-License-Identifier: BSD-3-Clause
"""The promise: the strided path does not copy. The contiguous path does, which shows that the meter works."""

import numpy as np
import pytest
from oracle import PATHS, memory_of

from benchmarks import cases, patterns
from strideops import _core, proof

GRID = [(call, pattern) for call in cases.CALLS for pattern in patterns.PATTERNS if cases.is_case(call, pattern)]
SIZES = (6, 64, 512)


def footprint(path, call, pattern, n, dtype="float64"):
    """The bytes that one call allocates besides its result."""
    return cases.allocated_by_call(*cases.prepare(path, call, pattern, n, dtype))


@pytest.mark.parametrize(("call", "pattern"), GRID)
def test_strided_allocations_do_not_grow(call, pattern):
    assert len({footprint("strided", call, pattern, n) for n in SIZES}) == 1


@pytest.mark.parametrize(("call", "pattern"), GRID)
def test_contiguous_allocates_what_it_packs(call, pattern):
    """The element of item and the source of a broadcast copy are packed as well: all of the view, always."""
    for n in SIZES:
        _, view = patterns.make(pattern, n, "float64")
        assert footprint("contiguous", call, pattern, n) >= view.nbytes


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("pattern", patterns.PATTERNS)
def test_the_tracked_figure_is_0_without_a_copy(pattern, n):
    for call in cases.CALLS:
        if cases.is_case(call, pattern):
            assert cases.allocated("strided", call, pattern, n, "float64") == 0
            _, view = patterns.make(pattern, n, "float64")
            assert cases.allocated("contiguous", call, pattern, n, "float64") >= view.nbytes


def place(array):
    return array.__array_interface__["data"][0], array.strides


@pytest.mark.parametrize("dtype", patterns.TIMED_DTYPES)
@pytest.mark.parametrize(("call", "pattern"), GRID)
def test_the_core_receives_the_callers_memory(call, pattern, dtype):
    """Address and strides of every array argument, as they are; the shape of the first one."""
    for n in SIZES[:2]:
        function, arguments = cases.prepare("strided", call, pattern, n, dtype)
        records = []
        _core.witness(records)
        try:
            function(*arguments)
        finally:
            _core.witness(None)
        ((_, seen_dtype, shape, operands),) = records
        arrays = [argument for argument in arguments if isinstance(argument, np.ndarray)]
        assert seen_dtype == dtype
        assert shape == arrays[0].shape
        for array in arrays:
            # Of an operand that is repeated along leading axes, as the vector of matvec, the strides of its own axes.
            own = [(address, strides[len(strides) - array.ndim :]) for address, strides in operands]
            assert place(array) in own


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", patterns.DTYPES)
@pytest.mark.parametrize(("call", "pattern"), [row for row in GRID if cases.CALLS[row[0]].writes])
def test_writes_land_in_the_view_and_nowhere_else(call, pattern, dtype, path):
    """Every byte of the view is written through to the memory that it is a view of; no other byte changes."""
    base, view = patterns.make(pattern, 24, dtype)
    memory = memory_of(base)
    memory[...] = 0
    view[...] = 1
    assert np.count_nonzero(memory) > 0
    memory[...] = 0x55
    view[...] = 1
    before = memory.copy()
    op = cases.CALLS[call].op
    arguments = {"copyto": (view, np.full(view.shape, 5, dtype)), "fill": (view, 5), "scale": (view, 5)}
    arguments["axpy"] = (4, np.full(view.shape, 1, dtype), view)
    getattr(PATHS[path], op)(*arguments[op])
    assert (view == 5).all()
    view[...] = 1
    np.testing.assert_array_equal(memory, before)


def test_a_chunked_copy_is_seen():
    """np.sum passes a cut array through a buffer of 64 KiB: the meter shows what shares_memory cannot."""
    _, x = patterns.make("cut", 512, "float64")
    np.sum(x)
    assert proof.allocated(np.sum, x).total > 2**16
