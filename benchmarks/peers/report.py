# SPDX-License-Identifier: BSD-3-Clause
"""The table in the terminal: the figures that decide, the cells that fall short, and each peer beside us."""

import sys

from .. import units
from . import idioms, reasons, summary
from .results import best_peer, by_peer, ours, ratio

SHOWN = 40  # of the cells that fall short; the CSV has all


def _number(value):
    return "not measured" if value is None else f"{value:.2f}" if value < 100 else units.human_ratio(value)


def _figures(record):
    from rich.table import Table

    table = Table(title="Figures")
    table.add_column("figure")
    for column in ("value", "target", ""):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("where")
    for figure in summary.figures(record):
        sign = "<=" if figure.below else ">="
        verdict = {True: "[blue]met", False: "[yellow]not met", None: ""}[figure.met]
        table.add_row(figure.name, _number(figure.value), f"{sign} {figure.target:g}", verdict, figure.detail)
    return table


def _peers(cells):
    from rich.table import Table

    table = Table(title="Peer by peer: its time / ours")
    table.add_column("peer")
    for column in ("cells", "geometric mean", "least", "faster than ours in"):
        table.add_column(column, justify="right")
    for peer in idioms.PEERS:
        ratios = [by_peer(cell)[peer] / ours(cell) for cell in cells if peer in by_peer(cell) and ours(cell)]
        if ratios:
            slower = sum(value < 1 for value in ratios)
            mean = summary.geometric_mean(ratios)
            table.add_row(peer, f"{len(ratios):,}", _number(mean), _number(min(ratios)), f"{slower:,}")
    return table


def _short(cells):
    from rich.table import Table

    slower = summary.below_one(cells)
    table = Table(title=f"Cells in which a peer is faster: {len(slower)} of {len(cells)}")
    for column in ("call", "pattern", "dtype"):
        table.add_column(column)
    for column in ("size", "ours", "best peer's", "ratio"):
        table.add_column(column, justify="right")
    for column in ("peer", "reason"):
        table.add_column(column)
    for cell in slower[:SHOWN]:
        peer, seconds = best_peer(cell)
        times = map(units.human_time, (ours(cell), seconds))
        where = (cell["call"], cell["pattern"], cell["dtype"], str(cell["size"]))
        table.add_row(*where, *times, f"{ratio(cell):.2f}", peer, reasons.reason(cell))
    return table


def show(record):
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    cells = record["cells"]
    about = record["about"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    isa = f" with {about['isa']}" if about["isa"] else ""
    where = f"{about['machine']}: {about['cpu']}, {about['system']}"
    console.print(f"{where}; commit {about['commit'][:8]}{isa}; {versions}", soft_wrap=True)
    console.print(_peers(cells))
    if summary.below_one(cells):
        console.print(_short(cells))
    for cell in summary.failures(cells):
        console.print(f"strideops has no figure: {summary.name(cell)}: {cell['refused']}", soft_wrap=True)
    console.print(_figures(record))
