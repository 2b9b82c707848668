# SPDX-License-Identifier: BSD-3-Clause
"""Why a cell falls short, where it is known. The first entry that fits a cell, field by field, is printed beside it."""

from fnmatch import fnmatch

# (call, pattern, dtype, size), each with * for any: reason
REASONS = {}


def reason(cell):
    fields = [str(cell[name]) for name in ("call", "pattern", "dtype", "size")]
    for wanted, text in REASONS.items():
        if all(map(fnmatch, fields, map(str, wanted))):
            return text
    return ""
