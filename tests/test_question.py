# SPDX-License-Identifier: BSD-3-Clause
"""The question, with the real numbers: five ways to hand X[:, :6] to C, and what C then receives."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from strideops.acquire import WAYS, acquire

X = np.arange(48).reshape(6, 8)
X_cut = X[:, :6]
START = X.__array_interface__["data"][0]

# way, array, lies in X's memory, bytes copied
ANSWERS = [
    ("ravel", X, True, 0),
    ("ravel", X_cut, False, 288),
    ("strides", X, True, 0),
    ("strides", X_cut, True, 0),
    ("memoryview", X, True, 0),
    ("memoryview", X_cut, True, 0),
    ("contiguous memoryview", X, True, 0),
    ("reshape", X, True, 0),
    ("reshape", X_cut, False, 288),
    ("item", X, True, 0),
    ("item", X_cut, True, 0),
]


@pytest.mark.parametrize(("way", "x", "inside", "copied"), ANSWERS)
def test_what_c_received(way, x, inside, copied):
    got = acquire(way, x, 5, 5)
    assert got.value == 45 == X[5, 5]
    assert got.inside is inside
    assert (got.address == START) is inside
    assert got.copied == copied


def test_the_spelling_that_is_usually_recommended_refuses():
    with pytest.raises(ValueError, match="ndarray is not C-contiguous"):
        acquire("contiguous memoryview", X_cut, 5, 5)


def test_the_packed_pointer_is_a_6_by_6_matrix_and_a_view_is_not():
    """Element [5, 5] is the 36th of the packed copy; 36 elements behind X's own pointer lies [4, 3]."""
    assert X_cut.ravel()[5 * 6 + 5] == 45
    assert X.ravel()[5 * 6 + 5] == 35 == X[4, 3]


@pytest.mark.parametrize("x", [X[0], X.astype(float), X[None], X.astype(np.int8)])
def test_what_is_no_matrix_of_long_is_refused(x):
    with pytest.raises(ValueError, match="matrix of C long"):
        acquire("strides", x, 0, 0)


@pytest.mark.parametrize(("i", "j"), [(6, 0), (0, 6), (-1, 0), (100, 100)])
def test_elements_out_of_range_are_refused(i, j):
    with pytest.raises(IndexError, match="outside"):
        acquire("ravel", X_cut, i, j)


def test_every_way_is_covered():
    assert {way for way, *_ in ANSWERS} == set(WAYS)


def test_the_readme_shows_what_the_command_prints():
    command = [sys.executable, "-P", "-m", "strideops.acquire"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    assert printed.strip() in readme
