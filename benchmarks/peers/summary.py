# SPDX-License-Identifier: BSD-3-Clause
"""The figures that decide, each with its target. Nothing is measured here."""

import math
from dataclasses import dataclass

from .limits import LINE
from .results import best_peer, by_peer, ours, ratio, share

LARGE = 4096
NO_WALK = ("broadcast", "column", "diagonal")  # too few lines to be bound by them
REDUCED = ("sum", "min", "max", "argmin", "argmax", "norm", "dot", "matvec")
IN_MEMORY = 2**24  # bytes of cache lines


@dataclass(frozen=True)
class Figure:
    """A figure and its target; a figure that nothing was measured for is None."""

    name: str
    value: float | None
    target: float
    detail: str = ""
    below: bool = False

    @property
    def met(self):
        if self.value is None:
            return None
        return self.value <= self.target if self.below else self.value >= self.target


def geometric_mean(values):
    values = [value for value in values if value]
    return math.exp(math.fsum(map(math.log, values)) / len(values)) if values else None


def name(cell):
    return f"{cell['call']}, {cell['pattern']}, {cell['dtype']}, {cell['size']}"


def below_one(cells):
    """Cells in which a peer is faster, the worst first."""
    slower = [cell for cell in cells if (ratio(cell) or math.inf) < 1]
    return sorted(slower, key=ratio)


def failures(cells):
    """Cells in which strideops itself refused or was wrong."""
    return [cell for cell in cells if ours(cell) is None]


def _over(cell, other):
    return other / ours(cell) if other and ours(cell) else None


def _pick(cells, call=None, pattern=None, dtype=None, size=LARGE):
    def fits(value, wanted):
        return wanted is None or value == wanted or (isinstance(wanted, tuple) and value in wanted)

    return [
        cell
        for cell in cells
        if fits(cell["call"], call)
        and fits(cell["pattern"], pattern)
        and fits(cell["dtype"], dtype)
        and fits(cell["size"], size)
    ]


def _least(values):
    return min((value for value in values if value), default=None)


def _worst(cells):
    known = [cell for cell in cells if ratio(cell)]
    worst = min(known, key=ratio, default=None)
    if worst is None:
        return Figure("worst cell: best peer's time / ours", None, 1.0)
    return Figure("worst cell: best peer's time / ours", ratio(worst), 1.0, f"{name(worst)}, {best_peer(worst)[0]}")


def _shares(cells):
    large = _pick(cells)
    walks = [cell for cell in large if cell["pattern"] not in (*NO_WALK, "short_rows")]
    rows = _pick(cells, pattern="short_rows")
    for label, chosen, target in (("", walks, 0.85), (", short rows", rows, 0.5)):
        others = {
            "best peer": geometric_mean(cell["limit"] / best_peer(cell)[1] for cell in chosen if best_peer(cell)),
            "NumPy": geometric_mean(
                cell["limit"] / by_peer(cell)["numpy"] for cell in chosen if "numpy" in by_peer(cell)
            ),
        }
        detail = ", ".join(f"{who} {value:.2f}" for who, value in others.items() if value)
        yield Figure(f"share of the limit at {LARGE}{label}", geometric_mean(map(share, chosen)), target, detail)


def _bandwidth(cells):
    chosen = [
        cell
        for cell in _pick(cells, dtype=("float64", "float32"))
        if cell["op"] in REDUCED and cell["lines"] * LINE >= IN_MEMORY and ours(cell)
    ]
    worst = min(chosen, key=share, default=None)
    label = "DRAM-sized f8 and f4 reductions: line / read bandwidth"
    yield Figure(f"{label}, least", share(worst) if worst else None, 0.9, name(worst) if worst else "")
    yield Figure(f"{label}, geometric mean", geometric_mean(map(share, chosen)), 0.9)


def _pack(cells):
    for dtype, over_copy, over_numpy in (("float64", 0.8, 12), ("float32", 0.8, 12), ("uint8", None, 30)):
        found = _pick(cells, "pack", "transposed", dtype)
        if over_copy:
            value = _least(_over(cell, cell.get("memcpy")) for cell in found)
            new = _least(by_peer(cell).get("numpy") for cell in _pick(cells, "pack", "contiguous", dtype))
            detail = f"NumPy's copy of X, into new memory as well: {new / ours(found[0]):.2f}" if new and found else ""
            yield Figure(f"pack(X.T), {dtype}: memcpy's time / ours", value, over_copy, detail)
        value = _least(_over(cell, by_peer(cell).get("numpy")) for cell in found)
        yield Figure(f"pack(X.T), {dtype}: NumPy's time / ours", value, over_numpy)


def _small(cells):
    cells = _pick(cells, "sum", "cut", ("float64", "float32", "int64", "int32"), 6)
    peers = [ours(cell) / by_peer(cell)["bottleneck"] for cell in cells if "bottleneck" in by_peer(cell) and ours(cell)]
    yield Figure("sum of a 6x6 view: ours / bottleneck's time", max(peers, default=None), 0.8, below=True)
    value = _least(_over(cell, cell["times"].get("numpy: np.sum")) for cell in cells)
    yield Figure("sum of a 6x6 view: np.sum's time / ours", value, 15)


def _per_element(rows):
    worst = max(rows, key=lambda row: row["ours"] / row["plain"], default=None)
    return Figure(
        "2^10 to 2^26 elements: ours / the plain C loop's time",
        worst["ours"] / worst["plain"] if worst else None,
        1.2,
        f"{worst['layout']}, 2^{round(math.log2(worst['elements']))} elements" if worst else "",
        below=True,
    )


def figures(record):
    """All figures of "every op at the limit of the memory", in its order."""
    cells = record["cells"]
    numpy = [_over(cell, by_peer(cell).get("numpy")) for cell in cells]
    small_integers = [_over(c, by_peer(c).get("numpy")) for c in _pick(cells, "sum", ("contiguous", "cut"), "uint8")]
    return [
        _worst(cells),
        Figure("geometric mean: NumPy's time / ours", geometric_mean(numpy), 3.0),
        *_shares(cells),
        *_bandwidth(cells),
        *_pack(cells),
        Figure("uint8 sum, contiguous and cut: NumPy's time / ours", _least(small_integers), 10.0),
        *_small(cells),
        _per_element(record.get("per_element", [])),
    ]
