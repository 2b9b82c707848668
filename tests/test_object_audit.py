# SPDX-License-Identifier: BSD-3-Clause
"""Never to copy, as a property of the object files: no allocator, no writable state, no large stack frame."""

import re

import pytest
from ccompiler import KERNELS, cc, run

MAY_IMPORT = {"memcpy", "memmove", "memset", "__stack_chk_fail", "__cpu_model", "_GLOBAL_OFFSET_TABLE_"}
STACK_LIMIT = 8 * 1024  # bytes; the largest frame holds the terms of the overlap search

ALLOCATES = "#include <stdlib.h>\nvoid *f(size_t n) { return malloc(n); }"
KEEPS_STATE = "static int calls; int f(void) { return ++calls; }"
HAS_INITIALIZED_STATE = "int calls = 3; int f(void) { return ++calls; }"
COPIES_ON_THE_STACK = (
    "#include <string.h>\nint g(char *);\nint f(char *x) { char b[65536]; memcpy(b, x, sizeof b); return g(b); }"
)


def audit(sources, folder):
    """What is wrong with the objects of these sources: a list of sentences."""
    cc("-O3", "-fPIC", "-fstack-usage", "-c", *sources, cwd=folder)
    wrong, defined, imported = [], set(), set()
    for obj in sorted(folder.glob("*.o")):
        for line in run("nm", "-P", obj).splitlines():
            name, kind = line.split()[:2]
            (imported if kind == "U" else defined).add(name)
        for line in run("readelf", "-SW", obj).splitlines():
            section = re.match(r" *\[ *\d+\] (\S+) +\S+ +[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +[0-9a-f]+ +(\w*)", line)
            if section and "W" in section[3] and int(section[2], 16) and not section[1].startswith(".data.rel.ro"):
                wrong.append(f"{obj.name} holds writable state in {section[1]}")
        for line in obj.with_suffix(".su").read_text().splitlines():
            place, size, _ = line.split("\t")
            if int(size) > STACK_LIMIT:
                wrong.append(f"{place} takes {size} bytes of stack")
    wrong += [f"imports {name}" for name in sorted(imported - defined - MAY_IMPORT)]
    return wrong


def test_kernels(tmp_path):
    assert audit(KERNELS, tmp_path) == []


@pytest.mark.parametrize("planted", [ALLOCATES, KEEPS_STATE, HAS_INITIALIZED_STATE, COPIES_ON_THE_STACK])
def test_the_audit_sees(planted, tmp_path):
    source = tmp_path / "planted.c"
    source.write_text(planted)
    assert len([w for w in audit([source], tmp_path) if w != "imports g"]) == 1
