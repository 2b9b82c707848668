# SPDX-License-Identifier: BSD-3-Clause
"""One guarded block: the probes are set, and what they saw becomes evidence."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import CodeType
from typing import Any

from numpy.typing import NDArray

from . import _probes
from .evidence import Allocated, Block, Evidence, MemoryCopy, find_reasons
from .exchange import asstrided
from .readers import find_code, readers_of, tracebacks

__all__ = ["Guard"]

MEMORIES = ("Python", "NumPy", "native")


def layout_of(array: NDArray[Any]) -> str:
    """``shape:stride dtype``."""

    def words(numbers: Sequence[int]) -> str:
        return f"({','.join(map(str, numbers))})"

    return f"{words(array.shape)}:{words(array.strides)} {array.dtype}"


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
        if level not in ("portable", "full"):
            raise ValueError(f"level is {level!r}; it can be 'portable' or 'full'")
        if not arrays:
            raise TypeError("nothing to guard: name at least one array")
        self.arrays = [asstrided(array) for array in arrays]
        self.readers = (readers,) if isinstance(readers, str) else readers
        self.full = level == "full"
        self.file = file or sys._getframe(2).f_code.co_filename
        self.evidence = Evidence(arrays=tuple(map(layout_of, self.arrays)))
        self.entered = False

    def start(self) -> Evidence:
        if self.entered:
            raise RuntimeError("this guard has been used: make a new one for every block")
        self.entered = True
        self.addresses = [_address(array) for array in self.arrays]
        self.spots: list[tuple[int, int]] = []
        self.spots_of: list[list[int]] = []
        watched = [array for array in self.arrays if array.size][: _probes.WATCHPOINTS] if self.full else []
        for array in self.arrays:
            mine = any(array is one for one in watched)
            room = _probes.WATCHPOINTS - len(self.spots)
            # The first of several arrays has what the others leave.
            spots = _spots(array, room - (len(watched) - 1) * (room // len(watched))) if mine else []
            if mine:
                watched = [one for one in watched if one is not array]
            self.spots_of.append(list(range(len(self.spots), len(self.spots) + len(spots))))
            self.spots += spots
        described: list[tuple[int, int, str, tuple[int, ...], tuple[int, ...]]] = [
            (address, array.itemsize, array.dtype.kind, array.shape, array.strides)
            for address, array in zip(self.addresses, self.arrays, strict=True)
        ]
        self.probes = _probes.Guard(described, self.spots, self.file, self.full)
        self.traced = tracebacks.begin() if self.spots else (0, -1)
        self.probes.start(*self.traced)
        return self.evidence

    def stop(self) -> None:
        """Fill the evidence, but for the verdict."""
        seen = self.probes.stop(self._moved)
        text = tracebacks.end() if self.spots else ""
        evidence = self.evidence
        evidence.allocated = Allocated(*seen["allocated"])
        evidence.blocks = tuple(
            Block(array, MEMORIES[memory], nbytes, copied, _place(code, line))
            for array, memory, nbytes, copied, code, line in seen["finds"]
        )
        if seen["copies"] is not None:
            evidence.copies = tuple(
                MemoryCopy(array, calls, copied, largest, writes, find_code(caller - 1)[0] if caller else None)
                for array, (calls, copied, largest, writes, caller, _) in enumerate(seen["copies"])
            )
        armed = [is_armed or count for is_armed, count in seen["spots"]]
        if any(armed) or not any(array.size for array in self.arrays):
            evidence.readers = tuple(
                tuple(readers_of(seen["hits"], spots, len(spots), text, self.file)) for spots in self.spots_of
            )
        evidence.not_checked = tuple(self._not_checked(seen))

    def _moved(self) -> list[int]:
        return [i for i, array in enumerate(self.arrays) if _address(array) != self.addresses[i]]

    def _not_checked(self, seen: dict[str, Any]) -> list[str]:
        reasons = []
        for i, array in enumerate(self.arrays):
            if array.size and self.full and not any(seen["spots"][spot][0] for spot in self.spots_of[i]):
                if seen["watch_error"]:
                    why = f"the system refused a watchpoint ({os.strerror(seen['watch_error'])})"
                elif any(seen["spots"][spot][1] >= _probes.MOST_HITS for spot in self.spots_of[i]):
                    why = f"not watched to the end: {_probes.MOST_HITS:,} accesses of an element are enough"
                else:
                    why = f"the processor has {_probes.WATCHPOINTS} watchpoints, and they were in use"
                reasons.append(f"readers of array {i}: {why}")
        if not self.full:
            reasons += ["readers: level='portable' does not watch them", "native memory and memcpy: level='portable'"]
        if seen["lost_hits"]:
            reasons.append(f"readers: there were {seen['lost_hits']:,} more than could be noted")
        if seen["unwatched_threads"]:
            reasons.append(f"readers: {seen['unwatched_threads']} threads block SIGTRAP, and were not watched")
        if seen["watchpoints_lost"]:
            reasons.append("readers: a guard inside this one had some of its watchpoints for a time")
        if self.full and seen["allocated"][2] is None:
            reasons.append("native memory: not on this platform, or libraries were loaded meanwhile")
        if self.full and seen["copies"] is None:
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

    def judge(self) -> None:
        """The verdict, from the evidence."""
        evidence = self.evidence
        sizes = [(array.nbytes, array.itemsize) for array in self.arrays]
        evidence.reasons = tuple(find_reasons(evidence, sizes, self.readers))
        if evidence.reasons:
            evidence.verdict = "copied"
        elif evidence.readers is None or any(reason.startswith("readers") for reason in evidence.not_checked):
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
        assert evidence.readers is not None
        assert evidence.allocated is not None
        foreign = [
            array.size
            for array, readers in zip(self.arrays, evidence.readers, strict=True)
            if any(not reader.matches("strideops") for reader in readers)
        ]
        total = evidence.allocated.numpy + (evidence.allocated.native or 0)
        return total if foreign and total >= min(foreign) // 2 and total >= 4096 else 0


def _place(code: CodeType | None, line: int) -> str | None:
    return f"{code.co_filename}:{line}" if code is not None else None
