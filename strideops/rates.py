# SPDX-License-Identifier: BSD-3-Clause
"""How long passes over an array take on each path: the model of advice.py, and its measuring.

The model is small: both paths take straight lines between 1, 8 and 64 passes, and on. A pass is slow while the caches
do not hold its memory yet, that of a fresh copy above all, so that one time a pass and one a copy are not enough. The
six times are measured with memory that is laid out as the array is; of an array that spans more than `MEMORY` a part,
and in proportion.
"""

from __future__ import annotations

import math
import time
import timeit
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import strided
from ._core import pack
from .layouts import LINE, extent, is_one_piece, part

__all__ = ["OPS", "Rates", "break_even", "calibrate"]

OPS = ("sum", "min", "max", "argmin", "argmax", "norm", "dot", "matvec")
IN_ORDER = ("argmin", "argmax", "matvec")  # the order of the elements matters
MEMORY = 2**26  # bytes that an operand spans, at the most: more than the caches of a core
LARGE_PAGES = 2**22  # bytes from which on NumPy asks for large pages
PASSES = (1, 8, 64)
BEYOND = 10**6  # passes: what does not pay then never does
SAMPLE = 1e-3  # seconds, or one call
WARM = 0.02  # seconds in which a path comes into the caches, if it fits there: the last repeats are the fastest
MOST_REPEATS = 5
TURNS = 3  # at least; as many in the same memory, since where its pages lie is a matter of luck
MOST_TURNS = 45
BUDGET = 0.3  # seconds for more turns than that
LIMIT = 0.9  # seconds of all turns where the break-even is not clear by then
CLEAR = 1.15  # the factor within which half of the turns tell the break-even of the others
LONG = 1e-5  # seconds of a pass beside which the look at its layout is nothing


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
class Rates:
    """Seconds of both paths for some numbers of passes over a layout; straight lines lie between them.

    Attributes
    ----------
    passes : tuple of int
        Rising.
    strided, contiguous : tuple of float
        Seconds of all passes; the contiguous path copies once.
    """

    passes: tuple[int, ...]
    strided: tuple[float, ...]
    contiguous: tuple[float, ...]

    def at(self, passes: float) -> tuple[float, float]:
        """Seconds of so many passes on the strided path, and on the contiguous one."""
        return _line(passes, self.passes, self.strided), _line(passes, self.passes, self.contiguous)

    @property
    def break_even(self) -> float:
        """The number of passes from which on copying pays; inf where it never does."""
        counts = np.array([*self.passes, BEYOND], float)
        strided, contiguous = np.transpose([self.at(count) for count in counts])
        return break_even(counts, strided, contiguous)


def _line(at: float, known: Sequence[float], values: Sequence[float]) -> float:
    """Between two known points; behind the last one as before it."""
    if at <= known[-1]:
        return float(np.interp(at, known, values))
    return values[-1] + (at - known[-1]) * (values[-1] - values[-2]) / (known[-1] - known[-2])


def _operand(
    shape: Sequence[int],
    strides: Sequence[int],
    dtype: np.dtype[Any],
    offset: int,
    numbers: NDArray[Any] | None,
    memory: int,
) -> NDArray[Any]:
    """An array of this layout, so many bytes behind the begin of a cache line, in memory of its own."""
    low, high = extent(shape, strides)
    # Filled: pages that nobody has written to are all the same one.
    room = np.full(max(high - low + dtype.itemsize + 2 * LINE, memory), 0, np.uint8)
    lowest = (offset + low - room.ctypes.data) % LINE
    x = np.ndarray(tuple(shape), dtype, room, lowest - low, tuple(strides))
    if numbers is not None:
        x[...] = numbers[tuple(slice(n) for n in shape)]
        return x
    order = sorted(range(x.ndim), key=lambda axis: -abs(strides[axis]))
    y = np.flip(np.atleast_1d(x.transpose(order)), tuple(i for i, axis in enumerate(order) if strides[axis] < 0))
    y[...] = (np.arange(y.size) % 97).reshape(y.shape)  # from address to address: a minimum has to be looked for
    return x


def _operands(
    op: str,
    shape: Sequence[int],
    strides: Sequence[int],
    dtype: np.dtype[Any],
    offset: int,
    numbers: NDArray[Any] | None,
    memory: int,
) -> list[Any]:
    x = _operand(shape, strides, dtype, offset, numbers, memory)
    axes = {"matvec": 1, "dot": 0}.get(op)  # of the second operand, the last ones from this on
    if axes is None:
        return [x]
    return [x, _operand(shape[axes:], strides[axes:], dtype, offset, x[(0,) * axes], memory)]


def best_times(timers: Sequence[timeit.Timer], sample: float, warm: float) -> list[float]:
    """Seconds of each: of the first call where it takes longer than `warm`, the least of several samples otherwise."""
    once = [timer.timeit(1) for timer in timers]
    longest = max(once)
    if longest >= warm:
        return once
    loops, repeats = max(1, round(sample / longest)), min(MOST_REPEATS, max(1, round(warm / max(longest, sample))))
    return [min(timer.repeat(repeats, loops)) / loops for timer in timers]


def _turn(function: Callable[..., Any], operands: list[NDArray[Any]], passes: Sequence[int]) -> Iterator[float]:
    """For each number of passes: time on the contiguous path / time on the strided one; last, seconds of a pass.

    One beside the other: the machine's own ups and downs are in both.
    """

    def several(count: int, operands: Sequence[NDArray[Any]]) -> None:
        for _ in range(count):
            function(*operands)

    def packed(count: int) -> None:
        several(count, tuple(pack(each) for each in operands))

    seconds = math.inf
    for count in passes:
        paths = (
            timeit.Timer(partial(several, count, tuple(operands))),
            timeit.Timer(partial(packed, count)),
        )
        strided_time, contiguous_time = best_times(paths, SAMPLE, WARM)
        seconds = min(seconds, strided_time / count)
        yield contiguous_time / strided_time
    yield seconds


def _is_clear(turns: Sequence[Sequence[float]], passes: tuple[int, ...]) -> bool:
    """Every second turn tells the same break-even as the others."""
    counts = np.array(passes, float)
    evens = []
    for half in (turns[::2], turns[1::2]):
        *ratios, _ = np.median(half, axis=0)
        evens.append(Rates(passes, tuple(counts), tuple(counts * ratios)).break_even)
    least, greatest = sorted(evens)
    return least == greatest or greatest <= CLEAR * least


def calibrate(
    op: str,
    dtype: str,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int = 0,
    numbers: NDArray[Any] | None = None,
    memory: int = 0,
) -> Rates:
    """Measure an op, and the copy, on a layout; a second at most.

    Parameters
    ----------
    op : str
        One of `OPS`.
    dtype : str
    shape, strides : tuple of int
        Strides in bytes.
    offset : int
        Bytes of the first element behind the begin of a cache line.
    numbers : ndarray, optional
        Of this shape and dtype, to measure with: how long a minimum is looked for depends on them.
    memory : int
        Bytes of the memory that the array is a part of; large memory has large pages.

    Returns
    -------
    Rates

    Examples
    --------
    >>> from strideops.advice import calibrate
    >>> rates = calibrate("sum", "float64", shape=(500, 64), strides=(4096, 64))
    >>> strided, contiguous = rates.at(1)
    >>> strided > 0 and contiguous > 0
    True
    """
    kind, function = np.dtype(dtype), getattr(strided, op)
    lengths = [max(1, n) for n in shape]
    less = part(lengths, strides, kind.itemsize, MEMORY)
    if 0 in shape:
        numbers = None
    layout = op, less, strides, kind, offset, numbers, min(memory, LARGE_PAGES)
    begin = time.perf_counter()
    operands = _operands(*layout)
    passes: tuple[int, ...] = PASSES[:-1]
    turns = [list(_turn(function, operands, passes))]
    if 2 * TURNS * turns[0][-1] * PASSES[-1] < BUDGET:
        passes = PASSES
        turns = [list(_turn(function, operands, passes))]
    while len(turns) < MOST_TURNS:
        spent = time.perf_counter() - begin
        if spent + spent / len(turns) > LIMIT or (spent > BUDGET and len(turns) > TURNS and _is_clear(turns, passes)):
            break
        if len(turns) % TURNS == 0:
            operands = _operands(*layout)
        turns.append(list(_turn(function, operands, passes)))
    *ratios, _ = np.median(turns, axis=0)
    seconds = min(last for *_, last in turns)
    more = math.prod(lengths) / math.prod(less)
    # Along an axis with stride 0 a pass has nothing more to read; its copy has.
    distinct = math.prod(n / m for n, m, stride in zip(lengths, less, strides, strict=True) if stride)
    strided_times = tuple(seconds * distinct * count for count in passes)
    contiguous_times = tuple(float(ratio) * seconds * more * count for ratio, count in zip(ratios, passes, strict=True))
    if seconds > LONG and is_one_piece(shape, strides, kind.itemsize, op in IN_ORDER):  # its copy is like it
        copy = max(contiguous_times[0] - strided_times[0], 1e-9)
        contiguous_times = tuple(copy + each for each in strided_times)
    return Rates(passes, strided_times, contiguous_times)
