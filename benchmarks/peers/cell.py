# SPDX-License-Identifier: BSD-3-Clause
"""One cell: who does the op right, and how fast is each of them?"""

import warnings
from contextlib import contextmanager

import numpy as np

from . import check, grid, idioms, limits, measure, results

SECONDS = {6: 0.05, 64: 0.05, 512: 0.08}
SECONDS_OF_LARGE = 0.2
LARGE = 2**20  # elements: the way to the work takes no time
AGAIN = 3  # re-measurements of a cell in which a peer seems faster
NO_DOUBT = 0.7  # a ratio that no noise explains


@contextmanager
def quiet():
    """Read-only tensors, overflows in the numbers that a check makes: nothing to tell the reader of a table."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _ours(op):
    return {"strideops": {op: {"strideops": lambda *arguments: (grid.ours(op), arguments)}}}


def prepare(op, arguments, tables):
    """Check every idiom.

    Returns
    -------
    samplers : dict
        "peer: idiom" -> Sampler, strideops first.
    refused : dict
        "peer: idiom" -> why it has no figure.
    result : ndarray or None
        What a call returns.
    """
    checked = check.arguments_of_check(op, arguments)
    result = oracle = None
    if op not in check.TARGETS:
        idiom, build = next(iter(idioms.numpy()[op].items()))
        yardstick, widened = check.widened(arguments)
        result, seconds_of_oracle = check.timed(*build(*yardstick))
        result = np.asarray(result)
        if not widened:
            oracle = f"numpy: {idiom}"
        elif result.dtype == np.float64:
            result = result.astype(np.float32)
    samplers, refused = {}, {}
    for peer, table in {**_ours(op), **tables}.items():
        for idiom, build in table.get(op, {}).items():
            if idiom in idioms.SHORTCUTS and arguments[0].size > LARGE:
                continue
            name = f"{peer}: {idiom}"
            try:
                call = build(*checked)
                if call is None:
                    continue
                seconds = seconds_of_oracle if name == oracle else check.check(op, *call, checked, result)
                samplers[name] = measure.timer(*build(*arguments), seconds)
            except Exception as error:  # a peer may refuse with whatever it likes
                refused[name] = f"{type(error).__name__}: {error}".split("\n")[0][:70]
    return samplers, refused, result


def run(cell, memory, tables):
    """Measure a cell.

    Returns
    -------
    dict
        Seconds per call by "peer: idiom", those that refused, the cache lines of all operands, the seconds to read so
        many in a row, and for copies the seconds of memcpy.
    """
    op = grid.CALLS[cell.call].op
    seconds = SECONDS.get(cell.size, SECONDS_OF_LARGE)
    with quiet():
        arguments = memory.arguments(cell.call)
        samplers, refused, result = prepare(op, arguments, tables)
        arrays = [array for array in (*arguments, result) if isinstance(array, np.ndarray)]
        lines = sum(map(limits.lines, arrays))
        reading = limits.reading(lines)
        copying = [limits.copying(arrays[0].nbytes)] if op in {"pack", "copyto"} else []
        for factor in (1, *[3] * AGAIN):
            measure.interleave(list(samplers.values()), [reading, *copying], factor * seconds, factor)
            times = {name: sampler.best for name, sampler in samplers.items()}
            ratio = results.ratio({"times": times})
            if ratio is None or ratio >= 1 or (factor > 1 and ratio < NO_DOUBT):
                break
    return {
        "op": op,
        "call": cell.call,
        "pattern": cell.pattern,
        "dtype": cell.dtype,
        "size": cell.size,
        "lines": lines,
        "limit": reading.seconds,
        **({"memcpy": copying[0].seconds} if copying else {}),
        "times": times,
        "refused": refused,
    }
