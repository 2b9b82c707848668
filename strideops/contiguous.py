# SPDX-License-Identifier: BSD-3-Clause
"""The contiguous path: pack the operands, run the strided op on them, write back what it changed."""

from . import strided
from ._core import pack_operand as _pack

__all__ = strided.__all__


def item(x, *index):
    return strided.item(_pack(x, "x", False), *index)


def sum(x, axis=None, keepdims=False):
    return strided.sum(_pack(x, "x", False), axis, keepdims)


def min(x, axis=None, keepdims=False):
    return strided.min(_pack(x, "x", False), axis, keepdims)


def max(x, axis=None, keepdims=False):
    return strided.max(_pack(x, "x", False), axis, keepdims)


def argmin(x, axis=None, keepdims=False):
    return strided.argmin(_pack(x, "x", False), axis, keepdims)


def argmax(x, axis=None, keepdims=False):
    return strided.argmax(_pack(x, "x", False), axis, keepdims)


def norm(x, axis=None, keepdims=False):
    return strided.norm(_pack(x, "x", False), axis, keepdims)


def dot(x, y):
    return strided.dot(_pack(x, "x", False), _pack(y, "y", False))


def matvec(a, x, out=None):
    matrix, vector = _pack(a, "a", False), _pack(x, "x", False)
    if out is None:
        return strided.matvec(matrix, vector)
    packed = _pack(out, "out", True)
    strided.matvec(matrix, vector, packed)
    strided.copyto(out, packed)
    return out


def copyto(dst, src):
    packed = _pack(src, "src", False)
    strided.copyto(dst, packed)


def fill(x, value):
    packed = _pack(x, "x", True)
    strided.fill(packed, value)
    strided.copyto(x, packed)


def scale(x, alpha):
    packed = _pack(x, "x", True)
    strided.scale(packed, alpha)
    strided.copyto(x, packed)


def axpy(alpha, x, y):
    packed = _pack(y, "y", True)
    strided.axpy(alpha, _pack(x, "x", False), packed)
    strided.copyto(y, packed)


for _name in __all__:
    globals()[_name].__doc__ = getattr(strided, _name).__doc__.replace("strideops.strided", "strideops.contiguous")
