# SPDX-License-Identifier: BSD-3-Clause
"""`make merge FROM="DIR ..."`: results of several machines, or shards of one, become one folder (asv#1362: asv cannot).

Everything is read and judged before anything is written: what is truncated, foreign or of another environment stops the
merge with a sentence, and the target is as it was. Merging the same results twice changes nothing.
"""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from ..repository import ROOT, Refused, find_commit
from .files import (
    NOT_MEASURED,
    case_columns,
    cases,
    count_values,
    is_measured,
    load,
    load_machine,
    load_results,
    machine_folders,
    pack,
    result_files,
    rows,
    write,
)

# What makes numbers comparable. A kernel's version may change under a machine; its name says which machine it is.
HARDWARE = ("machine", "arch", "cpu", "num_cpu")
ENVIRONMENT = ("python", "requirements", "env_vars", "commit_hash", "env_name")


@dataclass
class Summary:
    """What a merge did, in numbers of cases."""

    files: int = 0
    added: int = 0
    known: int = 0
    pooled: int = 0
    replaced: int = 0
    notes: list = field(default_factory=list)

    def __str__(self):
        return (
            f"{self.files} result files: {self.added:,} values added, {self.known:,} were there already, "
            f"{self.pooled:,} measured in both and pooled, {self.replaced:,} measured in both: the later stands"
        )


def differences(mine, theirs, names):
    return [
        f"{name} {mine.get(name)!r} and {theirs.get(name)!r}" for name in names if mine.get(name) != theirs.get(name)
    ]


def check_same_machine(mine, theirs, where):
    differ = differences(mine, theirs, HARDWARE)
    if differ:
        raise Refused(
            f"two machines have the name {mine.get('machine')!r} ({where}): {'; '.join(differ)}. "
            "Give one of them another name: asv machine --machine NAME; NAME in its folder, machine.json and results"
        )


def union(mine, theirs):
    """All values of each parameter, mine first."""
    if len(mine) != len(theirs):
        return None
    return [list(dict.fromkeys(some + others)) for some, others in zip(mine, theirs, strict=True)]


def pool(mine, theirs):
    """One case from the samples of both; None where one has no samples, or was timed another way."""
    from asv_runner.statistics import compute_stats

    number = mine.get("stats_number")
    if not mine.get("samples") or not theirs.get("samples") or number != theirs.get("stats_number"):
        return None
    # What both have, of an earlier merge or of a run that went on, counts once.
    samples = list((Counter(mine["samples"]) | Counter(theirs["samples"])).elements())
    result, stats = compute_stats(samples, number)
    pooled = {name: stats.get(name.removeprefix("stats_")) for name in mine if name.startswith("stats_")}
    return {**pooled, "result": result, "samples": samples}


def merge_case(mine, theirs, theirs_is_later, summary):
    """One case: the one that was measured, or both."""
    if not is_measured(theirs["result"]):
        # A failure says more than nothing.
        failed = theirs["result"] is None and mine["result"] is not None and not is_measured(mine["result"])
        return theirs if failed else mine
    if not is_measured(mine["result"]):
        summary.added += 1
        return theirs
    some, others = (Counter(case.get("samples") or [case["result"]]) for case in (mine, theirs))
    if others <= some:
        summary.known += 1
        return mine
    if some <= others:
        summary.added += 1
        return theirs
    pooled = pool(mine, theirs)
    if pooled:
        summary.pooled += 1
        return pooled
    summary.replaced += 1
    return theirs if theirs_is_later else mine


def merge_row(mine, theirs, columns, where, summary):
    """One benchmark that both files have."""
    if mine.get("version") != theirs.get("version"):
        raise Refused(
            f"{where} was measured by versions {mine.get('version')} and {theirs.get('version')} of the benchmark: "
            "measure one of them again with the suite of the other"
        )
    params = union(mine.get("params") or [], theirs.get("params") or [])
    if params is None:
        raise Refused(f"{where} has another number of parameters in the two files: they are not of one suite")
    # Only one of them may have run at all.
    later = (theirs.get("started_at") or 0) > (mine.get("started_at") or 0)
    nothing = dict.fromkeys(case_columns(columns)) | {"result": NOT_MEASURED}
    some, others = cases(mine, columns), cases(theirs, columns)
    merged = [
        merge_case(some.get(case, nothing), others.get(case, nothing), later, summary) for case in product(*params)
    ]
    row = {**mine, **(theirs if later else {}), "params": params}
    for name in case_columns(columns):
        values = [case.get(name) for case in merged]
        row[name] = None if all(value is None for value in values) else values
    return row


def merge_results(mine, theirs, where, summary):
    """Two result files of one machine, commit and environment."""
    differ = differences(mine, theirs, ENVIRONMENT)
    if differ:
        raise Refused(
            f"{where} was measured in two environments: {'; '.join(differ)}. "
            "Results of different environments belong to different files: measure one of them again"
        )
    check_same_machine(mine["params"], theirs["params"], where)
    columns = list(dict.fromkeys(mine["result_columns"] + theirs["result_columns"]))
    some, others = rows(mine), rows(theirs)
    merged = dict(some)
    for name, row in others.items():
        if name in some:
            merged[name] = merge_row(some[name], row, columns, f"{name} in {where}", summary)
        else:
            summary.added += count_values(row, columns)
            merged[name] = row
    return {
        **theirs,
        **mine,
        "result_columns": columns,
        "results": {name: pack(row, columns) for name, row in merged.items()},
        "durations": {**theirs.get("durations", {}), **mine.get("durations", {})},
    }


def plan(sources, target, knows=None):
    """Path -> what will be written there, and a Summary; Refused where something does not fit.

    Parameters
    ----------
    sources : list of path
    target : path
    knows : callable(commit) -> bool, optional
        Whether this repository has a commit.
    """
    target, writes, summary = Path(target), {}, Summary()

    def current(path, read):
        return writes.get(path) or (read() if path.exists() else None)

    for source in map(Path, sources):
        for folder in machine_folders(source):
            machine = load_machine(folder)
            path = target / folder.name / "machine.json"
            mine = current(path, lambda path=path: load_machine(path.parent))
            if mine:
                check_same_machine(mine, machine, folder)
            # What is known of a machine is kept; a newer description completes it.
            writes[path] = {**machine, **(mine or {})}
            for file in result_files(folder):
                theirs = load_results(file, folder.name)
                check_same_machine(machine, theirs["params"], file)
                if knows and not knows(theirs["commit_hash"]):
                    raise Refused(
                        f"{file} is of commit {theirs['commit_hash'][:8]}, which this repository does not have: "
                        "fetch its branch first, or leave the file out"
                    )
                path = target / folder.name / file.name
                mine = current(path, lambda path=path: load_results(path, path.parent.name))
                if mine is None:
                    columns = theirs["result_columns"]
                    summary.added += sum(count_values(row, columns) for row in rows(theirs).values())
                    writes[path] = theirs
                else:
                    writes[path] = merge_results(mine, theirs, file, summary)
                summary.files += 1
            merge_benchmarks(folder.parent, target, writes, summary)
    return writes, summary


def merge_benchmarks(source, target, writes, summary):
    """benchmarks.json describes the suite: mine stands, and what it lacks is added, newer patterns too."""
    if not (source / "benchmarks.json").exists():
        return
    path, theirs = target / "benchmarks.json", load(source / "benchmarks.json")
    mine = writes.get(path) or (load(path) if path.exists() else {})
    writes[path] = {**theirs, **mine}
    for name, benchmark in theirs.items():
        known = writes[path][name]
        if not isinstance(benchmark, dict):
            continue
        if benchmark.get("version") != known.get("version"):
            note = f"{name} has another version in {source}: its results there are not shown"
            summary.notes += [note] if note not in summary.notes else []
        else:
            params = union(known.get("params") or [], benchmark.get("params") or [])
            writes[path][name] = {**known, "params": params or known.get("params")}


def merge(sources, target, knows=None):
    """Merge results folders into one; a Summary."""
    writes, summary = plan(sources, target, knows)
    write(writes)
    return summary


def main(arguments=None):
    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.merge", description=first)
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="DIR", help="results folders, or folders of one machine"
    )
    parser.add_argument(
        "--into", type=Path, default=ROOT / "results", help="the folder that gets them (default: results)"
    )
    parser.add_argument("--any-commit", action="store_true", help="also commits that this repository does not have")
    chosen = parser.parse_args(arguments)

    def knows(commit):
        try:
            return bool(find_commit(commit))
        except Refused:
            return False

    try:
        summary = merge(chosen.sources, chosen.into, None if chosen.any_commit else knows)
    except Refused as error:
        sys.exit(f"nothing was merged: {error}")
    for note in summary.notes:
        print(note)
    print(summary)


if __name__ == "__main__":
    main()
