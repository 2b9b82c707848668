# SPDX-License-Identifier: BSD-3-Clause
"""How often must the injected loop (injections.DELAY) turn in an op, for a call to take a given share longer?"""

import statistics

from . import exact
from .process import Process

SECONDS = 0.0003
TRIAL_ROUNDS, ROUNDS = 15, 300
ENOUGH = 1.5  # times the call, for a slope that noise does not move
MOST_TURNS = 1 << 24
TRIAL_TURNS = 1000  # where instructions are counted


def _slower(process, cases, turns, rounds):
    """Case -> time with so many turns / time with none, the median of turns that follow each other."""
    ratios = {case: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            without, slow = (min(process.order("turn", str(case), SECONDS, count)) for count in (0, turns[case]))
            ratios[case].append(slow / without)
    return {case: statistics.median(some) for case, some in ratios.items()}


def of_times(build, cases):
    """Case -> turns that take as long as the call does; a case whose call runs no op has none.

    Parameters
    ----------
    build : Build
        Of the injection.
    cases : sequence of Case
    """
    with Process(build) as process:
        held = [case for case in cases if process.order("hold", str(case), case.benchmark, case.parameters)]
        turns = dict.fromkeys(held, 64)
        pending = held
        while pending:
            ratios = _slower(process, pending, turns, TRIAL_ROUNDS)
            pending = [case for case, ratio in ratios.items() if ratio < ENOUGH and turns[case] < MOST_TURNS]
            for case in pending:
                turns[case] *= 2
        ratios = _slower(process, [case for case in held if turns[case] < MOST_TURNS], turns, ROUNDS)
    return {str(case): turns[case] / (ratio - 1) for case, ratio in ratios.items()}


def of_instructions(build, cases):
    """Case -> turns that execute as many instructions as the call does."""
    without, slow = exact.Figures(), exact.Figures()
    for figures, count in ((without, 0), (slow, TRIAL_TURNS)):
        exact.count_instructions(build, cases, figures, delays=dict.fromkeys(cases, count))
    without, slow = without.values, slow.values
    more = {case: slow[case, kind] - value for (case, kind), value in without.items()}
    return {str(case): TRIAL_TURNS * value / more[case] for (case, _), value in without.items() if more[case] > 0}
