# SPDX-License-Identifier: BSD-3-Clause
"""asv: the time of every case, and the bytes that it allocates. One class per call of cases.CALLS."""

from functools import lru_cache, partial

from . import cases, patterns, timing


# asv calls setup before every sample; a case is made once.
@lru_cache(maxsize=1)
def _batch(*case):
    return timing.Batch(partial(cases.prepare, *case))


class _Case:
    version = "1"
    param_names = ("path", "pattern", "size", "dtype")
    params = (cases.PATHS, list(patterns.PATTERNS), patterns.SIZES, patterns.TIMED_DTYPES)
    call = None
    repeat = (3, 10, 0.2)
    warmup_time = 0.01

    def setup(self, path, pattern, size, dtype):
        cases.find(path, self.call, pattern)
        self.batch = _batch(path, self.call, pattern, size, dtype)
        self.timer = self.batch.clock

    def time_call(self, path, pattern, size, dtype):
        self.batch.run()

    def track_allocated(self, path, pattern, size, dtype):
        return cases.allocated(path, self.call, pattern, size, dtype)

    track_allocated.unit = "bytes"


for _call in cases.CALLS:
    _name = _call.title().replace("_", "")
    globals()[_name] = type(_name, (_Case,), {"call": _call, "__module__": __name__})
