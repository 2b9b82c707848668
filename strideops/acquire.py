# SPDX-License-Identifier: BSD-3-Clause
"""The question that strideops began with: which pointer does C receive for X[:, :6], and where is the copy?

``python -m strideops.acquire`` answers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _acquire, _core, proof, strided

__all__ = ["WAYS", "Acquired", "acquire"]


def _item(x: NDArray[Any], i: int, j: int) -> tuple[int, int]:
    """strideops.strided.item, and the address that the C core received for it."""
    records: list[Any] = []
    _core.witness(records)
    try:
        value = strided.item(x, i, j)
    finally:
        _core.witness(None)
    ((_, _, _, ((address, _),)),) = records
    return value, address


WAYS: dict[str, tuple[Callable[[NDArray[Any], int, int], tuple[int, int]], str]] = {
    "ravel": (_acquire.ravel, "cdef long[::1] arr = x.ravel(); &arr[0]"),
    "strides": (_acquire.strides, "C with explicit strides; view.buf, view.strides"),
    "memoryview": (_acquire.memoryview, "cdef long[:, :] arr = x; &arr[0, 0], arr.strides"),
    "contiguous memoryview": (_acquire.contiguous_memoryview, "cdef long[:, ::1] arr = x; &arr[0, 0]"),
    "reshape": (_acquire.reshape, "cdef long[::1] arr = x.reshape(-1); &arr[0]"),
    "item": (_item, "strideops.strided.item(x, i, j)"),
}


@dataclass(frozen=True)
class Acquired:
    """What one way from an array to a pointer gave.

    Attributes
    ----------
    value : int
        The element that C read.
    address : int
        The pointer that C received.
    inside : bool
        The pointer lies in the memory that the array spans.
    copied : int
        Bytes of array data that the way allocated.
    """

    value: int
    address: int
    inside: bool
    copied: int


def acquire(way: str, x: NDArray[Any], i: int, j: int) -> Acquired:
    """Read an element in one of the ways, and say what C received.

    Parameters
    ----------
    way : str
        A key of `WAYS`.
    x : ndarray, shape (m, n)
        Of dtype C long, as ``np.arange`` makes it on Linux and macOS.
    i, j : int
        The element, not negative.

    Returns
    -------
    Acquired

    Raises
    ------
    ValueError
        The way refuses the array, or it is no matrix of C long.
    IndexError
        `i` or `j` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from strideops.acquire import acquire
    >>> X = np.arange(48).reshape(6, 8)
    >>> acquire("ravel", X[:, :6], 5, 5).copied
    288
    >>> acquire("item", X[:, :6], 5, 5).copied
    0
    """
    if x.ndim != 2 or x.dtype != np.long:
        raise ValueError(f"x is {x.dtype} of shape {x.shape}; a matrix of C long is wanted: np.zeros((6, 8), np.long)")
    if not (0 <= i < x.shape[0] and 0 <= j < x.shape[1]):
        raise IndexError(f"element [{i}, {j}] is outside of shape {x.shape}")
    read, _ = WAYS[way]
    value, address = read(x, i, j)
    low, high = np.lib.array_utils.byte_bounds(x)
    allocated = proof.allocated(read, x, i, j)
    return Acquired(int(value), address, low <= address < high, allocated.numpy + (allocated.native or 0))


def main() -> None:
    X = np.arange(48).reshape(6, 8)
    for name, x in (("X", X), ("X_cut = X[:, :6]", X[:, :6])):
        print(f"{name}: shape {x.shape}, strides {x.strides}, element [5, 5] is {x[5, 5]}")
        for way, (_, code) in WAYS.items():
            try:
                got = acquire(way, x, 5, 5)
            except ValueError as refusal:
                print(f"  {code:50}  refuses: {refusal}")
                continue
            start = X.__array_interface__["data"][0]
            place = f"X + {got.address - start} bytes" if got.inside else "a new place"
            print(f"  {code:50}  reads {got.value} at {place}, {got.copied} bytes copied")


if __name__ == "__main__":
    main()
