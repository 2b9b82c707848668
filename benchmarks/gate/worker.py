# SPDX-License-Identifier: BSD-3-Clause
"""A process that runs asv's benchmarks on demand, in an environment of asv, by asv's own runner.

Runs as a program: one JSON list per line, a word and its arguments, is answered by one line, {"value": ...} or
{"error": ...}. asv starts a process for every benchmark and sample, half a second each; here one process takes a
sample of every benchmark, in turns with the process that it is compared with.
"""

import json
import math
import os
import sys
import traceback
from contextlib import suppress
from itertools import product
from pathlib import Path


class Worker:
    """The orders, one method each."""

    def __init__(self, root):
        self._root = root
        self._benchmark = None
        self._caches = {}
        self._delays = {}

    def pin(self, core):
        """Stay on one core, before anything is imported that starts threads."""
        if core is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})

    def select(self, name, parameters, seconds):
        """Set up a case, in fresh memory; False where it is none (asv's word is NotImplementedError).

        Parameters
        ----------
        name : str
            As asv writes it: ``ops.Sum.time_call``.
        parameters : list of str
            One of each.
        seconds : float
            How long one `sample` of a time may take.
        """
        from asv_runner.discovery import get_benchmark_from_name

        self.leave()
        attributes = {"repeat": (2, 1_000_000, seconds), "rounds": 1, "warmup_time": 0}
        benchmark = get_benchmark_from_name(self._root, name, extra_params=attributes)
        if parameters:
            named = [tuple(map(str, case)) for case in product(*benchmark._params)]
            if tuple(parameters) not in named:
                raise LookupError(f"{name} has no case {tuple(parameters)}")
            benchmark.set_param_idx(named.index(tuple(parameters)))
        key = benchmark.setup_cache_key
        if key is not None and key not in self._caches:
            self._caches[key] = benchmark.do_setup_cache()
        benchmark.set_cache(self._caches.get(key))
        skipped = benchmark.do_setup()
        self._benchmark = benchmark
        return not skipped

    def delay(self, share):
        """Make the calls of a build with the injected delay slower by a share of their time; by how many turns.

        A turn takes the same time everywhere. How many ops a call runs is found once, by a trial.
        """
        turns = self._turns()
        case = (self._benchmark.name, tuple(self._benchmark._current_params))
        if case not in self._delays:
            turns.value = 0
            seconds = self._least()
            turns.value = trial = round(seconds / self._seconds_of_turn(turns))
            ops = round((self._least() - seconds) / seconds)
            self._delays[case] = trial / ops if ops else 0
        turns.value = round(share * self._delays[case])
        return turns.value

    def set_turns(self, turns):
        """The same in turns, for what counts instead of timing."""
        self._turns().value = turns

    def _turns(self):
        """The injected variable (injections.DELAY), in whichever library of the package has it."""
        from ctypes import CDLL, c_long

        import strideops

        for library in Path(strideops.__file__).parent.glob("*.so"):
            with suppress(ValueError):
                return c_long.in_dll(CDLL(str(library)), "so_delay")
        raise LookupError("this build has no injected delay")

    def _least(self):
        return min(min(self.sample()) for _ in range(4))

    def _seconds_of_turn(self, turns):
        from timeit import repeat

        from strideops import strided

        before, turns.value = turns.value, 100_000
        seconds = min(repeat(lambda: strided.sum(b"1"), number=1, repeat=20)) / turns.value
        turns.value = before
        return seconds

    def sample(self):
        """The value of the benchmark; of a time, the seconds of every sample."""
        from asv_runner.benchmarks.mark import SkipNotImplemented

        try:
            value = self._benchmark.do_run()
        except SkipNotImplemented:
            return None
        if isinstance(value, dict):
            return value["samples"]
        return None if isinstance(value, float) and math.isnan(value) else value

    def count(self, calls):
        """Make so many calls, then twice as many, with a mark (see exact.MARK) before, between and after them."""
        batch = getattr(getattr(self._benchmark.func, "__self__", None), "batch", None)
        os.getppid()  # its first call resolves the symbol
        self._call(batch, calls)
        os.getppid()
        self._call(batch, calls)
        os.getppid()
        self._call(batch, 2 * calls)
        os.getppid()
        return calls

    def _call(self, batch, calls):
        if batch is not None:
            batch.loops = calls
            batch.run()
        else:
            for _ in range(calls):
                self._benchmark.func(*self._benchmark._current_params)

    def leave(self):
        """Free what the benchmark holds."""
        if self._benchmark is not None:
            self._benchmark.do_teardown()
            self._benchmark = None


def main(root):
    worker = Worker(root)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a benchmark prints is no answer
    for line in sys.stdin:
        order, *arguments = json.loads(line)
        try:
            answer = {"value": getattr(worker, order)(*arguments)}
        except Exception as error:
            answer = {"error": "".join(traceback.format_exception_only(error)).strip()}
            traceback.print_exc()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
