# SPDX-License-Identifier: BSD-3-Clause
"""The record of a run: peers.json with everything, peers.csv with a row per cell."""

import csv
import json
import math
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import strideops

from . import idioms

ROOT = Path(__file__).parents[2]
OURS = "strideops: strideops"
KEY = ("call", "pattern", "dtype", "size")


def key(cell):
    return tuple(cell[name] for name in KEY)


def by_peer(cell):
    """Peer -> the seconds of its fastest idiom."""
    best = {}
    for name, seconds in cell["times"].items():
        peer = name.split(":")[0]
        best[peer] = min(seconds, best.get(peer, math.inf))
    return best


def ours(cell):
    return cell["times"].get(OURS)


def best_peer(cell):
    """(peer, seconds), or None where no peer does it."""
    peers = {peer: seconds for peer, seconds in by_peer(cell).items() if peer != "strideops"}
    return min(peers.items(), key=lambda item: item[1]) if peers else None


def ratio(cell):
    """Best peer's time / ours; None where one of them has no figure."""
    best = best_peer(cell)
    return best[1] / ours(cell) if best and ours(cell) else None


def share(cell):
    """Of the limit: the time to read the cell's cache lines in a row / ours."""
    return cell["limit"] / ours(cell) if ours(cell) else None


def _git(*arguments):
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _cpu():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def machine_name():
    """As asv files it; the host's name where asv has none."""
    try:
        from asv.machine import Machine

        return Machine.load().machine
    except Exception:  # asv is missing, or has not been asked for the machine yet
        return platform.node()


def about(machine):
    """Where, when and with what."""
    versions = {"python": platform.python_version(), "strideops": strideops.__version__}
    for name in idioms.PEERS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "csrc", "strideops", "benchmarks")
    isa = getattr(strideops, "isa", None)
    return {
        "machine": machine,
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit + (" and changes" if changed else ""),
        "command": " ".join(["python -m benchmarks.peers", *sys.argv[1:]]),
        "isa": isa() if callable(isa) else isa,
        "versions": versions,
    }


def merge(old, new):
    """The cells of an older record, with the new ones in the place of theirs."""
    cells = {key(cell): cell for cell in old.get("cells", [])}
    cells.update((key(cell), cell) for cell in new["cells"])
    return {**old, **new, "cells": list(cells.values())}


def _rounded(value):
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value


def _text(value):
    """JSON, the items of a list a line each: a cell that changes is a line that changes."""
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"
    return json.dumps(value, indent=1)


def load(folder):
    path = folder / "peers.json"
    return json.loads(path.read_text()) if path.exists() else {}


def save(record, folder):
    """Write peers.json and peers.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    record = _rounded(record)
    parts = [f"{json.dumps(name)}: {_text(value)}" for name, value in record.items()]
    (folder / "peers.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")
    with open(folder / "peers.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            [*KEY, "strideops", *idioms.PEERS, "best peer", "ratio", "cache lines", "limit", "share of limit"]
        )
        for cell in record["cells"]:
            seconds = by_peer(cell)
            best = best_peer(cell)
            writer.writerow(
                [
                    *key(cell),
                    *(seconds.get(peer, "") for peer in ("strideops", *idioms.PEERS)),
                    best[0] if best else "",
                    _rounded(ratio(cell)) or "",
                    cell["lines"],
                    cell["limit"],
                    _rounded(share(cell)) or "",
                ]
            )
