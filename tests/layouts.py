# SPDX-License-Identifier: BSD-3-Clause
"""The one generator of layouts: arrays of the ten dtypes, sliced in several ways one after the other.

A drawn layout says where its elements lie in a block of bytes; `place` makes such a block. test_differential.py runs
every op on these layouts, c/drawn_layouts.c every kernel.
"""

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from oracle import memory_of

from benchmarks.patterns import DTYPES

# Around the lengths at which vectors, chunks, blocks and pages end.
LENGTHS = [1, 7, *(n + d for n in (8, 16, 32, 64, 128, 256, 1024, 4096) for d in (-1, 0, 1)), 4100]
SHORT = (1, 2, 3, 4, 5, 6, 7, 9, 17)
STEPS = (1, 1, 1, 2, 3, 4, 5, 8, 16)
OFFSETS = (0, 0, 0, 1, 2, 3, 4, 8, 13, 16, 32, 37)  # bytes
MOST_ELEMENTS = 20_000
MOST_BYTES = 1 << 20
ROOM = np.empty(8 * MOST_BYTES, np.uint8)  # layouts are worked out here; holds no values


@dataclass(frozen=True)
class Layout:
    """Where the elements of an array lie in a block of bytes.

    Attributes
    ----------
    dtype : str
    shape, strides : tuple of int
        Strides are in bytes.
    offset : int
        Of the first element, in bytes.
    size : int
        Of the block, in bytes.
    """

    dtype: str
    shape: tuple
    strides: tuple
    offset: int
    size: int

    def view(self, block):
        return np.ndarray(self.shape, self.dtype, block, self.offset, self.strides)

    def touched(self):
        """A flag per byte of the block: does an element lie there?"""
        flags = np.zeros(self.size, bool)
        itemsize = np.dtype(self.dtype).itemsize
        np.ndarray((*self.shape, itemsize), bool, flags, self.offset, (*self.strides, 1))[...] = True
        return flags

    def overlaps_itself(self):
        return np.count_nonzero(self.touched()) < math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Values:
    """Numbers at random out of a pool; rare: nearly all of them the first one."""

    pool: tuple
    seed: int
    rare: bool

    def fill(self, view):
        rng = np.random.default_rng(self.seed)
        pool = np.array(self.pool, view.dtype)
        if self.rare and view.size:
            view[...] = pool[0]
            for number in pool:
                view[tuple(rng.integers(view.shape))] = number
        else:
            view[...] = pool[rng.integers(len(pool), size=view.shape)]


def place(layout, values):
    """The layout's view of a new block, 64-byte aligned, with noise in the gaps."""
    view = layout.view(block_of(np.full(layout.size + 64, 0x5A, np.uint8)))
    values.fill(view)
    return view


def block_of(view):
    """All bytes of the block that an array was placed in."""
    memory = memory_of(view)
    return memory[-memory.ctypes.data % 64 :][: memory.size - 64]


def whole_numbers(dtype):
    """Small enough that sums and products are exact; with ties."""
    low = 0 if np.dtype(dtype).kind == "u" else -5
    return st.builds(Values, st.just((3, *range(low, 6))), st.integers(0, 999), st.booleans())


def _few(kinds):
    """Values of up to three kinds."""
    pools = st.lists(st.sampled_from(kinds), min_size=1, max_size=3).map(tuple)
    return st.builds(Values, pools, st.integers(0, 999), st.booleans())


def special_numbers(dtype):
    """Not a number, infinities, zeros of both signs; the ends of the range of integers, which wrap."""
    if np.dtype(dtype).kind == "f":
        return _few((0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan))
    ends = np.iinfo(dtype)
    return _few((0, 1, ends.min, ends.min + 1, ends.max, ends.max - 1))


def extreme_numbers(dtype):
    """Special numbers and others that are hard to tell apart; what floats add up to depends on the order."""
    if np.dtype(dtype).kind != "f":
        return special_numbers(dtype)
    ends = np.finfo(dtype)
    return _few(
        (0.0, -0.0, 1.0, 1 - ends.epsneg, np.inf, np.nan, ends.max, ends.min, ends.tiny, ends.smallest_subnormal)
    )


@st.composite
def shapes(draw):
    """Many short axes, a long one among short ones, or two of some length."""
    kind = draw(st.sampled_from(("short", "long", "long", "square")))
    if kind == "short":
        lengths = draw(st.lists(st.sampled_from(SHORT), max_size=6))
        if draw(st.integers(0, 19)) == 0:
            lengths.append(0)
    elif kind == "long":
        lengths = [draw(st.sampled_from(LENGTHS)), *draw(st.lists(st.sampled_from(SHORT), max_size=2))]
    else:
        lengths = [draw(st.sampled_from([n for n in LENGTHS if n < 300])) for _ in range(2)]
    for axis in np.argsort(lengths):
        if math.prod(lengths) > MOST_ELEMENTS:
            lengths[axis] = 1
    return tuple(draw(st.permutations(lengths)))


def _spread(draw, dtype, shape):
    """An array of the shape in C order: with steps, as a field of packed records, anywhere in the room."""
    gap = draw(st.sampled_from((0, 0, 0, 1, 3, 8)))
    record = np.dtype([("gap", f"V{gap}"), ("value", dtype)] if gap else [("value", dtype)])
    steps = [draw(st.sampled_from(STEPS)) for _ in shape]
    signs = [draw(st.sampled_from((1, 1, -1))) for _ in shape]
    for axis in range(len(shape)):
        if math.prod(max(n, 1) for n in shape) * math.prod(steps) * record.itemsize > MOST_BYTES:
            steps[axis] = 1
    lengths = [n * step for n, step in zip(shape, steps, strict=True)]
    x = np.ndarray(lengths, record, ROOM, draw(st.sampled_from(OFFSETS)))["value"]
    return x[..., *(slice(None, None, step * sign) for step, sign in zip(steps, signs, strict=True))]


def _axis(draw, x):
    return draw(st.integers(0, x.ndim - 1))


def _at(axis, index):
    return (*[slice(None)] * axis, index, ...)


def _cut(draw, x):
    axis = _axis(draw, x)
    ends = st.one_of(st.none(), st.none(), st.integers(-x.shape[axis] - 1, x.shape[axis] + 1))
    return x[_at(axis, slice(draw(ends), draw(ends), draw(st.sampled_from((1, 2, 3, -1, -2, 5)))))]


def _index(draw, x):
    axis = _axis(draw, x)
    return x[_at(axis, draw(st.integers(0, x.shape[axis] - 1)))] if x.shape[axis] else x


def _transpose(draw, x):
    return x.transpose(draw(st.permutations(range(x.ndim))))


def _reverse(draw, x):
    return x[(slice(None, None, -1),) * x.ndim]


def _new_axis(draw, x):
    return np.expand_dims(x, draw(st.integers(0, x.ndim)))


def _repeat(draw, x):
    axis = _axis(draw, x)
    return np.broadcast_to(x[_at(axis, slice(1))], x.shape)


def _broadcast(draw, x):
    return np.broadcast_to(x, (draw(st.sampled_from(SHORT)), *x.shape))


def _window(draw, x):
    axis = _axis(draw, x)
    width = draw(st.integers(1, max(1, min(x.shape[axis], 5))))
    return np.lib.stride_tricks.sliding_window_view(x, width, axis) if x.shape[axis] else x


SLICINGS = (_cut, _cut, _index, _transpose, _reverse, _new_axis, _repeat, _broadcast, _window)


def _describe(x):
    """The layout of a view of the room, in a block that begins and ends within a cache line of it."""
    start = ROOM.ctypes.data
    low, high = (end - start for end in np.lib.array_utils.byte_bounds(x))
    first = max(low // 64 - 1, 0) * 64
    return Layout(x.dtype.name, x.shape, x.strides, x.ctypes.data - start - first, high - first + 5)


@st.composite
def layouts(draw):
    """Slicings, one after the other, of an array of any shape and dtype."""
    x = _spread(draw, draw(st.sampled_from(DTYPES)), draw(shapes()))
    for slicing in draw(st.lists(st.sampled_from(SLICINGS), max_size=4)):
        y = slicing(draw, x) if x.ndim or slicing in (_new_axis, _broadcast) else x
        if y.size <= 2 * MOST_ELEMENTS:
            x = y
    return _describe(x)


@st.composite
def layouts_of(draw, shape, dtype, apart):
    """Any layout of a given shape; `apart`: one whose elements share no memory."""
    order = draw(st.permutations(range(len(shape))))
    x = _spread(draw, dtype, [shape[axis] for axis in order]).transpose(np.argsort(order))
    if x.ndim and not apart and draw(st.integers(0, 3)) == 0:
        x = _repeat(draw, x)
    return _describe(x)
