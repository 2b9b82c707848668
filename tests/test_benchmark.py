# SPDX-License-Identifier: BSD-3-Clause
"""The suite's cases for pytest-benchmark: `pytest --benchmark-only`, the whole grid with `--profile full`.

A plain run calls each case of the quick profile once.
"""

from benchmarks import cases, patterns


def pytest_generate_tests(metafunc):
    profile = patterns.PROFILES[metafunc.config.getoption("profile")]
    metafunc.parametrize(("path", "call", "pattern", "size", "dtype"), list(cases.cases(**profile)))


def test_case(benchmark, path, call, pattern, size, dtype):
    function, arguments = cases.prepare(path, call, pattern, size, dtype)
    benchmark.group = f"{call} {pattern} {size} {dtype}"
    benchmark.extra_info["bytes allocated"] = cases.allocated(path, call, pattern, size, dtype)
    benchmark(function, *arguments)
