# SPDX-License-Identifier: BSD-3-Clause
"""What the runs of the calibration mean: how often the gate, and asv's own rule, alarm and miss. Measures nothing.

A run is a dict as calibrate.py writes it, a line of runs.jsonl.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import product

from . import decide, exact, injections

SAME = "same code"
# How many runs a calibration has.
SAME_RUNS = 320
SHARE_RUNS = 20
PLANTED_RUNS = 2
EXACT_RUNS = 23  # on each side; each is compared with each of the other side's, in both directions
COUNTED_RUNS = 20
HISTORY = 20  # A/A runs, the first ones, that give the spreads; the others are judged
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
COUNTED_SHARE = 0.01  # of instructions
ASV_FACTOR = 1.1  # asv's default


def share_name(share):
    return f"+{100 * share:.0f} %"


def counted_name(share):
    return f"instructions {share_name(share)}"


def missing(runs):
    """(what, name) -> how many runs a whole calibration has besides."""
    planned = {("time", SAME): SAME_RUNS, ("exact", "base"): EXACT_RUNS, ("exact", "head"): EXACT_RUNS}
    planned |= {("time", share_name(share)): SHARE_RUNS for share in SHARES}
    planned |= {("exact", counted_name(share)): COUNTED_RUNS for share in (0, COUNTED_SHARE)}
    for injection in injections.PLANTED:
        planned |= {("time", injection.name): PLANTED_RUNS, ("exact", injection.name): 1}
    count = Counter((run["what"], run["name"]) for run in runs)
    return {key: number - count[key] for key, number in planned.items() if number > count[key]}


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    def __str__(self):
        return f"{self.count:,} of {self.of:,} ({100 * self.share:.3g} %)" if self.of else "not measured"

    @property
    def most(self):
        """The share that is not exceeded, with a confidence of 95 %."""
        from scipy.stats import binomtest

        return binomtest(self.count, self.of, alternative="less").proportion_ci().high if self.of else 1.0

    @property
    def share(self):
        return self.count / self.of if self.of else float("nan")


def timed(runs, name):
    return [run for run in runs if run["what"] == "time" and run["name"] == name]


def judged(runs):
    """The A/A runs that are not history."""
    return timed(runs, SAME)[HISTORY:]


def spreads(runs):
    """Case -> the spread of one pair of the same code, from the history alone."""
    values = defaultdict(list)
    for run in timed(runs, SAME)[:HISTORY]:
        for case, logs in run["first"].items():
            values[case] += logs
    return {case: decide.spread_of(logs) for case, logs in values.items()}


def alarms(run, known, false_alarms=decide.FALSE_ALARMS):
    """The cases that the gate calls slower in a run, with the known spreads."""
    count = len(run["first"])
    return {
        case for case, logs in run["second"].items() if decide.judge(logs, known.get(case), count, false_alarms).slower
    }


def asv_alarms(run, factor=ASV_FACTOR):
    """The cases that asv's rule calls worse, on the samples of the first stage."""
    return {case for case, (ratio, different) in run["asv"].items() if different and ratio > factor}


def runs_with_alarms(runs, rule):
    """How many whole-suite runs have any."""
    return Share(sum(bool(rule(run)) for run in runs), len(runs))


def caught(runs, rule, case=None):
    """How many slower cases, of all runs, the rule has seen."""
    seen = []
    for run in runs:
        alarmed = rule(run)
        seen += [name in alarmed for name in run["first"] if case in (None, name)]
    return Share(sum(seen), len(seen))


def _exact(runs, name):
    return [run["figures"] for run in runs if run["what"] == "exact" and run["name"] == name]


def _rises(base, head):
    """Kinds of what rose between the figures of two runs."""
    return {name.rpartition(" ")[2] for name, value in head.items() if name in base and value > base[name]}


def exact_false_alarms(runs):
    """Each run of one build against each of the other build of the same code, in both directions."""
    base, head = _exact(runs, "base"), _exact(runs, "head")
    pairs = [*product(base, head), *product(head, base)]
    return Share(sum(bool(_rises(base, head)) for base, head in pairs), len(pairs))


def more_instructions_caught(runs):
    without, more = (_exact(runs, counted_name(share)) for share in (0, COUNTED_SHARE))
    seen = [head[name] > base[name] for base, head in zip(without, more, strict=False) for name in base]
    return Share(sum(seen), len(seen))


def planted(runs, known):
    """Injection -> (seen in a call or element, by the exact channel; how many runs of the time channel alarmed).

    Returns
    -------
    dict
        Injection -> (kinds that rose in every comparison with base, Share of time runs with an alarm).
    """
    bases = _exact(runs, "base")
    found = {}
    for injection in injections.PLANTED:
        rose = [_rises(base, head) for base, head in product(bases, _exact(runs, injection.name))]
        kinds = set.intersection(*rose) if rose else set()
        found[injection] = sorted(kinds), runs_with_alarms(timed(runs, injection.name), lambda run: alarms(run, known))
    return found


def copies_caught(found):
    """Of the injections that copy: those of which bytes or reads, not instructions alone, rose."""
    copying = {injection: kinds for injection, (kinds, _) in found.items() if injection.copies}
    return Share(sum(bool(set(kinds) - {exact.INSTRUCTIONS}) for kinds in copying.values()), len(copying))


def planted_caught(found):
    return Share(sum(bool(kinds) or slower.share == 1 for kinds, slower in found.values()), len(found))


@dataclass(frozen=True)
class Figure:
    """A row of the table."""

    name: str
    gate: Share
    target: str
    met: bool
    asv: Share | None = None


def figures(runs):
    """The table: what the issue of such a gate is judged by."""
    known = spreads(runs)
    same, found = judged(runs), planted(runs, known)

    def gate(run):
        return alarms(run, known)

    def figure(name, share, target, least=None, most=None, asv=None):
        met = share.of > 0 and (share.share >= least if most is None else share.share <= most)
        return Figure(name, share, target, met, asv)

    def slower(share, least):
        some = timed(runs, share_name(share))
        name = f"time: {share_name(share)} caught"
        target = "" if least is None else "100 %" if least == 1 else f">= {100 * least:.0f} %"
        return figure(name, caught(some, gate), target, least or 0, asv=caught(some, asv_alarms))

    return [
        figure("exact: false alarms in A/A comparisons", exact_false_alarms(runs), "0", most=0),
        figure("exact: injected copies caught, down to one element", copies_caught(found), "100 %", 1),
        figure("exact: +1 % instructions caught", more_instructions_caught(runs), ">= 99 %", 0.99),
        figure(
            "time: whole A/A runs with any alarm",
            runs_with_alarms(same, gate),
            "<= 1 %",
            most=0.01,
            asv=runs_with_alarms(same, asv_alarms),
        ),
        *(slower(share, {0.05: 0.8, 0.1: 0.95, 0.2: 1, 0.5: 1}.get(share)) for share in SHARES),
        figure("planted regressions caught by either channel", planted_caught(found), "100 %", 1),
    ]


def curve(runs, share, rules):
    """(share of A/A runs with an alarm, share of slower cases caught) for each rule."""
    same, slower = judged(runs), timed(runs, share_name(share))
    return [(runs_with_alarms(same, rule).share, caught(slower, rule).share) for rule in rules]
