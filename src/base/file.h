/* file.h - reading and writing files, and the folders of the user; mapping them is in mapped.h.
 * Every error sentence names the file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds the whole file to `out`; refuses more than `limit` bytes. "-" is standard input. */
bool file_read(const char *path, size_t limit, Buffer *out, Error *err);

/* Writes beside the target and renames, so that the old file stays whole until the new one is.
 * "-" is standard output. */
bool file_write(const char *path, const void *bytes, size_t length, Error *err);

/* Everything into an open file, however often it has to be tried. False: errno tells why. */
bool file_write_all(int fd, const char *bytes, size_t length);

bool file_exists(const char *path);
bool file_is_folder(const char *path);
bool file_is_regular(const char *path); /* or a link to one */
/* Makes the folder and those above it. */
bool file_make_folder(const char *path, Error *err);

/* Size and time of the last change, to tell whether a file is still the same. False when it is not
 * there. */
typedef struct FileStamp {
    long long size, seconds, nanoseconds;
} FileStamp;
bool file_stamp(const char *path, FileStamp *stamp);

/* Does the entry of the folder lead to something in the folder? A link may lead out of it, and a folder
 * from a stranger must not make the program read the user's other files. The cache of the Hugging Face
 * tools keeps its files beside (snapshots/REVISION/NAME leads to blobs/HASH): such a link may. True
 * also when there is no such entry. A pipe or a device, which may never end, is nothing to read either. */
bool file_stays_inside(const char *folder, const char *name, Error *err);

/* "folder/name" in a new string; the caller frees it. */
char *file_join(const char *folder, const char *name);

#endif
