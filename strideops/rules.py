# SPDX-License-Identifier: BSD-3-Clause
"""What an operation does with an array's memory, told from its layout, its flags and its dtype: a rule each.

A rule reads no element and calls no operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layouts import canonical

SAME, VIEW, IN_PLACE = "same object", "view", "reads in place"
COPIES, CHUNKS, REFUSES, WRONG = "copies", "copies in chunks", "refuses", "reads wrong elements"
STRIDED_OP = "strideops.strided reads x where it lies"
NUMPY = np.lib.NumpyVersion(np.__version__)
RESHAPE_MAY_REFUSE = NUMPY >= "2.1.0.dev0"
WRITEABLE = 0x0400  # of the flags, as in NumPy's C API


@dataclass(frozen=True)
class Verdict:
    """What an operation does with the memory of an array.

    Attributes
    ----------
    outcome : str
        "same object", "view", "reads in place", "copies", "copies in chunks", "refuses", or "reads wrong elements".
    reason : str
        One sentence without its full stop.
    bytes : int
        Of the array's elements that are copied, all counted.
    instead : str
        The zero-copy spelling; empty where there is nothing to improve.
    error : str
        The name of the exception of a refusal.
    """

    outcome: str
    reason: str
    bytes: int = 0
    instead: str = ""
    error: str = ""

    def __str__(self) -> str:
        copied = f" {self.bytes:,} bytes" if self.outcome == COPIES else ""
        chunks = f" ({self.bytes:,} bytes)" if self.outcome == CHUNKS else ""
        error = f" with {self.error}" if self.error else ""
        return f"{self.outcome}{copied}{chunks}{error}"


C_TYPES = {
    **{kind + str(n): f"{'u' if kind == 'u' else ''}int{8 * n}_t" for kind in "iu" for n in (1, 2, 4, 8)},
    **{"f4": "float", "f8": "double", "c8": "float complex", "c16": "double complex"},
}


class Facts:
    """What the rules ask of an array: its axes, flags and dtype, never its elements."""

    def __init__(self, x: NDArray[Any]) -> None:
        self.shape, self.strides, self.ndim = x.shape, x.strides, x.ndim
        self.size, self.itemsize, self.nbytes = x.size, x.itemsize, x.nbytes
        self.c, self.f = x.flags.c_contiguous, x.flags.f_contiguous
        # To ask one of numpy.broadcast_arrays whether it is writeable warns of the future.
        self.writeable, self.aligned = bool(x.flags.num & WRITEABLE), x.flags.aligned
        self.dtype, self.native = x.dtype, x.dtype.isnative
        self.char = x.dtype.char
        self._x = x

    @property
    def on_items(self) -> bool:
        """Its address is a multiple of its itemsize, as BLAS wants it."""
        address: int = self._x.ctypes.data
        return address % self.itemsize == 0

    @cached_property
    def axes(self) -> list[tuple[int, int]]:
        """(length, stride) of the axes longer than 1."""
        return [(n, s) for n, s in zip(self.shape, self.strides, strict=True) if n != 1]

    @property
    def all(self) -> list[tuple[int, int]]:
        return list(zip(self.shape, self.strides, strict=True))

    @property
    def c_type(self) -> str | None:
        """Its name in C and Cython, where both have one."""
        return C_TYPES.get(self.dtype.str[1:])

    @property
    def as_is(self) -> bool:
        """NumPy's loops take the elements as they are: aligned, in this machine's byte order."""
        return self.aligned and self.native

    @property
    def is_permuted(self) -> bool:
        """Contiguous once its axes are in another order."""
        inner = sorted(self.axes, key=lambda axis: axis[1])
        return canonical(inner) == [(self.size, self.itemsize)] and all(stride > 0 for _, stride in inner)

    def merges(self, order: str) -> bool:
        """Do the axes merge into one, in this order? Then a view can have one axis."""
        axes = self.axes if order == "C" else self.axes[::-1]
        return all(outer[1] == inner[1] * inner[0] for outer, inner in pairwise(axes))


Rule = Callable[[Facts], Verdict]


def always(outcome: str, reason: str) -> Rule:
    return lambda f: Verdict(outcome, reason)


def new(reason: str, instead: str = "") -> Rule:
    """A copy of all elements, whatever the layout."""
    return lambda f: Verdict(COPIES, reason, f.nbytes, instead)


def if_contiguous(order: str, outcome: str, instead: str = STRIDED_OP) -> Rule:
    """`outcome` where x is contiguous in this order, else a copy."""

    def rule(f: Facts) -> Verdict:
        if f.c if order == "C" else f.f:
            return Verdict(outcome, f"x is {order}-contiguous")
        return Verdict(COPIES, f"x is not {order}-contiguous", f.nbytes, instead)

    return rule


def ravel_any(f: Facts) -> Verdict:
    return if_contiguous("F" if f.f and not f.c else "C", VIEW)(f)


def ravel_k(f: Facts) -> Verdict:
    if f.c or f.f:
        return Verdict(VIEW, "x is contiguous")
    # NumPy sorts the axes by stride; the first has to be that of the elements, and each to begin where the last ends.
    expected = f.itemsize
    for length, stride in sorted(f.axes, key=lambda axis: abs(axis[1])):
        if stride != expected:
            return Verdict(COPIES, "in the order of the memory it has gaps, or runs backwards", f.nbytes, STRIDED_OP)
        expected *= length
    return Verdict(VIEW, "in the order of the memory it has no gaps")


def reshape(order: str) -> Rule:
    def rule(f: Facts) -> Verdict:
        if f.size <= 1 or f.merges(order):
            return Verdict(VIEW, "its axes merge into one")
        return Verdict(COPIES, "its axes do not merge: a row does not begin where the last ends", f.nbytes, STRIDED_OP)

    return rule


def flatten(f: Facts) -> Verdict:
    instead = "x.reshape(-1)" if f.merges("C") else STRIDED_OP
    return Verdict(COPIES, "flatten always copies", f.nbytes, instead)


def refusing(rule: Rule, error: str) -> Rule:
    """Where the other rule copies, this one refuses."""

    def refuses(f: Facts) -> Verdict:
        verdict = rule(f)
        if verdict.outcome != COPIES:
            return verdict
        return replace(verdict, outcome=REFUSES, bytes=0, error=error, reason=f"{verdict.reason}, and it may not copy")

    return refuses


def reshape_or_refuse(f: Facts) -> Verdict:
    if not RESHAPE_MAY_REFUSE:
        return Verdict(REFUSES, "reshape takes copy= from NumPy 2.1 on", error="TypeError")
    return refusing(reshape("C"), "ValueError")(f)


def shape_of_one_axis(f: Facts) -> Verdict:
    verdict = reshape("C")(f)
    if verdict.outcome == COPIES:
        reason = f"{verdict.reason}; it copies all before it raises"
        return replace(
            verdict, outcome=REFUSES, error="AttributeError", reason=reason, instead="x.reshape(-1, copy=False)"
        )
    return replace(verdict, outcome=SAME)


def one_axis_at_least(rule: Rule) -> Rule:
    """0 dimensions become 1, in a view."""
    return lambda f: rule(f) if f.ndim else Verdict(VIEW, "0 dimensions become 1")


def squeeze(f: Facts) -> Verdict:
    if 1 in f.shape:
        return Verdict(VIEW, "only shape and strides change")
    return Verdict(SAME, "there is no axis of length 1")


def flip(f: Facts) -> Verdict:
    if f.ndim == 0:
        return Verdict(COPIES, "0 dimensions become a scalar", f.nbytes, "x")
    return Verdict(VIEW, "only strides change")


def with_axes(rule: Rule, error: str) -> Rule:
    return lambda f: rule(f) if f.ndim else Verdict(REFUSES, "x has no axis", error=error)


def view_bytes(f: Facts) -> Verdict:
    if f.itemsize == 1:
        return Verdict(VIEW, "the itemsize stays 1")
    if f.ndim == 0:
        instead = "x.reshape(1).view(np.uint8)"
        return Verdict(REFUSES, "0 dimensions cannot take more elements", instead=instead, error="ValueError")
    if f.shape[-1] != 1 and f.size and f.strides[-1] != f.itemsize:
        instead = "np.ndarray(shape, np.uint8, x.base, offset, strides)"
        return Verdict(REFUSES, "the last axis is not contiguous", instead=instead, error="ValueError")
    return Verdict(VIEW, "the last axis is contiguous")


def rows(f: Facts) -> Verdict:
    return Verdict(COPIES, "an index that is an array copies", f.nbytes, "x[a:b:c]")
