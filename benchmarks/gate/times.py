# SPDX-License-Identifier: BSD-3-Clause
"""The time channel's samples: pairs of processes, one of each build, that take turns on one core.

A slow moment of the machine then slows both. What is left is what differs from process to process, where the memory
lies above all, so a pair is one observation, and the test is one on pairs (decide.py).
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from . import decide
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
        Case -> (base, head), the least of each; what either side does not have is not there.
    samples : dict
        Case -> (base, head), all seconds, for asv's own rule.
    failed : dict
        Case -> why it has no seconds.
    new : set
        Cases that base does not have.
    """

    seconds: dict = field(default_factory=dict)
    samples: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)
    new: set = field(default_factory=set)


@dataclass
class Stages:
    """The pairs of both stages, as far as they were taken."""

    first: list = field(default_factory=list)
    second: list = field(default_factory=list)

    def logs(self, stage, case):
        """log(head/base) of the pairs of a stage."""
        return decide.log_ratios([pair.seconds[case] for pair in getattr(self, stage) if case in pair.seconds])

    @property
    def failed(self):
        return {case: why for pair in self.first + self.second for case, why in pair.failed.items()}


def lanes():
    """The cores that take pairs side by side."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else [None]
    return cores[-MOST_LANES:]


def _measure_case(case, processes, shares):
    """All samples of both sides; None where head alone has the case, no samples where neither has it."""
    samples = [[], []]
    for setup in range(SETUPS):
        # Whoever begins, a core that is waking up, and memory that is handed out again, are not always the same side's.
        turns = (0, 1) if setup % 2 else (1, 0)
        has = {side: processes[side].order("select", case.benchmark, case.parameters, SECONDS) for side in turns}
        if has[0] and not has[1]:
            raise Failed("head does not have it")
        if not has[0]:
            return None if has[1] else samples
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
                if samples is None:
                    pair.new.add(case)
                elif samples[0]:
                    pair.samples[case] = samples
                    pair.seconds[case] = tuple(map(min, samples))
    except (Failed, OSError) as error:
        for case in set(cases) - set(pair.seconds) - set(pair.failed) - pair.new:
            pair.failed[case] = str(error)
    return pair


def take_pairs(builds, cases, count, taken, advance=lambda: None, shares=(None, None)):
    """So many pairs, a lane per core, appended to `taken`; `advance()` is called after each.

    What was taken before an interruption is there.
    """
    cores = lanes()
    stopped = threading.Event()

    def lane(number):
        for _ in range(number, count, len(cores)):
            if stopped.is_set():
                return
            taken.append(take_pair(builds, cases, cores[number], shares))
            advance()

    with ThreadPoolExecutor(len(cores)) as pool:
        try:
            for each in [pool.submit(lane, number) for number in range(len(cores))]:
                each.result()
        except KeyboardInterrupt:
            stopped.set()
            Process.kill_all()
            raise


def take_stages(builds, cases, stages, begin=lambda what, total: lambda: None, shares=(None, None)):
    """Both stages: all cases, then those that the first suspects, into `stages`.

    Parameters
    ----------
    builds : tuple of Build
    cases : sequence of Case
    stages : Stages
    begin : callable(what, total) -> advance
        Tells somebody who waits.
    shares : tuple
    """
    take_pairs(builds, cases, decide.FIRST_PAIRS, stages.first, begin("times", decide.FIRST_PAIRS), shares)
    suspects = [case for case in cases if decide.is_suspect(stages.logs("first", case))]
    if suspects:
        advance = begin(f"{len(suspects)} suspects once more", decide.SECOND_PAIRS)
        take_pairs(builds, suspects, decide.SECOND_PAIRS, stages.second, advance, shares)
