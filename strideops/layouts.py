# SPDX-License-Identifier: BSD-3-Clause
"""Layouts as the time of a pass sees them: canonical axes, cache lines, and a few kinds that stand for all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINE = 64  # bytes
FAR = 1024  # bytes from one element, or short row, to the next: no line is read in a row
CRITICAL = 512  # a multiple of it leads to few of a cache's sets
CRITICAL_PITCH = 4096
MEMORY = 2**26  # bytes of an example, at the most
FOOTPRINTS = (2**12, 2**15, 2**18, 2**21, 2**25)  # bytes of cache lines
ROWS = (3, 8, 32, 256)  # elements in a row
STEPS = (1.125, 2, 3, 6, 16)  # from element to element, in elements
KINDS: dict[str, tuple[float, ...]] = {
    "whole": (0,),
    "transposed": (0,),
    "rows": ROWS,
    "steps": STEPS,
    "far rows": (0,),
    "far": (0,),
    "critical": (0,),
    "again": (0,),
    "repeated": (0,),
}


@dataclass(frozen=True)
class Walk:
    """What of a layout decides the time of a pass, beside that of a pass over its copy.

    Attributes
    ----------
    kind : str
        A key of `KINDS`: in one piece; in another order than its memory; rows of so many elements; so many elements
        from one to the next; short rows that are far apart; elements that are, or whose strides lead to few of a
        cache's sets; elements that are met several times, by axes that overlap or by an axis with stride 0.
    amount : float
        Elements in a row, or from one to the next; 0 where the kind says all.
    footprint : float
        Bytes of the cache lines that a pass touches.
    """

    kind: str
    amount: float
    footprint: float


def canonical(axes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """(length, stride in bytes) without signs, length 1 and stride 0; sorted by stride, and merged."""
    merged: list[tuple[int, int]] = []
    for length, stride in sorted(((n, abs(s)) for n, s in axes if n != 1 and s), key=lambda axis: (axis[1], -axis[0])):
        if merged and merged[-1][0] * merged[-1][1] == stride:
            merged[-1] = (merged[-1][0] * length, merged[-1][1])
        else:
            merged.append((length, stride))
    return merged


def _is_sorted(axes: Iterable[tuple[int, int]]) -> bool:
    strides = [abs(stride) for length, stride in axes if length != 1 and stride]
    return strides == sorted(strides, reverse=True)


def _footprint(axes: Iterable[tuple[int, int]], itemsize: int) -> float:
    """Bytes of the cache lines of canonical axes: blocks without a gap of a line, each where it happens to lie."""
    blocks, extent = 1, itemsize
    for length, stride in axes:
        if blocks == 1 and stride - extent < LINE:
            extent += (length - 1) * stride
        else:
            blocks *= length
    return blocks * (extent - itemsize + LINE)


def walk_of(shape: Sequence[int], strides: Sequence[int], itemsize: int, in_order: bool) -> Walk:
    """Of a layout; `in_order` where the elements have to be visited in the order of the indices."""
    given = list(zip(shape, strides, strict=True))
    axes = canonical(given)
    if not axes or 0 in shape:
        return Walk("whole", 0, LINE)
    (length, stride), rest = axes[0], axes[1:]
    span = itemsize + sum((n - 1) * s for n, s in axes)
    footprint = _footprint(axes, itemsize)
    if any(n > 1 and s == 0 for n, s in given):
        return Walk("repeated", 0, footprint)
    if math.prod(n for n, _ in axes) * itemsize > 1.5 * (span + LINE):
        return Walk("again", 0, footprint)
    if in_order and not _is_sorted(given):
        return Walk("transposed", 0, footprint)
    if stride != itemsize:
        if stride < FAR:
            return Walk("steps", stride / itemsize, footprint)
        return Walk("critical" if stride % CRITICAL == 0 else "far", 0, footprint)
    if not rest:
        return Walk("whole", 0, footprint)
    if length * itemsize <= LINE and rest[0][1] >= FAR:
        return Walk("far rows", 0, footprint)
    return Walk("rows", length, footprint)


def example(kind: str, amount: float, footprint: int, itemsize: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Shape and strides of a matrix of a kind, with about this footprint; it and its copy lie within `MEMORY`."""
    items = footprint // itemsize
    side = max(2, math.isqrt(items))
    if kind == "whole":
        return (side, side), (side * itemsize, itemsize)
    if kind == "transposed":
        return (side, side), (itemsize, side * itemsize)
    if kind == "again":
        return (min(items, MEMORY // itemsize // 9), 9), (itemsize, itemsize)
    if kind == "repeated":
        return (max(2, min(64, MEMORY // footprint)), items), (0, itemsize)
    if kind == "rows":
        width = int(amount) * itemsize
        pitch = width + min(width, LINE)
        return (max(2, footprint // pitch), int(amount)), (pitch, itemsize)
    if kind == "steps":
        stride = round(amount * itemsize)
        row = min(512, max(4, footprint // min(stride, LINE) // 4))
        pitch = row * stride + LINE
        return (max(2, min(footprint // (row * min(stride, LINE)), MEMORY // pitch)), row), (pitch, stride)
    pitch = CRITICAL_PITCH + (0 if kind == "critical" else LINE + itemsize)
    count = min(footprint // LINE, MEMORY // pitch)
    if kind == "far rows":
        return (count, 4), (pitch, itemsize)
    return (max(1, count // 8), 8), (8 * pitch, pitch)
