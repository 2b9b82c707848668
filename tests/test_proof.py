# SPDX-License-Identifier: BSD-3-Clause
"""The allocation meter: what it counts, once each, and that it leaves no trace."""

import ctypes
import ctypes.util
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from ccompiler import cc

from strideops import proof

NATIVE = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
void use_malloc(void) { char *p = malloc(100000); memset(p, 1, 100000); free(p); }
void use_calloc(void) { free(calloc(1000, 100)); }
void use_realloc(void) { free(realloc(malloc(1), 99999)); }
void use_posix_memalign(void) { void *p; if (!posix_memalign(&p, 64, 100000)) free(p); }
void use_aligned_alloc(void) { free(aligned_alloc(64, 100000)); }
void use_reallocarray(void) { free(reallocarray(NULL, 1000, 100)); }
void use_valloc(void) { free(valloc(100000)); }
void use_mmap(void)
{
    munmap(mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 100000);
}
void use_nothing(void) {}
"""


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    folder = tmp_path_factory.mktemp("native")
    (folder / "native.c").write_text(NATIVE)
    cc("-O0", "-fPIC", "-shared", folder / "native.c", "-o", folder / "native.so")
    return ctypes.CDLL(str(folder / "native.so"))


def measured(fn, *args):
    """After a first call, which fills caches."""
    fn(*args)
    return proof.allocated(fn, *args)


ALLOCATORS = ["malloc", "calloc", "realloc", "reallocarray", "posix_memalign", "aligned_alloc", "valloc", "mmap"]


@pytest.mark.parametrize("how", ALLOCATORS)
def test_native_memory(native, how):
    assert measured(native[f"use_{how}"]).native == 100000
    assert measured(native["use_nothing"]).native == 0


@pytest.mark.parametrize(
    "copy", [np.ndarray.copy, np.ravel, np.ascontiguousarray, lambda x: x[[0, 1, 2]], lambda x: x + 1]
)
def test_numpy_memory(copy):
    x = np.ones((1000, 1000))[:, ::2]
    copied = copy(x).nbytes
    got = measured(copy, x)
    assert copied <= got.numpy <= copied + 64  # an index or a scalar becomes an array of its own
    assert got.native == 0
    assert got.python < 100_000  # objects, and the buffer of a ufunc


def test_python_memory():
    got = measured(bytes, 123456)
    assert 123456 <= got.python < 124000
    assert (got.numpy, got.native) == (0, 0)
    assert got.total == got.python


def test_nothing():
    got = measured(len, ())
    assert got.total == 0


def test_the_small_blocks_that_numpy_caches_are_counted():
    assert measured(np.empty, 6).numpy == 48
    assert measured(np.empty, 6).numpy == 48


def test_exceptions_pass_through_and_the_meter_is_free_again():
    with pytest.raises(ZeroDivisionError):
        proof.allocated(lambda: 1 / 0)
    assert measured(len, ()).total == 0


def test_counts_nest():
    inner = []
    outer = measured(lambda: inner.append(proof.allocated(bytes, 123456).python))
    assert 123456 <= inner[-1] < 124000
    assert outer.python > inner[-1]
    assert measured(len, ()).total == 0


def test_hooks_are_taken_back():
    """Outside a count NumPy's handler is the one from before, and arrays made inside live on."""
    from numpy._core.multiarray import get_handler_name

    before = get_handler_name()
    kept = []
    proof.allocated(lambda: kept.append(np.arange(10**5)))
    assert get_handler_name() == before
    assert get_handler_name(kept[0]) == "strideops_meter"
    kept[0].resize(2 * 10**5, refcheck=False)
    assert kept[0][99_999] == 99_999


def test_beside_tracemalloc():
    tracemalloc.start()
    try:
        assert 123456 <= measured(bytes, 123456).python < 124000
    finally:
        tracemalloc.stop()


def test_somebody_hooks_in_during_a_count():
    proof.allocated(tracemalloc.start)
    try:
        assert 123456 <= measured(bytes, 123456).python < 124000
    finally:
        tracemalloc.stop()
    assert 123456 <= measured(bytes, 123456).python < 124000


def test_libraries_loaded_meanwhile_are_not_counted_and_this_is_said(native, tmp_path):
    library = tmp_path / "late.so"
    library.write_bytes(Path(native._name).read_bytes())
    assert proof.allocated(ctypes.CDLL, str(library)).native is None
    assert measured(native.use_malloc).native == 100000
    assert measured(ctypes.CDLL(str(library)).use_malloc).native == 100000
