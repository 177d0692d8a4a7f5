#include "base/memory.h"

#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ASK_FROM ((size_t)1 << 20) /* smaller blocks are not worth the question */
#define ALIGNMENT 64               /* a cache line, and the widest vector register */
enum { MOMENT_S = 3 };

/* Asks the first thread to end as a user would, if it takes that as a wish (a window does), and gives it a
 * moment to save what is to be saved. */
static void ask_to_end(void)
{
    struct sigaction now;
    if (sigaction(SIGTERM, NULL, &now) != 0 || now.sa_handler == SIG_DFL ||
        now.sa_handler == SIG_IGN) {
        return;
    }
    kill(getpid(), SIGTERM);
    for (unsigned left = MOMENT_S; left > 0;) { left = sleep(left); }
}

/* Other threads go on while exit() runs; only where the first one calls it, nobody works on what the
 * handlers save. */
static _Noreturn void give_up(void)
{
    static const char text[] = "headlight: There is not enough memory to go on.\n";
    ssize_t wrote = write(STDERR_FILENO, text, sizeof text - 1);
    (void)wrote; /* there is nobody left to tell */
    if (gettid() == getpid()) { exit(1); }
    ask_to_end();
    _exit(1);
}

static void *check(void *block)
{
    if (block == NULL) { give_up(); }
    return block;
}

/* ---- How much there is ---- */

/* The first bytes of a small file of the kernel's; false when it is not there. */
static bool read_small(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) { return false; }
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* The number at `text`, times `unit`; SIZE_MAX when there is none ("max"). */
static size_t parse_size(const char *text, size_t unit)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    size_t bytes;
    if (end == text || errno != 0 || !mem_multiply((size_t)number, unit, &bytes)) {
        return SIZE_MAX;
    }
    return bytes;
}

static size_t left_of(size_t limit, size_t used) { return limit > used ? limit - used : 0; }

size_t mem_available(void)
{
    char text[2048], used[64];
    size_t least = SIZE_MAX;
    if (read_small("/proc/meminfo", text, sizeof text)) {
        const char *line = strstr(text, "MemAvailable:");
        if (line != NULL) { least = parse_size(line + strlen("MemAvailable:"), 1024); }
    }
    if (read_small("/sys/fs/cgroup/memory.max", text, sizeof text) &&
        read_small("/sys/fs/cgroup/memory.current", used, sizeof used)) {
        size_t limit = parse_size(text, 1);
        if (limit != SIZE_MAX) { least = min_size(least, left_of(limit, parse_size(used, 1))); }
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        read_small("/proc/self/statm", used, sizeof used)) {
        size_t pages = parse_size(used, (size_t)sysconf(_SC_PAGESIZE));
        least = min_size(least, left_of((size_t)limit.rlim_cur, pages));
    }
    return least;
}

const char *mem_size_text(double bytes, char text[MEM_SIZE_TEXT])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < COUNTOF(units)) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, MEM_SIZE_TEXT, unit > 0 && bytes < 10 ? "%.1f %s" : "%.0f %s", bytes,
             units[unit]);
    return text;
}

/* ---- Taking it ---- */

bool mem_multiply(size_t a, size_t b, size_t *product)
{
    size_t result;
    if (__builtin_mul_overflow(a, b, &result)) { return false; }
    *product = result;
    return true;
}

void *mem_alloc(size_t count, size_t size) { return mem_grow(NULL, count, size); }

void *mem_zero(size_t count, size_t size)
{
    return check(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *mem_grow(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (!mem_multiply(count, size, &bytes)) { check(NULL); }
    return check(realloc(block, bytes > 0 ? bytes : 1));
}

char *mem_copy_string(const char *string)
{
    size_t bytes = strlen(string) + 1;
    return memcpy(mem_alloc(bytes, 1), string, bytes);
}

void *mem_try_aligned(size_t count, size_t size)
{
    size_t bytes;
    if (!mem_multiply(count, size, &bytes) || bytes > SIZE_MAX / 2) { return NULL; }
    if (bytes > ASK_FROM && bytes > mem_available()) { return NULL; }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return aligned_alloc(ALIGNMENT, bytes > 0 ? bytes : ALIGNMENT);
}

void *mem_lend(size_t size)
{
    void *block = malloc(size);
    if (block == NULL && size < ASK_FROM) { give_up(); }
    return block;
}

void *mem_lend_zero(size_t count, size_t size)
{
    void *block = calloc(count, size);
    size_t bytes;
    if (block == NULL && mem_multiply(count, size, &bytes) && bytes < ASK_FROM) { give_up(); }
    return block;
}

void *mem_lend_more(void *block, size_t size)
{
    void *larger = realloc(block, size);
    if (larger == NULL && size < ASK_FROM) { give_up(); }
    return larger;
}
