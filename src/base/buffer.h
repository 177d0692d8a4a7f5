/* buffer.h - bytes that grow: what every writer (PNG, SVG, JSON, trace) writes into before one
 * atomic file_write. A zeroed Buffer is an empty one. `bytes` is always NUL-terminated once
 * anything was added, so text can be used as a string. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>

typedef struct Buffer {
    char *bytes;
    size_t length, capacity;
} Buffer;

void buffer_add(Buffer *buffer, const void *bytes, size_t length);
void buffer_add_string(Buffer *buffer, const char *string);
void buffer_format(Buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
/* Adds the text as a JSON string with its quotes; invalid UTF-8 must have been repaired before. */
void buffer_add_json_string(Buffer *buffer, const char *string);
void buffer_add_json_bytes(Buffer *buffer, const char *bytes, size_t length); /* may hold NUL */
void buffer_clear(Buffer *buffer);
void buffer_free(Buffer *buffer);

#endif
