# SPDX-License-Identifier: BSD-3-Clause
"""The rules of the house: who may import whom, one walker, one table, every op in every room."""

import ast
import re
import sys
from pathlib import Path

import pytest

from benchmarks import cases
from strideops import strided

ROOT = Path(__file__).parent.parent
KERNELS = sorted((ROOT / "csrc/kernels").iterdir())
PICTURES = {"PIL", "matplotlib"}  # the extra [report]
OPS_IN_C = {
    "copyto": "copy",
    "fill": "copy",
    "item": None,
    "matvec": "dot",
}  # where an op's kernel has another name, or none


def c_includes(path):
    return re.findall(r'^ *#include [<"](.+)[>"]', path.read_text(), re.MULTILINE)


def python_imports(path, top_level=False):
    """Names that a module imports anywhere, or at its top level only; `from . import x` is ".x"."""
    tree = ast.parse(path.read_text())
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module.rstrip('.')}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_kernels_include_the_standard_library_and_each_other(path):
    allowed = {
        "stddef.h",
        "stdint.h",
        "stdlib.h",
        "string.h",
        "math.h",
        "immintrin.h",
        "../strideops.h",
        *(p.name for p in KERNELS),
    }
    assert set(c_includes(path)) <= allowed


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_kernels_have_no_words_for_allocation_or_python(path):
    code = re.sub(r"//.*", "", path.read_text())
    assert not re.search(
        r"\b(malloc|calloc|realloc|alloca|free|mmap|Py\w+)\s*\(",
        code,
    )


def test_who_imports_whom_in_the_package():
    def imports(name):
        return {word for word in python_imports(ROOT / "strideops" / f"{name}.py") if word.startswith(".")}

    assert imports("strided") == {f"._core.{op}" for op in strided.__all__}
    assert imports("contiguous") == {".strided", "._core.pack_operand"}
    assert imports("proof") == {
        "._probes",
        *(f".evidence.{name}" for name in ("Allocated", "CopyDetected", "Evidence")),
        ".guard.Guard",
    }
    assert imports("guard") == {
        "._probes",
        *(f".evidence.{name}" for name in ("Allocated", "Block", "Evidence", "MemoryCopy", "find_reasons")),
        ".exchange.asstrided",
        *(f".readers.{name}" for name in ("Reader", "find_code", "readers_of", "tracebacks")),
    }
    assert imports("evidence") == {".readers.Reader"}
    assert imports("readers") == {"._probes"}
    assert imports("pytest_plugin") == {
        ".auditing.Audit",
        ".auditing.audit",
        ".evidence.CopyDetected",
        ".proof.assert_no_copy",
    }
    assert imports("exchange") == set()
    assert imports("advice") == {
        ".layouts.LINE",
        *(f".rates.{name}" for name in ("LARGE_PAGES", "OPS", "Rates", "break_even", "calibrate")),
    }
    assert imports("rates") == {
        "._core.pack",
        ".strided",
        *(f".layouts.{name}" for name in ("LINE", "extent", "is_one_piece", "part")),
    }
    assert imports("layouts") == imports("results") == imports("pictures") == set()
    assert {name.split(".")[1] for name in imports("rules")} == {"layouts"}
    assert {name.split(".")[1] for name in imports("exports") | imports("arithmetic")} == {"rules"}
    assert {name.split(".")[1] for name in imports("calls")} == {"operations", "rules"}
    assert {name.split(".")[1] for name in imports("unattributed")} == {"rendering"}
    assert {name.split(".")[1] for name in imports("auditing")} == {
        "_probes",
        "calls",
        "rendering",
        "rules",
        "unattributed",
    }
    assert imports("operations") == {".arithmetic", ".exports", ".rules"}
    assert {name.split(".")[1] for name in imports("drawing") | imports("commands")} == {"layouts"}
    assert imports("acquire") == {"._acquire", "._core", ".proof", ".strided"}
    for path in (ROOT / "strideops").glob("*.py"):
        for name in python_imports(path):
            allowed = {"", "numpy", "typing_extensions", *sys.stdlib_module_names}
            allowed |= {
                "pytest_plugin.py": {"pytest"},
                "rendering.py": {"rich"},
                "__main__.py": {"rich"},
                **dict.fromkeys(("pictures.py", "report.py"), PICTURES),
            }.get(path.name, set())
            assert name.split(".")[0] in allowed, f"{path.name} imports {name}"


def test_the_binding_loops_over_axes_only():
    """No element loop and no memory of its own in Cython: what does not scale with the array cannot copy it."""
    parts = [ROOT / "strideops/_core.pyx", *(ROOT / "strideops").glob("*.pxi")]
    source = "".join(part.read_text() for part in parts)
    loops = re.findall(r"^ *for (.*):$", source, re.MULTILINE)
    assert loops
    for loop in loops:
        assert re.search(r"range\(.*(ndim|lead).*\)|one in axis", loop), loop
    code = re.sub(r'"""(.|\n)*?"""|f?"[^"\n]*"', "", source)
    assert not re.search(r"\bwhile\b|alloc|np\.(array|asarray|ascontiguousarray|copy|ravel)", code)


def test_benchmarks_use_the_public_package_only():
    for path in (ROOT / "benchmarks").rglob("*.py"):
        for name in python_imports(path):
            assert not name.startswith("strideops._"), f"{path.name} imports {name}"
        for name in python_imports(path, top_level=True):
            assert name.split(".")[0] in {"", "numpy", "strideops", *sys.stdlib_module_names}, (
                f"{path.name} imports {name} at its top level: asv imports every module in an environment without it"
            )
        assert not re.search(r"\b_core\b", path.read_text())


def test_one_walker():
    """One loop over the outer axes for any operand count; kernels see two axes."""
    assert [p.name for p in KERNELS if re.search(r"\+\+index\[|index\[\w+\]\+\+", p.read_text())] == ["walk.c"]
    assert not re.search(r"_[234]\(", (ROOT / "csrc/kernels/walk.c").read_text())


def test_ops_meet_dtypes_in_one_place():
    assert [p.name for p in KERNELS if re.search(r"PER_DTYPE", p.read_text())] == ["table.inc"]
    assert [p.name for p in KERNELS if re.search(r"#define DTYPE", p.read_text())] == ["table.inc"]


@pytest.mark.parametrize("op", strided.__all__)
def test_an_op_is_in_every_room(op):
    """A body, a place in the table, a benchmark, a word in the README and the changelog."""
    kernel = OPS_IN_C.get(op, op)
    if kernel:
        assert (ROOT / f"csrc/kernels/{kernel}.inc").exists()
        assert f"SO_{kernel.upper()}]" in (ROOT / "csrc/kernels/table.inc").read_text()
    assert op in {call.op for call in cases.CALLS.values()}
    for document in ("README.md", "CHANGELOG.md"):
        assert re.search(rf"`{op}\b", (ROOT / document).read_text()), f"{op} is not documented in {document}"


def test_every_source_has_its_licence_line():
    for folder in ("csrc", "strideops", "benchmarks", "tests"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in {".c", ".h", ".inc", ".py", ".pyi", ".pyx", ".pxd", ".pxi"}:
                assert "SPDX-License-Identifier: BSD-3-Clause" in path.read_text()[:200], path


def test_files_are_short():
    for folder in ("csrc", "strideops", "benchmarks"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in {".c", ".h", ".inc", ".py", ".pyx", ".pxd", ".pxi"}:
                assert len(path.read_text().splitlines()) <= 300, path
