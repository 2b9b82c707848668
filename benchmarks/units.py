# SPDX-License-Identifier: BSD-3-Clause
"""Seconds, bytes and ratios as people read them."""


def human_time(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def human_bytes(count):
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count:.0f} B"


def human_ratio(ratio):
    return f"{ratio:.3g}" if ratio < 999.5 else f"{ratio:,.0f}"
