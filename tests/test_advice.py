# SPDX-License-Identifier: BSD-3-Clause
"""strideops.advise: from a model to a break-even. Whether the model is right is measured, not tested."""

import math

import numpy as np
import pytest

import strideops
from benchmarks import advice as calibration
from benchmarks import cases, passes, patterns
from strideops import advice, layouts


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


def model(op="sum", passes=2.0, copies=10.0):
    """A pass over any layout takes twice as long as over its copy, but where it lies in one piece."""
    keys = [(kind, amount) for kind, amounts in layouts.KINDS.items() for amount in amounts]
    footprints = {key: [2.0**12, 2.0**25] for key in keys}
    slower = {key: [1.0 if key[0] == "whole" else passes] * 2 for key in keys}
    return advice.Model(op, "float64", 0.0, footprints, slower, {key: [copies] * 2 for key in keys}, [1e-9] * 2)


@pytest.fixture
def simple(monkeypatch):
    monkeypatch.setattr(advice, "_model", lambda op, dtype: model(op))


def test_advice(simple):
    x = np.zeros((64, 64))[:, ::2]
    few, many = advice.advise(x, 9), advice.advise(x, 11)
    assert (few.path, many.path) == ("strided", "contiguous")
    assert few.break_even == pytest.approx(10)
    assert many.strided == pytest.approx(11 * 2 * x.size * 1e-9)
    assert many.contiguous == pytest.approx((10 + 11) * x.size * 1e-9)
    assert "pays from 10 passes on" in str(few)


def test_what_is_in_one_piece_is_never_packed(simple):
    for x in (np.zeros((64, 64)), np.zeros((64, 64)).T, np.zeros((64, 64))[::-1, ::-1]):
        told = advice.advise(x, 1000)
        assert (told.path, told.break_even) == ("strided", math.inf)
        assert "never pays" in told.reason


def test_the_order_of_a_transposed_array_matters_to_some(simple):
    x = np.zeros((64, 64)).T
    assert advice.advise(x, op="sum").break_even == math.inf
    assert advice.advise(x, op="argmax").break_even == pytest.approx(10)


@pytest.mark.parametrize(
    ("view", "kind"),
    [
        (lambda x: x, "whole"),
        (lambda x: x[::-1, ::-1], "whole"),
        (lambda x: x.T, "whole"),
        (lambda x: x[:, :-2], "rows"),
        (lambda x: x[:, ::3], "steps"),
        (lambda x: x[:, :4], "far rows"),
        (lambda x: x[:, 0], "critical"),
        (np.diagonal, "far"),
        (lambda x: np.broadcast_to(x[0], x.shape), "repeated"),
        (lambda x: np.lib.stride_tricks.sliding_window_view(x, (3, 3)), "again"),
        (lambda x: x[0, 0], "whole"),
    ],
)
def test_kinds(view, kind):
    x = np.asarray(view(np.zeros((512, 512))))
    assert layouts.walk_of(x.shape, x.strides, x.itemsize, False).kind == kind


def test_footprints():
    """Cache lines that a pass touches, in bytes."""
    x = np.zeros((512, 512))
    assert layouts.walk_of(x.shape, x.strides, 8, False).footprint == pytest.approx(x.nbytes, rel=0.01)
    column = x[:, 0]
    assert layouts.walk_of(column.shape, column.strides, 8, False).footprint == 512 * 64
    half = x[:, ::2]
    assert layouts.walk_of(half.shape, half.strides, 8, False).footprint == pytest.approx(x.nbytes, rel=0.03)
    colours = np.zeros((64, 64, 3))[::2, ::2]  # every second of 64 rows, whole
    assert layouts.walk_of(colours.shape, colours.strides, 8, False).footprint == pytest.approx(32 * 1536, rel=0.05)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "uint8"])
def test_examples_are_what_they_stand_for(dtype):
    itemsize = np.dtype(dtype).itemsize
    for kind, amounts in layouts.KINDS.items():
        for amount in amounts:
            if kind == "steps" and round(amount * itemsize) == itemsize:
                continue  # of bytes
            for footprint in layouts.FOOTPRINTS[1:3]:
                shape, strides = layouts.example(kind, amount, footprint, itemsize)
                walk = layouts.walk_of(shape, strides, itemsize, True)
                assert (walk.kind, math.isclose(walk.amount, amount, rel_tol=0.15)) == (kind, True), (kind, amount)
                assert footprint / 2 <= walk.footprint <= 2 * footprint


def test_a_model_of_this_machine(monkeypatch):
    """It takes every kind, and its times are times."""
    monkeypatch.setattr(advice, "FOOTPRINTS", advice.FOOTPRINTS[:2])
    found = advice.calibrate("sum", "float32")
    assert {kind for kind, _ in found.passes} == set(layouts.KINDS)
    for ratios in (*found.passes.values(), *found.copies.values()):
        assert all(1e-3 < ratio < 1e3 for ratio in ratios)
    assert all(0 < time < 1e-6 for time in found.whole)


@pytest.mark.parametrize("pattern", patterns.PATTERNS)
def test_every_pattern_gets_advice(simple, pattern):
    _, view = patterns.make(pattern, 64, "float64")
    for op in advice.OPS:
        if cases.is_case(op, pattern):
            told = strideops.advise(view, passes=8, op=op)
            assert told.path in ("strided", "contiguous")
            assert told.strided > 0
            assert told.contiguous > 0


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros((3, 0)), np.zeros(()), np.zeros((1, 1, 1))])
def test_small_ones(simple, x):
    assert strideops.advise(x).path == "strided"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1, 2],), TypeError, "wants an ndarray, got list"),
        ((np.zeros(3), 0), ValueError, "1 or more, got 0"),
        ((np.zeros(3), 1, "median"), ValueError, "no op 'median'"),
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
    assert set(passes.CALLS) == set(advice.OPS)
    for path in cases.PATHS:
        run, (count, function, *arguments) = passes.prepare(path, "sum", "cut", 64, 4)
        seen = []
        run(count, seen.append, *arguments)
        assert [function(x) for x in seen] == 4 * [function(*arguments)]


def test_a_cell_of_the_calibration(simple, tmp_path):
    """A row measures and predicts; its picture is drawn."""
    row = calibration.compare("sum", "cut", 64)
    assert (row["call"], row["pattern"], row["size"], row["predicted"]) == ("sum", "cut", 64, 10)
    assert row["measured"] is None or row["measured"] >= 1
    never = {**row, "measured": None, "predicted": None, "agrees": True}
    calibration.draw([row, never], "made-up", tmp_path / "made-up.json")
    assert "predicted by strideops.advise" in (tmp_path / "made-up.svg").read_text()
    assert (tmp_path / "made-up.png").exists()


def test_cells_are_those_of_the_family():
    found = list(calibration.cells())
    assert (
        len(found)
        == len(set(found))
        == len(passes.SIZES)
        * sum(cases.is_case(call, pattern) for call in passes.CALLS for pattern in patterns.PATTERNS)
    )
