# SPDX-License-Identifier: BSD-3-Clause
"""Minima of interleaved samples: every candidate takes its turn in each round, so that a slow moment hits them all."""

import math
import time
import timeit

SAMPLE_SECONDS = 2e-5
ROUNDS = 100
HOPELESS = 3  # times the best
COLD_SECONDS = 2e-3  # a first call is late for many reasons: it says something where the best needs this long


class Sampler:
    """The best time of one candidate.

    Parameters
    ----------
    run : callable(loops) -> seconds
        Make so many calls.
    best : float
        Seconds of a call that was made before.
    """

    def __init__(self, run, best=math.inf):
        self._run = run
        self.loops = 1
        self.best = best

    def sample(self):
        seconds = self._run(self.loops)
        self.best = min(self.best, seconds / self.loops)
        if seconds < SAMPLE_SECONDS / 2:
            self.loops = max(2 * self.loops, math.ceil(SAMPLE_SECONDS / self.best))


def timer(function, arguments, best=math.inf):
    """`function(argument0, argument1)` in timeit's loop, which costs the same whatever the function."""
    names = {f"argument{i}": argument for i, argument in enumerate(arguments)}
    loop = timeit.Timer(f"function({', '.join(names)})", globals={"function": function, **names})
    return Sampler(loop.timeit, best)


def interleave(candidates, references, seconds, least=1):
    """Round after round, `least` of them, until the time is over; who is hopelessly slow is left out.

    Each round begins with another candidate: the first of a round finds the caches as the references left them.

    Parameters
    ----------
    candidates : sequence of Sampler
        The first is never left out.
    references : sequence of Sampler
        Never left out either, and nobody is compared with them.
    seconds : float
    least : int
    """
    end = time.perf_counter() + seconds
    running = _hopeful(candidates, COLD_SECONDS)
    for turn in range(ROUNDS):
        if turn >= least and time.perf_counter() > end:
            break
        first = turn % len(running)
        for sampler in (*running[first:], *running[:first], *references):
            sampler.sample()
        running = _hopeful(running, COLD_SECONDS if turn == 0 else 0.0)


def _hopeful(candidates, least=0.0):
    """The first, and those not hopelessly slower than the best; all of them where the best needs less than `least`."""
    best = min((sampler.best for sampler in candidates), default=0.0)
    if best < least:
        return list(candidates)
    return [sampler for sampler in candidates if sampler.best <= HOPELESS * best or sampler is candidates[0]]
