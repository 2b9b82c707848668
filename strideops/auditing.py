# SPDX-License-Identifier: BSD-3-Clause
"""Which calls copied array data: by line, with the bytes, the reason and the zero-copy spelling.

NumPy's own functions and methods are watched while they run, whoever calls them and however. A call has copied an array
where its result holds the array's elements in other memory; where it gives none back, `strideops.operations` knows.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from . import _probes, unattributed
from .calls import KEPT, LOADERS, WATCHED, Call, given_back, is_slice
from .rendering import size
from .rules import COPIES
from .unattributed import Request

__all__ = ["Audit", "Finding", "Request", "audit"]

SMALLEST = 1024  # bytes; less is not worth a line
NUMPY = os.path.dirname(np.__file__) + os.sep
NOT_THEIRS = (__file__, NUMPY, copy.__file__)  # of these modules no line is named
FUNCTIONS = (*(function for *_, function in WATCHED), *LOADERS)
INDEX = ("ndarray[index]", "index", None)
LOADING = range(len(WATCHED), len(FUNCTIONS))
SHOWN = 5  # lines of what is not attributed
SORTS = {"sort", "partition", "unique"}  # of NumPy's: begin with a copy that becomes the result


@dataclass(frozen=True)
class Finding:
    """What was copied on a line by a function.

    Attributes
    ----------
    file : str
    line : int
    call : str
        The function, as ``ndarray.ravel``, or ``ndarray.ravel in norm`` where one of NumPy's calls it.
    bytes, count : int
        Of all copies there, and how many.
    layout : str
        ``shape:stride dtype`` of the first array that was.
    reason, instead : str
        Why, and the zero-copy spelling; empty where there is none.
    """

    file: str
    line: int
    call: str
    bytes: int
    count: int
    layout: str
    reason: str
    instead: str

    def __str__(self) -> str:
        times = "" if self.count == 1 else f" in {self.count:,} calls"
        instead = f"; instead: {self.instead}" if self.instead else ""
        head = f"{size(self.bytes):>12}  {self.file}:{self.line}: {self.call}{times}"
        return f"{head}\n{'':14}of {self.layout}: {self.reason}{instead}"


class Audit:
    """What an audit has found.

    Attributes
    ----------
    calls : int
        That were looked at.
    unknown : int
        Of them, those of which nobody can say whether they copied.
    results : int
        Bytes requested for what is certainly a new result: of operators, ufuncs, `numpy.zeros` and its like.
    native : bool
        Whether what compiled code requests for itself could be counted. Not on every system.
    """

    def __init__(self, smallest: int = SMALLEST) -> None:
        self.smallest = smallest
        self.calls = self.unknown = self.results = 0
        self.native = True
        self._found: dict[tuple[str, int, str], list[Any]] = {}
        self._requests: dict[tuple[str, int, str], list[int]] = {}

    def findings(self) -> list[Finding]:
        """The most bytes first."""
        found = [
            Finding(file, line, call, total, count, layout, reason, instead)
            for (file, line, call), (total, count, layout, reason, instead) in self._found.items()
        ]
        return sorted(found, key=lambda finding: (-finding.bytes, finding.file, finding.line))

    def unattributed(self) -> list[Request]:
        """Memory for results or for copies, nobody can tell: the most bytes first.

        Of calls that are not watched, and of compiled code.
        """
        found = [Request(*place, *total) for place, total in self._requests.items()]
        return sorted(found, key=lambda request: (-request.bytes, request.file, request.line))

    def __str__(self) -> str:
        found, others = self.findings(), self.unattributed()
        lines = len({(finding.file, finding.line) for finding in found})
        on = f" on {lines:,} {'line' if lines == 1 else 'lines'}" if lines else ""
        summary = [f"{size(sum(finding.bytes for finding in found))} copied{on}; {self.calls:,} calls looked at"]
        if self.unknown:
            summary.append(f"{self.unknown:,} of them could not be judged")
        if others:
            summary.append(f"{size(sum(request.bytes for request in others))} not attributed")
        if not self.native:
            summary.append("what compiled code requests for itself could not be counted")
        return "\n".join([*map(str, found), *_shown(others), "; ".join(summary)])

    def to_dict(self) -> dict[str, Any]:
        """Of plain Python objects."""
        return {
            "calls": self.calls,
            "unknown": self.unknown,
            "findings": [asdict(finding) for finding in self.findings()],
            "unattributed": [asdict(request) for request in self.unattributed()],
            "results": self.results,
            "native": self.native,
        }

    def merge(self, told: dict[str, Any]) -> None:
        """Add what another one has found, as its `to_dict` tells."""
        self.calls += told["calls"]
        self.unknown += told["unknown"]
        for each in told["findings"]:
            key = (each["file"], each["line"], each["call"])
            found = self._found.setdefault(key, [0, 0, each["layout"], each["reason"], each["instead"]])
            found[0] += each["bytes"]
            found[1] += each["count"]
        for each in told["unattributed"]:
            self._add_request(Request(**each))
        self.results += told["results"]
        self.native &= told["native"]

    def _see(self, number: int, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None, result: Any) -> None:
        operand = owner
        if not isinstance(operand, np.ndarray):
            if number in LOADING:
                _probes.watch_libraries()
                return
            operand = owner.obj if isinstance(owner, memoryview) else args[0] if args else None
        self.calls += 1
        if not isinstance(operand, np.ndarray) or operand.nbytes < self.smallest:
            return
        name, short, _ = INDEX if number == len(FUNCTIONS) else WATCHED[number]
        call = Call(short, operand, args, kwargs or {})
        if short in KEPT:
            copied = self._kept(call)
        elif short in ("take", "index"):
            copied = result.nbytes if isinstance(result, np.ndarray) and is_slice(call, result) else 0
        else:
            copied = given_back(operand, result)
        if copied:
            self._add(name, call, copied)

    def _kept(self, call: Call) -> int:
        verdict = call.verdict()
        self.unknown += verdict is None
        return verdict.bytes if verdict is not None and verdict.outcome == COPIES else 0

    def _add(self, name: str, call: Call, copied: int) -> None:
        file, line, within = _place(sys._getframe(2))
        if within in SORTS:
            return
        key = (file, line, f"{name} in {within}" if within else name)
        found = self._found.get(key)
        if found is None:
            axes = (",".join(map(str, part)) for part in (call.operand.shape, call.operand.strides))
            layout = "({}):({}) {}".format(*axes, call.operand.dtype)
            found = self._found[key] = [0, 0, layout, *call.why()]
        found[0] += copied
        found[1] += 1

    def _add_requests(self, requests: list[Any], native: bool) -> None:
        self.native &= native
        for place in requests:
            request, is_result = unattributed.read(*place)
            if is_result:
                self.results += request.bytes
            else:
                self._add_request(request)

    def _add_request(self, request: Request) -> None:
        total = self._requests.setdefault((request.file, request.line, request.code), [0, 0])
        total[0] += request.bytes
        total[1] += request.count


def _shown(requests: list[Request]) -> Iterator[str]:
    if requests:
        yield "not attributed: results or copies of calls that are not watched, or of compiled code"
    for request in requests[:SHOWN]:
        yield str(request)
    if len(requests) > SHOWN:
        yield f"{'':14}and {len(requests) - SHOWN:,} more"


def _place(frame: FrameType | None) -> tuple[str, int, str]:
    """The innermost line that is not NumPy's, and the function of NumPy's that it calls; empty if it calls none."""
    within = ""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(NOT_THEIRS):
            return file, frame.f_lineno, within
        within = "" if file == __file__ else frame.f_code.co_name
        frame = frame.f_back
    return "<unknown>", 0, within


_active: list[Audit] = []


def _see(*call: Any) -> None:
    for each in _active:
        each._see(*call)


@contextmanager
def _paused() -> Iterator[None]:
    """Nothing is watched, and those that are active get what was requested until now."""
    told = _probes.unwatch_calls()
    for each in _active:
        each._add_requests(*told)
    yield
    if _active:
        observer = _active[0]._see if len(_active) == 1 else _see
        smallest = min(each.smallest for each in _active)
        _probes.watch_calls(FUNCTIONS, np.ndarray, observer, smallest, NUMPY)


class audit:
    """Find the calls in a block that copy array data.

    Parameters
    ----------
    smallest : int
        Arrays of fewer bytes are left out.

    Returns
    -------
    Audit
        From ``with ... as found``; `Audit.findings` has a line's copies each, the most bytes first.

    Notes
    -----
    Of the whole process: other threads' calls are seen as well. What compiled code copies for itself, and what a call
    does that is not watched, is counted but not judged: `Audit.unattributed`.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X = np.zeros((100, 100))
    >>> with strideops.audit() as found:
    ...     y = X[:, :50].ravel()
    >>> [(each.call, each.bytes) for each in found.findings()]
    [('ndarray.ravel', 40000)]
    """

    def __init__(self, smallest: int = SMALLEST) -> None:
        self._audit = Audit(smallest)

    def __enter__(self) -> Audit:
        try:
            with _paused():
                _active.append(self._audit)
        except BaseException:
            _active[:] = [each for each in _active if each is not self._audit]
            raise
        return self._audit

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _paused():
            _active.remove(self._audit)
