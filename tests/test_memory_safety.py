# SPDX-License-Identifier: BSD-3-Clause
"""The C core between guard pages, under AddressSanitizer and UBSan and as it is shipped, by gcc and by clang.

Every op x dtype x variant against plain loops, on random layouts (c/random_layouts.c) and on drawn ones
(c/drawn_layouts.c).
"""

import math
import re

import numpy as np
import pytest
from ccompiler import BUILDS, COMPILERS, CSRC, PROGRAMS, STRICT, cc, run
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from layouts import layouts, layouts_of

C_DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
LAYOUTS = 3000
# From how many MiB of the target on its stores go past the caches: of a copy, and of a transposed one.
LARGE, LARGE_TURNED = map(int, re.findall(r"LARGE\w* = (\d+) << 20", (CSRC / "kernels/simd.h").read_text()))


@pytest.fixture(scope="module", params=[(c, b) for c in COMPILERS for b in BUILDS], ids="-".join)
def program(request, kernel_objects, tmp_path_factory):
    """Builds one of the programs of c/."""
    compiler, build = request.param
    folder = tmp_path_factory.mktemp("program")

    def link(name):
        source, objects = PROGRAMS / f"{name}.c", kernel_objects(compiler, build)
        cc(*STRICT, *BUILDS[build], "-O1", source, *objects, "-lm", "-o", folder / name, compiler=[compiler])
        return folder / name

    return link


def record(shape, dtype, reduced, shift, operands):
    """What drawn_layouts.c reads."""
    return [C_DTYPES.index(dtype), len(shape), shift, *shape, *reduced, *(s for strides in operands for s in strides)]


@st.composite
def records(draw):
    x = draw(layouts())
    of_shape = [(x.dtype, False), (x.dtype, True), ("int64", True)]
    others = [draw(layouts_of(x.shape, dtype, apart)) for dtype, apart in of_shape]
    reduced = [draw(st.booleans()) for _ in x.shape]
    operands = [operand.strides for operand in (x, *others)]
    return record(x.shape, x.dtype, reduced, x.offset % 64, operands)


def large_records():
    """Per itemsize a copy of rows with steps, and transposes to rows that begin on cache lines and to rows that do not.

    Rows are no whole number of lines long. Only the target is large.
    """
    for step, dtype in enumerate(("int8", "int16", "int32", "int64")):
        size = np.dtype(dtype).itemsize
        for mebibytes, x_strides, line in (
            (LARGE, (0, step * size), size),
            (LARGE_TURNED, (size, 1021 * size), size),
            (LARGE_TURNED, (size, 1021 * size), 64),
        ):
            columns = math.ceil((mebibytes << 20) / 1021 / size) | 1
            target = (math.ceil(columns * size / line) * line, size)
            yield record((1021, columns), dtype, (0, 0), 8, (x_strides, x_strides, target, target))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The file of drawn layouts."""
    file = [number for numbers in large_records() for number in numbers]

    @settings(max_examples=LAYOUTS, phases=[Phase.generate])
    @given(records())
    def draw(numbers):
        file.extend(numbers)

    draw()
    path = tmp_path_factory.mktemp("drawn") / "layouts"
    path.write_bytes(np.array(file, np.int64).tobytes())
    return path


def test_random_layouts(program):
    assert re.fullmatch(r"\d{5,} layouts, \d{5,} runs\n", run(program("random_layouts"), 300))


def test_drawn_layouts(program, drawn):
    layouts, runs = map(
        int, re.fullmatch(r"(\d+) layouts, (\d+) runs\n", run(program("drawn_layouts"), drawn)).groups()
    )
    assert layouts >= LAYOUTS
    assert runs > 10 * LAYOUTS
