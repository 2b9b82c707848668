# SPDX-License-Identifier: BSD-3-Clause
"""strideops.advise: from a model to a break-even. Whether the model is right is measured, not tested."""

import math

import numpy as np
import pytest

import strideops
from benchmarks import advice as calibration
from benchmarks import cases, passes, patterns
from strideops import advice, layouts, rates


@pytest.mark.parametrize(
    ("strided", "contiguous", "even"),
    [
        ([2, 4, 8, 16, 32], [11, 12, 14, 18, 26], 10),
        ([2, 4, 8, 16, 32], [1, 2, 4, 8, 16], 1),
        ([2, 4, 8, 16, 32], [3, 6, 12, 24, 48], math.inf),
    ],
)
def test_break_even(strided, contiguous, even):
    found = advice.break_even([1, 2, 4, 8, 16], np.array(strided, float), np.array(contiguous, float))
    assert found == pytest.approx(even)


def stand_in(packed=1.0, copy=10.0, element=1e-9):
    """For `calibrate`: of layouts with gaps, a pass takes twice as long as over the copy."""

    def told(op, dtype, shape, strides, offset=0, numbers=None, memory=0):
        itemsize = np.dtype(dtype).itemsize
        one_piece = layouts.is_one_piece(shape, strides, itemsize, op in rates.IN_ORDER)
        second = math.prod(shape) * element
        slow = second if one_piece else 2 * second
        counts = rates.PASSES
        return advice.Rates(
            counts,
            tuple(slow * count for count in counts),
            tuple((copy + packed * count) * second for count in counts),
        )

    return told


@pytest.fixture
def forgotten():
    advice._remembered.clear()
    yield
    advice._remembered.clear()


@pytest.fixture
def simple(monkeypatch, forgotten):
    monkeypatch.setattr(advice, "calibrate", stand_in())


def test_advice(simple):
    x = np.zeros((64, 64))[:, ::2]
    few, many = advice.advise(x, 9), advice.advise(x, 11)
    assert (few.path, many.path) == ("strided", "contiguous")
    assert few.break_even == pytest.approx(10)
    assert many.strided == pytest.approx(11 * 2 * x.size * 1e-9)
    assert many.contiguous == pytest.approx((10 + 11) * x.size * 1e-9)
    assert "pays from 10 passes on" in str(few)
    assert advice.advise(x, 100).contiguous == pytest.approx(110 * x.size * 1e-9)  # more than was measured


def test_what_is_in_one_piece_is_never_packed(simple):
    for x in (np.zeros((64, 64)), np.zeros((64, 64)).T, np.zeros((64, 64))[::-1, ::-1]):
        told = advice.advise(x, 1000)
        assert (told.path, told.break_even) == ("strided", math.inf)
        assert "never pays" in told.reason


def test_the_order_of_a_transposed_array_matters_to_some(simple):
    x = np.zeros((64, 64)).T
    assert advice.advise(x, op="sum").break_even == math.inf
    assert advice.advise(x, op="argmax").break_even == pytest.approx(10)


def test_straight_lines_between_the_passes_and_behind_them():
    told = advice.Rates((1, 8, 64), (2.0, 16.0, 128.0), (12.0, 26.0, 138.0))
    assert told.at(1) == (2, 12)
    assert told.at(4.5) == (9, 19)
    assert told.at(128) == (256, 266)
    assert told.break_even == math.inf
    assert advice.Rates((1, 8), (2.0, 16.0), (11.0, 18.0)).break_even == pytest.approx(10)
    assert advice.Rates((1, 8), (2.0, 16.0), (1.5, 8.0)).break_even == 1


@pytest.mark.parametrize("dtype", ["float64", "int16", "uint8"])
@pytest.mark.parametrize("pattern", patterns.PATTERNS)
def test_what_is_measured_lies_as_the_array_does(pattern, dtype):
    base, view = patterns.make(pattern, 64, dtype)
    offset = view.ctypes.data % layouts.LINE
    for numbers in (None, view):
        other = rates._operand(view.shape, view.strides, view.dtype, offset, numbers, 3 * base.nbytes)
        assert (other.shape, other.strides, other.dtype) == (view.shape, view.strides, view.dtype)
        assert other.ctypes.data % layouts.LINE == offset
        assert other.base.nbytes == 3 * base.nbytes
        assert np.unique(other).size > 1 or other.size < 97
    assert np.array_equal(other, view)
    assert not np.shares_memory(other, view)


@pytest.mark.parametrize("op", rates.OPS)
def test_the_numbers_are_those_of_the_array(hasty, monkeypatch, op):
    """How long argmin looks depends on them; of what is too large it is the first ones."""
    monkeypatch.setattr(rates, "MEMORY", 2**13)
    seen, operands = [], rates._operands
    monkeypatch.setattr(rates, "_operands", lambda *layout: seen.append(operands(*layout)) or seen[-1])
    x = np.random.default_rng(0).random((40, 40))[:, ::2]
    strideops.advise(x, op=op)
    for first, *more in seen:
        m, n = first.shape
        assert 1 < m < 40
        assert np.array_equal(first, x[:m, :n])
        for second in more:
            assert np.array_equal(second, first if op == "dot" else first[0])


def test_large_memory_is_measured_in_large_memory(hasty, monkeypatch):
    """NumPy asks for large pages there; a view of it may be small."""
    seen, operands = [], rates._operands
    monkeypatch.setattr(rates, "_operands", lambda *layout: seen.append(layout[-1]) or operands(*layout))
    for rows in (1, 3000):
        strideops.advise(np.zeros((rows, 512))[:1].reshape(8, 64)[:, ::2])
    assert sorted(set(seen)) == [4096, rates.LARGE_PAGES]
    assert len(advice._remembered) == 2


@pytest.fixture
def hasty(monkeypatch, forgotten):
    for name, value in (("SAMPLE", 1e-6), ("WARM", 1e-6), ("BUDGET", 1e-3), ("LIMIT", 1e-3)):
        monkeypatch.setattr(rates, name, value)


@pytest.mark.parametrize("op", rates.OPS)
def test_times_are_times(hasty, op):
    x = np.zeros((100, 64), np.float32)[:, ::2]
    told = advice.calibrate(op, "float32", x.shape, x.strides)
    assert told.passes in (rates.PASSES, rates.PASSES[:-1])  # the last takes long where calls do
    assert all(1e-9 < time < 1 for time in (*told.strided, *told.contiguous))
    assert list(told.strided) == sorted(told.strided)


def test_a_layout_is_measured_once(hasty):
    x = np.zeros((8, 8))
    first = strideops.advise(x[:, ::2])
    assert strideops.advise(x[:, ::2]) == first
    assert len(advice._remembered) == 1


def test_not_every_layout_is_remembered_for_ever(simple, monkeypatch):
    monkeypatch.setattr(advice, "MOST_REMEMBERED", 3)
    for n in range(2, 12):
        strideops.advise(np.zeros(n)[::2])
        assert 1 <= len(advice._remembered) <= 3


@pytest.mark.parametrize(
    ("turns", "clear"),
    [
        ([[2.0, 1.0, 0.5]] * 4, True),
        ([[2.0, 1.1, 0.9], [2.0, 1.1, 0.97]] * 2, False),  # 25 and 40 passes
        ([[2.0, 1.5, 1.2], [2.0, 1.5, 1.1]] * 2, True),  # it never pays
        ([[2.0, 1.5, 1.2], [2.0, 1.1, 0.9]] * 2, False),
    ],
)
def test_turns_that_tell_the_same(turns, clear):
    assert rates._is_clear([[*turn, 1e-6] for turn in turns], rates.PASSES) == clear


def test_of_what_is_too_large_a_part_is_measured(hasty, monkeypatch):
    monkeypatch.setattr(rates, "MEMORY", 2**16)
    seen = []
    monkeypatch.setattr(rates, "_operands", lambda op, shape, *more: seen.append(shape) or [np.zeros(shape)])
    told = advice.calibrate("sum", "float64", (10**9, 4), (64, 8))
    assert set(seen) == {(1024, 4)}
    assert told.strided[0] > 1e-3  # in proportion
    broadcast = advice.calibrate("sum", "float64", (10**9, 4), (0, 8))
    assert broadcast.strided[0] < 1e-3 < broadcast.contiguous[0]


@pytest.mark.parametrize("pattern", patterns.PATTERNS)
def test_every_pattern_gets_advice(simple, pattern):
    _, view = patterns.make(pattern, 64, "float64")
    for op in rates.OPS:
        if cases.is_case(op, pattern):
            told = strideops.advise(view, passes=8, op=op)
            assert told.path in ("strided", "contiguous")
            assert told.strided > 0
            assert told.contiguous > 0


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros((3, 0)), np.zeros(()), np.zeros((1, 1, 1))])
def test_small_ones(simple, x):
    assert strideops.advise(x).path == "strided"


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros((3, 0)), np.zeros(()), np.zeros((1, 1, 1))])
def test_small_ones_are_measured(hasty, x):
    for op in rates.OPS:
        if op != "matvec":
            told = strideops.advise(x, 1000, op)
            assert 0 < told.strided < 1
            assert 0 < told.contiguous < 1


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1, 2],), TypeError, "wants an ndarray, got list"),
        ((np.zeros(3), 0), ValueError, "1 or more, got 0"),
        ((np.zeros(3), 1, "median"), ValueError, "no op 'median'"),
        ((np.zeros(3), 1, "matvec"), ValueError, "2 axes, got 1"),
        ((np.zeros(3, complex),), TypeError, "got complex128"),
        ((np.zeros(3, ">f8"),), TypeError, "got >f8"),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        strideops.advise(*arguments)


@pytest.mark.parametrize(
    ("measured", "predicted", "agree"),
    [
        (10, 14.9, True),
        (10, 15.1, False),
        (10, 6.6, False),
        (math.inf, 100, True),
        (math.inf, 60, False),
        (60, math.inf, False),
        (70, math.inf, True),
    ],
)
def test_agreement(measured, predicted, agree):
    assert calibration.agrees(measured, predicted, 64) == agree


def test_both_paths_of_the_passes_do_the_same():
    assert set(passes.CALLS) == set(rates.OPS)
    for path in cases.PATHS:
        run, (count, function, *arguments) = passes.prepare(path, "sum", "cut", 64, 4)
        seen = []
        run(count, seen.append, *arguments)
        assert [function(x) for x in seen] == 4 * [function(*arguments)]


def test_a_cell_of_the_calibration(simple, monkeypatch, tmp_path):
    """A row measures and predicts; its picture is drawn."""
    monkeypatch.setattr(calibration, "SAMPLE", 1e-6)
    monkeypatch.setattr(calibration, "BUDGET", 0.01)
    row = calibration.compare("sum", "cut", 64)
    assert (row["call"], row["pattern"], row["size"], row["predicted"]) == ("sum", "cut", 64, 10)
    assert row["measured"] is None or row["measured"] >= 1
    never = {**row, "measured": None, "interval": [20, None], "predicted": None, "agrees": True}
    calibration.draw([row, never], "made-up", tmp_path / "made-up.json")
    assert "predicted by strideops.advise" in (tmp_path / "made-up.svg").read_text()
    assert (tmp_path / "made-up.png").exists()
    assert "of 2 cells" in calibration.summary([row, never])
    for agree in (True, False):  # none of the other kind
        calibration.draw([{**never, "agrees": agree}], "made-up", tmp_path / "made-up.json")


def test_the_interval_of_a_break_even():
    """What lies between the rounds, and is one number where they are alike."""
    exact = np.array([[(10 + count) / (2 * count) for count in passes.PASSES]] * 9)
    assert calibration.even_of(exact) == pytest.approx(10, rel=0.1)
    assert len(set(calibration.interval(exact))) == 1
    noisy = exact * np.linspace(0.9, 1.1, 9)[:, None]
    low, high = calibration.interval(noisy)
    assert low < calibration.even_of(noisy) < high


def test_cells_are_those_of_the_family():
    found = list(calibration.cells())
    assert (
        len(found)
        == len(set(found))
        == len(passes.SIZES)
        * sum(cases.is_case(call, pattern) for call in passes.CALLS for pattern in patterns.PATTERNS)
    )
