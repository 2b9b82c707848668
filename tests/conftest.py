# SPDX-License-Identifier: BSD-3-Clause
"""The tests run against the installed build: the repository's root goes last on sys.path, for `benchmarks` only."""

import functools
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, settings

ROOT = str(Path(__file__).parent.parent)
sys.path[:] = [place for place in sys.path if place not in ("", ROOT)] + [ROOT]

# The same layouts in every run; test_differential.py runs itself with the profile "variant" once more per variant.
DRAWN = settings(
    max_examples=600,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    phases=(Phase.generate, Phase.shrink),
)
settings.register_profile("drawn", DRAWN)
settings.register_profile("variant", DRAWN, max_examples=150)
settings.load_profile("drawn")


def pytest_addoption(parser):
    parser.addoption("--profile", choices=("quick", "full"), default="quick", help="the cases of test_benchmark.py")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """A plain run calls each benchmark once; `--benchmark-only` measures."""
    option = config.option
    if not (option.benchmark_only or option.benchmark_enable):
        option.benchmark_disable = True


@pytest.fixture(scope="session")
def kernel_objects(tmp_path_factory):
    """The core's objects by compiler and build, each compiled once; those that are shipped, as they are."""
    import ccompiler

    @functools.cache
    def objects(compiler, build):
        ccompiler.require(compiler)
        if (compiler, build) == ("gcc", "optimized") and (built := ccompiler.built_objects()):
            return built
        folder = tmp_path_factory.mktemp(f"{compiler}-{build}")
        return ccompiler.compile_each(ccompiler.KERNELS, ccompiler.BUILDS[build], folder, [compiler])

    return objects


@pytest.fixture(scope="session")
def counted_objects(tmp_path_factory):
    """The core's objects with a call at every load and store."""
    import ccompiler
    from test_store_counter import compile_counted

    ccompiler.require("gcc")
    return compile_counted(ccompiler.KERNELS, tmp_path_factory.mktemp("instrumented"))
