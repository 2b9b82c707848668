// SPDX-License-Identifier: BSD-3-Clause
#include <Python.h>

#include "calls.h"

typedef PyObject *fast_call(PyObject *, PyObject *const *, Py_ssize_t);
typedef PyObject *fast_call_with_names(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
typedef PyObject *call_with_names(PyObject *, PyObject *, PyObject *);

typedef struct watched_call {
    PyMethodDef *entry;
    PyCFunction original;
} watched_call;

static watched_call calls[SO_WATCHED_CALLS];
static int count;
static PyTypeObject *indexed; // whose indices are watched as well
static binaryfunc original_index;
static PyObject *observer;
SO_METER_TLS int so_calls_depth;

// What the call has returned, or raised, is passed on; what the observer raises is printed, and forgotten.
static PyObject *observed(int number, PyObject *self, PyObject *args, PyObject *names, PyObject *result)
{
    if (!result || !args) {
        Py_XDECREF(args);
        return result;
    }
    PyObject *given[] = {PyLong_FromLong(number), self ? self : Py_None, args, names ? names : Py_None, result};
    so_calls_depth++;
    PyObject *seen = given[0] ? PyObject_Vectorcall(observer, given, sizeof given / sizeof *given, NULL) : NULL;
    so_calls_depth--;
    Py_XDECREF(given[0]);
    if (!seen)
        PyErr_WriteUnraisable(observer);
    Py_XDECREF(seen);
    Py_DECREF(args);
    return result;
}

static int is_seen(void)
{
    return observer && so_calls_depth == 0;
}

static PyObject *pack_arguments(PyObject *const *args, Py_ssize_t n, PyObject *names, PyObject **by_name)
{
    PyObject *packed = PyTuple_New(n);
    for (Py_ssize_t i = 0; packed && i < n; i++)
        PyTuple_SET_ITEM(packed, i, Py_NewRef(args[i]));
    *by_name = NULL;
    if (packed && names && PyTuple_GET_SIZE(names)) {
        *by_name = PyDict_New();
        for (Py_ssize_t i = 0; *by_name && i < PyTuple_GET_SIZE(names); i++)
            if (PyDict_SetItem(*by_name, PyTuple_GET_ITEM(names, i), args[n + i]) < 0)
                Py_CLEAR(*by_name);
        if (!*by_name)
            Py_CLEAR(packed);
    }
    if (!packed)
        PyErr_Clear();
    return packed;
}

static PyObject *behind_fast(int number, PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names,
                             int has_names)
{
    PyCFunction original = calls[number].original;
    so_calls_depth++;
    PyObject *result = has_names ? ((fast_call_with_names *)(void (*)(void))original)(self, args, n, names)
                                 : ((fast_call *)(void (*)(void))original)(self, args, n);
    so_calls_depth--;
    if (!result || !is_seen())
        return result;
    PyObject *by_name, *packed = pack_arguments(args, n, names, &by_name);
    result = observed(number, self, packed, by_name, result);
    Py_XDECREF(by_name);
    return result;
}

static PyObject *behind(int number, PyObject *self, PyObject *args, PyObject *names, int has_names)
{
    PyCFunction original = calls[number].original;
    so_calls_depth++;
    PyObject *result =
        has_names ? ((call_with_names *)(void (*)(void))original)(self, args, names) : original(self, args);
    so_calls_depth--;
    if (!result || !is_seen())
        return result;
    if (args && PyTuple_Check(args))
        Py_INCREF(args);
    else
        args = args ? PyTuple_Pack(1, args) : PyTuple_New(0);
    if (!args)
        PyErr_Clear();
    return observed(number, self, args, names, result);
}

// A function of C knows not by which entry it was called: each entry has its own.
#define DOOR(i)                                                                                                        \
    static PyObject *fast_##i(PyObject *self, PyObject *const *args, Py_ssize_t n)                                     \
    {                                                                                                                  \
        return behind_fast(i, self, args, n, NULL, 0);                                                                 \
    }                                                                                                                  \
    static PyObject *fast_named_##i(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)              \
    {                                                                                                                  \
        return behind_fast(i, self, args, n, names, 1);                                                                \
    }                                                                                                                  \
    static PyObject *plain_##i(PyObject *self, PyObject *args)                                                         \
    {                                                                                                                  \
        return behind(i, self, args, NULL, 0);                                                                         \
    }                                                                                                                  \
    static PyObject *named_##i(PyObject *self, PyObject *args, PyObject *names)                                        \
    {                                                                                                                  \
        return behind(i, self, args, names, 1);                                                                        \
    }
#define EIGHT(F, t) F(t##0) F(t##1) F(t##2) F(t##3) F(t##4) F(t##5) F(t##6) F(t##7)
#define ALL(F) EIGHT(F, 00) EIGHT(F, 01) EIGHT(F, 02) EIGHT(F, 03) EIGHT(F, 04) EIGHT(F, 05) EIGHT(F, 06) EIGHT(F, 07)
ALL(DOOR)

typedef void (*any_function)(void);
#define DOORS(i)                                                                                                       \
    {(any_function)fast_##i, (any_function)fast_named_##i, (any_function)plain_##i, (any_function)named_##i},
static const any_function doors[SO_WATCHED_CALLS][4] = {ALL(DOORS)};

static any_function door(int number, int flags)
{
    switch (flags & (METH_FASTCALL | METH_KEYWORDS | METH_VARARGS | METH_NOARGS | METH_O | METH_METHOD)) {
    case METH_FASTCALL: return doors[number][0];
    case METH_FASTCALL | METH_KEYWORDS: return doors[number][1];
    case METH_VARARGS:
    case METH_NOARGS:
    case METH_O: return doors[number][2];
    case METH_VARARGS | METH_KEYWORDS: return doors[number][3];
    default: return NULL;
    }
}

static int is_array_or_list(PyObject *index)
{
    return PyList_Check(index) || PyObject_TypeCheck(index, indexed);
}

// An index with an array or a list in it; others make views.
static PyObject *index_door(PyObject *self, PyObject *index)
{
    int copies = is_array_or_list(index);
    if (PyTuple_Check(index))
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(index); i++)
            copies |= is_array_or_list(PyTuple_GET_ITEM(index, i));
    so_calls_depth += copies;
    PyObject *result = original_index(self, index);
    so_calls_depth -= copies;
    if (!copies || !result || !is_seen())
        return result;
    PyObject *packed = PyTuple_Pack(1, index);
    if (!packed)
        PyErr_Clear();
    return observed(count, self, packed, NULL, result);
}

static PyMethodDef *entry_of(PyObject *function)
{
    if (PyCFunction_Check(function))
        return ((PyCFunctionObject *)function)->m_ml;
    if (Py_IS_TYPE(function, &PyMethodDescr_Type))
        return ((PyMethodDescrObject *)function)->d_method;
    return NULL;
}

int so_calls_begin(PyObject *functions, PyObject *type, PyObject *observe)
{
    if (observer || PyTuple_GET_SIZE(functions) > SO_WATCHED_CALLS) {
        PyErr_SetString(PyExc_RuntimeError, "calls are watched already, or too many are to be");
        return -1;
    }
    for (count = 0; count < PyTuple_GET_SIZE(functions); count++) {
        PyMethodDef *entry = entry_of(PyTuple_GET_ITEM(functions, count));
        any_function way = entry ? door(count, entry->ml_flags) : NULL;
        if (!way) {
            so_calls_end();
            PyErr_Format(PyExc_TypeError, "calls of %R cannot be watched", PyTuple_GET_ITEM(functions, count));
            return -1;
        }
        calls[count] = (watched_call){entry, entry->ml_meth};
        entry->ml_meth = (PyCFunction)way;
    }
    indexed = (PyTypeObject *)Py_NewRef(type);
    original_index = indexed->tp_as_mapping->mp_subscript;
    indexed->tp_as_mapping->mp_subscript = index_door;
    observer = Py_NewRef(observe);
    return 0;
}

void so_calls_end(void)
{
    for (int i = 0; i < count; i++)
        calls[i].entry->ml_meth = calls[i].original;
    count = 0;
    if (indexed)
        indexed->tp_as_mapping->mp_subscript = original_index;
    Py_CLEAR(indexed);
    Py_CLEAR(observer);
}
