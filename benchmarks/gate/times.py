# SPDX-License-Identifier: BSD-3-Clause
"""The time channel's samples: pairs of processes, one of each build, that take turns on one core.

A slow moment of the machine then slows both. What is left is what differs from process to process, where the memory
lies above all, so a pair is one observation, and the test is one on pairs (decide.py).
"""

import os
import statistics
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from . import decide
from .process import Failed, Process, kill_all

ROUNDS = 40  # of turns of all cases, in the first stage
SUSPECT_ROUNDS = 60, 200  # at least and at most, in the second
SUSPECT_TURNS = 600
SECONDS = 0.0003  # of a turn: two samples of most cases
MOST_LANES = 4


@dataclass
class Pair:
    """What one pair of processes saw.

    Attributes
    ----------
    seconds : dict
        Case -> (base, head); what either side does not have is not there.
    samples : dict
        Case -> (base, head), the seconds of every sample in every turn, for asv's own rule.
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


def _hold_all(cases, processes, pair):
    """The cases that both sides hold, in fresh memory; what is wrong with the others is written into the pair."""
    held = []
    for case in cases:
        try:
            has = [process.order("hold", str(case), case.benchmark, case.parameters) for process in processes]
        except Failed as error:
            pair.failed[case] = str(error)
            continue
        if all(has):
            held.append(case)
        elif has[0]:
            pair.failed[case] = "head does not have it"
        elif has[1]:
            pair.new.add(case)
    return held


def take_pair(builds, cases, rounds, core=None, delays=(None, None)):
    """One process of each build, turn by turn through the cases.

    A turn is short, and the turns of a case are spread over the time of the pair: where a core is shared with somebody
    else's work it has fast moments and slow ones, of tens of milliseconds, and each side meets fast ones.

    Parameters
    ----------
    builds : tuple of Build
        base, head.
    cases : sequence of Case
    rounds : int
        Turns of every case.
    core : int or None
    delays : tuple of dict or None
        For each side, case -> injected delay; None but in the calibration.

    Returns
    -------
    Pair
    """
    pair = Pair()
    try:
        with Process(builds[0], core) as base, Process(builds[1], core) as head:
            held = _hold_all(cases, (base, head), pair)
            for number in range(rounds):
                for case in held:
                    samples = pair.samples.setdefault(case, ([], []))
                    # Whoever begins has waked the core up for the other, and filled the caches with other data.
                    for side in (0, 1) if number % 2 else (1, 0):
                        delay = delays[side] and delays[side][case]
                        samples[side].append((base, head)[side].order("turn", str(case), SECONDS, delay))
    except (Failed, OSError) as error:
        for case in set(cases) - pair.new:
            pair.failed.setdefault(case, str(error))
    for case, samples in pair.samples.items():
        if case not in pair.failed:
            pair.seconds[case] = _compare(*samples)
    return pair


def _compare(base, head):
    """(base, head) of a case, from the samples of its turns.

    The ratio is the median of the ratios of turns that follow each other: both saw the same moment of the machine. A
    minimum over the pair would be that of whichever side met a faster moment.
    """
    base, head = ([min(turn) for turn in side] for side in (base, head))
    ratio = statistics.median(head[i] / base[i] for i in range(len(base)))
    least = statistics.median(base)
    return least, least * ratio


def take_pairs(builds, cases, count, rounds, taken, advance=lambda: None, delays=(None, None)):
    """So many pairs, a lane per core, appended to `taken`; `advance()` is called after each.

    What was taken before an interruption is there.
    """
    cores = lanes()
    stopped = threading.Event()

    def lane(number):
        for _ in range(number, count, len(cores)):
            if stopped.is_set():
                return
            taken.append(take_pair(builds, cases, rounds, cores[number], delays))
            advance()

    with ThreadPoolExecutor(len(cores)) as pool:
        try:
            for each in [pool.submit(lane, number) for number in range(len(cores))]:
                each.result()
        except KeyboardInterrupt:
            stopped.set()
            kill_all()
            raise


def take_stages(builds, cases, stages, begin=lambda what, total: lambda: None, delays=(None, None)):
    """Both stages: all cases, then those that the first suspects, into `stages`.

    Parameters
    ----------
    builds : tuple of Build
    cases : sequence of Case
    stages : Stages
    begin : callable(what, total) -> advance
        Tells somebody who waits.
    delays : tuple
    """
    take_pairs(builds, cases, decide.FIRST_PAIRS, ROUNDS, stages.first, begin("times", decide.FIRST_PAIRS), delays)
    suspects = [case for case in cases if decide.is_suspect(stages.logs("first", case))]
    if suspects:
        advance = begin(f"{len(suspects)} suspects once more", decide.SECOND_PAIRS)
        least, most = SUSPECT_ROUNDS
        rounds = max(least, min(most, SUSPECT_TURNS // len(suspects)))
        take_pairs(builds, suspects, decide.SECOND_PAIRS, rounds, stages.second, advance, delays)
