# SPDX-License-Identifier: BSD-3-Clause
"""`make bench`: the quick profile of the last commit through asv, the dashboard, a table and the verdict.

Runs beside asv, in the environment that called it; never in the environments that asv builds.
"""

import math
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

from . import environments, patterns, units
from .fleet import machine

ROOT = Path(__file__).parent.parent

# Besides the quick profile's cases: what the table shows, and the question.
TABLE_SIZE = 2048
TABLE_CASES = rf"^ops\.Sum\..*, (6|{TABLE_SIZE}), 'float64'\)$"
QUESTION = r"^acquire\."
QUICK_ATTRIBUTES = ("rounds=1", "repeat=(1,5,0.05)", "warmup_time=0")
BENCHMARK_FAILED = 2  # the status with which asv ends when it has results, but not all


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def asv(*arguments, allowed=(0,)):
    """Lines of what asv prints, as they come; SystemExit with the last of them when asv fails."""
    process = subprocess.Popen(
        [sys.executable, "-m", "asv", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        yield line.rstrip()
    if process.wait() not in allowed:
        sys.exit(f"{''.join(lines[-40:])}\nasv {arguments[0]} ended with status {process.returncode}")


def run_quick_profile(environment):
    """Benchmark HEAD in one environment; a commit that has its results already is not run again."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    quick = [rf"^ops\..*, {size}, '{dtype}'\)$" for size, dtype in product(*patterns.PROFILES["quick"].values())]
    selection = [word for pattern in (*quick, TABLE_CASES, QUESTION) for word in ("--bench", pattern)]
    attributes = [word for attribute in QUICK_ATTRIBUTES for word in ("--attribute", attribute)]
    console = Console()
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("starting asv", total=100)
        reported = 0
        where = ("--environment", environment.name)
        run = ("run", "--skip-existing-successful", *where, *selection, *attributes, "HEAD^!")
        for line in asv(*run, allowed=(0, BENCHMARK_FAILED)):
            step = re.match(r"(?:\[ *([\d.]+)%\])? *·+ (.+?)(?: +ok)?$", line)
            if not step or set(step[2]) <= set("= "):
                continue
            percent = float(step[1] or 0)
            progress.update(task, completed=percent, description=step[2][:60])
            if not console.is_terminal and percent >= reported:
                print(f"{percent:5.1f} %  {step[2]}", flush=True)
                reported = percent + 4
        progress.update(task, completed=100, description="done")


def read_results(conf, commit, environment):
    """All values of the commit on this machine, in one environment: (benchmark, parameters) -> value.

    asv has None for a case that failed, NaN for one that was not selected or is none.
    """
    from asv.machine import Machine
    from asv.results import iter_results_for_machine_and_hash

    values = {}
    for result in iter_results_for_machine_and_hash(conf.results_dir, Machine.load().machine, commit):
        if result.env_name != environment.name:
            continue
        for name in result.get_all_result_keys():
            parameters = result.get_result_params(name)
            for case, value in zip(product(*parameters), result.get_result_value(name, parameters), strict=True):
                values[name, tuple(word.strip("'") for word in case)] = value
    return values


def is_measured(value):
    return value is not None and not math.isnan(value)


def count_copies(values):
    """(cases, those in which the strided path allocated with the size of the array)."""
    figures = {
        (name, case): value
        for (name, case), value in values.items()
        if name.endswith(".track_allocated") and case[0] == "strided" and is_measured(value)
    }
    return len(figures), sorted(key for key, value in figures.items() if value > 0)


def show_table(values):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"sum, float64, size {TABLE_SIZE}")
    for column in ("pattern", "slice"):
        table.add_column(column)
    for column in ("strided", "contiguous", "contiguous / strided", "strided allocates", "contiguous allocates"):
        table.add_column(column, justify="right")
    for name, pattern in patterns.PATTERNS.items():
        case = (name, str(TABLE_SIZE), "float64")
        time = [values.get(("ops.Sum.time_call", (path, *case))) for path in ("strided", "contiguous")]
        size = [values.get(("ops.Sum.track_allocated", (path, *case))) for path in ("strided", "contiguous")]
        if all(map(is_measured, time + size)):
            ratio = f"{units.human_ratio(time[1] / time[0])} x"
            table.add_row(
                name, escape(pattern.code), *map(units.human_time, time), ratio, *map(units.human_bytes, size)
            )
        else:
            table.add_row(name, escape(pattern.code), *["failed"] * 5)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def main():
    from asv.config import Config

    os.chdir(ROOT)
    conf = Config.load(ROOT / "asv.conf.json")
    commit = git("rev-parse", "HEAD")
    title = f"strideops {commit[:8]}: {git('log', '-1', '--format=%s')}"
    print(title)
    if git("status", "--porcelain", "--untracked-files=no"):
        print("The working tree has changes that are not committed. asv measures commits: they are left out.")
    machine.describe()
    environment = environments.default(conf)
    environment.create()
    for sentence in environments.broken_claims(environment):
        sys.exit(sentence)
    run_quick_profile(environment)
    for _ in asv("publish"):
        pass
    values = read_results(conf, commit, environment)
    show_table(values)
    cases, copies = count_copies(values)
    for name, case in copies:
        print(f"copies: {name}{case} allocates {units.human_bytes(values[name, case])}")
    failed = [key for key, value in values.items() if value is None]
    for name, case in failed[:5]:
        print(f"failed: {name}{case}; asv run --show-stderr --bench {name} says why")
    if failed:
        print(f"{len(failed)} cases failed")
    verdict = f"strided path: {len(copies)} copies in {cases} cases"
    print(verdict)
    print(f"dashboard: {ROOT / conf.html_dir / 'index.html'} (make preview serves it, with asv's own pages)")
    sys.exit(1 if copies or failed or not cases else 0)


if __name__ == "__main__":
    main()
