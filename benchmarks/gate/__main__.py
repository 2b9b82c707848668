# SPDX-License-Identifier: BSD-3-Clause
"""`python -m benchmarks.gate BASE`, `make gate BASE=...`: is HEAD worse than BASE?

Ends with 0 where nothing is worse, 1 where something is slower, 3 where something copies, 4 where something did not
run or the environments differ.
"""

import argparse
import statistics
import sys
from pathlib import Path


def options(arguments=None):
    first, *rest = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=first, epilog=" ".join(rest))
    parser.add_argument("base", help="the commit to compare with")
    parser.add_argument("--head", help="the commit to judge (default: HEAD, without what is not committed)")
    parser.add_argument("--out", type=Path, default=Path(".asv/gate"), help="where gate.json and gate.md go")
    return parser.parse_args(arguments)


def _describe(commit):
    from . import builds

    return f"{commit[:8]}: {builds.git('log', '-1', '--format=%s', commit)}"


def refuse_dirty_tree():
    """The gate measures commits; a verdict on something else than what one sees is none."""
    from . import builds

    changed = builds.git("status", "--porcelain", "--", "csrc", "strideops", "meson.build", "pyproject.toml")
    if changed:
        files = ", ".join(line.split()[-1] for line in changed.splitlines()[:5])
        raise builds.NotBuilt(f"not committed: {files}. The gate measures commits: commit, or name one with HEAD=<rev>")


def install_both(base, head):
    """Both builds; NotBuilt where they do not stand in the same environment."""
    from . import builds

    both = []
    for side, commit in (("base", base), ("head", head)):
        print(f"building {side} {commit[:8]} (two minutes, unless asv has it)", flush=True)
        both.append(builds.install(side, commit))
    found = [builds.packages(build) for build in both]
    differ = sorted(name for name in set(found[0]) | set(found[1]) if found[0].get(name) != found[1].get(name))
    if differ:
        pairs = ", ".join(f"{name} {found[0].get(name)} and {found[1].get(name)}" for name in differ)
        raise builds.NotBuilt(f"the environments differ: {pairs}. Remove .asv/gate and run the gate again")
    return tuple(both)


def compare_exact(both, report, progress):
    from . import exact, subset
    from .report import COPIES, SLOWER, Finding

    figures = []
    for build in both:
        task = progress.add_task(f"{build.side}: copies", total=len(subset.TRACKED))
        tracked = exact.track(build, subset.TRACKED, lambda task=task: progress.advance(task))
        if exact.has_callgrind():
            task = progress.add_task(f"{build.side}: instructions", total=len(subset.TIMED))
            counted = exact.count_instructions(build, subset.TIMED, lambda task=task: progress.advance(task))
            tracked.values.update(counted.values)
            tracked.failed.update(counted.failed)
        figures.append(tracked)
        report.failed.update({str(case): why for case, why in tracked.failed.items()})
    base, head = figures
    if not exact.has_callgrind():
        report.notes.append("instructions were not counted: there is no valgrind (Debian: apt-get install valgrind)")
    report.failed.update(
        {str(case): "head has no figure" for case, kind in base.values if (case, kind) not in head.values}
    )
    for _, kind in base.values.keys() & head.values.keys():
        report.compared[kind] = report.compared.get(kind, 0) + 1
    for rise in exact.rises(base, head):
        outcome = COPIES if rise.copies else SLOWER
        report.findings.append(Finding(outcome, str(rise.case), rise.kind, rise.base, rise.head, "exact: it rose"))


def compare_times(both, report, progress, spreads):
    from . import decide, subset, times
    from .report import SLOWER, Finding

    def measure(cases, pairs, what):
        task = progress.add_task(what, total=pairs)
        taken = times.take_pairs(both, cases, pairs, lambda: progress.advance(task))
        for pair in taken:
            report.failed.update({str(case): why for case, why in pair.failed.items()})
        seconds = {case: [pair.seconds[case] for pair in taken if case in pair.seconds] for case in cases}
        return {case: found for case, found in seconds.items() if found and str(case) not in report.failed}

    first = measure(subset.TIMED, decide.FIRST_PAIRS, "times")
    report.compared["time"] = len(first)
    suspects = [case for case, seconds in first.items() if decide.is_suspect(decide.log_ratios(seconds))]
    if not suspects:
        return
    second = measure(suspects, decide.SECOND_PAIRS, f"{len(suspects)} suspects once more")
    for case, seconds in second.items():
        judged = decide.judge(decide.log_ratios(seconds), spreads.get(str(case)), len(first))
        if judged.slower:
            base = statistics.median(pair[0] for pair in seconds)
            says = f"{len(seconds)} pairs of processes, p = {judged.p:.1g}"
            report.findings.append(Finding(SLOWER, str(case), "time", base, base * judged.ratio, says))


def run(chosen):
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from . import builds
    from .report import Report

    report = Report(chosen.base, chosen.head or "HEAD")
    try:
        if chosen.head is None:
            refuse_dirty_tree()
        base, head = (builds.find_commit(name) for name in (chosen.base, chosen.head or "HEAD"))
        report.base, report.head = _describe(base), _describe(head)
        both = install_both(base, head)
        console = Console()
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            compare_exact(both, report, progress)
            compare_times(both, report, progress, {})
        report.notes.append("no A/A history of this machine: thresholds are those of a noisy one")
    except builds.NotBuilt as error:
        report.failed["the gate"] = str(error)
    except KeyboardInterrupt:
        report.failed["the gate"] = "interrupted: what was measured so far is above"
    return report


def main():
    from . import report

    chosen = options()
    found = run(chosen)
    report.save(found, chosen.out)
    report.show(found)
    print(f"written: {chosen.out / 'gate.json'}, {chosen.out / 'gate.md'}")
    sys.exit(found.outcome)


if __name__ == "__main__":
    main()
