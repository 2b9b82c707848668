# SPDX-License-Identifier: BSD-3-Clause
"""asv: five ways from a slice to a pointer that C can use, by time and by bytes copied."""

from functools import lru_cache

import numpy as np

from strideops import acquire, strided

from . import timing


@lru_cache(maxsize=1)
def _array(size, cut):
    x = np.arange(size * (size + 2), dtype=np.long).reshape(size, size + 2)
    return x[:, :-2] if cut else x


@lru_cache(maxsize=1)
def _batch(way, cut, size):
    read = strided.item if way == "item" else acquire.WAYS[way][0]
    return timing.Batch(read, (_array(size, cut), size - 1, size - 1))


class Acquire:
    version = "1"
    param_names = ("way", "slice", "size")
    params = (("ravel", "strides", "memoryview", "reshape", "item"), ("X", "X[:, :-2]"), (6, 64, 512, 2048))
    repeat = (3, 10, 0.2)
    warmup_time = 0.01

    def setup(self, way, slice, size):
        self.batch = _batch(way, slice != "X", size)
        self.timer = self.batch.clock

    def time_acquire(self, way, slice, size):
        self.batch.run()

    def track_copied(self, way, slice, size):
        return acquire.acquire(way, _array(size, slice != "X"), size - 1, size - 1).copied

    track_copied.unit = "bytes"
