/* The program with a world that fails: linked into build/headlight-faulty in the place of the calls below
 * (ld --wrap), which only those of our own objects are. What fails is said in $HEADLIGHT_FAULT:
 *
 *     memory N      the N-th call for memory, and every one after it
 *     memory-once N only that one
 *     memory-thread N the N-th, and every one after it, of those that another thread than the first makes
 *     disk N        the disk is full from the N-th call on that writes; that one still writes half
 *     error N       the same as an error of the disk (EIO)
 *     kill N        kill -9 just before the N-th call that writes; kill-half N: in the middle of it
 *     available N   so many bytes of memory are free
 *     named         the file system has no files without names; any of the above may follow
 *     unlinkable    a file without a name can't be given one
 *     count         nothing; how many calls there were is told at the end
 *     places        nothing; the numbers of the calls for memory that came from somewhere new, by the
 *                   functions on the stack, are told: the first OF_EACH of each place
 *
 * Calls that write are those that change a file or a folder: not standard output, not the display. */

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t length);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __real_mkdir(const char *path, mode_t mode);
size_t __real_mem_available(void);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __wrap_mkdir(const char *path, mode_t mode);
size_t __wrap_mem_available(void);

static char kind[32];
static bool all_named;
static long at;
static atomic_long memory_calls, disk_calls, thread_calls;

enum { DEPTH = 16, PLACES = 1 << 14, OF_EACH = 4 };
static atomic_ulong places[PLACES]; /* hashes of stacks; 0: free */
static atomic_uchar seen[PLACES];

static bool is(const char *name) { return strcmp(kind, name) == 0; }

static void tell(void)
{
    fprintf(stderr, "# memory %ld disk %ld thread %ld\n", atomic_load(&memory_calls),
            atomic_load(&disk_calls), atomic_load(&thread_calls));
}

__attribute__((constructor)) static void read_fault(void)
{
    const char *fault = getenv("HEADLIGHT_FAULT");
    if (fault == NULL) { return; }
    all_named = strncmp(fault, "named", 5) == 0;
    sscanf(fault + (all_named ? 5 : 0), "%31s %ld", kind, &at);
    if (is("count")) { atexit(tell); }
    void *frames[DEPTH];
    if (is("places")) { backtrace(frames, DEPTH); } /* the first time it asks for memory itself */
}

/* Tells the call if few came from the same place before. */
static void tell_place(long call)
{
    void *frames[DEPTH];
    int depth = backtrace(frames, DEPTH);
    unsigned long hash = 14695981039346656037u; /* FNV-1a */
    for (int i = 0; i < depth; i++) { hash = (hash ^ (unsigned long)frames[i]) * 1099511628211u; }
    for (unsigned long slot = hash >> 40;; slot++) {
        unsigned long there = 0;
        bool taken = !atomic_compare_exchange_strong(&places[slot % PLACES], &there, hash | 1);
        if (taken && there != (hash | 1)) { continue; }
        int before = atomic_load(&seen[slot % PLACES]);
        if (before < OF_EACH) {
            atomic_store(&seen[slot % PLACES], (unsigned char)(before + 1));
            fprintf(stderr, "# place %ld\n", call);
        }
        return;
    }
}

/* ---- Memory ---- */

static bool no_memory(void)
{
    bool first = gettid() == getpid();
    long call = atomic_fetch_add(&memory_calls, 1) + 1;
    long of_threads = first ? 0 : atomic_fetch_add(&thread_calls, 1) + 1;
    if (is("places")) { tell_place(call); }
    if ((is("memory") && call >= at) || (is("memory-once") && call == at) ||
        (is("memory-thread") && of_threads >= at)) {
        errno = ENOMEM;
        return true;
    }
    return false;
}

void *__wrap_malloc(size_t size) { return no_memory() ? NULL : __real_malloc(size); }

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return no_memory() ? NULL : __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return no_memory() ? NULL : __real_aligned_alloc(alignment, size);
}

size_t __wrap_mem_available(void) { return is("available") ? (size_t)at : __real_mem_available(); }

/* ---- Disk ---- */

/* Does this call fail? Half of what the first one writes still goes through (*half). */
static bool disk_fails(bool *half)
{
    long call = atomic_fetch_add(&disk_calls, 1) + 1;
    *half = false;
    if (is("kill") && call == at) { kill(getpid(), SIGKILL); }
    if (is("kill-half") && call == at) { *half = true; }
    if ((!is("disk") && !is("error")) || call < at) { return false; }
    *half = call == at;
    errno = is("disk") ? ENOSPC : EIO;
    return true;
}

static bool is_file(int fd)
{
    struct stat info;
    return fd > STDERR_FILENO && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    if (!is_file(fd)) { return __real_write(fd, bytes, length); }
    bool half, fails = disk_fails(&half);
    int why = errno;
    if (half && length > 1) {
        ssize_t wrote = __real_write(fd, bytes, length / 2);
        if (is("kill-half")) { kill(getpid(), SIGKILL); }
        return wrote;
    }
    errno = why;
    return fails ? -1 : __real_write(fd, bytes, length);
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    unsigned mode = makes ? va_arg(args, unsigned) : 0;
    va_end(args);
    bool half;
    if (all_named && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    if (makes && disk_fails(&half)) { return -1; }
    return __real_open(path, flags, mode);
}

int __wrap_fsync(int fd)
{
    bool half;
    return disk_fails(&half) ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    bool half;
    return disk_fails(&half) ? -1 : __real_rename(from, to);
}

int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    bool half;
    if (is("unlinkable")) {
        errno = EPERM;
        return -1;
    }
    return disk_fails(&half) ? -1 : __real_linkat(from_folder, from, to_folder, to, flags);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    struct stat info;
    bool half;
    if (stat(path, &info) != 0 && disk_fails(&half)) { return -1; }
    return __real_mkdir(path, mode);
}
