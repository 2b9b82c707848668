// SPDX-License-Identifier: BSD-3-Clause
// A sum of doubles and the rounding errors that it left out.
#ifndef SO_TOTAL_H
#define SO_TOTAL_H

typedef struct so_total {
    double sum;
    double error;
} so_total;

static inline void add_to_total(so_total *total, double value)
{
    double sum = total->sum + value;
    double added = sum - total->sum;
    total->error += (total->sum - (sum - added)) + (value - added);
    total->sum = sum;
}

// The error of an infinite sum is not a number.
static inline double settled(so_total total)
{
    return total.error - total.error == 0 ? total.sum + total.error : total.sum;
}

#endif
