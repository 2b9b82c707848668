# SPDX-License-Identifier: BSD-3-Clause
"""Operations on strided arrays that never copy, beside the same operations on a packed copy."""

import importlib
import os
from typing import TYPE_CHECKING, Any

try:
    from ._core import isa, pack
except ImportError as _error:
    if _error.name != "strideops._core":
        raise
    raise ImportError(
        f"strideops has no compiled core in {os.path.dirname(__file__)}. If these are its sources, start Python in "
        "another folder or with -P, and install it with `pip install .`"
    ) from _error

from . import _probes as _probes  # now: a sandbox that refuses mprotect lets nobody load a library later
from . import contiguous, strided
from .exchange import CopyRequired, asstrided

if TYPE_CHECKING:
    from . import proof
    from .advice import Advice, advise
    from .auditing import Audit, audit
    from .evidence import CopyDetected, Evidence
    from .explanation import Explanation, explain
    from .proof import assert_no_copy, trace_copy

__version__ = "0.1.0"
__all__ = [
    "Advice",
    "Audit",
    "CopyDetected",
    "CopyRequired",
    "Evidence",
    "Explanation",
    "advise",
    "assert_no_copy",
    "asstrided",
    "audit",
    "contiguous",
    "explain",
    "get_include",
    "isa",
    "pack",
    "proof",
    "strided",
    "trace_copy",
]


LATE = {
    "advice": ("Advice", "advise"),
    "auditing": ("Audit", "audit"),
    "evidence": ("CopyDetected", "Evidence"),
    "explanation": ("Explanation", "explain"),
    "proof": ("assert_no_copy", "trace_copy"),
}


def __getattr__(name: str) -> Any:
    """What a program may never ask for is imported when it is."""
    if name == "proof":
        return importlib.import_module(".proof", __name__)
    for module, names in LATE.items():
        if name in names:
            found = getattr(importlib.import_module(f".{module}", __name__), name)
            globals()[name] = found  # in the place of a module of that name
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_include() -> str:
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
