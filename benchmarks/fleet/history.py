# SPDX-License-Identifier: BSD-3-Clause
"""`make history`: results for the commits of this repository, so that asv's pages show where something changed.

asv builds and measures; here it is decided which commits, and in which order: those that change the package, the ends
of the history first and then always the middle of the longest gap, so that a run that is stopped leaves an even
history. What is there is skipped, and the same command goes on.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from .. import environments
from ..gate import builds
from . import machine
from .files import Refused, is_measured, load_results, rows

ROOT = builds.ROOT
PACKAGE = ("csrc", "strideops", "meson.build")  # a commit that changes nothing of it measures its parent again
PATTERNS = ("contiguous", "cut", "step2", "transposed", "reversed", "short_rows")
SELECTION = (rf"^ops\..*, '({'|'.join(PATTERNS)})', 512, 'float64'\)$", r"^acquire\..*, 512\)$")
ATTRIBUTES = ("rounds=2", "repeat=(2,5,0.02)", "warmup_time=0")


def commits(revisions):
    """Those that change the package, newest first; the newest of all, which may not, stands for the last that did."""
    return builds.git("rev-list", *revisions, "--", *PACKAGE).split()


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


def is_there(file, name):
    """Whether a result file holds the history's figures; those of a commit that failed are there too, as failures."""
    if not file.exists():
        return False
    found = rows(load_results(file, name))
    return any(
        re.search(r"^ops\..*track_allocated$", benchmark) and any(map(is_measured, row.get("result") or []))
        for benchmark, row in found.items()
    ) or all(row.get("result") is None for row in found.values())


def measure(commit, environment, name):
    """One commit by asv; its status, 0 where all ran and 2 where some benchmarks failed."""
    words = [word for regex in SELECTION for word in ("--bench", regex)]
    words += [word for attribute in ATTRIBUTES for word in ("--attribute", attribute)]
    where = ("--machine", name, "--environment", environment.name, "--skip-existing-successful")
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
        print(f"{commit[:8]}: asv ended with status {done.returncode}: {last} (all of it: {log})", flush=True)
    return done.returncode


def options(arguments=None):
    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.history", description=first)
    parser.add_argument("revisions", nargs="*", default=["HEAD"], help="as git rev-list takes them (default: HEAD)")
    parser.add_argument("--machine", help="its name in results (default: the host's)")
    parser.add_argument("--most", type=int, help="so many commits at the most")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no commit after this time")
    return parser.parse_args(arguments)


def main(arguments=None):
    from asv.config import Config
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    chosen = options(arguments)
    os.chdir(ROOT)
    conf = Config.load(ROOT / "asv.conf.json")
    environment = environments.default(conf)
    name = machine.describe(chosen.machine)["machine"]
    folder = Path(conf.results_dir) / name
    end = time.monotonic() + 60 * chosen.minutes
    try:
        found = coarse_to_fine(commits(chosen.revisions))[: chosen.most]
        todo = [commit for commit in found if not is_there(folder / f"{commit[:8]}-{environment.name}.json", name)]
    except (builds.NotBuilt, Refused) as error:
        sys.exit(str(error))
    print(f"{len(found)} commits, {len(found) - len(todo)} of them are there; {environment.name} on {name}", flush=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    shown, failed = sys.stdout.isatty(), 0
    with Progress(*columns, TextColumn("{task.description}"), disable=not shown) as progress:
        task = progress.add_task("", total=len(todo))
        for number, commit in enumerate(todo):
            if time.monotonic() > end:
                print(f"time is over: {len(todo) - number} commits are left for the next run")
                break
            title = f"{commit[:8]}: {builds.git('log', '-1', '--format=%s', commit)[:60]}"
            progress.update(task, description=title)
            if not shown:
                print(f"{number + 1} of {len(todo)}: {title}", flush=True)
            failed += measure(commit, environment, name) not in (0, 2)
            progress.advance(task)
    for sentence in environments.broken_claims(environment):
        sys.exit(sentence)
    print(f"asv publish shows {folder}; git add -f it to keep it")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; what was measured is kept, and the same command goes on from here")
