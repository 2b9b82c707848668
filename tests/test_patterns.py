# SPDX-License-Identifier: BSD-3-Clause
"""Each pattern is a view of the form that it claims, and the list only grows."""

import zlib

import numpy as np
import pytest

from benchmarks import cases, patterns
from strideops import strided

# As published: shape, strides, offset of the first element in the base, and a checksum of the elements (the decoders of
# the photograph may differ by a shade). Append a name at the end; never change what a name stands for.
PUBLISHED = {
    "contiguous": ((64, 64), (512, 8), 0, 923032699),
    "cut": ((64, 64), (528, 8), 0, 1773691941),
    "half": ((64, 32), (512, 8), 0, 1566134703),
    "step2": ((64, 32), (512, 16), 0, 2625018143),
    "step3": ((64, 22), (512, 24), 0, 961515762),
    "step16": ((64, 4), (512, 128), 0, 2613517107),
    "rows2": ((32, 64), (1024, 8), 0, 2986858191),
    "transposed": ((64, 64), (8, 512), 0, 3278124527),
    "reversed": ((64, 64), (-512, -8), 32760, 4072994115),
    "column": ((64,), (512,), 256, 3066843116),
    "diagonal": ((64,), (520,), 0, 3893029453),
    "broadcast": ((64, 64), (0, 8), 0, 1388378580),
    "short_rows": ((64, 4), (512, 8), 0, 559880502),
    "window": ((62, 62, 3, 3), (512, 8, 512, 8), 0, 2904991054),
    "permuted": ((64, 2, 32), (8, 16384, 512), 0, 3278124527),
    "field": ((64, 64), (576, 9), 1, 923032699),
    "photo_channel": ((64, 64), (1536, 24), 8, None),
    "photo_bgr": ((64, 64, 3), (1536, 24, -8), 16, None),
    "photo_crop": ((32, 32, 3), (1536, 24, 8), 24960, None),
    "photo_every_other": ((32, 32, 3), (3072, 48, 8), 0, None),
}


@pytest.mark.parametrize("dtype", patterns.DTYPES)
@pytest.mark.parametrize("n", patterns.SIZES[:3])
@pytest.mark.parametrize("name", patterns.PATTERNS)
def test_form(name, n, dtype):
    pattern = patterns.PATTERNS[name]
    base, view = patterns.make(name, n, dtype)
    assert (view.shape, view.strides) == pattern.layout(n, np.dtype(dtype).itemsize)
    assert view.dtype == dtype
    assert view.base is not None
    assert (
        np.shares_memory(view, base, max_work=-1 if n < 64 else 10**6)
        if not pattern.overlaps
        else np.may_share_memory(view, base)
    )
    assert view.flags.aligned == (name != "field" or view.itemsize == 1)


def test_append_only():
    assert list(patterns.PATTERNS)[: len(PUBLISHED)] == list(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_pattern_is_what_it_was(name):
    shape, strides, offset, checksum = PUBLISHED[name]
    base, view = patterns.make(name, 64, "float64")
    assert (view.shape, view.strides) == (shape, strides)
    assert view.__array_interface__["data"][0] - base.__array_interface__["data"][0] == offset
    assert checksum in (None, zlib.crc32(view.tobytes()))


@pytest.mark.parametrize("name", patterns.PATTERNS)
def test_overlap_is_marked(name):
    """A pattern that shares elements is refused as a target, every other one is not."""
    base, view = patterns.make(name, 12, "float64")
    if patterns.PATTERNS[name].overlaps:
        writable = np.lib.stride_tricks.as_strided(base, view.shape, view.strides)
        with pytest.raises(ValueError, match="overlaps itself"):
            strided.fill(writable, 0)
    else:
        strided.fill(view, 0)


def test_the_photograph_is_real():
    photo, _ = patterns.make("photo_bgr", 512, "uint8")
    assert photo.shape == (512, 512, 3)
    assert photo.std() > 40
    assert len(np.unique(photo)) == 256


def test_the_grid():
    calls = sum(cases.is_case(call, name) for call in cases.CALLS for name in patterns.PATTERNS)
    full = list(cases.cases(**patterns.PROFILES["full"]))
    assert len(full) == len(set(full)) == calls * len(cases.PATHS) * len(patterns.SIZES) * len(patterns.TIMED_DTYPES)
    assert set(cases.cases(**patterns.PROFILES["quick"])) < set(full)
    assert min(patterns.SIZES) == 6
    assert max(patterns.SIZES) >= 2048
