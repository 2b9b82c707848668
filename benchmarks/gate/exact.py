# SPDX-License-Identifier: BSD-3-Clause
"""The exact channel: bytes, stores, loads, readers and instructions of a call. No statistics: what rose is worse."""

import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from .process import Failed, Process

INSTRUCTIONS = "instructions"
REPEATS = 3  # the least counts: now and then the interpreter has other work
CALLS = 20  # between two marks; the difference of twice as many and as many is what a call takes
MARK = "getppid"  # a function that nobody else calls
LARGEST_COUNTED = 512  # a program in valgrind runs fifty times slower


@dataclass
class Figures:
    """Of one build.

    Attributes
    ----------
    values : dict
        (case, kind) -> number. The kind is the unit of a tracked benchmark, or "instructions".
    failed : dict
        Case -> why it has none.
    """

    values: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)


def kind_of(case):
    """ "requested", "copied", "readers", "stores", "loads": what a tracked case counts."""
    return case.benchmark.rpartition("track_")[2]


def track(build, cases, figures, advance=lambda: None):
    """The values of tracked benchmarks, all from one process, into the figures."""
    try:
        with Process(build) as process:
            for case in cases:
                try:
                    if process.order("select", case.benchmark, case.parameters):
                        value = process.order("sample")
                        if value is not None:
                            figures.values[case, kind_of(case)] = value
                except Failed as error:
                    figures.failed[case] = str(error)
                advance()
    except (Failed, OSError) as error:
        figures.failed.update({case: str(error) for case in cases if (case, kind_of(case)) not in figures.values})


def has_callgrind():
    return shutil.which("valgrind") is not None


def _is_counted(case):
    return all(not word.isdigit() or int(word) <= LARGEST_COUNTED for word in case.parameters)


def count_instructions(build, cases, figures, advance=lambda: None, delays=None):
    """Instructions per call of timed benchmarks, by valgrind's callgrind, which runs the kernels of AVX2 at most.

    callgrind writes its count at every mark, numbered, and the worker says which numbers its marks had. `delays`,
    case -> number, is for the calibration: how often the injected loop turns in every op.
    """
    marks = {}
    cases = [case for case in cases if _is_counted(case)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        tool = ("valgrind", "-q", "--tool=callgrind", f"--dump-before={MARK}", f"--callgrind-out-file={out}")
        try:
            with Process(build, prefix=tool) as process:
                for case in cases:
                    try:
                        if process.order("select", case.benchmark, case.parameters):
                            if delays:
                                process.order("set_delay", delays[case])
                            marks[case] = process.order("count", CALLS, REPEATS)
                    except Failed as error:
                        figures.failed[case] = str(error)
                    advance()
        except (Failed, OSError) as error:
            figures.failed.update({case: str(error) for case in cases if case not in marks})
        for case, mark in marks.items():
            # The file of a mark has what was counted since the mark before it.
            try:
                counts = [_total(Path(f"{out}.{mark + after}")) for after in range(1, 2 * REPEATS + 1)]
            except (OSError, TypeError):
                figures.failed[case] = f"{build.side}: callgrind has written no count"
            else:
                figures.values[case, INSTRUCTIONS] = round((min(counts[1::2]) - min(counts[::2])) / CALLS)


def _total(file):
    return int(re.search(r"^(?:summary|totals): (\d+)", file.read_text(), re.MULTILINE)[1])


@dataclass(frozen=True)
class Rise:
    """A figure that rose."""

    case: object
    kind: str
    base: float
    head: float

    @property
    def copies(self):
        """A copy rather than mere work."""
        return self.kind != INSTRUCTIONS


def rises(base, head):
    """All that rose from base to head, of what both have."""
    return [
        Rise(case, kind, base.values[case, kind], value)
        for (case, kind), value in head.values.items()
        if (case, kind) in base.values and value > base.values[case, kind]
    ]
