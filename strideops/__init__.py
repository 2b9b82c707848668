# SPDX-License-Identifier: BSD-3-Clause
"""Operations on strided arrays that never copy, beside the same operations on a packed copy."""

import os

from . import contiguous, proof, strided
from ._core import pack
from .exchange import CopyRequired, asstrided

__version__ = "0.1.0"
__all__ = ["CopyRequired", "asstrided", "contiguous", "get_include", "pack", "proof", "strided"]


def get_include():
    """The folder with the C core: ``strideops.h`` to include and ``strideops.c`` to compile in.

    Returns
    -------
    str
        The path of a folder in the installed package.

    Examples
    --------
    >>> import os, strideops
    >>> os.path.isfile(os.path.join(strideops.get_include(), "strideops.h"))
    True
    """
    return os.path.join(os.path.dirname(__file__), "include")
