# SPDX-License-Identifier: BSD-3-Clause
"""The pictures: heat maps of best peer's time / ours, and the roofline. No red beside green, on white."""

import math

from .. import patterns, units
from . import grid, summary
from .limits import LINE
from .results import best_peer, ours, ratio

SLOWER, EVEN, FASTER = "#c25a00", "#f7f7f7", "#0b5394"
PEERS_COLOUR = "#b0b0b0"
BOUND = 8  # the ratio at which the colours end
FORMATS = ("png", "svg")


def _save(figure, folder, name):
    import matplotlib.pyplot as plt
    from PIL import Image

    paths = [folder / f"{name}.{suffix}" for suffix in FORMATS]
    for path in paths:
        figure.savefig(path, dpi=110, facecolor="white")
    plt.close(figure)
    # These pictures have few colours: a palette makes a file a third as large.
    with Image.open(paths[0]) as image:
        image.convert("RGB").quantize(256).save(paths[0], optimize=True)
    return paths


def short(value):
    """A ratio in the four characters that a place has."""
    if value >= 999.5:
        return ">999"
    return f"{value:.2f}" if value < 1.995 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def _map(axes, values, calls, names):
    """One panel; values: (call, pattern) -> ratio."""
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    colours = LinearSegmentedColormap.from_list("ratio", [SLOWER, "#f3b26b", EVEN, "#7fb2e0", FASTER])
    table = np.array([[values.get((call, name), math.nan) for name in names] for call in calls])
    image = axes.imshow(table, cmap=colours, norm=LogNorm(1 / BOUND, BOUND, clip=True), aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        if not math.isnan(value):
            ink = "white" if abs(math.log2(value)) > 1.9 else "black"
            axes.text(column, row, short(value), ha="center", va="center", fontsize=6, color=ink)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
    axes.set_yticks(range(len(calls)), calls, fontsize=7)
    axes.set_xticks(np.arange(-0.5, len(names)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(calls)), minor=True)
    axes.grid(which="minor", color="white", linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return image


def heat_map(cells, title):
    """A panel per size; where several dtypes share a place, the worst of their ratios."""
    import matplotlib.pyplot as plt

    places = {}
    for cell in cells:
        if ratio(cell):
            places.setdefault(cell["size"], {}).setdefault((cell["call"], cell["pattern"]), []).append(ratio(cell))
    calls = [call for call in grid.CALLS if any(call == where[0] for values in places.values() for where in values)]
    names = [name for name in patterns.PATTERNS if any(name == where[1] for v in places.values() for where in v)]
    columns = min(2, len(places))
    rows = math.ceil(len(places) / columns)
    width, height = 2 + 0.36 * len(names), 1.3 + 0.21 * len(calls)
    figure, panels = plt.subplots(
        rows, columns, figsize=(columns * width + 0.6, rows * height + 0.9), squeeze=False, layout="constrained"
    )
    for panel in panels.flat[len(places) :]:
        panel.set_visible(False)
    for panel, size in zip(panels.flat, sorted(places), strict=False):
        values = {where: min(ratios) for where, ratios in places[size].items()}
        image = _map(panel, values, calls, names)
        panel.set_title(f"size {size}", fontsize=10, loc="left")
        if len(places) == rows * columns:
            panel.label_outer()
    bar = figure.colorbar(image, ax=panels, shrink=0.4, aspect=25, pad=0.01, ticks=[1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8])
    bar.ax.set_yticklabels(["1/8", "1/4", "1/2", "1", "2", "4", "8"], fontsize=8)
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label("best peer's time / ours: above 1 (blue) strideops is faster", fontsize=8)
    figure.suptitle(title, fontsize=12, x=0.01, ha="left")
    return figure


def _roofline(axes, record, label, colour, seconds):
    """A dot per cell that has `seconds(cell)`."""
    ladder = record["limits"]
    footprints = [row["bytes"] for row in ladder]
    for what, name, dashes in (("read", "read in a row", "-"), ("copy", "memcpy", "--"), ("set", "memset", ":")):
        speed = [row["bytes"] / row[what] / 1e9 for row in ladder]
        axes.plot(footprints, speed, color="black", linewidth=1.5, linestyle=dashes, label=name, zorder=3)
    dots = [
        (cell["lines"] * LINE, cell["lines"] * LINE / seconds(cell) / 1e9)
        for cell in record["cells"]
        if cell["lines"] and seconds(cell) and cell["pattern"] not in summary.NO_WALK
    ]
    if dots:
        axes.scatter(*zip(*dots, strict=True), color=colour, alpha=0.3, s=8, linewidths=0, rasterized=True)
    ticks = [64, 2**12, 2**18, 2**24, 2**30]
    axes.set(xscale="log", yscale="log", xlabel="cache lines touched", ylabel="cache lines touched / time, GB/s")
    axes.set_xticks(ticks, [units.human_bytes(tick) for tick in ticks])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_title(f"{label}: a dot per cell", fontsize=10, loc="left")
    axes.legend(fontsize=8, frameon=False, loc="upper right")


def _per_element(axes, rows):
    for layout, mark in (("X", "o"), ("X[::3]", "s")):
        chosen = [row for row in rows if row["layout"] == layout]
        count = [row["elements"] for row in chosen]
        for who, colour, label in (("plain", PEERS_COLOUR, "plain C loop"), ("ours", FASTER, "strided.sum")):
            times = [row[who] / row["elements"] * 1e9 for row in chosen]
            axes.plot(count, times, color=colour, marker=mark, markersize=4, linewidth=1.2, label=f"{label}, {layout}")
    axes.set(xlabel="elements, float64", ylabel="time per element, ns", ylim=(0, None))
    axes.set_xscale("log", base=2)
    axes.set_title("Time per element of a sum", fontsize=10, loc="left")
    axes.legend(fontsize=8, frameon=False)


def roofline(record, title):
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    panels[0].sharey(panels[1])
    panels[0].sharex(panels[1])
    _roofline(panels[0], record, "Best peer", SLOWER, lambda cell: best_peer(cell) and best_peer(cell)[1])
    _roofline(panels[1], record, "strideops", FASTER, ours)
    _per_element(panels[2], record["per_element"])
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e5e5e5", linewidth=0.6)
        axes.set_axisbelow(True)
    figure.suptitle(title, fontsize=12, x=0.01, ha="left")
    return figure


def draw(record, folder):
    """Write the pictures; their paths."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["svg.fonttype"] = "none"
    machine = record["about"]["machine"]
    cells = record["cells"]
    paths = []
    if any(map(ratio, cells)):
        dtypes = [dtype for dtype in grid.DTYPES if any(cell["dtype"] == dtype for cell in cells)]
        title = f"Best peer's time / strideops' time on {machine}"
        figure = heat_map(cells, f"{title}: the worst of {', '.join(dtypes)}")
        paths += _save(figure, folder, "heatmap")
        for dtype in dtypes:
            figure = heat_map([cell for cell in cells if cell["dtype"] == dtype], f"{title}: {dtype}")
            paths += _save(figure, folder, f"heatmap-{dtype}")
    return paths + _save(roofline(record, f"Cache lines and time on {machine}"), folder, "roofline")
