# SPDX-License-Identifier: BSD-3-Clause
"""Does copying pay? A small model of both paths' time, measured on this machine in a second.

The model times an op on a few layouts that stand for all, beside the same op on their copies, and the copies: in one
piece, short rows, gaps between elements, far apart, transposed; at several footprints, from the first cache to the
memory. An array takes the ratios of the layout that is like it, between the footprints nearest to its own.
"""

from __future__ import annotations

import math
import time
import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import strided
from ._core import pack
from .layouts import FOOTPRINTS, KINDS, MEMORY, Walk, example, walk_of

__all__ = ["OPS", "Advice", "advise", "break_even", "calibrate"]

OPS = ("sum", "min", "max", "argmin", "argmax", "norm", "dot", "matvec")
IN_ORDER = ("argmin", "argmax", "matvec")  # the order of the elements matters
DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
SAMPLE = 1e-4  # seconds
MOST_TURNS = 9
BUDGET = 5e-3  # seconds for the turns of a layout


def _human(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


@dataclass(frozen=True)
class Advice:
    """Which path to take for so many passes over an array.

    Attributes
    ----------
    path : str
        ``"strided"`` or ``"contiguous"``, the faster one.
    passes : int
    strided, contiguous : float
        Seconds that all passes take on each path; the contiguous one packs once.
    break_even : float
        The number of passes from which on packing pays; inf where it never does.
    reason : str
        One sentence.
    """

    path: str
    passes: int
    strided: float
    contiguous: float
    break_even: float
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def break_even(passes: Sequence[float] | NDArray[Any], strided: NDArray[Any], contiguous: NDArray[Any]) -> float:
    """The number of passes from which on the contiguous path is faster, from times of several numbers of passes.

    Parameters
    ----------
    passes : sequence of float
        Rising.
    strided, contiguous : ndarray, shape (len(passes),)
        Seconds of all passes.

    Returns
    -------
    float
        Between two numbers of passes in proportion; the first one where it is faster already there, inf where it
        never is.

    Examples
    --------
    >>> from strideops.advice import break_even
    >>> break_even([1, 4, 16], [2.0, 8.0, 32.0], [11.0, 14.0, 26.0])
    10.0
    """
    excess = np.asarray(contiguous) - np.asarray(strided)
    faster = np.flatnonzero(excess <= 0)
    if not len(faster):
        return math.inf
    first = int(faster[0])
    if first == 0:
        return float(passes[0])
    before, after = excess[first - 1], excess[first]
    share = before / (before - after)
    return float(passes[first - 1] + share * (passes[first] - passes[first - 1]))


@dataclass(frozen=True)
class Model:
    """An op on this machine: the time of a pass over an array in one piece, and that of others beside it.

    Attributes
    ----------
    op, dtype : str
    call : float
        Seconds of a call on one element.
    footprints : dict
        (kind, amount) of a layout -> bytes of cache lines, rising.
    passes : dict
        (kind, amount) -> time of a pass / time of a pass over the copy, at each footprint.
    copies : dict
        (kind, amount) -> time of the copy / time of a pass over the copy.
    whole : list of float
        Seconds per element of an array in one piece, at its footprints.
    """

    op: str
    dtype: str
    call: float
    footprints: dict[tuple[str, float], list[float]]
    passes: dict[tuple[str, float], list[float]]
    copies: dict[tuple[str, float], list[float]]
    whole: list[float]

    def _ratio(self, ratios: dict[tuple[str, float], list[float]], walk: Walk) -> float:
        """Between the footprints that were measured, and between the amounts, in proportion of the logarithms."""

        def at(key: tuple[str, float]) -> float:
            return math.log(_between(walk.footprint, self.footprints[key], ratios[key]))

        amounts = [amount for kind, amount in ratios if kind == walk.kind]
        known = [at((walk.kind, amount)) for amount in amounts]
        if len(amounts) == 1:
            return math.exp(known[0])
        if walk.kind == "rows":  # the longer a row, the more it is like a whole
            amounts.append(16 * amounts[-1])
            known.append(at(("whole", 0)))
        return math.exp(np.interp(math.log(walk.amount), np.log(amounts), known))

    def predict(self, shape: Sequence[int], strides: Sequence[int], itemsize: int) -> tuple[float, float, float]:
        """Seconds of a pass over an operand of this layout, of a pass over its copy, and of the copy."""
        elements = math.prod(shape)
        packed = self.call + elements * _between(elements * itemsize, self.footprints["whole", 0], self.whole)
        passed = self._ratio(self.passes, walk_of(shape, strides, itemsize, self.op in IN_ORDER))
        copied = self._ratio(self.copies, walk_of(shape, strides, itemsize, True))
        return packed * passed, packed, packed * copied


def _between(at: float, known: Sequence[float], values: Sequence[float]) -> float:
    """Interpolated in proportion of the logarithms."""
    return math.exp(np.interp(math.log(max(at, 1)), np.log(known), np.log(values)))


class _Memory:
    """Two arrays of bytes that have pages of their own, and views of them."""

    def __init__(self) -> None:
        self._blocks = [np.empty(MEMORY, np.uint8) for _ in range(2)]
        for block in self._blocks:
            block.fill(0)

    def operands(self, op: str, shape: Sequence[int], strides: Sequence[int], dtype: np.dtype[Any]) -> list[Any]:
        views = [np.ndarray(tuple(shape), dtype, block, 0, tuple(strides)) for block in self._blocks]
        if op == "matvec":
            return [views[0], views[1][0].copy()]
        return views if op == "dot" else views[:1]


def _compare(function: Callable[..., Any], operands: list[Any]) -> tuple[float, float, float]:
    """(a pass / a pass over the copy, the copy / a pass over the copy, seconds of a pass over the copy).

    In turns, each beside the next: the machine's own ups and downs are in both of a ratio. Of all turns the median.
    """
    packed = [pack(operand) for operand in operands]

    def copy() -> None:
        for operand in operands:
            pack(operand)

    timers = [timeit.Timer(each) for each in (lambda: function(*operands), lambda: function(*packed), copy)]
    counts = [max(1, round(SAMPLE / timer.timeit(1))) for timer in timers]
    ratios: list[tuple[float, float]] = []
    seconds, end = math.inf, time.perf_counter() + BUDGET
    while len(ratios) < MOST_TURNS and (not ratios or time.perf_counter() < end):
        one, whole, copied = (timer.timeit(count) / count for timer, count in zip(timers, counts, strict=True))
        ratios.append((one / whole, copied / whole))
        seconds = min(seconds, whole)
    passed, copies = np.median(ratios, axis=0)
    return float(passed), float(copies), seconds


def calibrate(op: str = "sum", dtype: Any = np.float64) -> Model:
    """Measure an op and the copy on this machine; a second.

    Parameters
    ----------
    op : str
        One of `OPS`.
    dtype : dtype

    Returns
    -------
    Model

    Examples
    --------
    >>> from strideops.advice import calibrate
    >>> one_pass, packed_pass, copy = calibrate("sum").predict(shape=(1000, 500), strides=(8000, 16), itemsize=8)
    >>> one_pass > 0 and copy > packed_pass
    True
    """
    dtype = np.dtype(dtype)
    function, memory = getattr(strided, op), _Memory()
    *_, call = _compare(function, memory.operands(op, (1, 1), (dtype.itemsize, dtype.itemsize), dtype))
    model = Model(op, dtype.name, call, {}, {}, {}, [])
    for kind, amounts in KINDS.items():
        for amount in amounts:
            if kind == "steps" and round(amount * dtype.itemsize) == dtype.itemsize:
                continue  # half an element more is none for bytes
            rows: list[tuple[float, float, float, float]] = []
            for footprint in FOOTPRINTS:
                shape, strides = example(kind, amount, footprint, dtype.itemsize)
                walk = walk_of(shape, strides, dtype.itemsize, True)
                if rows and walk.footprint < 1.5 * rows[-1][0]:
                    break  # there is no memory for more
                passed, copies, seconds = _compare(function, memory.operands(op, shape, strides, dtype))
                rows.append((walk.footprint, passed, copies, max(seconds - call, 1e-12) / math.prod(shape)))
            columns = [list(column) for column in zip(*rows, strict=True)]
            model.footprints[kind, amount], model.passes[kind, amount], model.copies[kind, amount] = columns[:3]
            if kind == "whole":
                model.passes[kind, amount] = [1.0] * len(rows)  # its copy is like it
                model.whole.extend(columns[3])
    return model


_model = cache(calibrate)


def advise(x: Any, passes: int = 1, op: str = "sum") -> Advice:
    """Whether to copy an array before so many passes over it.

    Parameters
    ----------
    x : ndarray
        Of any shape and strides.
    passes : int
        How often `op` will read it.
    op : str
        One of `OPS`; "dot" with a second operand like it.

    Returns
    -------
    Advice

    Raises
    ------
    ValueError
        No passes, or an op that is not known.
    TypeError
        Not an ndarray, or a dtype that the strided path does not take.

    Notes
    -----
    The first call for an op and a dtype measures this machine, for a second.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> strideops.advise(np.zeros((1000, 1000))[:, ::2], passes=1).path
    'strided'
    """
    if not isinstance(x, np.ndarray):
        raise TypeError(f"advise wants an ndarray, got {type(x).__name__}; strideops.asstrided makes a view of it")
    if op not in OPS:
        raise ValueError(f"advise knows no op {op!r}; it knows {', '.join(OPS)}")
    if passes < 1:
        raise ValueError(f"passes must be 1 or more, got {passes}")
    if x.dtype.name not in DTYPES or not x.dtype.isnative:
        raise TypeError(f"advise takes the dtypes of the strided path ({', '.join(DTYPES)}), got {x.dtype}")
    one, packed, copy = _model(op, x.dtype.name).predict(x.shape, x.strides, x.itemsize)
    gain = one - packed
    even = max(1.0, copy / gain) if gain > 0 else math.inf
    strided_time, contiguous_time = passes * one, copy + passes * packed
    path = "strided" if strided_time <= contiguous_time else "contiguous"
    if math.isinf(even):
        when = "packing never pays: a pass over the copy is no faster"
    else:
        when = f"packing takes {_human(copy)} and pays from {math.ceil(even * (1 - 1e-9))} passes on"
    count = "1 pass takes" if passes == 1 else f"{passes} passes take"
    times = f"{count} {_human(strided_time)} strided, {_human(contiguous_time)} packed first"
    return Advice(path, passes, strided_time, contiguous_time, even, f"{times}; {when}")
