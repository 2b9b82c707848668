// SPDX-License-Identifier: BSD-3-Clause
// Counts what compiled code requests from malloc and its kin and from anonymous mmap, whichever library calls them:
// while hooked, the import tables of all loaded libraries point here. Linux and other ELF systems with 64-bit RELA.
#define _GNU_SOURCE
#include "meter.h"

#if defined(__linux__) && defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__))

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __x86_64__
enum { SLOT_OF_CALL = R_X86_64_JUMP_SLOT, SLOT_OF_DATA = R_X86_64_GLOB_DAT, SLOT_OF_POINTER = R_X86_64_64 };
#else
enum { SLOT_OF_CALL = R_AARCH64_JUMP_SLOT, SLOT_OF_DATA = R_AARCH64_GLOB_DAT, SLOT_OF_POINTER = R_AARCH64_ABS64 };
#endif

static void *metered_malloc(size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, size);
    void *block = malloc(size);
    so_meter_leave();
    return block;
}

static void *metered_calloc(size_t count, size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, count * size);
    void *block = calloc(count, size);
    so_meter_leave();
    return block;
}

static void *metered_realloc(void *old, size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, size);
    void *block = realloc(old, size);
    so_meter_leave();
    return block;
}

static void *metered_reallocarray(void *old, size_t count, size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, count * size);
    void *block = reallocarray(old, count, size);
    so_meter_leave();
    return block;
}

static void *metered_memalign(size_t alignment, size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, size);
    void *block = memalign(alignment, size);
    so_meter_leave();
    return block;
}

static void *metered_valloc(size_t size)
{
    return metered_memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

static int metered_posix_memalign(void **block, size_t alignment, size_t size)
{
    so_meter_enter(SO_NATIVE_MEMORY, size);
    int error = posix_memalign(block, alignment, size);
    so_meter_leave();
    return error;
}

static void *metered_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    so_meter_enter(SO_NATIVE_MEMORY, flags & MAP_ANONYMOUS ? size : 0);
    void *block = mmap(address, size, protection, flags, file, offset);
    so_meter_leave();
    return block;
}

static const struct {
    const char *name;
    void *metered;
} functions[] = {
    {"malloc", (void *)metered_malloc},     {"calloc", (void *)metered_calloc},
    {"realloc", (void *)metered_realloc},   {"aligned_alloc", (void *)metered_memalign},
    {"memalign", (void *)metered_memalign}, {"posix_memalign", (void *)metered_posix_memalign},
    {"mmap", (void *)metered_mmap},         {"mmap64", (void *)metered_mmap},
    {"valloc", (void *)metered_valloc},     {"reallocarray", (void *)metered_reallocarray},
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

// One word of an import table that holds the address of a function of ours to replace.
typedef struct slot {
    void **place;
    void *original;
    int function;
    int read_only; // lies in pages that the loader protected after it had filled them
} slot;

static slot *slots;
static size_t slot_count, slot_room;
static unsigned long long seen_adds, seen_subs;
static int hooked;

static int find_function(const char *name)
{
    for (int i = 0; i < FUNCTIONS; i++)
        if (strcmp(name, functions[i].name) == 0)
            return i;
    return -1;
}

static int remember(void **place, int function, int read_only)
{
    if (slot_count == slot_room) {
        size_t room = slot_room ? 2 * slot_room : 256;
        slot *grown = realloc(slots, room * sizeof *grown);
        if (!grown)
            return -1;
        slots = grown;
        slot_room = room;
    }
    slots[slot_count++] = (slot){place, NULL, function, read_only};
    return 0;
}

typedef struct library {
    uintptr_t base;
    uintptr_t relro_start, relro_end;
    const ElfW(Sym) * symbols;
    const char *names;
} library;

// musl leaves addresses in the dynamic section relative to the library, glibc makes them absolute.
static uintptr_t absolute(uintptr_t base, uintptr_t address)
{
    return address < base ? base + address : address;
}

static uintptr_t page_of(uintptr_t address)
{
    return address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

static int scan_table(const library *lib, uintptr_t table, size_t bytes)
{
    const ElfW(Rela) *entry = (const ElfW(Rela) *)table, *end = entry + bytes / sizeof *entry;
    for (; table && entry < end; entry++) {
        unsigned kind = (unsigned)ELF64_R_TYPE(entry->r_info);
        const ElfW(Sym) *symbol = &lib->symbols[ELF64_R_SYM(entry->r_info)];
        if ((kind != SLOT_OF_CALL && kind != SLOT_OF_DATA && kind != SLOT_OF_POINTER) || entry->r_addend != 0)
            continue;
        int function = find_function(lib->names + symbol->st_name);
        uintptr_t place = lib->base + entry->r_offset;
        if (function >= 0 && remember((void **)place, function, place >= lib->relro_start && place < lib->relro_end))
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

static int scan_library(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    const char *name = info->dlpi_name;
    if (strstr(name, "vdso") || strstr(name, "/ld-") || contains(info, (uintptr_t)functions))
        return 0;
    library lib = {.base = info->dlpi_addr};
    const ElfW(Dyn) *dynamic = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_DYNAMIC)
            dynamic = (const ElfW(Dyn) *)(lib.base + part->p_vaddr);
        if (part->p_type == PT_GNU_RELRO) {
            // The loader protects whole pages only: the last one may hold data that is written to.
            lib.relro_start = page_of(lib.base + part->p_vaddr);
            lib.relro_end = page_of(lib.base + part->p_vaddr + part->p_memsz);
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

static int note_generation(struct dl_phdr_info *info, size_t size, void *changed)
{
    (void)size;
    *(int *)changed = info->dlpi_adds != seen_adds || info->dlpi_subs != seen_subs;
    seen_adds = info->dlpi_adds;
    seen_subs = info->dlpi_subs;
    return 1;
}

static int write_slot(const slot *at, void *value)
{
    void *page = (void *)page_of((uintptr_t)at->place);
    if (at->read_only && mprotect(page, sizeof value, PROT_READ | PROT_WRITE))
        return -1;
    __atomic_store_n(at->place, value, __ATOMIC_RELAXED);
    return at->read_only ? mprotect(page, sizeof value, PROT_READ) : 0;
}

static void forget_slots(void)
{
    slot_count = 0;
    seen_adds = 0;
}

int so_hook_native(void)
{
    int changed = 0;
    dl_iterate_phdr(note_generation, &changed);
    if (changed) {
        slot_count = 0;
        if (dl_iterate_phdr(scan_library, NULL)) {
            forget_slots();
            return -1;
        }
    }
    hooked = 1;
    for (size_t i = 0; i < slot_count; i++) {
        slots[i].original = *slots[i].place;
        if (write_slot(&slots[i], functions[slots[i].function].metered)) {
            slot_count = i;
            so_unhook_native();
            forget_slots();
            return -1;
        }
    }
    return 0;
}

static int holds_address(struct dl_phdr_info *info, size_t size, void *address)
{
    (void)size;
    return contains(info, (uintptr_t)address);
}

int so_unhook_native(void)
{
    int changed = 0;
    dl_iterate_phdr(note_generation, &changed);
    for (size_t i = 0; hooked && i < slot_count; i++)
        if (!changed || dl_iterate_phdr(holds_address, slots[i].place))
            write_slot(&slots[i], slots[i].original);
    hooked = 0;
    if (changed)
        forget_slots();
    return changed ? -1 : 0;
}

#else

int so_hook_native(void)
{
    return -1;
}

int so_unhook_native(void)
{
    return -1;
}

#endif
