# SPDX-License-Identifier: BSD-3-Clause
"""What the gate measures by default: small, fixed, and calibrated (results/calibration). Append only."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Case:
    """One benchmark of asv, with one of each of its parameters as text."""

    benchmark: str
    parameters: tuple[str, ...] = ()

    def __str__(self):
        return f"{self.benchmark}({', '.join(self.parameters)})"


def _timed(call, path, pattern, size, dtype):
    return Case(f"ops.{call}.time_call", (path, pattern, str(size), dtype))


TIMED = (
    _timed("Item", "strided", "cut", 6, "float64"),
    _timed("Sum", "strided", "cut", 64, "float64"),
    _timed("Sum", "strided", "cut", 512, "uint8"),
    _timed("Sum", "contiguous", "cut", 512, "float64"),
    _timed("Sum", "strided", "transposed", 2048, "float32"),
    _timed("SumLastAxis", "strided", "short_rows", 64, "float64"),
    _timed("Max", "strided", "step2", 512, "uint8"),
    _timed("Copyto", "strided", "transposed", 512, "float64"),
    _timed("Axpy", "strided", "reversed", 64, "float64"),
)

# Copies: every call of the suite, on rows with gaps, on elements with gaps and turned.
_CALLS = (
    "item", "sum", "sum_first_axis", "sum_last_axis", "min", "max", "max_first_axis", "max_last_axis", "argmin",
    "argmax", "argmax_first_axis", "argmax_last_axis", "norm", "matvec", "dot", "fill", "scale", "axpy",
)  # fmt: skip
_FIGURES = ("track_requested", "track_copied", "track_readers")
TRACKED = (
    *(
        Case(f"copies.Strided.{figure}", (call, pattern))
        for figure in _FIGURES
        for pattern in ("cut", "step2", "transposed")
        for call in _CALLS
    ),
    *(
        Case(f"copies.Kernels.{figure}", (op, dtype))
        for figure in ("track_stores", "track_loads")
        for op in ("copy", "pack", "scale", "axpy", "sum", "dot", "norm", "min", "max", "argmin", "argmax")
        for dtype in ("float64", "int32", "uint8")
    ),
)

# Without those that compile the kernels first.
QUICKLY_TRACKED = tuple(case for case in TRACKED if not case.benchmark.startswith("copies.Kernels"))
