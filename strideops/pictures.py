# SPDX-License-Identifier: BSD-3-Clause
"""What the pictures have in common: heat maps of ratios, rooflines, files. Needs matplotlib.

No red beside green, on white.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

STRIDED, CONTIGUOUS, EVEN = "#0b5394", "#c25a00", "#f7f7f7"
BOUND = 8  # the ratio at which the colours end
FORMATS = ("png", "svg")


def short(value: float) -> str:
    """A ratio in four characters."""
    if value >= 999.5:
        return ">999"
    return f"{value:.2f}" if value < 1.995 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def draw_ratios(
    axes: Axes,
    table: NDArray[np.float64],
    rows: Sequence[str],
    columns: Sequence[str],
    write: Callable[[float], str] = short,
) -> AxesImage:
    """A panel of a heat map whose colours are centred on 1: blue above, orange below.

    Parameters
    ----------
    axes : matplotlib Axes
    table : ndarray, shape (rows, columns)
        Ratios; NaN where there is none.
    rows, columns : sequence of str
        Their names.
    write : callable, optional
        The text of a place.
    """
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    colours = LinearSegmentedColormap.from_list("ratio", [CONTIGUOUS, "#f3b26b", EVEN, "#7fb2e0", STRIDED])
    image = axes.imshow(table, cmap=colours, norm=LogNorm(1 / BOUND, BOUND, clip=True), aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        if not math.isnan(value):
            ink = "white" if abs(math.log2(value)) > 1.9 else "black"
            axes.text(column, row, write(value), ha="center", va="center", fontsize=6, color=ink)
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
    axes.set_yticks(range(len(rows)), rows, fontsize=7)
    axes.set_xticks(np.arange(-0.5, len(columns)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(rows)), minor=True)
    axes.grid(which="minor", color="white", linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return image


def heat_panels(
    places: Mapping[int, Mapping[tuple[str, str], float]],
    rows: Sequence[str],
    columns: Sequence[str],
    label: str,
    heading: str,
) -> Figure:
    """A heat map of ratios, a panel for each size.

    Parameters
    ----------
    places : dict
        Size -> {(row, column): ratio}.
    rows, columns : sequence of str
    label : str
        What a ratio is.
    heading : str
    """
    import matplotlib.pyplot as plt

    of_size = {key: [row for row in rows if any(row == where[0] for where in places[key])] for key in sorted(places)}
    heights = [1.3 + 0.21 * len(here) for here in of_size.values()]
    across = min(2, len(places)) if len(set(heights)) == 1 else 1
    heights = heights[::across]
    figure, panels = plt.subplots(
        len(heights),
        across,
        figsize=(across * (2 + 0.36 * len(columns)) + 0.6, sum(heights) + 0.9),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for panel in panels.flat[len(places) :]:
        panel.set_visible(False)
    for panel, (key, here) in zip(panels.flat, of_size.items(), strict=False):
        table = np.array([[places[key].get((row, column), math.nan) for column in columns] for row in here])
        image = draw_ratios(panel, table, here, columns)
        panel.set_title(f"size {key}", fontsize=10, loc="left")
    bar = figure.colorbar(image, ax=panels, shrink=0.4, aspect=25, pad=0.01, ticks=[1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8])
    bar.ax.set_yticklabels(["1/8", "1/4", "1/2", "1", "2", "4", "8"], fontsize=8)
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label(label, fontsize=8)
    title(figure, heading)
    return figure


def draw_roofline(
    axes: Axes, limits: Sequence[Mapping[str, float]], dots: Sequence[tuple[float, float]], colour: str
) -> None:
    """Bytes of cache lines / time, a dot for each case, beside what the memory can.

    Parameters
    ----------
    axes : matplotlib Axes
    limits : sequence of dict
        "bytes", and the seconds to "read" them in a row, to "copy" and to "set" them.
    dots : sequence of (bytes of cache lines, seconds)
    colour : str
    """
    footprints = [row["bytes"] for row in limits]
    for what, name, dashes in (("read", "read in a row", "-"), ("copy", "memcpy", "--"), ("set", "memset", ":")):
        speed = [row["bytes"] / row[what] / 1e9 for row in limits]
        axes.plot(footprints, speed, color="black", linewidth=1.5, linestyle=dashes, label=name, zorder=3)
    if dots:
        touched, seconds = np.array(dots).T
        speeds = touched / seconds / 1e9
        axes.scatter(touched, speeds, color=colour, alpha=0.3, s=8, linewidths=0, rasterized=True)
    axes.set(xscale="log", yscale="log", xlabel="cache lines touched", ylabel="cache lines touched / time, GB/s")
    axes.set_xticks([64, 2**12, 2**18, 2**24, 2**30], ["64 B", "4 KiB", "256 KiB", "16 MiB", "1 GiB"])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend(fontsize=8, frameon=False, loc="upper right")
    plain(axes)


def plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)


def title(figure: Figure, text: str) -> None:
    figure.suptitle(text, fontsize=12, x=0.01, ha="left")


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """The figure as files, closed; their paths."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from PIL import Image

    paths = [folder / f"{name}.{suffix}" for suffix in FORMATS]
    # The same figure is the same file: text is text, and names and dates are not made up anew.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        for path in paths:
            figure.savefig(path, dpi=110, facecolor="white", metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
    # These pictures have few colours: a palette makes a file a third as large.
    with Image.open(paths[0]) as image:
        image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(paths[0], optimize=True)
    return paths
