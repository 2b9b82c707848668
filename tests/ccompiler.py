# SPDX-License-Identifier: BSD-3-Clause
"""The C core, compiled by the tests with flags of their own."""

import json
import os
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CSRC = ROOT / "csrc"
KERNELS = sorted((CSRC / "kernels").glob("*.c"))
PROGRAMS = ROOT / "tests/c"
CC = shlex.split(os.environ.get("CC", "cc"))
BASE = ["-std=c11", "-ffp-contract=off", "-fno-math-errno", f"-I{CSRC}"]
STRICT = ["-Wall", "-Wextra", "-Werror"]
COMPILERS = ("gcc", "clang")
BUILDS = {
    # Without optimization every load of the source is there to be checked.
    "sanitized": ["-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DPOISON"],
    "optimized": ["-O3", "-fPIC", "-fstack-usage"],
}


def cc(*arguments, cwd=None, compiler=CC):
    """Run the C compiler; its complaints are the failure's message."""
    command = [*compiler, *BASE, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stderr}"


def run(*command, **more):
    """The output of a command that must succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def require(program):
    """A test that needs this program is skipped where it is not installed, but not in CI."""
    if not shutil.which(program):
        assert "CI" not in os.environ, f"CI must install {program}"
        pytest.skip(f"{program} is not installed")


def built_objects():
    """The core's objects as `make` has built them for the package, or None where that was not gcc."""
    compilers = ROOT / "build/meson-info/intro-compilers.json"
    if not compilers.exists() or json.loads(compilers.read_text())["host"]["c"]["id"] != "gcc":
        return None
    return sorted(path for name in ("layouts", "*kernels") for path in (ROOT / "build").glob(f"lib{name}.a.p/*.o"))


def compile_each(sources, flags, folder, compiler):
    """The objects of the sources, side by side, and all that the compiler puts beside them."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda source: cc(*STRICT, *flags, "-c", source, cwd=folder, compiler=compiler), sources))
    return [folder / f"{source.stem}.o" for source in sources]
