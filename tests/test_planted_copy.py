# SPDX-License-Identifier: BSD-3-Clause
"""A copy planted in the strided path turns the suite red, wherever it is: in Python, in Cython or in C; at once or in
chunks; always, or only for one layout or above a size.

Each plant leaves every result right. The promises are then kept by the same tests as ever, run on the mutated build.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from ccompiler import CSRC, KERNELS, ROOT, cc, compile_each, require
from test_object_audit import audit
from test_store_counter import EXPECTED, count, judge

import strideops
from strideops import strided

HERE = Path(__file__).parent
PROMISES = ("test_zero_copy.py", "test_guard.py")


def run_promises(folder, op):
    """The promises of one op, in a process that imports strideops from the folder."""
    # Bytecode is taken for that of another plant of the same length and second.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    files = [str(HERE / name) for name in PROMISES]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", f"{op} and not planted", *files]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def failures(done):
    """The tests that are red, by name."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ERROR" not in done.stdout
    found = dict(re.findall(r"^FAILED .*::(\w+)\[.*?\](?: - ([\w.]+))?", done.stdout, re.MULTILINE))
    assert {word.split(".")[-1] for word in found.values()} <= {"", "assert", "AssertionError", "CopyDetected"}
    return set(found)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutated")
    shutil.copytree(Path(strideops.__file__).parent, folder / "strideops", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


# ---- in Python ----

PLANT = """
import numpy as np
from . import _core

_workspace = np.zeros(1 << 24, np.uint8)


def _is_planted(a):
    return isinstance(a, np.ndarray) and a.ndim and ({condition})


def _keep_aside(a):
    np.copyto(_workspace[: a.nbytes].view(a.dtype).reshape(a.shape), a)
    return a


def {op}(*args, **kwargs):
    copies = [{copy} if _is_planted(a) else a for a in args]
    result = _core.{op}(*copies, **kwargs)
    for copy, original in zip(copies, args):
        if copy is not original and original.flags.writeable:
            original[...] = copy
    return result


{op}.__doc__ = _core.{op}.__doc__
"""
ALLOCATING = {"test_strided_allocations_do_not_grow", "test_the_core_receives_the_callers_memory"}
GUARDED = "test_no_false_alarm_in_the_strided_path"


def run_with_plant(package, op, copy="np.ascontiguousarray(a)", condition="True"):
    target = package / "strideops" / "strided.py"
    original = target.read_text()
    target.write_text(original + PLANT.format(op=op, copy=copy, condition=condition))
    try:
        return run_promises(package, op)
    finally:
        target.write_text(original)


@pytest.mark.parametrize("op", strided.__all__)
def test_in_python(op, package):
    assert failures(run_with_plant(package, op)) >= ALLOCATING


@pytest.mark.parametrize(
    ("copy", "condition", "red"),
    [
        ("np.ascontiguousarray(a)", "a.size > 10_000", ALLOCATING),
        ("np.ascontiguousarray(a)", "a.strides[-1] < 0", ALLOCATING),
        ("np.array(a)", "a.dtype == 'uint8' and a.ndim == 3", {GUARDED}),
        ("_keep_aside(a)", "a.nbytes < 1 << 24", {GUARDED}),
    ],
    ids=["above a size", "one layout", "one dtype", "persistent workspace"],
)
def test_in_python_at_times(copy, condition, red, package):
    assert failures(run_with_plant(package, "sum", copy, condition)) >= red


def test_the_same_package_without_a_plant(package):
    done = run_promises(package, "sum")
    assert done.returncode == 0, done.stdout + done.stderr


# ---- in Cython ----

# Under a test for ndarrays: the contiguous path hands on what it has packed.
CYTHON = {
    "ascontiguousarray": ("obj = np.ascontiguousarray(obj)", ALLOCATING),
    "copy method, Fortran order only": (
        "obj = obj.copy('C') if obj.ndim > 1 and obj.flags.f_contiguous else obj",
        ALLOCATING,
    ),
    "bytes": ("memoryview(obj).tobytes()", {"test_strided_allocations_do_not_grow", GUARDED}),
    "workspace": (
        "np.copyto(_planted[:obj.nbytes].view(obj.dtype).reshape(obj.shape), obj)",
        {GUARDED},
    ),
}


@pytest.fixture(scope="module")
def build_core(tmp_path_factory, package):
    """Compiles _core.pyx with a plant at the begin of every reduction, and puts it in the package's place."""
    require("gcc")
    folder = tmp_path_factory.mktemp("cython")
    objects = compile_each(KERNELS, ["-O0", "-fPIC"], folder, ["gcc"])
    shutil.copytree(ROOT / "strideops", folder / "strideops", ignore=shutil.ignore_patterns("__pycache__"))
    source = folder / "strideops/_reduce.pxi"
    clean = source.read_text()
    extension = next((package / "strideops").glob("_core.*.so"))

    def build(plant):
        head = "cdef object _reduce(so_op op, object obj, object axis, bint keepdims):\n"
        assert clean.count(head) == 1
        workspace = "_planted = np.zeros(1 << 24, np.uint8)\n\n\n"
        planted = f"    if isinstance(obj, np.ndarray):\n        {plant}\n"
        source.write_text(clean.replace(head, f"{workspace}{head}{planted}"))
        command = [sys.executable, "-m", "cython", "-3", "strideops/_core.pyx", "-o", "_core.c"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        include = [f"-I{sysconfig.get_paths()['include']}", f"-I{folder / 'strideops'}"]
        cc("-O0", "-w", "-fPIC", "-shared", *include, "_core.c", *objects, "-lm", "-o", extension, cwd=folder)

    return build


@pytest.mark.parametrize("name", CYTHON)
def test_in_cython(name, build_core, package):
    plant, red = CYTHON[name]
    build_core(plant)
    assert failures(run_promises(package, "sum")) >= red


def test_the_same_build_without_a_plant(build_core, package):
    build_core("pass")
    done = run_promises(package, "sum")
    assert done.returncode == 0, done.stdout + done.stderr


# ---- in C: the walk calls a kernel, and copies what it shows it ----

WALK = "            kernel(&tile);\n"
ASIDE = """
static void set_aside(const so_tile *tile, volatile char *buffer, ptrdiff_t room)
{
    ptrdiff_t bytes = tile->stride[0][1] < 0 ? -tile->stride[0][1] : tile->stride[0][1];
    for (ptrdiff_t row = 0, at = 0; row < tile->shape[0]; row++)
        for (ptrdiff_t column = 0; column < tile->shape[1]; column++)
            for (ptrdiff_t b = 0; b < (bytes < 8 ? bytes : 8); b++, at++)
                buffer[at % room] = tile->data[0][row * tile->stride[0][0] + column * tile->stride[0][1] + b];
}
"""
CHUNK = "char buffer[1024]; set_aside(&tile, buffer, 1024);"
COUNTED = {
    "in chunks on the stack": CHUNK,
    "in chunks, packed rows only": f"if (tile.stride[0][1] <= 8) {{ {CHUNK} }}",
    "in chunks, every second element only": f"if (tile.stride[0][1] > 8 && tile.stride[0][1] <= 16) {{ {CHUNK} }}",
    "in chunks, long rows only": f"if (tile.shape[1] > 1000) {{ {CHUNK} }}",
    "the first row only": f"ptrdiff_t rows = tile.shape[0]; tile.shape[0] = 1; {CHUNK} tile.shape[0] = rows;",
}
AUDITED = {
    "malloc": "char *buffer = malloc(1 << 20); set_aside(&tile, buffer, 1 << 20); free(buffer);",
    "a workspace that stays": "static char buffer[1 << 20]; set_aside(&tile, buffer, 1 << 20);",
    "a large frame": "char buffer[1 << 16]; set_aside(&tile, buffer, 1 << 16);",
    "mmap": "char *buffer = mmap(0, 1 << 20, 3, 0x22, -1, 0); set_aside(&tile, buffer, 1 << 20);",
}


def plant_in_walk(plant, folder):
    """walk.c with the plant, at its own place among the sources that it includes."""
    source = (CSRC / "kernels/walk.c").read_text()
    assert source.count(WALK) == 1
    head = "#include <stdlib.h>\nvoid *mmap(void *, unsigned long, int, int, int, long);\n"
    planted = source.replace(WALK, f"        {{ {plant} kernel(&tile); }}\n").replace(
        "void so_walk(", f"{ASIDE}\nvoid so_walk(", 1
    )
    shutil.copytree(CSRC, folder / "csrc", dirs_exist_ok=True)
    path = folder / "csrc/kernels/walk.c"
    path.write_text(head + planted)
    return path


@pytest.mark.parametrize("name", COUNTED)
def test_in_c_the_store_counter_sees(name, tmp_path, counted_objects):
    found = count(tmp_path, counted_objects, plant_in_walk(COUNTED[name], tmp_path))
    assert [op for op in EXPECTED if any(judge(op, dtype, *found[op, dtype]) for dtype in range(10))]


def audit_walk(source, folder):
    folder.mkdir()
    cc("-O3", "-fPIC", "-fstack-usage", "-c", source, cwd=folder, compiler=["gcc"])
    return {sentence.replace(str(folder), "") for sentence in audit([folder / "walk.o"])}


@pytest.mark.parametrize("name", AUDITED)
def test_in_c_the_object_audit_sees(name, tmp_path):
    clean = audit_walk(CSRC / "kernels/walk.c", tmp_path / "clean")
    assert audit_walk(plant_in_walk(AUDITED[name], tmp_path), tmp_path / "planted") > clean
