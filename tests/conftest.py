# SPDX-License-Identifier: BSD-3-Clause
"""The tests run against the installed build: the repository's root goes last on sys.path, for `benchmarks` only."""

import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parent.parent)
sys.path[:] = [place for place in sys.path if place not in ("", ROOT)] + [ROOT]


def pytest_addoption(parser):
    parser.addoption("--profile", choices=("quick", "full"), default="quick", help="the cases of test_benchmark.py")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """A plain run calls each benchmark once; `--benchmark-only` measures."""
    option = config.option
    if not (option.benchmark_only or option.benchmark_enable):
        option.benchmark_disable = True
