// SPDX-License-Identifier: BSD-3-Clause
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "meter.h"
#include "python_line.h"

enum { FRAMES = 64, CODES = 128 };

static PyObject *codes[CODES];
static int code_count, guards;

static PyObject *keep(PyObject *code)
{
    for (int i = 0; i < code_count; i++)
        if (codes[i] == code)
            return code;
    if (code_count == CODES)
        return NULL;
    Py_INCREF(code);
    return codes[code_count++] = code;
}

static int is_of_file(PyCodeObject *code, PyObject *file)
{
    return file && PyUnicode_Compare(code->co_filename, file) == 0;
}

static int is_outside(PyCodeObject *code, PyObject *folder)
{
    return PyUnicode_Tailmatch(code->co_filename, folder, 0, PY_SSIZE_T_MAX, -1) == 0;
}

// The innermost frame of such code, else the innermost of all; NULL: not known. A new reference.
static PyFrameObject *find_frame(int (*is_wanted)(PyCodeObject *, PyObject *), PyObject *name)
{
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get()), *innermost = frame;
    Py_XINCREF(innermost);
    for (int depth = 0; frame && depth < FRAMES; depth++) {
        PyCodeObject *code = PyFrame_GetCode(frame);
        int found = is_wanted(code, name);
        Py_DECREF(code);
        if (found) {
            Py_DECREF(innermost);
            return frame;
        }
        PyFrameObject *back = PyFrame_GetBack(frame);
        Py_DECREF(frame);
        frame = back;
    }
    Py_XDECREF(frame);
    return innermost;
}

// As tracemalloc does it: the frame objects that this makes are not counted, and no garbage is collected in between.
static int begin(int *collects)
{
    if (so_meter_depth || !PyGILState_GetThisThreadState() || !PyGILState_Check())
        return 0;
    *collects = PyGC_Disable();
    so_meter_depth++;
    return 1;
}

static void end(PyFrameObject *frame, int collects)
{
    Py_XDECREF(frame);
    so_meter_depth--;
    if (collects)
        PyGC_Enable();
}

so_line so_find_line(PyObject *file)
{
    so_line found = {NULL, 0};
    int collects;
    if (!begin(&collects))
        return found;
    PyFrameObject *frame = find_frame(is_of_file, file);
    if (frame) {
        PyObject *code = (PyObject *)PyFrame_GetCode(frame);
        found = (so_line){keep(code), PyFrame_GetLineNumber(frame)};
        Py_DECREF(code);
    }
    end(frame, collects);
    return found;
}

so_place so_find_place(PyObject *folder)
{
    so_place found = {NULL, NULL, 0};
    int collects;
    if (!begin(&collects))
        return found;
    PyFrameObject *frame = find_frame(is_outside, folder);
    if (frame)
        found = (so_place){(PyObject *)PyFrame_GetCode(frame), PyFrame_GetGlobals(frame), PyFrame_GetLasti(frame)};
    end(frame, collects);
    return found;
}

void so_lines_begin(void)
{
    guards++;
}

void so_lines_end(void)
{
    if (--guards == 0)
        while (code_count)
            Py_DECREF(codes[--code_count]);
}
