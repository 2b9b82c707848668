# SPDX-License-Identifier: BSD-3-Clause
"""The strided path: every op reads and writes memory where it lies. It refuses what it would have to copy."""

from ._core import axpy, copyto, dot, fill, item, scale, sum

__all__ = ["axpy", "copyto", "dot", "fill", "item", "scale", "sum"]
