# SPDX-License-Identifier: BSD-3-Clause
# What csrc/probes declares.

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t, uintptr_t


cdef extern from "_numpy_abi.h":
    ctypedef struct so_numpy_dtype:
        char kind
    ctypedef struct so_numpy_array:
        char *data
        int ndim
        Py_ssize_t *shape
        Py_ssize_t *strides
        so_numpy_dtype *dtype

cdef extern from "meter.h":
    ctypedef struct so_count:
        size_t bytes[3]
        bint native
    enum:
        SO_PYTHON_MEMORY
        SO_NUMPY_MEMORY
        SO_NATIVE_MEMORY
    int so_meter_depth
    int so_meter_start(so_count *, bint native) except -1
    void so_meter_mark(so_count *)
    void so_meter_mark(so_count *)
    void so_meter_read(so_count *)
    int so_meter_stop(so_count *) except -1
    void so_refresh_native()

cdef extern from "python_line.h":
    ctypedef struct so_line:
        PyObject *code
        int number
    void so_lines_begin()
    void so_lines_end()

cdef extern from "blocks.h":
    enum:
        SO_MAX_NDIM
    ctypedef struct so_source:
        const char *data
        int ndim
        char kind
        size_t itemsize, elements, bytes
        Py_ssize_t *shape
        Py_ssize_t *strides
        int runs
        bint moved, changed
    ctypedef struct so_find:
        int source
        int memory
        size_t block_bytes, bytes
        so_line line
    ctypedef struct so_blocks:
        so_source *sources
        int source_count
        PyObject *file
        int missed, find_count
        so_find *finds
    int so_source_read(so_source *)
    void so_blocks_prepare()
    void so_blocks_begin(so_blocks *)
    void so_blocks_end(so_blocks *)

cdef extern from "memory_copies.h":
    ctypedef struct so_copied:
        size_t calls, bytes, largest, writes
        void *caller
    void so_copied_describe(so_copied *, const so_source *)
    void so_copies_prepare()
    int so_copies_begin(so_copied *, int)
    void so_copies_end(so_copied *, int)

cdef extern from "hits.h":
    ctypedef struct so_hit:
        uintptr_t instruction, caller
        int array
        uint64_t spots, count
        int thread
        so_line line
        long traceback
    ctypedef struct so_hits:
        so_hit *hit
        int count, lost
        PyObject *file
        int traceback_signal, traceback_file
    void so_hits_prepare()

cdef extern from "watchpoints.h":
    enum:
        SO_WATCHPOINTS
        SO_MOST_HITS
    ctypedef struct so_spot:
        uintptr_t address
        int array, bytes
        bint armed
        unsigned count
    ctypedef struct so_watch:
        so_spot *spots
        int spot_count
        so_hits hits
        bint lost
        int unwatched, error
    void so_watch_begin(so_watch *)
    void so_watch_end(so_watch *)

cdef extern from "page_traps.h":
    enum:
        SO_TRAPPED_ARRAYS
        SO_MOST_TRAPS
        SO_MOST_VISITS
    ctypedef struct so_trapped:
        const so_copied *elements
        int pages
    ctypedef struct so_page_traps:
        bint every
        so_trapped *arrays
        int array_count
        so_hits hits
        uint64_t traps
        int error
    int so_pages_begin(so_page_traps *)
    void so_pages_end(so_page_traps *)

cdef extern from "symbols.h":
    ctypedef struct so_symbol:
        const char *library
        const char *function
        uintptr_t base
    so_symbol so_find_symbol(uintptr_t)

cdef extern from "calls.h":
    int so_calls_begin(object functions, object type, object observer) except -1
    void so_calls_end()

cdef extern from "requests.h":
    enum:
        SO_REQUESTS
    ctypedef struct so_request:
        PyObject *code
        PyObject *globals
        int instruction
        size_t bytes, count
    so_request *so_requests
    int so_requests_begin(size_t smallest, object folder) except -1
    int so_requests_end(bint *native) except -1
    void so_requests_clear()
