# SPDX-License-Identifier: BSD-3-Clause
"""The proof that code does not copy an array: a guard around a block of code, in layers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from . import _probes
from .evidence import Allocated, CopyDetected, Evidence
from .guard import Guard

__all__ = ["Allocated", "CopyDetected", "Evidence", "allocated", "assert_no_copy", "trace_copy"]


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

    Examples
    --------
    >>> import numpy as np
    >>> from strideops import proof
    >>> X = np.zeros((1000, 1002))
    >>> proof.allocated(np.ravel, X[:, :1000]).numpy
    8000000
    """
    return Allocated(*_probes.allocated(fn, args))


class assert_no_copy:
    """A guard: raises if arrays are copied inside its block, by whatever means.

    Parameters
    ----------
    *arrays : array_like
        Of any shape and strides; ndarrays, or what shares its memory as `strideops.asstrided` wants it.
    readers : str or sequence of str, optional
        Who may read them: modules (``"mymodule"``, ``"numpy"``), libraries (``"openblas"``) or functions. Without it,
        one module, which is not the C library.
    max_alloc : int, optional
        Bytes that the process may allocate inside the block, related to the arrays or not. Without it, any number.
    strict : bool
        Raise as well where too little could be seen ("not proven").
    level : {"full", "portable", "trace"}
        "portable" has the layers that need no help of the system's, and takes microseconds: memory of Python's and
        of NumPy's. "trace" sees every access, one instruction at a time: for small arrays. It protects their pages,
        and system calls that are given these fail with EFAULT.

    Returns
    -------
    Evidence
        From ``with ... as evidence``; filled when the block ends.

    Raises
    ------
    CopyDetected
        At the end of the block, unless that is left by an exception. Its `evidence` is what was seen.
    CopyRequired
        At its begin: an argument is no array.

    Notes
    -----
    Layers: allocations; the contents of new memory; calls of memcpy; hardware watchpoints on up to four elements of
    all the arrays (Linux on x86-64). What could not be watched is in ``evidence.not_checked``. Reads by the system
    itself, as `write` makes them, are not seen. A copy that the code is there to make (``dst[...] = X``) is a copy.

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X_cut = np.random.default_rng(0).random((512, 514))[:, :512]
    >>> with strideops.assert_no_copy(X_cut):
    ...     total = strideops.strided.sum(X_cut)
    >>> with strideops.assert_no_copy(X_cut):  # doctest: +ELLIPSIS
    ...     total = X_cut.ravel().sum()
    Traceback (most recent call last):
    ...
    strideops.evidence.CopyDetected: ...
    """

    def __init__(
        self,
        *arrays: Any,
        readers: Sequence[str] | str | None = None,
        max_alloc: int | None = None,
        strict: bool = False,
        level: str = "full",
    ) -> None:
        self._guard = Guard(arrays, readers, level)
        self._max_alloc = max_alloc
        self._strict = strict

    def name_lines_of(self, path: str | os.PathLike[str]) -> None:
        """Name lines of this file, instead of the one where the guard was made."""
        self._guard.file = os.fspath(path)

    def __enter__(self) -> Evidence:
        return self._guard.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True  # for pytest: the line that is wrong lies in the block
        self._guard.stop()
        self._guard.judge()
        if kind is None:
            self._raise_if_wrong()

    def _raise_if_wrong(self) -> None:
        __tracebackhide__ = True
        evidence = self._guard.evidence
        assert evidence.allocated is not None
        if evidence.verdict == "copied":
            what = "array was copied" if len(evidence.layouts) == 1 else "arrays were copied"
            raise CopyDetected("\n  ".join([what, *evidence.reasons]), evidence)
        if self._max_alloc is not None and evidence.allocated.total > self._max_alloc:
            raise CopyDetected(
                f"the block allocated {evidence.allocated.total:,} bytes, and max_alloc is {self._max_alloc:,}\n"
                f"{evidence.table()}",
                evidence,
            )
        if self._strict and evidence.verdict == "not proven":
            raise CopyDetected("not proven:\n  " + "\n  ".join(evidence.not_checked), evidence)


def trace_copy(
    fn: Callable[..., Any], *args: Any, readers: Sequence[str] | str | None = None, level: str = "full"
) -> Evidence:
    """What a call does with the arrays among its arguments; raises nothing of its own.

    Parameters
    ----------
    fn : callable
        Called once. What it raises is passed on.
    *args
        Its arguments, of which at least one is an ndarray.
    readers, level
        As of `assert_no_copy`.

    Returns
    -------
    Evidence

    Examples
    --------
    >>> import numpy as np, strideops
    >>> X_cut = np.random.default_rng(0).random((512, 514))[:, :512]
    >>> strideops.trace_copy(strideops.strided.max, X_cut).verdict
    'no copy'
    >>> strideops.trace_copy(np.ascontiguousarray, X_cut).verdict
    'copied'
    """
    arrays = [argument for argument in args if isinstance(argument, np.ndarray)]
    guard = Guard(arrays, readers, level, getattr(getattr(fn, "__code__", None), "co_filename", None))
    guard.start()
    try:
        fn(*args)
    finally:
        guard.stop()
        guard.judge()
    return guard.evidence
