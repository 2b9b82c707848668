# SPDX-License-Identifier: BSD-3-Clause
"""A history of results: which commits come first, what is skipped, and what asv's own pages show of a planted rise."""

import json
import subprocess
from itertools import pairwise

import generated_results as made
import pytest

from benchmarks.fleet import history


def publish(folder):
    """asv's regressions: (benchmark and parameters) -> (best value, last value, jumps)."""
    found = json.loads((made.publish(folder) / "regressions.json").read_text())["regressions"]
    return {name: (best, last, jumps) for name, _, _, _, last, best, jumps in found}


def test_a_planted_rise_is_on_asvs_page_of_regressions(tmp_path):
    made.make_history(tmp_path, rise_at=15)
    found = publish(tmp_path)
    planted = "('strided', 'cut', 512, 'float64')"
    assert set(found) == {f"{name}{planted}" for name in (made.TIME, made.BYTES)}
    best, last, jumps = found[f"{made.BYTES}{planted}"]
    assert (best, last) == (0, 288)
    assert [jump[1] for jump in jumps] == [15]  # asv's revisions are numbers of commits
    best, last, jumps = found[f"{made.TIME}{planted}"]
    assert last / best == pytest.approx(1.3, abs=0.05)
    assert [jump[1] for jump in jumps] == [15]


def test_a_steady_history_has_no_regression(tmp_path):
    made.make_history(tmp_path)
    assert publish(tmp_path) == {}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 100])
def test_coarse_to_fine_takes_everything_once(count):
    items = list(range(count))
    chosen = history.coarse_to_fine(items)
    assert sorted(chosen) == items
    assert chosen[:2] == [items[0], items[-1]] if count > 1 else chosen == items


def test_a_history_that_is_stopped_is_even():
    """After so many commits no gap is more than twice as long as another."""
    for most in range(3, 60):
        places = sorted(history.coarse_to_fine(range(129))[:most])
        gaps = [after - before for before, after in pairwise(places)]
        assert max(gaps) <= 2 * min(gaps) + 1


def test_commits_are_those_that_change_the_package():
    found = history.commits(["HEAD"])
    touched = subprocess.run(
        ["git", "show", "--name-only", "--format=", found[0]], cwd=made.ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert any(file.startswith(history.PACKAGE) for file in touched)


@pytest.fixture
def asv(monkeypatch, tmp_path):
    """history.main on results in a folder of its own, with an asv that takes no time: the commits that it was given."""
    from asv.machine import MachineCollection

    asked = []
    bad = history.commits(["HEAD"])[0]

    def measure(commit, environment, name):
        if len(asked) == asv.stop:
            raise KeyboardInterrupt
        asked.append(commit)
        values = {} if commit == bad else {made.STRIDED_CUT: 1e-3}
        found = made.result(commit, {made.TIME: made.row(values)}, environment=environment.name)
        made.write_result(tmp_path, found)

    def asv(*arguments, stop=None):
        asv.stop = stop
        asked.clear()
        history.main(["--machine", "made-up", *arguments])
        return list(asked)

    asv.bad = bad
    monkeypatch.setattr(history, "measure", measure)
    monkeypatch.setattr(history, "has_values", lambda file, name: not file.name.startswith(bad[:8]))
    monkeypatch.setattr("asv.environment.Environment.create", lambda environment: None)
    monkeypatch.setattr("benchmarks.environments.broken_claims", lambda environment: [])
    monkeypatch.setattr(history.machine, "describe", lambda name: {"machine": name})
    monkeypatch.setattr("asv.config.Config.load", _configured(tmp_path))
    monkeypatch.setattr(MachineCollection, "get_machine_file_path", staticmethod(lambda: str(tmp_path / "machines")))
    return asv


def _configured(folder):
    from asv.config import Config

    conf = Config.load(str(made.ROOT / "asv.conf.json"))
    conf.results_dir = str(folder)
    return lambda path: conf


def test_what_is_there_is_skipped(asv, capsys):
    every = history.commits(["HEAD"])
    assert asv("--most", "3") == history.coarse_to_fine(every)[:3]
    assert asv("--most", "2") == history.coarse_to_fine(every)[3:5]
    assert f"{len(every)} commits, 3 of them are there" in capsys.readouterr().out


def test_an_interrupted_history_goes_on(asv):
    with pytest.raises(KeyboardInterrupt):
        asv(stop=2)
    assert asv("--most", "1") == history.coarse_to_fine(history.commits(["HEAD"]))[2:3]


def test_the_time_may_be_over(asv, capsys):
    assert asv("--minutes", "0") == []
    assert "time is over" in capsys.readouterr().out


def test_a_commit_that_does_not_build_is_told_and_not_built_again(asv, capsys):
    assert asv("--most", "1") == [asv.bad]
    assert f"did not build, or no benchmark ran: {asv.bad[:8]}" in capsys.readouterr().out
    assert asv.bad not in asv("--most", "1")
    assert asv("--most", "1", "--again") == [asv.bad]


def test_values_of_a_commit(tmp_path):
    path = made.write_result(tmp_path, made.result("c" * 40, {made.TIME: made.row({made.STRIDED_CUT: 1e-3})}))
    assert history.has_values(path, "made-up")
    path = made.write_result(tmp_path, made.result("c" * 40, {made.TIME: [None, made.PARAMS, "1"]}))
    assert not history.has_values(path, "made-up")


def test_a_file_that_was_cut_off_is_set_aside(tmp_path, capsys):
    path = made.write_result(tmp_path, made.result("c" * 40, {}))
    history.set_aside(path, "made-up")
    assert path.exists()
    path.write_text(path.read_text()[:100])
    history.set_aside(path, "made-up")
    assert not path.exists()
    assert path.with_suffix(".damaged").exists()
    assert "truncated" in capsys.readouterr().out
