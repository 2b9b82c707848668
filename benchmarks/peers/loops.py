# SPDX-License-Identifier: BSD-3-Clause
"""numba: the nested loops that a person would write, for each op and number of axes.

In the steps, `x[I]` is an element and `out[J]` the result that it goes to. Sums may be reassociated, which leaves NaN
what it is; nothing else of fastmath is on.
"""

from functools import cache

import numpy as np

INDENT = "    "

# op -> (start, step for each element, result). Over all axes, or for each row along the last one.
REDUCTIONS = {
    "sum": ("total = zero", "total += x[I]", "total"),
    "min": ("least = x[FIRST]", "if x[I] < least: least = x[I]", "least"),
    "max": ("most = x[FIRST]", "if x[I] > most: most = x[I]", "most"),
    "argmin": ("at = found = 0; least = x[FIRST]", "if x[I] < least: least = x[I]; found = at\nat += 1", "found"),
    "argmax": ("at = found = 0; most = x[FIRST]", "if x[I] > most: most = x[I]; found = at\nat += 1", "found"),
    "norm": ("total = real", "total += real_of(x[I]) * real_of(x[I])", "np.sqrt(total)"),
    "dot": ("total = zero", "total += x[I] * y[I]", "kind(total)"),
    "matvec": ("total = zero", "total += x[I] * y[j]", "kind(total)"),
}
# op -> (start, step), row on row, as the memory of a C-ordered array lies.
ALONG_FIRST_AXIS = {
    "sum": ("out = np.zeros(x.shape[1:], wide)", "out[J] += x[I]"),
    "min": ("out = x[0].copy()", "if x[I] < out[J]: out[J] = x[I]"),
    "max": ("out = x[0].copy()", "if x[I] > out[J]: out[J] = x[I]"),
    "argmin": (
        "least = x[0].copy(); out = np.zeros(x.shape[1:], np.intp)",
        "if x[I] < least[J]: least[J] = x[I]; out[J] = i",
    ),
    "argmax": (
        "most = x[0].copy(); out = np.zeros(x.shape[1:], np.intp)",
        "if x[I] > most[J]: most[J] = x[I]; out[J] = i",
    ),
}
# op -> (arguments, start, step, end)
WRITES = {
    "copyto": ("x, src", "", "x[I] = src[I]", ""),
    "fill": ("x, value", "value = kind(value)", "x[I] = value", ""),
    "scale": ("x, alpha", "alpha = kind(alpha)", "x[I] *= alpha", ""),
    "axpy": ("alpha, x, y", "alpha = kind(alpha)", "y[I] += alpha * x[I]", ""),
    "pack": ("x", "out = np.empty(x.shape, x.dtype)", "out[I] = x[I]", "return out"),
}
OPS = (*REDUCTIONS, *WRITES)


def _indented(text, depth):
    return [INDENT * depth + line for line in text.split("\n") if line]


def _nest(axes, body, depth=1):
    """Loops over the axes, whose indices are i, j, k, l."""
    for axis in axes:
        yield INDENT * depth + f"for {'ijkl'[axis]} in range(x.shape[{axis}]):"
        depth += 1
    yield from body(depth)


def source(op, ndim, axis):
    """The text of `loops`, with axis None, "first" or "last"."""
    index = "ijkl"[:ndim]
    last = ndim - 1
    if op in WRITES:
        names, start, step, end = WRITES[op]
        lines = [*_indented(start, 1), *_nest(range(ndim), lambda depth: _indented(step, depth)), *_indented(end, 1)]
    elif axis == "first":
        names = "x"
        start, step = ALONG_FIRST_AXIS[op]
        lines = [*_indented(start, 1), *_nest(range(ndim), lambda depth: _indented(step, depth)), INDENT + "return out"]
    else:
        names = "x, y" if op in {"dot", "matvec"} else "x"
        start, step, result = REDUCTIONS[op]
        first = ", ".join([*(index[:last] if axis else "0" * last), "0"])

        def row(depth, axes, end):
            yield from _indented(start.replace("FIRST", first), depth)
            yield from _nest(axes, lambda depth: _indented(step, depth), depth)
            yield INDENT * depth + end.format(result)

        if axis:
            kind = {"sum": "wide", "argmin": "np.intp", "argmax": "np.intp"}.get(op, "kind")
            end = f"out[{', '.join(index[:last])}] = {{}}"
            lines = [
                INDENT + f"out = np.empty(x.shape[:{last}], {kind})",
                *_nest(range(last), lambda depth: row(depth, [last], end)),
                INDENT + "return out",
            ]
        else:
            lines = row(1, range(ndim), "return {}")
    text = "\n".join([f"def loops({names}):", *lines])
    return text.replace("[I]", f"[{', '.join(index)}]").replace("[J]", f"[{', '.join(index[1:])}]")


def function(op, ndim, axis, dtype):
    """The loops as a Python function."""
    kind = np.dtype(dtype).type
    wide = {"i": np.int64, "u": np.uint64}.get(np.dtype(dtype).kind, kind)
    real = np.float64 if np.issubdtype(kind, np.integer) else kind
    names = {"np": np, "kind": kind, "wide": wide, "zero": wide(0), "real": real(0), "real_of": real}
    exec(source(op, ndim, axis), names)
    return names["loops"]


@cache
def _dispatcher(op, *which):
    import numba

    relaxed = {"reassoc", "contract", "nsz"} if op in {"sum", "dot", "norm", "matvec"} else False
    return numba.njit(fastmath=relaxed)(function(op, *which))


def find(op, arguments):
    """The number of axes, the axis and the dtype of a call's loops, and the arguments that they take."""
    first = next(argument for argument in arguments if isinstance(argument, np.ndarray))
    axis = "last" if op == "matvec" else None
    if op in ALONG_FIRST_AXIS and len(arguments) == 2:
        axis = {0: "first", -1: "last"}[arguments[1]] if first.ndim > 1 else None
        arguments = arguments[:1]
    return (first.ndim, axis, first.dtype.str), tuple(arguments)


def compiled(op, *arguments):
    """The loops of a call, compiled for its arguments, with the arguments that they take."""
    import numba

    which, arguments = find(op, arguments)
    dispatcher = _dispatcher(op, *which)
    dispatcher.compile(tuple(map(numba.typeof, arguments)))
    return dispatcher, arguments
