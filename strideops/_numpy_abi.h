// SPDX-License-Identifier: BSD-3-Clause
// The part of NumPy's C ABI that we use, written out: slots of numpy._core._multiarray_umath._ARRAY_API, which
// NumPy 2 promises not to move, the version 1 data handler of NEP 49, and the public fields of ndarrays, dtypes and
// scalars. What is written out may be wrong for a NumPy to come: _numpy.pxi compares it with what Python sees.
#ifndef STRIDEOPS_NUMPY_ABI_H
#define STRIDEOPS_NUMPY_ABI_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SO_NUMPY_NEW = 94, SO_NUMPY_SET_HANDLER = 304, SO_NUMPY_GET_HANDLER = 305 };

typedef PyObject *so_numpy_new(PyTypeObject *type, PyObject *stolen_dtype, int ndim, const Py_ssize_t *shape,
                               const Py_ssize_t *strides, void *data, int flags, PyObject *parent);
typedef PyObject *so_numpy_set_handler(PyObject *handler);
typedef PyObject *so_numpy_get_handler(void);

typedef struct so_numpy_allocator {
    void *ctx;
    void *(*malloc)(void *ctx, size_t size);
    void *(*calloc)(void *ctx, size_t count, size_t size);
    void *(*realloc)(void *ctx, void *block, size_t size);
    void (*free)(void *ctx, void *block, size_t size);
} so_numpy_allocator;

typedef struct so_numpy_handler {
    char name[127];
    uint8_t version;
    so_numpy_allocator allocator;
} so_numpy_handler;

typedef struct so_numpy_dtype {
    PyObject object;
    PyTypeObject *scalar_type;
    char kind, letter, byteorder, unused;
    int number;
} so_numpy_dtype;

typedef struct so_numpy_array {
    PyObject object;
    char *data;
    int ndim;
    Py_ssize_t *shape, *strides;
    PyObject *base;
    so_numpy_dtype *dtype;
    int flags;
} so_numpy_array;

// Two flags of an ndarray. Where both are set, a write is allowed still, but deprecated.
enum { SO_NUMPY_WRITEABLE = 1 << 10, SO_NUMPY_WARN_ON_WRITE = 1 << 31 };

// A scalar of a number type holds its value right behind the head.
static inline PyObject *so_numpy_scalar(PyTypeObject *type, const void *value, size_t size)
{
    PyObject *scalar = type->tp_alloc(type, 0);
    if (scalar && size == 8)
        memcpy(scalar + 1, value, 8); // without a call
    else if (scalar)
        memcpy(scalar + 1, value, size);
    return scalar;
}

// NULL, with a Python error set, where NumPy is not what we expect.
static inline void **so_numpy_api(void)
{
    static void **known;
    if (known)
        return known;
    PyObject *module = PyImport_ImportModule("numpy._core._multiarray_umath");
    PyObject *capsule = module ? PyObject_GetAttrString(module, "_ARRAY_API") : NULL;
    void **api = capsule ? PyCapsule_GetPointer(capsule, NULL) : NULL;
    Py_XDECREF(capsule);
    Py_XDECREF(module);
    return known = api;
}

#endif
