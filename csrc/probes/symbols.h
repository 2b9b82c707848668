// SPDX-License-Identifier: BSD-3-Clause
// Whose code lies at an address?
#ifndef STRIDEOPS_SYMBOLS_H
#define STRIDEOPS_SYMBOLS_H

#include <stdint.h>

typedef struct so_symbol {
    const char *library;  // its path; NULL: no library's
    const char *function; // NULL: none that the library exports
    uintptr_t base;       // where the library lies
} so_symbol;

so_symbol so_find_symbol(uintptr_t address);

#endif
