# SPDX-License-Identifier: BSD-3-Clause
"""The strided path: every op reads and writes memory where it lies. It refuses what it would have to copy."""

from ._core import argmax, argmin, axpy, copyto, dot, fill, item, matvec, max, min, norm, scale, sum

__all__ = [
    "argmax",
    "argmin",
    "axpy",
    "copyto",
    "dot",
    "fill",
    "item",
    "matvec",
    "max",
    "min",
    "norm",
    "scale",
    "sum",
]
