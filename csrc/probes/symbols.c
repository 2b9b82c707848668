// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "symbols.h"

#ifdef _WIN32

so_symbol so_find_symbol(uintptr_t address)
{
    (void)address;
    return (so_symbol){0};
}

#else

#include <dlfcn.h>
#include <stddef.h>
#ifdef __GLIBC__
#include <link.h>
#endif

so_symbol so_find_symbol(uintptr_t address)
{
    Dl_info info = {0};
#ifdef __GLIBC__
    // The nearest name before an address may be that of another function.
    const ElfW(Sym) *symbol = NULL;
    if (!dladdr1((void *)address, &info, (void **)&symbol, RTLD_DL_SYMENT))
        return (so_symbol){0};
    if (!symbol || address > (uintptr_t)info.dli_saddr + symbol->st_size)
        info.dli_sname = NULL;
#else
    if (!dladdr((void *)address, &info))
        return (so_symbol){0};
#endif
    return (so_symbol){info.dli_fname, info.dli_sname, (uintptr_t)info.dli_fbase};
}

#endif
