# SPDX-License-Identifier: BSD-3-Clause
"""What an array's layout is, which operation copies it and why, and how to write it so that none does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layouts import LINE, canonical, distinct_bytes, extent, lines, reached
from .operations import OPERATIONS
from .rules import Facts, Verdict

__all__ = ["Explanation", "explain"]

CRITICAL = 4096  # bytes: elements so far apart fall into the same few places of a cache


@dataclass(frozen=True)
class Explanation:
    """An array's layout, and what operations do with its memory.

    Attributes
    ----------
    layout, canonical : str
        ``shape:stride``, strides in bytes; canonical without the axes of length 1 and stride 0, without signs, sorted
        and merged.
    shape, strides : tuple of int
    dtype : str
    itemsize : int
    unit_stride : tuple of int
        Axes along which one element follows the other.
    mergeable : tuple of (int, int)
        Neighbouring axes that are one axis of a view.
    nbytes : int
        Bytes of its elements, as many as a copy has.
    span : int
        Bytes from its first to its last one.
    holes : tuple of (int, int)
        (how many, bytes of each): memory between its elements that is not its own.
    lines : int
        Cache lines that a pass touches.
    lines_used : float
        Share of the bytes of these lines that belongs to the array.
    line_offset : int
        Bytes of its lowest element behind the begin of a cache line.
    alignment : int
        The largest power of 2, up to a page, that divides its address.
    aligned : bool
        Its elements lie where NumPy wants them.
    critical : tuple of int
        Axes with a stride that is a multiple of 4,096 bytes: their elements compete for few places of a cache.
    overlap : str
        "none", "elements share memory", or "elements may share memory".
    writeable : bool
    owner : str
        Whose memory it is.
    offset : int
        Bytes of its first element behind the begin of that memory.
    c_signature, cython : str
        How to hand it to C and to Cython without a copy.
    copies : dict of str -> Verdict
        What each operation does with it, by its code as it is written for this array.
    """

    layout: str
    canonical: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str
    itemsize: int
    unit_stride: tuple[int, ...]
    mergeable: tuple[tuple[int, int], ...]
    nbytes: int
    span: int
    holes: tuple[tuple[int, int], ...]
    lines: int
    lines_used: float
    line_offset: int
    alignment: int
    aligned: bool
    critical: tuple[int, ...]
    overlap: str
    writeable: bool
    owner: str
    offset: int
    c_signature: str
    cython: str
    copies: dict[str, Verdict]

    def __str__(self) -> str:
        from . import rendering

        return rendering.text(self)

    def __rich__(self) -> Any:
        from . import rendering

        return rendering.rich(self)

    def _repr_html_(self) -> str:
        from . import rendering

        return rendering.html(self)

    def to_dict(self) -> dict[str, Any]:
        """Of plain Python objects."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        told["copies"] = {code: vars(verdict) for code, verdict in self.copies.items()}
        return told

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2)


def _notation(axes: Sequence[tuple[int, int]]) -> str:
    shape, strides = (",".join(str(axis[i]) for axis in axes) for i in (0, 1))
    return f"({shape}):({strides})"


def _holes(axes: Sequence[tuple[int, int]], itemsize: int) -> tuple[tuple[int, int], ...]:
    """(how many, bytes of each), the smallest first; where blocks lie within one another, of none."""
    found, reach = [], itemsize
    for i, (length, stride) in enumerate(axes):
        if stride > reach:
            blocks = 1
            for outer, _ in axes[i + 1 :]:
                blocks *= outer
            found.append(((length - 1) * blocks, stride - reach))
        reach += (length - 1) * stride
    return tuple(found)


def _owner(x: NDArray[Any]) -> tuple[str, int]:
    """Who owns the memory, and where in it x begins."""
    root: Any = x
    while getattr(root, "base", None) is not None:
        root = root.base
    if root is x:
        return "its own memory", 0
    if isinstance(root, np.ndarray):
        layout = _notation(list(zip(root.shape, root.strides, strict=True)))
        return f"an array {layout} {root.dtype}", x.ctypes.data - root.ctypes.data
    try:
        start = np.frombuffer(root, np.uint8).ctypes.data
    except (TypeError, ValueError, BufferError):
        return f"a {type(root).__name__}", 0
    return f"a {type(root).__name__}", x.ctypes.data - start


def explain(x: Any) -> Explanation:
    """What an array's layout is, which operation copies it and why, and the zero-copy spelling.

    Parameters
    ----------
    x : ndarray
        Of numbers or booleans, of any shape and strides. No element is read.

    Returns
    -------
    Explanation
        Text, HTML with a picture in notebooks, JSON by `to_json`.

    Raises
    ------
    TypeError
        Not an ndarray, a subclass whose methods may do otherwise, or elements that are no numbers.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X_cut = np.arange(48).reshape(6, 8)[:, :6]
    >>> told = strideops.explain(X_cut)
    >>> told.layout, told.nbytes, told.holes
    ('(6,6):(64,8)', 288, ((5, 16),))
    >>> print(told.copies["x.ravel()"])
    copies 288 bytes
    """
    if isinstance(x, np.memmap):
        x = np.asarray(x)
    if not isinstance(x, np.ndarray):
        raise TypeError(f"explain wants an ndarray, got {type(x).__name__}; strideops.asstrided makes a view of it")
    if type(x) is not np.ndarray:
        name = type(x).__name__
        raise TypeError(f"explain wants a plain ndarray, and {name} may have methods of its own: np.asarray(x) is one")
    if x.dtype.kind not in "biufc":
        raise TypeError(f"explain takes arrays of numbers and booleans, got {x.dtype}")
    facts = Facts(x)
    axes = [] if 0 in x.shape else facts.all
    low, high = extent(x.shape, x.strides) if x.size else (0, 0)
    own, exact = distinct_bytes(axes, x.itemsize) if x.size else (0, True)
    line_offset = (x.ctypes.data + low) % LINE
    touched = lines(axes, x.itemsize, line_offset) if x.size else 0
    owner, offset = _owner(x)
    overlap = "none" if own == x.nbytes else "elements share memory" if exact else "elements may share memory"
    return Explanation(
        layout=_notation(list(zip(x.shape, x.strides, strict=True))),
        canonical=_notation(canonical(axes)[::-1]),
        shape=x.shape,
        strides=x.strides,
        dtype=x.dtype.name if x.dtype.isnative else x.dtype.str,
        itemsize=x.itemsize,
        unit_stride=tuple(axis for axis, stride in enumerate(x.strides) if abs(stride) == x.itemsize),
        mergeable=tuple(
            (axis, axis + 1) for axis in range(x.ndim - 1) if x.strides[axis] == x.shape[axis + 1] * x.strides[axis + 1]
        ),
        nbytes=x.nbytes,
        span=high - low + x.itemsize if x.size else 0,
        holes=_holes(reached(axes), x.itemsize),
        lines=touched,
        lines_used=own / (touched * LINE) if touched else 1.0,
        line_offset=line_offset,
        alignment=min(x.ctypes.data & -x.ctypes.data, CRITICAL) or CRITICAL,
        aligned=x.flags.aligned,
        critical=tuple(axis for axis, (n, s) in enumerate(facts.all) if n > 8 and s and s % CRITICAL == 0),
        overlap=overlap,
        writeable=facts.writeable,
        owner=owner,
        offset=offset,
        c_signature=_signature(facts),
        cython=OPERATIONS[f"cdef {'' if facts.writeable else 'const '}{{T}}[{{strided}}] v = x"].spelled(facts),
        copies={operation.spelled(facts): operation.rule(facts) for operation in OPERATIONS.values()},
    )


def _signature(facts: Facts) -> str:
    const = "" if facts.writeable else "const "
    lengths, strides = ("".join(f", ptrdiff_t {name}{axis}" for axis in range(facts.ndim)) for name in ("n", "s"))
    return f"void f({const}{facts.c_type or 'char'} *x{lengths}{strides});  // strides in bytes"
