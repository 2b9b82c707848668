# SPDX-License-Identifier: BSD-3-Clause
"""Does copying pay? So many passes over an array, against one copy and as many passes over it.

The model is small: both paths take straight lines between 1, 8 and 64 passes, and on. A pass is slow while the caches
do not hold its memory yet, that of a fresh copy above all, so that one time a pass and one a copy are not enough. The
six times are measured on first use, with memory that is laid out as the array is; of an array that spans more than
`MEMORY` a part, and in proportion. They are remembered for every op, dtype, shape and strides.
"""

from __future__ import annotations

import math
import time
import timeit
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import strided
from ._core import pack
from .layouts import LINE, extent, is_one_piece, part

__all__ = ["OPS", "Advice", "Rates", "advise", "break_even", "calibrate"]

OPS = ("sum", "min", "max", "argmin", "argmax", "norm", "dot", "matvec")
IN_ORDER = ("argmin", "argmax", "matvec")  # the order of the elements matters
DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
MEMORY = 2**26  # bytes that an operand spans, at the most: more than the caches of a core
PASSES = (1, 8, 64)
BEYOND = 10**6  # passes: what does not pay then never does
SAMPLE = 1e-3  # seconds, or one call
WARM = 0.02  # seconds in which a path comes into the caches, if it fits there: the last repeats are the fastest
MOST_REPEATS = 5
TURNS = 3  # at least; as many in the same memory, since where its pages lie is a matter of luck
MOST_TURNS = 45
BUDGET = 0.3  # seconds for more turns than that
LONG = 1e-5  # seconds of a pass beside which the look at its layout is nothing
LIMIT = 0.5  # seconds after which not even these begin


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


def _operand(shape: Sequence[int], strides: Sequence[int], dtype: np.dtype[Any], offset: int) -> NDArray[Any]:
    """An array of this layout, so many bytes behind the begin of a cache line, with pages and numbers of its own."""
    low, high = extent(shape, strides)
    room = np.zeros(high - low + dtype.itemsize + 2 * LINE, np.uint8)
    lowest = (offset + low - room.ctypes.data) % LINE
    x = np.ndarray(tuple(shape), dtype, room, lowest - low, tuple(strides))
    order = sorted(range(x.ndim), key=lambda axis: -abs(strides[axis]))
    y = np.flip(np.atleast_1d(x.transpose(order)), tuple(i for i, axis in enumerate(order) if strides[axis] < 0))
    y[...] = (np.arange(y.size) % 97).reshape(y.shape)  # from address to address: a minimum has to be looked for
    return x


def _operands(op: str, shape: Sequence[int], strides: Sequence[int], dtype: np.dtype[Any], offset: int) -> list[Any]:
    x = _operand(shape, strides, dtype, offset)
    axes = {"matvec": 1, "dot": 0}.get(op)  # of the second operand, the last ones from this on
    return [x] if axes is None else [x, _operand(shape[axes:], strides[axes:], dtype, offset)]


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
        once = max(path.timeit(1) for path in paths)
        loops, repeats = max(1, round(SAMPLE / once)), min(MOST_REPEATS, max(1, round(WARM / max(once, SAMPLE))))
        strided_time, contiguous_time = (min(path.repeat(repeats, loops)) / loops for path in paths)
        seconds = min(seconds, strided_time / count)
        yield contiguous_time / strided_time
    yield seconds


def calibrate(op: str, dtype: str, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> Rates:
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
    operands, begin = _operands(op, less, strides, kind, offset), time.perf_counter()
    turns = [list(_turn(function, operands, PASSES[:-1]))]
    passes: tuple[int, ...] = PASSES[:-1]
    if TURNS * (time.perf_counter() - begin) * PASSES[-1] / passes[-1] < BUDGET:
        passes = PASSES
        turns = [list(_turn(function, operands, passes))]
    while time.perf_counter() < begin + (LIMIT if len(turns) < TURNS else BUDGET) and len(turns) < MOST_TURNS:
        turns.append(list(_turn(function, operands, passes)))
        if len(turns) % TURNS == 0:
            operands = _operands(op, less, strides, kind, offset)
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


_remembered = lru_cache(maxsize=4096)(calibrate)


def advise(x: Any, passes: int = 1, op: str = "sum") -> Advice:
    """Whether to copy an array before so many passes over it.

    Parameters
    ----------
    x : ndarray
        Of any shape and strides.
    passes : int
        How often `op` will read it.
    op : str
        One of `OPS`; "dot" with a second operand like it, "matvec" with a vector like a row of it.

    Returns
    -------
    Advice

    Raises
    ------
    ValueError
        No passes, an op that is not known, or "matvec" of anything but a matrix.
    TypeError
        Not an ndarray, or a dtype that the strided path does not take.

    Notes
    -----
    The first call for an op and a layout measures this machine, with memory of its own, for a second at most.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> strideops.advise(np.zeros((1000, 1000)).T, passes=100).path
    'strided'
    """
    if not isinstance(x, np.ndarray):
        raise TypeError(f"advise wants an ndarray, got {type(x).__name__}; strideops.asstrided makes a view of it")
    if op not in OPS:
        raise ValueError(f"advise knows no op {op!r}; it knows {', '.join(OPS)}")
    if passes < 1:
        raise ValueError(f"passes must be 1 or more, got {passes}")
    if op == "matvec" and x.ndim != 2:
        raise ValueError(f"matvec wants an array with 2 axes, got {x.ndim}; another op takes any")
    if x.dtype.name not in DTYPES or not x.dtype.isnative:
        raise TypeError(f"advise takes the dtypes of the strided path ({', '.join(DTYPES)}), got {x.dtype}")
    rates = _remembered(op, x.dtype.name, x.shape, x.strides, x.ctypes.data % LINE)
    even = rates.break_even
    strided_time, contiguous_time = rates.at(passes)
    path = "strided" if strided_time <= contiguous_time else "contiguous"
    when = "packing never pays: passes over the copy are no faster"
    if not math.isinf(even):
        when = f"packing first pays from {math.ceil(even * (1 - 1e-9))} passes on"
    count = "1 pass takes" if passes == 1 else f"{passes} passes take"
    reason = f"{count} {_human(strided_time)} strided, {_human(contiguous_time)} packed first; {when}"
    return Advice(path, passes, strided_time, contiguous_time, even, reason)
