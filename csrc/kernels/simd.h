// SPDX-License-Identifier: BSD-3-Clause
// What C has no word for: halves of two vectors element by element, stores that go past the caches, masked stores.
#ifndef SO_SIMD_H
#define SO_SIMD_H

#include "variants.h"

#include <math.h>
#include <string.h>

#if SO_X86
#include <immintrin.h>
#endif

// Bytes of a target from which on stores go past the caches, of a copy that keeps the order of the axes or turns it.
enum { LARGE = 48 << 20, LARGE_TURNED = 2 << 20 };

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define HAS_SHUFFLE 1
#endif
#endif
#ifndef HAS_SHUFFLE
#define HAS_SHUFFLE 0
#endif

#define LOW_64(a, b) __builtin_shufflevector(a, b, 0, 2)
#define HIGH_64(a, b) __builtin_shufflevector(a, b, 1, 3)
#define LOW_32(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH_32(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOW_16(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_16(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW_8(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_8(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

#define FUSED(a, b, c) _Generic((c), float: __builtin_fmaf, default: __builtin_fma)(a, b, c)

static inline double square_root(double x)
{
#if SO_X86
    return _mm_cvtsd_f64(_mm_sqrt_sd(_mm_setzero_pd(), _mm_set_sd(x))); // needs no libm
#else
    return sqrt(x);
#endif
}

// The target is aligned to 16 bytes.
static inline void stream_16_bytes(char *target, const char *source)
{
#if SO_X86
    _mm_stream_si128((__m128i *)target, _mm_loadu_si128((const __m128i *)source));
#else
    memcpy(target, source, 16);
#endif
}

static inline void prefetch(const char *address)
{
#ifdef __GNUC__
    __builtin_prefetch(address);
#else
    (void)address;
#endif
}

// What was streamed becomes visible before what is stored from here on.
static inline void end_streams(void)
{
#if SO_X86
    _mm_sfence();
#endif
}

// Between these sizes memmove becomes `rep movsb`, which takes ten times as long on AMD's CPUs (Zen 3, glibc 2.36)
// where the target lies 1 to 31 bytes further in its page than the source in its own.
enum { ONE_MOVE = 1536, MOST_MOVED = 1 << 20 };

static inline void move_row(char *target, const char *source, ptrdiff_t bytes)
{
    if (((uintptr_t)target - (uintptr_t)source) % 4096 - 1 < 31 && bytes < MOST_MOVED)
        for (; bytes > ONE_MOVE; bytes -= ONE_MOVE) {
            memmove(target, source, ONE_MOVE);
            target += ONE_MOVE;
            source += ONE_MOVE;
        }
    memmove(target, source, (size_t)bytes);
}

// Elements from which on the compiler's way to draw them together is quicker than ours.
enum { SHORT_DRAWN = 64 };

// The widest steps of elements that are read, and changed, under masks.
enum { MOST_READ = 8, MOST_CHANGED = 16 };

// Bits 0, step, 2 * step and so on.
static inline uint64_t every_bit(ptrdiff_t step)
{
    uint64_t bits = 1;
    for (ptrdiff_t reach = step; reach < 64; reach *= 2)
        bits |= bits << reach;
    return bits;
}

static inline uint64_t first_bits(ptrdiff_t count)
{
    return count <= 0 ? 0 : count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

// Where the elements are in vector after vector: groups of `width`, `step` apart, the first at the first place.
typedef struct so_comb {
    uint64_t teeth;
    int step, shift, place; // place: of the first whole group in the next vector
} so_comb;

static inline so_comb comb_of(ptrdiff_t step, ptrdiff_t width, ptrdiff_t places)
{
    so_comb comb = {every_bit(step) * first_bits(width), (int)step, (int)(places % step), 0};
    return comb;
}

static inline void move_on(so_comb *comb)
{
    comb->place -= comb->shift;
    comb->place += comb->place < 0 ? comb->step : 0;
}

static inline uint64_t next_groups(so_comb *comb)
{
    uint64_t teeth = comb->teeth << comb->place | comb->teeth >> (comb->step - comb->place);
    move_on(comb);
    return teeth;
}

// The same for single elements: none begins in one vector and ends in the next.
static inline uint64_t next_elements(so_comb *comb)
{
    uint64_t teeth = comb->teeth << comb->place;
    move_on(comb);
    return teeth;
}

typedef enum so_change { CHANGE_FILL, CHANGE_SCALE, CHANGE_ADD } so_change;

#endif
