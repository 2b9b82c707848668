# SPDX-License-Identifier: BSD-3-Clause
"""The C core on random layouts under AddressSanitizer and UBSan, and as it is shipped; see c/random_layouts.c."""

import re

import pytest
from ccompiler import CSRC, ROOT, cc, run

BUILDS = {
    "sanitized": ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "optimized": ["-O3"],
}


@pytest.mark.parametrize("build", BUILDS)
def test_random_layouts(build, tmp_path):
    program = tmp_path / "random_layouts"
    cc(
        "-Wall",
        "-Wextra",
        "-Werror",
        *BUILDS[build],
        ROOT / "tests/c/random_layouts.c",
        CSRC / "strideops.c",
        "-o",
        program,
    )
    assert re.fullmatch(r"\d{5,} layouts\n", run(program, 500))
