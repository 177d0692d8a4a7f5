#include "base/mapped.h"

#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_FILES = 2048, FILLED_AT_ONCE = 1 << 21 };

/* A signal handler has nobody to ask but what lies still: the one list of the program that is not
 * handed down from main. */
static struct {
    atomic_uintptr_t start; /* 0: the slot is free */
    atomic_size_t length;
    atomic_bool broken;
} regions[MOST_FILES];
static struct sigaction before; /* who dealt with the signal before us */

/* ---- The guard ---- */

/* Puts pages of our own in the place of those that are gone. Both calls are plain system calls, which a
 * handler may make. */
static bool fill(uintptr_t at, uintptr_t end)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = at / page * page, last = (end + page - 1) / page * page;
    if (last - first > FILLED_AT_ONCE) { last = first + FILLED_AT_ONCE; }
    void *pages = mmap((void *)first, last - first, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (pages == MAP_FAILED) { return false; }
    memset(pages, 0xFF, last - first);
    return true;
}

static void on_missing_page(int number, siginfo_t *info, void *context)
{
    int kept = errno;
    uintptr_t at = (uintptr_t)info->si_addr;
    for (int i = 0; i < MOST_FILES; i++) {
        uintptr_t start = atomic_load(&regions[i].start);
        size_t length = atomic_load(&regions[i].length);
        if (start == 0 || at < start || at - start >= length) { continue; }
        atomic_store(&regions[i].broken, true);
        if (fill(at, start + length)) {
            errno = kept;
            return;
        }
    }
    /* None of our files: whoever was asked before us decides, by default the end of the program. */
    if ((before.sa_flags & SA_SIGINFO) != 0) {
        before.sa_sigaction(number, info, context);
    } else {
        sigaction(number, &before, NULL);
    }
    errno = kept;
}

void mapped_guard(void)
{
    struct sigaction action = {.sa_sigaction = on_missing_page,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    struct sigaction now;
    if (sigaction(SIGBUS, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 &&
        now.sa_sigaction == on_missing_page) {
        return;
    }
    sigaction(SIGBUS, &action, &before);
}

/* -1 when all are taken. */
static int take_slot(const void *start, size_t length)
{
    for (int i = 0; i < MOST_FILES; i++) {
        uintptr_t none = 0;
        if (atomic_compare_exchange_strong(&regions[i].start, &none, (uintptr_t)start)) {
            atomic_store(&regions[i].broken, false);
            atomic_store(&regions[i].length, length);
            return i;
        }
    }
    return -1;
}

/* ---- Files ---- */

static FileStamp stamp_of(const struct stat *info)
{
    return (FileStamp){info->st_size, info->st_mtim.tv_sec, info->st_mtim.tv_nsec};
}

static bool map(int fd, const struct stat *info, const char *path, MappedFile *file, Error *err)
{
    if (info->st_size == 0) {
        file->bytes = (const unsigned char *)"";
        return true;
    }
    if ((unsigned long long)info->st_size > SIZE_MAX / 2) {
        return error_set(err, "%s is larger than this machine can map.", path);
    }
    size_t length = (size_t)info->st_size;
    void *pages = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (pages == MAP_FAILED) {
        return error_set(err, "%s can't be mapped: %s.", path, strerror(errno));
    }
    file->slot = take_slot(pages, length);
    if (file->slot < 0) {
        munmap(pages, length);
        return error_set(err, "%s can't be opened: more than %d files are open.", path, MOST_FILES);
    }
    file->bytes = pages;
    file->length = length;
    return true;
}

bool mapped_open(const char *path, MappedFile *file, Error *err)
{
    *file = (MappedFile){.slot = -1};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not keep us waiting */
    if (fd < 0) { return error_set(err, "%s can't be opened: %s.", path, strerror(errno)); }
    struct stat info;
    bool ok = false;
    if (fstat(fd, &info) != 0) {
        error_set(err, "%s can't be read: %s.", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        error_set(err, "%s is not a regular file.", path);
    } else {
        ok = map(fd, &info, path, file, err);
        file->device = info.st_dev;
        file->inode = info.st_ino;
        file->stamp = stamp_of(&info);
    }
    close(fd);
    return ok;
}

void mapped_close(MappedFile *file)
{
    if (file->length > 0) {
        munmap((void *)(uintptr_t)file->bytes, file->length);
        atomic_store(&regions[file->slot].length, 0);
        atomic_store(&regions[file->slot].start, 0);
    }
    *file = (MappedFile){.slot = -1};
}

bool mapped_intact(const MappedFile *file, const char *path)
{
    if (file->length == 0) { return true; }
    if (atomic_load(&regions[file->slot].broken)) { return false; }
    struct stat info;
    if (stat(path, &info) != 0) { return true; } /* removed, but still there for us */
    if (info.st_dev != file->device || info.st_ino != file->inode) { return true; }
    FileStamp now = stamp_of(&info);
    return now.size == file->stamp.size && now.seconds == file->stamp.seconds &&
           now.nanoseconds == file->stamp.nanoseconds;
}
