# SPDX-License-Identifier: BSD-3-Clause
"""assert_no_copy and trace_copy: what they see, layer by layer, and what they survive."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from ccompiler import cc
from numpy._core.multiarray import get_handler_name

import strideops
from benchmarks import cases, patterns
from strideops import CopyDetected, assert_no_copy, strided, trace_copy

NATIVE = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#define AT(i, j) x[(i) * stride + (j)]
static double workspace[1 << 16];
double sum_it(const double *x, long stride, long n)
{
    double sum = 0;
    for (long i = 0; i < n; i++)
        for (long j = 0; j < n; j++)
            sum += AT(i, j);
    return sum;
}
static double copy_to(double *to, const double *x, long stride, long n)
{
    for (long i = 0; i < n; i++)
        for (long j = 0; j < n; j++)
            *(volatile double *)&to[i * n + j] = AT(i, j);
    return to[n * n - 1];
}
double copy_to_malloc(const double *x, long stride, long n)
{
    double *to = malloc(8 * n * n), last = copy_to(to, x, stride, n);
    free(to);
    return last;
}
double leak_a_copy(const double *x, long stride, long n) { return copy_to(malloc(8 * n * n), x, stride, n); }
double copy_to_mmap(const double *x, long stride, long n)
{
    double *to = mmap(NULL, 8 * n * n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    double last = copy_to(to, x, stride, n);
    munmap(to, 8 * n * n);
    return last;
}
// As allocators reserve and align: pages that cannot be read, and a piece in the middle that stays.
double map_and_unmap(const double *x, long stride, long n)
{
    char *reserved = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *pieces = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pieces + (1 << 19), 1 << 19);
    munmap(pieces, 1 << 19);
    munmap(reserved, 1 << 20);
    mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return x[stride * n - n];
}
double copy_to_workspace(const double *x, long stride, long n) { return copy_to(workspace, x, stride, n); }
double memcpy_to_workspace(const double *x, long stride, long n)
{
    for (long i = 0; i < n; i++)
        memcpy(workspace + i * n, x + i * stride, 8 * n);
    return workspace[0];
}
double read_many_times(const double *x, long stride, long n)
{
    double sum = 0;
    for (long i = 0; i < 5000; i++)
        sum += *(const volatile double *)x;
    return sum;
}
"""


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """A library that reads in place, and that copies."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "foreign.c").write_text(NATIVE)
    cc("-O2", "-fPIC", "-shared", folder / "foreign.c", "-o", folder / "libforeign.so")
    library = ctypes.CDLL(str(folder / "libforeign.so"))

    def call(name, x):
        function = getattr(library, name)
        function.restype = ctypes.c_double
        return function(x.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(x.strides[0] // 8), ctypes.c_long(len(x)))

    return call


@pytest.fixture
def X():
    return np.random.default_rng(1).random((200, 202))[:, :200]


def layers(evidence):
    """Which layers saw a copy."""
    return {
        *(["contents"] if evidence.blocks else []),
        *(["memcpy"] if any(copy.largest > 8 for copy in evidence.copies or ()) else []),
        *(["readers"] if any(reader.in_libc for readers in evidence.readers or () for reader in readers) else []),
    }


# ---- what copies, and which layer sees it ----

COPIES = {
    "ravel": (np.ravel, {"contents", "memcpy", "readers"}),
    "copy": (np.copy, {"contents", "memcpy", "readers"}),
    "transposed copy": (lambda x: x.T.copy(), {"contents"}),
    "Fortran copy": (np.asfortranarray, {"contents"}),
    "fancy": (lambda x: x[np.arange(len(x))], {"contents", "memcpy", "readers"}),
    "boolean": (lambda x: x[x > -1], {"contents"}),
    "tobytes": (lambda x: x.tobytes(), {"contents", "memcpy", "readers"}),
    "tolist and back": (lambda x: np.array(x.tolist()), {"contents"}),
    "chunks of a ufunc": (np.sum, {"contents", "memcpy", "readers"}),
    "chunks of every second": (lambda x: x[:, ::2].sum(), set()),
    "half of it": (lambda x: x[:100].copy(), {"contents", "memcpy", "readers"}),
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_by_numpy(how, X):
    copy, expected = COPIES[how]
    evidence = trace_copy(copy, X)
    assert layers(evidence) >= expected
    if expected:
        assert evidence.verdict == "copied"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("copy_to_malloc", {"contents"}),
        ("leak_a_copy", {"contents"}),
        ("copy_to_mmap", {"contents"}),
        ("memcpy_to_workspace", {"memcpy", "readers"}),
    ],
)
def test_copies_by_foreign_code(how, expected, native, X):
    evidence = trace_copy(lambda x: native(how, x), X)
    assert layers(evidence) == expected
    assert evidence.verdict == "copied"


def test_a_persistent_workspace_is_found_by_who_reads(native, X):
    with (
        pytest.raises(CopyDetected, match=r"libforeign\.so .* read it, and only strideops may"),
        assert_no_copy(X, readers="strideops"),
    ):
        native("copy_to_workspace", X)


def test_a_side_copy_while_the_right_pointer_is_read_too(native, X):
    with pytest.raises(CopyDetected, match="read by 2 modules"), assert_no_copy(X):
        native("copy_to_workspace", X)
        strided.sum(X)


def test_another_thread(X):
    with pytest.raises(CopyDetected), assert_no_copy(X):
        thread = threading.Thread(target=X.copy)
        thread.start()
        thread.join()


def test_a_thread_from_before(X):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with assert_no_copy(X, strict=True) as evidence:
            pool.submit(strided.sum, X).result()
        assert evidence.readers[0][0].seen == 4
        with pytest.raises(CopyDetected), assert_no_copy(X):
            pool.submit(X.copy).result()


# ---- what does not copy ----


READING = [
    (call, pattern)
    for call in cases.CALLS
    for pattern in patterns.PATTERNS
    if cases.is_case(call, pattern) and not call.startswith("copyto")
]


@pytest.mark.parametrize(("call", "pattern"), READING)
def test_no_false_alarm_in_the_strided_path(call, pattern):
    for n, dtype in ((24, "int64"), (64, "uint8"), (200, "float64")):
        function, arguments = cases.prepare("strided", call, pattern, n, dtype)
        function(*arguments)
        arrays = [argument for argument in arguments if isinstance(argument, np.ndarray)]
        with assert_no_copy(*arrays, readers="strideops") as evidence:
            function(*arguments)
        assert evidence.verdict in {"no copy", "not proven"}
        with assert_no_copy(*arrays):
            function(*arguments)


def test_foreign_code_that_reads_in_place(native, X):
    with assert_no_copy(X, strict=True) as evidence:
        native("sum_it", X)
    assert evidence.verdict == "no copy"
    ((reader,),) = evidence.readers
    assert (reader.function, reader.module, reader.seen) == ("sum_it", "libforeign.so", 4)
    for name in ("sum_it", "libforeign.so", "foreign"):
        with assert_no_copy(X, readers=[name], strict=True):
            native("sum_it", X)


def test_nobody_reads(X):
    with assert_no_copy(X, readers=(), strict=True) as evidence:
        X.T.reshape(200, 10, 20)
    assert (evidence.verdict, evidence.readers) == ("no copy", ((),))


def test_mapped_memory_that_cannot_be_read(native, X):
    with assert_no_copy(X) as evidence:
        native("map_and_unmap", X)
    assert evidence.allocated.native == 3 << 20


def test_unrelated_allocations_are_reported(X):
    with assert_no_copy(X) as evidence:
        np.ones(10**5)
    assert 8 * 10**5 <= evidence.allocated.numpy < 8 * 10**5 + 64
    with pytest.raises(CopyDetected, match=r"allocated 8.*max_alloc is 1,000"), assert_no_copy(X, max_alloc=1000):
        np.ones(10**5)


def test_a_busy_thread_is_no_alarm(X):
    stop = threading.Event()

    def allocate():
        while not stop.is_set():
            np.ones(10**4).copy()

    thread = threading.Thread(target=allocate)
    thread.start()
    try:
        for _ in range(50):
            with assert_no_copy(X):
                strided.sum(X)
    finally:
        stop.set()
        thread.join()


def test_what_becomes_of_the_elements_is_unknown_to_us(X):
    """A conversion does not hold the bytes: not proven, unless somebody says who may read."""
    evidence = trace_copy(lambda x: x.astype("f4"), X)
    assert evidence.verdict == "not proven"
    assert "converted copy" in evidence.not_checked[-1]


def test_what_lay_in_memory_before_is_no_copy(X):
    """An allocator hands out memory in which an earlier copy lies."""
    for _ in range(20):
        X.copy()
        with assert_no_copy(X):
            np.empty(X.shape)


def test_writes_are_no_copy(X):
    other = np.ones(X.shape)
    with assert_no_copy(X):
        X[...] = other
    with assert_no_copy(X, readers="numpy"):
        X[:] = 0
        assert X[3, 4] == 0


# ---- the message ----


def test_the_message_names_array_reader_bytes_and_line(X):
    with pytest.raises(CopyDetected) as caught, assert_no_copy(X):
        line = sys._getframe().f_lineno + 1
        np.ravel(X)
    message = str(caught.value)
    assert "(200,200):(1616,8) float64" in message
    assert "libc" in message
    assert "called by numpy._core._multiarray_umath" in message
    assert "320,000 bytes" in message
    assert message.count(f"{__file__}:{line}") == 2  # of the memory, and of the reader
    assert "memcpy took 320,000 bytes of it in 200 calls" in caught.value.evidence.table()
    assert isinstance(caught.value, AssertionError)


def test_several_arrays(X):
    others = [np.arange(1000.0) + i for i in range(5)]
    with pytest.raises(CopyDetected, match=r"array 2 \(1000\):\(8\) float64"), assert_no_copy(X, *others):
        others[1].copy()
    with assert_no_copy(X, *others) as evidence:
        pass
    assert evidence.verdict == "not proven"
    assert [reason[:20] for reason in evidence.not_checked] == ["readers of array 4: ", "readers of array 5: "]


# ---- bad input and bad weather ----


def test_what_is_no_array():
    with pytest.raises(strideops.CopyRequired, match="no view of this list"):
        assert_no_copy([1, 2, 3])
    with pytest.raises(TypeError, match="at least one array"):
        assert_no_copy()
    with pytest.raises(ValueError, match="level is 'all'"):
        assert_no_copy(np.ones(3), level="all")


@pytest.mark.parametrize(
    "array",
    [
        np.empty((0, 5)),
        np.array(3.5),
        np.broadcast_to(np.arange(4.0), (1000, 4)),
        np.lib.stride_tricks.sliding_window_view(np.arange(100.0), 5),
        np.zeros(1000),
        np.array([object(), object()]),
        np.ones(7, "i1, f8")["f1"],
        np.arange(24).reshape(2, 3, 4)[::-1, :, ::-2],
        bytearray(b"some bytes that nobody copies"),
    ],
    ids=lambda array: f"{type(array).__name__} {getattr(array, 'shape', '')}",
)
def test_all_kinds_of_arrays(array):
    with assert_no_copy(array) as evidence:
        pass
    assert evidence.verdict == "no copy"
    with suppress(CopyDetected), assert_no_copy(array):
        np.array(array, copy=True)


def test_other_exporters():
    memory = bytearray(os.urandom(1000))
    with pytest.raises(CopyDetected), assert_no_copy(memory):
        bytes(memory)


def test_an_exception_inside_passes_through(X):
    with pytest.raises(ZeroDivisionError), assert_no_copy(X) as evidence:
        X.copy()
        raise ZeroDivisionError
    assert evidence.verdict == "copied"


def hooks():
    """What a guard changes in the process."""
    return get_handler_name(), signal.getsignal(signal.SIGTRAP), len(os.listdir("/proc/self/fd"))


def test_everything_is_taken_back(X):
    trace_copy(np.ravel, X)
    before = hooks()
    for level in ("portable", "full"):
        trace_copy(np.ravel, X, level=level)
        with pytest.raises(ZeroDivisionError), assert_no_copy(X, level=level):
            raise ZeroDivisionError
        with pytest.raises(CopyDetected), assert_no_copy(X, level=level), assert_no_copy(X, level=level):
            X.copy()
    assert hooks() == before


def test_nested(X):
    other = np.random.default_rng(2).random(5000)
    with assert_no_copy(X) as outer, assert_no_copy(other) as inner:
        strided.sum(X)
        strided.sum(other)
    assert inner.verdict == "no copy"
    assert outer.verdict == "not proven"
    assert "had some of its watchpoints" in "".join(outer.not_checked)
    with pytest.raises(CopyDetected), assert_no_copy(X), assert_no_copy(other):
        X.copy()
    with pytest.raises(CopyDetected), assert_no_copy(X), assert_no_copy(X):
        X.copy()


def test_a_guard_in_every_thread():
    def guarded(seed):
        mine = np.random.default_rng(seed).random((50, 52))[:, :50]
        for _ in range(20):
            with assert_no_copy(mine):
                strided.sum(mine)
            with pytest.raises(CopyDetected), assert_no_copy(mine):
                mine.copy()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(guarded, range(4)))


def test_a_guard_is_used_once(X):
    guard = assert_no_copy(X)
    with guard:
        pass
    with pytest.raises(RuntimeError, match="make a new one"), guard:
        pass


def test_an_array_that_changes(X):
    with pytest.raises(CopyDetected, match="lay in order"), assert_no_copy(X) as evidence:
        X *= 2
        kept = X.copy()
    assert kept.shape == X.shape
    assert "contents: array 0 was changed inside the block" in evidence.not_checked


def test_an_array_that_moves():
    x = np.random.default_rng(3).random(1000)
    with suppress(CopyDetected), assert_no_copy(x) as evidence:
        x.resize(10**6, refcheck=False)
    assert "contents: array 0 has been given other memory" in evidence.not_checked


def test_an_element_that_is_read_without_end(native, X):
    evidence = trace_copy(lambda x: native("read_many_times", x), X)
    assert evidence.readers[0][0].accesses == 1000
    assert evidence.verdict == "no copy"  # the other elements are watched to the end


def test_a_signal_inside(X):
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append(strided.sum(X)))
    try:
        with assert_no_copy(X):
            os.kill(os.getpid(), signal.SIGUSR1)
            strided.sum(X)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen


def run(program, **more):
    return subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False, **more)


def test_somebody_elses_traps_still_arrive():
    program = """
import signal, os, numpy as np, strideops
seen = []
signal.signal(signal.SIGTRAP, lambda *_: seen.append(1))
X = np.ones(1000)
with strideops.assert_no_copy(X):
    os.kill(os.getpid(), signal.SIGTRAP)
    strideops.strided.sum(X)
os.kill(os.getpid(), signal.SIGTRAP)
assert seen == [1, 1], seen
"""
    done = run(program)
    assert done.returncode == 0, done.stderr


def test_threads_that_block_traps():
    """A trap would end them: one from before is not watched, one from inside finds a handler later."""
    program = """
import signal, threading, numpy as np, strideops
X = np.random.default_rng(0).random((200, 202))[:, :200]
blocked, go, read, end = (threading.Event() for _ in range(4))
def work(wait):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTRAP])
    blocked.set()
    wait.wait()
    strideops.strided.sum(X)
    read.set()
    end.wait()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTRAP])
before = threading.Thread(target=work, args=(go,))
before.start()
blocked.wait()
with strideops.assert_no_copy(X) as evidence:
    go.set()
    read.wait()
assert evidence.verdict == "not proven", evidence
assert "threads that block SIGTRAP, and were not watched: 1" in evidence.not_checked[0], evidence
end.set()
before.join()
for event in (read, end):
    event.clear()
with strideops.assert_no_copy(X):
    inside = threading.Thread(target=work, args=(go,))
    inside.start()
    read.wait()
end.set()
inside.join()
assert strideops.trace_copy(strideops.strided.sum, X).verdict == "no copy"
"""
    done = run(program)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("allocator", ["malloc", "debug", "pymalloc_debug"])
def test_other_allocators(allocator):
    program = """
import numpy as np, strideops
X = np.random.default_rng(0).random((200, 202))[:, :200]
assert strideops.trace_copy(strideops.strided.sum, X).verdict == "no copy"
evidence = strideops.trace_copy(np.ravel, X)
assert evidence.blocks and evidence.verdict == "copied", evidence
assert strideops.trace_copy(lambda x: bytes(x), X).blocks
"""
    done = run(program, env={**os.environ, "PYTHONMALLOC": allocator})
    assert done.returncode == 0, done.stderr


def test_fork_inside():
    program = """
import os, numpy as np, strideops
X = np.random.default_rng(0).random(1000)
with strideops.assert_no_copy(X):
    child = os.fork()
    if child == 0:
        X.copy()
        strideops.trace_copy(np.copy, X)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    done = run(program)
    assert done.returncode == 0, done.stderr


def test_fork_beside_a_busy_thread():
    """The child has none of the other threads, and none of the locks that they held."""
    program = """
import os, threading, numpy as np, strideops
X = np.random.default_rng(0).random(1000)
stop = threading.Event()
def allocate():
    while not stop.is_set():
        np.random.default_rng(1).random((40, 40)).T.copy()
busy = threading.Thread(target=allocate)
busy.start()
with strideops.assert_no_copy(X):
    for _ in range(50):
        child = os.fork()
        if child == 0:
            os._exit(len([bytes(1000) for _ in range(100)]))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 100
stop.set()
busy.join()
"""
    done = run(program, timeout=60)
    assert done.returncode == 0, done.stderr


SANDBOX = """
import ctypes, struct, sys
import numpy as np
import strideops

# seccomp: the system calls that are named fail with EPERM.
libc = ctypes.CDLL(None, use_errno=True)
def refuse(*numbers):
    program = [(0x20, 0, 0, 0)]
    for number in numbers:
        program += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050001)]
    program += [(0x06, 0, 0, 0x7FFF0000)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    memory = ctypes.create_string_buffer(code)
    filter = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(memory)))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, filter, 0, 0) == 0, ctypes.get_errno()
X = np.random.default_rng(0).random((200, 202))[:, :200]
"""

PERF_EVENT_OPEN, PROCESS_VM_READV, MPROTECT = 298, 310, 10

WITH_PAGE_TRAPS = """
evidence = strideops.trace_copy(strideops.strided.sum, X)
assert evidence.verdict == "no copy", evidence
assert evidence.readers is None
((reader,),) = evidence.pages
assert (reader.module, reader.seen, reader.watched) == ("strideops._core", 64, 64)
def copy_behind_the_kernel(x):
    strideops.strided.sum(x)
    np.einsum("ij->", x)
evidence = strideops.trace_copy(copy_behind_the_kernel, X)
assert "read by 2 modules" in evidence.reasons[0], evidence
evidence = strideops.trace_copy(np.ravel, X)
assert evidence.pages[0][0].in_libc and evidence.pages[0][0].caller == "numpy._core._multiarray_umath", evidence
strideops.trace_copy(lambda x: np.take(x, np.arange(0, 40000, 7)), X)
small = np.random.default_rng(0).random(10)
evidence = strideops.trace_copy(strideops.strided.sum, small)
assert evidence.verdict == "not proven"
assert "refused a watchpoint (Operation not permitted), and none of its pages could be protected" in str(evidence)
import threading
with strideops.assert_no_copy(X) as evidence:
    threads = [threading.Thread(target=strideops.strided.sum, args=(X,)) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
assert evidence.verdict == "no copy", evidence
with strideops.assert_no_copy(X) as evidence, strideops.assert_no_copy(X) as inner:
    strideops.strided.sum(X)
assert inner.verdict == "not proven" and "Device or resource busy" in inner.not_checked[0], inner
"""

WITHOUT_ANY = """
evidence = strideops.trace_copy(strideops.strided.sum, X)
assert evidence.verdict == "not proven", evidence
assert "the system refused a watchpoint (Operation not permitted), and its pages could" in evidence.not_checked[0]
assert evidence.readers is evidence.pages is evidence.copies is evidence.allocated.native is None, evidence
assert strideops.trace_copy(np.ravel, X).verdict == "copied"
try:
    with strideops.assert_no_copy(X, strict=True):
        strideops.strided.sum(X)
except strideops.CopyDetected as error:
    assert "not proven" in str(error)
else:
    raise SystemExit("strict did not raise")
with strideops.audit() as found:
    np.concatenate([X, X])
assert [each.bytes for each in found.unattributed()] == [640_000]
assert str(found).endswith("what compiled code requests for itself could not be counted"), str(found)
"""


@pytest.mark.parametrize(
    ("refused", "program"),
    [
        ([PERF_EVENT_OPEN], WITH_PAGE_TRAPS),
        ([PERF_EVENT_OPEN, PROCESS_VM_READV, MPROTECT], WITHOUT_ANY),
    ],
    ids=["watchpoints refused", "all refused"],
)
def test_sandboxes(refused, program):
    done = run(f"{SANDBOX}\nrefuse({', '.join(map(str, refused))})\n{program}")
    assert done.returncode == 0, done.stdout + done.stderr


# ---- the other levels ----


@pytest.mark.parametrize("shape", [(6, 6), (33, 33)])
def test_a_trace_sees_every_access(shape, native):
    x = np.random.default_rng(4).random((shape[0], shape[1] + 2))[:, : shape[1]]
    with assert_no_copy(x, level="trace", strict=True) as evidence:
        native("sum_it", x)
    ((reader,),) = evidence.trace
    assert (reader.function, reader.accesses) == ("sum_it", x.size)
    with assert_no_copy(x, level="trace", strict=True):
        strided.max(x, 0)
    with pytest.raises(CopyDetected, match=r"libc.*called by numpy"), assert_no_copy(x, level="trace"):
        np.ravel(x)
    with pytest.raises(CopyDetected, match="read by 2 modules"), assert_no_copy(x, level="trace"):
        strided.sum(x)
        np.einsum("ij->", x)


def test_the_portable_level(X):
    evidence = trace_copy(np.ravel, X, level="portable")
    assert (evidence.verdict, layers(evidence)) == ("copied", {"contents"})
    evidence = trace_copy(strided.sum, X, level="portable")
    assert evidence.verdict == "not proven"
    assert evidence.readers is None
    assert evidence.allocated.native is None
