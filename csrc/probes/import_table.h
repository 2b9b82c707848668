// SPDX-License-Identifier: BSD-3-Clause
// Calls from one library into another go through import tables. Here words of these tables are made to point to
// functions of ours, in all loaded libraries but this one. Linux with 64-bit RELA tables (glibc and musl).
#ifndef STRIDEOPS_IMPORT_TABLE_H
#define STRIDEOPS_IMPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__linux__) && defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__))
#define SO_HAS_IMPORT_TABLES 1
#else
#define SO_HAS_IMPORT_TABLES 0
#endif

typedef struct so_import {
    const char *name;
    void *ours;
} so_import;

// The words that hold the address of one of a set of functions; found anew when libraries have come or gone.
typedef struct so_import_set {
    const so_import *imports;
    int count;
    struct so_import_word *words;
    size_t word_count, room;
    uint64_t generation;
    int hooked; // how often
} so_import_set;

// Changes with every library that is loaded or unloaded.
uint64_t so_library_generation(void);

// Where a library lies that holds this address; nowhere: none does, or nobody knows.
typedef struct so_library {
    uintptr_t start, end;
} so_library;
so_library so_find_library(uintptr_t address);

// Nested calls are counted. -1: impossible here, and nothing has changed.
int so_imports_hook(so_import_set *set);
void so_imports_unhook(so_import_set *set);

// While a set is hooked: in the libraries that were loaded since, as well.
void so_imports_refresh(so_import_set *set);

#endif
