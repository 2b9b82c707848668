# SPDX-License-Identifier: BSD-3-Clause
"""Other people's code: a C program that compiles the core in, and a Cython extension that cimports strideops.capi."""

import importlib.util
import shutil
import sys
import sysconfig
from pathlib import Path

import numpy as np
from ccompiler import CSRC, cc, run

import strideops

PROGRAM = """
#include "strideops.h"
#include <stdio.h>

int main(void)
{
    long long x[6][8];
    for (int i = 0; i < 48; i++)
        x[i / 8][i % 8] = i;
    long long sum;
    so_layout cut = {.ndim = 2, .noperands = 2, .shape = {6, 6}, .stride = {{64, 8}, {0, 0}},
                     .data = {(char *)x, (char *)&sum}};
    so_run(SO_SUM, SO_INT64, &cut);
    printf("%lld\\n", sum);
    return 0;
}
"""

EXTENSION = """
# cython: language_level=3
from strideops.capi cimport SO_FLOAT64, SO_SUM, so_layout, so_run


def total(double[:, :] x):
    cdef so_layout layout
    cdef double result
    cdef int axis
    layout.ndim = layout.noperands = 2
    for axis in range(2):
        layout.shape[axis] = x.shape[axis]
        layout.stride[0][axis] = x.strides[axis]
        layout.stride[1][axis] = 0
    layout.data[0] = <char *> &x[0, 0]
    layout.data[1] = <char *> &result
    with nogil:
        so_run(SO_SUM, SO_FLOAT64, &layout)
    return result
"""


def test_a_c_project_compiles_the_core_in(tmp_path):
    """From a copy of the installed folder, with nothing of this repository beside it."""
    shutil.copytree(strideops.get_include(), tmp_path / "vendored")
    (tmp_path / "main.c").write_text(PROGRAM)
    cc("-Ivendored", "main.c", "vendored/strideops.c", "-o", "main", cwd=tmp_path)
    assert run(tmp_path / "main") == "810\n"


def test_the_installed_core_is_this_core():
    installed = {
        p.relative_to(strideops.get_include()): p.read_bytes() for p in Path(strideops.get_include()).rglob("*.*")
    }
    core = [p for p in CSRC.rglob("*.*") if "probes" not in p.parts]
    assert installed == {p.relative_to(CSRC): p.read_bytes() for p in core}


def test_a_cython_extension_cimports_capi(tmp_path):
    (tmp_path / "theirs.pyx").write_text(EXTENSION)
    site = Path(strideops.__file__).parent.parent
    run(sys.executable, "-m", "cython", "-3", "-I", site, "theirs.pyx", cwd=tmp_path)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    core = Path(strideops.get_include())
    headers = [f"-I{sysconfig.get_paths()['include']}", f"-I{core}"]
    cc("-O0", "-fPIC", "-shared", *headers, "theirs.c", core / "strideops.c", "-o", f"theirs{suffix}", cwd=tmp_path)
    spec = importlib.util.spec_from_file_location("theirs", tmp_path / f"theirs{suffix}")
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    x = np.random.default_rng(0).standard_normal((30, 40))
    assert theirs.total(x[::-2, ::3]) == strideops.strided.sum(x[::-2, ::3])
