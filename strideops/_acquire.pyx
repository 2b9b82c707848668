# cython: language_level=3, autotestdict=False, boundscheck=False, wraparound=False
# SPDX-License-Identifier: BSD-3-Clause
"""Ways in which Cython code comes from a slice to a pointer. Each returns (element, the address C received)."""

from cpython.buffer cimport PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer


cdef long get_packed(const long *x, Py_ssize_t columns, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    """An element of a matrix that lies row after row without gaps: all that a bare pointer can mean."""
    return x[i * columns + j]


cdef long get_strided(
    const char *x, Py_ssize_t row_stride, Py_ssize_t column_stride, Py_ssize_t i, Py_ssize_t j
) noexcept nogil:
    """An element of any matrix; strides in bytes."""
    return (<const long *> (x + i * row_stride + j * column_stride))[0]


def ravel(x, Py_ssize_t i, Py_ssize_t j):
    cdef const long[::1] packed = x.ravel()
    return get_packed(&packed[0], x.shape[1], i, j), <size_t> &packed[0]


def strides(x, Py_ssize_t i, Py_ssize_t j):
    cdef Py_buffer view
    PyObject_GetBuffer(x, &view, PyBUF_STRIDES)
    try:
        return get_strided(<char *> view.buf, view.strides[0], view.strides[1], i, j), <size_t> view.buf
    finally:
        PyBuffer_Release(&view)


def memoryview(x, Py_ssize_t i, Py_ssize_t j):
    cdef const long[:, :] view = x
    return get_strided(<char *> &view[0, 0], view.strides[0], view.strides[1], i, j), <size_t> &view[0, 0]


def contiguous_memoryview(x, Py_ssize_t i, Py_ssize_t j):
    """The spelling that is usually recommended. It means fully C-contiguous and refuses X[:, :6]."""
    cdef const long[:, ::1] view = x
    return get_packed(&view[0, 0], view.shape[1], i, j), <size_t> &view[0, 0]


def reshape(x, Py_ssize_t i, Py_ssize_t j):
    cdef const long[::1] packed = x.reshape(-1)
    return get_packed(&packed[0], x.shape[1], i, j), <size_t> &packed[0]
