# SPDX-License-Identifier: BSD-3-Clause
"""The pictures: heat maps of best peer's time / ours, and the roofline."""

from .. import patterns
from . import grid, summary
from .limits import LINE
from .results import best_peer, ours, ratio

PEERS_COLOUR = "#b0b0b0"


def heat_map(cells, title):
    """A panel per size; where several dtypes share a place, the worst of their ratios."""
    from strideops.pictures import heat_panels

    found = {}
    for cell in cells:
        if ratio(cell):
            found.setdefault(cell["size"], {}).setdefault((cell["call"], cell["pattern"]), []).append(ratio(cell))
    places = {size: {where: min(ratios) for where, ratios in values.items()} for size, values in found.items()}
    calls = [call for call in grid.CALLS if any(call == where[0] for values in places.values() for where in values)]
    names = [name for name in patterns.PATTERNS if any(name == where[1] for v in places.values() for where in v)]
    return heat_panels(places, calls, names, "best peer's time / ours: above 1 (blue) strideops is faster", title)


def _roofline(axes, record, label, colour, seconds):
    """A dot per cell that has `seconds(cell)`."""
    from strideops.pictures import draw_roofline

    dots = [
        (cell["lines"] * LINE, seconds(cell))
        for cell in record["cells"]
        if cell["lines"] and seconds(cell) and cell["pattern"] not in summary.NO_WALK
    ]
    draw_roofline(axes, record["limits"], dots, colour)
    axes.set_title(f"{label}: a dot per cell", fontsize=10, loc="left")


def _per_element(axes, rows):
    from strideops.pictures import STRIDED, plain

    for layout, mark in (("X", "o"), ("X[::3]", "s")):
        chosen = [row for row in rows if row["layout"] == layout]
        count = [row["elements"] for row in chosen]
        for who, colour, label in (("plain", PEERS_COLOUR, "plain C loop"), ("ours", STRIDED, "strided.sum")):
            times = [row[who] / row["elements"] * 1e9 for row in chosen]
            axes.plot(count, times, color=colour, marker=mark, markersize=4, linewidth=1.2, label=f"{label}, {layout}")
    axes.set(xlabel="elements, float64", ylabel="time per element, ns", ylim=(0, None))
    axes.set_xscale("log", base=2)
    axes.set_title("Time per element of a sum", fontsize=10, loc="left")
    axes.legend(fontsize=8, frameon=False)
    plain(axes)


def roofline(record, heading):
    import matplotlib.pyplot as plt

    from strideops.pictures import CONTIGUOUS, STRIDED, title

    figure, panels = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    panels[0].sharey(panels[1])
    panels[0].sharex(panels[1])
    _roofline(panels[0], record, "Best peer", CONTIGUOUS, lambda cell: best_peer(cell) and best_peer(cell)[1])
    _roofline(panels[1], record, "strideops", STRIDED, ours)
    _per_element(panels[2], record["per_element"])
    title(figure, heading)
    return figure


def draw(record, folder):
    """Write the pictures; their paths."""
    import matplotlib

    from strideops.pictures import save

    matplotlib.use("agg")
    machine = record["about"]["machine"]
    cells = record["cells"]
    paths = []
    if any(map(ratio, cells)):
        dtypes = [dtype for dtype in grid.DTYPES if any(cell["dtype"] == dtype for cell in cells)]
        heading = f"Best peer's time / strideops' time on {machine}"
        figure = heat_map(cells, f"{heading}: the worst of {', '.join(dtypes)}")
        paths += save(figure, folder, "heatmap")
        for dtype in dtypes:
            figure = heat_map([cell for cell in cells if cell["dtype"] == dtype], f"{heading}: {dtype}")
            paths += save(figure, folder, f"heatmap-{dtype}")
    return paths + save(roofline(record, f"Cache lines and time on {machine}"), folder, "roofline")
