# cython: language_level=3, autotestdict=False, binding=False, embedsignature=True, embedsignature.format=clinic
# SPDX-License-Identifier: BSD-3-Clause
"""From an ndarray, or any buffer, to a layout, to the C core, to a result.

No element is looped over here and no memory is acquired but results. What cannot be read in place is refused.
"""

import os
import sys

import numpy as np

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_CheckExact
from cpython.number cimport PyIndex_Check, PyNumber_Index
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from libc.math cimport isinf
from libc.stdint cimport uint64_t
from libc.stdlib cimport llabs
from libc.string cimport memcpy

from .capi cimport (
    SO_ARGMAX, SO_ARGMIN, SO_AXPY, SO_COPY, SO_DISJOINT, SO_DOT, SO_FLOAT32, SO_FLOAT64, SO_INT8, SO_ISA_COUNT, SO_MAX,
    SO_MAX_NDIM, SO_MIN, SO_NORM, SO_PACK, SO_SCALE, SO_SHARED, SO_SUM, SO_UINT8, so_best_isa, so_dtype, so_has_isa,
    so_isa, so_isa_name, so_item, so_itemsize, so_layout, so_op, so_op_name, so_overlaps, so_overlaps_itself,
    so_result_dtype, so_run_with, so_same_memory, so_size,
)

cdef extern from "Python.h":
    Py_ssize_t PyNumber_AsSsize_t(object number, PyObject *overflow) except? -1  # NULL: clipped, not refused

# Below this many elements a call is over before another thread could make use of the GIL.
cdef enum:
    RELEASE_GIL_FROM = 2048

include "_numpy.pxi"
include "_operand.pxi"
include "_result.pxi"
include "_reduce.pxi"
include "_read.pxi"
include "_write.pxi"
