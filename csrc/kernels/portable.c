// SPDX-License-Identifier: BSD-3-Clause
// The kernels for what the compiler takes for granted.
#define ISA portable
#define VECTOR 16
#include "table.inc"
