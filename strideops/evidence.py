# SPDX-License-Identifier: BSD-3-Clause
"""What the proof saw, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .readers import Reader

__all__ = ["Allocated", "Block", "CopyDetected", "Evidence", "MemoryCopy"]


class CopyDetected(AssertionError):
    """Bytes of a guarded array were copied.

    Attributes
    ----------
    evidence : Evidence
    """

    def __init__(self, message: str, evidence: Evidence) -> None:
        super().__init__(message)
        self.evidence = evidence


@dataclass(frozen=True)
class Allocated:
    """Bytes that were requested from each source of memory, each byte counted once.

    Attributes
    ----------
    python : int
        From CPython's allocators: objects, buffers, lists.
    numpy : int
        For the data of ndarrays.
    native : int or None
        By compiled code from malloc, its kin and anonymous mmap. None where that cannot be counted: not on this
        platform, or libraries were loaded or unloaded meanwhile.
    """

    python: int
    numpy: int
    native: int | None

    @property
    def total(self) -> int:
        """Bytes from all sources that could be counted."""
        return self.python + self.numpy + (self.native or 0)


@dataclass(frozen=True)
class Block:
    """Memory, requested in the block of code, that held elements of an array in their order.

    Attributes
    ----------
    array : int
        Which of the guarded arrays.
    memory : str
        ``"Python"``, ``"NumPy"`` or ``"native"``: who requested it.
    nbytes : int
        Of the memory.
    copied : int
        Bytes of the array that it held, at least.
    line : str or None
        ``file:line`` in Python where it was requested.
    """

    array: int
    memory: str
    nbytes: int
    copied: int
    line: str | None

    def is_copy(self, nbytes: int) -> bool:
        """Of an array of so many bytes. A result of NumPy's that is smaller may be a part of it by its meaning: a
        maximum over an axis.
        """
        return self.copied == nbytes or self.memory != "NumPy" or 2 * self.nbytes >= nbytes

    def __str__(self) -> str:
        line = f", {self.line}" if self.line else ""
        return f"{self.copied:,} bytes of it lay in order in {self.nbytes:,} bytes of new {self.memory} memory{line}"


@dataclass(frozen=True)
class MemoryCopy:
    """What memcpy, memmove and their kin took out of an array, whoever called them.

    Attributes
    ----------
    array : int
        Which of the guarded arrays.
    calls, copied, largest : int
        Calls; bytes in all; bytes of the largest call.
    writes : int
        Calls, memset's too, that wrote to the array from elsewhere.
    caller : str or None
        The module that made the first call for more than one element.
    """

    array: int
    calls: int
    copied: int
    largest: int
    writes: int
    caller: str | None

    def __str__(self) -> str:
        calls = "one call" if self.calls == 1 else f"{self.calls:,} calls"
        caller = f" by {self.caller}" if self.caller else ""
        return f"memcpy took {self.copied:,} bytes of it in {calls}{caller}"


@dataclass
class Evidence:
    """What a guard saw; filled when its block ends.

    Attributes
    ----------
    layouts : tuple of (shape, strides, dtype)
        The guarded arrays; `arrays` has them in words.
    readers : tuple of tuple of Reader, or None
        Layer "readers", by array: who accessed the watched elements. None: no watchpoint.
    pages : tuple of tuple of Reader, or None
        Layer "pages", where watchpoints are refused: who visited the watched pages.
    trace : tuple of tuple of Reader, or None
        Layer "trace", of level="trace": who accessed any element, and how often.
    allocated : Allocated or None
        Layer "allocations": what the process requested, related to the arrays or not.
    blocks : tuple of Block
        Layer "contents": new memory that held elements of an array.
    copies : tuple of MemoryCopy, or None
        Layer "memcpy": what the C library's functions were asked to copy. None: they could not be watched.
    not_checked : tuple of str
        What could not be seen, and why.
    reasons : tuple of str
        Why the verdict is "copied".
    verdict : str
        ``"no copy"``, ``"copied"``, or ``"not proven"`` where too little could be seen; ``"unfinished"`` inside the
        block.
    """

    layouts: tuple[tuple[tuple[int, ...], tuple[int, ...], np.dtype[Any]], ...] = ()
    readers: tuple[tuple[Reader, ...], ...] | None = None
    pages: tuple[tuple[Reader, ...], ...] | None = None
    trace: tuple[tuple[Reader, ...], ...] | None = None
    allocated: Allocated | None = None
    blocks: tuple[Block, ...] = ()
    copies: tuple[MemoryCopy, ...] | None = None
    not_checked: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    verdict: str = "unfinished"

    @property
    def arrays(self) -> tuple[str, ...]:
        """The guarded arrays: ``shape:stride dtype``."""
        return tuple(
            f"({','.join(map(str, shape))}):({','.join(map(str, strides))}) {dtype}"
            for shape, strides, dtype in self.layouts
        )

    def readers_of(self, array: int) -> tuple[Reader, ...] | None:
        """By the strongest layer that ran; None: there was none."""
        layer = next((layer for layer in (self.trace, self.readers, self.pages) if layer is not None), None)
        return layer[array] if layer is not None else None

    def copied(self, array: int = 0) -> int:
        """Bytes of an array that were seen to be copied, at least: 0 is good.

        What memcpy took, or what new memory held at one time, whichever is more. A buffer that is filled again and
        again by other means than memcpy counts with the elements that were recognised in it.
        """
        taken = self.copies[array].copied if self.copies is not None else 0
        held = [block.copied for block in self.blocks if block.array == array]
        return max(taken, *held, 0) if self.verdict == "copied" else 0

    def table(self) -> str:
        """All of it as a small table, a line for each thing that was seen."""
        rows = [("verdict", self.verdict)]
        for number, array in enumerate(self.arrays):
            rows.append((f"array {number}", array))
            if self.readers is not None:
                rows += [
                    ("  reader", f"{reader}: {reader.seen} of {reader.watched} watched elements")
                    for reader in self.readers[number]
                ]
            if self.pages is not None:
                rows += [
                    ("  pages", f"{reader}: {reader.seen} of {reader.watched} watched pages")
                    for reader in self.pages[number]
                ]
            if self.trace is not None:
                rows += [("  trace", f"{reader}: {reader.accesses:,} accesses") for reader in self.trace[number]]
            rows += [("  contents", str(block)) for block in self.blocks if block.array == number]
            rows += [("  memcpy", str(copy)) for copy in self.copies or () if copy.array == number and copy.calls]
        if self.allocated is not None:
            native = "not counted" if self.allocated.native is None else f"{self.allocated.native:,}"
            sizes = f"Python {self.allocated.python:,}, NumPy {self.allocated.numpy:,}, native {native} bytes"
            rows.append(("allocated", sizes))
        rows += [("not checked", reason) for reason in self.not_checked]
        return "\n".join(f"{head:<12} {text}" for head, text in rows)

    def __str__(self) -> str:
        return self.table()


def _is_copy(copy: MemoryCopy, nbytes: int, itemsize: int) -> bool:
    """One element is fetched, not copied."""
    return copy.largest > itemsize or (copy.calls > 1 and 2 * copy.copied >= nbytes)


def _reader_reasons(readers: Sequence[Reader], allowed: Sequence[str] | None) -> list[str]:
    """Why these readers of one array are not all welcome."""
    if allowed is not None:
        return [
            f"{reader} read it, and only {', '.join(allowed) or 'nobody'} may"
            for reader in readers
            if not any(reader.matches(name) for name in allowed)
        ]
    reasons = [f"{reader} read it: the C library reads arrays to copy them" for reader in readers if reader.in_libc]
    others = {reader.module: reader for reader in readers if not reader.in_libc}
    if len(others) > 1:
        named = "; ".join(map(str, others.values()))
        reasons.append(f"it was read by {len(others)} modules, of which readers= may name those that should: {named}")
    return reasons


def find_reasons(evidence: Evidence, sizes: Sequence[tuple[int, int]], allowed: Sequence[str] | None) -> list[str]:
    """Why arrays were copied, a sentence each. `sizes`: nbytes and itemsize by array."""
    reasons = []
    for number, (nbytes, itemsize) in enumerate(sizes):
        found = [str(block) for block in evidence.blocks if block.array == number and block.is_copy(nbytes)]
        copy = evidence.copies[number] if evidence.copies is not None else None
        if copy and _is_copy(copy, nbytes, itemsize):
            found.append(str(copy))
        readers = evidence.readers_of(number)
        if readers is not None:
            if copy and (copy.calls or copy.writes) and not _is_copy(copy, nbytes, itemsize):
                # What the C library was seen to do for others explains its accesses: they fetched or wrote elements.
                readers = tuple(
                    replace(one, module=one.caller, caller=None) if one.in_libc and one.caller else one
                    for one in readers
                )
            found += _reader_reasons(readers, allowed)
        if found:
            name = f"array {number} {evidence.arrays[number]}" if len(sizes) > 1 else evidence.arrays[0]
            reasons += [f"{name}: {sentence}" for sentence in found]
    return reasons
