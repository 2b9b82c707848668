# SPDX-License-Identifier: BSD-3-Clause
"""Does copying pay? A small model of both paths' time, measured on this machine in a second.

The model times an op, and the copy, on a few layouts that stand for all: a row in one piece, short rows, gaps between
elements, far apart, transposed; at several footprints, from the first cache to the memory. An array takes the time
per element of the layout that is like it, between the footprints nearest to its own.
"""

from __future__ import annotations

import math
import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import strided
from ._core import pack
from .layouts import FOOTPRINTS, KINDS, LINE, Walk, example, walk_of

__all__ = ["OPS", "Advice", "advise", "break_even", "calibrate"]

OPS = ("sum", "min", "max", "argmin", "argmax", "norm", "dot", "matvec")
IN_ORDER = ("argmin", "argmax", "matvec")  # the order of the elements matters
DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
SAMPLE = 2e-4  # seconds
REPEAT = 3


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
    """Times of an op, and of the copy, on this machine.

    Attributes
    ----------
    op, dtype : str
    call, pack_call : float
        Seconds of a call on one element.
    footprints : dict
        (kind, amount) -> bytes of cache lines, rising.
    strided, pack : dict
        (kind, amount) -> seconds per element at each footprint.
    """

    op: str
    dtype: str
    call: float
    pack_call: float
    footprints: dict[tuple[str, float], list[float]]
    strided: dict[tuple[str, float], list[float]]
    pack: dict[tuple[str, float], list[float]]

    def _per_element(self, times: dict[tuple[str, float], list[float]], walk: Walk, footprint: float) -> float:
        """Between the footprints that were measured, and between the amounts, in proportion of the logarithms."""
        amounts = [amount for kind, amount in times if kind == walk.kind]
        known = [self._at(times, (walk.kind, amount), footprint) for amount in amounts]
        if len(known) == 1:
            return known[0]
        at, where = list(amounts), list(known)
        if walk.kind == "rows":  # the longer a row, the more it is like a whole
            at.append(16 * amounts[-1])
            where.append(self._at(times, ("whole", 0), footprint))
        return math.exp(np.interp(math.log(walk.amount), np.log(at), np.log(where)))

    def _at(self, times: dict[tuple[str, float], list[float]], key: tuple[str, float], footprint: float) -> float:
        return math.exp(np.interp(math.log(footprint), np.log(self.footprints[key]), np.log(times[key])))

    def _time(self, times: dict[tuple[str, float], list[float]], walk: Walk, itemsize: int) -> float:
        """Seconds of the elements, without the call. Those that a pass meets again are near."""
        if not walk.elements:
            return 0.0
        here = self._per_element(times, walk, walk.footprint)
        fresh = min(1.0, walk.footprint / (walk.elements * itemsize))
        if fresh == 1:
            return walk.elements * here
        near = min(here, self._per_element(times, walk, FOOTPRINTS[1]))
        return walk.elements * (near + fresh * (here - near))

    def predict(self, shape: Sequence[int], strides: Sequence[int], itemsize: int) -> tuple[float, float, float]:
        """Seconds of a pass over an operand of this layout, of a pass over its copy, and of the copy."""
        in_order = self.op in IN_ORDER
        elements = math.prod(shape)
        here = walk_of(shape, strides, itemsize, in_order)
        packed = Walk("whole", 0, elements, max(LINE, elements * itemsize))
        source = walk_of(shape, strides, itemsize, True)
        copied = Walk(source.kind, source.amount, elements, max(source.footprint, packed.footprint))
        return (
            self.call + self._time(self.strided, here, itemsize),
            self.call + self._time(self.strided, packed, itemsize),
            self.pack_call + self._time(self.pack, copied, itemsize),
        )


def _operands(op: str, shape: tuple[int, int], strides: tuple[int, int], dtype: np.dtype[Any]) -> tuple[Any, ...]:
    size = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + dtype.itemsize

    def view() -> NDArray[Any]:
        memory = np.empty(size, np.uint8)
        memory.fill(0)  # pages of its own, which np.zeros would not have
        return np.ndarray(shape, dtype, memory, 0, strides)

    if op == "matvec":
        return view(), np.ones(shape[1], dtype)
    return (view(), view()) if op == "dot" else (view(),)


def _sample(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[[], float]:
    """A sampler of the seconds of one call."""
    timer = timeit.Timer(lambda: function(*arguments))
    count = max(1, round(SAMPLE / min(timer.repeat(2, 1))))
    return lambda: timer.timeit(count) / count


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
    function = getattr(strided, op)

    def copy(*arguments: Any) -> None:
        for argument in arguments if op == "dot" else arguments[:1]:
            pack(argument)

    def measure(arguments: tuple[Any, ...]) -> tuple[float, float]:
        samplers = _sample(function, arguments), _sample(copy, arguments)
        rounds = [[sampler() for sampler in samplers] for _ in range(REPEAT)]
        strided_time, pack_time = (min(times) for times in zip(*rounds, strict=True))
        return strided_time, pack_time

    call, pack_call = measure(_operands(op, (1, 1), (dtype.itemsize, dtype.itemsize), dtype))
    model = Model(op, dtype.name, call, pack_call, {}, {}, {})
    for kind, amounts in KINDS.items():
        # A step of a part of an element is none for bytes.
        for key in (
            (kind, amount) for amount in amounts if kind != "steps" or round(amount * dtype.itemsize) > dtype.itemsize
        ):
            footprints: list[float] = []
            times: list[tuple[float, float]] = []
            for footprint in FOOTPRINTS:
                shape, strides = example(*key, footprint, dtype.itemsize)
                walk = walk_of(shape, strides, dtype.itemsize, True)
                if footprints and walk.footprint < 1.5 * footprints[-1]:
                    break  # no more memory
                found = measure(_operands(op, shape, strides, dtype))
                footprints.append(walk.footprint)
                times.append(
                    (
                        max(found[0] - call, 1e-12) / walk.elements,
                        max(found[1] - pack_call, 1e-12) / walk.elements,
                    )
                )
            model.footprints[key] = footprints
            model.strided[key], model.pack[key] = (list(column) for column in zip(*times, strict=True))
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
