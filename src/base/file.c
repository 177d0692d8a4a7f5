#include "base/file.h"

#include "base/base.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536

bool file_read(const char *path, size_t limit, Buffer *out, Error *err)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *stream = standard ? stdin : fopen(path, "rb");
    if (stream == NULL) { return error_set(err, "%s can't be opened: %s.", path, strerror(errno)); }
    const char *name = standard ? "Standard input" : path;
    char *chunk = mem_alloc(READ_BYTES, 1);
    size_t start = out->length, got;
    bool ok = true;
    while (ok && (got = fread(chunk, 1, READ_BYTES, stream)) > 0) {
        buffer_add(out, chunk, got);
        if (out->length - start > limit) {
            ok = error_set(err, "%s is larger than the %zu bytes that are accepted here.", name,
                           limit);
        }
    }
    if (ok && ferror(stream)) {
        ok = error_set(err, "%s can't be read: %s.", name, strerror(errno));
    }
    free(chunk);
    if (!standard) { fclose(stream); }
    return ok;
}

bool file_write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t wrote = write(fd, bytes, length);
        if (wrote < 0 && errno == EINTR) { continue; }
        if (wrote <= 0) { return false; }
        bytes += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

static bool write_failed(const char *path, int why, Error *err)
{
    const char *remedy =
        why == ENOSPC || why == EDQUOT ? " Free some space or choose another folder."
        : why == EACCES || why == EROFS || why == ENOENT ? " Choose another folder."
                                                         : "";
    return error_set(err, "%s can't be written: %s.%s", path, strerror(why), remedy);
}

/* A pipe or a device (/dev/stdout, /dev/null): it can't be renamed onto. */
static bool write_into(const char *path, const void *bytes, size_t length, Error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) { return write_failed(path, errno, err); }
    bool ok = file_write_all(fd, bytes, length);
    int why = errno;
    close(fd);
    return ok || write_failed(path, why, err);
}

/* A new file that is to take the target's place. It has no name until it is whole, where the file system
 * can do that (O_TMPFILE): then nothing of it is left, whatever happens to the program. Elsewhere it lies
 * beside the target from the beginning. */
typedef struct NewFile {
    int fd;
    char *name;
    size_t name_size;
    bool is_named;
} NewFile;

/* Calls `make` with names beside the target until one is not taken. */
static bool find_name(NewFile *file, const char *target, bool (*make)(NewFile *file))
{
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        snprintf(file->name, file->name_size, "%s.%ld-%u", target, (long)getpid(), attempt);
        file->is_named = make(file);
        if (file->is_named || errno != EEXIST) { break; }
    }
    return file->is_named;
}

/* Not mkstemp, whose files are closed to others: what the umask is can't be asked without changing it
 * under the feet of the other threads. */
static bool create(NewFile *file)
{
    file->fd = open(file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return file->fd >= 0;
}

static bool give_name(NewFile *file)
{
    char place[64];
    snprintf(place, sizeof place, "/proc/self/fd/%d", file->fd);
    return linkat(AT_FDCWD, place, AT_FDCWD, file->name, AT_SYMLINK_FOLLOW) == 0;
}

static bool open_new(NewFile *file, const char *target)
{
    file->name_size = strlen(target) + 64;
    file->name = mem_alloc(file->name_size, 1);
    char *folder = mem_copy_string(target), *slash = strrchr(folder, '/');
    if (slash != NULL) { slash[slash == folder] = '\0'; }
    bool can_link = access("/proc/self/fd", F_OK) == 0;
    file->fd =
        can_link ? open(slash != NULL ? folder : ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666) : -1;
    free(folder);
    return file->fd >= 0 || find_name(file, target, create);
}

static bool fill(const NewFile *file, const struct stat *old, const void *bytes, size_t length)
{
    return (old == NULL || fchmod(file->fd, old->st_mode & 07777) == 0) &&
           file_write_all(file->fd, bytes, length) && fsync(file->fd) == 0;
}

/* `old`: of the file that is replaced, whose permissions the new one keeps; NULL when there is no
 * such file. `path` is what the user calls it, `target` the file behind that. */
static bool write_beside(const char *path, const char *target, const struct stat *old,
                         const void *bytes, size_t length, Error *err)
{
    NewFile file = {.fd = -1};
    bool ok = open_new(&file, target) && fill(&file, old, bytes, length);
    /* Some systems make files without names and then give them none: there it has one from the start. */
    if (ok && !file.is_named && !find_name(&file, target, give_name)) {
        close(file.fd);
        ok = find_name(&file, target, create) && fill(&file, old, bytes, length);
    }
    int why = errno;
    if (file.fd >= 0 && close(file.fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(file.name, target) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok && file.is_named) { unlink(file.name); }
    free(file.name);
    return ok || write_failed(path, why, err);
}

bool file_write(const char *path, const void *bytes, size_t length, Error *err)
{
    if (strcmp(path, "-") == 0) {
        fflush(stdout);
        return file_write_all(STDOUT_FILENO, bytes, length) ||
               error_set(err, "Standard output can't be written: %s.", strerror(errno));
    }
    struct stat info;
    bool there = stat(path, &info) == 0;
    if (there && S_ISDIR(info.st_mode)) { return write_failed(path, EISDIR, err); }
    if (there && !S_ISREG(info.st_mode)) { return write_into(path, bytes, length, err); }
    /* A link stays a link: the file that it leads to is replaced. */
    char *real = there ? realpath(path, NULL) : NULL;
    bool ok =
        write_beside(path, real != NULL ? real : path, there ? &info : NULL, bytes, length, err);
    free(real);
    return ok;
}

bool file_exists(const char *path) { return access(path, F_OK) == 0; }

bool file_stamp(const char *path, FileStamp *stamp)
{
    struct stat info;
    if (stat(path, &info) != 0) { return false; }
    *stamp = (FileStamp){info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
    return true;
}

bool file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_is_regular(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool file_make_folder(const char *path, Error *err)
{
    char *copy = mem_copy_string(path);
    bool ok = true;
    for (char *p = copy + (copy[0] == '/'); ok; p++) {
        if (*p != '/' && *p != '\0') { continue; }
        char end = *p;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            ok = error_set(err, "The folder %s can't be made: %s.", copy, strerror(errno));
        }
        *p = end;
        if (end == '\0') { break; }
    }
    free(copy);
    if (ok && !file_is_folder(path)) { ok = error_set(err, "%s is not a folder.", path); }
    return ok;
}

/* Is `path` the folder itself or in it? Both are real paths. */
static bool is_below(const char *path, const char *folder, size_t length)
{
    while (length > 1 && folder[length - 1] == '/') { length--; }
    return strncmp(path, folder, length) == 0 &&
           (path[length] == '/' || path[length] == '\0' || length == 1);
}

/* Where the blobs of a snapshot in the cache lie: .../models--x--y[/snapshots/REVISION]. */
static size_t cache_length(const char *folder)
{
    static const char snapshots[] = "/snapshots/";
    const char *at = strstr(folder, snapshots), *next;
    while (at != NULL && (next = strstr(at + 1, snapshots)) != NULL) { at = next; }
    if (at == NULL || strchr(at + sizeof snapshots - 1, '/') != NULL) { return 0; }
    return (size_t)(at - folder);
}

bool file_stays_inside(const char *folder, const char *name, Error *err)
{
    char *path = file_join(folder, name);
    struct stat info;
    bool there = lstat(path, &info) == 0, ok = !there || !S_ISLNK(info.st_mode);
    if (there && !S_ISLNK(info.st_mode) && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        ok = error_set(err, "%s is not a regular file.", path);
    } else if (!ok) {
        char *home = realpath(folder, NULL), *real = realpath(path, NULL);
        size_t cache = home != NULL ? cache_length(home) : 0;
        ok = real == NULL || /* leads nowhere: whoever opens it says so */
             (home != NULL &&
              (is_below(real, home, strlen(home)) || (cache > 0 && is_below(real, home, cache) &&
                                                      strncmp(real + cache, "/blobs/", 7) == 0)));
        if (!ok) {
            error_set(err,
                      "%s is a link to %s, out of its folder, and is not followed. Put the file "
                      "itself there.",
                      path, real);
        }
        free(home);
        free(real);
    }
    free(path);
    return ok;
}

char *file_join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = mem_alloc(size, 1);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}
