// SPDX-License-Identifier: BSD-3-Clause
// Calls of compiled functions and methods, seen when they return: while they are watched, the entries of these
// functions in their modules' and types' tables are others, for every caller and however the function is spelled.
#ifndef STRIDEOPS_CALLS_H
#define STRIDEOPS_CALLS_H

#include <Python.h>

#include "meter.h"

enum { SO_WATCHED_CALLS = 64 };

extern SO_METER_TLS int so_calls_depth; // of watched calls that this thread is in, and of the observer

// Holding the GIL. Watches functions (a tuple of builtin functions and method descriptors, at most SO_WATCHED_CALLS),
// and indices of this type that have arrays or lists in them. Calls observer(number, self, args, kwargs, result) behind
// each call that no watched call has made; the number of an index is that of the functions. -1: an exception.
int so_calls_begin(PyObject *functions, PyObject *type, PyObject *observer);
void so_calls_end(void);

#endif
