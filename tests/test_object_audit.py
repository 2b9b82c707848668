# SPDX-License-Identifier: BSD-3-Clause
"""Never to copy, as a property of the object files: no allocator, no writable state, no large stack frame."""

import re

import pytest
from ccompiler import BUILDS, COMPILERS, cc, run

MAY_IMPORT = {"memcpy", "memmove", "memset", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
CPU = {"__cpu_model", "__cpu_indicator_init"}
MAY_ASK_FOR_THE_CPU = {"table.o": CPU, "meson-generated_layouts-unity0.c.o": CPU}  # of the tests, of the package
STACK_LIMIT = 8 * 1024  # bytes; the largest frame holds the terms of the overlap search

ALLOCATES = "#include <stdlib.h>\nvoid *f(size_t n) { return malloc(n); }"
KEEPS_STATE = "static int calls; int f(void) { return ++calls; }"
HAS_INITIALIZED_STATE = "int calls = 3; int f(void) { return ++calls; }"
ASKS_FOR_THE_CPU = 'int f(void) { return __builtin_cpu_supports("avx2"); }'
CALLS_THE_MATH_LIBRARY = "#include <math.h>\ndouble f(double x) { return cbrt(x); }"
COPIES_ON_THE_STACK = (
    "#include <string.h>\nint g(char *);\nint f(char *x) { char b[65536]; memcpy(b, x, sizeof b); return g(b); }"
)


def audit(objects):
    """What is wrong with these objects, compiled as "optimized": a list of sentences."""
    wrong, defined, imported = [], set(), set()
    for obj in objects:
        allowed = MAY_IMPORT | MAY_ASK_FOR_THE_CPU.get(obj.name, set())
        for line in run("nm", "-P", obj).splitlines():
            name, kind = line.split()[:2]
            if kind != "U":
                defined.add(name)
            elif name not in allowed:
                imported.add((obj.name, name))
        for line in run("readelf", "-SW", obj).splitlines():
            section = re.match(r" *\[ *\d+\] (\S+) +\S+ +[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +[0-9a-f]+ +(\w*)", line)
            if section and "W" in section[3] and int(section[2], 16) and not section[1].startswith(".data.rel.ro"):
                wrong.append(f"{obj.name} holds writable state in {section[1]}")
        for line in obj.with_suffix(".su").read_text().splitlines():
            place, size, _ = line.split("\t")
            if int(size) > STACK_LIMIT:
                wrong.append(f"{place} takes {size} bytes of stack")
    wrong += [f"{obj} imports {name}" for obj, name in sorted(imported) if name not in defined]
    return wrong


@pytest.mark.parametrize("compiler", COMPILERS)
def test_kernels(compiler, kernel_objects):
    assert audit(kernel_objects(compiler, "optimized")) == []


@pytest.mark.parametrize(
    "planted",
    [
        ALLOCATES,
        KEEPS_STATE,
        HAS_INITIALIZED_STATE,
        ASKS_FOR_THE_CPU,
        CALLS_THE_MATH_LIBRARY,
        COPIES_ON_THE_STACK,
    ],
)
def test_the_audit_sees(planted, tmp_path):
    source = tmp_path / "planted.c"
    source.write_text(planted)
    cc(*BUILDS["optimized"], "-c", source, cwd=tmp_path)
    assert len([w for w in audit([tmp_path / "planted.o"]) if w != "planted.o imports g"]) == 1
