# SPDX-License-Identifier: BSD-3-Clause
"""Every load and store of the portable kernels, counted (c/store_counter.c): each element is read once, outputs are
written, and nothing else is.

A copy in chunks, wherever it is kept, would store every element once more.
"""

import re

import pytest
from ccompiler import PROGRAMS, STRICT, cc, compile_each, run

INSTRUMENTED = ["-O2", "-fsanitize=thread"]
WRAPPED = [f"-Wl,--wrap={name}" for name in ("memcpy", "memmove", "memset")]
READS_OF_A_PLACE = 6  # argmin and argmax look for the value again, where it must be
STACK = 0.12  # stores for each element of a reduction: lanes that are spilled and joined, whatever the length
STACK_OF_A_PLACE = 2  # the same of argmin and argmax, with the places

LINE = re.compile(r"(\w+) (\d)((?: \d+-\d+/\d+-\d+)+) between (\d+) stack ([\d.]+)")


def compile_counted(sources, folder):
    """The objects; those of the instruction sets are not run, and not counted."""
    counted = [source for source in sources if not source.stem.startswith("avx")]
    others = [source for source in sources if source.stem.startswith("avx")]
    return [*compile_each(counted, INSTRUMENTED, folder, ["gcc"]), *compile_each(others, ["-O0"], folder, ["gcc"])]


def count(folder, objects, instead=None, rounds=40):
    """By op and dtype: (least and most reads and writes of an element, by operand), between, stack.

    `instead` is a source whose object takes the place of the one of its name.
    """
    if instead:
        (other,) = compile_counted([instead], folder)
        objects = [other if each.name == other.name else each for each in objects]
    program = folder / "store_counter"
    cc(*STRICT, "-O2", PROGRAMS / "store_counter.c", *objects, *WRAPPED, "-lm", "-o", program, compiler=["gcc"])
    found = {}
    for line in run(program, rounds).splitlines():
        op, dtype, operands, between, stack = LINE.fullmatch(line).groups()
        accesses = [tuple(map(int, re.findall(r"\d+", operand))) for operand in operands.split()]
        found[op, int(dtype)] = accesses, int(between), float(stack)
    return found


@pytest.fixture(scope="module")
def counted(tmp_path_factory, counted_objects):
    return count(tmp_path_factory.mktemp("counted"), counted_objects)


ONCE, NEVER = (1, 1), (0, 0)
# Reads and writes of an element, operand by operand; of a result or a constant they depend on the layout.
EXPECTED = {
    "copy": [(NEVER, ONCE), (ONCE, NEVER)],
    "pack": [(NEVER, ONCE), (ONCE, NEVER)],
    "scale": [(ONCE, ONCE)],
    "axpy": [(ONCE, ONCE), (ONCE, NEVER)],
    "sum": [(ONCE, NEVER)],
    "dot": [(ONCE, NEVER), (ONCE, NEVER)],
    "norm": [(ONCE, NEVER)],
    "min": [(ONCE, NEVER)],
    "max": [(ONCE, NEVER)],
}
PLACES = ("argmin", "argmax")
BYTES = (0, 4)  # int8 and uint8


def judge(op, dtype, operands, between, stack):
    """What is wrong with an op that reads each element once: a list of sentences."""
    wrong = []
    for number, (accesses, expected) in enumerate(zip(operands, EXPECTED[op], strict=False)):
        if (accesses[:2], accesses[2:]) != expected:
            wrong.append(f"operand {number}: reads {accesses[:2]}, writes {accesses[2:]}")
    # Bytes two apart are read in pairs by some reductions.
    if between > (dtype in BYTES and op in {"sum", "norm", "min", "max"}):
        wrong.append(f"{between} reads between elements")
    if stack > (STACK if op in {"sum", "dot", "norm", "min", "max"} else 0):
        wrong.append(f"{stack} stores on the stack for each element")
    return wrong


def test_every_op_and_dtype_is_counted(counted):
    assert set(counted) == {(op, dtype) for op in (*EXPECTED, *PLACES) for dtype in range(10)}


@pytest.mark.parametrize("op", EXPECTED)
def test_each_element_once(counted, op):
    for dtype in range(10):
        assert judge(op, dtype, *counted[op, dtype]) == [], dtype


@pytest.mark.parametrize("op", PLACES)
def test_a_place_is_looked_for(counted, op):
    for dtype in range(10):
        ((_, most_reads, *writes), _), between, stack = counted[op, dtype]
        assert most_reads <= READS_OF_A_PLACE
        assert writes == [0, 0]
        assert between <= (2 if dtype in BYTES else 0)
        assert stack <= STACK_OF_A_PLACE
