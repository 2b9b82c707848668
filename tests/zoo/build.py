# SPDX-License-Identifier: BSD-3-Clause
"""The compiled inhabitants."""

import ctypes
import importlib.util
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent


def _run(*command, cwd):
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}\n{done.stdout}{done.stderr}")


def _library(path):
    library = ctypes.CDLL(str(path))

    def caller(name):
        function = getattr(library, name)
        function.restype = ctypes.c_double
        function.argtypes = [ctypes.c_void_p, *[ctypes.c_long] * 3]
        return lambda x: function(x.ctypes.data, x.strides[0] // x.itemsize, *x.shape)

    return caller


def build(folder):
    """Functions that find a function of C, of C++, and the Cython module; compiled into `folder`."""
    folder = Path(folder)
    shared = ("-O2", "-fPIC", "-shared")
    _run("gcc", *shared, "-pthread", HERE / "native.c", "-o", folder / "libzoo_c.so", cwd=folder)
    _run("g++", *shared, "-fno-builtin", HERE / "native.cpp", "-o", folder / "libzoo_cxx.so", cwd=folder)
    _run(sys.executable, "-m", "cython", "-3", HERE / "zoo_typed.pyx", "-o", folder / "zoo_typed.c", cwd=folder)
    module = folder / f"zoo_typed{sysconfig.get_config_var('EXT_SUFFIX')}"
    include = f"-I{sysconfig.get_paths()['include']}"
    _run("gcc", *shared, "-w", include, folder / "zoo_typed.c", "-o", module, cwd=folder)
    spec = importlib.util.spec_from_file_location("zoo_typed", module)
    typed = importlib.util.module_from_spec(spec)
    sys.modules["zoo_typed"] = typed
    spec.loader.exec_module(typed)
    return _library(folder / "libzoo_c.so"), _library(folder / "libzoo_cxx.so"), typed
