// SPDX-License-Identifier: BSD-3-Clause
// What the memory can do, and what a plain loop does with it. Every function returns the seconds of `passes` passes.

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

typedef uint64_t line __attribute__((vector_size(64)));

enum {
    STREAMS = 8,
    FAR = 1 << 15 // lines that no near cache holds: prefetches help
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// The pass before has read or written all of the memory: the compiler may not leave it out or merge it with the next.
static void keep(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

// ahead: in lines, 0 to leave prefetching to the hardware.
static inline void read_once(const line *memory, size_t lines, size_t ahead)
{
    line sums[STREAMS] = {{0}};
    size_t i = 0;
    for (; i + STREAMS <= lines; i += STREAMS)
        for (size_t k = 0; k < STREAMS; ++k) {
            if (ahead)
                __builtin_prefetch(&memory[i + k + ahead]);
            sums[k] += memory[i + k];
        }
    for (; i < lines; ++i)
        sums[0] += memory[i];
    for (size_t k = 1; k < STREAMS; ++k)
        sums[0] += sums[k];
    __asm__ volatile("" : : "m"(sums[0]));
}

double read_lines(const void *memory, size_t lines, size_t passes)
{
    const double start = now();
    for (size_t pass = 0; pass < passes; ++pass) {
        if (lines < FAR)
            read_once(memory, lines, 0);
        else
            read_once(memory, lines, 32);
        keep(memory);
    }
    return now() - start;
}

double copy_bytes(void *target, const void *source, size_t bytes, size_t passes)
{
    const double start = now();
    for (size_t pass = 0; pass < passes; ++pass) {
        memcpy(target, source, bytes);
        keep(target);
    }
    return now() - start;
}

double set_bytes(void *target, size_t bytes, size_t passes)
{
    const double start = now();
    for (size_t pass = 0; pass < passes; ++pass) {
        memset(target, 1, bytes);
        keep(target);
    }
    return now() - start;
}

// The loop that a person writes. The stride is in elements.
double plain_sum(const double *x, size_t count, size_t stride, size_t passes)
{
    const double start = now();
    for (size_t pass = 0; pass < passes; ++pass) {
        double total = 0;
        for (size_t i = 0; i < count; ++i)
            total += x[i * stride];
        __asm__ volatile("" : : "x"(total) : "memory");
    }
    return now() - start;
}
