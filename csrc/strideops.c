// SPDX-License-Identifier: BSD-3-Clause
// The whole C core as one translation unit, for projects that compile it in: add this file, include strideops.h.
#include "kernels/layout.c"
#include "kernels/overlap.c"
#include "kernels/run.c"
#include "kernels/portable.c"
#include "kernels/avx2.c"
#include "kernels/avx512.c"
#include "kernels/table.c"
#include "kernels/walk.c"
