# SPDX-License-Identifier: BSD-3-Clause
"""What NumPy's arithmetic does with an operand's memory: a rule each, and what `numpy.nditer` decides of its strides.

Written after NumPy's sources: nditer_constr.c (npyiter_find_buffering_setup), cblasfuncs.c and multiarraymodule.c.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .rules import CHUNKS, COPIES, IN_PLACE, NUMPY, Facts, Rule, Verdict, ravel_k, reshape

WIDE = np.dtype(np.int_).itemsize
BLAS = "fdFD"  # float32, float64 and their complex ones
BUFFER = 8192  # elements, np.getbufsize()
COUNTS_COST = NUMPY >= "2.3.0.dev0"  # before, whatever does not fit in one row


def _sorted(axes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The inner axis first, as nditer's insertion sort has them: an axis with stride 0 stays where it is."""
    found: list[tuple[int, int]] = []
    for axis in reversed(axes):
        place = len(found)
        for i in range(len(found) - 1, -1, -1):
            inner, stride = abs(found[i][1]), abs(axis[1])
            if stride == 0 or inner == 0:
                continue  # tells nothing
            if stride >= inner:
                break
            place = i
        found.insert(place, axis)
    return found


def _merged(axes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for length, stride in axes:
        if found and found[-1][0] * found[-1][1] == stride:
            found[-1] = (found[-1][0] * length, found[-1][1])
        else:
            found.append((length, stride))
    return found


def is_buffered(shape: Sequence[int], strides: Sequence[int], as_is: bool, operands: int = 1) -> bool:
    """Whether a loop over an operand, whose result is laid out like it or is one element, copies it into a buffer.

    Parameters
    ----------
    shape, strides : sequence of int
    as_is : bool
        The loop takes its elements: aligned, native, of the loop's dtype.
    operands : int
        So many have this layout.
    """
    size = math.prod(shape)
    if not as_is:
        return size > 0
    if not size:
        return False
    axes = _merged(_sorted([(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]))
    if len(axes) <= 1:
        return False
    if not COUNTS_COST:
        return axes[0][0] < BUFFER
    best, cost, best_cost, so_far = axes[0][0], 1 + operands, 1, axes[0][0]
    buffered = False
    for length, _ in axes[1:]:
        if so_far >= BUFFER:
            break
        so_far *= length
        if cost * best <= best_cost * min(so_far, BUFFER):
            best, best_cost, buffered = so_far, cost, True
    return buffered


def widens(f: Facts) -> bool:
    """Sums of its elements are longer integers."""
    return f.dtype.kind in "biu" and f.itemsize < WIDE


def loop(instead: str) -> Rule:
    def rule(f: Facts) -> Verdict:
        if is_buffered(f.shape, f.strides, f.as_is):
            why = "its rows are short" if f.as_is else "its elements are unaligned or of another byte order"
            return Verdict(CHUNKS, f"{why}: NumPy takes 8,192 elements at a time through a buffer", f.nbytes, instead)
        return Verdict(IN_PLACE, "NumPy's loop takes its strides")

    return rule


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
