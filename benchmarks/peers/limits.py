# SPDX-License-Identifier: BSD-3-Clause
"""The limits that a time is held against: cache lines in a row, memcpy, and the plain C loop."""

import ctypes
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from . import measure

LINE = 64
CAPACITY_BITS = 28
CAPACITY = 2**CAPACITY_BITS  # bytes; what is larger goes in proportion


@cache
def _library():
    compiler = shlex.split(os.environ.get("CC") or "cc")
    if not shutil.which(compiler[0]):
        sys.exit("The limits are measured by a small C program, and there is no C compiler: install one, or set CC")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "limits.so"
        source = Path(__file__).with_name("limits.c")
        command = [*compiler, "-O3", "-fPIC", "-shared", source, "-o", path]
        if subprocess.run([*command, "-march=native"], capture_output=True, check=False).returncode:
            subprocess.run(command, check=True)  # a compiler that knows no such word
        library = ctypes.CDLL(str(path))
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    library.read_lines.argtypes = [pointer, size, size]
    library.copy_bytes.argtypes = [pointer, pointer, size, size]
    library.set_bytes.argtypes = [pointer, size, size]
    library.plain_sum.argtypes = [pointer, size, size, size]
    for function in (library.read_lines, library.copy_bytes, library.set_bytes, library.plain_sum):
        function.restype = ctypes.c_double
    return library


@cache
def _memory():
    """Two buffers whose pages are their own, at the start of a line."""
    buffers = [np.ones(CAPACITY + LINE, np.uint8) for _ in range(2)]
    return buffers, [-(-buffer.ctypes.data // LINE) * LINE for buffer in buffers]


class _Scaled(measure.Sampler):
    """Seconds of `wanted` units, of which `measured` are."""

    def __init__(self, run, wanted, measured):
        super().__init__(run)
        self._factor = wanted / measured

    @property
    def seconds(self):
        return self.best * self._factor


def reading(lines):
    """Sampler of reading so many lines in a row."""
    _, (source, _) = _memory()
    measured = max(1, min(lines, CAPACITY // LINE))
    return _Scaled(lambda passes: _library().read_lines(source, measured, passes), lines, measured)


def copying(count):
    """Sampler of memcpy of so many bytes into memory that has its pages."""
    _, (source, target) = _memory()
    measured = max(1, min(count, CAPACITY))
    return _Scaled(lambda passes: _library().copy_bytes(target, source, measured, passes), count, measured)


def setting(count):
    """Sampler of memset."""
    _, (_, target) = _memory()
    measured = max(1, min(count, CAPACITY))
    return _Scaled(lambda passes: _library().set_bytes(target, measured, passes), count, measured)


def plain_loop(x):
    """Sampler of the plain C sum of a 1-d float64 array."""
    stride = x.strides[0] // x.itemsize
    return measure.Sampler(lambda passes: _library().plain_sum(x.ctypes.data, x.size, stride, passes))


def lines(array):
    """The number of distinct cache lines that hold an element of the array.

    The axes with the smallest strides form runs without a gap of a whole line; the lines of the runs are counted once.
    """
    if array.size == 0:
        return 0
    axes = sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True) if s and n > 1)
    start = array.__array_interface__["data"][0] + sum(
        s * (n - 1) for s, n in zip(array.strides, array.shape, strict=True) if s < 0
    )
    run = array.itemsize
    while axes and axes[0][0] - run < LINE:
        stride, length = axes.pop(0)
        run = max(run, stride * (length - 1) + run)
    starts = np.array([start], dtype=np.int64)
    for stride, length in axes:
        starts = np.add.outer(np.arange(length, dtype=np.int64) * stride, starts).ravel()
    starts.sort()
    first, last = starts // LINE, (starts + run - 1) // LINE
    seen = np.concatenate([[-1], np.maximum.accumulate(last)[:-1]])
    return int(np.maximum(last - np.maximum(first, seen + 1) + 1, 0).sum())


def ladder(first=12, last=CAPACITY_BITS):
    """For each footprint from 2**first to 2**last bytes: seconds to read, to copy (half to half) and to set it."""
    rows = []
    for count in (2**power for power in range(first, last + 1)):
        samplers = [reading(count // LINE), copying(count // 2), setting(count)]
        measure.interleave(samplers[:1], samplers[1:], 0.1)
        times = zip(("read", "copy", "set"), (sampler.seconds for sampler in samplers), strict=True)
        rows.append({"bytes": count, **dict(times)})
    return rows
