# cython: language_level=3, boundscheck=False, wraparound=False
# SPDX-License-Identifier: BSD-3-Clause
"""Copies as Cython makes them."""

from cython cimport view
from libc.stdlib cimport free, malloc


def copy(double[:, :] x):
    cdef double[:, ::1] to = x.copy()
    return to[0, 0]


def copy_fortran(double[:, :] x):
    cdef double[::1, :] to = x.copy_fortran()
    return to[0, 0]


def view_array(double[:, :] x):
    cdef view.array to = view.array(shape=(x.shape[0], x.shape[1]), itemsize=8, format="d")
    cdef double[:, ::1] target = to
    target[:, :] = x
    return target[0, 0]


def assign(double[:, :] x, double[:, ::1] workspace):
    workspace[:x.shape[0], :x.shape[1]] = x
    return workspace[0, 0]


def loop(double[:, :] x):
    cdef double *to = <double *> malloc(<size_t> (x.shape[0] * x.shape[1]) * sizeof(double))
    cdef Py_ssize_t i, j
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            to[i * x.shape[1] + j] = x[i, j]
    last = to[x.shape[0] * x.shape[1] - 1]
    free(to)
    return last


def raveled(x):
    cdef double[::1] packed = x.ravel()
    return packed[0]


def sum_in_place(const double[:, :] x):
    cdef double sum = 0
    cdef Py_ssize_t i, j
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            sum += x[i, j]
    return sum
