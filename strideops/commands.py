# SPDX-License-Identifier: BSD-3-Clause
"""What the command line makes arrays of: files that it maps, shapes without data, indices that it parses; scripts."""

from __future__ import annotations

import ast
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import EllipsisType
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from .layouts import LINE

Index = int | slice | EllipsisType | None


class WrongInput(Exception):
    """What the user gave cannot be used; one sentence that says why and what would work."""


def parse_index(text: str) -> tuple[Index, ...]:
    """``"[:, :6]"`` as the tuple that an array gets; nothing is evaluated.

    Raises
    ------
    WrongInput
        Anything but integers, slices of them, ``...`` and None between square brackets.

    Examples
    --------
    >>> from strideops.commands import parse_index
    >>> parse_index("[::2, -1, ...]")
    (slice(None, None, 2), -1, Ellipsis)
    """
    wrong = WrongInput(
        f"the index {text!r} is not understood: it takes integers, slices, ... and None, as in '[:, ::2]'"
    )
    stripped = text.strip()
    if not (stripped.startswith("[") and stripped.endswith("]")):
        raise wrong
    try:
        node = ast.parse(f"x{stripped}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise wrong from None
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)):
        raise wrong
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]

    def integer(part: ast.expr | None) -> int | None:
        if part is None:
            return None
        sign = 1
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
            sign, part = -1, part.operand
        if isinstance(part, ast.Constant) and type(part.value) is int:
            return sign * part.value
        raise wrong

    if not parts:
        raise wrong
    found: list[Index] = []
    for part in parts:
        if isinstance(part, ast.Slice):
            found.append(slice(integer(part.lower), integer(part.upper), integer(part.step)))
        elif isinstance(part, ast.Constant) and (part.value is None or part.value is Ellipsis):
            found.append(part.value)
        else:
            found.append(integer(part))
    return tuple(found)


def indexed(x: NDArray[Any], text: str | None) -> NDArray[Any]:
    """A view: also of one element."""
    if text is None:
        return x
    index = parse_index(text)
    try:
        return x[index] if Ellipsis in index else x[(*index, ...)]
    except (IndexError, ValueError) as error:
        raise WrongInput(f"the index {text!r} does not fit an array of shape {x.shape}: {error}") from None


def mapped(path: Path) -> NDArray[Any]:
    """The array of a .npy file; its elements stay where they are."""
    try:
        x = np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise WrongInput(f"{path}: there is no such file") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise WrongInput(f"{path} is no .npy file that can be mapped: {error}") from None
    return np.asarray(x)


def imagined(shape: str, dtype: str) -> NDArray[Any]:
    """An array of this shape, in C order, that has no memory: for its layout only."""
    try:
        lengths = tuple(int(part) for part in shape.split(",") if part.strip())
        kind = np.dtype(dtype)
    except (ValueError, TypeError) as error:
        raise WrongInput(f"--shape takes lengths as in 6,8 and --dtype a name as in int64: {error}") from None
    room = np.empty(2 * LINE + kind.itemsize, np.uint8)
    first = np.ndarray((), kind, room, -room.ctypes.data % LINE)
    strides, step = [], kind.itemsize
    for length in reversed(lengths):
        strides.append(step)
        step *= max(1, length)
    try:
        return np.lib.stride_tricks.as_strided(first, lengths, strides[::-1])
    except (ValueError, OverflowError) as error:
        raise WrongInput(f"--shape {shape}: {error}") from None


def run(script: str, arguments: Sequence[str], output: TextIO) -> int:
    """Run a script as ``python script arguments`` does, with this standard output; its exit status."""
    path = Path(script)
    if not path.is_file():
        raise WrongInput(f"{script}: there is no such script")
    before = sys.argv, sys.path[:], sys.stdout
    sys.argv, sys.stdout = [script, *arguments], output
    sys.path.insert(0, str(path.resolve().parent))
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.argv, sys.path[:], sys.stdout = before
    return 0
