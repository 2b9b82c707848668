# SPDX-License-Identifier: BSD-3-Clause
"""The named ways of slicing, and the sizes and dtypes, of every test and benchmark.

Append only: a pattern that changes makes every result filed under its name incomparable. Each pattern names the
layout that its view must have, with N the size and S the itemsize; a test checks that it has.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

SIZES = (6, 64, 512, 2048)
DTYPES = ("float64", "float32", "int64", "uint8", "int8", "int16", "int32", "uint16", "uint32", "uint64")
TIMED_DTYPES = DTYPES[:4]
LINE = 64  # bytes

# What a run covers, by the name of its profile. The quick one ends in a few minutes.
PROFILES = {
    "quick": {"sizes": (512,), "dtypes": ("float64",)},
    "full": {"sizes": SIZES, "dtypes": TIMED_DTYPES},
}


@dataclass(frozen=True)
class Pattern:
    """A named way of slicing.

    Attributes
    ----------
    name : str
    code : str
        The slice as a person would write it.
    base : callable(n, dtype) -> ndarray
        The array that is sliced.
    view : callable(base) -> ndarray
        The slice.
    layout : callable(n, itemsize) -> (shape, strides in bytes)
        What the slice must be.
    overlaps : bool
        Elements share memory: no target for a write.
    """

    name: str
    code: str
    base: Callable
    view: Callable
    layout: Callable
    overlaps: bool = False


def _numbers(count, dtype):
    """Small whole numbers, exact in every dtype."""
    return np.tile(np.arange(97).astype(dtype), count // 97 + 1)[:count]


def _square(n, dtype):
    return _numbers(n * n, dtype).reshape(n, n)


def _wide(n, dtype):
    return _numbers(n * (n + 2), dtype).reshape(n, n + 2)


def _cube(n, dtype):
    return _numbers(n * n, dtype).reshape(2, n // 2, n)


def _records(n, dtype):
    """Packed records of one byte and one number: the numbers lie unaligned."""
    records = np.zeros((n, n), dtype=np.dtype([("tag", np.uint8), ("value", dtype)]))
    records["value"] = _square(n, dtype)
    return records


@cache
def _photograph():
    """The photograph that matplotlib ships: Grace Hopper, 600 x 512 pixels, RGB."""
    from matplotlib import cbook
    from PIL import Image

    with cbook.get_sample_data("grace_hopper.jpg") as file:
        return np.asarray(Image.open(file))


def _photo(n, dtype):
    """n x n pixels of the photograph, which repeats itself where it is too small."""
    pixels = _photograph()
    rows, columns = np.arange(n) % pixels.shape[0], np.arange(n) % pixels.shape[1]
    return np.ascontiguousarray(pixels[rows[:, None], columns].astype(dtype))


def _centre(x):
    n = len(x)
    return x[n // 4 : n // 4 + n // 2, n // 4 : n // 4 + n // 2]


def _window(x):
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3))


PATTERNS = {
    pattern.name: pattern
    for pattern in [
        Pattern("contiguous", "X", _square, lambda x: x[:], lambda n, s: ((n, n), (n * s, s))),
        Pattern("cut", "X[:, :-2]", _wide, lambda x: x[:, :-2], lambda n, s: ((n, n), ((n + 2) * s, s))),
        Pattern("half", "X[:, :n//2]", _square, lambda x: x[:, : len(x) // 2], lambda n, s: ((n, n // 2), (n * s, s))),
        Pattern("step2", "X[:, ::2]", _square, lambda x: x[:, ::2], lambda n, s: ((n, n // 2), (n * s, 2 * s))),
        Pattern("step3", "X[:, ::3]", _square, lambda x: x[:, ::3], lambda n, s: ((n, -(-n // 3)), (n * s, 3 * s))),
        Pattern(
            "step16", "X[:, ::16]", _square, lambda x: x[:, ::16], lambda n, s: ((n, -(-n // 16)), (n * s, 16 * s))
        ),
        Pattern("rows2", "X[::2]", _square, lambda x: x[::2], lambda n, s: ((n // 2, n), (2 * n * s, s))),
        Pattern("transposed", "X.T", _square, lambda x: x.T, lambda n, s: ((n, n), (s, n * s))),
        Pattern("reversed", "X[::-1, ::-1]", _square, lambda x: x[::-1, ::-1], lambda n, s: ((n, n), (-n * s, -s))),
        Pattern("column", "X[:, n//2]", _square, lambda x: x[:, len(x) // 2], lambda n, s: ((n,), (n * s,))),
        Pattern(
            "diagonal", "X.diagonal()", _square, lambda x: np.einsum("ii->i", x), lambda n, s: ((n,), ((n + 1) * s,))
        ),
        Pattern(
            "broadcast",
            "np.broadcast_to(X[0], X.shape)",
            _square,
            lambda x: np.broadcast_to(x[0], x.shape),
            lambda n, s: ((n, n), (0, s)),
            overlaps=True,
        ),
        Pattern("short_rows", "X[:, :4]", _square, lambda x: x[:, :4], lambda n, s: ((n, 4), (n * s, s))),
        Pattern(
            "window",
            "sliding_window_view(X, (3, 3))",
            _square,
            _window,
            lambda n, s: ((n - 2, n - 2, 3, 3), (n * s, s, n * s, s)),
            overlaps=True,
        ),
        Pattern(
            "permuted",
            "X.reshape(2, n//2, n).transpose(2, 0, 1)",
            _cube,
            lambda x: x.transpose(2, 0, 1),
            lambda n, s: ((n, 2, n // 2), (s, n // 2 * n * s, n * s)),
        ),
        Pattern(
            "field",
            'records["value"]',
            _records,
            lambda x: x["value"],
            lambda n, s: ((n, n), (n * (s + 1), s + 1)),
        ),
        Pattern(
            "photo_channel",
            "photo[:, :, 1]",
            _photo,
            lambda x: x[:, :, 1],
            lambda n, s: ((n, n), (3 * n * s, 3 * s)),
        ),
        Pattern(
            "photo_bgr",
            "photo[:, :, ::-1]",
            _photo,
            lambda x: x[:, :, ::-1],
            lambda n, s: ((n, n, 3), (3 * n * s, 3 * s, -s)),
        ),
        Pattern(
            "photo_crop",
            "photo[n//4 : n//4 + n//2, n//4 : n//4 + n//2]",
            _photo,
            _centre,
            lambda n, s: ((n // 2, n // 2, 3), (3 * n * s, 3 * s, s)),
        ),
        Pattern(
            "photo_every_other",
            "photo[::2, ::2]",
            _photo,
            lambda x: x[::2, ::2],
            lambda n, s: ((n // 2, n // 2, 3), (6 * n * s, 6 * s, s)),
        ),
    ]
}


def zeros(shape, dtype):
    """An array that begins on a cache line.

    How many lines a vector touches, and so up to half of the time of a small case, depends on where an array lies;
    malloc puts it somewhere else in every process.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return np.frombuffer(room.data[start : start + size], dtype).reshape(shape)


def make(pattern, n, dtype):
    """A fresh base array, on a cache line, and the pattern's view of it.

    Parameters
    ----------
    pattern : str
        A key of `PATTERNS`.
    n : int
        The size: the base has n rows.
    dtype : str

    Returns
    -------
    base, view : ndarray
    """
    named = PATTERNS[pattern]
    numbers = named.base(n, dtype)
    base = zeros(numbers.shape, numbers.dtype)
    base[...] = numbers
    return base, named.view(base)
