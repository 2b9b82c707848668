# SPDX-License-Identifier: BSD-3-Clause
"""`python -m benchmarks.gate BASE`, `make gate BASE=...`: is HEAD worse than BASE?

Ends with 0 where nothing is worse, 1 where something is slower, 3 where something copies, 4 where something did not
run or the environments differ.
"""

import argparse
import math
import signal
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def options(arguments=None):
    first, *rest = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=first, epilog=" ".join(rest))
    parser.add_argument("base", help="the commit to compare with")
    parser.add_argument("--head", help="the commit to judge (default: HEAD, without what is not committed)")
    parser.add_argument("--machine", help="whose A/A history to use (default: asv's name of this machine)")
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
        print(f"building {side} {commit[:8]} (minutes, unless asv has it)", flush=True)
        both.append(builds.install(side, commit))
    found = [builds.packages(build) for build in both]
    differ = sorted(name for name in set(found[0]) | set(found[1]) if found[0].get(name) != found[1].get(name))
    if differ:
        pairs = ", ".join(f"{name} {found[0].get(name)} and {found[1].get(name)}" for name in differ)
        raise builds.NotBuilt(f"the environments differ: {pairs}. Remove .asv/gate and run the gate again")
    return tuple(both)


def compare_exact(both, report, begin):
    from . import exact, subset
    from .process import kill_all
    from .report import COPIES, SLOWER, Finding

    def measure(build):
        figures = exact.track(build, subset.TRACKED, begin(f"{build.side}: copies", len(subset.TRACKED)))
        if exact.has_callgrind():
            advance = begin(f"{build.side}: instructions", len(subset.TIMED))
            figures.update(exact.count_instructions(build, subset.TIMED, advance))
        return figures

    with ThreadPoolExecutor(len(both)) as pool:
        try:
            base, head = pool.map(measure, both)
        except KeyboardInterrupt:
            kill_all()
            raise
    if not exact.has_callgrind():
        report.notes.append("instructions were not counted: there is no valgrind (Debian: apt-get install valgrind)")
    lost = {str(case): "head has no figure" for case, kind in base.values if (case, kind) not in head.values}
    report.failed.update(lost | {str(case): why for side in (base, head) for case, why in side.failed.items()})
    for _, kind in base.values.keys() & head.values.keys():
        report.compared[kind] = report.compared.get(kind, 0) + 1
    for rise in exact.rises(base, head):
        outcome = COPIES if rise.copies else SLOWER
        report.findings.append(Finding(outcome, str(rise.case), rise.kind, rise.base, rise.head, "exact: it rose"))
    return base, head


def judge_times(stages, report, spreads):
    """What the pairs that were taken say; after an interruption these are not all."""
    from . import decide, subset
    from .report import SLOWER, Finding, Timed

    report.failed.update({str(case): why for case, why in stages.failed.items()})
    new = {case for pair in stages.first for case in pair.new}
    if new:
        report.notes.append(f"new, with nothing to compare: {', '.join(map(str, sorted(new)))}")
    compared = [case for case in subset.TIMED if stages.logs("first", case) and str(case) not in report.failed]
    if compared:
        report.compared["time"] = len(compared)
    for case in compared:
        spread = spreads.get(str(case))
        pairs = [pair.seconds[case] for pair in stages.first + stages.second if case in pair.seconds]
        base = statistics.median(pair[0] for pair in pairs)
        middle = decide.pseudo_median(decide.log_ratios(pairs))
        least = decide.threshold(spread, decide.SECOND_PAIRS)
        report.timed.append(Timed(str(case), base, base * math.exp(middle), pairs, least))
        again = stages.logs("second", case)
        if again:
            judged = decide.judge(again, spread, len(compared))
            if judged.slower:
                says = f"{len(again)} pairs of processes, p = {judged.p:.1g}"
                report.findings.append(Finding(SLOWER, str(case), "time", base, base * judged.ratio, says))


def compare_times(both, report, begin, spreads, stages):
    from . import subset, times

    try:
        times.take_stages(both, subset.TIMED, {"head": stages}, begin)
    except KeyboardInterrupt:
        for pair in stages.first + stages.second:
            pair.failed.clear()  # they were ended
        raise
    finally:
        judge_times(stages, report, spreads)


def run(chosen):
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from .. import environments
    from . import builds, process, publish, results, times
    from .report import GATE, Report

    report = Report(chosen.base, chosen.head or "HEAD")
    machine = environments.machine_name(chosen.machine)
    try:
        if chosen.head is None:
            refuse_dirty_tree()
        base, head = (builds.find_commit(name) for name in (chosen.base, chosen.head or "HEAD"))
        report.base, report.head = _describe(base), _describe(head)
        both = install_both(base, head)
        spreads = publish.known_spreads(machine)
        if not spreads:
            report.notes.append(f"no A/A history of {machine}: the thresholds are those of a noisy machine")
        console = Console()
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

            def begin(what, total):
                if not console.is_terminal:
                    print(what, flush=True)
                task = progress.add_task(what, total=total)
                return lambda: progress.advance(task)

            counted, stages = compare_exact(both, report, begin), times.Stages()
            try:
                compare_times(both, report, begin, spreads, stages)
            finally:
                try:
                    results.save(both, (base, head), stages, counted, machine, chosen.out)
                except process.Failed as error:
                    report.notes.append(f"asv's result files were not written: {error}")
        if not report.failed and not sum(report.compared.values()):
            report.failed[GATE] = "base and head have no benchmark in common"
    except builds.NotBuilt as error:
        report.failed[GATE] = str(error)
    except KeyboardInterrupt:
        report.failed[GATE] = "interrupted: what was measured so far is in the table"
    return report


def main():
    from . import report

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = options()
    found = run(chosen)
    report.save(found, chosen.out)
    report.show(found)
    print(f"written: {chosen.out / 'gate.json'}, {chosen.out / 'gate.md'}")
    sys.exit(found.outcome)


if __name__ == "__main__":
    main()
