# SPDX-License-Identifier: BSD-3-Clause
"""The pytest plugin, as users meet it: in a folder of their own, with nothing but the installed package."""

import importlib.metadata
import subprocess
import sys

import pytest

TESTS = """
import numpy as np
import pytest
import strideops

@pytest.fixture
def X():
    return np.random.default_rng(0).random((100, 102))[:, :100]

@pytest.mark.no_copy
def test_reads_in_place(X):
    strideops.strided.sum(X)

@pytest.mark.no_copy
def test_copies(X):
    X.ravel()

@pytest.mark.no_copy(readers="strideops", max_alloc=10_000)
def test_allocates(X):
    np.ones(10_000)

@pytest.mark.no_copy
@pytest.mark.parametrize("arrays", [[np.random.random(500)], {"a": np.random.random(500)}])
def test_parameters(arrays):
    for array in arrays if isinstance(arrays, list) else arrays.values():
        array.copy()

def test_fixture(X, no_copy):
    with no_copy(X):
        strideops.strided.max(X)
    with no_copy(X):
        X.tobytes()

def test_unmarked(X):
    X.copy()

@pytest.mark.no_copy
def test_fails_by_itself(X):
    X.copy()
    assert X.sum() < 0

@pytest.mark.no_copy
def test_skips(X):
    pytest.skip("later")

@pytest.mark.no_copy
class TestClass:
    def test_method(self, X):
        X.copy()

@pytest.mark.no_copy
def test_benchmark(X, benchmark):
    benchmark(strideops.strided.sum, X)
"""
COPYING = {
    "test_copies",
    "test_parameters[arrays0]",
    "test_parameters[arrays1]",
    "test_fixture",
    "TestClass::test_method",
}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "test_theirs.py").write_text(TESTS)

    def pytest_run(*options):
        command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--strict-markers", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "INTERNALERROR" not in done.stdout + done.stderr
        outcomes = {"PASSED": set(), "FAILED": set(), "ERROR": set()}
        for line in done.stdout.splitlines():
            word, _, rest = line.partition(" ")
            if word in outcomes and "::" in rest:
                outcomes[word].add(rest.partition("::")[2].split(" ")[0])
        return outcomes, done.stdout

    return pytest_run


def test_the_plugin_needs_no_conftest(run):
    outcomes, output = run()
    assert outcomes["FAILED"] == {*COPYING, "test_allocates", "test_fails_by_itself"}
    assert outcomes["PASSED"] == {"test_reads_in_place", "test_unmarked", "test_benchmark"}
    assert not outcomes["ERROR"]
    assert "80,000 bytes of it lay in order in 80,000 bytes of new NumPy memory" in output
    assert "test_theirs.py:16" in output  # the line that copies
    assert "warning" not in output
    assert "max_alloc is 10,000" in output


def test_the_report_shows_the_evidence(run):
    _, output = run("-k", "test_copies")
    section = output.partition("evidence of strideops")[2]
    assert "  reader     libc" in section
    assert "allocated    Python" in section


@pytest.mark.parametrize("options", [("-n", "2"), ("--memray",), ("--benchmark-disable",), ("-p", "no:faulthandler")])
def test_beside_other_plugins(run, options):
    outcomes, _ = run(*options)
    assert outcomes["FAILED"] == {*COPYING, "test_allocates", "test_fails_by_itself"}


def test_levels(run):
    outcomes, _ = run("--no-copy=off")
    assert outcomes["FAILED"] == {"test_fails_by_itself"}
    outcomes, _ = run("--no-copy=portable")
    assert outcomes["FAILED"] == {*COPYING, "test_allocates", "test_fails_by_itself"}


def test_help_and_markers(run):
    assert "--no-copy={off,portable,full}" in run("--help")[1]
    assert "@pytest.mark.no_copy(readers=None, max_alloc=None, strict=False)" in run("--markers")[1]


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("@pytest.mark.no_copy\ndef test_nothing(): pass", "no ndarray reaches it through fixtures or parameters"),
        ("@pytest.mark.no_copy(5)\ndef test_positional(): pass", "no_copy takes keywords only"),
        (
            "@pytest.mark.no_copy(reader='x')\n@pytest.mark.parametrize('x', [np.ones(3)])\ndef test_unknown(x): pass",
            "unexpected keyword argument 'reader'",
        ),
    ],
)
def test_misuse(tmp_path, run, test, message):
    (tmp_path / "test_theirs.py").write_text(f"import numpy as np\nimport pytest\n{test}\n")
    outcomes, output = run()
    assert len(outcomes["FAILED"] | outcomes["ERROR"]) == 1
    assert message in output


def test_the_entry_point():
    (entry,) = (point for point in importlib.metadata.entry_points(group="pytest11") if point.name == "strideops")
    assert entry.value == "strideops.pytest_plugin"
