# SPDX-License-Identifier: BSD-3-Clause
"""The other end of worker.py: a process in the environment of a build."""

import json
import os
import select
import subprocess
import weakref
from contextlib import suppress
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1]
TIMEOUT = 300  # seconds that one order may take

# One thread, and no difference between two processes but what the operating system makes.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


_running = weakref.WeakSet()


class Failed(Exception):
    """A benchmark, or the process itself, that failed: the sentence says on which side and why."""


class Process:
    """A worker; a context manager that ends it. Ctrl-C at the terminal does not reach it: `kill_all` does."""

    def __init__(self, build, core=None, prefix=()):
        self._side = build.side
        command = [*prefix, build.python, "-P", str(Path(__file__).parent / "worker.py"), str(BENCHMARKS)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(build.python).parent,
            start_new_session=True,
            env={**environment, **ENVIRONMENT},
        )
        self._answers = select.poll()
        self._answers.register(self._process.stdout, select.POLLIN | select.POLLHUP)
        _running.add(self)
        self.order("pin", core)

    def order(self, *words):
        """What the worker answers; Failed where it cannot."""
        line = b""
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(words).encode() + b"\n")
            # No thread as a watchdog: it would take as long as an order does.
            while not line.endswith(b"\n") and self._answers.poll(1000 * TIMEOUT):
                part = os.read(self._process.stdout.fileno(), 1 << 20)
                if not part:
                    break
                line += part
        if not line.endswith(b"\n"):
            self.kill()
            raise Failed(f"{self._side}: the process of {words[0]!r} ended with status {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{self._side}: {answer['error']}")
        return answer["value"]

    def kill(self):
        self._process.kill()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if error[0] is not None:
            self.kill()
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def kill_all():
    """The processes of an interrupted run; who waits for an answer gets Failed."""
    for process in list(_running):
        process.kill()
