# SPDX-License-Identifier: BSD-3-Clause
"""From any object that holds an array to an ndarray on the same memory. What would copy is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CopyRequired", "asstrided"]


class CopyRequired(TypeError):
    """The object's memory cannot be had in place; the message says why."""


def _from_buffer(obj: Any) -> NDArray[Any]:
    if isinstance(obj, (np.datetime64, np.timedelta64)):
        raise TypeError(f"{type(obj).__name__} exports its bytes, not its value")
    return np.asarray(memoryview(obj))


def _from_dlpack(obj: Any) -> NDArray[Any]:
    from_dlpack: Callable[..., NDArray[Any]] = np.from_dlpack
    try:
        return from_dlpack(obj, copy=False)
    except TypeError:  # NumPy 2.0, or an exporter older than the keyword; it is checked all the same
        return from_dlpack(obj)


def _from_array_protocols(obj: Any) -> NDArray[Any]:
    return np.asarray(obj, copy=False)


# In this order: the buffer protocol shows the object's own strides, DLPack and NumPy's protocols may convert.
_PROTOCOLS: dict[str, Callable[[Any], NDArray[Any]]] = {
    "buffer protocol": _from_buffer,
    "DLPack": _from_dlpack,
    "np.asarray(copy=False)": _from_array_protocols,
}


def _place(array: NDArray[Any]) -> tuple[Any, ...]:
    return array.__array_interface__["data"][0], array.shape, array.strides


def _check_own_memory(acquire: Callable[[Any], NDArray[Any]], first: NDArray[Any], obj: Any) -> None:
    """An exporter that copies answers twice with two different places while both answers are alive."""
    second = acquire(obj)
    if first.size and _place(first) != _place(second):
        raise ValueError("it answered with a copy: two requests gave two different places in memory")
    address = getattr(obj, "data_ptr", None)
    if first.size and callable(address) and address() != _place(first)[0]:
        raise ValueError("it answered with a copy: the view does not start at data_ptr()")


def asstrided(obj: Any) -> NDArray[Any]:
    """A view of any array-like object, without a copy.

    Parameters
    ----------
    obj : object
        An ndarray, or whatever shares its memory through the buffer protocol, DLPack or NumPy's array protocols:
        array.array, memoryview, mmap, torch tensors, pandas and xarray objects, ...

    Returns
    -------
    ndarray
        On the memory of `obj`, with its shape and strides; read-only where `obj` is. An ndarray comes back as it is.

    Raises
    ------
    CopyRequired
        No protocol gives the memory itself: a list, an object that answers with a copy, a dtype that NumPy lacks.

    Notes
    -----
    An exporter is not trusted: it is asked twice and must name one place both times. One that copied once and keeps
    answering with that copy cannot be told from one that answers with its own memory.

    Examples
    --------
    >>> import array, strideops
    >>> numbers = array.array("d", [1.0, 2.0, 3.0])
    >>> view = strideops.asstrided(numbers)
    >>> view[0] = 7.0
    >>> numbers[0]
    7.0
    """
    if type(obj) is np.ndarray:
        return obj
    if isinstance(obj, np.ma.MaskedArray):
        raise CopyRequired("obj is a masked array, whose mask a view would ignore. Pass obj.data or obj.filled()")
    reasons = []
    for name, acquire in _PROTOCOLS.items():
        try:
            view = acquire(obj)
            _check_own_memory(acquire, view, obj)
        except Exception as error:  # exporters raise whatever they like
            reasons.append(f"{name}: {error or type(error).__name__}")
        else:
            return view
    raise CopyRequired(
        f"no view of this {type(obj).__name__} without a copy. {'; '.join(reasons)}. "
        f"np.asarray(obj) makes a copy where NumPy can convert it"
    )
