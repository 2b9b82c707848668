# SPDX-License-Identifier: BSD-3-Clause
"""`python -m benchmarks.peers`, `make peers`: the whole grid, or the part that the options name."""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _words(text):
    return [word for word in text.split(",") if word]


def options(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__.splitlines()[0])
    named = {"action": "extend", "type": _words, "metavar": "NAME,..."}
    parser.add_argument("--op", **named, help="ops or calls of them (sum, sum_first_axis)")
    parser.add_argument("--pattern", **named, help="patterns of benchmarks/patterns.py")
    parser.add_argument("--dtype", **named)
    parser.add_argument("--size", **named)
    parser.add_argument("--peer", **named, help="numpy, bottleneck, numba, torch, numkong")
    parser.add_argument("--profile", choices=("quick", "full"), default="full")
    parser.add_argument("--machine", help="the name that the results are filed under (default: asv's)")
    parser.add_argument("--out", type=Path, help="the folder of the results (default: results/peers/MACHINE)")
    parser.add_argument(
        "--merge", action="store_true", help="keep the cells of an earlier run that this one leaves out"
    )
    parser.add_argument("--report", action="store_true", help="measure nothing: table and pictures of what is there")
    parser.add_argument("--core", type=int, help="the core to run on (default: the last one)")
    return parser.parse_args(arguments)


def main():
    chosen = options()
    # Before NumPy is loaded: its BLAS starts as many threads as there are cores that it may use.
    if hasattr(os, "sched_setaffinity"):
        core = max(os.sched_getaffinity(0)) if chosen.core is None else chosen.core
        os.sched_setaffinity(0, {core})
    # The installed package, not its sources.
    sys.path[:] = [place for place in sys.path if place not in ("", str(ROOT))] + [str(ROOT)]
    from . import run

    run.run(chosen)


if __name__ == "__main__":
    main()
