# SPDX-License-Identifier: BSD-3-Clause
"""What operations really do with an array's memory, beside the verdicts of strideops.operations.

Run as a script, with the NumPy that is on the path, it prints what disagrees; test_explain.py runs it with the oldest.
"""

import ctypes
import hashlib
import pickle
import random
import sys
import warnings
from pathlib import Path

import numpy as np

import strideops
from strideops import operations, rules

sys.path.append(str(Path(__file__).parent.parent))  # behind the installed package
from benchmarks import patterns

try:
    import torch
except ImportError:
    torch = None  # of several gigabytes: its verdict is tested where it is installed, as make peers has it

DTYPES = ("f8", "f8", "f4", "i8", "i4", "u2", "u1", "i1", "c16", "c8", "f2", "?", ">f8", ">i4")
LENGTHS = (1, 1, 2, 3, 4, 5, 8, 17)
LONG = (33, 100, 4200, 9000)
MARGIN = 1 << 17  # bytes in front of and behind an array, for those that read what is not theirs
LOOPS = ("np.sum(x)", "x.max()", "x + 1", "np.add(x, 1, out=np.empty_like(x, order='C'))")
BUFFER = 8192  # elements


def place(shape, strides, dtype, offset):
    """An array of this layout in the middle of memory that has other values; its own differ, as far as they can."""
    itemsize = np.dtype(dtype).itemsize
    low = sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if s < 0 < n)
    high = sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if s > 0 and n > 0) + itemsize
    room = np.full(high - low + offset + 2 * MARGIN, 0x5A, np.uint8)
    start = -room.ctypes.data % 64 + MARGIN - 64 + offset - low
    x = np.ndarray(shape, dtype, room, start, strides)
    most = {"b": 2, "i": 120, "u": 250}.get(x.dtype.kind, 2000) if itemsize == 1 else 2000
    x[...] = np.random.default_rng(0).integers(x.dtype.kind != "b", most, shape)
    return x


def draw(rng, lengths=LENGTHS):
    """A random array: any order of its axes, gaps, signs, overlaps, alignments and byte orders."""
    while True:
        shape = [rng.choice(lengths) for _ in range(rng.choice((0, 1, 1, 2, 2, 2, 3, 3, 4)))]
        if shape and rng.random() < 0.08:
            shape[rng.randrange(len(shape))] = 0
        dtype = rng.choice(DTYPES)
        itemsize = np.dtype(dtype).itemsize
        gaps = (0, 0, 0, 0, itemsize, 2 * itemsize, 8 * itemsize, 3) if rng.random() < 0.7 else (0,)
        strides, step = [0] * len(shape), itemsize
        for axis in rng.sample(range(len(shape)), len(shape)):
            step += rng.choice(gaps)
            strides[axis] = 0 if rng.random() < 0.07 else step * rng.choice((1, 1, 1, 1, -1))
            step = max(step, abs(strides[axis])) * max(1, shape[axis])
        size = 1
        for length in shape:
            size *= length
        if size <= 200_000 and step <= 20_000_000:
            break
    x = place(tuple(shape), tuple(strides), dtype, rng.choice((0, 0, 0, 0, 1, itemsize)))
    if rng.random() < 0.1:
        x.flags.writeable = False
    return x


def happens(code, x):
    """(outcome, bytes or the name of an error) of an operation that needs no compiler."""
    buffers = []
    names = {"x": x, "np": np, "pickle": pickle, "hashlib": hashlib, "buffers": buffers, "torch": torch}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if code == "x.shape = x.size":
                names["x"] = x.view()
                exec(code, names)
                return rules.SAME, 0
            result = eval(code, names)
    except Exception as error:
        return rules.REFUSES, type(error).__name__
    if result is x:
        return rules.SAME, 0
    if "buffer_callback" in code:
        if not buffers:
            return rules.COPIES, x.nbytes
        result = np.asarray(buffers[0].raw())
    if torch is not None and isinstance(result, torch.Tensor):
        result = result.numpy()
    if isinstance(result, np.generic):
        return rules.COPIES, result.nbytes
    if isinstance(result, (memoryview, ctypes.Array, ctypes._SimpleCData)):
        result = np.asarray(result)
    if isinstance(result, np.ndarray):
        shares = np.may_share_memory(result, x) if x.size else result.base is not None
        return (rules.VIEW, 0) if shares else (rules.COPIES, result.nbytes)
    if isinstance(result, bytes):
        return rules.COPIES, x.nbytes
    return rules.IN_PLACE, 0


def pointed_at(code, x):
    """What C reads that is given a pointer and lengths, with strides or without."""
    if x.dtype.kind == "b":
        x = np.ndarray(x.shape, np.uint8, x.base, x.ctypes.data - x.base.ctypes.data, x.strides)
    if "strides" in code:
        read = np.ndarray(x.shape, x.dtype.newbyteorder("="), x.base, x.ctypes.data - x.base.ctypes.data, x.strides)
    else:
        read = np.frombuffer(ctypes.string_at(x.ctypes.data, x.nbytes), x.dtype.newbyteorder("=")).reshape(x.shape)
    return (rules.VIEW if np.array_equal(read, x) else rules.WRONG), 0


def agrees(verdict, outcome, detail):
    if outcome != verdict.outcome:
        return False
    if outcome == rules.REFUSES:
        return detail == verdict.error
    return outcome != rules.COPIES or detail == verdict.bytes


def disagreements(x):
    """(code, verdict, what happens) for all operations that need neither a compiler nor a meter."""
    told = operations.verdicts(x)
    for code, operation in operations.OPERATIONS.items():
        if operation.group in ("arithmetic", "Cython") or ("torch" in code and torch is None):
            continue
        seen = pointed_at(code, x) if operation.group == "C" else happens(code, x)
        if not agrees(told[code], *seen):
            yield code, told[code], seen


def weighed(x):
    """The same for arithmetic, of an array that is large enough: by the bytes that a call allocates besides its result.

    NumPy before 2.3 allocates buffers that it does not use; there a buffer has to hold elements in their order.
    """
    vector = np.ones(x.shape[-1:], x.dtype)
    told = operations.verdicts(x)
    enough = min(x.size, BUFFER) * x.itemsize / 2
    for code, operation in operations.OPERATIONS.items():
        if operation.group != "arithmetic":
            continue
        function = eval(f"lambda x, v: {code}", {"np": np})
        with np.errstate(all="ignore"):
            result = function(x, vector)
            spent = min(strideops.proof.allocated(function, x, vector).total for _ in range(2))
        copied = spent - getattr(result, "nbytes", 0) >= enough
        expected = told[code].outcome in (rules.COPIES, rules.CHUNKS)
        if copied and not expected and code in LOOPS and rules.NUMPY < "2.3.0.dev0":
            copied = strideops.trace_copy(function, x, vector, level="portable").copied(0) >= enough
        if copied != expected:
            yield code, told[code], (spent, x.nbytes)


def is_large(x):
    """What a call allocates for it can be told from what a call allocates anyway."""
    return min(x.size, BUFFER) * x.itemsize >= 16384


def draw_large(rng):
    while True:
        x = draw(rng, LENGTHS + LONG)
        if is_large(x) and x.dtype.kind != "b":
            return x


def of_pattern(pattern, size, dtype):
    """An array that is laid out as the view of a pattern."""
    _, view = patterns.make(pattern, size, dtype)
    return place(view.shape, view.strides, view.dtype, 0)


def large_of_pattern(pattern):
    return of_pattern(pattern, 2048 if pattern in ("column", "diagonal") else 512, "float64")


def main(seed, count, large):
    rng, wrong = random.Random(seed), 0
    arrays = [(of_pattern(pattern, 12, "float64"), disagreements) for pattern in patterns.PATTERNS]
    arrays += [(large_of_pattern(pattern), weighed) for pattern in patterns.PATTERNS]
    arrays += [(draw(rng), disagreements) for _ in range(count)]
    arrays += [(draw_large(rng), weighed) for _ in range(large)]
    for x, check in arrays:
        for code, verdict, seen in check(x):
            wrong += 1
            print(f"{code} of {x.shape}:{x.strides} {x.dtype} {x.flags.writeable=}: {verdict}, but {seen}")
    print(f"NumPy {np.__version__}: {wrong} disagreements")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
