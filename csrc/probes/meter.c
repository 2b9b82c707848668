// SPDX-License-Identifier: BSD-3-Clause
// The allocation meter: hooks every source of memory, arms the counters last, and takes it all back.
#include "meter.h"

atomic_int so_meter_armed;
atomic_size_t so_meter_bytes[SO_MEMORY_COUNT];
SO_METER_TLS int so_meter_depth;

static int native;

int so_meter_start(void)
{
    if (so_hook_numpy())
        return -1;
    so_hook_python();
    native = so_hook_native() == 0;
    for (int memory = 0; memory < SO_MEMORY_COUNT; memory++)
        so_meter_bytes[memory] = 0;
    so_meter_armed = 1;
    return 0;
}

int so_meter_stop(size_t bytes[SO_MEMORY_COUNT])
{
    so_meter_armed = 0;
    for (int memory = 0; memory < SO_MEMORY_COUNT; memory++)
        bytes[memory] = so_meter_bytes[memory];
    if (native)
        native = so_unhook_native() == 0;
    so_unhook_python();
    return so_unhook_numpy();
}

int so_meter_counts_native(void)
{
    return native;
}
