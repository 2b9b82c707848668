# SPDX-License-Identifier: BSD-3-Clause
"""What shape and strides tell: is it one piece, and what is a part of it that lies as the whole does."""

import math

import numpy as np
import pytest

from benchmarks import patterns
from strideops import layouts


@pytest.mark.parametrize(
    ("view", "any_order", "in_order"),
    [
        (lambda x: x, True, True),
        (lambda x: x.T, True, False),
        (lambda x: x[::-1, ::-1], True, False),
        (lambda x: x[:, :-2], False, False),
        (lambda x: x[:, ::2], False, False),
        (lambda x: x[:, 0], False, False),
        (lambda x: x[:1, ::-1], True, False),
        (lambda x: x[:1, :1].T, True, True),
        (lambda x: x[:0, ::2], True, True),
        (lambda x: np.broadcast_to(x[0], x.shape), False, False),
        (lambda x: np.lib.stride_tricks.sliding_window_view(x, (3, 3)), False, False),
        (lambda x: x.reshape(8, 8, 8, 8).transpose(0, 2, 1, 3), True, False),
    ],
)
def test_one_piece(view, any_order, in_order):
    x = view(np.zeros((64, 64)))
    found = [layouts.is_one_piece(x.shape, x.strides, x.itemsize, order) for order in (False, True)]
    assert found == [any_order, in_order]


@pytest.mark.parametrize("pattern", patterns.PATTERNS)
def test_a_part_is_laid_out_as_the_whole(pattern):
    _, view = patterns.make(pattern, 512, "float64")
    less = layouts.part(view.shape, view.strides, 8, 10_000)
    low, high = layouts.extent(less, view.strides)
    assert high - low + 8 <= 10_000
    assert 1 <= math.prod(less) <= 10_000 / 8
    assert all(m <= n for m, n in zip(less, view.shape, strict=True))
    assert layouts.part(view.shape, view.strides, 8, 2**40) == view.shape


def test_a_part_is_as_large_as_it_may_be():
    assert layouts.part((1000, 10), (800, 8), 8, 80_000) == (100, 10)
    assert layouts.part((1000, 10), (0, 8), 8, 8_000) == (100, 10)  # its copy would be too large
    assert layouts.part((10**9,), (-16,), 8, 16_008)[0] == pytest.approx(1000, rel=0.01)
