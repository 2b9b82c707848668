# SPDX-License-Identifier: BSD-3-Clause
"""`make calibrate-advice`: is strideops.advise right? Its break-even beside the measured one.

Measures what benchmarks/passes.py does, both paths in turns, before and after the model is asked; three quarters of an
hour. Where a pass over the copy is about as fast as one over the view, nobody can tell when copying pays: each measured
break-even has an interval. Writes results/advice/MACHINE.json and a picture of both.
"""

import argparse
import json
import time
import timeit
from functools import partial
from itertools import product

import numpy as np

from . import cases, environments, passes, patterns
from .repository import ROOT, write_whole

SAMPLE = 1e-3  # seconds of a turn, or one call
WARM = 0.02  # seconds in which an array comes into the caches, if it fits; the fastest of what they are filled with
# At least, but for rounds that take longer than LONG, and at most; each in memory of its own, since where its pages lie
# is a matter of luck.
ROUNDS = (3, 25)
LONG = 5.0  # seconds
BUDGET = 1.0  # seconds for more rounds than the fewest
RESAMPLES = 400
FACTOR = 1.5  # predicted within it of the measured is right
TARGET = 0.9  # of the cells


def agrees(measured, predicted, most):
    """Within FACTOR, or both beyond the number of passes that was measured."""
    least, greatest = sorted((measured, predicted))
    return least > most or greatest <= FACTOR * least


def cells():
    """(call, pattern, size) of all that benchmarks/passes.py measures."""
    for call, pattern, size in product(passes.CALLS, patterns.PATTERNS, passes.SIZES):
        if cases.is_case(call, pattern):
            yield call, pattern, size


def rounds(call, pattern, size, seconds=BUDGET):
    """For each number of passes, time on the contiguous path / time on the strided one; a row a round.

    Both paths take turns, so that the machine's ups and downs are in both.
    """
    from strideops.rates import best_times

    rows, held, begin = [], [], time.perf_counter()
    while len(rows) < ROUNDS[1] and time.perf_counter() < begin + (LONG if len(rows) < ROUNDS[0] else seconds):
        # Both read one array: the question is whether to copy it.
        function, arguments = cases.prepare("strided", call, pattern, size, passes.DTYPE)
        held.append(arguments)  # malloc would give the next ones the same pages
        row = []
        for count in passes.PASSES:
            timers = [timeit.Timer(partial(passes.RUN[path], count, function, *arguments)) for path in cases.PATHS]
            strided, contiguous = best_times(timers, SAMPLE, WARM)
            row.append(contiguous / strided)
        rows.append(row)
    return np.array(rows)


def even_of(rows):
    """The break-even of the medians."""
    from strideops.advice import break_even

    counts = np.array(passes.PASSES, float)
    return break_even(counts, counts, counts * np.median(rows, axis=0))


def interval(rows):
    """The middle nine tenths of what other rounds of the same kind would give: the bootstrap, its seed fixed."""
    drawn = np.random.default_rng(0).integers(len(rows), size=(RESAMPLES, len(rows)))
    evens = sorted(even_of(rows[each]) for each in drawn)
    return evens[RESAMPLES // 20], evens[-RESAMPLES // 20 - 1]


def compare(call, pattern, size):
    """A row: what is measured, what is predicted, do they agree."""
    from strideops.advice import advise

    _, view = patterns.make(pattern, size, passes.DTYPE)
    before = rounds(call, pattern, size)
    told = advise(view, op=call).break_even
    after = rounds(call, pattern, size)
    rows, most = np.concatenate([before, after]), passes.PASSES[-1]
    even, (low, high) = even_of(rows), interval(rows)
    return {
        "call": call,
        "pattern": pattern,
        "size": size,
        "measured": number(even),
        "interval": [number(low), number(high)],
        "again": agrees(even_of(before), even_of(after), most),  # the measurement with itself
        "predicted": number(told),
        "agrees": agrees(min(max(told, low), high), told, most),
        "agrees_with_median": agrees(even, told, most),
    }


def number(even):
    """JSON has no infinity: null is beyond the most passes."""
    return round(even, 2) if even <= passes.PASSES[-1] else None


def draw(rows, machine, path):
    """Predicted against measured break-even; the band is where they agree."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    most = passes.PASSES[-1]
    beyond = 2 * most
    figure, axes = plt.subplots(figsize=(5.6, 5.2), layout="constrained")
    line = [0.7, 1.5 * beyond]
    axes.fill_between(
        line, [x / FACTOR for x in line], [x * FACTOR for x in line], color="#7fb2e0", alpha=0.35, linewidth=0
    )
    axes.plot(line, line, color="black", linewidth=0.8)
    for agree, colour, mark, label in ((True, "#0b5394", "o", "agrees"), (False, "#c25a00", "x", "does not")):
        chosen = [row for row in rows if row["agrees"] == agree]
        measured, predicted = ([row[kind] or beyond for row in chosen] for kind in ("measured", "predicted"))
        low, high = ([row["interval"][end] or beyond for row in chosen] for end in (0, 1))
        axes.scatter(measured, predicted, color=colour, marker=mark, s=16, alpha=0.6, label=f"{label} ({len(chosen)})")
        axes.hlines(predicted, low, high, color=colour, alpha=0.3, linewidth=0.8)
    ticks = [1, 2, 4, 8, 16, 32, 64, beyond]
    names = [*map(str, ticks[:-1]), f">{most}"]
    axes.set(xscale="log", yscale="log", xlim=line, ylim=line)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(ticks, names)
        axis.set_minor_locator(plt.NullLocator())
    axes.set(xlabel="passes from which on packing pays, measured", ylabel="predicted by strideops.advise")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"Break-even on {machine}", loc="left", fontsize=11)
    for suffix in ("png", "svg"):
        figure.savefig(path.with_suffix(f".{suffix}"), dpi=110, facecolor="white")
    plt.close(figure)


def summary(rows):
    """How often the model is right, and how often it could be: the measurement does not always agree with itself."""

    def share(name):
        right = sum(row[name] for row in rows)
        return f"{right} of {len(rows)} cells ({100 * right / len(rows):.0f} %)"

    return (
        f"{share('agrees')} are predicted within a factor {FACTOR} of the measured interval, "
        f"{share('agrees_with_median')} of the measured median; target {100 * TARGET:.0f} %. "
        f"The first half of the rounds predicts the second half in {share('again')}."
    )


def main(arguments=None):
    from . import progress

    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.advice", description=first)
    parser.add_argument("--machine", help="its name in results (default: asv's name of this machine)")
    parser.add_argument("--call", choices=passes.CALLS, help="measure this one; what is known of others is kept")
    chosen = parser.parse_args(arguments)
    machine = environments.machine_name(chosen.machine)
    path = ROOT / f"results/advice/{machine}.json"
    todo = [cell for cell in cells() if chosen.call in (None, cell[0])]
    rows = (
        [row for row in json.loads(path.read_text()) if row["call"] != chosen.call]
        if chosen.call and path.exists()
        else []
    )
    with progress.tasks() as begin:
        advance = begin("cells", len(todo))
        for cell in todo:
            rows.append(compare(*cell))
            advance("{} of {}, {}".format(*cell))
    rows.sort(key=lambda row: passes.CALLS.index(row["call"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    draw(rows, machine, path)
    print(summary(rows))
    print(path)


if __name__ == "__main__":
    main()
