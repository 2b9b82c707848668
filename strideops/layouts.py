# SPDX-License-Identifier: BSD-3-Clause
"""Layouts without their data: canonical axes, and what part of a large one is like all of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache

LINE = 64  # bytes


def canonical(axes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """(length, stride in bytes) without signs, length 1 and stride 0; sorted by stride, and merged."""
    merged: list[tuple[int, int]] = []
    for length, stride in sorted(((n, abs(s)) for n, s in axes if n != 1 and s), key=lambda axis: (axis[1], -axis[0])):
        if merged and merged[-1][0] * merged[-1][1] == stride:
            merged[-1] = (merged[-1][0] * length, merged[-1][1])
        else:
            merged.append((length, stride))
    return merged


def reached(axes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Canonical axes that reach the same addresses, each once where one stride is a multiple of the one before."""
    found: list[tuple[int, int]] = []
    for length, stride in canonical(axes):
        if found:
            inner, step = found[-1]
            if stride % step == 0 and stride // step <= inner:
                found[-1] = (inner + stride // step * (length - 1), step)
                continue
        found.append((length, stride))
    return found


def distinct_bytes(axes: Iterable[tuple[int, int]], itemsize: int) -> tuple[int, bool]:
    """Bytes of memory that belong to an element, each counted once; whether that is exact, or the most it can be."""
    count, extents, exact = itemsize, itemsize, True
    for length, stride in reached(axes):
        wider = extents + (length - 1) * stride
        if stride >= extents:
            count *= length
        elif count == extents:  # blocks without a gap, and none between them
            count = wider
        else:  # blocks with gaps, within one another
            exact, count = False, min(count * length, wider)
        extents = wider
    return count, exact


def lines(axes: Iterable[tuple[int, int]], itemsize: int, offset: int) -> int:
    """Cache lines that hold a byte of an element; the lowest one lies `offset` bytes behind the begin of a line.

    Exact where the blocks of an axis do not lie within one another, else the most it can be.
    """
    blocks: list[tuple[int, int, int]] = []  # length, stride, and bytes that a block spans
    extents = itemsize
    for length, stride in reached(axes):
        if not blocks and stride < extents + LINE:
            extents += (length - 1) * stride  # no line within it is left out
        else:
            blocks.append((length, stride, extents))
            extents += (length - 1) * stride
    solid = blocks[0][2] if blocks else extents

    @cache
    def count(level: int, at: int) -> int:
        if level < 0:
            return (at + solid - 1) // LINE + 1
        length, stride, span = blocks[level]
        period = LINE // math.gcd(stride, LINE)
        places = [(at + stride * i) % LINE for i in range(min(period, length))]
        counts = [count(level - 1, place) for place in places]
        # Where one block ends and the next begins in one line, it is counted once.
        shared = [(place + span - 1) // LINE >= (place + stride) // LINE for place in places]
        return _cycled(counts, length) - _cycled(shared, length - 1)

    return count(len(blocks) - 1, offset % LINE)


def _cycled(values: Sequence[int], length: int) -> int:
    """The sum of so many values that repeat themselves."""
    whole, rest = divmod(length, len(values))
    return whole * sum(values) + sum(values[:rest])


def is_one_piece(shape: Sequence[int], strides: Sequence[int], itemsize: int, in_order: bool) -> bool:
    """Whether a walk meets one element after the other without a gap; `in_order`: in the order of the indices."""
    if 0 in shape:
        return True
    axes = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    signed = [s for _, s in axes]
    if in_order and signed != sorted((abs(s) for s in signed), reverse=True):
        return False
    return 0 not in signed and canonical(axes) in ([], [(math.prod(shape), itemsize)])


def extent(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, int]:
    """Bytes from the first element to the lowest and to the highest one; (<= 0, >= 0)."""
    steps = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
    return sum(s for s in steps if s < 0), sum(s for s in steps if s > 0)


def part(shape: Sequence[int], strides: Sequence[int], itemsize: int, most: int) -> tuple[int, ...]:
    """A shape no longer on any axis, so that with these strides it spans, and its copy has, at most so many bytes.

    The axis that spans most is shortened, one with stride 0 where it is the copy that is too large.
    """
    lengths = list(shape)
    while True:
        low, high = extent(lengths, strides)
        span, copied = high - low + itemsize, math.prod(lengths) * itemsize
        if max(span, copied) <= most:
            return tuple(lengths)
        steps = [(n - 1) * (abs(s) or (most if copied > most else 0)) for n, s in zip(lengths, strides, strict=True)]
        axis = steps.index(max(steps))
        lengths[axis] = max(1, min(lengths[axis] - 1, int(lengths[axis] * most / max(span, copied))))
