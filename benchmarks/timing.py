# SPDX-License-Identifier: BSD-3-Clause
"""Many calls in one sample of asv.

asv gives a benchmark with a setup one call per sample, in which 80 ns read as 350 ns. A batch makes enough calls,
and its clock, given to asv as the benchmark's `timer`, runs slower by their number.
"""

import timeit

BATCH_SECONDS = 2e-4


class Batch:
    """Calls of ``function(*arguments)``, enough for one sample.

    Attributes
    ----------
    loops : int
        Calls per `run`.
    clock : callable
        Seconds, divided by `loops`.
    """

    def __init__(self, function, arguments):
        names = {f"argument{i}": argument for i, argument in enumerate(arguments)}
        self._timer = timeit.Timer(f"function({', '.join(names)})", globals={"function": function, **names})
        once = min(self._timer.repeat(3, 1))
        self.loops = max(1, round(BATCH_SECONDS / once))

    def run(self):
        self._timer.timeit(self.loops)

    def clock(self):
        return timeit.default_timer() / self.loops
