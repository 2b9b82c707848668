# SPDX-License-Identifier: BSD-3-Clause
"""`make calibrate`: how often is the gate wrong? The same code against itself, and against injected regressions.

Every run is appended to results/calibration/MACHINE/runs.jsonl at once: the command may be stopped at any time, and
goes on where it was. What the runs mean is told by verdicts.py, which measures nothing.
"""

import json
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from . import builds, decide, exact, injections, subset, times

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SAME = "same code"
SAME_RUNS = 350  # the first of them are history
SHARE_RUNS = 20
PLANTED_RUNS = 3
EXACT_RUNS = 25  # on each side; each is compared with each of the other side's


def share_name(share):
    return f"+{100 * share:.0f} %"


@dataclass(frozen=True)
class Sides:
    """Who is compared.

    Attributes
    ----------
    name : str
    builds : tuple of Build
    shares : tuple
        Of extra work, as times.take_pair wants it.
    runs : int
    """

    name: str
    builds: tuple
    shares: tuple = (None, None)
    runs: int = PLANTED_RUNS


class Record:
    """The runs that are there, and those to come."""

    def __init__(self, file, commit):
        self._file = file
        self.runs = []
        if file.exists():
            for number, line in enumerate(file.read_text().splitlines()):
                try:
                    run = json.loads(line)
                except ValueError:
                    print(f"{file}: line {number + 1} is no record; it was cut off, and is measured again")
                    continue
                if run["commit"] == commit:
                    self.runs.append(run)
        self._commit = commit
        self.count = Counter((run["what"], run["name"]) for run in self.runs)

    def add(self, run):
        run = {"commit": self._commit, **run}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        whole = not self._file.exists() or self._file.read_bytes()[-1:] in (b"", b"\n")
        with self._file.open("a") as file:
            file.write(("" if whole else "\n") + json.dumps(run) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.runs.append(run)
        self.count[run["what"], run["name"]] += 1


def _asv_rule(pair_samples):
    """asv's own figures of the same samples: head/base of the medians, and whether they differ to its statistics."""
    from asv._stats import is_different
    from asv_runner.statistics import compute_stats

    sides = [[seconds for pair in pair_samples for seconds in pair[side]] for side in (0, 1)]
    stats = [compute_stats(samples, 1) for samples in sides]
    different = is_different(*sides, stats[0][1], stats[1][1])
    return [round(stats[1][0] / stats[0][0], 5), bool(different)]


def _logs(pairs, case):
    """Logarithms of head/base, in order; four digits are more than there is to know."""
    return [
        round(value, 4) for value in decide.log_ratios([pair.seconds[case] for pair in pairs if case in pair.seconds])
    ]


def run_times(sides):
    """One run of the time channel: both stages, as the gate takes them."""
    first = times.take_pairs(sides.builds, subset.TIMED, decide.FIRST_PAIRS, shares=sides.shares)
    failed = {str(case): why for pair in first for case, why in pair.failed.items()}
    if failed:
        raise builds.NotBuilt(f"{sides.name}: {failed}")
    run = {
        "what": "time",
        "name": sides.name,
        "first": {str(case): _logs(first, case) for case in subset.TIMED},
        "asv": {str(case): _asv_rule([pair.samples[case] for pair in first]) for case in subset.TIMED},
    }
    suspects = [case for case in subset.TIMED if decide.is_suspect(run["first"][str(case)])]
    second = times.take_pairs(sides.builds, suspects, decide.SECOND_PAIRS, shares=sides.shares) if suspects else []
    return {**run, "second": {str(case): _logs(second, case) for case in suspects}}


def run_exact(build):
    """One run of the exact channel on one build."""
    tracked = exact.track(build, subset.QUICKLY_TRACKED)
    counted = exact.count_instructions(build, subset.TIMED)
    figures = {f"{case} {kind}": value for found in (tracked, counted) for (case, kind), value in found.values.items()}
    failed = {str(case): why for found in (tracked, counted) for case, why in found.failed.items()}
    return {"what": "exact", "name": build.side, "figures": figures, "failed": failed}


def install_all(commit):
    """The commit twice, and a build of every injection."""
    folder = builds.ROOT / ".asv/gate/planted"
    installed = {side: builds.install(side, commit) for side in ("base", "head")}
    injections.clone(folder, commit)
    for injection in (injections.DELAY, *injections.PLANTED):
        print(f"building {injection.name}: {injection.says}", flush=True)
        installed[injection.name] = builds.install(injection.name, injections.plant(injection, folder, commit), folder)
    return installed


def _plan_times(installed):
    """In rounds, so that a command that is stopped early has some of everything."""
    base, head, delay = (installed[side] for side in ("base", "head", "delay"))
    same = Sides(SAME, (base, head), runs=SAME_RUNS)
    shared = [Sides(share_name(share), (delay, delay), (0, share), SHARE_RUNS) for share in SHARES]
    planted = [Sides(each.name, (base, installed[each.name])) for each in injections.PLANTED]
    plan = []
    for turn in range(SHARE_RUNS):
        plan += [same] * (SAME_RUNS * (turn + 1) // SHARE_RUNS - SAME_RUNS * turn // SHARE_RUNS)
        plan += shared
        plan += [sides for sides in planted if turn < sides.runs]
    return plan


def main(arguments):
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    commit = builds.find_commit(arguments.commit)
    folder = arguments.out or builds.ROOT / "results/calibration" / arguments.machine
    record = Record(Path(folder) / "runs.jsonl", commit)
    installed = install_all(commit)
    todo = []
    taken = Counter()
    for sides in _plan_times(installed):
        taken[sides.name] += 1
        if taken[sides.name] > record.count["time", sides.name]:
            todo.append(lambda sides=sides: run_times(sides))
    for name in ("base", "head"):
        missing = EXACT_RUNS - record.count["exact", name]
        todo += [lambda name=name: run_exact(installed[name])] * missing
    for each in injections.PLANTED:
        if not record.count["exact", each.name]:
            todo.append(lambda name=each.name: run_exact(installed[name]))
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=len(todo))
        for number, run in enumerate(todo):
            done = run()
            record.add(done)
            progress.update(task, advance=1, description=done["name"])
            if not sys.stdout.isatty() and number % 10 == 0:
                print(f"{number + 1} of {len(todo)}: {done['name']}", flush=True)
