# SPDX-License-Identifier: BSD-3-Clause
"""Does copying pay? So many passes over an array, against one copy and as many passes over it.

What either takes is measured on first use (rates.py), and remembered for every op, dtype, shape and strides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .layouts import LINE
from .rates import LARGE_PAGES, OPS, Rates, break_even, calibrate

__all__ = ["OPS", "Advice", "Rates", "advise", "break_even", "calibrate"]

DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
MOST_REMEMBERED = 4096  # layouts

_remembered: dict[tuple[Any, ...], Rates] = {}


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


def _memory(x: np.ndarray[Any, Any]) -> int:
    """Bytes of the largest array that this one is a view of."""
    most = x.nbytes
    while isinstance(x := x.base, np.ndarray):  # type: ignore[assignment]
        most = max(most, x.nbytes)
    return most


def _rates(op: str, x: np.ndarray[Any, Any]) -> Rates:
    layout = op, x.dtype.name, x.shape, x.strides, x.ctypes.data % LINE
    key = *layout, _memory(x) >= LARGE_PAGES
    if key not in _remembered:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = calibrate(*layout, numbers=x, memory=_memory(x))
    return _remembered[key]


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
    The first call for an op and a layout measures this machine, with memory of its own and the numbers of `x`, for a
    second at most.

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
    rates = _rates(op, x)
    even = rates.break_even
    strided_time, contiguous_time = rates.at(passes)
    path = "strided" if strided_time <= contiguous_time else "contiguous"
    when = "packing never pays: passes over the copy are no faster"
    if not math.isinf(even):
        when = f"packing first pays from {math.ceil(even * (1 - 1e-9))} passes on"
    count = "1 pass takes" if passes == 1 else f"{passes} passes take"
    reason = f"{count} {_human(strided_time)} strided, {_human(contiguous_time)} packed first; {when}"
    return Advice(path, passes, strided_time, contiguous_time, even, reason)
