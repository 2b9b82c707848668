# SPDX-License-Identifier: BSD-3-Clause
"""From names (path, call, pattern, size, dtype) to a function and its arguments; shared by asv, pytest and the tests.

A call is an op with its way of using the pattern's view; an op with axes or with two roles has several.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

import strideops

from . import patterns

PATHS = ("strided", "contiguous")


@dataclass(frozen=True)
class Call:
    """An op and the arguments that it gets.

    Attributes
    ----------
    op : str
        A name in ``strideops.strided.__all__``.
    arguments : callable(view, another) -> tuple
        `another()` makes a second view of the same pattern in memory of its own.
    writes : bool
        To the view: patterns that overlap themselves are out.
    axes : int or None
        That the view must have; None is any number.
    """

    op: str
    arguments: object
    writes: bool = False
    axes: int | None = None


CALLS = {
    "item": Call("item", lambda x, another: (x, *[-1] * x.ndim)),
    "sum": Call("sum", lambda x, another: (x,)),
    "sum_first_axis": Call("sum", lambda x, another: (x, 0)),
    "sum_last_axis": Call("sum", lambda x, another: (x, -1)),
    "min": Call("min", lambda x, another: (x,)),
    "max": Call("max", lambda x, another: (x,)),
    "max_first_axis": Call("max", lambda x, another: (x, 0)),
    "max_last_axis": Call("max", lambda x, another: (x, -1)),
    "argmin": Call("argmin", lambda x, another: (x,)),
    "argmax": Call("argmax", lambda x, another: (x,)),
    "argmax_first_axis": Call("argmax", lambda x, another: (x, 0)),
    "argmax_last_axis": Call("argmax", lambda x, another: (x, -1)),
    "norm": Call("norm", lambda x, another: (x,)),
    "matvec": Call("matvec", lambda x, another: (x, another()[0]), axes=2),
    "dot": Call("dot", lambda x, another: (x, another())),
    "copyto": Call("copyto", lambda x, another: (patterns.zeros(x.shape, x.dtype), x)),
    "copyto_view": Call("copyto", lambda x, another: (x, patterns.zeros(x.shape, x.dtype)), writes=True),
    "fill": Call("fill", lambda x, another: (x, 3), writes=True),
    "scale": Call("scale", lambda x, another: (x, 1), writes=True),
    "axpy": Call("axpy", lambda x, another: (1, another(), x), writes=True),
}


def is_case(call, pattern):
    """A pattern that overlaps itself is no target; a matrix has two axes."""
    named = patterns.PATTERNS[pattern]
    shape, _ = named.layout(patterns.SIZES[0], 1)
    return not (CALLS[call].writes and named.overlaps) and CALLS[call].axes in (None, len(shape))


def cases(sizes, dtypes):
    """The grid as tuples (path, call, pattern, size, dtype), without what is no case."""
    for call, pattern in product(CALLS, patterns.PATTERNS):
        if is_case(call, pattern):
            for size, dtype, path in product(sizes, dtypes, PATHS):
                yield path, call, pattern, size, dtype


def find(path, call, pattern):
    """The function of a case; NotImplementedError, which asv skips, where the installed strideops has none."""
    function = getattr(getattr(strideops, path), CALLS[call].op, None)
    if function is None or not is_case(call, pattern):
        raise NotImplementedError
    return function


def prepare(path, call, pattern, n, dtype):
    """The function and the arguments of a case, in fresh memory.

    Returns
    -------
    function : callable
    arguments : tuple

    Raises
    ------
    NotImplementedError
        No case, or an op that the installed strideops does not have.
    """
    function = find(path, call, pattern)
    _, view = patterns.make(pattern, n, dtype)
    return function, CALLS[call].arguments(view, lambda: patterns.make(pattern, n, dtype)[1])


def result_bytes(result):
    return result.nbytes if isinstance(result, np.ndarray) else 0


def requested(function, arguments):
    """Bytes that a call allocates, once the free lists of Python and NumPy are filled."""
    proof = getattr(strideops, "proof", None)
    if proof is None:
        raise NotImplementedError
    function(*arguments)
    return min(proof.allocated(function, *arguments).total for _ in range(3))


def allocated_by_call(function, arguments):
    """Bytes that a call allocates besides its result."""
    return requested(function, arguments) - result_bytes(function(*arguments))


def first_element(argument):
    """The part of an array argument that holds its first element, other arguments as they are."""
    return argument[(slice(1),) * argument.ndim] if isinstance(argument, np.ndarray) else argument


def allocated(path, call, pattern, n, dtype):
    """Bytes that a case allocates beyond its result and what a zero-copy call costs whatever the size.

    That fixed cost (Python objects) is what the strided path allocates for one element of the same layout, so the
    figure is 0 for a path that does not copy, and at least the bytes of the view for one that packs it.
    """
    function, arguments = prepare(path, call, pattern, n, dtype)
    strided = find("strided", call, pattern)
    fixed = allocated_by_call(strided, tuple(map(first_element, arguments)))
    return allocated_by_call(function, arguments) - fixed
