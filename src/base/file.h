/* file.h - reading, mapping and writing files, and the folders of the user.
 * Every error sentence names the file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* A whole file mapped read-only. Empty files map to a valid pointer and length 0. */
typedef struct MappedFile {
    const unsigned char *bytes;
    size_t length;
} MappedFile;

bool file_map(const char *path, MappedFile *file, Error *err);
void file_unmap(MappedFile *file);

/* Adds the whole file to `out`; refuses more than `limit` bytes. "-" is standard input. */
bool file_read(const char *path, size_t limit, Buffer *out, Error *err);

/* Writes beside the target and renames, so that the old file stays whole until the new one is.
 * "-" is standard output. */
bool file_write(const char *path, const void *bytes, size_t length, Error *err);

/* Everything into an open file, however often it has to be tried. False: errno tells why. */
bool file_write_all(int fd, const char *bytes, size_t length);

bool file_exists(const char *path);
bool file_is_folder(const char *path);
/* Makes the folder and those above it. */
bool file_make_folder(const char *path, Error *err);

/* Size and time of the last change, to tell whether a file is still the same. False when it is not
 * there. */
typedef struct FileStamp {
    long long size, seconds, nanoseconds;
} FileStamp;
bool file_stamp(const char *path, FileStamp *stamp);

/* "folder/name" in a new string; the caller frees it. */
char *file_join(const char *folder, const char *name);

#endif
