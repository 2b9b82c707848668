# SPDX-License-Identifier: BSD-3-Clause
"""The first page as files: index.html, which needs nothing beside it, and data/, which it fetches when asked for more.

The page works from the disk as from a server: what it fetches are scripts, which a browser loads from either.
"""

import json
import math
from html import escape
from pathlib import Path
from string import Template

import numpy as np

from .. import units
from . import verdict

HERE = Path(__file__).parent
SKIN = "asv.html"  # where asv's own pages are
MOST_CHANGES = 300
CASES_SHOWN = 8  # of those that copy
NOT_MEASURED, FAILED = None, False
PASSES_DTYPE = "float64"  # of benchmarks/passes.py
NEVER = -1


def write(html, project, runs, benchmarks, commits, graphs, advice, left_out):
    """Write the page and its data; returns the verdict.

    Parameters
    ----------
    html : path
        asv's html_dir.
    project : str
    runs : list of strideops.results.Run
    benchmarks : dict
        Name -> strideops.results.Benchmark.
    commits : list of dict
        hash, subject, date of all commits with results, oldest first.
    graphs : dict
        (number of the run, benchmark name) -> asv.graph.Graph
    advice : dict
        Machine -> rows of (call, pattern, size, measured, its interval, predicted, agrees).
    left_out : list of str
        What could not be read, a sentence each.
    """
    order = {commit["hash"]: place for place, commit in enumerate(commits)}
    found = verdict.judge(runs, benchmarks, order)
    revisions = {commit["hash"]: commit["revision"] for commit in commits}
    changes = verdict.find_changes(runs, benchmarks, graphs, revisions)
    axes = _axes(benchmarks)
    data = Path(html) / "data"
    data.mkdir(exist_ok=True)
    # The page begins with the run that has the newest commit.
    first = max(range(len(runs)), key=lambda number: order[runs[number].commits[-1]], default=0)
    values = []
    for number, run in enumerate(runs):
        values.append(_values(run, benchmarks, axes, order))
        _write_script(data / f"{number}.js", "values", number, values[-1])
        for call, history in _histories(run, benchmarks, axes, order).items():
            _write_script(data / f"{number}-{call}.js", "history", f"{number}-{call}", history)
    page = {
        "project": project,
        "skin": SKIN,
        "commits": [[commit["hash"], commit["subject"], commit["date"]] for commit in commits],
        **axes,
        "codes": _codes(axes["patterns"]),
        "runs": [_described(run, order) for run in runs],
        "first": first,
        "values": {first: values[first]} if runs else {},
        "changes": [_change(change, benchmarks, order) for change in changes[:MOST_CHANGES]],
        "more_changes": max(0, len(changes) - MOST_CHANGES),
        "confidence": verdict.CONFIDENCE,
        "advice": advice,
    }
    text = Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        project=escape(project),
        skin=SKIN,
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        script=(HERE / "page.js").read_text(encoding="utf-8"),
        data=_json(page).replace("<", "\\u003c"),
        notes=_notes(found, runs, left_out),
        **_answer(found, runs, benchmarks, commits, order),
    )
    (Path(html) / "index.html").write_text(text, encoding="utf-8")
    return found


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _write_script(path, function, key, value):
    path.write_text(f"strideops.{function}({_json(key)},{_json(value)})\n", encoding="utf-8")


def _axes(benchmarks):
    """The names on the axes of the heat maps, of all benchmarks that compare the two paths."""
    calls, found = {}, {"patterns": {}, "sizes": {}, "dtypes": {}}
    for benchmark in benchmarks.values():
        if benchmark.is_timed or benchmark.is_tracked:
            calls.setdefault(benchmark.call, {})["time" if benchmark.is_timed else "bytes"] = benchmark.name
            for names, values in zip(found.values(), benchmark.params[1:], strict=True):
                names.update(dict.fromkeys(word.strip("'") for word in values))
    return {"calls": calls, **{name: list(values) for name, values in found.items()}}


def _codes(names):
    from ..patterns import PATTERNS

    return [PATTERNS[name].code if name in PATTERNS else "" for name in names]


def _described(run, order):
    facts = {"CPU": run.machine.get("cpu"), "cores": run.machine.get("num_cpu")}
    facts |= {
        name: run.machine.get(key) for name, key in (("L1d", "cache_l1d"), ("L2", "cache_l2"), ("L3", "cache_l3"))
    }
    facts |= {"cache line": run.machine.get("cache_line"), "reads at": run.machine.get("read_bandwidth")}
    return {
        "machine": run.machine["machine"],
        "python": run.versions["Python"],
        "numpy": run.versions.get("numpy", ""),
        "versions": {name: version for name, version in run.versions.items() if version},
        "facts": {name: value for name, value in facts.items() if value},
        "newest": order[run.commits[-1]],
    }


def _short(values):
    """Numbers of four digits, and no more characters than they need; None for those that are none."""
    return [_number(value) for value in np.asarray(values, float).tolist()]


def _number(value):
    if not math.isfinite(value):
        return NOT_MEASURED
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() else rounded


def _in_page_units(benchmark, values):
    """Nanoseconds, or bytes, of an array."""
    return _short(values * 1e9 if benchmark.type == "time" else values)


def _cell(axes, path, pattern, size, dtype):
    """The place of a case among those of the page, which lie flat."""
    flat = axes["patterns"].index(pattern)
    for name, word in (("sizes", size), ("dtypes", dtype)):
        flat = flat * len(axes[name]) + axes[name].index(word)
    return 2 * flat + (path == "contiguous")


def _cells(benchmark, axes):
    return [_cell(axes, *case) for case in benchmark.cases]


def _two_paths(run, benchmarks):
    for name, series in run.series.items():
        benchmark = benchmarks[name]
        if benchmark.is_timed or benchmark.is_tracked:
            yield benchmark, "time" if benchmark.is_timed else "bytes", series


def _values(run, benchmarks, axes, order):
    """The newest value of every case: {"time"|"bytes": {call: [value, ...]}, "older": {call: {cell: commit}}}.

    And of the passes {"passes": {call: {cell: [break-even, [passes, strided, contiguous], ...]}}}.
    """
    found = {"time": {}, "bytes": {}, "older": {}, "passes": {}}
    count = 2 * math.prod(len(axes[name]) for name in ("patterns", "sizes", "dtypes"))
    newest = len(run.commits) - 1
    for benchmark, kind, series in _two_paths(run, benchmarks):
        row = [NOT_MEASURED] * count
        values = _in_page_units(benchmark, series.newest)
        for place, (cell, last) in enumerate(zip(_cells(benchmark, axes), series.last.tolist(), strict=True)):
            row[cell] = FAILED if last >= 0 and series.failed[last, place] else values[place]
            if 0 <= last != newest and kind == "time":
                found["older"].setdefault(benchmark.call, {})[cell] = order[run.commits[last]]
        found[kind][benchmark.call] = row
    for name, series in run.series.items():
        if benchmarks[name].is_of_passes:
            found["passes"][benchmarks[name].call] = _passes(benchmarks[name], series, axes)
    return found


def _passes(benchmark, series, axes):
    """Cell -> the number of passes from which on packing pays, and what it was found from."""
    from strideops.advice import break_even

    found = {}
    for pattern, size, passes, times in benchmark.passes(series.newest):
        even = break_even(passes, *times)
        rows = zip(_short(passes), *map(_short, times * 1e9), strict=True)
        cell = _cell(axes, "strided", pattern, size, PASSES_DTYPE)
        found[cell] = [_number(even) if math.isfinite(even) else NEVER, list(rows)]
    return found


def _histories(run, benchmarks, axes, order):
    """Call -> {"time": {cell: [commit, nanoseconds, low, high, ...]}} of the cases that were ever measured."""
    found = {}
    commits = [order[commit] for commit in run.commits]
    for benchmark, kind, series in _two_paths(run, benchmarks):
        if kind != "time":
            continue
        rows = [_in_page_units(benchmark, each.T.ravel()) for each in (series.values, series.low, series.high)]
        lines, count = {}, len(commits)
        for place, cell in enumerate(_cells(benchmark, axes)):
            here = [each[place * count : (place + 1) * count] for each in rows]
            points = [point for point in zip(commits, *here, strict=True) if point[1] is not NOT_MEASURED]
            if points:
                lines[cell] = [number for point in points for number in point]
        found[benchmark.call] = {kind: lines}
    return found


def _change(change, benchmarks, order):
    benchmark = benchmarks[change.benchmark]
    return {
        "run": change.run,
        "benchmark": change.benchmark,
        "place": change.place,
        "case": benchmark.cases[change.place],
        "call": benchmark.call if benchmark.is_timed or benchmark.is_tracked else None,
        "unit": benchmark.unit,
        **dict(
            zip(("before", "after"), _in_page_units(benchmark, np.array([change.before, change.after])), strict=True)
        ),
        "from": order[change.last_before],
        "to": order[change.first_after],
        "confidence": change.confidence,
    }


def _name(commit):
    return f"{commit['hash'][:8]} ({commit['date']}: {commit['subject']})" if commit["subject"] else commit["hash"][:8]


def _answer(found, runs, benchmarks, commits, order):
    """The words of the page that say whether the strided path copies, and their tone."""
    if not found.cases:
        what = "No results are there yet" if not runs else "No result tells what the strided path allocates"
        return {
            "answer": "Not measured",
            "tone": "unknown",
            "verdict": f"{what}: make bench measures this commit",
            "broken": "",
        }
    broken = f"Last broken: {_name(commits[order[found.broken]])}." if found.broken else "Last broken: never."
    machines = len({run.machine["machine"] for run in runs})
    where = f"on {machines} machine{'s' if machines > 1 else ''}, up to {_name(commits[order[found.commit]])}"
    words = {
        "answer": "Yes, it copies" if found.copies else "No",
        "tone": "bad" if found.copies else "good",
        "verdict": str(found),
        "broken": escape(f"{broken} Measured {where}."),
    }
    if found.copies:
        worst = sorted(found.copies, key=lambda copy: -copy[2])[:CASES_SHOWN]
        names = [
            f"{benchmarks[name].call} of {case[1]}, size {case[2]}, {case[3]}: {units.human_bytes(size)}"
            f" on {runs[number].machine['machine']}"
            for name, case, size, number in worst
        ]
        more = len(found.copies) - len(worst)
        items = "".join(f"<li>{escape(name)}</li>" for name in names) + (f"<li>and {more:,} more</li>" if more else "")
        words["broken"] += f"</p><ul>{items}</ul><p>"
    return words


def _notes(found, runs, left_out):
    """What is missing, said on the page."""
    notes = list(left_out)
    if found.failed:
        notes.append(f"{found.failed:,} cases failed in their newest run; asv run --show-stderr --bench NAME says why.")
    if runs and len({commit for run in runs for commit in run.commits}) == 1:
        notes.append("There are results of one commit only: changes need two.")
    return "".join(f"<li>{escape(note)}</li>" for note in notes)
