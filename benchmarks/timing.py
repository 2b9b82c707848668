# SPDX-License-Identifier: BSD-3-Clause
"""Many calls in one sample of asv.

asv gives a benchmark with a setup one call per sample, in which 80 ns read as 350 ns. A batch makes enough calls,
and its clock, given to asv as the benchmark's `timer`, runs slower by their number.
"""

import timeit
from functools import cached_property

BATCH_SECONDS = 2e-4


class Batch:
    """Calls of one function, enough for one sample. Nothing is made before the first sample asks for the time.

    Parameters
    ----------
    make : callable() -> (function, arguments)
    """

    def __init__(self, make):
        self._make = make

    @cached_property
    def _timer(self):
        function, arguments = self._make()
        names = {f"argument{i}": argument for i, argument in enumerate(arguments)}
        return timeit.Timer(f"function({', '.join(names)})", globals={"function": function, **names})

    @cached_property
    def loops(self):
        """Calls per `run`."""
        once = min(self._timer.repeat(3, 1))
        return max(1, round(BATCH_SECONDS / once))

    @property
    def loop(self):
        """timeit's own loop, bare: `loop(iterator, timer)` makes a call for every item."""
        return self._timer.inner

    def run(self):
        self._timer.timeit(self.loops)

    def clock(self):
        """Seconds, divided by `loops`."""
        loops = self.loops
        return timeit.default_timer() / loops
