# SPDX-License-Identifier: BSD-3-Clause
"""Who lives in the zoo: functions of one array, a cut of random float64, by family."""

import array
import copy
import io
import mmap
import os
import pickle
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import shared_memory

import numpy as np

from strideops import asstrided, contiguous, pack, strided


@dataclass(frozen=True)
class Inhabitant:
    """A way to treat an array.

    Attributes
    ----------
    family, name : str
    run : callable(x)
    readers : tuple of str
        Who may read the array, as the user of `assert_no_copy` would say it. Of a copy: the one who has a good reason.
    source : str or None
        The C source that it is in: the object audit can look at it.
    """

    family: str
    name: str
    run: object
    readers: tuple = ("strideops",)
    source: str | None = None


class _CopiesInArray:
    def __init__(self, x):
        self.x = x

    def __array__(self, dtype=None, copy=None):
        return self.x.copy()


class _CopiesInInterface:
    def __init__(self, x):
        self.x = x

    @property
    def __array_interface__(self):
        self.copy = np.ascontiguousarray(self.x)
        return self.copy.__array_interface__


class _CopiesInDLPack:
    def __init__(self, x):
        self.x = x

    def __dlpack__(self, **_):
        return self.x.copy().__dlpack__()

    def __dlpack_device__(self):
        return self.x.__dlpack_device__()


_workspace = np.zeros((512, 512))
_bytes = bytearray(512 * 512 * 8)


def _to_workspace(x):
    _workspace[: x.shape[0], : x.shape[1]] = x


def _copyto_workspace(x):
    np.copyto(_workspace[: x.shape[0], : x.shape[1]], x)


def _out_workspace(x):
    np.take(x, np.arange(len(x)), axis=0, out=_workspace[: len(x), : x.shape[1]].copy(), mode="clip")


def _to_bytearray(x):
    memory = memoryview(_bytes)
    for i, row in enumerate(x):
        memory[i * row.nbytes : (i + 1) * row.nbytes] = memoryview(row).cast("B")


def _in_thread(function):
    def run(x):
        thread = threading.Thread(target=function, args=(x,))
        thread.start()
        thread.join()

    return run


_pool = ThreadPoolExecutor(1)
_pool.submit(int).result()


def _in_pool(function):
    return lambda x: _pool.submit(function, x).result()


def _beside(function):
    """A copy aside, while the right pointer is read as well."""

    def run(x):
        strided.sum(x)
        function(x)

    return run


def _through_pipe(x):
    read, write = os.pipe()
    try:
        for row in x:
            os.write(write, row)
            os.read(read, row.nbytes)
    finally:
        os.close(read)
        os.close(write)


def _through_file(x):
    with tempfile.TemporaryFile() as file:
        x.tofile(file)


def _to_mmap(x):
    with mmap.mmap(-1, x.nbytes) as memory:
        np.frombuffer(memory, x.dtype)[:] = x.ravel("K")[: x.size] if x.flags.c_contiguous else np.ravel(x)


def _to_shared_memory(x):
    block = shared_memory.SharedMemory(create=True, size=x.nbytes)
    target = np.ndarray(x.shape, x.dtype, block.buf)
    target[...] = x
    del target
    block.close()
    block.unlink()


def _buffered(x):
    iterator = np.nditer(x, flags=["buffered", "external_loop"], op_dtypes=["f4"], casting="same_kind")
    for chunk in iterator:
        chunk.sum()


def numpy_copies():
    methods = {
        "copy()": np.ndarray.copy,
        "ravel()": np.ravel,
        "flatten()": np.ndarray.flatten,
        "reshape(-1)": lambda x: x.reshape(-1),
        "ascontiguousarray": np.ascontiguousarray,
        "asfortranarray": np.asfortranarray,
        "array": np.array,
        "require(C)": lambda x: np.require(x, requirements="C"),
        "astype(same)": lambda x: x.astype(x.dtype),
        "tobytes()": np.ndarray.tobytes,
        "tobytes(F)": lambda x: x.tobytes("F"),
        ".T.copy()": lambda x: x.T.copy(),
        "tolist()": lambda x: np.array(x.tolist()),
    }
    indexing = {
        "rows by a list": lambda x: x[list(range(len(x)))],
        "a mask": lambda x: x[x > -1],
        "take": lambda x: x.take(range(len(x)), 0),
        "compress": lambda x: x.compress([True] * len(x), 0),
        "concatenate": lambda x: np.concatenate([x, x]),
        "stack": lambda x: np.stack([x, x]),
        "pad": lambda x: np.pad(x, 1),
        "tile": lambda x: np.tile(x, 2),
        "roll": lambda x: np.roll(x, 3),
        "half of it": lambda x: x[: len(x) // 2].copy(),
        "one column": lambda x: x[:, 0].copy(),
        "every second row": lambda x: x[::2].copy(),
    }
    chunks = {
        "sum()": np.sum,
        "max()": np.max,
        "sum() of every second": lambda x: x[:, ::2].sum(),
        "add(x, 1)": lambda x: np.add.reduce(x, None),
        "a buffered iterator": _buffered,
        "x *= 2": lambda x: np.multiply(x, 2.0, out=x),
        "x < 0.5": lambda x: np.less(x, 0.5),
        "mean as float32": lambda x: np.mean(x, dtype="f4"),
    }
    algebra = {
        "dot with a vector": lambda x: np.dot(x, np.ones(x.shape[1])),
        "dot, reversed": lambda x: np.dot(x[::-1], np.ones(x.shape[1])),
        "vdot": lambda x: np.vdot(x, x),
        "norm of every second": lambda x: np.linalg.norm(x[:, ::2]),
        "matmul with itself": lambda x: x[: len(x) // 2] @ x.T,
        "sort": np.sort,
        "median": np.median,
        "argmax over axis 0": lambda x: x.argmax(0),
    }
    for family, members in (
        ("NumPy: methods", methods),
        ("NumPy: indexing", indexing),
        ("NumPy: chunks", chunks),
        ("NumPy: algebra", algebra),
    ):
        for name, run in members.items():
            yield Inhabitant(family, name, run)


def python_copies():
    for name, run in {
        "bytes(memoryview)": lambda x: bytes(memoryview(x)),
        "memoryview.tolist": lambda x: memoryview(x).tolist(),
        "bytearray": lambda x: bytearray(memoryview(x).tobytes()),
        "array.array": lambda x: array.array("d", memoryview(x).tobytes()),
        "BytesIO": lambda x: [io.BytesIO().write(row) for row in x],
        "row by row into a bytearray": _to_bytearray,
        "pickle": pickle.dumps,
        "pickle, protocol 5": lambda x: pickle.dumps(x, 5),
        "deepcopy": copy.deepcopy,
        "np.save": lambda x: np.save(io.BytesIO(), x),
    }.items():
        yield Inhabitant("Python: buffers", name, run)
    for name, run in {
        "__array__": lambda x: strided.sum(np.asarray(_CopiesInArray(x))),
        "__array_interface__": lambda x: strided.sum(np.asarray(_CopiesInInterface(x))),
        "__dlpack__": lambda x: strided.sum(np.from_dlpack(_CopiesInDLPack(x))),
    }.items():
        yield Inhabitant("exporters that copy", name, run)
    for name, run in {
        "workspace[...] = x": _to_workspace,
        "copyto(workspace, x)": _copyto_workspace,
        "into a temporary": _out_workspace,
        "strideops.pack": pack,
        "strideops.contiguous": contiguous.sum,
        "strided.copyto": lambda x: strided.copyto(_workspace[: x.shape[0], : x.shape[1]], x),
    }.items():
        own = name.startswith("str")
        yield Inhabitant("workspaces", name, run, readers=() if own else ("strideops",))
    for name, run in {
        "a new thread": _in_thread(np.ndarray.copy),
        "a thread from before": _in_pool(np.ndarray.copy),
        "into a workspace": _in_pool(_to_workspace),
    }.items():
        yield Inhabitant("threads", name, run)
    for name, run in {
        "a pipe": _through_pipe,
        "a file": _through_file,
        "anonymous mmap": _to_mmap,
        "shared memory": _to_shared_memory,
    }.items():
        yield Inhabitant("the system", name, run)
    for name, run in {
        "astype(float32)": lambda x: x.astype("f4"),
        "astype(int64)": lambda x: x.astype("i8"),
        "x + 0": lambda x: x + 0,
        "byte order": lambda x: x.byteswap(),
        "to complex": lambda x: x.astype(complex),
    }.items():
        yield Inhabitant("conversions", name, run)
    for name, run in {
        "NumPy's copy": _beside(np.ndarray.copy),
        "into a workspace": _beside(_to_workspace),
        "every second element": _beside(lambda x: x[:, ::2].copy()),
    }.items():
        yield Inhabitant("aside", name, run)


C_COPIES = (
    "to_malloc",
    "to_calloc",
    "to_realloc",
    "to_posix_memalign",
    "to_aligned_alloc",
    "to_mmap",
    "leaked",
    "by_memcpy",
    "by_memmove",
    "by_mempcpy",
    "by_wmemcpy",
    "by_bcopy",
    "transposed",
    "to_workspace",
    "rows_to_workspace",
    "chunks_on_the_stack",
    "chunks_by_alloca",
    "chunks_in_malloc",
    "chunks_by_memcpy",
    "one_row",
    "byte_by_byte",
    "to_memory_stream",
    "in_a_thread",
)
CXX_COPIES = ("to_new", "to_vector", "to_vector_one_by_one", "to_unique_ptr", "to_valarray", "to_list")
CYTHON_COPIES = ("copy", "copy_fortran", "view_array", "loop", "raveled")


def compiled_copies(c, cxx, typed):
    for name in C_COPIES:
        yield Inhabitant("C", name, c(name), source="native.c")
    for name in CXX_COPIES:
        yield Inhabitant("C++", name, cxx(name))
    for name in CYTHON_COPIES:
        yield Inhabitant("Cython", name, getattr(typed, name))
    yield Inhabitant("Cython", "assign", lambda x: typed.assign(x, _workspace))


def copies(c, cxx, typed):
    """All that copy."""
    return [*numpy_copies(), *python_copies(), *compiled_copies(c, cxx, typed)]


def controls(c, cxx, typed):
    """All that do not: name, function, and who reads."""
    ours = {
        "strided.sum": strided.sum,
        "strided.sum over axis 0": lambda x: strided.sum(x, 0),
        "strided.argmax": strided.argmax,
        "strided.norm": strided.norm,
        "strided.dot": lambda x: strided.dot(x, x),
        "strided.matvec": lambda x: strided.matvec(x, np.ones(x.shape[1])),
        "strided.max, transposed": lambda x: strided.max(x.T[::-1]),
        "strided.scale": lambda x: strided.scale(x, 1.5),
        "in a new thread": _in_thread(strided.sum),
        "in a thread from before": _in_pool(strided.min),
        "from a memoryview": lambda x: strided.sum(memoryview(x)),
    }
    views = {
        "views": lambda x: x.T[::2, ::-1].reshape(2, -1, x.shape[0]) if x.shape[1] % 4 == 0 else x.T[::2],
        "sliding windows": lambda x: np.lib.stride_tricks.sliding_window_view(x, (3, 3)),
        "broadcast": lambda x: np.broadcast_to(x, (5, *x.shape)),
        "asstrided": asstrided,
        "DLPack": np.from_dlpack,
        "memoryview": memoryview,
        "shares_memory": lambda x: np.shares_memory(x, x[::2]),
        "work on other arrays": lambda x: np.random.default_rng(0).random((300, 300)).T.copy().sum(),
    }
    numpy = {
        "einsum": lambda x: np.einsum("ij->", x),
        "sum over axis 0": lambda x: x.sum(0),
        "x *= 2, in full rows": lambda x: [np.multiply(row, 2.0, out=row) for row in x],
        "x[3, 4]": lambda x: x[3, 4],
    }
    for name, run in ours.items():
        yield Inhabitant("strideops", name, run)
    for name, run in views.items():
        yield Inhabitant("views", name, run, readers=())
    for name, run in numpy.items():
        yield Inhabitant("NumPy", name, run, readers=("numpy",))
    yield Inhabitant("BLAS", "x @ v", lambda x: x @ np.ones(x.shape[1]), readers=("numpy", "openblas"))
    yield Inhabitant("C", "sum_in_place", c("sum_in_place"), readers=("libzoo_c.so",))
    yield Inhabitant("C", "sum_in_a_thread", c("sum_in_a_thread"), readers=("libzoo_c.so",))
    yield Inhabitant("C++", "accumulate_in_place", cxx("accumulate_in_place"), readers=("libzoo_cxx.so",))
    yield Inhabitant("Cython", "sum_in_place", typed.sum_in_place, readers=("zoo_typed",))
