// SPDX-License-Identifier: BSD-3-Clause
// What sums could not put into their results: the last operand of a float reduction, beside the result.
#ifndef SO_CARRY_H
#define SO_CARRY_H

#include <stddef.h>
#include <stdint.h>

enum { MOST_CARRIES = 256 };

// One place per result, found by its address; a result that takes the place of another leaves the other without.
typedef struct so_carries {
    size_t count; // a power of 2
    struct {
        const char *owner;
        double carry;
    } place[MOST_CARRIES];
} so_carries;

static inline double *so_find_carry(so_carries *carries, const char *result, size_t itemsize)
{
    size_t at = ((uintptr_t)result / itemsize) & (carries->count - 1);
    if (carries->place[at].owner != result) {
        carries->place[at].owner = result;
        carries->place[at].carry = 0;
    }
    return &carries->place[at].carry;
}

#endif
