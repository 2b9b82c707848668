# SPDX-License-Identifier: BSD-3-Clause
"""make peers: what is measured is checked first, lines are counted right, the summary says what the cells say.

No figure is judged: times are for a quiet machine.
"""

import csv
import json

import numpy as np
import pytest

from benchmarks import patterns
from benchmarks.peers import __main__ as command
from benchmarks.peers import cell, check, grid, idioms, limits, loops, measure, reasons, results, run, summary
from strideops import pictures

CELL = grid.Cell("sum", "cut", "float64", 6)


def touched(array):
    """Distinct cache lines, element by element and byte by byte."""
    start = array.__array_interface__["data"][0]
    offsets = sum(np.ix_(*(np.arange(n) * s for n, s in zip(array.shape, array.strides, strict=True))))
    return len({(start + int(o) + b) // limits.LINE for o in np.ravel(offsets) for b in range(array.itemsize)})


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("pattern", patterns.PATTERNS)
def test_cache_lines(pattern, dtype):
    for n in (6, 40, 130):
        view = patterns.make(pattern, n, dtype)[1]
        assert limits.lines(view) == touched(view)


def test_cache_lines_of_what_no_pattern_has():
    x = np.zeros((4, 50, 60))
    for view in (x[::2, ::-7, ::9], x[1:1], x[0, 0, :1], x.T[::5, 1], np.broadcast_to(x[1, ::3, ::20], (3, 17, 3))):
        assert limits.lines(view) == (touched(view) if view.size else 0)


def test_a_wrong_peer_has_no_figure():
    wrong = {
        "wrong": lambda x: (lambda x: x.sum() + 1, (x,)),
        "refuses": lambda x: (lambda x: x.no_such_method(), (x,)),
        "has no such form": lambda x: None,
        "right": lambda x: (lambda x: x.sum(), (x,)),
    }
    samplers, refused, result = cell.prepare("sum", (np.arange(6.0),), {"peer": {"sum": wrong}})
    assert list(samplers) == [results.OURS, "peer: right"]
    assert refused["peer: wrong"] == "Wrong: 16.0 instead of 15.0"
    assert refused["peer: refuses"].startswith("AttributeError")
    assert result == 15


@pytest.mark.parametrize("op", check.TARGETS)
def test_a_peer_that_does_not_write_has_no_figure(op):
    arguments = grid.Memory(CELL).arguments(op)
    _, refused, _ = cell.prepare(op, arguments, {"peer": {op: {"idle": lambda *a: (lambda: None, ())}}})
    assert refused.keys() == {"peer: idle"}


def test_a_view_is_no_packed_copy():
    x = np.arange(6.0)
    _, refused, _ = cell.prepare("pack", (x,), {"numpy": idioms.numpy()})
    assert refused == {"numpy: np.ascontiguousarray": "Wrong: not a packed copy"}


@pytest.mark.parametrize("call", grid.CALLS)
def test_each_call_has_idioms_that_are_right(call):
    """NumPy's idioms and the loops for numba, as plain Python, on every pattern."""

    def as_python(*arguments):
        which, arguments = loops.find(op, arguments)
        return loops.function(op, *which), arguments

    op = grid.CALLS[call].op
    tables = {"numpy": idioms.numpy(), "numba": {op: {"loops": as_python}}}
    for pattern in filter(lambda pattern: grid.is_cell(call, pattern), patterns.PATTERNS):
        for dtype in ("float32", "uint8"):
            arguments = grid.Memory(grid.Cell(call, pattern, dtype, 6)).arguments(call)
            with cell.quiet():
                samplers, refused, _ = cell.prepare(op, arguments, tables)
            assert "numba: loops" in samplers, refused
            assert sum(name.startswith("numpy") for name in samplers) >= 1, refused


def test_sampler_counts_calls():
    calls = []
    sampler = measure.timer(calls.append, (None,))
    for _ in range(5):
        sampler.sample()
    assert sampler.loops > 1
    assert len(calls) > sampler.loops
    assert 0 < sampler.best < 1


def test_hopeless_candidates_are_left_out(monkeypatch):
    monkeypatch.setattr(measure, "ROUNDS", 20)
    rounds = {"ours": 0, "fast": 0, "slow": 0, "limit": 0}

    def sampler(name, seconds):
        def run_calls(loops):
            rounds[name] += 1
            return seconds * loops

        return measure.Sampler(run_calls)

    candidates = [sampler("ours", 1.0), sampler("fast", 0.1), sampler("slow", 0.5)]
    measure.interleave(candidates, [sampler("limit", 9.0)], 60)
    assert rounds == {"ours": 20, "fast": 20, "slow": 1, "limit": 20}
    measure.interleave(candidates, [], 0)
    assert rounds == {"ours": 21, "fast": 21, "slow": 1, "limit": 20}


def test_the_yardstick_of_float32_is_in_double_precision():
    x, axis = np.ones(3, np.float32), 0
    wide, widened = check.widened((x, axis))
    assert (wide[0].dtype, wide[1], widened) == (np.float64, 0, True)
    assert check.widened((x.astype(int), axis))[1] is False


def test_every_candidate_comes_first_in_its_turn(monkeypatch):
    monkeypatch.setattr(measure, "ROUNDS", 4)
    order = []

    def sampler(name):
        return measure.Sampler(lambda loops: order.append(name) or 1.0)

    measure.interleave([sampler("a"), sampler("b"), sampler("c")], [sampler("limit")], 60)
    assert "".join(name[0] for name in order) == "abcl" + "bcal" + "cabl" + "abcl"


def made_up(ours, call="sum", pattern="cut", dtype="float64", size=4096, limit=1.0, **peers):
    times = {results.OURS: ours, **{f"{peer}: np.sum": seconds for peer, seconds in peers.items()}}
    return {
        "op": call.split("_")[0],
        "call": call,
        "pattern": pattern,
        "dtype": dtype,
        "size": size,
        "lines": 2**21,
        "limit": limit,
        "memcpy": 1.5,
        "times": times,
        "refused": {},
    }


def test_summary():
    cells = [
        made_up(2.0, numpy=8.0, numba=3.0),
        made_up(2.0, numpy=1.0, call="fill"),
        made_up(1.0, numpy=20.0, call="pack", pattern="transposed"),
        made_up(4.0, call="sum_first_axis", pattern="short_rows"),
        made_up(0.5, size=6, numpy=10.0, bottleneck=1.0),
        made_up(0.001, pattern="broadcast", numpy=1.0),
    ]
    rows = [
        {"layout": "X", "elements": 2**10, "ours": 1.0, "plain": 2.0},
        {"layout": "X[::3]", "elements": 2**11, "ours": 3.0, "plain": 2.0},
    ]
    figures = {figure.name: figure for figure in summary.figures({"cells": cells, "per_element": rows})}
    worst = figures["worst cell: best peer's time / ours"]
    assert (worst.value, worst.detail, worst.met) == (0.5, "fill, cut, float64, 4096, numpy", False)
    assert figures["geometric mean: NumPy's time / ours"].value == pytest.approx((4 * 0.5 * 20 * 20 * 1000) ** 0.2)
    assert figures["share of the limit at 4096"].value == pytest.approx((0.5 * 0.5 * 1) ** (1 / 3))
    assert figures["share of the limit at 4096, short rows"].value == 0.25
    assert figures["pack(X.T), float64: memcpy's time / ours"].met
    assert figures["pack(X.T), float64: NumPy's time / ours"].value == 20
    assert figures["pack(X.T), uint8: NumPy's time / ours"].met is None
    assert figures["sum of a 6x6 view: ours / bottleneck's time"].met
    assert figures["sum of a 6x6 view: np.sum's time / ours"].value == 20
    line = figures["2^10 to 2^26 elements: ours / the plain C loop's time"]
    assert (line.value, line.met, line.detail) == (1.5, False, "X[::3], 2^11 elements")
    assert [summary.name(one) for one in summary.below_one(cells)] == ["fill, cut, float64, 4096"]


def test_a_reason_stands_beside_its_cells(monkeypatch):
    monkeypatch.setattr(reasons, "REASONS", {("fill", "*", "*", 4096): "because"})
    assert reasons.reason(made_up(2.0, call="fill")) == "because"
    assert reasons.reason(made_up(2.0, call="fill", size=64)) == ""
    assert reasons.reason(made_up(1.0, limit=0.95)) == "its cache lines, read in a row, take 95% of the time"
    assert reasons.reason(made_up(1.0, limit=0.85)) == ""


def test_merge_replaces_cells_and_keeps_the_others(tmp_path):
    about = {"machine": "here"}
    old = {"about": about, "cells": [made_up(1.0), made_up(2.0, call="fill")]}
    new = results.merge(old, {"about": about, "cells": [made_up(3.0)]})
    results.save(new, tmp_path)
    assert results.load(tmp_path)["cells"] == [made_up(3.0), made_up(2.0, call="fill")]


def test_a_run(tmp_path, monkeypatch, capsys):
    """One op, one pattern, one dtype, 6x6, against NumPy."""
    monkeypatch.setattr(limits, "ladder", lambda: [{"bytes": 4096, "read": 1e-7, "copy": 1e-7, "set": 1e-7}])
    monkeypatch.setattr(run, "per_element", lambda: [{"layout": "X", "elements": 2**10, "ours": 1e-6, "plain": 1e-6}])
    words = "--op sum --pattern cut --dtype float64 --size 6 --peer numpy --machine here --out"
    run.run(command.options([*words.split(), str(tmp_path)]))
    record = json.loads((tmp_path / "peers.json").read_text())
    assert [one["call"] for one in record["cells"]] == ["sum", "sum_first_axis", "sum_last_axis"]
    assert all(results.ours(one) > 0 and results.ratio(one) > 0 for one in record["cells"])
    assert record["about"]["machine"] == "here"
    with open(tmp_path / "peers.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert rows[0]["numpy"]
    assert rows[0]["torch"] == ""
    for name in ("heatmap", "heatmap-float64", "roofline"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in (tmp_path / f"{name}.svg").read_text()
    printed = capsys.readouterr().out
    assert "3 cells on here, against numpy" in printed
    assert "worst cell" in printed


def test_a_stop_keeps_what_has_been_measured(monkeypatch):
    def stop_at_third(one, memory, tables):
        if one.call == "sum_last_axis":
            raise KeyboardInterrupt
        return {"call": one.call}

    monkeypatch.setattr(cell, "run", stop_at_third)
    groups = [[grid.Cell(call, "cut", "float64", 6) for call in ("sum", "sum_first_axis", "sum_last_axis")]]
    assert len(list(run.measure_cells(groups, {}))) == 2


def test_unknown_names_are_named(tmp_path):
    with pytest.raises(SystemExit, match="no_such_pattern is no pattern"):
        run.choose(command.options(["--pattern", "no_such_pattern"]))


@pytest.mark.parametrize(("ratio", "text"), [(0.333, "0.33"), (2.345, "2.3"), (42.2, "42"), (12000, ">999")])
def test_ratios_fit_their_place(ratio, text):
    assert pictures.short(ratio) == text
