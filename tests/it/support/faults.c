/*
 * A disk that fails when a test says so. Loaded into the real program with LD_PRELOAD; glibc only.
 *
 * FAULTS_DIR     The folder in which the test and this code meet:
 *                  loaded        made by this code, and so the proof that it is at work
 *                  trace         one line an operation, in the order in which they began
 *                  sync-eio      while it exists, fsync and fdatasync fail with EIO
 *                  write-eio     while it exists, writes fail with EIO
 *                  write-enospc  while it exists, writes fail with ENOSPC
 * FAULTS_MATCH   Only files whose path contains this text are concerned.
 * FAULTS_DIE_AT  The number, from 1, of the operation at which the process is killed: a write when
 *                half of it is done, anything else before it is done.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *folder, *match;
static long die_at;
static int trace = -1;
static atomic_long operations;

__attribute__((constructor)) static void load(void) {
    char path[PATH_MAX];
    const char *text = getenv("FAULTS_DIE_AT");
    folder = getenv("FAULTS_DIR");
    match = getenv("FAULTS_MATCH");
    if (!folder || !match) abort();
    if (text) die_at = atol(text);
    snprintf(path, sizeof path, "%s/trace", folder);
    trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    snprintf(path, sizeof path, "%s/loaded", folder);
    int loaded = open(path, O_WRONLY | O_CREAT, 0600);
    if (trace < 0 || loaded < 0) abort();
    close(loaded);
}

static int told_to(const char *name) {
    char path[PATH_MAX];
    int before = errno;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int exists = access(path, F_OK) == 0;
    errno = before;
    return exists;
}

/* Notes an operation on a file that is concerned. Whether the process is to die at it. */
static int note(const char *operation, const char *path, int error) {
    char line[PATH_MAX + 64];
    const char *outcome = error == EIO ? " EIO" : error == ENOSPC ? " ENOSPC" : "";
    int dies = atomic_fetch_add(&operations, 1) + 1 == die_at;
    int length = snprintf(line, sizeof line, "%s %s%s\n", operation, path, dies ? " KILLED" : outcome);
    syscall(SYS_write, trace, line, length);
    return dies;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* The path of an open file, if it is concerned. */
static int concerns(int file, char path[PATH_MAX]) {
    char link[64];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    errno = before;
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, match) != NULL;
}

/* Before a write of `size` bytes: the error with which it fails, or how much of it is done. */
static int before_write(const char *operation, int file, size_t *size, int *dies) {
    char path[PATH_MAX];
    *dies = 0;
    if (!concerns(file, path)) return 0;
    int error = told_to("write-enospc") ? ENOSPC : told_to("write-eio") ? EIO : 0;
    *dies = note(operation, path, error);
    if (*dies) *size /= 2;
    return error;
}

#define WRITE(name, parameters, arguments)                            \
    ssize_t name parameters {                                         \
        int dies, error = before_write(#name, file, &size, &dies);    \
        if (error) return errno = error, -1;                          \
        ssize_t written = REAL(name) arguments;                       \
        if (dies) die();                                              \
        return written;                                               \
    }

WRITE(write, (int file, const void *bytes, size_t size), (file, bytes, size))
WRITE(pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
WRITE(pwrite64, (int file, const void *bytes, size_t size, off64_t at), (file, bytes, size, at))

#define SYNC(name)                                                    \
    int name(int file) {                                              \
        char path[PATH_MAX];                                          \
        if (concerns(file, path)) {                                   \
            int error = told_to("sync-eio") ? EIO : 0;                \
            if (note(#name, path, error)) die();                      \
            if (error) return errno = error, -1;                      \
        }                                                             \
        return REAL(name)(file);                                      \
    }

SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, type)                                          \
    int name(int file, type size) {                                   \
        char path[PATH_MAX];                                          \
        if (concerns(file, path) && note(#name, path, 0)) die();      \
        return REAL(name)(file, size);                                \
    }

TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define BY_PATH(name, parameters, arguments)                          \
    int name parameters {                                             \
        if (strstr(path, match) && note(#name, path, 0)) die();       \
        return REAL(name) arguments;                                  \
    }

BY_PATH(unlink, (const char *path), (path))
BY_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
BY_PATH(rename, (const char *from, const char *path), (from, path))
