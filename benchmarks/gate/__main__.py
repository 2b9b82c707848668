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
import traceback
from pathlib import Path

from ..repository import Refused, find_commit, git


def options(arguments=None):
    first, *rest = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=first, epilog=" ".join(rest))
    parser.add_argument("base", help="the commit to compare with")
    parser.add_argument("--head", help="the commit to judge (default: HEAD, without what is not committed)")
    parser.add_argument("--machine", help="whose A/A history to use (default: asv's name of this machine)")
    parser.add_argument("--out", type=Path, default=Path(".asv/gate"), help="where gate.json and gate.md go")
    return parser.parse_args(arguments)


def _describe(commit):
    return f"{commit[:8]}: {git('log', '-1', '--format=%s', commit)}"


def refuse_dirty_tree():
    """The gate measures commits; a verdict on something else than what one sees is none."""
    changed = git("status", "--porcelain", "--", "csrc", "strideops", "meson.build", "pyproject.toml")
    if changed:
        files = ", ".join(line.split()[-1] for line in changed.splitlines()[:5])
        raise Refused(f"not committed: {files}. The gate measures commits: commit, or name one with HEAD=<rev>")


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
        raise Refused(f"the environments differ: {pairs}. Remove .asv/gate and run the gate again")
    return tuple(both)


def compare_exact(both, report, begin):
    """The figures of base and of head, and what they say; after an interruption these are not all."""
    from . import exact, subset
    from .process import side_by_side

    figures = {build: exact.Figures() for build in both}

    def measure(build):
        exact.track(build, subset.TRACKED, figures[build], begin(f"{build.side}: copies", len(subset.TRACKED)))
        if exact.has_callgrind():
            advance = begin(f"{build.side}: instructions", len(subset.TIMED))
            exact.count_instructions(build, subset.TIMED, figures[build], advance)

    try:
        side_by_side(measure, both)
    except KeyboardInterrupt:
        for each in figures.values():
            each.failed.clear()  # they were ended
        judge_exact(*figures.values(), report, whole=False)
        raise
    if not exact.has_callgrind():
        report.notes.append("instructions were not counted: there is no valgrind (Debian: apt-get install valgrind)")
    judge_exact(*figures.values(), report)
    return tuple(figures.values())


def judge_exact(base, head, report, whole=True):
    from . import exact
    from .report import COPIES, SLOWER, Finding

    if whole:
        lost = {str(case): "head has no figure" for case, kind in base.values if (case, kind) not in head.values}
        report.failed.update(lost | {str(case): why for side in (base, head) for case, why in side.failed.items()})
        new = {str(case) for case, kind in head.values if (case, kind) not in base.values and case not in base.failed}
        if new:
            report.notes.append(f"exact: {len(new)} figures are new, with nothing to compare: {min(new)} ...")
    for _, kind in base.values.keys() & head.values.keys():
        report.compared[kind] = report.compared.get(kind, 0) + 1
    for rise in exact.rises(base, head):
        outcome = COPIES if rise.copies else SLOWER
        report.findings.append(Finding(outcome, str(rise.case), rise.kind, rise.base, rise.head, "exact: it rose"))


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


def measure(chosen, report):
    """Both builds and both channels, into the report."""
    from .. import environments, progress
    from . import process, publish, results, times
    from .report import GATE

    machine = environments.machine_name(chosen.machine)
    if chosen.head is None:
        refuse_dirty_tree()
    commits = tuple(find_commit(name) for name in (chosen.base, chosen.head or "HEAD"))
    report.base, report.head = map(_describe, commits)
    spreads = publish.known_spreads(machine)
    if not spreads:
        report.notes.append(f"no A/A history of {machine}: the thresholds are those of a noisy machine")
    both = install_both(*commits)
    with progress.tasks() as begin:
        counted, stages = compare_exact(both, report, begin), times.Stages()
        try:
            compare_times(both, report, begin, spreads, stages)
        finally:
            try:
                results.save(both, commits, stages, counted, machine, chosen.out)
            except (process.Failed, OSError) as error:
                report.notes.append(f"asv's result files were not written: {error}")
    if not report.failed and not sum(report.compared.values()):
        report.failed[GATE] = "base and head have no benchmark in common"


def run(chosen):
    """The report, whatever happens: a gate that fails has not found anything slower."""
    from .report import GATE, Report

    report = Report(chosen.base, chosen.head or "HEAD")
    try:
        measure(chosen, report)
    except Refused as error:
        report.failed[GATE] = str(error)
    except KeyboardInterrupt:
        report.failed[GATE] = "interrupted: what was measured so far is in the table"
    except Exception as error:
        traceback.print_exc()
        report.failed[GATE] = f"an error of its own, {error!r}: please report it, with the lines above"
    return report


def main():
    from . import report

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = options()
    found = run(chosen)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the report is written whole
    report.save(found, chosen.out)
    report.show(found)
    print(f"written: {chosen.out / 'gate.json'}, {chosen.out / 'gate.md'}")
    sys.exit(found.outcome)


if __name__ == "__main__":
    main()
