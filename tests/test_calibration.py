# SPDX-License-Identifier: BSD-3-Clause
"""What is made of a calibration's runs: figures of runs that were made up, and the committed table of the real ones."""

import json
import math

import generated_results as made
import numpy as np
import pytest

from benchmarks.gate import calibrate, decide, injections, publish, subset, verdicts
from benchmarks.repository import Refused

CASES = [str(case) for case in subset.TIMED]
RECORDS = sorted((made.ROOT / "results/calibration").glob("*/runs.jsonl"))


def time_run(name, slower, rng, spread=0.01):
    """As calibrate.py writes it; asv's figures are those of one noisy process."""
    first = {case: list(rng.normal(math.log1p(slower), spread, decide.FIRST_PAIRS)) for case in CASES}
    suspects = [case for case in CASES if decide.is_suspect(first[case])]
    second = {case: list(rng.normal(math.log1p(slower), spread, decide.SECOND_PAIRS)) for case in suspects}
    asv = {case: [float((1 + slower) * math.exp(rng.normal(0, 0.05))), True] for case in CASES}
    return {"what": "time", "name": name, "first": first, "asv": asv, "second": second}


def exact_run(name, **rises):
    figures = {"a requested": 64, "a copied": 0, "b instructions": 1000}
    return {"what": "exact", "name": name, "figures": figures | rises, "failed": {}}


@pytest.fixture(scope="module")
def runs():
    rng = np.random.default_rng(0)
    found = [time_run(verdicts.SAME, 0, rng) for _ in range(verdicts.HISTORY + 30)]
    for share in verdicts.SHARES:
        found += [time_run(verdicts.share_name(share), share, rng) for _ in range(4)]
    found += [exact_run(side) for side in ("base", "head") for _ in range(23)]
    found += [exact_run(verdicts.counted_name(0)), exact_run(verdicts.counted_name(0.01), **{"b instructions": 1010})]
    for injection in injections.PLANTED:
        rise = {"a copied": 8} if injection.copies else {"b instructions": 1001}
        found.append(exact_run(injection.name, **rise))
        found += [time_run(injection.name, 0, rng) for _ in range(3)]
    return found


def by_name(figures):
    return {figure.name: figure for figure in figures}


def test_figures(runs):
    found = by_name(verdicts.figures(runs))
    false = found["exact: false alarms in A/A comparisons"]
    assert (false.gate.count, false.gate.of, false.met) == (0, 2 * 23 * 23, True)
    assert found["exact: injected copies caught, down to one element"].gate == verdicts.Share(3, 3)
    assert found["exact: +1 % instructions caught"].gate.share == 1 / 3  # of three figures one counts instructions
    assert not found["exact: +1 % instructions caught"].met
    assert found["time: whole A/A runs with any alarm"].gate.of == 30
    assert found["time: whole A/A runs with any alarm"].met
    assert found["time: whole A/A runs with any alarm"].asv.share > 0.1
    assert found["time: +20 % caught"].gate.share == 1
    assert found["time: +1 % caught"].gate.share < 0.5
    assert found["time: +1 % caught"].target == ""
    assert found["planted regressions caught by either channel"].met


def test_history_is_not_judged(runs):
    """The first runs give the thresholds alone, whatever they hold."""
    wild = [time_run(verdicts.SAME, 0.5, np.random.default_rng(1)) for _ in range(verdicts.HISTORY)]
    rest = [run for run in runs if run not in verdicts.timed(runs, verdicts.SAME)[: verdicts.HISTORY]]
    assert len(verdicts.judged(wild + rest)) == len(verdicts.judged(runs)) == 30
    assert min(verdicts.spreads(wild + rest).values()) > 0.3
    assert max(verdicts.spreads(runs).values()) < 0.02


def test_a_rise_in_one_of_many_exact_runs_is_a_false_alarm(runs):
    spoiled = [*runs, exact_run("head", **{"b instructions": 1001})]
    assert verdicts.exact_false_alarms(spoiled).count == 23
    spoiled = [*runs, exact_run("head", **{"b instructions": 999})]
    assert verdicts.exact_false_alarms(spoiled).count == 23


def test_a_plant_that_nothing_sees_is_missed(runs):
    blind = [run for run in runs if not (run["what"] == "exact" and run["name"] == "no-merge")]
    blind.append(exact_run("no-merge"))
    found = by_name(verdicts.figures(blind))["planted regressions caught by either channel"]
    assert (found.gate.count, found.gate.of, found.met) == (len(injections.PLANTED) - 1, len(injections.PLANTED), False)


def test_a_curve_rises_from_strict_to_lenient(runs):
    known = verdicts.spreads(runs)
    rules = [lambda run, chance=chance: verdicts.alarms(run, known, chance) for chance in (1e-6, 1e-3, 1)]
    points = verdicts.curve(runs, 0.05, rules)
    assert points == sorted(points)
    assert points[0][1] < points[-1][1]


def test_nothing_measured_is_no_success():
    for figure in verdicts.figures([]):
        assert not figure.met
        assert str(figure.gate) == "not measured" or figure.name.startswith(("planted", "exact: injected"))


def test_what_is_published(runs, tmp_path):
    text = publish.write(runs, "made-up", "c" * 40, tmp_path)
    assert (tmp_path / "README.md").read_text() == text
    assert "| time: +20 % caught | 36 of 36 (100 %) |" in text
    assert "| no-merge | axes are not merged | instructions |" in text
    assert all(f"`{case}`" in text for case in CASES)
    assert (tmp_path / "roc.png").stat().st_size > 10_000
    folder = tmp_path / "results/calibration/made-up"
    publish.write(runs, "made-up", "c" * 40, folder)
    spreads = publish.known_spreads("made-up", tmp_path / "results")
    assert set(spreads) == set(CASES)
    assert all(0.005 < spread < 0.02 for spread in spreads.values())
    assert publish.known_spreads("nobody", tmp_path / "results") == {}


def test_what_is_missing_is_said(runs, tmp_path):
    """300 A/A runs that are judged, 20 of every size: a table of fewer says so."""
    assert verdicts.SAME_RUNS - verdicts.HISTORY == 300
    assert verdicts.missing(runs)["time", verdicts.SAME] == 270
    assert "Not all of it is measured yet" in publish.text(runs, "made-up", "c" * 40)
    whole = runs + [run for run in runs for _ in range(verdicts.SAME_RUNS)]
    assert verdicts.missing(whole) == {}
    assert list(publish._incomplete(whole)) == []


def test_how_sure_it_is():
    assert verdicts.Share(0, 300).most == pytest.approx(0.00994, abs=1e-4)
    assert verdicts.Share(3, 300).most > 0.02


def test_another_machine_does_not_go_on(tmp_path):
    record = calibrate.Record(tmp_path / "runs.jsonl", "c" * 40)
    calibrate.check_machine(record)
    calibrate.check_machine(calibrate.Record(tmp_path / "runs.jsonl"))
    other = calibrate.Record(tmp_path / "other.jsonl", "c" * 40)
    other.add({"what": "machine", "name": "another CPU"})
    with pytest.raises(Refused, match=r"were measured on another CPU, this is .*: give this machine another name"):
        calibrate.check_machine(other)


def test_there_is_a_calibration():
    assert RECORDS


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.parent.name)
def test_the_committed_table_is_that_of_its_runs(record):
    """What is published was not written by hand, and says what today's rule makes of the samples."""
    found = calibrate.Record(record)
    assert (record.parent / "README.md").read_text() == publish.text(found.runs, record.parent.name, found.commit)
    published = json.loads((record.parent / "figures.json").read_text())
    assert published["commit"] == found.commit
    assert {case: pytest.approx(spread, abs=1e-5) for case, spread in published["spreads"].items()} == verdicts.spreads(
        found.runs
    )
    assert not any(run["failed"] for run in found.runs if run["what"] == "exact")
    assert {case for run in verdicts.timed(found.runs, verdicts.SAME) for case in run["first"]} == set(CASES)
