# SPDX-License-Identifier: BSD-3-Clause
"""asv: when does copying pay? Passes over a strided view, against packing it once and passing over the copy."""

from functools import lru_cache, partial

import numpy as np

import strideops

from . import cases, patterns, timing

PASSES = (1, 2, 4, 8, 16, 32, 64)
CALLS = ("sum", "min", "max", "argmin", "argmax", "norm", "dot", "matvec")  # those that only read
SIZES = (64, 512, 2048)
DTYPE = "float64"


def passes_strided(count, function, *arguments):
    for _ in range(count):
        function(*arguments)


def passes_contiguous(count, function, *arguments):
    # A tuple, as the arguments are: a call with a list takes 40 ns more.
    packed = tuple(strideops.pack(argument) if isinstance(argument, np.ndarray) else argument for argument in arguments)
    for _ in range(count):
        function(*packed)


RUN = {"strided": passes_strided, "contiguous": passes_contiguous}


def prepare(path, call, pattern, size, passes):
    """A function and its arguments: so many passes on a path."""
    # The copy is contiguous: the strided path's function reads it as the contiguous path would, without a second copy.
    function, arguments = cases.prepare("strided", call, pattern, size, DTYPE)
    return RUN[path], (passes, function, *arguments)


@lru_cache(maxsize=1)
def _batch(*case):
    return timing.Batch(partial(prepare, *case))


class _Passes:
    version = "1"
    param_names = ("path", "pattern", "size", "passes")
    params = (cases.PATHS, list(patterns.PATTERNS), SIZES, PASSES)
    call = None
    repeat = (3, 10, 0.2)
    warmup_time = 0.01

    def setup(self, path, pattern, size, passes):
        if not hasattr(strideops, "pack"):
            raise NotImplementedError
        cases.find("strided", self.call, pattern)
        self.batch = _batch(path, self.call, pattern, size, passes)
        self.timer = self.batch.clock

    def time_passes(self, path, pattern, size, passes):
        self.batch.run()


for _call in CALLS:
    _name = _call.title()
    globals()[_name] = type(_name, (_Passes,), {"call": _call, "__module__": __name__})
