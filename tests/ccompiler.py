# SPDX-License-Identifier: BSD-3-Clause
"""The C core, compiled by the tests with flags of their own."""

import os
import shlex
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
CSRC = ROOT / "csrc"
KERNELS = sorted((CSRC / "kernels").glob("*.c"))
CC = shlex.split(os.environ.get("CC", "cc"))
BASE = ["-std=c11", "-ffp-contract=off", "-fno-math-errno", f"-I{CSRC}"]


def cc(*arguments, cwd=None):
    """Run the C compiler; its complaints are the failure's message."""
    command = [*CC, *BASE, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stderr}"


def run(*command, **more):
    """The output of a command that must succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
