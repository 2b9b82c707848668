# SPDX-License-Identifier: BSD-3-Clause
"""`make calibrate-advice`: is strideops.advise right? Its break-even beside the measured one.

Measures what benchmarks/passes.py does, both paths in turns, and asks the model; a quarter of an hour. Writes
results/advice/MACHINE.json and a picture of both.
"""

import argparse
import json
import statistics
import timeit
from itertools import product

import numpy as np

from . import cases, environments, passes, patterns
from .repository import ROOT, write_whole

SAMPLE = 3e-4  # seconds of a turn, or one call
TURNS = 5
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


def measure(call, pattern, size):
    """The break-even of a cell: both paths take turns, so that the machine's ups and downs are in both."""
    from strideops.advice import break_even

    ratios = []
    for count in passes.PASSES:
        paths = [passes.prepare(path, call, pattern, size, count) for path in cases.PATHS]
        timers = [timeit.Timer(lambda run=run, arguments=arguments: run(*arguments)) for run, arguments in paths]
        loops = max(1, round(SAMPLE / min(timers[0].repeat(2, 1))))
        turns = [[timer.timeit(loops) for timer in timers] for _ in range(TURNS)]
        ratios.append(statistics.median(contiguous / strided for strided, contiguous in turns))
    counts = np.array(passes.PASSES, float)
    return break_even(counts, counts, counts * ratios)


def compare(call, pattern, size):
    """A row: what is measured, what is predicted, do they agree."""
    from strideops.advice import advise

    _, view = patterns.make(pattern, size, passes.DTYPE)
    even, told, most = measure(call, pattern, size), advise(view, op=call).break_even, passes.PASSES[-1]
    return {
        "call": call,
        "pattern": pattern,
        "size": size,
        # JSON has no infinity: null is beyond the most passes.
        "measured": round(even, 2) if even <= most else None,
        "predicted": round(told, 2) if told <= most else None,
        "agrees": agrees(even, told, most),
    }


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
        points = [[row[kind] or beyond for row in chosen] for kind in ("measured", "predicted")]
        axes.scatter(*points, color=colour, marker=mark, s=16, alpha=0.6, label=f"{label} ({len(chosen)})")
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


def main(arguments=None):
    from . import progress

    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.advice", description=first)
    parser.add_argument("--machine", help="its name in results (default: asv's name of this machine)")
    machine = environments.machine_name(parser.parse_args(arguments).machine)
    rows, todo = [], list(cells())
    with progress.tasks() as begin:
        advance = begin("cells", len(todo))
        for cell in todo:
            rows.append(compare(*cell))
            advance("{} of {}, {}".format(*cell))
    path = ROOT / f"results/advice/{machine}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    draw(rows, machine, path)
    right = sum(row["agrees"] for row in rows)
    share = f"{right} of {len(rows)} cells ({100 * right / len(rows):.0f} %)"
    print(f"{share} within a factor {FACTOR}; target {100 * TARGET:.0f} %")
    print(path)


if __name__ == "__main__":
    main()
