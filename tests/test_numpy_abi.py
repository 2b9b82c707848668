# SPDX-License-Identifier: BSD-3-Clause
"""ndarrays are read through NumPy's structs: what that must not miss, and where it must stop."""

import subprocess
import sys

import numpy as np
import pytest

from benchmarks import patterns
from strideops import strided

LIES = {
    "shape": "property(lambda self: (2, 4))",
    "strides": "property(lambda self: (40, 8))",
    "ndim": "property(lambda self: 3)",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_numpy_that_is_laid_out_otherwise_is_refused_at_import(lie, tmp_path):
    """NumPy as it is, but Python sees another array than the struct holds."""
    code = f"""
import numpy as np
class Other(np.ndarray):
    {lie} = {LIES[lie]}
zeros = np.zeros
np.zeros = lambda *args: zeros(*args).view(Other)
import strideops
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"strideops knows the ndarrays and scalars of NumPy 2, and those of NumPy {np.__version__}" in done.stderr


@pytest.mark.parametrize("code", "bBhHiIlLqQfd")
def test_every_type_number(code):
    """C has two names for some widths; NumPy has a type for each name."""
    x = np.arange(12).astype(code).reshape(3, 4)[:, ::-2]
    assert strided.sum(x) == np.sum(x)
    assert strided.item(x, 1, 1) == x[1, 1]


@pytest.mark.parametrize("dtype", patterns.DTYPES)
def test_subclasses_are_read_as_ndarrays_are(dtype, tmp_path):
    x = np.memmap(tmp_path / "file", dtype, "w+", shape=(4, 6))
    strided.fill(x[:, ::2], 3)
    assert strided.sum(x) == 36
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        strided.fill(x, 1)


def test_what_warns_of_writes_is_read_only():
    x, _ = np.broadcast_arrays(np.zeros(3), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="read-only"):
        strided.fill(x, 1)
    with pytest.warns(DeprecationWarning, match="broadcast_arrays"):
        x[...] = 1


class Meddler:
    """A number, or an index, that does something to the array before it answers."""

    def __init__(self, act):
        self.act = act

    def __index__(self):
        self.act()
        return 1

    def __float__(self):
        self.act()
        return 1.0


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")  # NumPy 2.5
def test_code_that_runs_during_a_call_cannot_reshape_or_free_the_array():
    x = np.arange(48.0)
    view = x.reshape(6, 8)

    def reshape():
        view.shape = (48,)

    assert strided.item(view, Meddler(reshape), 1) == 9
    refused = []

    def resize():
        with pytest.raises(ValueError, match="resize"):
            x.resize(1)
        refused.append(True)

    strided.fill(x, Meddler(resize))
    assert refused
    assert (x == 1).all()
