# SPDX-License-Identifier: BSD-3-Clause
"""Calls that an audit looks at: which they are, and what one of them has copied."""

from __future__ import annotations

import _ctypes
import _imp
import pickle
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .operations import OPERATIONS
from .rules import COPIES, STRIDED_OP, Facts, Verdict

METHODS = (
    *("argmax", "argmin", "astype", "copy", "cumsum", "dot", "flatten", "ravel", "reshape", "take", "tobytes"),
    *("__copy__", "__deepcopy__"),
)
FUNCTIONS = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "dot", "vdot")
KEPT = {"argmax", "argmin", "cumsum", "dot", "vdot"}  # what they copy, they do not give back
LEAST_SELECTED = 1024  # bytes
MOST_KNOWN = 10_000
_known: dict[Any, Verdict] = {}


class Call(NamedTuple):
    """Of a function that is watched, with the array that it is given."""

    name: str
    operand: NDArray[Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def code(self) -> str | None:
        """The operation of `strideops.operations` that it is."""
        order = self.kwargs.get("order", self.args[0] if self.name == "ravel" and self.args else None)
        if self.name in ("ravel", "asarray", "array", "asanyarray") and order not in (None, "C"):
            return f"x.ravel({order!r})" if self.name == "ravel" else f"np.asarray(x, order={order!r})"
        if self.name == "dot":
            other = self.args[-1] if self.args else None
            return CODES["dot"] if isinstance(other, np.ndarray) and other.ndim == 1 else None
        return CODES.get(self.name)

    def _axis(self) -> int | None:
        """Along which an argmax or a cumsum goes."""
        values = (*self.args, *self.kwargs.values()) if self.name in ("argmax", "argmin", "cumsum") else ()
        return next((value for value in values if isinstance(value, int)), None)

    def verdict(self) -> Verdict | None:
        """Of a rule, where there is one."""
        code, x, axis = self.code(), self.operand, self._axis()
        if code not in OPERATIONS or type(x) is not np.ndarray or x.dtype.kind not in "biufc":
            return None
        if axis is not None and self.name != "cumsum":
            x = np.moveaxis(x, axis, -1)  # as NumPy does it
        elif axis is not None and x.size:
            x = np.moveaxis(x, axis, -1)[(0,) * (x.ndim - 1)]  # no cumsum of several axes makes one of them
        key = (code, self.operand.size, x.shape, x.strides, x.dtype.num, x.dtype.isnative, x.flags.num)
        known = _known.get(key)
        if known is None:
            told = OPERATIONS[code].rule(Facts(x))
            known = replace(told, bytes=told.bytes * self.operand.size // max(1, x.size))
            if x.dtype.kind != "c":  # of complex numbers the address decides as well
                _known[key] = known
            if len(_known) > MOST_KNOWN:
                _known.clear()
        return known

    def why(self) -> tuple[str, str]:
        """The reason and the zero-copy spelling."""
        verdict = self.verdict()
        if verdict is not None and verdict.outcome == COPIES:
            return verdict.reason, verdict.instead
        if self.name == "reshape":
            return "in x's memory the axes of the new shape have no strides", STRIDED_OP
        return "it makes a new array", ""


CODES = {
    "argmax": "np.argmax(x)",
    "argmin": "np.argmax(x)",
    "array": "np.array(x)",
    "ascontiguousarray": "np.ascontiguousarray(x)",
    "asfortranarray": "np.asfortranarray(x)",
    "astype": "x.astype(x.dtype)",
    "copy": "x.copy()",
    "cumsum": "np.cumsum(x)",
    "dot": "np.dot(x, v)",
    "dumps": "pickle.dumps(x, 5)",
    "flatten": "x.flatten()",
    "index": "x[np.arange(len(x))]",
    "ravel": "x.ravel()",
    "reshape": "x.reshape(-1)",
    "take": "x[np.arange(len(x))]",
    "tobytes": "x.tobytes()",
    "vdot": "np.vdot(x, x)",
    "__copy__": "x.copy()",
    "__deepcopy__": "x.copy()",
}


def given_back(operand: NDArray[Any], result: Any) -> int:
    """Bytes of a result that holds the operand's elements, all of them, in other memory."""
    if result is operand:
        return 0
    if isinstance(result, bytes):
        return operand.nbytes if len(result) >= operand.nbytes else 0  # else out of band
    if not isinstance(result, np.ndarray) or result.dtype != operand.dtype or result.size != operand.size:
        return 0  # a conversion, or a part: a new result
    base = result.base
    if base is not None and (base is operand or base is operand.base or np.may_share_memory(result, operand)):
        return 0
    return result.nbytes


def is_slice(call: Call, result: NDArray[Any]) -> bool:
    """Whether a slice would have selected the same: all of it, or places at equal distances."""
    index = call.args[0] if call.args else call.kwargs.get("indices")
    index = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    if not isinstance(index, (list, np.ndarray)) or result.nbytes < LEAST_SELECTED:
        return False
    places = np.asarray(index)
    if places.dtype.kind == "b":
        return result.nbytes == call.operand.nbytes
    if places.ndim != 1 or places.dtype.kind not in "iu" or len(places) < 2:
        return False
    steps = np.diff(places.astype(np.int64))
    return bool(steps[0]) and bool((steps == steps[0]).all())


def _watched() -> Iterator[tuple[str, str, Any]]:
    for name in METHODS:
        yield f"ndarray.{name}", name, np.ndarray.__dict__[name]
    for name in FUNCTIONS:
        function = getattr(np, name)
        yield f"numpy.{name}", name, getattr(function, "_implementation", function)
    yield "memoryview.tobytes", "tobytes", memoryview.__dict__["tobytes"]
    yield "pickle.dumps", "dumps", pickle.dumps


WATCHED = tuple(_watched())
# What loads libraries: their memory is counted from then on.
LOADERS = (_imp.create_dynamic, *([_ctypes.dlopen] if hasattr(_ctypes, "dlopen") else []))
