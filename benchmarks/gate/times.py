# SPDX-License-Identifier: BSD-3-Clause
"""The time channel's samples: pairs of processes, one of each build, that take turns on one core.

A slow moment of the machine then slows both. What is left is what differs from process to process, where the memory
lies above all, so a pair is one observation, and the test is one on pairs (decide.py).
"""

import math
import os
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field

from . import decide
from .process import Failed, Process, side_by_side

SETUPS = 2  # of a case in each process of the first stage, each in fresh memory
ROUNDS = 20  # of turns, in each setup
SUSPECT_SETUPS = 4  # in the second stage
SUSPECT_ROUNDS = 15, 50  # in each setup, at least and at most
SUSPECT_TURNS = 150  # of all suspects together, in each setup
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


def _hold_all(wanted, processes, order, pairs):
    """The cases that both sides hold, in fresh memory; what is wrong with the others is written into their pairs."""
    held = []
    for case in dict.fromkeys(case for cases in wanted.values() for case in cases):
        concerned = [pairs[variant] for variant, cases in wanted.items() if case in cases]
        if any(case in pair.failed for pair in concerned):
            continue
        try:
            has = {side: processes[side].order("hold", str(case), case.benchmark, case.parameters) for side in order}
        except Failed as error:
            for pair in concerned:
                pair.failed[case] = str(error)
            continue
        if all(has.values()):
            held.append(case)
        for pair in concerned:
            if has[0] and not has[1]:
                pair.failed[case] = "head does not have it"
            elif has[1] and not has[0]:
                pair.new.add(case)
    return held


def take_pair(builds, wanted, setups, rounds, number=0, core=None, delays=None):
    """One process of each build, turn by turn through the cases.

    A turn is short, and the turns of both sides follow each other: where a core is shared with somebody else's work it
    has fast moments and slow ones, of tens of milliseconds.

    Parameters
    ----------
    builds : tuple of Build
        base, head.
    wanted : dict
        Variant -> cases. The gate has one variant; the calibration has one for each injected delay, in one process.
    setups, rounds : int
        How often a case gets fresh memory, and how many turns it takes there.
    number : int
        Of the pair: in every second one head does everything first.
    core : int or None
    delays : dict, optional
        Variant -> for each side, case -> injected delay.

    Returns
    -------
    dict
        Variant -> Pair
    """
    pairs = {variant: Pair() for variant in wanted}
    orders = ((0, 1), (1, 0))
    try:
        with ExitStack() as stack:
            processes = [None, None]
            for side in orders[number % 2]:
                processes[side] = stack.enter_context(Process(builds[side], core, home=builds[0]))
            for setup in range(setups):
                for process in processes:
                    process.order("release")
                held = _hold_all(wanted, processes, orders[(number + setup) % 2], pairs)
                for turn in range(rounds):
                    # Whoever begins has waked the core up for the other, and filled the caches anew.
                    order = orders[(number + turn) % 2]
                    for case in held:
                        for variant in (variant for variant, cases in wanted.items() if case in cases):
                            if case not in pairs[variant].failed:
                                _take_turns(case, processes, order, pairs[variant], delays and delays[variant])
    except (Failed, OSError) as error:
        for variant, cases in wanted.items():
            for case in set(cases) - pairs[variant].new:
                pairs[variant].failed.setdefault(case, str(error))
    for pair in pairs.values():
        for case, samples in pair.samples.items():
            if case not in pair.failed:
                pair.seconds[case] = _compare(*samples)
    return pairs


def _take_turns(case, processes, order, pair, delays):
    """One turn of each side; a case that fails takes no other."""
    samples = pair.samples.setdefault(case, ([], []))
    try:
        for side in order:
            words = ("turn", str(case), SECONDS, delays and delays[side][case])
            samples[side].append(processes[side].order(*words))
    except Failed as error:
        pair.failed[case] = str(error)


def _compare(base, head):
    """(base, head) of a case, from the samples of its turns.

    The ratio is the median of the ratios of turns that follow each other: both saw the same moment of the machine. A
    minimum over the pair would be that of whichever side met a faster moment.
    """
    base, head = ([min(turn) for turn in side] for side in (base, head))
    # Of logarithms: with both sides exchanged it is the inverse, to the last digit.
    ratio = math.exp(statistics.median(decide.log_ratios(zip(base, head, strict=True))))
    middle = statistics.median(base)
    return middle, middle * ratio


def take_pairs(builds, wanted, count, setups, rounds, take, advance=lambda: None, delays=None):
    """So many pairs, a lane per core; `take(pairs)` and `advance()` are called after each.

    What was taken before an interruption is there.
    """
    cores = lanes()

    def lane(number):
        for pair in range(len(range(number, count, len(cores)))):
            take(take_pair(builds, wanted, setups, rounds, number + pair, cores[number], delays))
            advance()

    side_by_side(lane, range(len(cores)))


def take_stages(builds, cases, stages, begin=lambda what, total: lambda: None, delays=None):
    """Both stages: all cases, then those that the first suspects, into `stages`.

    Parameters
    ----------
    builds : tuple of Build
    cases : sequence of Case
    stages : dict
        Variant -> Stages
    begin : callable(what, total) -> advance
        Tells somebody who waits.
    delays : dict, optional
        As `take_pair` has it.
    """

    def take(stage):
        def append(pairs):
            for variant, pair in pairs.items():
                getattr(stages[variant], stage).append(pair)

        return append

    wanted = dict.fromkeys(stages, cases)
    advance = begin("times", decide.FIRST_PAIRS)
    take_pairs(builds, wanted, decide.FIRST_PAIRS, SETUPS, ROUNDS, take("first"), advance, delays)
    suspects = {
        variant: [case for case in cases if decide.is_suspect(found.logs("first", case))]
        for variant, found in stages.items()
    }
    wanted = {variant: some for variant, some in suspects.items() if some}
    if wanted:
        least, most = SUSPECT_ROUNDS
        count = sum(map(len, wanted.values()))
        rounds = max(least, min(most, SUSPECT_TURNS // count))
        advance = begin(f"{count} suspects once more", decide.SECOND_PAIRS)
        take_pairs(builds, wanted, decide.SECOND_PAIRS, SUSPECT_SETUPS, rounds, take("second"), advance, delays)
