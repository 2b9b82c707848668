// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "import_table.h"

#if SO_HAS_IMPORT_TABLES

#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __x86_64__
enum { WORD_OF_CALL = R_X86_64_JUMP_SLOT, WORD_OF_DATA = R_X86_64_GLOB_DAT, WORD_OF_POINTER = R_X86_64_64 };
#else
enum { WORD_OF_CALL = R_AARCH64_JUMP_SLOT, WORD_OF_DATA = R_AARCH64_GLOB_DAT, WORD_OF_POINTER = R_AARCH64_ABS64 };
#endif

typedef struct so_import_word {
    void **place;
    void *original;
    void *ours;
    uintptr_t protected_start, protected_end; // pages that the loader protected after it had filled them
    uintptr_t library;
} so_import_word;

typedef struct library {
    so_import_set *set;
    uintptr_t base;
    uintptr_t protected_start, protected_end;
    const ElfW(Sym) * symbols;
    const char *names;
} library;

static const so_import *find_import(const so_import_set *set, const char *name)
{
    for (int i = 0; i < set->count; i++)
        if (strcmp(name, set->imports[i].name) == 0)
            return &set->imports[i];
    return NULL;
}

static int remember(so_import_set *set, so_import_word word)
{
    if (set->word_count == set->room) {
        size_t room = set->room ? 2 * set->room : 256;
        so_import_word *grown = realloc(set->words, room * sizeof *grown);
        if (!grown)
            return -1;
        set->words = grown;
        set->room = room;
    }
    set->words[set->word_count++] = word;
    return 0;
}

// musl leaves addresses in the dynamic section relative to the library, glibc makes them absolute.
static uintptr_t absolute(uintptr_t base, uintptr_t address)
{
    return address < base ? base + address : address;
}

static uintptr_t page_of(uintptr_t address)
{
    return address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

static int scan_table(library *lib, uintptr_t table, size_t bytes)
{
    const ElfW(Rela) *entry = (const ElfW(Rela) *)table, *end = entry + bytes / sizeof *entry;
    for (; table && entry < end; entry++) {
        unsigned kind = (unsigned)ELF64_R_TYPE(entry->r_info);
        const ElfW(Sym) *symbol = &lib->symbols[ELF64_R_SYM(entry->r_info)];
        if ((kind != WORD_OF_CALL && kind != WORD_OF_DATA && kind != WORD_OF_POINTER) || entry->r_addend != 0)
            continue;
        const so_import *import = find_import(lib->set, lib->names + symbol->st_name);
        if (!import)
            continue;
        uintptr_t place = lib->base + entry->r_offset;
        so_import_word word = {(void **)place, NULL, import->ours, lib->protected_start, lib->protected_end, lib->base};
        if (remember(lib->set, word))
            return -1;
    }
    return 0;
}

static int contains(const struct dl_phdr_info *info, uintptr_t address)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && address >= start && address < start + part->p_memsz)
            return 1;
    }
    return 0;
}

static int scan_library(struct dl_phdr_info *info, size_t size, void *set)
{
    (void)size;
    const char *name = info->dlpi_name;
    if (strstr(name, "vdso") || strstr(name, "/ld-") || contains(info, (uintptr_t)((so_import_set *)set)->imports))
        return 0;
    library lib = {.set = set, .base = info->dlpi_addr};
    const ElfW(Dyn) *dynamic = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_DYNAMIC)
            dynamic = (const ElfW(Dyn) *)(lib.base + part->p_vaddr);
        if (part->p_type == PT_GNU_RELRO) {
            // The loader protects whole pages only: the last one may hold data that is written to.
            lib.protected_start = page_of(lib.base + part->p_vaddr);
            lib.protected_end = page_of(lib.base + part->p_vaddr + part->p_memsz);
        }
    }
    uintptr_t calls = 0, data = 0;
    size_t calls_size = 0, data_size = 0;
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        uintptr_t address = absolute(lib.base, dynamic->d_un.d_ptr);
        switch (dynamic->d_tag) {
        case DT_SYMTAB: lib.symbols = (const ElfW(Sym) *)address; break;
        case DT_STRTAB: lib.names = (const char *)address; break;
        case DT_JMPREL: calls = address; break;
        case DT_PLTRELSZ: calls_size = dynamic->d_un.d_val; break;
        case DT_RELA: data = address; break;
        case DT_RELASZ: data_size = dynamic->d_un.d_val; break;
        default: break;
        }
    }
    if (!lib.symbols || !lib.names)
        return 0;
    return scan_table(&lib, calls, calls_size) || scan_table(&lib, data, data_size);
}

static int read_generation(struct dl_phdr_info *info, size_t size, void *generation)
{
    (void)size;
    *(uint64_t *)generation = info->dlpi_adds << 32 | info->dlpi_subs;
    return 1;
}

uint64_t so_library_generation(void)
{
    uint64_t generation = 0;
    dl_iterate_phdr(read_generation, &generation);
    return generation;
}

typedef struct search {
    uintptr_t address;
    so_library found;
} search;

static int find_library(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    search *wanted = data;
    if (!contains(info, wanted->address))
        return 0;
    so_library found = {UINTPTR_MAX, 0};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = start + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        found.start = start < found.start ? start : found.start;
        found.end = end > found.end ? end : found.end;
    }
    wanted->found = found;
    return 1;
}

so_library so_find_library(uintptr_t address)
{
    search wanted = {address, {0, 0}};
    dl_iterate_phdr(find_library, &wanted);
    return wanted.found;
}

static int holds_address(struct dl_phdr_info *info, size_t size, void *address)
{
    (void)size;
    return contains(info, (uintptr_t)address);
}

static int protect(const so_import_word *word, int protection)
{
    if (word->protected_start == word->protected_end)
        return 0;
    return mprotect((void *)word->protected_start, word->protected_end - word->protected_start, protection);
}

static size_t after_library(const so_import_set *set, size_t first)
{
    size_t next = first + 1;
    while (next < set->word_count && set->words[next].library == set->words[first].library)
        next++;
    return next;
}

static void put_back(so_import_set *set, size_t words)
{
    int unloaded = so_library_generation() != set->generation;
    for (size_t first = 0, next; first < words; first = next) {
        next = after_library(set, first);
        if (unloaded && !dl_iterate_phdr(holds_address, set->words[first].place))
            continue;
        if (protect(&set->words[first], PROT_READ | PROT_WRITE))
            continue; // our functions go on to pass on
        for (size_t i = first; i < next; i++)
            if (*set->words[i].place == set->words[i].ours)
                __atomic_store_n(set->words[i].place, set->words[i].original, __ATOMIC_RELAXED);
        protect(&set->words[first], PROT_READ);
    }
}

int so_imports_hook(so_import_set *set)
{
    if (set->hooked) {
        set->hooked++;
        return 0;
    }
    uint64_t generation = so_library_generation();
    if (generation != set->generation) {
        set->word_count = 0;
        set->generation = 0;
        if (dl_iterate_phdr(scan_library, set))
            return -1;
        set->generation = generation;
    }
    for (size_t first = 0, next; first < set->word_count; first = next) {
        next = after_library(set, first);
        if (protect(&set->words[first], PROT_READ | PROT_WRITE)) {
            put_back(set, first);
            return -1;
        }
        for (size_t i = first; i < next; i++) {
            set->words[i].original = *set->words[i].place;
            __atomic_store_n(set->words[i].place, set->words[i].ours, __ATOMIC_RELAXED);
        }
        protect(&set->words[first], PROT_READ);
    }
    set->hooked = 1;
    return 0;
}

void so_imports_unhook(so_import_set *set)
{
    if (--set->hooked == 0)
        put_back(set, set->word_count);
}

void so_imports_refresh(so_import_set *set)
{
    int hooked = set->hooked;
    if (!hooked || so_library_generation() == set->generation)
        return;
    put_back(set, set->word_count);
    set->hooked = 0;
    if (so_imports_hook(set))
        set->word_count = 0;
    set->hooked = hooked;
}

#else

so_library so_find_library(uintptr_t address)
{
    (void)address;
    return (so_library){0, 0};
}

uint64_t so_library_generation(void)
{
    return 0;
}

int so_imports_hook(so_import_set *set)
{
    (void)set;
    return -1;
}

void so_imports_unhook(so_import_set *set)
{
    (void)set;
}

void so_imports_refresh(so_import_set *set)
{
    (void)set;
}

#endif
