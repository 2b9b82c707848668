# SPDX-License-Identifier: BSD-3-Clause
"""A process that runs asv's benchmarks on demand, in an environment of asv, by asv's own runner.

Runs as a program: one JSON list per line, a word and its arguments, is answered by one line, {"value": ...} or
{"error": ...}. asv starts a process for every benchmark and sample, half a second each; here one process takes a
sample of every benchmark, in turns with the process that it is compared with.
"""

import gc
import json
import math
import os
import sys
import traceback
from contextlib import suppress
from itertools import product, repeat
from pathlib import Path
from time import perf_counter

BLOCKS = 2000  # of each size that Python's allocator has: several of its pools
WARMUPS = 60  # before instructions are counted


class Worker:
    """The orders, one method each."""

    def __init__(self, root):
        self._root = root
        self._benchmark = None
        self._benchmarks = {}
        self._caches = {}
        self._held = {}
        self._delay = None
        self._marks = 0

    def pin(self, core):
        """Stay on one core, before anything is imported that starts threads."""
        if core is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})

    def select(self, name, parameters):
        """Set up a case, in fresh memory; False where it is none (asv's word is NotImplementedError).

        Parameters
        ----------
        name : str
            As asv writes it: ``ops.Sum.time_call``.
        parameters : list of str
            One of each.
        """
        self.leave()
        benchmark, places = self._find(name)
        if parameters:
            if tuple(parameters) not in places:
                raise LookupError(f"{name} has no case {tuple(parameters)}")
            benchmark.set_param_idx(places[tuple(parameters)])
        key = benchmark.setup_cache_key
        if key is not None and key not in self._caches:
            self._caches[key] = benchmark.do_setup_cache()
        benchmark.set_cache(self._caches.get(key))
        skipped = benchmark.do_setup()
        self._benchmark = benchmark
        return not skipped

    def _find(self, name):
        """asv's benchmark, and where its cases are in its list."""
        from asv_runner.discovery import get_benchmark_from_name

        if name not in self._benchmarks:
            benchmark = get_benchmark_from_name(self._root, name)
            named = (tuple(map(str, case)) for case in product(*benchmark._params))
            self._benchmarks[name] = benchmark, {case: place for place, case in enumerate(named)}
        return self._benchmarks[name]

    @property
    def _batch(self):
        """timing.Batch of a timed case."""
        return getattr(getattr(self._benchmark.func, "__self__", None), "batch", None)

    def describe(self, name):
        """The benchmark as asv lists it."""
        benchmark, _ = self._find(name)
        names = ("name", "param_names", "params", "type", "unit", "version")
        return {"code": "", **{word: getattr(benchmark, word) for word in names}}

    def hold(self, key, name, parameters):
        """Set up a timed case beside others, ready for its turns; False where it is none."""
        if not self.select(name, parameters):
            return False
        if self._batch is None:
            raise LookupError(f"{name} has no batch of calls to time")
        self._held[key] = self._batch
        self._batch.run()
        return True

    def turn(self, key, seconds, delay=None):
        """Seconds per call of one batch after another, for so long; at least one.

        Parameters
        ----------
        key : str
            Of `hold`.
        seconds : float
        delay : int, optional
            How often the loop of a build with the injected delay turns in every op.
        """
        if delay is not None:
            self.set_delay(delay)
        batch, samples, end = self._held[key], [], perf_counter() + seconds
        while not samples or perf_counter() < end:
            begin = batch.clock()
            batch.run()
            samples.append(batch.clock() - begin)
        return samples

    def release(self):
        """Free what is held."""
        self._held.clear()
        self.leave()

    def set_delay(self, turns):
        """Of a build with the injected delay (injections.DELAY), in whichever library of the package has it."""
        if self._delay is None:
            from ctypes import CDLL, c_long

            import strideops

            for library in Path(strideops.__file__).parent.glob("*.so"):
                with suppress(ValueError):
                    self._delay = c_long.in_dll(CDLL(str(library)), "so_delay")
            if self._delay is None:
                raise LookupError("this build has no injected delay")
        self._delay.value = turns

    def sample(self):
        """The value of a tracked benchmark; None where it has none."""
        from asv_runner.benchmarks.mark import SkipNotImplemented

        try:
            value = self._benchmark.do_run()
        except SkipNotImplemented:
            return None
        return None if isinstance(value, float) and math.isnan(value) else value

    def count(self, calls, repeats):
        """Make so many calls, then twice as many, with a mark (see exact.MARK) before, between and after them.

        Returns
        -------
        int
            The number of the mark before them.
        """
        loop = self._batch.loop
        warming, counted = (
            [repeat(None, number) for number in numbers]
            for numbers in ([1] * WARMUPS + [4 * calls] * 2, [calls, 2 * calls] * repeats)
        )
        gc.disable()  # a collection takes thousands
        # Python's allocator has a longer way where it is at the end of a list of free blocks: here every list has some.
        blocks = [bytes(size) for size in range(1, 481, 16) for _ in range(BLOCKS)]
        del blocks[::2]
        self._marks += 1
        os.getppid()  # its first call resolves the symbol
        for some in warming:  # Python rewrites the bytecode of what runs often
            loop(some, perf_counter)
        self._marks += 1
        first = self._marks
        os.getppid()
        for some in counted:
            loop(some, perf_counter)
            os.getppid()
        self._marks += len(counted)
        return first

    def leave(self):
        """Free what the benchmark holds, also what its module keeps because asv calls setup for every sample."""
        if self._benchmark is not None:
            self._benchmark.do_teardown()
            for kept in vars(sys.modules[self._benchmark.func.__module__]).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()
            vars(getattr(self._benchmark.func, "__self__", self._benchmark.func)).clear()
            self._benchmark = None


def main(root, package):
    sys.path.insert(0, package)
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
    main(*sys.argv[1:])
