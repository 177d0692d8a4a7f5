/* mapped.h - files mapped into memory, and what happens when somebody cuts one off meanwhile.
 *
 *     mapped_guard();                       // once, in main
 *     MappedFile file;
 *     if (mapped_open(path, &file, &err)) { ... file.bytes[0 .. file.length) ... }
 *     if (!mapped_intact(&file, path)) { what was read may be nonsense }
 *     mapped_close(&file);
 *
 * Whoever reads a mapped page that the file no longer has is sent SIGBUS, which ends a program. Under the
 * guard such pages are filled with bytes 255, which as floats are NaN (missing), the reader goes on, and
 * mapped_intact tells afterwards. Bytes of a file that is written to in place change under the reader's
 * eyes: mapped_intact tells that too. A file that is replaced (another one of the same name) does not
 * matter: the old one stays mapped. */
#ifndef BASE_MAPPED_H
#define BASE_MAPPED_H

#include "base/error.h"
#include "base/file.h"

#include <stdbool.h>
#include <stddef.h>

/* A whole file mapped read-only. Empty files map to a valid pointer and length 0. */
typedef struct MappedFile {
    const unsigned char *bytes;
    size_t length;
    int slot;                         /* in the guard's list; -1: none */
    unsigned long long device, inode; /* which file it was */
    FileStamp stamp;                  /* as it was when it was opened */
} MappedFile;

/* From now on no truncated file ends the program. Call it before other threads start. */
void mapped_guard(void);

bool mapped_open(const char *path, MappedFile *file, Error *err);
void mapped_close(MappedFile *file); /* a zeroed one is fine */

/* Is what is mapped still what was opened? `path` as in mapped_open. Any thread may ask. */
bool mapped_intact(const MappedFile *file, const char *path);

#endif
