# SPDX-License-Identifier: BSD-3-Clause
"""strideops.audit: planted copies are found on their lines, and no other line is blamed."""

import ctypes
import gc
import inspect
import json
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest
from ccompiler import cc, run

import strideops
from strideops import auditing, calls, unattributed
from strideops.unattributed import NOWHERE

# A line each: what copies ends with "# copies", and is all that may be blamed.
SCRIPT = """
import copy, pickle, sys
import numpy as np
X = np.random.default_rng(0).random((300, 300))
part, ints, v = X[:, :200], np.arange(90000).reshape(300, 300), np.ones(200)
X.ravel()
part.ravel()  # copies
X.T.ravel()  # copies
X.T.ravel("F")
X.ravel("K")
part.ravel("K")  # copies
np.ravel(part)  # copies
np.ravel(X)
part.reshape(-1)  # copies
X.reshape(-1)
X.reshape(30, 3000)
X.T.reshape(30, 3000)  # copies
X.reshape(300, 3, 100).transpose(1, 0, 2).reshape(900, 100)  # copies
X.flatten()  # copies
part.flatten("F")  # copies
X.copy()  # copies
np.copy(part)  # copies
copy.copy(X)  # copies
copy.deepcopy(part)  # copies
np.array(X)  # copies
np.array(X, copy=False)
np.array(X, copy=None)
np.asarray(X)
np.asarray(X, order="F")  # copies
np.asarray(X.T, order="F")
np.asanyarray(part, order="C")  # copies
np.ascontiguousarray(X)
np.ascontiguousarray(part)  # copies
np.ascontiguousarray(X[:, ::2])  # copies
np.asfortranarray(X)  # copies
np.asfortranarray(X.T)
np.require(part, requirements="C")  # copies
np.require(part, requirements="A")
X.astype(float)  # copies
X.astype(float, copy=False)
X.astype(np.float32)
part.astype(float, order="C", copy=False)  # copies
part.tobytes()  # copies
memoryview(part).tobytes()  # copies
memoryview(X)
pickle.dumps(X)  # copies
pickle.dumps(X, 5, buffer_callback=[].append)
np.argmax(part)  # copies
np.argmax(X)
part.argmin()  # copies
part.argmax(axis=0)  # copies
X.argmax(axis=1)
X.argmax(axis=0)  # copies
np.cumsum(part)  # copies
np.cumsum(X)
part.cumsum(axis=1)
np.cumsum(part, 0)
np.dot(part, v)  # copies
part.dot(v)  # copies
np.dot(X, np.ones(300))
part @ v
np.vdot(part, part)  # copies
np.linalg.norm(part)  # copies
np.linalg.norm(X)
np.median(part)  # copies
X[np.arange(300)]  # copies
X[[1, 3, 5, 7]]  # copies
X[[1, 3, 4]]
X[np.random.default_rng(0).permutation(300)]
X[np.argsort(X[:, 0])]
X[X > 0.5]
X[np.ones((300, 300), bool)]  # copies
X.take([0, 2, 4], axis=0)  # copies
X[::2]
X[5, 7]
X + 1
X.sum()
np.sort(X)
np.concatenate([X, X])
np.array([1, 2, 3])
np.zeros((300, 300))
np.swapaxes(X, 0, 1)
np.squeeze(X)
np.atleast_2d(X)
np.broadcast_to(X, (2, 300, 300))
np.frombuffer(bytes(8000))
np.moveaxis(X, 0, 1).transpose()
np.split(X, 3)
np.expand_dims(X, 0)
for i in range(3): part.ravel()  # copies
"""
COPIES = {number for number, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith("# copies")}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """What an audit of the script tells, as its command line prints it."""
    path = tmp_path_factory.mktemp("planted") / "script.py"
    path.write_text(SCRIPT)
    told = run(sys.executable, "-P", "-m", "strideops", "audit", "--json", path)
    return path, json.loads(told)


def test_planted_copies_are_found_and_nothing_else_is_blamed(planted):
    path, told = planted
    assert len(COPIES) >= 40
    assert {finding["file"] for finding in told["findings"]} == {str(path)}
    assert {finding["line"] for finding in told["findings"]} == COPIES
    assert told["unknown"] == 0


def test_bytes_and_counts_are_right(planted):
    _, told = planted
    lines = SCRIPT.splitlines()
    by_line = {lines[finding["line"] - 1]: finding for finding in told["findings"]}
    assert by_line["part.ravel()  # copies"]["bytes"] == 300 * 200 * 8
    assert by_line["X.flatten()  # copies"]["bytes"] == 300 * 300 * 8
    assert by_line["X[[1, 3, 5, 7]]  # copies"]["bytes"] == 4 * 300 * 8
    loop = by_line["for i in range(3): part.ravel()  # copies"]
    assert (loop["count"], loop["bytes"]) == (3, 3 * 300 * 200 * 8)
    assert loop["layout"] == "(300,200):(2400,8) float64"
    assert by_line["np.dot(part, v)  # copies"]["instead"] == "x @ v"
    assert by_line["np.linalg.norm(part)  # copies"]["call"] == "ndarray.ravel in norm"
    totals = [finding["bytes"] for finding in told["findings"]]
    assert totals == sorted(totals, reverse=True)


def test_every_finding_has_a_reason(planted):
    assert all(finding["reason"] for finding in planted[1]["findings"])


RANDOM = np.random.default_rng(1)
X = RANDOM.random((100, 100))


def lines_of(found):
    return [(each.call, each.bytes, each.count) for each in found.findings()]


def test_a_block():
    with strideops.audit() as found:
        X[:, :50].ravel()
        X.ravel()
    assert lines_of(found) == [("ndarray.ravel", 40_000, 1)]
    X[:, :50].ravel()
    assert found.calls == 2
    assert str(found).splitlines()[-1] == "39.1 KiB copied on 1 line; 2 calls looked at"
    assert "test_audit.py:" in str(found)


def test_small_arrays_are_left_out():
    with strideops.audit() as found:
        X[:5, :5].ravel()
    assert lines_of(found) == []
    with strideops.audit(smallest=100) as found:
        X[:5, :5].ravel()
    assert lines_of(found) == [("ndarray.ravel", 200, 1)]


def test_audits_within_audits():
    with strideops.audit() as outer:
        X.copy()
        with strideops.audit() as inner:
            X.T.ravel()
        X.flatten()
    assert [each.call for each in inner.findings()] == ["ndarray.ravel"]
    assert {each.call for each in outer.findings()} == {"ndarray.ravel", "ndarray.copy", "ndarray.flatten"}


def test_the_end_is_the_end_whatever_happens():
    before = [getattr(function, "__doc__", None) for *_, function in calls.WATCHED]
    with pytest.raises(ZeroDivisionError), strideops.audit() as found:
        X.copy()
        raise ZeroDivisionError
    X.copy()
    assert found.calls == 1
    assert [getattr(function, "__doc__", None) for *_, function in calls.WATCHED] == before


def test_calls_mean_what_they_meant():
    """Arguments by place and by name, errors, subclasses."""
    masked = np.ma.masked_array(X, X > 0.5)
    with strideops.audit():
        assert np.array_equal(X.astype(np.float32, order="F", copy=True), X.astype(np.float32))
        assert np.array(X, dtype="f4", copy=True, order="F", ndmin=3).shape == (1, 100, 100)
        assert X.take(indices=[1, 2], axis=1, mode="clip").shape == (100, 2)
        assert np.array_equal(np.asarray([1, 2]), [1, 2])
        assert X.reshape((10, 1000), order="F").shape == (10, 1000)
        assert masked.copy().mask.sum() == masked.mask.sum()
        assert np.dot(X, X, out=np.empty((100, 100))).shape == (100, 100)
        with pytest.raises(ValueError, match="cannot reshape"):
            X.reshape(7)
        with pytest.raises(TypeError):
            X.ravel(nonsense=1)
        with pytest.raises(IndexError):
            X[[1000]]


def test_of_what_has_no_rule_it_is_told():
    records = np.zeros(1000, [("a", "f8")])
    with strideops.audit() as found:
        np.vdot(X.view(np.matrix), X.view(np.matrix))
        np.dot(X[:, :50], X[:50])
        records.copy()
    assert found.unknown == 2
    assert [each.call for each in found.findings()] == ["ndarray.copy"]
    assert "2 of them could not be judged" in str(found)


def test_warnings_are_the_programs_own(recwarn):
    """NumPy warns whoever asks an array of broadcast_arrays whether it is writeable."""
    array, _ = np.broadcast_arrays(np.ones(300), np.ones((3, 1)))
    with strideops.audit() as found:
        np.argmax(array)
    strideops.explain(array)
    assert found.calls == 1
    assert [each.category for each in recwarn] == []


def test_threads_are_seen():
    with strideops.audit() as found:
        threads = [threading.Thread(target=lambda: [X.T.ravel() for _ in range(50)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(each.count for each in found.findings()) == 200


def test_nothing_is_kept():
    """References are given back: memory does not grow with calls."""

    def work(count):
        for _ in range(count):
            X.T.ravel()
            np.asarray(X, order="F")
            X[[1, 2]]
            X.take([1], axis=0)
            X.astype(dtype=float)

    with strideops.audit():
        work(50)
        tracemalloc.start()
        try:
            work(10)
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            work(500)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert after - before < 4096


def test_what_an_observer_raises_is_not_the_callers(monkeypatch):
    raised = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: raised.append(told.exc_type))
    with strideops.audit() as found:
        monkeypatch.setattr(found, "_add", lambda *call: 1 / 0)
        assert X.copy().shape == X.shape
    assert raised == [ZeroDivisionError]


# What cannot be attributed

DUPLICATE = """
#include <stdlib.h>
#include <string.h>
void *duplicate(const void *x, size_t bytes) { return memcpy(malloc(bytes), x, bytes); }
"""


def requests_of(found):
    return [(each.code, each.bytes, each.count) for each in found.unattributed()]


def test_calls_that_are_not_watched_are_counted():
    with strideops.audit() as found:
        for _ in range(2):
            np.concatenate([X, X])
        np.flip(X).tolist()
    assert requests_of(found) == [("np.concatenate([X, X])", 320_000, 2)]
    (request,) = found.unattributed()
    lines = inspect.getsource(test_calls_that_are_not_watched_are_counted).splitlines()
    begin = inspect.getsourcelines(test_calls_that_are_not_watched_are_counted)[1]
    assert request.file == __file__
    assert "np.concatenate" in lines[request.line - begin]
    assert "test_audit.py" in str(found)
    assert str(found).splitlines()[-1] == "0 bytes copied; 0 calls looked at; 312 KiB not attributed"


def test_numpys_own_lines_are_their_callers():
    with strideops.audit() as found:
        np.trapezoid(X)
    assert {code for code, *_ in requests_of(found)} - {NOWHERE} == {"np.trapezoid(X)"}


def test_results_are_told_apart():
    random = np.random.default_rng(3)
    expected = np.empty_like(X)
    with strideops.audit() as found:
        results = [X + 1, -X, X > 0.5]
        np.exp(X)
        np.exp(X, out=expected)
        np.zeros((100, 100))
        X[X > 2]
    assert len(results) == 3
    assert found.results == 4 * 80_000 + 2 * 10_000
    assert requests_of(found) == []
    with strideops.audit() as found:
        random.random((100, 100))  # of a local name nobody knows what it was
        RANDOM.random((100, 100))
        x = X.copy()
        x[1:] += x[:-1]  # what is read would have been written to
        np.add(x[1:], x[:-1], out=x[1:])
        np.add(x[1:], x[:-1], x[1:])
    assert found.results == 80_000
    assert [code for code, *_ in requests_of(found)] == [
        "random.random((100, 100))",
        "x[1:] += x[:-1]",
        "np.add(x[1:], x[:-1], out=x[1:])",
        "np.add(x[1:], x[:-1], x[1:])",
    ]


class Proxy:
    def __getattr__(self, name):
        raise AssertionError(f"{name} was asked for")


PROXY = Proxy()


def test_names_are_looked_up_and_nothing_is_evaluated():
    request, is_result = unattributed.read(compile("PROXY()", "<none>", "eval"), globals(), 0, 1, 1)
    assert (request.file, is_result) == ("<none>", False)
    assert not unattributed._makes_result("PROXY(1)", globals())
    assert not unattributed._makes_result("PROXY.zeros(1)", globals())
    assert unattributed._makes_result("np.zeros(1)", globals())


def test_an_audit_that_cannot_begin_is_none(monkeypatch):
    def refuse(*arguments):
        raise RuntimeError("refused")

    with monkeypatch.context() as patch:
        patch.setattr(auditing._probes, "watch_calls", refuse)
        with pytest.raises(RuntimeError, match="refused"), strideops.audit():
            pass
    assert auditing._active == []


def test_pythons_own_memory_is_not_arrays():
    with strideops.audit() as found:
        kept = [bytes(100_000), list(range(100_000)), "x" * 50_000, dict.fromkeys(range(10000))]
    assert len(kept) == 4
    assert requests_of(found) == []


def test_compiled_code_is_counted(tmp_path):
    """In a library that is loaded during the audit, too; without the GIL its line is not known."""
    (tmp_path / "duplicate.c").write_text(DUPLICATE)
    cc("-shared", "-fPIC", tmp_path / "duplicate.c", "-o", tmp_path / "duplicate.so")
    with strideops.audit() as found:
        for kind in (ctypes.PyDLL, ctypes.CDLL):
            duplicate = kind(str(tmp_path / "duplicate.so")).duplicate
            duplicate.argtypes, duplicate.restype = [ctypes.c_void_p, ctypes.c_size_t], None
            duplicate(X.ctypes.data, X.nbytes)
    if not found.native:
        pytest.skip("compiled code cannot be counted on this system")
    found = {request.code: request for request in found.unattributed() if request.bytes == X.nbytes}
    assert set(found) == {"duplicate(X.ctypes.data, X.nbytes)", NOWHERE}
    assert found["duplicate(X.ctypes.data, X.nbytes)"].file == __file__


def test_other_threads_are_counted():
    thread = threading.Thread(target=lambda: np.concatenate([X, X]))
    with strideops.audit() as found:
        thread.start()
        thread.join()
    if not found.native:
        pytest.skip("other threads cannot be counted on this system")
    assert requests_of(found) == [("np.concatenate([X, X])", 160_000, 1)]


def test_the_outer_audit_counts_what_the_inner_one_does():
    with strideops.audit() as outer:
        np.concatenate([X])
        with strideops.audit() as inner:
            np.concatenate([X, X])
        np.concatenate([X])
    assert [size for _, size, _ in requests_of(inner)] == [160_000]
    assert [size for _, size, _ in requests_of(outer)] == [160_000, 80_000, 80_000]


def test_only_the_largest_are_shown():
    with strideops.audit() as found:
        for count in range(2, 9):
            exec(f"np.concatenate({count} * [X])")
    assert len(requests_of(found)) == 1  # no source, no expression
    with strideops.audit() as found:
        exec("\n".join(f"np.concatenate({count} * [X])" for count in range(2, 9)))
    assert [size for _, size, _ in requests_of(found)] == [80_000 * count for count in range(8, 1, -1)]
    assert str(found).splitlines()[-2].strip() == "and 2 more"


# The command line


def command(*arguments):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "strideops", "audit", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_script_runs_as_it_would(tmp_path):
    script = tmp_path / "script.py"
    (tmp_path / "beside.py").write_text("there = 1\n")
    script.write_text(
        "import sys, beside\nimport numpy as np\nprint(__name__, sys.argv[1:])\n"
        "np.ones((50, 50)).T.ravel()\nsys.exit(3)\n"
    )
    status, output, told = command(script, "--json", "b")
    assert (status, output) == (3, "__main__ ['--json', 'b']\n")
    assert f"{script}:4: ndarray.ravel" in told
    assert told.splitlines()[-1].startswith("19.5 KiB copied on 1 line;")


def test_a_script_that_fails_is_told_of(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import numpy as np\nx = np.ones(500).copy()\n1 / 0\n")
    status, output, told = command(script)
    assert (status, output) == (1, "")
    assert "ZeroDivisionError" in told
    assert f"{script}:2: ndarray.copy" in told


def test_json_is_all_of_the_output(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print('hello')\n")
    status, output, told = command("--json", script)
    nothing = {"calls": 0, "unknown": 0, "findings": [], "unattributed": [], "results": 0}
    assert (status, told) == (0, "hello\n")
    assert json.loads(output) | {"native": True} == nothing | {"native": True}


def test_no_script(tmp_path):
    status, output, told = command(tmp_path / "missing.py")
    assert (status, output) == (2, "")
    assert "there is no such script" in told


# pytest


TESTS = """
import numpy as np

def test_one():
    np.ones((50, 50)).T.ravel()

def test_two():
    np.ones((50, 50)).ravel()
"""


@pytest.mark.parametrize("more", [[], ["-n", "2"]])
def test_copy_audit_of_pytest(tmp_path, more):
    (tmp_path / "test_them.py").write_text(TESTS)
    arguments = [sys.executable, "-m", "pytest", "-q", "--copy-audit", "-p", "no:cacheprovider", *more]
    told = run(*arguments, cwd=tmp_path)
    assert "copies of arrays (strideops)" in told
    assert "test_them.py:5: ndarray.ravel" in told
    assert "test_them.py:8" not in told
    assert "2 passed" in told


def test_without_the_option_there_is_no_section(tmp_path):
    (tmp_path / "test_them.py").write_text(TESTS)
    assert "strideops" not in run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)


def test_findings_of_several_are_added():
    with strideops.audit() as found:
        X.copy()
        np.concatenate([X])
        np.zeros(1000)
    sum_of_both = auditing.Audit()
    sum_of_both.merge(found.to_dict())
    sum_of_both.merge(found.to_dict())
    assert lines_of(sum_of_both) == [("ndarray.copy", 160_000, 2)]
    assert requests_of(sum_of_both) == [("np.concatenate([X])", 160_000, 2)]
    assert sum_of_both.results == 16_000
