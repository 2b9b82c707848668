// SPDX-License-Identifier: BSD-3-Clause
// Copies of rows x columns doubles, `stride` doubles from row to row; each returns something that it read.
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#define ARGUMENTS const double *x, long stride, long rows, long columns
#define BYTES ((size_t)(rows * columns) * sizeof(double))

static double workspace[1 << 16];

// Not with memcpy, which the compiler would make of a plain loop.
static double copy_elements(double *to, ARGUMENTS)
{
    volatile double *target = to;
    for (long i = 0; i < rows; i++)
        for (long j = 0; j < columns; j++)
            target[i * columns + j] = x[i * stride + j];
    return target[rows * columns - 1];
}

static double copy_rows(double *to, ARGUMENTS)
{
    for (long i = 0; i < rows; i++)
        memcpy(to + i * columns, x + i * stride, (size_t)columns * sizeof *to);
    return to[rows * columns - 1];
}

double to_malloc(ARGUMENTS)
{
    double *to = malloc(BYTES), last = copy_elements(to, x, stride, rows, columns);
    free(to);
    return last;
}

double to_calloc(ARGUMENTS)
{
    double *to = calloc((size_t)(rows * columns), sizeof *to), last = copy_elements(to, x, stride, rows, columns);
    free(to);
    return last;
}

double to_realloc(ARGUMENTS)
{
    double *to = NULL, last;
    for (long i = 0; i < rows; i++) {
        to = realloc(to, (size_t)((i + 1) * columns) * sizeof *to);
        copy_elements(to + i * columns, x + i * stride, stride, 1, columns);
    }
    last = to[rows * columns - 1];
    free(to);
    return last;
}

double to_posix_memalign(ARGUMENTS)
{
    void *to;
    if (posix_memalign(&to, 64, BYTES))
        return 0;
    double last = copy_elements(to, x, stride, rows, columns);
    free(to);
    return last;
}

double to_aligned_alloc(ARGUMENTS)
{
    double *to = aligned_alloc(64, (BYTES + 63) / 64 * 64), last = copy_elements(to, x, stride, rows, columns);
    free(to);
    return last;
}

double to_mmap(ARGUMENTS)
{
    double *to = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    double last = copy_elements(to, x, stride, rows, columns);
    munmap(to, BYTES);
    return last;
}

double leaked(ARGUMENTS)
{
    return copy_elements(malloc(BYTES), x, stride, rows, columns);
}

double by_memcpy(ARGUMENTS)
{
    double *to = malloc(BYTES), last = copy_rows(to, x, stride, rows, columns);
    free(to);
    return last;
}

double by_memmove(ARGUMENTS)
{
    for (long i = 0; i < rows; i++)
        memmove(workspace + i * columns, x + i * stride, (size_t)columns * sizeof *x);
    return workspace[0];
}

double by_mempcpy(ARGUMENTS)
{
    char *to = (char *)workspace;
    for (long i = 0; i < rows; i++)
        to = mempcpy(to, x + i * stride, (size_t)columns * sizeof *x);
    return workspace[0];
}

double by_wmemcpy(ARGUMENTS)
{
    for (long i = 0; i < rows; i++)
        wmemcpy((wchar_t *)(workspace + i * columns), (const wchar_t *)(x + i * stride), (size_t)columns * 2);
    return workspace[0];
}

double by_bcopy(ARGUMENTS)
{
    for (long i = 0; i < rows; i++)
        bcopy(x + i * stride, workspace + i * columns, (size_t)columns * sizeof *x);
    return workspace[0];
}

double transposed(ARGUMENTS)
{
    double *to = malloc(BYTES);
    volatile double *target = to;
    for (long i = 0; i < rows; i++)
        for (long j = 0; j < columns; j++)
            target[j * rows + i] = x[i * stride + j];
    double last = target[rows * columns - 1];
    free(to);
    return last;
}

double to_workspace(ARGUMENTS)
{
    return copy_elements(workspace, x, stride, rows, columns);
}

double rows_to_workspace(ARGUMENTS)
{
    return copy_rows(workspace, x, stride, rows, columns);
}

double chunks_on_the_stack(ARGUMENTS)
{
    double buffer[32], sum = 0;
    for (long i = 0; i < rows; i++)
        for (long j = 0; j < columns; j += 32) {
            long n = columns - j < 32 ? columns - j : 32;
            sum += copy_elements(buffer, x + i * stride + j, stride, 1, n);
        }
    return sum;
}

double chunks_by_alloca(ARGUMENTS)
{
    double *buffer = alloca((size_t)columns * sizeof *buffer), sum = 0;
    for (long i = 0; i < rows; i++)
        sum += copy_elements(buffer, x + i * stride, stride, 1, columns);
    return sum;
}

double chunks_in_malloc(ARGUMENTS)
{
    double *buffer = malloc((size_t)columns * sizeof *buffer), sum = 0;
    for (long i = 0; i < rows; i++)
        sum += copy_elements(buffer, x + i * stride, stride, 1, columns);
    free(buffer);
    return sum;
}

double chunks_by_memcpy(ARGUMENTS)
{
    double buffer[16], sum = 0;
    for (long i = 0; i < rows; i++)
        for (long j = 0; j < columns; j += 16) {
            long n = columns - j < 16 ? columns - j : 16;
            memcpy(buffer, x + i * stride + j, (size_t)n * sizeof *x);
            sum += buffer[n - 1];
        }
    return sum;
}

double one_row(ARGUMENTS)
{
    return copy_elements(workspace, x, stride, 1, columns) + (double)rows;
}

double byte_by_byte(ARGUMENTS)
{
    volatile char *to = (char *)workspace;
    for (long i = 0; i < rows; i++)
        for (long b = 0; b < columns * 8; b++)
            to[i * columns * 8 + b] = ((const char *)(x + i * stride))[b];
    return workspace[0];
}

double to_memory_stream(ARGUMENTS)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    for (long i = 0; i < rows; i++)
        fwrite(x + i * stride, sizeof *x, (size_t)columns, stream);
    fclose(stream);
    free(text);
    return (double)size;
}

struct job {
    const double *x;
    long stride, rows, columns;
    double last;
};

static void *copy_in_thread(void *job)
{
    struct job *mine = job;
    mine->last = copy_elements(workspace, mine->x, mine->stride, mine->rows, mine->columns);
    return NULL;
}

double in_a_thread(ARGUMENTS)
{
    struct job job = {x, stride, rows, columns, 0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, copy_in_thread, &job) == 0)
        pthread_join(thread, NULL);
    return job.last;
}

// ---- and what does not copy ----

double sum_in_place(ARGUMENTS)
{
    double sum = 0;
    for (long i = 0; i < rows; i++)
        for (long j = 0; j < columns; j++)
            sum += x[i * stride + j];
    return sum;
}

static void *sum_in_thread(void *job)
{
    struct job *mine = job;
    mine->last = sum_in_place(mine->x, mine->stride, mine->rows, mine->columns);
    return NULL;
}

double sum_in_a_thread(ARGUMENTS)
{
    struct job job = {x, stride, rows, columns, 0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, sum_in_thread, &job) == 0)
        pthread_join(thread, NULL);
    return job.last;
}
