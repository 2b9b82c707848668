# SPDX-License-Identifier: BSD-3-Clause
"""Why a cell falls short, where it is known. The first entry that fits a cell, field by field, is printed beside it."""

from fnmatch import fnmatch

# (call, pattern, dtype, size), each with * for any: reason
REASONS = {
    ("*", "*", "*", 6): "the call: Python and the canonical form take longer than the elements",
    ("*_axis", "window", "*", "*"): "each element is read nine times, and the results are many",
    ("*_last_axis", "step16", "*", "*"): "an element to a cache line, and few of them in a row: gathered",
    ("matvec", "*", "float*", "*"): "BLAS multiplies several rows at once and reads the vector once for them",
    ("*", "short_rows", "*", 4096): "lines 32 KiB apart share one set of the cache: each waits for the third level",
    ("pack", "*", "*", 4096): "the system clears new memory page by page, and that takes longer than the copy",
}


def reason(cell):
    fields = [str(cell[name]) for name in ("call", "pattern", "dtype", "size")]
    for wanted, text in REASONS.items():
        if all(map(fnmatch, fields, map(str, wanted))):
            return text
    return ""
