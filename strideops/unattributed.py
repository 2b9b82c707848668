# SPDX-License-Identifier: BSD-3-Clause
"""Memory that an audit cannot attribute: requested outside the calls that are watched, and in which expression.

A new array is not a copy; whether one is, nobody can tell from the outside. What is certainly a result is told apart:
that of an operator, a ufunc, a random generator, `numpy.zeros` and its like.
"""

from __future__ import annotations

import ast
import dis
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from types import BuiltinMethodType, CodeType, ModuleType
from typing import Any

import numpy as np

from .rendering import size

__all__ = ["Request", "read"]

CREATORS: tuple[Callable[..., Any], ...] = (
    *(np.arange, np.empty, np.empty_like, np.eye, np.full, np.full_like, np.geomspace, np.identity, np.linspace),
    *(np.logspace, np.ones, np.ones_like, np.zeros, np.zeros_like),
)
RANDOM = "numpy.random"
NOWHERE = "no known line: code without the GIL, as for NumPy's buffers, or too many lines"
LONGEST = 60  # characters of an expression


@dataclass(frozen=True)
class Request:
    """Memory that was requested in an expression, by a call that is not watched or by compiled code.

    Attributes
    ----------
    file : str
    line : int
    code : str
        The expression as it stands there; empty where it is not known.
    bytes, count : int
        Of all blocks, and how many.
    """

    file: str
    line: int
    code: str
    bytes: int
    count: int

    def __str__(self) -> str:
        times = "" if self.count == 1 else f" in {self.count:,} blocks"
        where = f"{self.file}:{self.line}: " if self.file else ""
        return f"{size(self.bytes):>12}  {where}{self.code}{times}"


def read(code: CodeType | None, names: dict[str, Any], offset: int, size: int, count: int) -> tuple[Request, bool]:
    """Of the instruction at this offset, and whether it is certainly a result."""
    if code is None:
        return Request("", 0, NOWHERE, size, count), False
    unit = max(0, offset) // 2
    line, text = _expression(code, unit)
    return Request(code.co_filename, line, _short(text), size, count), _is_result(code, names, unit, text)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _expression(code: CodeType, unit: int) -> tuple[int, str]:
    line, last_line, begin, end = next(islice(code.co_positions(), unit, None), (None,) * 4)
    if line is None or last_line is None or begin is None or end is None:
        return line or code.co_firstlineno, ""
    lines = [each.encode() for each in linecache.getlines(code.co_filename)[line - 1 : last_line]]
    if not lines:
        return line, ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][begin:]
    return line, b"".join(lines).decode(errors="replace")


def _is_result(code: CodeType, names: dict[str, Any], unit: int, text: str) -> bool:
    instruction = None
    for each in dis.get_instructions(code):
        if each.offset > 2 * unit:
            break
        instruction = each
    if instruction is None:
        return False
    if instruction.opname == "BINARY_OP":  # in place there is no result, and a product may copy its operands
        return not instruction.argrepr.endswith(("=", "@", "]"))
    if instruction.opname.startswith("CALL"):
        return _makes_result(text, names)
    return instruction.opname.startswith(("COMPARE", "UNARY"))


def _makes_result(text: str, names: dict[str, Any]) -> bool:
    """Whether the function of this call does; it is looked up, and nothing is evaluated."""
    try:
        called = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    path: list[str] = []
    if not isinstance(called, ast.Call):
        return False
    given = len(called.args)
    is_told_where = any(name.arg in (None, "out") for name in called.keywords) or any(
        isinstance(argument, ast.Starred) for argument in called.args
    )
    called = called.func
    while isinstance(called, ast.Attribute):
        path.append(called.attr)
        called = called.value
    found = names.get(called.id) if isinstance(called, ast.Name) else None
    while path and isinstance(found, ModuleType):
        found = vars(found).get(path.pop())
    if isinstance(found, np.ufunc):  # or a method of it; into an array that is there, it may copy what overlaps
        return not is_told_where and (bool(path) or given <= found.nin)
    owner = found.__self__ if isinstance(found, BuiltinMethodType) else found
    return type(owner).__module__.startswith(RANDOM) or (not path and any(found is each for each in CREATORS))
