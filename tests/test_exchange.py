# SPDX-License-Identifier: BSD-3-Clause
"""asstrided: a view of the object's own memory, or CopyRequired."""

import array

import numpy as np
import pytest

from strideops import CopyRequired, asstrided, strided


class Interface:
    """Shares its memory through __array_interface__, as PIL or old libraries do; or answers with a new copy."""

    def __init__(self, data, copies):
        self.data, self.copies = data, copies

    @property
    def __array_interface__(self):
        self.kept = self.data.copy() if self.copies else self.data
        return self.kept.__array_interface__


class Protocol:
    """Answers __array__ with the array itself, or with a copy although none was allowed."""

    def __init__(self, data, copies):
        self.data, self.copies = data, copies

    def __array__(self, dtype=None, copy=None):
        return self.data.copy() if self.copies else self.data


class Pack:
    """Answers DLPack requests, with a copy if so built."""

    def __init__(self, data, copies):
        self.data, self.copies = data, copies

    def __dlpack__(self, **options):
        options.pop("copy", None)
        return (self.data.copy() if self.copies else self.data).__dlpack__(**options)

    def __dlpack_device__(self):
        return self.data.__dlpack_device__()


class OldPack(Pack):
    """DLPack as it was before dl_device and copy."""

    def __dlpack__(self, stream=None):
        return super().__dlpack__()


KINDS = [Interface, Protocol, Pack, OldPack]


@pytest.mark.parametrize("kind", KINDS)
def test_shared_memory(kind):
    x = np.arange(48.0).reshape(6, 8)[:, ::2]
    view = asstrided(kind(x, copies=False))
    assert view.strides == x.strides
    assert np.shares_memory(view, x)
    assert strided.sum(view) == x.sum()


@pytest.mark.parametrize("kind", KINDS)
def test_copying_exporters(kind):
    with pytest.raises(CopyRequired, match="two different places"):
        asstrided(kind(np.arange(6.0), copies=True))


def test_ndarray_is_itself():
    x = np.arange(6)[::2]
    assert asstrided(x) is x


def test_buffers():
    numbers = array.array("d", [1, 2, 3])
    view = asstrided(numbers)
    strided.scale(view, 2)
    assert list(numbers) == [2, 4, 6]
    assert not asstrided(b"abc").flags.writeable


@pytest.mark.parametrize(
    "obj", [[1, 2], 3.5, None, "text", object(), {1: 2}, range(4), np.ma.zeros(3), np.datetime64(3, "s")]
)
def test_refusals(obj):
    with pytest.raises(CopyRequired) as refusal:
        asstrided(obj)
    assert isinstance(refusal.value, TypeError)
    assert "copy" in str(refusal.value) or "mask" in str(refusal.value)
