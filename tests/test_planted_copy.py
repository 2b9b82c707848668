# SPDX-License-Identifier: BSD-3-Clause
"""A copy planted in the strided path turns the suite red: the zero-copy tests are run on a mutated package."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import strideops
from strideops import strided

HERE = Path(__file__).parent

PLANT = """
import numpy as np
from . import _core


def {op}(*args, **kwargs):
    copies = [np.ascontiguousarray(a) if isinstance(a, np.ndarray) and a.ndim else a for a in args]
    result = _core.{op}(*copies, **kwargs)
    for copy, original in zip(copies, args):
        if copy is not original and original.flags.writeable:
            original[...] = copy
    return result


{op}.__doc__ = _core.{op}.__doc__
"""


def run_contract(folder, op):
    """The zero-copy tests of one op, in a process that imports strideops from the folder."""
    # Bytecode is taken for that of another plant of the same length and second.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        op,
        str(HERE / "test_zero_copy.py"),
    ]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutated")
    shutil.copytree(Path(strideops.__file__).parent, folder / "strideops", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("op", strided.__all__)
def test_planted_copy(op, package):
    """np.ascontiguousarray, and for a target a copy back, so that every result stays right."""
    target = package / "strideops" / "strided.py"
    original = target.read_text()
    target.write_text(original + PLANT.format(op=op))
    try:
        done = run_contract(package, op)
    finally:
        target.write_text(original)
    assert done.returncode == 1, done.stdout + done.stderr
    failures = dict(re.findall(r"^FAILED .*::(\w+)\[.*?\](?: - (\w+))?", done.stdout, re.MULTILINE))
    assert {"test_strided_allocations_do_not_grow", "test_the_core_receives_the_callers_memory"} <= set(failures)
    assert set(failures.values()) <= {"", "assert", "AssertionError"}
    assert "ERROR" not in done.stdout


def test_the_same_package_without_the_plant(package):
    done = run_contract(package, "sum")
    assert done.returncode == 0, done.stdout + done.stderr
