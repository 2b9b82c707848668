# SPDX-License-Identifier: BSD-3-Clause
"""What is measured: the calls, on the patterns, in five dtypes and four sizes. Calls and patterns are the suite's."""

from dataclasses import dataclass
from itertools import product

import numpy as np

import strideops

from .. import cases, patterns

SIZES = (6, 64, 512, 4096)
DTYPES = ("float64", "float32", "int64", "uint8", "int32")
PROFILES = {"quick": {"sizes": (6, 512), "dtypes": ("float64",)}, "full": {"sizes": SIZES, "dtypes": DTYPES}}

# The suite's, without the one that reads a single element, and what it leaves out to stay short.
_CALLS = {
    **{name: call for name, call in cases.CALLS.items() if name != "item"},
    "min_first_axis": cases.Call("min", lambda x, another: (x, 0)),
    "min_last_axis": cases.Call("min", lambda x, another: (x, -1)),
    "argmin_first_axis": cases.Call("argmin", lambda x, another: (x, 0)),
    "argmin_last_axis": cases.Call("argmin", lambda x, another: (x, -1)),
    "pack": cases.Call("pack", lambda x, another: (x,)),
}
_OPS = list(dict.fromkeys(call.op for call in _CALLS.values()))
CALLS = dict(sorted(_CALLS.items(), key=lambda item: _OPS.index(item[1].op)))


@dataclass(frozen=True)
class Cell:
    """One place of the grid; its name is how results are filed."""

    call: str
    pattern: str
    dtype: str
    size: int


def ours(op):
    """The function that is measured, or None where the installed strideops has none."""
    return strideops.pack if op == "pack" else getattr(strideops.strided, op, None)


def is_cell(call, pattern):
    """Calls that are not the suite's take any pattern."""
    return ours(CALLS[call].op) is not None and (call not in cases.CALLS or cases.is_case(call, pattern))


def groups(sizes, dtypes, calls=CALLS, names=patterns.PATTERNS):
    """Lists of cells that share their memory. Those that write come last: the others want the pattern's numbers."""
    ordered = sorted(calls, key=lambda call: CALLS[call].writes)
    for size, dtype, pattern in product(sizes, dtypes, names):
        yield [Cell(call, pattern, dtype, size) for call in ordered if is_cell(call, pattern)]


class Memory:
    """The arrays of a group."""

    def __init__(self, cell):
        self._views = [patterns.make(cell.pattern, cell.size, cell.dtype)[1] for _ in range(2)]

    def arguments(self, call):
        view, other = self._views
        arguments = CALLS[call].arguments(view, lambda: other)
        for argument in arguments:
            # Until something is written to it, all of np.zeros is one page, which no cache misses.
            if isinstance(argument, np.ndarray) and argument.base is None:
                argument[...] = np.resize(np.arange(97 * 1024, dtype=np.int64) % 97, argument.shape)
        return arguments
