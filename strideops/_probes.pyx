# cython: language_level=3, autotestdict=False, binding=True
# SPDX-License-Identifier: BSD-3-Clause
"""What the proof asks of csrc/probes. Nothing here is active outside a call."""


cdef extern from "meter.h":
    enum:
        SO_PYTHON_MEMORY
        SO_NUMPY_MEMORY
        SO_NATIVE_MEMORY
    const int so_meter_armed
    int so_meter_start() except -1
    int so_meter_stop(size_t *bytes) except -1
    bint so_meter_counts_native()


def allocated(fn, tuple args):
    """Call ``fn(*args)`` and return the bytes that the process requested meanwhile: (Python, NumPy data, native).

    The last one is None where native allocations cannot be counted.
    """
    cdef size_t counted[3]
    if so_meter_armed:
        raise RuntimeError("allocations are being counted already: one count at a time")
    so_meter_start()
    try:
        fn(*args)
    finally:
        so_meter_stop(counted)
    native = counted[SO_NATIVE_MEMORY] if so_meter_counts_native() else None
    return counted[SO_PYTHON_MEMORY], counted[SO_NUMPY_MEMORY], native
