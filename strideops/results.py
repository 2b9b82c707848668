# SPDX-License-Identifier: BSD-3-Clause
"""asv's results of benchmarks that compare the two paths, as arrays. Reads files, judges nothing.

Source: asv's result format 2, as asv 0.6 writes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Benchmark", "Run", "Series", "Unreadable", "read", "read_benchmarks"]

GRID = ("path", "pattern", "size", "dtype")
PASSES = ("path", "pattern", "size", "passes")
_VERSION = 2
_KEYS = ("commit_hash", "env_name", "date", "python", "requirements", "result_columns", "results")
_NO_RESULTS = ("machine.json", "benchmarks.json")


class Unreadable(ValueError):
    """A file that is no result of asv, or a damaged one."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark as asv's benchmarks.json describes it.

    Attributes
    ----------
    name : str
    type, unit : str
    names : tuple of str
        Of the parameters.
    params : tuple of tuple of str
        As asv writes them, strings in quotes.
    version : str
    """

    name: str
    type: str
    unit: str
    names: tuple[str, ...]
    params: tuple[tuple[str, ...], ...]
    version: str

    @property
    def values(self) -> list[list[str]]:
        """Of each parameter, without quotes."""
        return [[word.strip("'") for word in words] for words in self.params]

    @property
    def cases(self) -> list[tuple[str, ...]]:
        """Values of the parameters, in asv's order."""
        return list(product(*self.values))

    @property
    def is_timed(self) -> bool:
        """Seconds of a call on both paths."""
        return self.names == GRID and self.type == "time"

    @property
    def is_tracked(self) -> bool:
        """Bytes that a call allocates on both paths: 0 is good."""
        return self.names == GRID and self.unit == "bytes"

    @property
    def is_of_passes(self) -> bool:
        """Seconds of many passes, over the view or over a copy."""
        return self.names == PASSES and self.type == "time"

    def passes(self, times: NDArray[np.float64]) -> Iterator[tuple[str, str, NDArray[np.float64], NDArray[np.float64]]]:
        """(pattern, size, numbers of passes, their times on both paths) where all were measured, if it is of passes."""
        _, patterns, sizes, counts = self.values
        times = times.reshape(2, len(patterns), len(sizes), len(counts))
        for p, s in np.ndindex(len(patterns), len(sizes)):
            if not np.isnan(times[:, p, s]).any():
                yield patterns[p], sizes[s], np.array(counts, float), times[:, p, s]

    @property
    def call(self) -> str:
        """The call that its class is named after: ops.SumLastAxis is sum_last_axis."""
        name = self.name.split(".")[-2]
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


@dataclass
class Series:
    """What was measured of a benchmark.

    Attributes
    ----------
    values, low, high : ndarray, shape (commits, cases), float64
        asv's value and its 99 % interval, in seconds or bytes; NaN where there is none.
    failed : ndarray, shape (commits, cases), bool
    """

    values: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    failed: NDArray[np.bool_]

    @property
    def last(self) -> NDArray[np.intp]:
        """For each case, the row of the newest commit that has measured it or failed at it; -1 where none has."""
        known = ~np.isnan(self.values) | self.failed
        newest = len(known) - 1 - np.argmax(known[::-1], axis=0)
        return np.where(known.any(axis=0), newest, -1)

    @property
    def newest(self) -> NDArray[np.float64]:
        """For each case its newest value; NaN where there is none, or where the newest is a failure."""
        cases = np.arange(self.values.shape[1])
        return np.where(self.last < 0, math.nan, self.values[self.last, cases])


@dataclass
class Run:
    """What a machine measured in an environment, from commit to commit.

    Attributes
    ----------
    machine : dict
        machine.json.
    environment : str
    versions : dict
        Python and the requirements.
    commits : list of str
        Oldest first: the rows of the series.
    series : dict
        Name of a benchmark -> Series.
    """

    machine: dict[str, Any]
    environment: str
    versions: dict[str, str]
    commits: list[str]
    series: dict[str, Series] = field(default_factory=dict)


def _load(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Unreadable(f"{path} is truncated or no JSON ({error}): copy it again from where it was written") from None
    if not isinstance(found, dict):
        raise Unreadable(f"{path} is no file of asv: it holds a {type(found).__name__}")
    return found


def _load_results(path: Path) -> dict[str, Any]:
    found = _load(path)
    if found.get("version") != _VERSION:
        version = found.get("version")
        raise Unreadable(f"{path} has asv's result version {version}, not {_VERSION}: asv update brings it up to date")
    missing = [key for key in _KEYS if key not in found]
    if missing:
        raise Unreadable(f"{path} is no result of asv: it has no {', '.join(missing)}")
    return found


def read_benchmarks(results: str | Path) -> dict[str, Benchmark]:
    """Name -> Benchmark, of the file benchmarks.json.

    Parameters
    ----------
    results : path
        asv's results_dir.

    Raises
    ------
    Unreadable
        There is no such file, or it is none of asv's.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from strideops.results import read_benchmarks
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "benchmarks.json").write_text('{"version": 2}')
    >>> read_benchmarks(folder)
    {}
    """
    described = _load(Path(results) / "benchmarks.json")
    return {
        name: Benchmark(
            name,
            str(found.get("type", "")),
            str(found.get("unit", "")),
            tuple(found.get("param_names") or ()),
            tuple(tuple(words) for words in found.get("params") or ()),
            str(found.get("version", "")),
        )
        for name, found in described.items()
        if isinstance(found, dict)
    }


def read(
    results: str | Path, benchmarks: Mapping[str, Benchmark], order: Mapping[str, int] | None = None
) -> tuple[list[Run], list[str]]:
    """All results of all machines.

    Parameters
    ----------
    results : path
        asv's results_dir.
    benchmarks : dict
        From `read_benchmarks`. Results of other versions of a benchmark are left out.
    order : dict, optional
        Commit -> its place in the history; commits without one are left out. Without it commits go by their dates.

    Returns
    -------
    runs : list of Run
        One for each machine and environment.
    left_out : list of str
        A sentence for every file that could not be read.

    Examples
    --------
    >>> from strideops.results import read
    >>> read("no such folder", {})
    ([], [])
    """
    runs: list[Run] = []
    left_out = []
    for file in sorted(Path(results).glob("*/machine.json")):
        found: dict[str, list[dict[str, Any]]] = {}
        try:
            machine = _load(file)
        except Unreadable as error:
            left_out.append(str(error))
            continue
        for path in sorted(file.parent.glob("*.json")):
            if path.name in _NO_RESULTS:
                continue
            try:
                data = _load_results(path)
            except Unreadable as error:
                left_out.append(str(error))
                continue
            if order is None or data["commit_hash"] in order:
                found.setdefault(data["env_name"], []).append(data)
        for _, each in sorted(found.items()):
            each.sort(key=lambda data: order[data["commit_hash"]] if order else data["date"])
            try:
                runs.append(_run(machine, each, benchmarks))
            except (TypeError, ValueError, IndexError, AttributeError) as error:
                left_out.append(f"{file.parent} holds damaged results of {each[0]['env_name']} ({error})")
    return runs, left_out


def _run(machine: dict[str, Any], results: list[dict[str, Any]], benchmarks: Mapping[str, Benchmark]) -> Run:
    newest = results[-1]
    versions = {"Python": newest["python"], **newest["requirements"]}
    run = Run(machine, newest["env_name"], versions, [data["commit_hash"] for data in results])
    for row, data in enumerate(results):
        for name, packed in data["results"].items():
            columns = dict(zip(data["result_columns"], packed, strict=False))
            benchmark = benchmarks.get(name)
            if benchmark and str(columns.get("version")) == benchmark.version:
                if name not in run.series:
                    shape = len(results), len(benchmark.cases)
                    values, low, high = np.full((3, *shape), math.nan)
                    run.series[name] = Series(values, low, high, np.zeros(shape, bool))
                _fill(run.series[name], row, columns, benchmark)
    return run


def _fill(series: Series, row: int, columns: Mapping[str, Any], benchmark: Benchmark) -> None:
    params = tuple(tuple(words) for words in columns.get("params") or ())
    places = _places(params, benchmark)
    known = places >= 0
    missing = [None] * len(places)
    result = columns.get("result") or missing
    series.values[row, places[known]] = np.array(result, float)[known]
    series.failed[row, places[known]] = np.array([value is None for value in result])[known]
    for target, name in ((series.low, "stats_ci_99_a"), (series.high, "stats_ci_99_b")):
        target[row, places[known]] = np.array(columns.get(name) or missing, float)[known]


def _places(params: tuple[tuple[str, ...], ...], benchmark: Benchmark) -> NDArray[np.intp]:
    """Where the cases of a result lie in the benchmark of today; -1 for those that are no more."""
    if params == benchmark.params:
        return np.arange(math.prod(map(len, params)))
    now = {case: place for place, case in enumerate(product(*benchmark.params))}
    return np.array([now.get(case, -1) for case in product(*params)], np.intp)
