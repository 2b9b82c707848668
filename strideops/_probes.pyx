# cython: language_level=3, autotestdict=False, binding=True
# SPDX-License-Identifier: BSD-3-Clause
"""What the proof asks of csrc/probes. Nothing here is active outside a call of `allocated` and a `Guard`."""

cimport cython
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_XDECREF
from libc.stdint cimport uintptr_t


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
        void *code
        int line
    ctypedef struct so_blocks:
        so_source *sources
        int source_count
        void *file
        int missed, find_count
        so_find *finds
    int so_source_read(so_source *)
    void so_blocks_begin(so_blocks *)
    void so_blocks_end(so_blocks *)

cdef extern from "memory_copies.h":
    ctypedef struct so_copied:
        size_t calls, bytes, largest, writes
        void *caller
        void *target
    void so_copied_describe(so_copied *, const so_source *)
    int so_copies_begin(so_copied *, int)
    void so_copies_end(so_copied *, int)

cdef extern from "watchpoints.h":
    enum:
        SO_WATCHPOINTS
        SO_MOST_HITS
    ctypedef struct so_hit:
        uintptr_t instruction, caller
        int spot
        unsigned count
        int thread
        long traceback
    ctypedef struct so_spot:
        uintptr_t address
        int bytes
        bint armed
        unsigned count
    ctypedef struct so_watch:
        so_spot *spots
        int spot_count
        int traceback_signal, traceback_file
        so_hit *hits
        int hit_count, lost_hits
        bint lost
        int unwatched, error
    void so_watch_begin(so_watch *)
    void so_watch_end(so_watch *)
    void so_watch_prepare()

cdef extern from "symbols.h":
    ctypedef struct so_symbol:
        const char *library
        const char *function
        uintptr_t base
    so_symbol so_find_symbol(uintptr_t)


so_watch_prepare()
WATCHPOINTS = SO_WATCHPOINTS
MOST_HITS = SO_MOST_HITS


def allocated(fn, tuple args):
    """Call ``fn(*args)`` and return the bytes that the process requested meanwhile: (Python, NumPy data, native).

    The last one is None where native allocations cannot be counted.
    """
    cdef so_count count
    so_meter_start(&count, True)
    so_meter_mark(&count)
    try:
        fn(*args)
    finally:
        so_meter_read(&count)
        so_meter_stop(&count)
    return count.bytes[SO_PYTHON_MEMORY], count.bytes[SO_NUMPY_MEMORY], \
        count.bytes[SO_NATIVE_MEMORY] if count.native else None


def find_symbol(uintptr_t address):
    """(path of the library, address in it, name of the function if the library exports it), or None."""
    cdef so_symbol symbol = so_find_symbol(address)
    if symbol.library == NULL:
        return None
    return symbol.library.decode(errors="replace"), address - symbol.base, \
        symbol.function.decode(errors="replace") if symbol.function != NULL else None


@cython.auto_pickle(False)
cdef class Guard:
    """One guarded block: what its probes saw of some arrays.

    arrays : list of (address, itemsize, kind, shape, strides)
    spots : list of (address, bytes), at most WATCHPOINTS
    file : str
        Whose Python lines are named.
    native : bool
        Count native memory and the C library's copies as well.
    """

    cdef so_source *sources
    cdef so_copied *copied
    cdef so_blocks blocks
    cdef so_count count
    cdef so_watch watch
    cdef int n
    cdef bint native, active
    cdef readonly bint copies
    cdef object file

    def __cinit__(self, list arrays, list spots, str file, bint native):
        self.n = len(arrays)
        self.file = file
        self.native = native
        self.sources = <so_source *> PyMem_RawCalloc(max(self.n, 1), sizeof(so_source))
        self.copied = <so_copied *> PyMem_RawCalloc(max(self.n, 1), sizeof(so_copied))
        if self.sources == NULL or self.copied == NULL:
            raise MemoryError
        cdef so_source *source
        for i, (address, itemsize, kind, shape, strides) in enumerate(arrays):
            source = &self.sources[i]
            source.data = <const char *> <uintptr_t> address
            source.itemsize = itemsize
            source.kind = ord(kind)
            source.ndim = len(shape)
            source.elements = 1
            for axis in range(source.ndim):
                source.shape[axis] = shape[axis]
                source.strides[axis] = strides[axis]
                source.elements *= <size_t> shape[axis]
            source.bytes = source.elements * source.itemsize
        for i, (address, size) in enumerate(spots):
            self.watch.spots[i].address = address
            self.watch.spots[i].bytes = size
        self.watch.spot_count = len(spots)

    def __dealloc__(self):
        cdef int i
        if self.active:
            for i in range(self.n):
                self.sources[i].moved = True
            self._pause()
            so_blocks_end(&self.blocks)
            so_meter_stop(&self.count)
            for i in range(self.blocks.find_count):
                Py_XDECREF(<PyObject *> self.blocks.finds[i].code)
        PyMem_RawFree(self.sources)
        PyMem_RawFree(self.copied)

    def start(self, int traceback_signal=0, int traceback_file=-1):
        cdef int i
        for i in range(self.n):
            so_source_read(&self.sources[i])
            so_copied_describe(&self.copied[i], &self.sources[i])
        self.blocks.sources = self.sources
        self.blocks.source_count = self.n
        self.blocks.file = <void *> self.file
        self.watch.traceback_signal = traceback_signal
        self.watch.traceback_file = traceback_file
        so_meter_start(&self.count, self.native)
        self.copies = self.native and so_copies_begin(self.copied, self.n) == 0
        if self.watch.spot_count:
            self._watch(so_watch_begin)
        so_blocks_begin(&self.blocks)
        self.active = True
        so_meter_mark(&self.count)

    cdef void _watch(self, void (*change)(so_watch *)):
        """What it allocates is nobody's."""
        global so_meter_depth
        so_meter_depth += 1
        change(&self.watch)
        so_meter_depth -= 1

    cdef void _pause(self):
        self.active = False
        so_meter_read(&self.count)
        if self.watch.spot_count:
            self._watch(so_watch_end)
        if self.copies:
            so_copies_end(self.copied, self.n)

    def stop(self, find_moved):
        """What was seen, as a dictionary of plain values. `find_moved()` lists arrays whose memory is gone."""
        cdef int i
        cdef so_find *find
        self._pause()
        try:
            for i in find_moved():
                self.sources[i].moved = True
        finally:
            so_blocks_end(&self.blocks)
            so_meter_stop(&self.count)
        finds = []
        for i in range(self.blocks.find_count):
            find = &self.blocks.finds[i]
            code = None
            if find.code != NULL:
                code = <object> <PyObject *> find.code
                Py_DECREF(code)
                find.code = NULL
            finds.append((find.source, find.memory, find.block_bytes, find.bytes, code, find.line))
        cdef so_hit *hit
        hits = []
        for i in range(self.watch.hit_count):
            hit = &self.watch.hits[i]
            hits.append((hit.spot, hit.instruction, hit.caller, hit.count, hit.thread, hit.traceback))
        return {
            "allocated": (
                self.count.bytes[SO_PYTHON_MEMORY],
                self.count.bytes[SO_NUMPY_MEMORY],
                self.count.bytes[SO_NATIVE_MEMORY] if self.count.native else None,
            ),
            "finds": finds,
            "missed": self.blocks.missed,
            "recognisable": [self.sources[i].runs > 0 for i in range(self.n)],
            "moved": [i for i in range(self.n) if self.sources[i].moved],
            "changed": [i for i in range(self.n) if self.sources[i].changed],
            "copies": [
                (self.copied[i].calls, self.copied[i].bytes, self.copied[i].largest, self.copied[i].writes,
                 <uintptr_t> self.copied[i].caller, <uintptr_t> self.copied[i].target)
                for i in range(self.n)
            ] if self.copies else None,
            "hits": hits,
            "lost_hits": self.watch.lost_hits,
            "spots": [(self.watch.spots[i].armed, self.watch.spots[i].count)
                      for i in range(self.watch.spot_count)],
            "watchpoints_lost": self.watch.lost,
            "unwatched_threads": self.watch.unwatched,
            "watch_error": self.watch.error,
        }
