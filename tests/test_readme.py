# SPDX-License-Identifier: BSD-3-Clause
"""The README's examples run as they stand."""

import doctest
import itertools
import math
import re
from pathlib import Path

import pytest

from benchmarks import acquire, bench, cases, copies, passes, patterns

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_python_blocks(block):
    if ">>>" in block:
        case = doctest.DocTestParser().get_doctest(block, {}, "README.md", None, 0)
        assert doctest.DocTestRunner(verbose=False).run(case).failed == 0
    else:
        exec(block, {})


def test_there_are_blocks():
    assert len(BLOCKS) >= 2


def test_the_numbers_of_points():
    """Each case has a time and a tracked figure; the table of `make bench` adds sizes of one call."""
    full, quick = (len(list(cases.cases(**patterns.PROFILES[name]))) for name in ("full", "quick"))
    ways = math.prod(map(len, acquire.Acquire.params))
    table = sum(
        re.search(bench.TABLE_CASES, f"ops.Sum.time_call({path!r}, {name!r}, {size}, 'float64')") is not None
        for path in cases.PATHS
        for name in patterns.PATTERNS
        for size in patterns.SIZES
    )
    strided = 2 * sum(cases.is_case(*names) for names in itertools.product(*copies.Strided.params))
    kernels = 2 * math.prod(map(len, copies.Kernels.params))
    full += (strided + kernels + math.prod(map(len, copies.NumPy.params))) // 2
    crossover = sum(cases.is_case(call, pattern) for call in passes.CALLS for pattern in patterns.PATTERNS)
    crossover *= len(cases.PATHS) * len(passes.SIZES) * len(passes.PASSES)
    assert (
        f"{2 * (full + ways) + crossover:,} benchmark points; make bench runs {2 * (quick + table + ways):,}" in README
    )
