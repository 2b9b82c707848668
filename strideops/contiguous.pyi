# SPDX-License-Identifier: BSD-3-Clause
# The contiguous path has the signatures of the strided one.
from ._core import argmax as argmax
from ._core import argmin as argmin
from ._core import axpy as axpy
from ._core import copyto as copyto
from ._core import dot as dot
from ._core import fill as fill
from ._core import item as item
from ._core import matvec as matvec
from ._core import max as max
from ._core import min as min
from ._core import norm as norm
from ._core import scale as scale
from ._core import sum as sum

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
