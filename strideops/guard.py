# SPDX-License-Identifier: BSD-3-Clause
"""One guarded block: the probes are set, and what they saw becomes evidence."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from . import _probes
from .evidence import Allocated, Block, Evidence, MemoryCopy, find_reasons
from .exchange import asstrided
from .readers import Reader, find_code, readers_of, tracebacks

__all__ = ["Guard"]

LEVELS = ("portable", "full", "trace")
MEMORIES = ("Python", "NumPy", "native")


def _address(array: NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _spots(array: NDArray[Any], count: int) -> list[tuple[int, int]]:
    """Aligned pieces of up to `count` elements from the first to the last: (address, bytes)."""
    if array.size == 0:
        return []
    spots: dict[int, int] = {}
    for k in range(count):
        flat = k * (array.size - 1) // max(count - 1, 1)
        place = _address(array)
        for length, stride in zip(reversed(array.shape), reversed(array.strides), strict=True):
            flat, index = divmod(flat, length)
            place += index * stride
        spots[place] = next(size for size in (8, 4, 2, 1) if size <= array.itemsize and place % size == 0)
    return list(spots.items())


class Guard:
    """From `start` to `stop`; then `judge`. `file` is whose lines are named: by default the caller's caller's."""

    def __init__(
        self, arrays: Sequence[Any], readers: Sequence[str] | str | None, level: str, file: str | None = None
    ) -> None:
        if level not in LEVELS:
            raise ValueError(f"level is {level!r}; it can be {', '.join(map(repr, LEVELS))}")
        if not arrays:
            raise TypeError("nothing to guard: name at least one array")
        self.arrays = [asstrided(array) for array in arrays]
        self.readers = (readers,) if isinstance(readers, str) else readers
        self.level = level
        self.file = file or sys._getframe(2).f_code.co_filename
        self.evidence = Evidence(tuple((array.shape, array.strides, array.dtype) for array in self.arrays))
        self.entered = False

    def start(self) -> Evidence:
        if self.entered:
            raise RuntimeError("this guard has been used: make a new one for every block")
        self.entered = True
        spots = self._choose_spots() if self.level == "full" else []
        self.watched = [sum(of == i for of, _, _ in spots) for i in range(len(self.arrays))]
        self.probes = _probes.Guard(self.arrays, spots, self.file, self.level)
        if self.level == "portable":
            self.probes.start()
            return self.evidence
        try:
            self.probes.start(*tracebacks.begin())
        except BaseException:
            tracebacks.end()
            raise
        return self.evidence

    def _choose_spots(self) -> list[tuple[int, int, int]]:
        """To watch, for as many arrays as there are watchpoints: (array, address, bytes)."""
        watched = [i for i, array in enumerate(self.arrays) if array.size][: _probes.WATCHPOINTS]
        spots: list[tuple[int, int, int]] = []
        for left, i in zip(range(len(watched), 0, -1), watched, strict=True):
            room = (_probes.WATCHPOINTS - len(spots)) // left
            spots += [(i, address, size) for address, size in _spots(self.arrays[i], room)]
        return spots

    def stop(self) -> None:
        """Fill the evidence, but for the verdict."""
        seen = self.probes.stop()
        text = tracebacks.end() if self.level != "portable" else ""
        evidence = self.evidence
        evidence.allocated = Allocated(*seen["allocated"])
        evidence.blocks = tuple(
            Block(array, MEMORIES[memory], nbytes, copied, line)
            for array, memory, nbytes, copied, line in seen["finds"]
        )
        if seen["copies"] is not None:
            evidence.copies = tuple(
                MemoryCopy(array, calls, copied, largest, writes, find_code(caller - 1)[0] if caller else None)
                for array, (calls, copied, largest, writes, caller) in enumerate(seen["copies"])
            )
        if any(armed or count for armed, count in seen["spots"]):
            evidence.readers = self._readers(seen["hits"], self.watched, text)
        if seen["pages"] is not None:
            pages = self._readers(seen["page_hits"], seen["pages"], text)
            if self.level == "trace":
                evidence.trace = pages
            else:
                evidence.pages = pages
        evidence.not_checked = tuple(self._not_checked(seen))

    def _readers(self, hits: list[Any], watched: Sequence[int], text: str) -> tuple[tuple[Reader, ...], ...]:
        return tuple(
            tuple(readers_of(hits, i, watched[i] if i < len(watched) else 0, text, self.file))
            for i in range(len(self.arrays))
        )

    def _not_checked(self, seen: dict[str, Any]) -> list[str]:
        reasons = [
            f"readers of array {i}: {why}"
            for i, array in enumerate(self.arrays)
            if array.size and (why := self._why_unwatched(i, seen))
        ]
        if self.level == "portable":
            reasons.append("native memory and memcpy: level='portable'")
        if seen["lost_hits"]:
            reasons.append(f"readers: there were {seen['lost_hits']:,} more than could be noted")
        if seen["unwatched_threads"]:
            reasons.append(f"readers: threads that block SIGTRAP, and were not watched: {seen['unwatched_threads']}")
        if seen["watchpoints_lost"]:
            reasons.append("readers: a guard inside this one had some of its watchpoints for a time")
        if self.level != "portable" and seen["allocated"][2] is None:
            reasons.append("native memory: not on this platform, or libraries were loaded meanwhile")
        if self.level != "portable" and seen["copies"] is None:
            reasons.append("memcpy: not on this platform")
        reasons += [
            f"contents: array {i} is too small, or its elements are too much alike, to be recognised elsewhere"
            for i, array in enumerate(self.arrays)
            if array.size and not seen["recognisable"][i]
        ]
        reasons += [f"contents: array {i} was changed inside the block" for i in seen["changed"]]
        reasons += [f"contents: array {i} has been given other memory" for i in seen["moved"]]
        if seen["missed"]:
            reasons.append(f"contents: {seen['missed']:,} blocks of memory were too many to be looked at")
        return reasons

    def _why_unwatched(self, i: int, seen: dict[str, Any]) -> str | None:
        """Why nobody can tell who read an array; None: somebody can."""
        if self.level == "portable":
            return "level='portable' does not watch them"
        if seen["watch_error"] or self.level == "trace":
            refused = f"the system refused a watchpoint ({os.strerror(seen['watch_error'])})"
            begin = "" if self.level == "trace" else f"{refused}, and "
            if seen["pages"] is None:
                return f"{begin}its pages could not be protected ({os.strerror(seen['page_error'])})"
            if i >= len(seen["pages"]) or not seen["pages"][i]:
                return f"{begin}none of its pages could be protected"
            most = _probes.MOST_TRAPS if self.level == "trace" else _probes.MOST_VISITS
            return f"{begin}{most:,} accesses were traced, and no more" if seen["traps"] >= most else None
        spots, at = seen["spots"], sum(self.watched[:i])
        mine = spots[at : at + self.watched[i]]
        if any(armed and count < _probes.MOST_HITS for armed, count in mine):
            return None
        if any(count >= _probes.MOST_HITS for _, count in mine):
            return f"not watched to the end: {_probes.MOST_HITS:,} accesses of an element are enough"
        return f"the processor has {_probes.WATCHPOINTS} watchpoints, and they were in use"

    def judge(self) -> None:
        """The verdict, from the evidence."""
        evidence = self.evidence
        sizes = [(array.nbytes, array.itemsize) for array in self.arrays]
        evidence.reasons = tuple(find_reasons(evidence, sizes, self.readers))
        if evidence.reasons:
            evidence.verdict = "copied"
        elif any(reason.startswith("readers") for reason in evidence.not_checked):
            evidence.verdict = "not proven"
        elif self.readers is None and (unknown := self._unknown_bytes()):
            evidence.not_checked += (
                f"contents: {unknown:,} bytes of new memory do not hold the elements as they are: results, or a "
                "converted copy. readers= tells who may read",
            )
            evidence.verdict = "not proven"
        else:
            evidence.verdict = "no copy"

    def _unknown_bytes(self) -> int:
        """Bytes that somebody who read an array may have converted it into; 0: too few for that, or nobody did."""
        evidence = self.evidence
        assert evidence.allocated is not None
        foreign = [
            array.size
            for i, array in enumerate(self.arrays)
            if any(not reader.matches("strideops") for reader in evidence.readers_of(i) or ())
        ]
        total = evidence.allocated.numpy + (evidence.allocated.native or 0)
        return total if foreign and total >= min(foreign) // 2 and total >= 4096 else 0
