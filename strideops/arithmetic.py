# SPDX-License-Identifier: BSD-3-Clause
"""What NumPy's arithmetic does with an operand's memory: a rule each, and what `numpy.nditer` decides of its strides.

Written after NumPy's sources: nditer_constr.c (npyiter_find_buffering_setup), cblasfuncs.c and multiarraymodule.c.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from operator import mul

import numpy as np

from .rules import CHUNKS, COPIES, IN_PLACE, NUMPY, Facts, Rule, Verdict, ravel_k, reshape

CHUNKED = "NumPy takes 8,192 elements at a time through a buffer"
WIDE = np.dtype(np.int_).itemsize
BLAS = "fdFD"  # float32, float64 and their complex ones
BUFFER = 8192  # elements, np.getbufsize()
COUNTS_COST = NUMPY >= "2.3.0.dev0"  # before, whatever does not fit in one row


Axis = tuple[int, tuple[int, ...]]  # length, and a stride for each operand


def _sorted(axes: list[Axis]) -> list[Axis]:
    """The inner axis first, as nditer sorts by insertion: strides of 0 tell nothing; in a conflict C order wins."""
    found: list[Axis] = []
    for axis in reversed(axes):
        place = len(found)
        for i in range(len(found) - 1, -1, -1):
            told = [
                abs(inner) > abs(outer) for inner, outer in zip(found[i][1], axis[1], strict=True) if inner and outer
            ]
            if told and not all(told):
                break
            if told:
                place = i
        found.insert(place, axis)
    return found


def _follows(inner: Axis, outer: Axis) -> list[bool]:
    """For each operand, whether the outer axis goes on where the inner one ends."""
    return [a * inner[0] == b for a, b in zip(inner[1], outer[1], strict=True)]


def is_buffered(shape: Sequence[int], strides: Sequence[int], others: Sequence[Sequence[int]] = ()) -> bool:
    """Whether a loop over an operand copies it into a buffer, that is aligned and of the loop's dtype and byte order.

    Parameters
    ----------
    shape, strides : sequence of int
    others : sequence of sequence of int
        Strides of the loop's other operands; none for those that are laid out like it, or are one element.
    """
    if not math.prod(shape):
        return False
    axes: list[Axis] = []
    for axis in _sorted([(n, tuple(each)) for n, *each in zip(shape, strides, *others, strict=True) if n != 1]):
        if axes and all(_follows(axes[-1], axis)):
            axes[-1] = (axes[-1][0] * axis[0], axes[-1][1])
        else:
            axes.append(axis)
    if len(axes) <= 1:
        return False
    if not COUNTS_COST:
        return axes[0][0] < BUFFER and not all(_follows(inner, outer)[0] for inner, outer in pairwise(axes))
    single = [1] * (1 + len(others))  # so many of the inner axes are one, of each operand
    size = best_size = axes[0][0]
    cost = best_cost = 1
    best = 0
    for number, (inner, outer) in enumerate(pairwise(axes), 1):
        if size >= BUFFER and cost > 1:
            break
        for operand, follows in enumerate(_follows(inner, outer)):
            if single[operand] == number:
                single[operand] += follows
                cost += not follows
        size *= outer[0]
        if cost * best_size <= best_cost * (min(size, BUFFER) if cost > 1 else size):
            best, best_size, best_cost = number, size, cost
    return single[0] <= best


def widens(f: Facts) -> bool:
    """Sums of its elements are longer integers."""
    return f.dtype.kind in "biu" and f.itemsize < WIDE


def loop(instead: str, out: bool = False) -> Rule:
    """Of a ufunc or a reduction; with `out`, its result is a C-contiguous array that is there already."""

    def rule(f: Facts) -> Verdict:
        if not f.as_is and f.size:
            why = "its elements are unaligned or of another byte order"
        elif is_buffered(f.shape, f.strides, [_packed(f)] if out else []):
            why = "its rows are short"
        else:
            return Verdict(IN_PLACE, "NumPy's loop takes its strides")
        return Verdict(CHUNKS, f"{why}: {CHUNKED}", f.nbytes, instead)

    return rule


def _packed(f: Facts) -> list[int]:
    """Strides in C order."""
    steps = accumulate(reversed(f.shape), mul, initial=f.itemsize)
    return [*steps][-2::-1]


def summation(f: Facts) -> Verdict:
    if f.size and widens(f):
        instead = "strideops.strided.sum(x)"
        return Verdict(CHUNKS, "each element becomes a long integer, in a buffer", f.size * WIDE, instead)
    return loop("strideops.strided.sum(x)")(f)


def argmax(f: Facts) -> Verdict:
    if f.c and f.as_is and f.writeable:
        return Verdict(IN_PLACE, "x is C-contiguous and writeable")
    reason = "argmax asks for an array that is C-contiguous and, without need, writeable"
    return Verdict(COPIES, reason, f.nbytes, "strideops.strided.argmax(x)")


def as_is(f: Facts, instead: str) -> Verdict:
    if f.as_is:
        return Verdict(IN_PLACE, "NumPy's loop takes its strides")
    return Verdict(COPIES, "its elements are unaligned or of another byte order", f.nbytes, instead)


def matmul(f: Facts) -> Verdict:
    return as_is(f, "strideops.strided.matvec(x, v)")


def dot(f: Facts) -> Verdict:
    instead = "x @ v"
    if f.as_is and f.char in BLAS and f.ndim <= 2:
        if not f.on_items or any(stride < 0 or stride % f.itemsize or (stride == 0 and n > 1) for n, stride in f.all):
            return Verdict(COPIES, "BLAS wants strides of whole elements that are not negative", f.nbytes, instead)
        if f.ndim == 2 and min(f.shape) > 1 and not (f.c or f.f):
            return Verdict(COPIES, "np.dot gives BLAS contiguous matrices only", f.nbytes, instead)
    return as_is(f, instead)


def vdot(f: Facts) -> Verdict:
    instead = "strideops.strided.dot(x, x)"
    verdict = reshape("C")(f)
    if verdict.outcome == COPIES:
        return replace(verdict, reason=f"vdot begins with x.reshape(-1): {verdict.reason}", instead=instead)
    if not f.native:
        return Verdict(COPIES, "its elements are of another byte order", f.nbytes, instead)
    return Verdict(IN_PLACE, "vdot takes the strides of one axis")


def cumsum(f: Facts) -> Verdict:
    if f.ndim > 1 and not f.c:
        reason = "cumsum begins with x.ravel(), and x is not C-contiguous"
        return Verdict(COPIES, reason, f.nbytes, "np.cumsum(x, axis)")
    if widens(f):
        return Verdict(COPIES, "each element becomes a long integer", f.size * WIDE, "np.cumsum(x, dtype=x.dtype)")
    return as_is(f, "np.cumsum of an aligned array in native byte order")


def norm(f: Facts) -> Verdict:
    if f.dtype.kind not in "fc":
        return Verdict(COPIES, "norm begins with x.astype(float)", f.size * 8, "strideops.strided.norm(x)")
    verdict = ravel_k(f)
    if verdict.outcome == COPIES:
        return replace(
            verdict, reason=f"norm begins with x.ravel('K'): {verdict.reason}", instead="strideops.strided.norm(x)"
        )
    return as_is(f, "strideops.strided.norm(x)")
