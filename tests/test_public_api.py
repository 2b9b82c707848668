# SPDX-License-Identifier: BSD-3-Clause
"""The public names: what there is, documented, with examples that run, and stubs that tell the truth."""

import doctest
import importlib.metadata
import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import strideops
from strideops import acquire, contiguous, exchange, proof, strided

ROOT = Path(__file__).parent.parent
DOCUMENTED = [
    *(getattr(path, name) for path in (strided, contiguous) for name in path.__all__),
    *(getattr(module, name) for module in (exchange, proof) for name in module.__all__ if name != "Allocated"),
    acquire.acquire,
    strideops.get_include,
    strideops.pack,
]


def test_top_level_names():
    assert strideops.__all__ == ["CopyRequired", "asstrided", "contiguous", "get_include", "pack", "proof", "strided"]
    assert all(hasattr(strideops, name) for name in strideops.__all__)


def test_both_paths_have_the_same_names_and_signatures():
    assert strided.__all__ == contiguous.__all__
    for name in strided.__all__:
        assert inspect.signature(getattr(strided, name)) == inspect.signature(getattr(contiguous, name))


def test_the_ops_of_this_release():
    assert set(strided.__all__) == {"item", "sum", "dot", "copyto", "fill", "scale", "axpy"}


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
