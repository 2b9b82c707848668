# SPDX-License-Identifier: BSD-3-Clause
"""What each layer, and the guard as a whole, sees of the inhabitants."""

import contextlib
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import strideops

from .build import HERE

LAYERS = ("allocations", "contents", "memcpy", "readers", "trace", "audit", "guard", "guard, readers named")
ALLOCATORS = re.compile(r"\b(malloc|calloc|realloc|posix_memalign|aligned_alloc|mmap|open_memstream|pthread_create)\b")
MAY_IMPORT = {"memcpy", "memmove", "memset", "__stack_chk_fail"}


@dataclass(frozen=True)
class Score:
    """By layer, whether it saw a copy; None where it could not look."""

    family: str
    name: str
    seen: dict


def make(n=200, seed=0):
    """A cut of fresh random numbers."""
    return np.random.default_rng(seed).random((n, n + 2))[:, :n]


def _evidence(inhabitant, n, **how):
    x = make(n)
    inhabitant.run(make(n, seed=1))  # what is done for the first time is not the array's
    guard = strideops.assert_no_copy(x, **how)
    evidence = guard.__enter__()
    try:
        inhabitant.run(x)
    except OSError:  # of a system call on protected pages
        return None, x
    finally:
        with contextlib.suppress(strideops.CopyDetected):
            guard.__exit__(None, None, None)
    return evidence, x


def audit(name):
    """The object audit of one function of native.c, with the constants and state that it uses."""
    source = (HERE / "native.c").read_text()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        # One function is left visible; the compiler drops what it does not need.
        body = re.sub(rf"^double (?!{name}\()(\w+)\(ARGUMENTS\)", r"static double \1(ARGUMENTS)", source, flags=re.M)
        (path / "one.c").write_text(body)
        command = ["gcc", "-O2", "-w", "-fPIC", "-fstack-usage", "-c", "one.c"]
        subprocess.run(command, cwd=path, check=True)
        symbols = subprocess.run(["nm", "-P", "one.o"], cwd=path, check=True, capture_output=True, text=True).stdout
        frames = [line.split("\t") for line in (path / "one.su").read_text().splitlines()]
    imported = {line.split()[0] for line in symbols.splitlines() if line.split()[1] == "U"}
    state = any(line.split()[1] in "bBdDcC" for line in symbols.splitlines())
    frame = any(int(size) > 8192 or "dynamic" in kind for _, size, kind in frames)
    return bool(imported - MAY_IMPORT - {"_GLOBAL_OFFSET_TABLE_"}) or state or frame


def score(inhabitant, n=200):
    """Every layer's word on one inhabitant."""
    named, x = _evidence(inhabitant, n, readers=inhabitant.readers)
    anyone, _ = _evidence(inhabitant, n)
    traced, _ = _evidence(inhabitant, 12, readers=inhabitant.readers, level="trace")
    copy = named.copies[0]
    audited = audit(inhabitant.name) if inhabitant.source else None
    seen = {
        "allocations": named.allocated.total >= x.nbytes // 2,
        "contents": bool(named.blocks),
        "memcpy": copy.largest > x.itemsize or 2 * copy.copied >= x.nbytes,
        "readers": any(" read it" in reason for reason in named.reasons),
        "trace": any(" read it" in reason for reason in traced.reasons) if traced else None,
        "audit": audited,
        "guard": anyone.verdict == "copied",
        "guard, readers named": named.verdict == "copied",
    }
    return Score(inhabitant.family, inhabitant.name, seen)
