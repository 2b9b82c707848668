# SPDX-License-Identifier: BSD-3-Clause
"""A history of results: which commits come first, what is skipped, and what asv's own pages show of a planted rise."""

import json
import subprocess
import sys
from itertools import pairwise

import generated_results as made
import pytest

from benchmarks.fleet import history
from benchmarks.fleet.files import Refused


def publish(folder):
    """asv's regressions: (benchmark and parameters) -> (best value, last value, jumps)."""
    command = [sys.executable, "-m", "asv", "publish", "--no-pull"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((folder / ".asv/html/regressions.json").read_text())["regressions"]
    return {name: (best, last, jumps) for name, _, _, _, last, best, jumps in found}


def test_a_planted_rise_is_on_asvs_page_of_regressions(tmp_path):
    made.make_history(tmp_path, rise_at=15)
    found = publish(tmp_path)
    planted = "('strided', 'cut')"
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


def test_what_is_there(tmp_path):
    def there(rows):
        path = made.write_result(tmp_path, made.result("c" * 40, rows))
        return history.is_there(path, "made-up")

    case = ("strided", "cut")
    assert not history.is_there(tmp_path / "none.json", "made-up")
    assert there({made.BYTES: made.row({case: 0}), made.TIME: made.row({case: 1e-3})})
    assert not there({made.BYTES: made.row({}), made.TIME: made.row({case: 1e-3})})
    # A commit that does not build has failures everywhere; it is not built again.
    assert there({made.BYTES: [None, made.PARAMS, "1"], made.TIME: [None, made.PARAMS, "1"]})
    path = made.write_result(tmp_path, made.result("c" * 40, {}))
    path.write_text(path.read_text()[:100])
    with pytest.raises(Refused, match="truncated"):
        history.is_there(path, "made-up")
