# SPDX-License-Identifier: BSD-3-Clause
"""The suite's cases for pytest-benchmark: `pytest --benchmark-only`. A plain run calls each once."""

import pytest

from benchmarks import cases

GRID = list(cases.cases(sizes=(6, 512), dtypes=("float64",)))


@pytest.mark.parametrize(("path", "call", "pattern", "size", "dtype"), GRID)
def test_case(benchmark, path, call, pattern, size, dtype):
    function, arguments = cases.prepare(path, call, pattern, size, dtype)
    benchmark.group = f"{call} {pattern} {size} {dtype}"
    benchmark.extra_info["bytes allocated"] = cases.allocated(path, call, pattern, size, dtype)
    benchmark(function, *arguments)
