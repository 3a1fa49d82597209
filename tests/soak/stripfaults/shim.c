/* Fails, or kills the process at, the Nth call of a kind, below everything that runs: loaded by LD_PRELOAD.

   Opening, writing and syncing count only below one directory, that of the record; sending counts on every socket.
   Set up by FAULT_UNDER=<directory> and FAULT_AT=<kind>:<n>:<what>, or by calling arm(). Kinds: open, write, sync, send.
   What: an errno, or 0 for SIGKILL; a write that is to fail or to be killed has written its first half by then, in whole
   sectors. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN, WRITE, SYNC, SEND, KINDS };
enum { OURS = 1, KEPT = 2, DIRTY = 4 }; /* below the directory; the database or its log; written and not synced */
#define FILES 65536
#define SECTOR 512 /* which a disk writes whole or not at all */

static char under[4096];
static long counted[KINDS], nth[KINDS], struck[KINDS];
static int what[KINDS], lasting[KINDS];
static unsigned char state[FILES];

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

void arm(int kind, long at, int how, int lasts) {
    counted[kind] = struck[kind] = 0;
    what[kind] = how;
    lasting[kind] = lasts;
    __atomic_store_n(&nth[kind], at, __ATOMIC_SEQ_CST);
}

/* Files of another directory that are still open count no more. */
void watch(const char *directory) {
    memset(state, 0, sizeof state);
    snprintf(under, sizeof under, "%s", directory);
}

long calls(int kind) { return __atomic_load_n(&counted[kind], __ATOMIC_SEQ_CST); }
/* Faults since the last time it was asked; one that lasts is one. */
long strikes(int kind) { return __atomic_exchange_n(&struck[kind], 0, __ATOMIC_SEQ_CST); }

int unsynced(void) {
    int found = 0;
    for (int file = 0; file < FILES; file++) found += (state[file] & (KEPT | DIRTY)) == (KEPT | DIRTY);
    return found;
}

__attribute__((constructor)) static void begin(void) {
    static const char *names[] = {"open", "write", "sync", "send"};
    const char *directory = getenv("FAULT_UNDER"), *at = getenv("FAULT_AT");
    char kind[8];
    long number;
    int how;
    if (directory) watch(directory);
    if (at && sscanf(at, "%7[a-z]:%ld:%d", kind, &number, &how) == 3)
        for (int k = 0; k < KINDS; k++)
            if (!strcmp(kind, names[k])) arm(k, number, how, 1);
}

/* Whether this call is the one: 1 to fail, 2 to be killed. */
static int strikes_now(int kind) {
    long number = __atomic_add_fetch(&counted[kind], 1, __ATOMIC_SEQ_CST);
    long at = __atomic_load_n(&nth[kind], __ATOMIC_SEQ_CST);
    if (!at || number < at || (number > at && !lasting[kind])) return 0;
    if (number == at) __atomic_add_fetch(&struck[kind], 1, __ATOMIC_SEQ_CST);
    return what[kind] ? 1 : 2;
}

static int ends(int kind, int verdict) {
    if (verdict == 2) kill(getpid(), SIGKILL);
    errno = what[kind];
    return -1;
}

static int ours(int file) { return file >= 0 && file < FILES && (state[file] & OURS); }

static int opened(int file, const char *path) {
    if (file >= 0 && file < FILES) {
        const char *base = strrchr(path, '/');
        struct stat found; /* SQLite does not mind whether a directory can be synced */
        int is_ours = under[0] && !strncmp(path, under, strlen(under)) && !fstat(file, &found) && S_ISREG(found.st_mode);
        int kept = base && (!strcmp(base, "/records.db") || !strcmp(base, "/records.db-wal"));
        state[file] = (is_ours ? OURS : 0) | (is_ours && kept ? KEPT : 0);
    }
    return file;
}

#define OPENS(name, ...) \
    int verdict = under[0] && !strncmp(path, under, strlen(under)) ? strikes_now(OPEN) : 0; \
    if (verdict) return ends(OPEN, verdict); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    REAL(name); \
    return opened(real(__VA_ARGS__, flags, mode), path)

int open(const char *path, int flags, ...) { OPENS(open, path); }
int open64(const char *path, int flags, ...) { OPENS(open64, path); }
int openat(int at, const char *path, int flags, ...) { OPENS(openat, at, path); }
int openat64(int at, const char *path, int flags, ...) { OPENS(openat64, at, path); }

int close(int file) {
    REAL(close);
    if (file >= 0 && file < FILES) state[file] = 0;
    return real(file);
}

#define WRITES(name, ...) \
    REAL(name); \
    if (ours(file)) { \
        int verdict = strikes_now(WRITE); \
        state[file] |= DIRTY; \
        if (verdict) { \
            size = size / 2 / SECTOR * SECTOR; \
            if (size) (void)!real(__VA_ARGS__); \
            return ends(WRITE, verdict); \
        } \
    } \
    return real(__VA_ARGS__)

ssize_t write(int file, const void *data, size_t size) { WRITES(write, file, data, size); }
ssize_t pwrite(int file, const void *data, size_t size, off_t at) { WRITES(pwrite, file, data, size, at); }
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) { WRITES(pwrite64, file, data, size, at); }

#define SYNCS(name) \
    REAL(name); \
    if (ours(file)) { \
        int verdict = strikes_now(SYNC); \
        if (verdict) return ends(SYNC, verdict); \
        state[file] &= ~DIRTY; \
    } \
    return real(file)

int fsync(int file) { SYNCS(fsync); }
int fdatasync(int file) { SYNCS(fdatasync); }

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    REAL(sendmsg);
    int verdict = strikes_now(SEND);
    if (verdict) return ends(SEND, verdict);
    return real(socket, message, flags);
}
