# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of asv's results as files, for papers: heat map, crossover, roofline, history. Needs matplotlib.

``python -m strideops report`` writes them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .advice import break_even
from .layouts import LINE
from .pictures import STRIDED, draw_ratios, draw_roofline, heat_panels, plain, save, title
from .results import Benchmark, Run, read, read_benchmarks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write"]


def _timed(run: Run, benchmarks: dict[str, Benchmark]) -> Iterator[tuple[Benchmark, NDArray[np.float64]]]:
    """Benchmarks of the two paths with their newest times, shape (path, pattern, size, dtype)."""
    for name, series in sorted(run.series.items()):
        if benchmarks[name].is_timed:
            shape = [len(words) for words in benchmarks[name].params]
            yield benchmarks[name], series.newest.reshape(shape)


def heat_map(run: Run, benchmarks: dict[str, Benchmark], dtype: str) -> Figure | None:
    """Contiguous / strided time, a panel for each size, calls by patterns; None where nothing was measured."""
    places: dict[int, dict[tuple[str, str], float]] = {}
    for benchmark, times in _timed(run, benchmarks):
        _, patterns, sizes, dtypes = benchmark.values
        if dtype not in dtypes:
            continue
        ratios = times[1] / times[0]
        for (p, s), ratio in np.ndenumerate(ratios[:, :, dtypes.index(dtype)]):
            if not math.isnan(ratio):
                places.setdefault(int(sizes[s]), {})[benchmark.call, patterns[p]] = ratio
    if not places:
        return None
    calls, names = (list(dict.fromkeys(each)) for each in zip(*chain.from_iterable(places.values()), strict=True))
    label = "contiguous / strided time: above 1 (blue) striding is faster"
    return heat_panels(places, calls, names, label, f"Strided against copied on {run.machine['machine']}, {dtype}")


def crossover(run: Run, benchmarks: dict[str, Benchmark]) -> Figure | None:
    """From how many passes on packing pays, patterns by calls, a panel for each size."""
    import matplotlib.pyplot as plt

    places: dict[str, dict[tuple[str, str], float]] = {}
    patterns: dict[str, None] = {}
    for name, series in sorted(run.series.items()):
        if benchmarks[name].is_of_passes:
            for pattern, size, passes, times in benchmarks[name].passes(series.newest):
                patterns.setdefault(pattern)
                even = break_even(passes, *times)
                places.setdefault(size, {})[benchmarks[name].call, pattern] = even
    if not places:
        return None
    calls = list(dict.fromkeys(call for found in places.values() for call, _ in found))
    most = max(passes)
    area = (len(places) * (1.2 + 0.45 * len(calls)) + 1.8, 1.6 + 0.21 * len(patterns))
    figure, panels = plt.subplots(1, len(places), figsize=area, squeeze=False, layout="constrained", sharey=True)
    for panel, name in zip(panels.flat, sorted(places, key=int), strict=True):
        found = places[name]
        table = np.array([[found.get((call, pattern), math.nan) for call in calls] for pattern in patterns])
        # The colours are those of the heat map: copying pays early is orange, never is blue.
        draw_ratios(
            panel, np.minimum(table, 4 * most) / 8, list(patterns), calls, lambda value: _passes(8 * value, most)
        )
        panel.set_title(f"size {name}", fontsize=10, loc="left")
    title(figure, f"From so many passes on, packing first is faster, on {run.machine['machine']}")
    return figure


def _passes(value: float, most: float) -> str:
    return f">{most:.0f}" if value > most else f"{value:.0f}" if value >= 2 else f"{value:.1f}"


def roofline(record: dict[str, Any]) -> Figure | None:
    """Cache lines touched / time of every cell of `make peers`, beside the bandwidth of the memory."""
    import matplotlib.pyplot as plt

    dots = [
        (cell["lines"] * LINE, seconds)
        for cell in record["cells"]
        if cell["lines"] and cell["pattern"] != "broadcast" and (seconds := cell["times"].get("strideops: strideops"))
    ]
    if not dots:
        return None
    figure, axes = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
    draw_roofline(axes, record["limits"], dots, STRIDED)
    title(figure, f"The strided path and the memory of {record['about']['machine']}: a dot per case")
    return figure


def history(run: Run, benchmarks: dict[str, Benchmark]) -> Figure | None:
    """The strided path's time from commit to commit, each call beside its newest; the band is asv's 99 % interval."""
    import matplotlib.pyplot as plt

    lines = {}
    for name, series in sorted(run.series.items()):
        if not benchmarks[name].is_timed:
            continue
        half = series.values.shape[1] // 2  # the strided path's cases are the first
        whole = ~np.isnan(series.values[:, :half]).any(axis=0)
        if len(run.commits) > 1 and whole.any():
            values = series.values[:, :half][:, whole]
            ends = [end[:, :half][:, whole] for end in (series.low, series.high)]
            # A run of one sample, as of --quick, has no interval.
            logs = [np.log(np.where(np.isnan(each), values, each)) for each in (values, *ends)]
            lines[benchmarks[name].call] = [np.exp(np.mean(each - logs[0][-1], axis=1)) for each in logs]
    if not lines:
        return None
    columns = min(4, len(lines))
    rows = math.ceil(len(lines) / columns)
    size = (3.1 * columns, 2.1 * rows + 0.6)
    figure, panels = plt.subplots(
        rows, columns, figsize=size, squeeze=False, layout="constrained", sharex=True, sharey=True
    )
    for panel in panels.flat[len(lines) :]:
        panel.set_visible(False)
    names = [commit[:7] for commit in run.commits]
    marked = sorted({0, len(names) // 2, len(names) - 1})
    for panel, (call, (middle, low, high)) in zip(panels.flat, lines.items(), strict=False):
        panel.fill_between(range(len(names)), low, high, color=STRIDED, alpha=0.2, linewidth=0)
        panel.plot(range(len(names)), middle, color=STRIDED, marker="o", markersize=3, linewidth=1.2)
        panel.axhline(1, color="black", linewidth=0.6)
        panel.set_title(call, fontsize=9, loc="left")
        panel.set_xticks(marked, [names[place] for place in marked], fontsize=7)
        plain(panel)
    panels[0, 0].set_ylim(0, 1.05 * max(np.max(high) for _, _, high in lines.values()))
    panels[0, 0].set_ylabel("time / newest", fontsize=8)
    title(figure, f"The strided path from commit to commit on {run.machine['machine']}")
    return figure


def write(results: Path, out: Path, machine: str | None = None, tell: Callable[[str], None] = print) -> list[Path]:
    """Write all pictures for which there are results.

    Parameters
    ----------
    results : path
        asv's results_dir.
    out : path
        The folder of the pictures; made if it is not there.
    machine : str, optional
        Of this one only.
    tell : callable(str), optional
        Is told of each picture, and of what is missing.

    Returns
    -------
    list of path

    Raises
    ------
    strideops.results.Unreadable
        There are no results of asv.
    ImportError
        Without matplotlib.
    """
    import matplotlib

    matplotlib.use("agg")
    benchmarks = read_benchmarks(results)
    runs, left_out = read(results, benchmarks)
    for sentence in left_out:
        tell(sentence)
    out.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []

    def draw(name: str, figure: Figure | None) -> None:
        if figure is None:
            return tell(f"no {name}: nothing was measured for it")
        paths.extend(save(figure, out, name))
        return tell(f"{paths[-2]}, {paths[-1].name}")

    for run in runs:
        if machine in (None, run.machine["machine"]):
            prefix = f"{run.machine['machine']}-Python{run.versions['Python']}-NumPy{run.versions.get('numpy', '')}"
            dtypes = dict.fromkeys(word for each, _ in _timed(run, benchmarks) for word in each.values[3])
            for dtype in dtypes:
                draw(f"{prefix}-heat-map-{dtype}", heat_map(run, benchmarks, dtype))
            draw(f"{prefix}-crossover", crossover(run, benchmarks))
            draw(f"{prefix}-history", history(run, benchmarks))
    for path in sorted(results.glob("peers/*/peers.json")):
        if machine in (None, path.parent.name):
            draw(f"{path.parent.name}-roofline", roofline(json.loads(path.read_text(encoding="utf-8"))))
    if not paths:
        tell(f"{results} has nothing to draw: asv run, or make bench in strideops' repository, measures it")
    return paths
