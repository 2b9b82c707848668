# SPDX-License-Identifier: BSD-3-Clause
"""The C core on other systems: zig, which brings their headers, compiles and links it, and what can runs here."""

import os
import re
import sys

import pytest
from ccompiler import CSRC, KERNELS, PROGRAMS, cc, compile_each, require, run

# What runs a target's programs on Linux; None: they are linked only. For Windows nothing is linked: zig would
# compile its C library for a minute.
RUNNERS = {
    "x86_64-linux-musl": ["env"],
    "aarch64-linux-musl": ["qemu-aarch64-static"],
    "aarch64-linux-gnu": None,
    "aarch64-macos": None,
    "x86_64-macos": None,
    "x86_64-windows-gnu": None,
}


@pytest.fixture
def zig_for(monkeypatch):
    """The compiler for a target."""
    for cache in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"):
        monkeypatch.setenv(cache, os.path.join(sys.prefix, "zig-cache"))
    return lambda target: [sys.executable, "-m", "ziglang", "cc", "-target", target]


@pytest.mark.parametrize("target", RUNNERS)
def test_probes(target, tmp_path, zig_for):
    """What cannot be watched on a system is left out there, and the rest compiles; but for what includes Python.h."""
    sources = [path for path in (CSRC / "probes").glob("*.c") if "Python.h" not in path.read_text()]
    assert len(sources) >= 12
    compile_each([path for path in sources if path.name != "numpy_memory.c"], ["-O0"], tmp_path, zig_for(target))


@pytest.mark.parametrize("target", RUNNERS)
def test_target(target, tmp_path, zig_for):
    zig = zig_for(target)
    runner = RUNNERS[target]
    # Only what no other test optimizes.
    flags = ["-O2"] if target.startswith("aarch64") and runner else ["-O0", "-fno-sanitize=undefined"]
    objects = compile_each([*KERNELS, PROGRAMS / "random_layouts.c"], flags, tmp_path, zig)
    if "windows" in target:
        return
    program = tmp_path / "program"
    cc(*objects, "-lm", "-o", program, compiler=zig)
    if runner and sys.platform == "linux":
        require(runner[0])
        assert re.fullmatch(r"\d+ layouts, \d+ runs\n", run(*runner, program, 50))
