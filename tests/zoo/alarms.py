# SPDX-License-Identifier: BSD-3-Clause
"""False alarms: every call of the strided path on every pattern, and the controls, guarded beside a busy thread."""

import itertools
import threading

import numpy as np

import strideops
from benchmarks import cases, patterns

from .scores import make

SIZES = (24, 64, 200)


def guarded_calls(controls):
    """Without end: (name, function, arguments, readers); a copyto is left out, since it copies."""
    named = [
        (call, pattern, n, dtype)
        for n, dtype in itertools.product(SIZES, patterns.TIMED_DTYPES)
        for call, pattern in itertools.product(cases.CALLS, patterns.PATTERNS)
        if cases.is_case(call, pattern) and not call.startswith("copyto")
    ]
    for turn in itertools.count():
        for case in named:
            yield ", ".join(map(str, case)), *cases.prepare("strided", *case), ("strideops",)
        for each in controls:
            yield f"{each.family}: {each.name}", each.run, (make(200, turn),), each.readers


def count(controls, calls):
    """Guards that cried wolf, with their reasons, in so many calls."""
    from rich.progress import track

    stop = threading.Event()
    random = np.random.default_rng(10**9)  # numbers of its own

    def allocate():
        while not stop.is_set():
            random.random((100, 100)).T.copy()

    busy = threading.Thread(target=allocate)
    busy.start()
    alarms = []
    try:
        for number, (name, function, arguments, readers) in enumerate(
            track(itertools.islice(guarded_calls(controls), calls), total=calls, description="false alarms")
        ):
            function(*arguments)
            arrays = [argument for argument in arguments if isinstance(argument, np.ndarray)]
            try:
                with strideops.assert_no_copy(*arrays, readers=readers if number % 2 else None):
                    function(*arguments)
            except strideops.CopyDetected as error:
                alarms.append(f"{name}: {error}")
    finally:
        stop.set()
        busy.join()
    return alarms
