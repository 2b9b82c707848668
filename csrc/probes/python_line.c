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

// As tracemalloc does it: the frame objects that this makes are not counted, and no garbage is collected in between.
so_line so_find_line(PyObject *file)
{
    so_line found = {NULL, 0};
    if (so_meter_depth || !PyGILState_GetThisThreadState() || !PyGILState_Check())
        return found;
    int collects = PyGC_Disable();
    so_meter_depth++;
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get());
    for (int depth = 0; frame && depth < FRAMES; depth++) {
        PyCodeObject *code = PyFrame_GetCode(frame);
        int ours = file && PyUnicode_Compare(code->co_filename, file) == 0;
        if (depth == 0 || ours) {
            found.code = keep((PyObject *)code);
            found.number = PyFrame_GetLineNumber(frame);
        }
        Py_DECREF(code);
        PyFrameObject *back = ours ? NULL : PyFrame_GetBack(frame);
        Py_DECREF(frame);
        frame = back;
    }
    so_meter_depth--;
    if (collects)
        PyGC_Enable();
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
