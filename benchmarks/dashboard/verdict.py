# SPDX-License-Identifier: BSD-3-Clause
"""What the results say: does the strided path copy, and what has changed. Draws nothing."""

import math
from dataclasses import dataclass

import numpy as np

SMALLEST_CHANGE = 0.05  # of a time; asv's own threshold. Of a count, every change is one.
EXACT, CLEAR, LIKELY, WEAK = "exact", "clear", "likely", "weak"
CONFIDENCE = {
    EXACT: "a count, the same in every run",
    CLEAR: "the 99 % intervals of all commits before and after lie apart, two or more on each side",
    LIKELY: "the 99 % intervals lie apart, with one commit on a side",
    WEAK: "the 99 % intervals overlap",
}


@dataclass(frozen=True)
class Verdict:
    """Does the strided path copy?

    Attributes
    ----------
    cases : int
        That were measured, each once however many machines did so.
    copies : list of (benchmark name, case, bytes, number of the run)
    failed : int
        Cases of both paths whose newest result is a failure.
    commit : str or None
        The newest with a figure.
    broken : str or None
        The newest at which the strided path copied.
    """

    cases: int
    copies: list
    failed: int
    commit: str | None
    broken: str | None

    def __str__(self):
        if not self.cases:
            return "Nothing has been measured yet"
        return f"{self.cases:,} cases, {len(self.copies):,} {'copy' if len(self.copies) == 1 else 'copies'}"


def judge(runs, benchmarks, order):
    """The verdict on all runs (of strideops.results): of every case its newest figure."""
    cases, copies, failed, seen, broken = set(), [], 0, [], []
    for number, run in enumerate(runs):
        for name, series in run.series.items():
            benchmark = benchmarks[name]
            if not (benchmark.is_tracked or benchmark.is_timed):
                continue
            last = series.last
            failed += sum(bool(series.failed[row, place]) for place, row in enumerate(last) if row >= 0)
            if not benchmark.is_tracked:
                continue
            for place, case in enumerate(benchmark.cases):
                if case[0] != "strided" or last[place] < 0:
                    continue
                column, row = series.values[:, place], last[place]
                if not math.isnan(column[row]):
                    cases.add((name, case))
                    seen.append(run.commits[row])
                    if column[row] > 0:
                        copies.append((name, case, column[row], number))
                broken += [run.commits[each] for each in np.flatnonzero(column > 0)]
    newest = [max(found, key=order.get, default=None) for found in (seen, broken)]
    return Verdict(len(cases), copies, failed, *newest)


@dataclass(frozen=True)
class Change:
    """The newest step of a case, as asv has detected it.

    Attributes
    ----------
    run, place : int
        Number of the run, and of the case in the benchmark.
    benchmark : str
    before, after : float
        The medians of asv's two pieces.
    last_before, first_after : str
        Commits.
    confidence : str
        A key of `CONFIDENCE`.
    """

    run: int
    benchmark: str
    place: int
    before: float
    after: float
    last_before: str
    first_after: str
    confidence: str


def _is_change(benchmark, before, after):
    if benchmark.type != "time":
        return before != after
    return before > 0 and after > 0 and abs(math.log(after / before)) > math.log1p(SMALLEST_CHANGE)


def _confidence(benchmark, series, place, before, after):
    """Of a step from the rows `before` to the rows `after`."""
    if benchmark.type != "time":
        return EXACT
    sides = [
        (np.nanmin(series.low[rows, place]), np.nanmax(series.high[rows, place]))
        if np.isfinite(series.low[rows, place]).any()
        else (-math.inf, math.inf)
        for rows in (before, after)
    ]
    apart = sides[0][1] < sides[1][0] or sides[1][1] < sides[0][0]
    if not apart:
        return WEAK
    return CLEAR if min(len(before), len(after)) > 1 else LIKELY


def find_changes(runs, benchmarks, graphs, revisions):
    """The newest step of every case, by asv's step detection, newest first and then the largest.

    Parameters
    ----------
    graphs : dict
        (number of the run, benchmark name) -> asv.graph.Graph
    revisions : dict
        Commit -> asv's number of it.
    """
    found = []
    for (number, name), graph in graphs.items():
        run, benchmark = runs[number], benchmarks[name]
        series, steps = run.series[name], graph.get_steps()
        places = np.array([revisions[commit] for commit in run.commits])
        for place, pieces in enumerate([steps] if graph.scalar_series else steps):
            if len(pieces) < 2 or not _is_change(benchmark, pieces[-2][2], pieces[-1][2]):
                continue
            measured = ~np.isnan(series.values[:, place])
            rows = [np.flatnonzero(measured & (places >= left) & (places < right)) for left, right, *_ in pieces[-2:]]
            found.append(
                Change(
                    number,
                    name,
                    place,
                    pieces[-2][2],
                    pieces[-1][2],
                    run.commits[rows[0][-1]],
                    run.commits[rows[1][0]],
                    _confidence(benchmark, series, place, *rows),
                )
            )
    return sorted(found, key=lambda change: (-revisions[change.first_after], -_size(change)))


def _size(change):
    """How much has changed, either way; what was 0 and is no more comes first."""
    if min(change.before, change.after) <= 0:
        return math.inf
    return abs(math.log(change.after / change.before))
