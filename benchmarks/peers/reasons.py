# SPDX-License-Identifier: BSD-3-Clause
"""Why a cell falls short, where it is known. The first entry that fits a cell, field by field, is printed beside it."""

from fnmatch import fnmatch

from . import results

AT_THE_LIMIT = 0.9  # share of the limit

# (call, pattern, dtype, size), each with * for any: reason
REASONS = {
    ("*", "*", "*", 6): "the call: Python and the canonical form take longer than the elements",
    ("*_axis", "window", "*", "*"): "each element is read nine times, and the results are many",
    ("*_last_axis", "step16", "*", "*"): "at most four elements to a cache line, and few of them in a row: gathered",
    ("matvec", "*", "float*", "*"): "BLAS multiplies several rows at once and reads the vector once for them",
    ("matvec", "*", "uint8", "*"): "bytes are widened before they are multiplied",
    ("dot", "*", "uint8", "*"): "bytes are widened before they are multiplied",
    ("*", "short_rows", "*", 4096): "rows 32 KiB apart share one set of the cache: 5 to 6 ns a line with any loop",
    ("*", "column", "*", 4096): "elements 32 KiB apart share one set of the cache: 5 to 6 ns a line with any loop",
    ("*", "diagonal", "*", 4096): "an element to a page: 3 to 6 ns for the translation of its address with any loop",
    ("arg*_first_axis", "*", "*", 4096): "read in strips of 3.5 KiB a row, the best so far beside them",
    ("pack", "*", "*", 4096): "the system clears new memory page by page, and that takes longer than the copy",
    ("*_last_axis", "*", "*", 64): "what is done once for a row takes as long as its elements",
    ("*_last_axis", "*", "uint8", 512): "what is done once for a row takes as long as its elements",
    ("arg*_first_axis", "transposed", "*", 64): "what is done once for a row takes as long as its elements",
    ("arg*_first_axis", "permuted", "*", 64): "what is done once for a row takes as long as its elements",
    (
        "copyto",
        "transposed",
        "*64",
        512,
    ): "0.2 ms in one process, 0.7 in another: rows of 4 KiB, and where their pages lie",
    ("sum*", "*", "float64", 4096): "from memory: a plain C loop over such an array takes 0.93 of the time",
    ("norm", "*", "float64", 4096): "from memory: a plain C loop over such an array takes 0.87 of the time",
    ("copyto*", "step16", "*", "*"): "an element to a cache line: read or written one by one",
    ("fill", "step16", "*", "*"): "an element to a cache line: written one by one",
    ("scale", "step16", "*", "*"): "an element to a cache line: read and written one by one",
    ("axpy", "step16", "*", "*"): "an element to a cache line: read and written one by one",
    ("*", "field", "*", "*"): "elements at steps that fit no vector are gathered, or read and written one by one",
    ("*", "step3", "*", 64): "whole vectors are read, of which a third is wanted",
    ("*", "photo_channel", "*", 64): "whole vectors are read, of which a third is wanted",
    ("*", "short_rows", "*", "*"): "rows of four elements: what is done once for a row takes as long as they do",
    (
        "*",
        "photo_every_other",
        "*",
        "*",
    ): "rows of three elements: what is done once for a row takes as long as they do",
    ("copyto", "window", "*", 4096): "rows of three elements: what is done once for a row takes as long as they do",
    ("*_last_axis", "half", "*", 512): "what is done once for a row takes as long as its elements",
    ("*_first_axis", "step16", "*", 64): "rows of four elements: what is done once for a row takes as long as they do",
    ("*", "step16", "*64", "*"): "an element to every second cache line",
    ("*", "column", "*", 512): "elements at steps of 512 bytes or more share eight sets of the cache or fewer",
    ("pack", "column", "*", 64): "the call: Python and the new array take longer than 64 elements",
    ("norm", "*", "uint8", "*"): "bytes are widened before they are multiplied",
    ("norm", "*", "int32", "*"): "integers are converted before they are multiplied",
    ("copyto*", "*", "uint8", 512): "0.7 to 1.1 from run to run",
    ("fill", "*", "uint8", 512): "0.7 to 1.0 from run to run",
    ("pack", "*", "uint8", 512): "0.7 to 1.1 from run to run",
    ("min", "step16", "uint8", 512): "four elements to a cache line",
    ("*", "photo_channel", "int*", 4096): "whole vectors are read, of which a third is wanted",
    ("arg*_last_axis", "step3", "int*", 512): "whole vectors are read, of which a third is wanted",
    ("arg*_first_axis", "contiguous", "int64", 512): "0.8 to 1.1 from run to run",
    ("arg*_first_axis", "transposed", "int32", 512): "0.9 to 1.0 from run to run",
    ("dot", "rows2", "*64", 512): "0.9 to 1.1 from run to run",
    ("matvec", "step*", "int64", "*"): "0.7 to 0.9 from run to run",
    ("m??_first_axis", "reversed", "float64", 4096): "0.8 to 0.95 from run to run",
    ("scale", "*", "float*", 4096): "0.85 to 1.0 from run to run",
    ("argmin", "photo_crop", "int32", 64): "0.85 to 0.95 from run to run",
    ("copyto_view", "step2", "float32", 64): "0.9 to 0.95 from run to run",
}


def reason(cell):
    fields = [str(cell[name]) for name in ("call", "pattern", "dtype", "size")]
    for wanted, text in REASONS.items():
        if all(map(fnmatch, fields, map(str, wanted))):
            return text
    share = results.share(cell) or 0.0
    return f"its cache lines, read in a row, take {share:.0%} of the time" if share >= AT_THE_LIMIT else ""
