# SPDX-License-Identifier: BSD-3-Clause
"""The README's examples run as they stand."""

import doctest
import re
from pathlib import Path

import pytest

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
