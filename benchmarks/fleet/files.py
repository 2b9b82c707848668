# SPDX-License-Identifier: BSD-3-Clause
"""asv's result files: read and judged, taken apart into rows and cases, and written whole. Nothing is merged here."""

import json
import math
from itertools import product
from pathlib import Path

from ..repository import Refused, write_whole

NOT_RESULTS = {"machine.json", "benchmarks.json"}
NOT_MEASURED = math.nan  # asv's value of a case that was not selected; None is one that failed
RESULT_KEYS = {"commit_hash", "env_name", "date", "params", "python", "requirements", "result_columns", "results"}
RESULT_VERSION = 2
PER_CASE = ("result", "samples")  # and the columns of statistics


def load(path):
    """A JSON object of asv; Refused where it is none."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Refused(f"{path} is truncated or no JSON ({error}): copy it again from where it was written") from None
    if not isinstance(found, dict):
        raise Refused(f"{path} is no file of asv: it holds a {type(found).__name__}")
    return found


def load_results(path, machine):
    """A result file of asv in the folder of a machine; Refused where it is none, or damaged."""
    from asv.results import get_filename

    found = load(path)
    missing = sorted(RESULT_KEYS - set(found))
    if missing:
        raise Refused(f"{path} is no result of asv: it has no {', '.join(missing)}")
    if found.get("version") != RESULT_VERSION:
        raise Refused(
            f"{path} has asv's result version {found.get('version')}, not {RESULT_VERSION}: "
            "asv update brings it up to date"
        )
    try:
        name = found["params"]["machine"]
        damaged = [benchmark for benchmark, row in rows(found).items() if not _is_sound(row)]
        expected = Path(get_filename(machine, found["commit_hash"], found["env_name"])).name
    except (TypeError, KeyError, AttributeError) as error:
        raise Refused(f"{path} is no result of asv: its fields have other types ({error!r})") from None
    if name != machine:
        raise Refused(f"{path} was measured on {name!r}, and lies in the folder of {machine!r}")
    if damaged:
        raise Refused(f"{path} is damaged: {damaged[0]} has not as many values as cases")
    if Path(path).name != expected:
        raise Refused(f"{path} holds what belongs to {expected}: asv would count it twice")
    return found


def _is_sound(row):
    count = math.prod(map(len, row.get("params") or []))
    return all(row[name] is None or len(row[name]) == count for name in case_columns(row))


def load_machine(folder):
    found = load(folder / "machine.json")
    if found.get("machine") != folder.name:
        raise Refused(f"{folder}/machine.json is of {found.get('machine')!r}: the folder must have that name")
    return found


def result_files(folder):
    return sorted(path for path in folder.glob("*.json") if path.name not in NOT_RESULTS)


def machine_folders(results):
    """Of a results folder, or of one machine's folder itself."""
    results = Path(results)
    if (results / "machine.json").exists():
        return [results]
    found = sorted(file.parent for file in results.glob("*/machine.json"))
    if not found:
        raise Refused(f"{results} has no results of asv: no machine.json in it or in its folders")
    return found


def rows(results):
    """Benchmark -> {column: value}."""
    columns = results["result_columns"]
    return {name: dict(zip(columns, row, strict=False)) for name, row in results["results"].items()}


def case_columns(columns):
    return [name for name in columns if name in PER_CASE or name.startswith("stats_")]


def cases(row, columns):
    """Parameters -> {column: value}, of all cases of a benchmark."""
    named = list(product(*(row.get("params") or [])))
    values = {name: row.get(name) or [None] * len(named) for name in case_columns(columns)}
    return {case: {name: values[name][i] for name in values} for i, case in enumerate(named)}


def is_measured(value):
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def pack(row, columns):
    """As asv writes it: without what is missing at the end."""
    packed = [row.get(name) for name in columns]
    while packed and packed[-1] is None:
        packed.pop()
    return packed


def count_values(row, columns):
    return sum(is_measured(case["result"]) for case in cases(row, columns).values())


def write(writes):
    """Path -> content, as asv writes it; a file that says the same already is left alone."""
    for path, content in writes.items():
        readable = path.name in NOT_RESULTS
        text = json.dumps(content, indent=4 if readable else None, sort_keys=readable)
        if not path.exists() or json.dumps(load(path), sort_keys=True) != json.dumps(content, sort_keys=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
