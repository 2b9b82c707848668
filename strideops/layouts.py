# SPDX-License-Identifier: BSD-3-Clause
"""Layouts without their data: canonical axes, and what part of a large one is like all of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

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
