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
 * FAULTS_CUT_AT  The number of the operation at which the machine's power is cut: what was not synced
 *                by then is lost, but for some of its blocks, and the process is killed.
 * FAULTS_SEED    Chooses these blocks.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
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
static long die_at, cut_at;
static unsigned long long random_state;
static int trace = -1;
static atomic_long operations;

__attribute__((constructor)) static void load(void) {
    char path[PATH_MAX];
    const char *text = getenv("FAULTS_DIE_AT");
    folder = getenv("FAULTS_DIR");
    match = getenv("FAULTS_MATCH");
    if (!folder || !match) abort();
    if (text) die_at = atol(text);
    text = getenv("FAULTS_CUT_AT");
    if (text) cut_at = atol(text);
    text = getenv("FAULTS_SEED");
    random_state = (text ? strtoull(text, NULL, 10) : 0) * 0x9E3779B97F4A7C15 + 1;
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

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/*
 * The cut of power. Every change of a file that is concerned is kept here until the file is synced,
 * with what was there before. The index beside the log is memory rather than a file, and left out.
 */
struct change {
    char *path;
    off_t at, length_before, length_after;
    unsigned char *before, *after;
    size_t size_before, size_after;
    struct change *older, *newer;
};

enum { BLOCK = 4096 };

static struct change *oldest, *newest;
static pthread_mutex_t power = PTHREAD_MUTEX_INITIALIZER;

static int loses_power(const char *path) {
    size_t length = strlen(path);
    return cut_at && !(length > 4 && strcmp(path + length - 4, "-shm") == 0);
}

static int reopen(const char *path, int mode) {
    int file = syscall(SYS_openat, AT_FDCWD, path, mode | O_CLOEXEC, 0);
    if (file < 0) abort();
    return file;
}

static off_t length_of(int file) {
    struct stat stat;
    if (fstat(file, &stat)) abort();
    return stat.st_size;
}

/* Before a change of `size` bytes at `at`, or of the length alone. */
static struct change *remember(const char *path, off_t at, const void *bytes, size_t size) {
    struct change *change = calloc(1, sizeof *change);
    int file = reopen(path, O_RDONLY);
    change->path = strdup(path);
    change->at = at;
    change->length_before = length_of(file);
    if (!bytes && change->length_before > at) size = change->length_before - at;
    change->before = malloc(size + 1);
    ssize_t read = syscall(SYS_pread64, file, change->before, size, at);
    if (read < 0) abort();
    change->size_before = read;
    if (bytes) {
        change->after = malloc(size + 1);
        memcpy(change->after, bytes, size);
    }
    close(file);
    change->older = newest;
    *(newest ? &newest->newer : &oldest) = change;
    newest = change;
    return change;
}

/* After it: how much of it was done. */
static void done(struct change *change, ssize_t size) {
    int file = reopen(change->path, O_RDONLY);
    change->size_after = size > 0 && change->after ? size : 0;
    change->length_after = length_of(file);
    close(file);
}

static void synced(const char *path) {
    for (struct change *change = oldest, *next; change; change = next) {
        next = change->newer;
        if (strcmp(change->path, path)) continue;
        *(change->older ? &change->older->newer : &oldest) = change->newer;
        *(change->newer ? &change->newer->older : &newest) = change->older;
        free(change->path), free(change->before), free(change->after), free(change);
    }
}

/* Half of the blocks reach the disk (xorshift64, by George Marsaglia). */
static int reaches_the_disk(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state >> 33 & 1;
}

static void cut_power(void) {
    pthread_mutex_lock(&power);
    for (struct change *change = newest; change; change = change->older) {
        int file = reopen(change->path, O_RDWR);
        syscall(SYS_pwrite64, file, change->before, change->size_before, change->at);
        syscall(SYS_ftruncate, file, change->length_before);
        close(file);
    }
    for (struct change *change = oldest; change; change = change->newer) {
        int file = reopen(change->path, O_RDWR);
        if (!change->after && reaches_the_disk())
            syscall(SYS_ftruncate, file, change->length_after);
        for (size_t from = 0; from < change->size_after; from += BLOCK) {
            size_t rest = change->size_after - from, size = rest < BLOCK ? rest : BLOCK;
            if (reaches_the_disk())
                syscall(SYS_pwrite64, file, change->after + from, size, change->at + (off_t)from);
        }
        close(file);
    }
    die();
}

/* Notes an operation on a file that is concerned. Whether the process is to die at it. */
static int note(const char *operation, const char *path, int error) {
    char line[PATH_MAX + 64];
    const char *outcome = error == EIO ? " EIO" : error == ENOSPC ? " ENOSPC" : "";
    long number = atomic_fetch_add(&operations, 1) + 1;
    int dies = number == die_at, cut = number == cut_at;
    if (dies) outcome = " KILLED";
    if (cut) outcome = " CUT";
    int length = snprintf(line, sizeof line, "%s %s%s\n", operation, path, outcome);
    syscall(SYS_write, trace, line, length);
    if (cut) cut_power();
    return dies;
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

/* A write of `size` bytes at `at`, or where the file stands: what it returns. */
static ssize_t change(const char *operation, int file, const void *bytes, size_t size, off_t at) {
    char path[PATH_MAX];
    int positioned = at >= 0;
    if (concerns(file, path)) {
        int error = told_to("write-enospc") ? ENOSPC : told_to("write-eio") ? EIO : 0;
        int dies = note(operation, path, error);
        if (error) return errno = error, -1;
        if (dies) size /= 2;
        if (loses_power(path)) {
            pthread_mutex_lock(&power);
            struct change *change = remember(path, positioned ? at : lseek(file, 0, SEEK_CUR), bytes, size);
            ssize_t written = positioned ? syscall(SYS_pwrite64, file, bytes, size, at)
                                         : syscall(SYS_write, file, bytes, size);
            done(change, written);
            pthread_mutex_unlock(&power);
            return written;
        }
        if (dies) {
            if (positioned) syscall(SYS_pwrite64, file, bytes, size, at);
            else syscall(SYS_write, file, bytes, size);
            die();
        }
    }
    return positioned ? syscall(SYS_pwrite64, file, bytes, size, at) : syscall(SYS_write, file, bytes, size);
}

ssize_t write(int file, const void *bytes, size_t size) { return change("write", file, bytes, size, -1); }

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) {
    return change("pwrite", file, bytes, size, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    return change("pwrite64", file, bytes, size, at);
}

#define SYNC(name)                                                    \
    int name(int file) {                                              \
        char path[PATH_MAX];                                          \
        if (!concerns(file, path)) return REAL(name)(file);           \
        int error = told_to("sync-eio") ? EIO : 0;                    \
        if (note(#name, path, error)) die();                          \
        if (error) return errno = error, -1;                          \
        pthread_mutex_lock(&power);                                   \
        int result = REAL(name)(file);                                \
        if (result == 0) synced(path);                                \
        pthread_mutex_unlock(&power);                                 \
        return result;                                                \
    }

SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, type)                                          \
    int name(int file, type size) {                                   \
        char path[PATH_MAX];                                          \
        if (!concerns(file, path)) return REAL(name)(file, size);     \
        if (note(#name, path, 0)) die();                              \
        if (!loses_power(path)) return REAL(name)(file, size);        \
        pthread_mutex_lock(&power);                                   \
        struct change *change = remember(path, size, NULL, 0);        \
        int result = REAL(name)(file, size);                          \
        done(change, 0);                                              \
        pthread_mutex_unlock(&power);                                 \
        return result;                                                \
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
