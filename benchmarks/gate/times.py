# SPDX-License-Identifier: BSD-3-Clause
"""The time channel's samples: pairs of processes, one of each build, that take turns on one core.

A slow moment of the machine then slows both. What is left is what differs from process to process, where the memory
lies above all, so a pair is one observation, and the test is one on pairs (decide.py).
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .process import Failed, Process

SETUPS = 4  # of each case in a process, each in fresh memory
SECONDS = 0.003  # of samples per setup
MOST_LANES = 4


@dataclass
class Pair:
    """What one pair of processes saw.

    Attributes
    ----------
    seconds : dict
        Case -> (base, head), the least of each; what neither side has is not there.
    samples : dict
        Case -> (base, head), all seconds, for asv's own rule.
    failed : dict
        Case -> why it has no seconds.
    """

    seconds: dict = field(default_factory=dict)
    samples: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)


def lanes():
    """The cores that take pairs side by side."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else [None]
    return cores[-MOST_LANES:]


def _measure_case(case, processes, shares):
    """All samples of both sides; None where neither has the case."""
    samples = [[], []]
    for setup in range(SETUPS):
        # Whoever begins, a core that is waking up, and memory that is handed out again, are not always the same side's.
        turns = (0, 1) if setup % 2 else (1, 0)
        has = {side: processes[side].order("select", case.benchmark, case.parameters, SECONDS) for side in turns}
        if not any(has.values()):
            return None
        if not all(has.values()):
            raise Failed(f"{'head' if has[0] else 'base'} does not have it")
        for side in turns:
            if shares[side] is not None:
                processes[side].order("delay", shares[side])
            samples[side] += processes[side].order("sample")
    return samples


def take_pair(builds, cases, core=None, shares=(None, None)):
    """One process of each build, turn by turn through the cases.

    Parameters
    ----------
    builds : tuple of Build
        base, head.
    cases : sequence of Case
    core : int or None
    shares : tuple
        For each side the share of extra work, None but in the calibration.

    Returns
    -------
    Pair
    """
    pair = Pair()
    try:
        with Process(builds[0], core) as base, Process(builds[1], core) as head:
            for case in cases:
                try:
                    samples = _measure_case(case, (base, head), shares)
                except Failed as error:
                    pair.failed[case] = str(error)
                    continue
                if samples:
                    pair.samples[case] = samples
                    pair.seconds[case] = tuple(map(min, samples))
    except (Failed, OSError) as error:
        for case in set(cases) - set(pair.seconds) - set(pair.failed):
            pair.failed[case] = str(error)
    return pair


def take_pairs(builds, cases, count, advance=lambda: None, shares=(None, None)):
    """So many pairs, a lane per core; `advance()` is called after each."""
    cores = lanes()

    def run(core):
        for _ in range(core, count, len(cores)):
            yield take_pair(builds, cases, cores[core], shares)

    def lane(core):
        taken = []
        for pair in run(core):
            taken.append(pair)
            advance()
        return taken

    with ThreadPoolExecutor(len(cores)) as pool:
        return [pair for taken in pool.map(lane, range(len(cores))) for pair in taken]
