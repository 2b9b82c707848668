// SPDX-License-Identifier: BSD-3-Clause
// On which line of Python are we? Asked by allocators' hooks and by handlers of traps, in the middle of C code.
#ifndef STRIDEOPS_PYTHON_LINE_H
#define STRIDEOPS_PYTHON_LINE_H

typedef struct so_line {
    struct _object *code; // a code object, kept until the last guard ends; NULL: not known
    int number;
} so_line;

// The innermost frame of this file (a Python string), else the innermost of all. Not known without the GIL, inside an
// allocator, or when too many code objects have been named.
so_line so_find_line(struct _object *file);

// The innermost instruction that is not in files of a folder (a Python string), else the innermost of all.
typedef struct so_place {
    struct _object *code, *globals; // new references; NULL: not known, as above
    int instruction;                // its offset in the code
} so_place;
so_place so_find_place(struct _object *folder);

// Nested, holding the GIL.
void so_lines_begin(void);
void so_lines_end(void);

#endif
