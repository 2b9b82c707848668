# SPDX-License-Identifier: BSD-3-Clause
"""`make calibrate`: how often is the gate wrong? The same code against itself, and against injected regressions.

Every run is appended to results/calibration/MACHINE/runs.jsonl at once: the command may be stopped at any time, and
goes on where it was. What the runs mean is told by verdicts.py, which measures nothing.
"""

import argparse
import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import builds, decide, exact, injections, subset, times

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SAME = "same code"
SAME_RUNS = 350  # the first of them are history
SHARE_RUNS = 20
PLANTED_RUNS = 3
EXACT_RUNS = 32  # on each side; each is compared with each of the other side's
COUNTED_SHARE = 0.01  # of instructions


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


def run_exact(*some):
    """One run of the exact channel on each build, side by side."""

    def run(build):
        tracked = exact.track(build, subset.QUICKLY_TRACKED)
        counted = exact.count_instructions(build, subset.TIMED)
        return _exact_run(build.side, tracked, counted)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(run, some))


def _exact_run(name, *found):
    figures = {f"{case} {kind}": value for each in found for (case, kind), value in each.values.items()}
    failed = {str(case): why for each in found for case, why in each.failed.items()}
    return {"what": "exact", "name": name, "figures": figures, "failed": failed}


def run_more_instructions(delay):
    """The instructions of the build with the injected loop, without turns and with those of the share."""

    def count(turns):
        cases = [case for case in subset.TIMED if case in turns]
        return exact.count_instructions(delay, cases, turns=turns)

    trial = 1000
    without = count(dict.fromkeys(subset.TIMED, 0))
    with_trial = count(dict.fromkeys(subset.TIMED, trial))
    turns = {}
    for (case, kind), value in without.values.items():
        per_turn = (with_trial.values[case, kind] - value) / trial
        if per_turn:
            turns[case] = round(COUNTED_SHARE * value / per_turn)
    runs = [_exact_run(f"instructions {share_name(0)}", without)]
    return [*runs, _exact_run(f"instructions {share_name(COUNTED_SHARE)}", count(turns))]


def install_all(commit):
    """The commit twice, and a build of every injection."""
    folder = builds.ROOT / ".asv/gate/planted"
    installed = {side: builds.install(side, commit) for side in ("base", "head")}
    injections.clone(folder, commit)
    for injection in (injections.DELAY, *injections.PLANTED):
        print(f"building {injection.name}: {injection.says}", flush=True)
        installed[injection.name] = builds.install(injection.name, injections.plant(injection, folder, commit), folder)
    return installed


def plan(installed):
    """(what, name, run) in rounds, so that a command that is stopped early has some of everything."""
    base, head, delay = (installed[side] for side in ("base", "head", "delay"))
    same = Sides(SAME, (base, head), runs=SAME_RUNS)
    shared = [Sides(share_name(share), (delay, delay), (0, share), SHARE_RUNS) for share in SHARES]
    planted = [Sides(each.name, (base, installed[each.name])) for each in injections.PLANTED]
    for turn in range(SHARE_RUNS):
        for sides in (same, *shared, *planted):
            for _ in range(_share_of(sides.runs, turn)):
                yield "time", sides.name, lambda sides=sides: [run_times(sides)]
        for _ in range(_share_of(EXACT_RUNS, turn)):
            yield "exact", "head", lambda: run_exact(base, head)
        if turn < len(injections.PLANTED):
            build = installed[injections.PLANTED[turn].name]
            yield "exact", build.side, lambda build=build: run_exact(build)
        more = f"instructions {share_name(COUNTED_SHARE)}"
        yield "exact", more, lambda: run_more_instructions(delay)


def _share_of(count, turn):
    """How many of so many come in this of SHARE_RUNS rounds."""
    return count * (turn + 1) // SHARE_RUNS - count * turn // SHARE_RUNS


def options(arguments=None):
    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate.calibrate", description=first)
    parser.add_argument("--machine", help="its name in results/calibration (default: asv's name of this machine)")
    parser.add_argument("--commit", default="HEAD", help="the code to calibrate with")
    parser.add_argument("--folder", type=Path, help="where the record is (default: results/calibration/MACHINE)")
    return parser.parse_args(arguments)


def main(arguments=None):
    from asv.machine import Machine
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    chosen = options(arguments)
    commit = builds.find_commit(chosen.commit)
    machine = chosen.machine or Machine.get_unique_machine_name()
    folder = chosen.folder or builds.ROOT / "results/calibration" / machine
    record = Record(folder / "runs.jsonl", commit)
    installed = install_all(commit)
    planned, todo = Counter(), []
    for what, name, run in plan(installed):
        planned[what, name] += 1
        if planned[what, name] > record.count[what, name]:
            todo.append((name, run))
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    shown = sys.stdout.isatty()
    with Progress(*columns, TextColumn("{task.description}"), disable=not shown) as progress:
        task = progress.add_task("", total=len(todo))
        for number, (name, run) in enumerate(todo):
            progress.update(task, description=name)
            for each in run():
                record.add(each)
            progress.advance(task)
            if not shown and number % 10 == 0:
                print(f"{number + 1} of {len(todo)}: {name}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from here")
    except builds.NotBuilt as error:
        sys.exit(str(error))
