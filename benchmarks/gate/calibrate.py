# SPDX-License-Identifier: BSD-3-Clause
"""`make calibrate`: how often is the gate wrong? The same code against itself, and against injected regressions.

Every run is appended to results/calibration/MACHINE/runs.jsonl at once: the command may be stopped at any time, and
goes on where it was. What the runs mean is told by verdicts.py, and written down by publish.py.
"""

import argparse
import json
import math
import os
import sys
from collections import Counter
from pathlib import Path

from ..repository import ROOT, Refused, find_commit
from . import builds, delays, exact, injections, subset, times
from .process import Failed, side_by_side
from .verdicts import (
    COUNTED_RUNS,
    COUNTED_SHARE,
    EXACT_RUNS,
    PLANTED_RUNS,
    SAME,
    SAME_RUNS,
    SHARE_RUNS,
    SHARES,
    counted_name,
    share_name,
)


class Record:
    """The runs that are there, and those to come, of one commit; without its name, that of the last run."""

    def __init__(self, file, commit=None):
        self._file = file
        runs = []
        if file.exists():
            for number, line in enumerate(file.read_text().splitlines()):
                try:
                    runs.append(json.loads(line))
                except ValueError:
                    print(f"{file}: line {number + 1} is no record; it was cut off, and is measured again")
        self.commit = commit or (runs[-1]["commit"] if runs else find_commit("HEAD"))
        self.runs = [run for run in runs if run["commit"] == self.commit]
        self.count = Counter((run["what"], run["name"]) for run in self.runs)

    def turns(self, name):
        """What delays.py found, for times or for instructions."""
        return next(run["turns"] for run in self.runs if run["what"] == "delays" and run["name"] == name)

    def add(self, run):
        run = {"commit": self.commit, **run}
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

    sides = [[seconds for pair in pair_samples for turn in pair[side] for seconds in turn] for side in (0, 1)]
    stats = [compute_stats(samples, 1) for samples in sides]
    different = is_different(*sides, stats[0][1], stats[1][1])
    return [round(stats[1][0] / stats[0][0], 5), bool(different)]


def run_times(name, both):
    """One run of the time channel, as the gate takes it."""
    stages = {name: times.Stages()}
    times.take_stages(both, subset.TIMED, stages)
    return [_time_run(name, stages[name], subset.TIMED)]


def run_shares(delay, turns):
    """A run for every share of extra work, side by side in the same processes: the build with the injected loop against
    itself.

    Parameters
    ----------
    delay : Build
    turns : dict
        Case -> turns of the injected loop that take as long as the call.
    """
    cases = [case for case in subset.TIMED if str(case) in turns]
    stages = {share_name(share): times.Stages() for share in SHARES}
    wanted = {
        share_name(share): tuple({case: round(more * turns[str(case)]) for case in cases} for more in (0, share))
        for share in SHARES
    }
    times.take_stages((delay, delay), cases, stages, delays=wanted)
    return [_time_run(name, found, cases) for name, found in stages.items()]


def _time_run(name, stages, cases):
    """As it is recorded. Four digits are more than there is to know."""
    if stages.failed:
        raise Refused(f"{name}: {stages.failed}")

    def logs(stage):
        found = {str(case): stages.logs(stage, case) for case in cases}
        return {case: [round(value, 4) for value in values] for case, values in found.items() if values}

    asv = {str(case): _asv_rule([pair.samples[case] for pair in stages.first]) for case in cases}
    return {"what": "time", "name": name, "first": logs("first"), "asv": asv, "second": logs("second")}


def run_exact(*some):
    """One run of the exact channel on each build, side by side."""

    def run(build):
        figures = exact.Figures()
        exact.track(build, subset.QUICKLY_TRACKED, figures)
        exact.count_instructions(build, subset.TIMED, figures)
        return _exact_run(build.side, figures)

    return side_by_side(run, some, os.cpu_count())


def run_more_instructions(build, turns):
    """The instructions of the build with the injected loop, without turns and with those of the share."""

    def run(share):
        figures = exact.Figures()
        cases = [case for case in subset.TIMED if str(case) in turns]
        wanted = {case: math.ceil(share * turns[str(case)]) for case in cases}
        exact.count_instructions(build, cases, figures, delays=wanted)
        return _exact_run(counted_name(share), figures)

    return side_by_side(run, (0, COUNTED_SHARE), os.cpu_count())


def _exact_run(name, figures):
    values = {f"{case} {kind}": value for (case, kind), value in figures.values.items()}
    failed = {str(case): why for case, why in figures.failed.items()}
    return {"what": "exact", "name": name, "figures": values, "failed": failed}


def install_all(commit):
    """The commit twice, and a build of every injection."""
    folder = ROOT / ".asv/gate/planted"
    installed = {side: builds.install(side, commit) for side in ("base", "head")}
    injections.clone(folder, commit)
    for injection in (injections.DELAY, *injections.PLANTED):
        print(f"building {injection.name}: {injection.says}", flush=True)
        installed[injection.name] = builds.install(injection.name, injections.plant(injection, folder, commit), folder)
    return installed


def plan(installed, record):
    """(what, name, run) in rounds, so that a command that is stopped early has some of everything."""
    base, head, delay = (installed[side] for side in ("base", "head", "delay"))
    for name, find in (("time", delays.of_times), ("instructions", delays.of_instructions)):
        yield (
            "delays",
            name,
            lambda name=name, find=find: [{"what": "delays", "name": name, "turns": find(delay, subset.TIMED)}],
        )
    for turn in range(SHARE_RUNS):
        for _ in range(_share_of(SAME_RUNS, turn)):
            yield "time", SAME, lambda: run_times(SAME, (base, head))
        # All shares are one run, which is there when its last record is.
        yield "time", share_name(SHARES[-1]), lambda: run_shares(delay, record.turns("time"))
        for each in injections.PLANTED:
            for _ in range(_share_of(PLANTED_RUNS, turn)):
                yield "time", each.name, lambda name=each.name: run_times(name, (base, installed[name]))
        for _ in range(_share_of(EXACT_RUNS, turn)):
            yield "exact", "head", lambda: run_exact(base, head)
        if turn < len(injections.PLANTED):
            build = installed[injections.PLANTED[turn].name]
            yield "exact", build.side, lambda build=build: run_exact(build)
        for _ in range(_share_of(COUNTED_RUNS, turn)):
            more = counted_name(COUNTED_SHARE)
            yield "exact", more, lambda: run_more_instructions(delay, record.turns("instructions"))


def _share_of(count, turn):
    """How many of so many come in this of SHARE_RUNS rounds."""
    return count * (turn + 1) // SHARE_RUNS - count * turn // SHARE_RUNS


def options(arguments=None):
    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate.calibrate", description=first)
    parser.add_argument("--machine", help="its name in results/calibration (default: asv's name of this machine)")
    parser.add_argument("--commit", help="the code to calibrate with (default: that of the record, or HEAD)")
    parser.add_argument("--folder", type=Path, help="where the record is (default: results/calibration/MACHINE)")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the table and the picture anew")
    return parser.parse_args(arguments)


def check_machine(record):
    """Runs of two machines are no calibration of either."""
    from asv.machine import Machine

    cpu = Machine.get_defaults()["cpu"]
    known = {run["name"] for run in record.runs if run["what"] == "machine"}
    if known - {cpu}:
        raise Refused(
            f"the runs that are there were measured on {', '.join(known)}, this is {cpu}: "
            "give this machine another name (--machine), or its record another folder (--folder)"
        )
    if not known:
        record.add({"what": "machine", "name": cpu})


def measure(record):
    """All runs that the record lacks."""
    from .. import progress

    installed = install_all(record.commit)
    planned, todo = Counter(), []
    for what, name, run in plan(installed, record):
        planned[what, name] += 1
        if planned[what, name] > record.count[what, name]:
            todo.append((name, run))
    with progress.tasks() as begin:
        advance = begin("runs", len(todo))
        for name, run in todo:
            for each in run():
                record.add(each)
            advance(name)


def main(arguments=None):
    from .. import environments
    from . import publish

    chosen = options(arguments)
    try:
        machine = environments.machine_name(chosen.machine)
        folder = chosen.folder or ROOT / "results/calibration" / machine
        record = Record(folder / "runs.jsonl", chosen.commit and find_commit(chosen.commit))
        if not chosen.report:
            check_machine(record)
            measure(record)
        print(publish.write(record.runs, machine, record.commit, folder))
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from here")
    except (Refused, Failed) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
