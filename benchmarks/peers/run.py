# SPDX-License-Identifier: BSD-3-Clause
"""A run: the cells that were asked for, with a progress display, then files, pictures and the table."""

import sys
import time
from contextlib import contextmanager

import numpy as np

import strideops

from .. import patterns
from . import cell, grid, idioms, limits, measure, picture, report, results

WEIGHT = {6: 1, 64: 1, 512: 2}  # how long a cell takes, for the time that is left
WEIGHT_OF_LARGE = 20
PLAIN_SECONDS = 30  # between two lines where there is no terminal
SAVE_SECONDS = 120  # a peer that crashes takes no more than so much with it


def _known(names, known, what):
    for name in names:
        if name not in known:
            sys.exit(f"{name} is no {what}; there are {', '.join(map(str, known))}")
    return names


def choose(options):
    """Lists of cells that share memory, of what the options name."""
    profile = grid.PROFILES[options.profile]
    sizes = [int(size) for size in options.size or profile["sizes"]]
    dtypes = _known(options.dtype or profile["dtypes"], patterns.DTYPES, "dtype")
    names = _known(options.pattern or patterns.PATTERNS, patterns.PATTERNS, "pattern")
    ops = {call.op for call in grid.CALLS.values()}
    wanted = _known(options.op or ops, sorted({*grid.CALLS, *ops}), "op or call")
    calls = [name for name, call in grid.CALLS.items() if name in wanted or call.op in wanted]
    return [group for group in grid.groups(sizes, dtypes, calls, names) if group]


@contextmanager
def progress(total):
    """A bar where there is a terminal, else a line now and then; yields advance(weight, description)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console()
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        state = {"done": 0, "next": 0.0}

        def advance(weight, description):
            bar.update(task, advance=weight, description=description)
            state["done"] += weight
            if not console.is_terminal and bar.get_time() >= state["next"]:
                print(f"{state['done'] / total:4.0%}  {description}", flush=True)
                state["next"] = bar.get_time() + PLAIN_SECONDS

        yield advance


def measure_cells(groups, tables):
    """Yield a result per cell. Ctrl-C ends it early: what there is, is kept."""
    with progress(sum(WEIGHT.get(c.size, WEIGHT_OF_LARGE) for group in groups for c in group)) as advance:
        try:
            for group in groups:
                memory = grid.Memory(group[0])
                for one in group:
                    yield cell.run(one, memory, tables)
                    weight = WEIGHT.get(one.size, WEIGHT_OF_LARGE)
                    advance(weight, f"{one.call}, {one.pattern}, {one.dtype}, {one.size}")
                del memory
        except KeyboardInterrupt:
            print("Stopped: what has been measured is kept.")


def per_element(first=10, last=26):
    """Seconds of strided.sum and of the plain C loop over 2**first to 2**last float64."""
    rows = []
    for layout, step in (("X", 1), ("X[::3]", 3)):
        base = np.ones(step * 2**last)
        for power in range(first, last + 1):
            x = base[: step * 2**power : step]
            samplers = [measure.timer(strideops.strided.sum, (x,)), limits.plain_loop(x)]
            measure.interleave(samplers[:1], samplers[1:], 0.2)
            times = dict(zip(("ours", "plain"), (sampler.best for sampler in samplers), strict=True))
            rows.append({"layout": layout, "elements": x.size, **times})
    return rows


def _measure(options, folder, machine):
    """The record of a new run, saved from time to time."""
    old = results.load(folder)
    groups = choose(options)
    tables = idioms.installed(_known(options.peer or idioms.PEERS, idioms.PEERS, "peer"))
    print(f"{sum(map(len, groups)):,} cells on {machine}, against {', '.join(tables)}")
    keep = options.merge and old
    record = {
        "about": results.about(machine),
        "limits": old["limits"] if keep else limits.ladder(),
        "per_element": old["per_element"] if keep else per_element(),
        "cells": [],
    }
    next_save = time.monotonic() + SAVE_SECONDS
    for one in measure_cells(groups, tables):
        record["cells"].append(one)
        if time.monotonic() > next_save:
            results.save(results.merge(old, record) if keep else record, folder)
            next_save = time.monotonic() + SAVE_SECONDS
    record = results.merge(old, record) if keep else record
    results.save(record, folder)
    return record


def run(options):
    machine = options.machine or results.machine_name()
    folder = options.out or results.ROOT / "results/peers" / machine
    record = results.load(folder) if options.report else _measure(options, folder, machine)
    if not record:
        sys.exit(f"there is no {folder / 'peers.json'}")
    report.show(record)
    for path in picture.draw(record, folder):
        print(path)
