# SPDX-License-Identifier: BSD-3-Clause
"""The other end of worker.py: a process that runs a build.

Every process gets a copy of the package of its own. Where the pages of a library lie in memory stays as it is for as
long as the system keeps the file, hours, and makes small calls faster or slower by a per cent: two builds of the same
code then differ in every process, until one day they do not. Copies lie somewhere else each time. For the same reason
both sides of a comparison run in one environment, with one NumPy.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
from concurrent import futures
from contextlib import contextmanager, suppress
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

RAISES = signal.default_int_handler
HEARING = 0.5  # seconds; a signal that comes just before a thread begins to wait does not end the wait

_running = set()
_stopped = threading.Event()


class Failed(Exception):
    """A benchmark, or the process itself, that failed: the sentence says on which side and why."""


class Process:
    """A worker; a context manager that ends it. Ctrl-C at the terminal does not reach it (see `side_by_side`)."""

    def __init__(self, build, core=None, prefix=(), home=None):
        """Start it.

        Parameters
        ----------
        build : Build
        core : int or None
            To stay on.
        prefix : sequence of str
            A program that runs it, and its options.
        home : Build or None
            In whose environment it runs; None is its own.
        """
        self._side = build.side
        self._folder = Path(tempfile.mkdtemp(prefix="strideops-"))
        shutil.copytree(build.package, self._folder / build.package.name)
        python, worker = (home or build).python, Path(__file__).parent / "worker.py"
        command = [*prefix, python, "-P", str(worker), str(BENCHMARKS), str(self._folder)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(python).parent,
            start_new_session=True,
            env={**environment, **ENVIRONMENT},
        )
        self._answers = select.poll()
        self._answers.register(self._process.stdout, select.POLLIN | select.POLLHUP)
        _running.add(self)
        if _stopped.is_set():  # asked after the adding: who stops all has seen it, or is seen here
            self.__exit__(Failed)
            raise Failed("interrupted")
        self.order("pin", core)

    def order(self, *words):
        """What the worker answers; Failed where it cannot."""
        line = b""
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(words).encode() + b"\n")
            # No thread as a watchdog: it would take as long as an order does.
            while not line.endswith(b"\n"):
                if not self._answers.poll(1000 * TIMEOUT):
                    self.kill()
                    raise Failed(f"{self._side}: {words[0]!r} took more than {TIMEOUT} seconds")
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
        _running.discard(self)
        if error[0] is not None:
            self.kill()
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _stop_all(*_):
    """Threads that wait for their answers get Failed at once, and no process begins."""
    _stopped.set()
    for process in list(_running):
        process.kill()


@contextmanager
def _hearing():
    """Ctrl-C within is _stop_all: an exception could come in the middle of a lock, and the lock's own hide it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raising = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is RAISES]
    for number in raising:
        signal.signal(number, _stop_all)
    try:
        yield
    finally:
        for number in raising:
            signal.signal(number, RAISES)


def side_by_side(run, items, threads=None):
    """`run(item)` of every item, each in a thread; Ctrl-C ends the processes that they use, and then is raised here.

    Parameters
    ----------
    run : callable
    items : sequence
    threads : int, optional
        At most at a time; one for every item where it is not given.

    Returns
    -------
    list
        In the order of the items.
    """
    _stopped.clear()
    with _hearing(), futures.ThreadPoolExecutor(threads or len(items)) as pool:
        submitted = [pool.submit(run, item) for item in items]
        while futures.wait(submitted, HEARING).not_done:
            pass
    if _stopped.is_set():
        raise KeyboardInterrupt
    return [each.result() for each in submitted]
