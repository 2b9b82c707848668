# SPDX-License-Identifier: BSD-3-Clause
"""The contiguous path: pack the operands, run the strided op on them, write back what it changed."""

from . import strided
from ._core import pack_operand as _pack

__all__ = ["axpy", "copyto", "dot", "fill", "item", "scale", "sum"]


def item(x, *index):
    return strided.item(_pack(x, "x", False), *index)


def sum(x, axis=None, keepdims=False):
    return strided.sum(_pack(x, "x", False), axis, keepdims)


def dot(x, y):
    return strided.dot(_pack(x, "x", False), _pack(y, "y", False))


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
