# SPDX-License-Identifier: BSD-3-Clause
"""An explanation as plain text, as text with colours where rich is installed, and as HTML with a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from . import drawing
from .rules import CHUNKS, COPIES, IN_PLACE, REFUSES, SAME, VIEW, WRONG

if TYPE_CHECKING:
    from .explanation import Explanation

WIDTH = 100  # columns
HEAD = 22
COLOURS = {COPIES: "bold red", CHUNKS: "red", WRONG: "bold magenta", REFUSES: "yellow"}


def size(count: int) -> str:
    """Bytes in human units."""
    if count < 10_000:
        return f"{count:,} bytes"
    power = min(4, (count.bit_length() - 1) // 10)
    return f"{count / 1024**power:.3g} {('bytes', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"


def _facts(told: Explanation) -> Iterator[tuple[str, str]]:
    """(what, how it is): the layout in words."""
    axes = ", ".join(f"axis {axis}" for axis in told.unit_stride)
    holes = ", ".join(f"{count:,} of {size(length)}" for count, length in told.holes)
    pairs = ", ".join(f"{a} and {b}" for a, b in told.mergeable)
    yield "layout", f"{told.layout} {told.dtype}; canonical {told.canonical}"
    yield "memory", f"{size(told.nbytes)} of elements in a span of {size(told.span)}; holes: {holes or 'none'}"
    yield "cache lines", f"{told.lines:,}, of whose bytes {100 * told.lines_used:.0f} % are its own"
    yield "axes", f"unit stride: {axes or 'none'}; one axis of a view: {pairs or 'none'}"
    yield "owner", f"{told.owner}, {told.offset:,} bytes behind its begin" if told.offset else told.owner
    remarks = [
        "" if told.writeable else "read-only",
        "" if told.aligned else "unaligned",
        "" if told.overlap == "none" else told.overlap,
        *(f"axis {axis} has a critical stride, {told.strides[axis]:,} bytes" for axis in told.critical),
    ]
    if any(remarks):
        yield "remarks", ", ".join(filter(None, remarks))


def _outcomes(told: Explanation) -> Iterator[tuple[str, str, list[str]]]:
    """(outcome, its title, the operations with it)."""
    for outcome in (COPIES, CHUNKS, WRONG, REFUSES, IN_PLACE, VIEW, SAME):
        codes = [code for code, verdict in told.copies.items() if verdict.outcome == outcome]
        if codes:
            yield outcome, f"copies {size(told.nbytes)}" if outcome == COPIES else outcome, codes


def _instead(told: Explanation) -> list[str]:
    """Of what copies, and can be written otherwise: both spellings; one of those that have the same."""
    first: dict[str, str] = {}
    for code, verdict in told.copies.items():
        if verdict.outcome in (COPIES, CHUNKS, WRONG) and verdict.instead:
            first.setdefault(verdict.instead, code)
    return [f"{code} -> {instead}" for instead, code in first.items()]


def _drawing(told: Explanation) -> tuple[list[list[drawing.Cell]], int]:
    drawn = drawing.cells(told.shape, told.strides, told.itemsize, told.line_offset)
    return drawn, max(0, told.lines - len(drawn))


def _wrapped(title: str, parts: Sequence[str]) -> list[str]:
    """In lines that end between two of the parts, never within one."""
    words = ", ".join(part.replace(" ", "\0") for part in parts)
    indent = " " * HEAD
    found = textwrap.wrap(
        words, WIDTH, initial_indent=f"{title:<{HEAD}}", subsequent_indent=indent, break_on_hyphens=False
    )
    return [line.replace("\0", " ") for line in found]


def _lines(told: Explanation) -> Iterator[tuple[str, str]]:
    """(style, line)."""
    for what, how in _facts(told):
        yield "", f"{what:<{HEAD}}{how}"
    drawn, more = _drawing(told)
    yield "", ""
    for line in drawing.text(drawn, told.itemsize, more):
        yield "cyan", line
    yield "", ""
    for outcome, title, codes in _outcomes(told):
        for line in _wrapped(title, codes):
            yield COLOURS.get(outcome, "green"), line
    for line in _wrapped("write instead", _instead(told)):
        yield "", line
    yield "", f"{'in Cython':<{HEAD}}{told.cython}"
    yield "", f"{'in C':<{HEAD}}{told.c_signature}"


def text(told: Explanation) -> str:
    """Plain text."""
    return "\n".join(line for _, line in _lines(told))


def rich(told: Explanation) -> Any:
    """What rich prints: the same in colours."""
    from rich.text import Text

    return Text("\n").join(Text(line, style) for style, line in _lines(told))


def html(told: Explanation) -> str:
    """A picture of the memory and a table."""
    drawn, more = _drawing(told)
    rows = [(what, escape(how)) for what, how in _facts(told)]
    rows += [(title, _codes(codes)) for _, title, codes in _outcomes(told)]
    rows += [("write instead", _codes(_instead(told)))] if _instead(told) else []
    rows += [("in Cython", _codes([told.cython])), ("in C", _codes([told.c_signature]))]
    table = "".join(
        f'<tr><th style="text-align:left;vertical-align:top;white-space:nowrap">{escape(what)}</th>'
        f'<td style="text-align:left">{how}</td></tr>'
        for what, how in rows
    )
    return f"{drawing.svg(drawn, more)}<table>{table}</table>"


def _codes(codes: Sequence[str]) -> str:
    return ", ".join(f'<code style="white-space:nowrap">{escape(code)}</code>' for code in codes)
