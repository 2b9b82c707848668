# SPDX-License-Identifier: BSD-3-Clause
"""Memory as people draw it by hand: a row for each cache line, the elements where they lie, and the holes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from .layouts import LINE, extent

LINES = 8  # a drawing shows the first ones
ELEMENTS = 4096  # of which these are searched


@dataclass(frozen=True)
class Cell:
    """Bytes that lie in a row: of an element, or of a hole.

    Attributes
    ----------
    start, stop : int
        Bytes from the begin of the first cache line.
    name : str
        Of the element, ``X12`` or ``X[10,2]``; empty for a hole.
    """

    start: int
    stop: int
    name: str


def _name(index: Sequence[int], shape: Sequence[int]) -> str:
    if max(shape, default=0) <= 10:
        return "X" + "".join(map(str, index))
    return f"X[{','.join(map(str, index))}]"


def cells(shape: Sequence[int], strides: Sequence[int], itemsize: int, offset: int) -> list[list[Cell]]:
    """The first cache lines of an array, each as cells; an element that crosses a border is two cells.

    Parameters
    ----------
    shape, strides : sequence of int
    itemsize : int
    offset : int
        Bytes of the lowest element behind the begin of a cache line.
    """
    if 0 in shape:
        return []
    low, _ = extent(shape, strides)
    places, indices = np.array([offset - low]), np.zeros((1, 0), np.intp)
    for length, stride in zip(shape, strides, strict=True):
        # Of each axis the elements that can lie in the first lines: those at its low end.
        near = min(length, LINES * LINE // abs(stride) + 1 if stride else 1, max(1, ELEMENTS // len(places)))
        steps = np.arange(near) if stride >= 0 else np.arange(length - near, length)
        places = (places[:, None] + steps * stride).ravel()
        indices = np.column_stack([np.repeat(indices, near, 0), np.tile(steps, len(indices))])
    found: list[Cell] = []
    end = 0
    for i in np.argsort(places, kind="stable"):
        place = int(places[i])
        if place < end:
            continue  # this memory is drawn already, under the name of the first index that reaches it
        if place > end:
            found.append(Cell(end, place, ""))
        end = place + itemsize
        found.append(Cell(place, end, _name(indices[i].tolist(), shape)))
        if end >= LINES * LINE:
            break
    lines = min(LINES, -(-end // LINE))
    return [list(_between(found, number * LINE, (number + 1) * LINE)) for number in range(lines)]


def _between(found: Sequence[Cell], start: int, stop: int) -> Iterator[Cell]:
    for cell in found:
        if cell.start < stop and cell.stop > start:
            yield Cell(max(cell.start, start), min(cell.stop, stop), cell.name)
    last = max((cell.stop for cell in found), default=0)
    if start <= last < stop:
        yield Cell(last, stop, "")


def text(lines: Sequence[Sequence[Cell]], itemsize: int, more: int) -> list[str]:
    """A line of text for each cache line; holes are dots, ``|`` the border of a cache line."""
    width = max((len(cell.name) for line in lines for cell in line), default=0)
    drawn = []
    for line in lines:
        parts = []
        for cell in line:
            if cell.name:
                parts.append(cell.name.ljust(width))
            else:
                holes = max(1, round((cell.stop - cell.start) / itemsize))
                parts += ["·" * min(width, 2) + " " * (width - min(width, 2))] * holes
        drawn.append("| " + " ".join(parts) + " |")
    if more:
        drawn.append(f"  … {more:,} more cache lines")
    return drawn


def svg(lines: Sequence[Sequence[Cell]], more: int) -> str:
    """The same as a picture: a row for each cache line, a rectangle for each element."""
    scale, high, left = 12, 26, 4
    width, height = LINE * scale + 2 * left, len(lines) * (high + 6) + (24 if more else 4)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        'font-family="monospace" font-size="11" style="max-width:100%;height:auto">'
        "<title>The elements where they lie; a row is a cache line of 64 bytes</title>"
    ]
    for row, line in enumerate(lines):
        top = row * (high + 6) + 2
        for cell in line:
            x, wide = left + (cell.start - row * LINE) * scale, (cell.stop - cell.start) * scale
            style = (
                'fill="#7fb2e0" stroke="#0b5394"' if cell.name else 'fill="none" stroke="#888" stroke-dasharray="3 3"'
            )
            parts.append(f'<rect x="{x}" y="{top}" width="{wide}" height="{high}" {style}/>')
            if cell.name and wide >= 7 * len(cell.name):
                middle = x + wide / 2
                parts.append(
                    f'<text x="{middle}" y="{top + 17}" text-anchor="middle" fill="#06223d">{escape(cell.name)}</text>'
                )
    if more:
        parts.append(f'<text x="{left}" y="{height - 6}" fill="currentColor">… {more:,} more cache lines</text>')
    return "".join([*parts, "</svg>"])
