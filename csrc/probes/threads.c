// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "threads.h"

#ifdef _WIN32

void so_after_fork(void (*release)(void))
{
    (void)release;
}

#else

#include <pthread.h>

void so_after_fork(void (*release)(void))
{
    pthread_atfork(NULL, NULL, release);
}

#endif

#ifdef __linux__

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int so_takes_traps(pid_t thread)
{
    char path[64], line[256];
    unsigned long long blocked = 0, mask = 1ull << (SIGTRAP - 1);
    snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)thread);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
            break;
    if (status)
        fclose(status);
    return !(blocked & mask);
}

int so_list_threads(pid_t *threads)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        if (entry->d_name[0] != '.' && count <= SO_MOST_THREADS)
            threads[count++] = (pid_t)atoi(entry->d_name);
    if (tasks)
        closedir(tasks);
    return count;
}

#endif
