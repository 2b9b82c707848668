# SPDX-License-Identifier: BSD-3-Clause
"""What becomes of an array's memory where it leaves NumPy: for buffers, pickles, ctypes, Cython and C; a rule each."""

from __future__ import annotations

from .rules import COPIES, IN_PLACE, NUMPY, REFUSES, VIEW, WRONG, Facts, Rule, Verdict

PICKLES_ANY_ORDER = NUMPY >= "2.3.0.dev0"
DLPACK_MAY_BE_READ_ONLY = NUMPY >= "2.1.0.dev0"


def pickle_out_of_band(f: Facts) -> Verdict:
    if f.c or f.f or (PICKLES_ANY_ORDER and f.is_permuted):
        return Verdict(VIEW, "x is contiguous: its memory goes out of band")
    return Verdict(COPIES, "x is not contiguous: it goes in band", f.nbytes, "pickle x.base")


def from_buffer(f: Facts) -> Verdict:
    if not f.c:
        return Verdict(REFUSES, "x is not C-contiguous", instead="np.asarray(x)", error="ValueError")
    return Verdict(VIEW, "x is C-contiguous")


def cast(f: Facts) -> Verdict:
    if not f.c:
        return Verdict(
            REFUSES, "memoryview casts C-contiguous buffers only", instead="memoryview(x)", error="TypeError"
        )
    if 0 in f.shape and f.ndim > 1:
        return Verdict(REFUSES, "memoryview casts no view with zeros in its shape", error="TypeError")
    return Verdict(VIEW, "x is C-contiguous")


def dlpack(f: Facts) -> Verdict:
    if f.char in "gG":
        return Verdict(REFUSES, "DLPack knows no long double", error="BufferError")
    if not f.native:
        return Verdict(REFUSES, "DLPack knows this machine's byte order only", error="BufferError")
    if not (f.writeable or DLPACK_MAY_BE_READ_ONLY):
        return Verdict(REFUSES, "x is read-only: DLPack knows that from NumPy 2.1 on", error="BufferError")
    if f.size and any(stride % f.itemsize for _, stride in f.axes):
        return Verdict(REFUSES, "DLPack counts strides in elements", error="BufferError")
    return Verdict(VIEW, "DLPack carries strides")


def torch_from_numpy(f: Facts) -> Verdict:
    if any(stride % f.itemsize for stride in f.strides):
        return Verdict(REFUSES, "torch counts strides in elements", error="ValueError")
    if any(stride < 0 for stride in f.strides):
        instead = "np.flip of the axis, and torch.flip of the tensor, which copies"
        return Verdict(REFUSES, "torch knows no negative strides", instead=instead, error="ValueError")
    if not f.native:
        return Verdict(REFUSES, "torch knows this machine's byte order only", error="ValueError")
    if f.char in "gG":
        return Verdict(REFUSES, "torch knows no long double", error="TypeError")
    return Verdict(VIEW, "a tensor has shape and strides")


def simple_buffer(f: Facts) -> Verdict:
    """Readers that ask for bytes in one piece."""
    if f.c:
        return Verdict(IN_PLACE, "x is C-contiguous")
    reason = "it asks for bytes in one piece, and x is not C-contiguous"
    return Verdict(REFUSES, reason, instead="one row after the other", error="ValueError")


def as_ctypes(f: Facts) -> Verdict:
    if not f.writeable:
        return Verdict(REFUSES, "x is read-only, and ctypes knows no constants", error="TypeError")
    if not f.c:
        return Verdict(REFUSES, "ctypes knows no strides", instead="x.ctypes and x.strides", error="TypeError")
    if f.char in "eFDG":
        return Verdict(REFUSES, "ctypes has no such type", error="NotImplementedError")
    return Verdict(VIEW, "x is C-contiguous")


def typed_memoryview(contiguous: str, const: bool) -> Rule:
    """Cython's; contiguous in "C" or "F" order, along its "last" axis, or in no way ("")."""

    def rule(f: Facts) -> Verdict:
        if not 1 <= f.ndim <= 8:
            return Verdict(REFUSES, "typed memoryviews have 1 to 8 axes", error="CompileError")
        if f.c_type is None:
            return Verdict(REFUSES, f"Cython has no type for {f.dtype.name}", error="CompileError")
        if not f.native:
            return Verdict(REFUSES, "Cython reads this machine's byte order only", error="ValueError")
        if not f.writeable and not const:
            return Verdict(REFUSES, "x is read-only", instead="a memoryview of const elements", error="ValueError")
        any_strides = "a colon for each axis, without ::1"
        order = "C" if contiguous == "last" and f.ndim == 1 else contiguous
        if order in ("C", "F") and not (f.c if order == "C" else f.f):
            reason = f"x is not {order}-contiguous: ::1 asks that all of it is, not one axis"
            return Verdict(REFUSES, reason, instead=any_strides, error="ValueError")
        if order == "last" and not f.c and f.shape[-1] > 1 and f.strides[-1] != f.itemsize:
            return Verdict(REFUSES, "its last axis is not contiguous", instead=any_strides, error="ValueError")
        return Verdict(VIEW, "the memoryview has its address, shape and strides")

    return rule


def packed_pointer(f: Facts) -> Verdict:
    """An address and a number of elements, or of rows and columns."""
    if f.c and (f.native or not f.size):
        unaligned = "" if f.aligned else ", but unaligned: C may not load its elements, only memcpy them"
        return Verdict(VIEW, f"x is packed: C-contiguous{unaligned}")
    reason = "x is not C-contiguous" if f.native else "its elements have another byte order"
    return Verdict(WRONG, reason, instead="f((T *) x.data, shape, strides)")


def strided_pointer(f: Facts) -> Verdict:
    if f.size and not f.native:
        return Verdict(WRONG, "its elements have another byte order")
    unaligned = "" if f.aligned else "; x is unaligned: C may not load its elements, only memcpy them"
    return Verdict(VIEW, f"C that is given the strides reads any layout{unaligned}")
