# SPDX-License-Identifier: BSD-3-Clause
"""How a user of each peer writes each op.

A table per peer: op -> {idiom: function of the call's arguments that returns what is timed, a callable and its
arguments}. The fastest right idiom counts. Whatever is done before the return (a torch view, a compilation) is free.
"""

import math
from functools import cache, partial

import numpy as np

LETTERS = "abcdefgh"
# The work of the idiom before them by a shorter way: where a call takes long, they are left out.
SHORTCUTS = {
    *(f"x.{name}" for name in ("sum", "min", "max", "argmin", "argmax")),
    *(f"np.{name}.reduce" for name in ("add", "minimum", "maximum")),
}


def _plain(function):
    """The function of the call's own arguments."""
    return lambda *arguments: (function, arguments)


def _method(name):
    """The method of the first argument, with the others."""
    return lambda x, *others: (getattr(x, name), others)


def _reduction(name, ufunc=None):
    idioms = {f"np.{name}": _plain(getattr(np, name)), f"x.{name}": _method(name)}
    if ufunc:
        idioms[f"np.{ufunc.__name__}.reduce"] = lambda x, axis=None: (ufunc.reduce, (x, axis))
    return idioms


def _einsum_sum(x, axis=None):
    letters = LETTERS[: x.ndim]
    kept = "" if axis is None else letters.replace(letters[axis], "")
    return np.einsum, (f"{letters}->{kept}", x)


def _einsum_dot(x, y):
    letters = LETTERS[: x.ndim]
    return np.einsum, (f"{letters},{letters}->", x, y)


def _einsum_norm(x):
    _, arguments = _einsum_dot(x, x)
    return lambda *arguments: math.sqrt(np.einsum(*arguments)), arguments


def _dot_in_memory_order(x, y):
    """The operands have one layout: the order of their elements is free."""
    return np.dot(x.ravel("K"), y.ravel("K"))


def _add_product(alpha, x, y):
    y += alpha * x


def _add_product_in(buffer, alpha, x, y):
    np.multiply(x, alpha, buffer)
    np.add(y, buffer, y)


def _of_this_numpy(**idioms):
    """vecdot and matvec came with NumPy 2.0 and 2.2."""
    return {f"np.{name}": idiom for name, idiom in idioms.items() if hasattr(np, name)}


@cache
def numpy():
    return {
        "sum": {**_reduction("sum", np.add), "np.einsum": _einsum_sum},
        "min": _reduction("min", np.minimum),
        "max": _reduction("max", np.maximum),
        "argmin": _reduction("argmin"),
        "argmax": _reduction("argmax"),
        "norm": {
            "np.linalg.norm": _plain(np.linalg.norm),
            "sqrt(np.vdot)": _plain(lambda x: math.sqrt(np.vdot(x, x))),
            "sqrt(np.einsum)": _einsum_norm,
        },
        "dot": {
            "np.sum(x * y)": _plain(lambda x, y: np.sum(x * y, dtype=x.dtype)),
            "np.vdot": _plain(np.vdot),
            "np.einsum": _einsum_dot,
            "np.tensordot": lambda x, y: (np.tensordot, (x, y, x.ndim)),
            "np.dot of ravel": _plain(_dot_in_memory_order),
            **_of_this_numpy(vecdot=_plain(lambda x, y: np.vecdot(x, y).sum(dtype=x.dtype))),
        },
        "matvec": {
            "np.matmul": _plain(np.matmul),
            "np.dot": _plain(np.dot),
            "np.einsum": lambda a, x: (np.einsum, ("ij,j->i", a, x)),
            **_of_this_numpy(matvec=lambda a, x: (np.matvec, (a, x))),
        },
        "pack": {"x.copy": _method("copy"), "np.ascontiguousarray": _plain(np.ascontiguousarray)},
        "copyto": {
            "np.copyto": _plain(np.copyto),
            "dst[...] = src": lambda dst, src: (dst.__setitem__, (Ellipsis, src)),
        },
        "fill": {
            "x.fill": _method("fill"),
            "x[...] = value": lambda x, value: (x.__setitem__, (Ellipsis, value)),
            "np.copyto": _plain(np.copyto),
        },
        "scale": {
            "x *= alpha": _method("__imul__"),
            "np.multiply": lambda x, alpha: (np.multiply, (x, alpha, x)),
        },
        "axpy": {
            "y += alpha * x": _plain(_add_product),
            "np.add(y, buffer)": lambda alpha, x, y: (_add_product_in, (np.empty_like(x), alpha, x, y)),
        },
    }


@cache
def bottleneck():
    """On numbers that are none of them NaN, the nan functions mean what NumPy's plain ones do."""
    import bottleneck as bn

    table = {op: {f"bn.nan{op}": _plain(getattr(bn, f"nan{op}"))} for op in ("sum", "min", "max", "argmin", "argmax")}
    return table | {"norm": {"sqrt(bn.ss)": _plain(lambda x: math.sqrt(bn.ss(x)))}}


@cache
def numba():
    from . import loops

    return {op: {"loops": partial(loops.compiled, op)} for op in loops.OPS}


def _of_tensors(build):
    import torch

    return lambda *arguments: build(*(torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in arguments))


@cache
def torch():
    import torch as t

    t.set_num_threads(1)

    def over_all(function):
        """torch.min of an axis returns positions as well."""
        return lambda x, *axis: None if axis else (function, (x,))

    table = {
        "sum": {"torch.sum": _plain(t.sum)},
        "min": {"torch.amin": _plain(t.amin), "torch.min": over_all(t.min)},
        "max": {"torch.amax": _plain(t.amax), "torch.max": over_all(t.max)},
        "argmin": {"torch.argmin": _plain(t.argmin)},
        "argmax": {"torch.argmax": _plain(t.argmax)},
        "norm": {
            "torch.linalg.vector_norm": _plain(t.linalg.vector_norm),
            "torch.linalg.vector_norm of doubles": _plain(lambda x: t.linalg.vector_norm(x.double())),
        },
        "dot": {
            "torch.sum(x * y)": _plain(lambda x, y: (x * y).sum(dtype=x.dtype)),
            "torch.tensordot": lambda x, y: (t.tensordot, (x, y, x.ndim)),
            "torch.dot": _plain(t.dot),
        },
        "matvec": {"torch.mv": _plain(t.mv)},
        "pack": {"x.clone": lambda x: (partial(x.clone, memory_format=t.contiguous_format), ())},
        "copyto": {"dst.copy_": _method("copy_")},
        "fill": {"x.fill_": _method("fill_")},
        "scale": {"x.mul_": _method("mul_")},
        "axpy": {"y.add_": lambda alpha, x, y: (partial(y.add_, alpha=alpha), (x,))},
    }
    return {op: {name: _of_tensors(build) for name, build in idioms.items()} for op, idioms in table.items()}


@cache
def numkong():
    import numkong as nk

    def flat(x):
        """numkong's products are of packed vectors; negative strides it reads as positive ones."""
        if not x.flags.c_contiguous:
            raise ValueError("not contiguous")
        return x.reshape(-1)

    def total(x, *axis):
        if axis and 0 in x.strides:
            raise ValueError("nk.sum of an axis with stride 0 does not return (numkong 7.8.6)")
        return nk.sum, (x, *axis)

    def scale(x, alpha):
        return partial(nk.scale, alpha=float(alpha), beta=0.0, out=flat(x)), (flat(x),)

    def axpy(alpha, x, y):
        return partial(nk.blend, alpha=float(alpha), beta=1.0, out=flat(y)), (flat(x), flat(y))

    table = {op: {f"nk.{op}": _plain(getattr(nk, op))} for op in ("min", "max", "argmin", "argmax", "norm")}
    return table | {
        "sum": {"nk.sum": total},
        "dot": {"nk.dot": lambda x, y: (nk.dot, (flat(x), flat(y)))},
        "scale": {"nk.scale": scale},
        "axpy": {"nk.blend": axpy},
    }


PEERS = {"numpy": numpy, "bottleneck": bottleneck, "numba": numba, "torch": torch, "numkong": numkong}


def installed(names=PEERS):
    """Peer -> table, of those that can be imported."""
    found = {}
    for name in names:
        try:
            found[name] = PEERS[name]()
        except ImportError:
            continue
    return found
