# SPDX-License-Identifier: BSD-3-Clause
"""`make history`: results for the commits of this repository, so that asv's pages show where something changed.

asv builds and measures; here it is decided which commits, and in which order: those that change the package, the ends
of the history first and then always the middle of the longest gap, so that a run that is stopped leaves an even
history. What is there is skipped, and the same command goes on: results/MACHINE/history.txt says what was measured.
"""

import argparse
import math
import os
import subprocess
import sys
import time
from pathlib import Path

from .. import environments, progress
from ..repository import ROOT, Refused, git
from . import machine
from .files import is_measured, load_results, rows

PACKAGE = ("csrc", "strideops", "meson.build")  # a commit that changes nothing of it measures its parent again
PATTERNS = ("contiguous", "cut", "step2", "transposed", "reversed", "short_rows")
SELECTION = (rf"^ops\..*, '({'|'.join(PATTERNS)})', 512, 'float64'\)$", r"^acquire\..*, 512\)$")
ATTRIBUTES = ("rounds=2", "repeat=(2,5,0.02)", "warmup_time=0")
MEASURED, FAILED = "measured", "failed"


def commits(revisions):
    """Those that change the package, newest first; the last of them stands for the commits after it."""
    return git("rev-list", *revisions, "--", *PACKAGE).split()


def coarse_to_fine(items):
    """The ends, then the middle of the longest gap, until all are there."""
    if len(items) < 3:
        return list(items)
    chosen, gaps = [items[0], items[-1]], [(0, len(items) - 1)]
    while gaps:
        first, last = max(gaps, key=lambda gap: gap[1] - gap[0])
        gaps.remove((first, last))
        middle = (first + last) // 2
        if middle not in (first, last):
            chosen.append(items[middle])
            gaps += [(first, middle), (middle, last)]
    return chosen


class Ledger:
    """What was measured on a machine in an environment: a line for each commit, written when asv is done with it."""

    def __init__(self, folder, environment):
        self._file = Path(folder) / "history.txt"
        self._environment = environment
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        words = [line.split() for line in lines]
        self._known = {(line[0], line[1]): line[2] for line in words if len(line) == 3}

    def outcome(self, commit):
        """MEASURED, FAILED or None."""
        return self._known.get((commit, self._environment))

    def add(self, commit, outcome):
        self._known[commit, self._environment] = outcome
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as file:
            file.write(f"{commit} {self._environment} {outcome}\n")


def set_aside(file, name):
    """A result file that was cut off in the middle would stop asv."""
    try:
        if file.exists():
            load_results(file, name)
    except Refused as error:
        file.rename(file.with_suffix(".damaged"))
        print(f"{error}; it is {file.with_suffix('.damaged').name} now, and is measured again", flush=True)


def measure(commit, environment, name):
    """One commit by asv, and what came of it; a status that is none of a measurement is Refused."""
    words = [word for regex in SELECTION for word in ("--bench", regex)]
    words += [word for attribute in ATTRIBUTES for word in ("--attribute", attribute)]
    where = ("--machine", name, "--environment", environment.name)
    done = subprocess.run(
        [sys.executable, "-m", "asv", "run", *where, *words, f"{commit}^!"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 2):
        log = ROOT / ".asv/history.log"
        log.write_text(done.stdout)
        last = (done.stdout.strip() or "nothing").splitlines()[-1]
        raise Refused(f"{commit[:8]}: asv ended with status {done.returncode}: {last} (all of it: {log})")


def has_values(file, name):
    """asv files failures too, of a commit that does not build for every benchmark."""
    found = rows(load_results(file, name))
    return any(is_measured(value) for row in found.values() for value in row.get("result") or [])


def options(arguments=None):
    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.history", description=first)
    parser.add_argument("revisions", nargs="*", default=["HEAD"], help="as git rev-list takes them (default: HEAD)")
    parser.add_argument("--machine", help="its name in results (default: the host's)")
    parser.add_argument("--by-cpu", action="store_true", help="add the CPU to the name: hosts of a pool differ")
    parser.add_argument("--most", type=int, help="measure so many commits at the most")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no commit after this time")
    parser.add_argument("--again", action="store_true", help="also those that failed before")
    return parser.parse_args(arguments)


def main(arguments=None):
    from asv.config import Config
    from asv.machine import Machine

    chosen = options(arguments)
    os.chdir(ROOT)
    conf = Config.load(ROOT / "asv.conf.json")
    name = chosen.machine
    if chosen.by_cpu:
        name = f"{name or Machine.get_unique_machine_name()}-{machine.slug(Machine.get_defaults()['cpu'])}"
    try:
        environment = environments.default(conf)
        name = machine.describe(name)["machine"]
        found = coarse_to_fine(commits(chosen.revisions))
        folder = Path(conf.results_dir) / name
        ledger = Ledger(folder, environment.name)
        skipped = (MEASURED,) if chosen.again else (MEASURED, FAILED)
        todo = [commit for commit in found if ledger.outcome(commit) not in skipped][: chosen.most]
        known = sum(ledger.outcome(commit) is not None for commit in found)
        print(f"{len(found)} commits, {known} of them are there; {environment.name} on {name}", flush=True)
        run(todo, environment, name, ledger, folder, time.monotonic() + 60 * chosen.minutes)
    except (Refused, LookupError) as error:
        sys.exit(str(error))
    failed = [commit[:8] for commit in found if ledger.outcome(commit) == FAILED]
    if failed:
        print(f"did not build, or no benchmark ran: {', '.join(failed)}; --again tries once more")
    print(f"asv publish shows {folder}; git add -f it to keep it")


def run(todo, environment, name, ledger, folder, end):
    """Measure the commits, until the time is over."""
    if not todo:
        return
    environment.create()
    for sentence in environments.broken_claims(environment):
        raise Refused(sentence)
    with progress.tasks() as begin:
        advance = begin("commits", len(todo))
        for number, commit in enumerate(todo):
            if time.monotonic() > end:
                print(f"time is over: {len(todo) - number} commits are left for the next run")
                break
            file = folder / f"{commit[:8]}-{environment.name}.json"
            set_aside(file, name)
            measure(commit, environment, name)
            outcome = MEASURED if file.exists() and has_values(file, name) else FAILED
            ledger.add(commit, outcome)
            advance(f"{commit[:8]} {outcome}: {git('log', '-1', '--format=%s', commit)[:60]}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; what was measured is kept, and the same command goes on from here")
