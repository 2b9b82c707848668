// SPDX-License-Identifier: BSD-3-Clause
// The allocation meter: hooks every source of memory, and takes the hooks back with the last count.
#include "meter.h"

#include "import_table.h"

atomic_size_t so_meter_bytes[SO_MEMORY_COUNT];
SO_METER_TLS int so_meter_depth;

static int counts;

int so_meter_start(so_count *count, int native)
{
    if (so_hook_numpy(&count->numpy_memory))
        return -1;
    if (counts++ == 0)
        so_hook_python();
    count->native = native && so_hook_native() == 0;
    count->generation = so_library_generation();
    return 0;
}

void so_meter_mark(so_count *count)
{
    for (int memory = 0; memory < SO_MEMORY_COUNT; memory++)
        count->bytes[memory] = so_meter_bytes[memory];
}

void so_meter_read(so_count *count)
{
    for (int memory = 0; memory < SO_MEMORY_COUNT; memory++)
        count->bytes[memory] = so_meter_bytes[memory] - count->bytes[memory];
}

int so_meter_stop(so_count *count)
{
    if (count->native)
        so_unhook_native();
    count->native &= count->generation == so_library_generation();
    if (--counts == 0)
        so_unhook_python();
    return so_unhook_numpy(&count->numpy_memory);
}
