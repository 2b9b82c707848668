# SPDX-License-Identifier: BSD-3-Clause
"""The public names: what there is, documented, with examples that run, and stubs that tell the truth."""

import doctest
import importlib.metadata
import inspect
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import strideops
from strideops import acquire, advice, commands, contiguous, exchange, proof, results, strided

ROOT = Path(__file__).parent.parent
DOCUMENTED = [
    *(getattr(path, name) for path in (strided, contiguous) for name in path.__all__),
    *(getattr(exchange, name) for name in exchange.__all__),
    *(getattr(proof, name) for name in ("allocated", "assert_no_copy", "trace_copy")),
    acquire.acquire,
    *(getattr(advice, name) for name in ("advise", "break_even", "calibrate")),
    *(getattr(results, name) for name in ("read", "read_benchmarks")),
    strideops.explain,
    strideops.audit,
    commands.parse_index,
    strideops.get_include,
    strideops.pack,
]


def test_top_level_names():
    assert strideops.__all__ == [
        "Advice",
        "Audit",
        "CopyDetected",
        "CopyRequired",
        "Evidence",
        "Explanation",
        "advise",
        "assert_no_copy",
        "asstrided",
        "audit",
        "contiguous",
        "explain",
        "get_include",
        "isa",
        "pack",
        "proof",
        "strided",
        "trace_copy",
    ]
    assert all(hasattr(strideops, name) for name in strideops.__all__)


def test_both_paths_have_the_same_names_and_signatures():
    assert strided.__all__ == contiguous.__all__
    for name in strided.__all__:
        assert inspect.signature(getattr(strided, name)) == inspect.signature(getattr(contiguous, name))


def test_the_ops_of_this_release():
    reductions = {"sum", "min", "max", "argmin", "argmax", "norm"}
    assert set(strided.__all__) == {*reductions, "item", "dot", "matvec", "copyto", "fill", "scale", "axpy"}


def run_with_isa(name, tmp_path):
    """What `strideops.isa` is in a process with STRIDEOPS_ISA."""
    return subprocess.run(
        [sys.executable, "-c", "import strideops; print(strideops.isa)"],
        env={**os.environ, "STRIDEOPS_ISA": name},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_isa(tmp_path):
    """The best variant of the kernels, or the one that the environment names."""
    best = run_with_isa("", tmp_path).stdout.strip()
    assert best in {"portable", "avx2", "avx512"}
    assert strideops.isa == (os.environ.get("STRIDEOPS_ISA") or best)
    assert run_with_isa("portable", tmp_path).stdout.strip() == "portable"
    assert run_with_isa(best, tmp_path).stdout.strip() == best


def test_an_unknown_isa_is_refused(tmp_path):
    done = run_with_isa("mmx", tmp_path)
    assert done.returncode == 1
    assert "ImportError: STRIDEOPS_ISA is 'mmx'; this build and this CPU run portable" in done.stderr


@pytest.mark.parametrize("thing", DOCUMENTED, ids=lambda thing: thing.__name__)
def test_docstrings(thing):
    """numpydoc, with an example that runs as it stands."""
    text = inspect.getdoc(thing)
    if not isinstance(thing, type):
        assert "Examples\n--------" in text
        assert "Returns\n-------" in text or "Raises\n------" in text
    case = doctest.DocTestParser().get_doctest(text, {}, thing.__name__, None, 0)
    assert doctest.DocTestRunner(verbose=False).run(case).failed == 0


def test_one_version():
    with open(ROOT / "pyproject.toml", "rb") as file:
        declared = tomllib.load(file)["project"]["version"]
    assert declared == strideops.__version__ == importlib.metadata.version("strideops")
    assert f"version: '{declared}'" in (ROOT / "meson.build").read_text()
    assert f"## {declared}" in (ROOT / "CHANGELOG.md").read_text()


def test_stubs(tmp_path):
    command = [sys.executable, "-m", "mypy.stubtest", "strideops", "--ignore-disjoint-bases"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types(tmp_path):
    """The installed package under mypy --strict."""
    command = [sys.executable, "-m", "mypy", "--strict", "-p", "strideops"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_numpy_is_the_only_runtime_dependency_and_no_build_dependency():
    with open(ROOT / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)
    assert project["project"]["dependencies"] == ["numpy>=2.0,!=2.5.0"]
    assert not any("numpy" in requirement for requirement in project["build-system"]["requires"])
