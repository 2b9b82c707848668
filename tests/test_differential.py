# SPDX-License-Identifier: BSD-3-Clause
"""Every op x both paths against NumPy on drawn layouts, and the same in every variant of the kernels."""

import inspect
import math
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from ccompiler import run
from hypothesis import given, note, settings
from hypothesis import strategies as st
from layouts import (
    DTYPES,
    block_of,
    extreme_numbers,
    layouts,
    layouts_of,
    place,
    shapes,
    special_numbers,
    whole_numbers,
)
from oracle import NUMPY, PATHS, check_same

import strideops
from strideops import strided

REDUCTIONS = [op for op in strided.__all__ if "axis" in inspect.signature(getattr(strided, op)).parameters]
CASES = Counter()


def outcome(function, arguments, **options):
    """The result, ValueError instead of one, and all bytes of the operands."""
    with np.errstate(all="ignore"):
        try:
            result = function(*arguments, **options)
        except ValueError:
            result = ValueError
    return result, [block_of(argument) for argument in arguments if isinstance(argument, np.ndarray)]


def almost(expected, got):
    """What is expected, with the numbers that were got where they are neighbours."""
    np.testing.assert_array_max_ulp(got, expected)
    return type(expected)(got) if expected.ndim == 0 else got.astype(expected.dtype)


def check(op, make_arguments, refused_by=(), rounds=False, **options):
    """Both paths do what NumPy does, to every byte, or refuse and change nothing."""
    expected, changed = outcome(NUMPY[op], make_arguments(), **options)
    for path in PATHS:
        note(f"{path}.{op} {options}")
        CASES[op] += 1
        got, memory = outcome(getattr(PATHS[path], op), make_arguments(), **options)
        refused = path in refused_by
        if refused or expected is ValueError:
            assert got is ValueError
        else:
            check_same(got, almost(expected, got) if rounds else expected)
        original = [block_of(a) for a in make_arguments() if isinstance(a, np.ndarray)] if refused else changed
        for mine, theirs in zip(memory, original, strict=True):
            assert np.array_equal(mine, theirs)


def draw_axis(data, op, ndim):
    """None, an axis, or several for an op that takes them."""
    if not ndim:
        return None
    axes = st.integers(-ndim, ndim - 1)
    several = st.lists(axes, unique_by=lambda axis: axis % ndim).map(tuple)
    return data.draw(st.one_of(st.none(), axes, *([] if op.startswith("arg") else [several])))


def check_reductions(data, ops, numbers):
    layout = data.draw(layouts())
    values = data.draw(numbers(layout.dtype))
    for op in ops:
        axis, keepdims = draw_axis(data, op, len(layout.shape)), data.draw(st.booleans())
        rounds = op == "norm" and numbers is not whole_numbers
        check(op, lambda: [place(layout, values)], rounds=rounds, axis=axis, keepdims=keepdims)


@given(st.data())
def reductions(data):
    check_reductions(data, REDUCTIONS, whole_numbers)


@given(st.data())
def reductions_of_special_numbers(data):
    check_reductions(data, REDUCTIONS, special_numbers)


@given(st.data())
def places_of_extreme_numbers(data):
    check_reductions(data, [op for op in REDUCTIONS if op.endswith(("min", "max"))], extreme_numbers)


@given(st.data())
def reads(data):
    """item and dot, and matvec of what has two axes."""
    layout = data.draw(layouts())
    numbers = data.draw(st.sampled_from((whole_numbers, special_numbers)))(layout.dtype)
    values, other_values = data.draw(numbers), data.draw(numbers)
    other = data.draw(layouts_of(layout.shape, layout.dtype, apart=False))
    check("dot", lambda: [place(layout, values), place(other, other_values)])
    if math.prod(layout.shape):
        index = [data.draw(st.integers(-length, length - 1)) for length in layout.shape]
        check("item", lambda: [place(layout, values), *index])
    if "matvec" in strided.__all__ and len(layout.shape) == 2:
        x = data.draw(layouts_of(layout.shape[1:], layout.dtype, apart=False))
        out = data.draw(layouts_of(layout.shape[:1], layout.dtype, apart=True))
        check("matvec", lambda: [place(layout, values), place(x, other_values)])
        check("matvec", lambda: [place(layout, values), place(x, other_values), place(out, values)])


@given(st.data())
def writes(data):
    """To and from the layout; to one that overlaps itself never."""
    layout = data.draw(layouts())
    refused = tuple(PATHS) if layout.overlaps_itself() else ()
    values, other_values = data.draw(whole_numbers(layout.dtype)), data.draw(whole_numbers(layout.dtype))
    alpha = data.draw(st.integers(0, 3))
    lead = data.draw(st.integers(0, len(layout.shape)))
    source = data.draw(layouts_of(layout.shape[lead:], layout.dtype, apart=False))
    target = data.draw(layouts_of(layout.shape, layout.dtype, apart=True))

    def pair(to, of):
        return [place(to, values), place(of, other_values)]

    check("fill", lambda: [place(layout, values), alpha], refused)
    check("scale", lambda: [place(layout, values), alpha], refused)
    check("copyto", lambda: pair(layout, source), refused)
    check("axpy", lambda: [alpha, *reversed(pair(layout, source))], refused)
    check("copyto", lambda: pair(target, layout))
    check("axpy", lambda: [alpha, *reversed(pair(target, layout))])


# Pairs of parts of one axis: the same, each other's reverse, neighbours, and interleaved.
PARTS = [
    (slice(None), slice(None)),
    (slice(None), slice(None, None, -1)),
    (slice(1, None), slice(-1)),
    (slice(-1), slice(1, None)),
    (slice(None, -1, 2), slice(1, None, 2)),
]


@given(st.data())
def writes_within_one_array(data):
    """Where source and target share some memory, only the path that packs first can run."""
    shape, dtype = data.draw(shapes().filter(len)), data.draw(st.sampled_from(DTYPES))
    layout, values = data.draw(layouts_of(shape, dtype, apart=True)), data.draw(whole_numbers(dtype))
    axis, parts = data.draw(st.integers(0, len(shape) - 1)), data.draw(st.sampled_from(PARTS))

    def pair():
        whole = np.moveaxis(place(layout, values), axis, 0)
        return [whole[part] for part in parts]

    target, source = pair()
    same = len(target) <= 1 or parts[0] == parts[1]
    refused = ("strided",) if np.shares_memory(target, source) and not same else ()
    check("copyto", pair, refused)
    check("axpy", lambda: [2, *reversed(pair())], refused)


# Of each check the least number of (layout, op, path) cases in a full run.
CHECKS = {
    reductions: 7_200,
    reductions_of_special_numbers: 7_200,
    places_of_extreme_numbers: 4_800,
    reads: 2_600,
    writes: 7_200,
    writes_within_one_array: 2_400,
}


@pytest.mark.parametrize("draw", CHECKS, ids=lambda draw: draw.__name__)
def test_drawn_layouts(draw):
    CASES.clear()
    draw()
    assert CASES.total() >= CHECKS[draw] * settings.default.max_examples / settings.get_profile("drawn").max_examples


def test_there_are_20_000_cases():
    assert sum(CHECKS.values()) >= 20_000


LENGTHS = (8, 63, 64, 65, 127, 128, 129, 191, 256, 384, 700, 1024, 1025, 2050, 16385, 40000)


def rows_of(value, dtype, step, width):
    """Rows of one value with steps, one and several, and rows of a few elements; what lies between is another value."""
    for length in LENGTHS:
        base = np.full((9, length * step + 3), 1, dtype)
        base[:, : length * step : step] = value
        yield base[0, : length * step : step]
        yield base[:, : length * step : step]
    if width < step:
        base = np.full((700, step), 1, dtype)
        base[:, :width] = value
        yield base[:, :width]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
def test_sums_of_the_largest_numbers(dtype):
    """Partial sums have less room than the result: none of them may overflow, however rows are put together."""
    ends = np.iinfo(dtype)
    for value in (int(ends.max), int(ends.min) or int(ends.max) - 1):
        for step in range(1, 18):
            for x in rows_of(value, dtype, step, step // 2 or 1):
                assert int(strided.sum(x)) == value * x.size, (value, step, x.shape)
                assert (strided.sum(x, -1) == value * x.shape[-1]).all(), (value, step, x.shape)
                assert strided.norm(x) == np.sqrt(float(value * value * x.size)), (value, step, x.shape)
                assert strided.dot(x, x) == np.array(value * value * x.size).astype(dtype), (value, step, x.shape)


@pytest.mark.parametrize("dtype", DTYPES)
def test_columns_over_many_pages(dtype):
    """Each element in a page of its own, more of them than a processor keeps translations of."""
    pages = np.zeros((2500, 4096 // np.dtype(dtype).itemsize), dtype)
    columns = pages[:, 3:6]
    columns[...] = np.random.default_rng(0).integers(0, 8, columns.shape)
    views = [x for n in (2047, 2048, 2063, 2500) for x in (columns[:n, 0], columns[n - 1 :: -1, 0], columns[:n].T)]
    if columns.dtype.kind == "f":
        columns[[2100, 2200], 1] = math.nan
        views.append(columns[:, 1])
    for x in views:
        for op in REDUCTIONS:
            for axis in (None, -1):
                check_same(getattr(strided, op)(x, axis=axis), NUMPY[op](x, axis=axis))
        check_same(strided.dot(x, x[..., ::-1]), NUMPY["dot"](x, x[..., ::-1]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_long_rows_lie_anywhere_in_their_pages(dtype):
    """A target a few bytes further in its page than the source is written in pieces."""
    for columns in (1536, 1537, 5000):
        values = np.random.default_rng(0).integers(0, 99, (3, 2 * columns)).astype(dtype)[:, :columns]
        for ahead in (0, 1, 8, 31, 32, 4095):
            memory = np.zeros(values.nbytes + 2 * 4096, np.uint8)
            begin = (values.ctypes.data + ahead - memory.ctypes.data) % 4096
            y = memory[begin : begin + values.nbytes].view(dtype).reshape(values.shape)
            strided.copyto(y, values)
            assert np.array_equal(y, values)
            assert not memory[:begin].any()
            assert not memory[begin + values.nbytes :].any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_long_rows_begin_anywhere(dtype):
    """What comes before the first cache line of a row is read and written as well, and nothing before that."""
    size = 70_000 // np.dtype(dtype).itemsize
    values = np.random.default_rng(0).integers(0, 8, size).astype(dtype)

    def places(offset):
        memory = np.zeros(size * values.itemsize + 128, np.uint8)
        row = memory[offset : offset + values.nbytes].view(dtype)
        row[:] = values
        return memory, row

    for offset in range(64):
        _, x = places(offset)
        x[[1, -1]] = 9, 10
        for op in REDUCTIONS:
            check_same(getattr(strided, op)(x), NUMPY[op](x))
        check_same(strided.dot(x, values), NUMPY["dot"](x, values))
        if x.dtype.kind == "f":
            x[2] = math.nan
            for op in ("min", "max", "argmin", "argmax"):
                check_same(getattr(strided, op)(x), NUMPY[op](x))
        for op, before, after in (("fill", (), (3,)), ("scale", (), (2,)), ("axpy", (2, x), ())):
            (got, y), (expected, z) = places(offset), places(offset)
            getattr(strided, op)(*before, y, *after)
            NUMPY[op](*before, z, *after)
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("isa", ["portable", "avx2", "avx512"])
def test_variant(isa, tmp_path):
    """All of this with the kernels of one instruction set, on fewer layouts: 5,000 cases."""
    if isa == strideops.isa:
        pytest.skip(f"{isa} is what the other tests have run")
    environment = os.environ | {"STRIDEOPS_ISA": isa}
    loads = [sys.executable, "-P", "-c", "import strideops; print(strideops.isa)"]
    done = subprocess.run(loads, env=environment, capture_output=True, text=True, check=False)
    if "STRIDEOPS_ISA" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.stdout == f"{isa}\n"
    chosen = "test_drawn_layouts or largest_numbers or many_pages or anywhere"
    tests = ["-k", chosen, "--hypothesis-profile", "variant", "-p", "no:cacheprovider"]
    assert "40 passed" in run(sys.executable, "-P", "-m", "pytest", "-q", *tests, __file__, env=environment)
