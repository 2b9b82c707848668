# cython: language_level=3, autotestdict=False, binding=True
# SPDX-License-Identifier: BSD-3-Clause
"""From an ndarray, or any buffer, to a layout, to the C core, to a result.

No element is looped over here and no memory is acquired but results. What cannot be read in place is refused.
"""

import sys

import numpy as np

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer
from cpython.number cimport PyNumber_Index
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from libc.string cimport memcpy, memset
from libc.stdint cimport uint64_t

from .capi cimport (
    SO_AXPY, SO_COPY, SO_DISJOINT, SO_DOT, SO_FLOAT32, SO_INT8, SO_MAX_NDIM, SO_SCALE, SO_SHARED, SO_SUM, SO_UINT8,
    so_dtype, so_item, so_itemsize, so_layout, so_op, so_op_name, so_overlaps, so_overlaps_itself, so_result_dtype,
    so_run, so_same_memory, so_size,
)

DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
cdef tuple _dtype = tuple(np.dtype(name) for name in DTYPES)
cdef object _ndarray = np.ndarray
cdef bint _little_endian = sys.byteorder == "little"

# Below this many elements a call is over before another thread could make use of the GIL.
cdef enum:
    RELEASE_GIL_FROM = 2048

include "_operand.pxi"
include "_result.pxi"
include "_read.pxi"
include "_write.pxi"
