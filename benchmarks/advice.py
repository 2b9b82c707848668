# SPDX-License-Identifier: BSD-3-Clause
"""`make calibrate-advice`: is strideops.advise right? Its break-even beside the one that asv has measured here.

The measured ones are those of benchmarks/passes.py in results/MACHINE; the predicted ones come from a model that is
measured now, on this machine. Writes results/advice/MACHINE.json and a picture of both.
"""

import argparse
import json
import math
import sys
from pathlib import Path

from . import environments, patterns
from .repository import ROOT, Refused, write_whole

FACTOR = 1.5  # predicted within it of the measured is right
TARGET = 0.9  # of the cells
DTYPE = "float64"  # of benchmarks/passes.py


def agrees(measured, predicted, most):
    """Within FACTOR, or both beyond the number of passes that was measured."""
    if min(measured, predicted) > most:
        return True
    return (
        max(measured, predicted) <= FACTOR * min(measured, predicted) if math.isfinite(predicted) else measured > most
    )


def measured_cells(run, benchmarks):
    """(call, pattern, size) -> (break-even, the most passes)."""
    import numpy as np

    from strideops.advice import break_even

    found = {}
    for name, series in run.series.items():
        if benchmarks[name].is_of_passes:
            _, named, sizes, counts = benchmarks[name].values
            passes = np.array(counts, float)
            times = series.newest.reshape(2, len(named), len(sizes), len(counts))
            for p, s in np.ndindex(len(named), len(sizes)):
                strided, contiguous = times[:, p, s]
                if not np.isnan([strided, contiguous]).any():
                    even = break_even(passes, strided, contiguous)
                    found[benchmarks[name].call, named[p], int(sizes[s])] = even, passes[-1]
    return found


def predict(cells):
    """(call, pattern, size) -> the break-even that strideops.advise tells."""
    from strideops.advice import advise

    from . import progress

    found = {}
    with progress.tasks() as begin:
        advance = begin("predictions", len(cells))
        for call, pattern, size in cells:
            _, view = patterns.make(pattern, size, DTYPE)
            found[call, pattern, size] = advise(view, op=call).break_even
            advance(f"{call} of {pattern}, {size}")
    return found


def compare(measured, predicted):
    """A row for each cell: what was measured, what is predicted, do they agree."""
    rows = []
    for (call, pattern, size), (even, most) in measured.items():
        told = predicted[call, pattern, size]
        rows.append(
            {
                "call": call,
                "pattern": pattern,
                "size": size,
                # JSON has no infinity: null is beyond the most passes.
                "measured": round(even, 2) if even <= most else None,
                "predicted": round(told, 2) if told <= most else None,
                "most": most,
                "agrees": agrees(even, told, most),
            }
        )
    return rows


def draw(rows, machine, path):
    """Predicted against measured break-even; the band is where they agree."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    most = max(row["most"] for row in rows)
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
    names = [*map(str, ticks[:-1]), f">{most:.0f}"]
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
    from strideops.results import read, read_benchmarks

    first, *_ = __doc__.splitlines()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.advice", description=first)
    parser.add_argument("--machine", help="its name in results (default: asv's name of this machine)")
    machine = environments.machine_name(parser.parse_args(arguments).machine)
    benchmarks = read_benchmarks(ROOT / "results")
    runs, _ = read(ROOT / "results", benchmarks)
    measured = {}
    for run in runs:
        if run.machine["machine"] == machine:
            measured |= measured_cells(run, benchmarks)
    if not measured:
        raise Refused(
            f"results/{machine} has no passes: asv run --machine {machine} --bench ^passes HEAD^! measures them"
        )
    rows = compare(measured, predict(measured))
    path = ROOT / f"results/advice/{machine}.json"
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    draw(rows, machine, path)
    right = sum(row["agrees"] for row in rows)
    share = f"{right} of {len(rows)} cells ({100 * right / len(rows):.0f} %)"
    print(f"{share} within a factor {FACTOR}; target {100 * TARGET:.0f} %")
    print(path)


if __name__ == "__main__":
    try:
        main()
    except Refused as error:
        sys.exit(str(error))
