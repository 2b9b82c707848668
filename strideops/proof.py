# SPDX-License-Identifier: BSD-3-Clause
"""The proof that code does not copy: today its first layer, the bytes that a call allocates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _probes

__all__ = ["Allocated", "allocated"]


@dataclass(frozen=True)
class Allocated:
    """Bytes that were requested from each source of memory, each byte counted once.

    Attributes
    ----------
    python : int
        From CPython's allocators: objects, buffers, lists.
    numpy : int
        For the data of ndarrays.
    native : int or None
        By compiled code from malloc, its kin and anonymous mmap. None where that cannot be counted: not on this
        platform, or libraries were loaded or unloaded meanwhile.
    """

    python: int
    numpy: int
    native: int | None

    @property
    def total(self) -> int:
        """Bytes from all sources that could be counted."""
        return self.python + self.numpy + (self.native or 0)


def allocated(fn: Callable[..., Any], *args: Any) -> Allocated:
    """The bytes that a call allocates.

    Parameters
    ----------
    fn : callable
        Called once. Call it before, where a first call fills caches.
    *args
        Its arguments.

    Returns
    -------
    Allocated
        All requests of the process during the call, also those that were given back before its end.

    Raises
    ------
    RuntimeError
        A count is under way already.

    Examples
    --------
    >>> import numpy as np
    >>> from strideops import proof
    >>> X = np.zeros((1000, 1002))
    >>> proof.allocated(np.ravel, X[:, :1000]).numpy
    8000000
    """
    return Allocated(*_probes.allocated(fn, args))
