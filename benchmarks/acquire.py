# SPDX-License-Identifier: BSD-3-Clause
"""asv: the ways from a slice to a pointer that C can use, by time and by bytes copied."""

from functools import lru_cache, partial

from . import patterns, timing


def _ways():
    """strideops.acquire; a commit that lacks it is skipped."""
    try:
        from strideops import acquire
    except ImportError:
        raise NotImplementedError from None
    return acquire


def _prepare(way, pattern, size):
    from strideops import strided

    read = strided.item if way == "item" else _ways().WAYS[way][0]
    _, x = patterns.make(pattern, size, "long")
    return read, (x, size - 1, size - 1)


@lru_cache(maxsize=1)
def _batch(*case):
    return timing.Batch(partial(_prepare, *case))


class Acquire:
    version = "1"
    param_names = ("way", "pattern", "size")
    params = (("ravel", "strides", "memoryview", "reshape", "item"), ("contiguous", "cut"), patterns.SIZES)
    repeat = (3, 10, 0.2)
    warmup_time = 0.01

    def setup(self, way, pattern, size):
        if way not in _ways().WAYS:
            raise NotImplementedError
        self.batch = _batch(way, pattern, size)
        self.timer = self.batch.clock

    def time_acquire(self, way, pattern, size):
        self.batch.run()

    def track_copied(self, way, pattern, size):
        _, arguments = _prepare(way, pattern, size)
        return _ways().acquire(way, *arguments).copied

    track_copied.unit = "bytes"
