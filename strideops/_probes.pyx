# cython: language_level=3, autotestdict=False, binding=True
# SPDX-License-Identifier: BSD-3-Clause
"""What the proof asks of csrc/probes. Nothing here is active outside a call of `allocated` and a `Guard`."""

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uintptr_t
from libc.stdlib cimport calloc, free


so_hits_prepare()
so_blocks_prepare()
so_copies_prepare()
WATCHPOINTS = SO_WATCHPOINTS
MOST_HITS = SO_MOST_HITS
MOST_TRAPS = SO_MOST_TRAPS
MOST_VISITS = SO_MOST_VISITS


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


def watch_calls(tuple functions not None, type array not None, observer not None, size_t smallest, str folder not None):
    """Call ``observer(number, self, args, kwargs, result)`` behind each call of these compiled functions and methods.

    And behind each index of `array` that has an array or a list in it; its number is that of the functions. Blocks of
    memory of at least `smallest` bytes that are requested outside of these calls are counted, where the innermost
    Python code is that is not in `folder`.
    """
    so_calls_begin(functions, array, observer)
    try:
        so_requests_begin(smallest, folder)
    except BaseException:
        so_calls_end()
        raise


def watch_libraries():
    """Count what is requested in libraries that were loaded since, as well."""
    so_refresh_native()


def unwatch_calls():
    """No call is watched any more: (code, globals, offset in the code, bytes, count) of each place of requests.

    And whether those of compiled code are among them. Code is None where it is not known.
    """
    cdef bint native = False
    cdef int i
    cdef so_request *each
    so_calls_end()
    so_requests_end(&native)
    found = []
    for i in range(SO_REQUESTS):
        each = &so_requests[i]
        if each.count:
            code = <object> each.code if each.code != NULL else None
            names = <object> each.globals if each.globals != NULL else {}
            found.append((code, names, each.instruction, each.bytes, each.count))
    so_requests_clear()
    return found, bool(native)


def find_symbol(uintptr_t address):
    """(path of the library, address in it, name of the function if the library exports it), or None."""
    cdef so_symbol symbol = so_find_symbol(address)
    if symbol.library == NULL:
        return None
    return symbol.library.decode(errors="replace"), address - symbol.base, \
        symbol.function.decode(errors="replace") if symbol.function != NULL else None


cdef object read_line(so_line line):
    """``file:line``, or None."""
    return f"{(<object> line.code).co_filename}:{line.number}" if line.code != NULL else None


cdef list read_hits(const so_hits *hits):
    cdef int i
    cdef const so_hit *hit
    found = []
    for i in range(hits.count):
        hit = &hits.hit[i]
        found.append((hit.array, hit.instruction, hit.caller, hit.spots, hit.count, read_line(hit.line), hit.traceback))
    return found


@cython.auto_pickle(False)
cdef class Guard:
    """One guarded block: what its probes saw of some arrays.

    arrays : list of ndarray
    spots : list of (array, address, bytes)
        To watch, at most WATCHPOINTS.
    file : str
        Whose Python lines are named.
    level : str
        "portable", "full" or "trace".
    """

    # From the C library, not from Python: no guard should find runs in the memory of another one.
    cdef so_source *sources
    cdef so_copied *copied
    cdef so_blocks blocks
    cdef so_count count
    cdef so_watch watch
    cdef so_page_traps pages
    cdef int n
    cdef bint native, traced, active, copies, trapped
    cdef object file, arrays

    def __cinit__(self, list arrays, list spots, str file, str level):
        self.n = len(arrays)
        self.file = file
        self.native = level != "portable"
        self.traced = level == "trace"
        self.sources = <so_source *> calloc(max(self.n, 1), sizeof(so_source))
        self.copied = <so_copied *> calloc(max(self.n, 1), sizeof(so_copied))
        if self.sources == NULL or self.copied == NULL:
            raise MemoryError
        self.arrays = arrays
        cdef so_source *source
        cdef so_numpy_array *array
        for i in range(self.n):
            source = &self.sources[i]
            array = <so_numpy_array *> arrays[i]
            source.data = array.data
            source.itemsize = arrays[i].itemsize
            source.kind = array.dtype.kind
            source.ndim = array.ndim
            source.elements = 1
            for axis in range(source.ndim):
                source.shape[axis] = array.shape[axis]
                source.strides[axis] = array.strides[axis]
                source.elements *= <size_t> array.shape[axis]
            source.bytes = source.elements * source.itemsize
        for i, (number, address, size) in enumerate(spots):
            self.watch.spots[i].array = number
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
            so_lines_end()
        free(self.sources)
        free(self.copied)

    def start(self, int traceback_signal=0, int traceback_file=-1):
        cdef int i
        for i in range(self.n):
            so_source_read(&self.sources[i])
            so_copied_describe(&self.copied[i], &self.sources[i])
        self.blocks.sources = self.sources
        self.blocks.source_count = self.n
        self.blocks.file = self.watch.hits.file = self.pages.hits.file = <PyObject *> self.file
        self.watch.hits.traceback_signal = self.pages.hits.traceback_signal = traceback_signal
        self.watch.hits.traceback_file = self.pages.hits.traceback_file = traceback_file
        so_meter_start(&self.count, self.native)
        so_lines_begin()
        self.copies = self.native and so_copies_begin(self.copied, self.n) == 0
        self._watch()
        so_blocks_begin(&self.blocks)
        self.active = True
        so_meter_mark(&self.count)

    cdef void _watch(self):
        """Watchpoints; page traps to trace, and where watchpoints are refused. What they allocate is nobody's."""
        global so_meter_depth
        cdef int i
        so_meter_depth += 1
        if self.watch.spot_count and not self.traced:
            so_watch_begin(&self.watch)
        if self.traced or self.watch.error:
            self.pages.every = self.traced
            self.pages.array_count = min(self.n, SO_TRAPPED_ARRAYS)
            for i in range(self.pages.array_count):
                self.pages.arrays[i].elements = &self.copied[i]
            self.trapped = so_pages_begin(&self.pages) == 0
        so_meter_depth -= 1

    cdef void _pause(self):
        global so_meter_depth
        self.active = False
        so_meter_read(&self.count)
        so_meter_depth += 1
        if self.trapped:
            so_pages_end(&self.pages)
        if self.watch.spot_count and not self.traced:
            so_watch_end(&self.watch)
        so_meter_depth -= 1
        if self.copies:
            so_copies_end(self.copied, self.n)

    def stop(self):
        """What was seen, as a dictionary of plain values."""
        cdef int i
        cdef so_find *find
        self._pause()
        for i in range(self.n):
            self.sources[i].moved = (<so_numpy_array *> self.arrays[i]).data != self.sources[i].data
        so_blocks_end(&self.blocks)
        so_meter_stop(&self.count)
        finds = []
        for i in range(self.blocks.find_count):
            find = &self.blocks.finds[i]
            finds.append((find.source, find.memory, find.block_bytes, find.bytes, read_line(find.line)))
        hits, page_hits = read_hits(&self.watch.hits), read_hits(&self.pages.hits)
        so_lines_end()
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
                 <uintptr_t> self.copied[i].caller)
                for i in range(self.n)
            ] if self.copies else None,
            "hits": hits,
            "lost_hits": self.watch.hits.lost + self.pages.hits.lost,
            "spots": [(self.watch.spots[i].armed, self.watch.spots[i].count) for i in range(self.watch.spot_count)],
            "watchpoints_lost": self.watch.lost,
            "unwatched_threads": self.watch.unwatched,
            "watch_error": self.watch.error,
            "page_hits": page_hits,
            "pages": [self.pages.arrays[i].pages for i in range(self.pages.array_count)] if self.trapped else None,
            "page_error": self.pages.error,
            "traps": self.pages.traps,
        }
