# SPDX-License-Identifier: BSD-3-Clause
"""Does an idiom do what the op means? NumPy's first idiom says what that is, in double precision for floats; a wrong
idiom has no figure.
"""

import time

import numpy as np

TARGETS = {"copyto": 0, "fill": 0, "scale": 0, "axpy": 2}
ELEMENTWISE = {
    "copyto": lambda dst, src: src,
    "fill": lambda x, value: np.full_like(x, value),
    "scale": lambda x, alpha: x * x.dtype.type(alpha),
    "axpy": lambda alpha, x, y: y + x.dtype.type(alpha) * x,
}
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}  # of the value: speed that costs more digits is none
SAMPLED = 100  # indices per axis that are compared


class Wrong(ValueError):
    """The result is not NumPy's."""


def arguments_of_check(op, arguments):
    """Timed with 1, which leaves the numbers what they are, and checked with 2, which does not."""
    return tuple(2 if op in TARGETS and isinstance(argument, int) else argument for argument in arguments)


def widened(arguments):
    """The arguments, float32 as float64, whose sums are no less accurate than anybody's; and whether there was any."""
    wide = tuple(a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a for a in arguments)
    return wide, any(a is not b for a, b in zip(wide, arguments, strict=True))


def _sample(array):
    return np.ix_(*(np.unique(np.linspace(0, n - 1, min(n, SAMPLED)).astype(int)) for n in array.shape))


def _agree(got, expected, dtype):
    if got.shape != expected.shape:
        raise Wrong(f"shape {got.shape}, not {expected.shape}")
    got, expected = np.asarray(got[_sample(got)]), np.asarray(expected[_sample(expected)])
    same = np.isclose(got, expected, rtol=TOLERANCE.get(dtype, 0), atol=0)
    if not same.all():
        raise Wrong(f"{got[~same][0]} instead of {expected[~same][0]}")


def timed(function, arguments):
    """The result of a call, and its seconds."""
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def check(op, function, arguments, given, expected):
    """Make one call, and raise `Wrong` where it has not done what the op means.

    Parameters
    ----------
    op : str
    function, arguments
        The call.
    given : tuple
        What the op gets, as arrays: the call must have written there, if it writes.
    expected : ndarray or None
        What the call must return, if it reads.

    Returns
    -------
    float
        The seconds of the call.
    """
    with np.errstate(all="ignore"):
        if op in TARGETS:
            target = given[TARGETS[op]]
            sample = _sample(target)
            target[sample] += 1  # so that what an earlier call has written is wrong now
            expected = ELEMENTWISE[op](*(a[sample] if isinstance(a, np.ndarray) else a for a in given))
            _, seconds = timed(function, arguments)
            result = target[sample]
        else:
            result, seconds = timed(function, arguments)
            result = np.asarray(result)
    _agree(result, expected, given[-1 if op == "axpy" else 0].dtype.name)
    if op == "pack" and (np.may_share_memory(result, given[0]) or not result.flags.c_contiguous):
        raise Wrong("not a packed copy")
    return seconds
