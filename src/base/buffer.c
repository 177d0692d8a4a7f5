#include "base/buffer.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 64 };

/* Room for `more` bytes and the NUL after them. */
static void reserve(Buffer *buffer, size_t more)
{
    size_t need;
    if (__builtin_add_overflow(buffer->length + 1, more, &need) || need > SIZE_MAX / 2) {
        need = SIZE_MAX; /* let mem_grow say that there is no such memory */
    }
    if (need <= buffer->capacity) { return; }
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : 256;
    while (capacity < need && capacity <= SIZE_MAX / 2) { capacity *= 2; }
    capacity = capacity < need ? need : capacity;
    buffer->bytes = mem_grow(buffer->bytes, capacity, 1);
    buffer->capacity = capacity;
}

void buffer_add(Buffer *buffer, const void *bytes, size_t length)
{
    reserve(buffer, length);
    if (length > 0) { memcpy(buffer->bytes + buffer->length, bytes, length); }
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
}

void buffer_add_string(Buffer *buffer, const char *string)
{
    buffer_add(buffer, string, strlen(string));
}

/* Most of what is formatted is short, and then formatted once. */
void buffer_format(Buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    reserve(buffer, SHORT);
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(buffer->bytes + buffer->length, room, format, args);
    va_end(args);
    if (length < 0) { buffer->bytes[buffer->length] = '\0'; }
    if (length > 0 && (size_t)length < room) {
        buffer->length += (size_t)length;
    } else if (length > 0) {
        reserve(buffer, (size_t)length);
        vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
}

void buffer_add_json_string(Buffer *buffer, const char *string)
{
    buffer_add_json_bytes(buffer, string, strlen(string));
}

void buffer_add_json_bytes(Buffer *buffer, const char *bytes, size_t length)
{
    buffer_add(buffer, "\"", 1);
    for (const char *p = bytes; p < bytes + length; p++) {
        unsigned char byte = (unsigned char)*p;
        if (byte == '"' || byte == '\\') {
            char escaped[2] = {'\\', *p};
            buffer_add(buffer, escaped, 2);
        } else if (byte < 0x20) {
            buffer_format(buffer, "\\u%04x", byte);
        } else {
            buffer_add(buffer, p, 1);
        }
    }
    buffer_add(buffer, "\"", 1);
}

void buffer_clear(Buffer *buffer)
{
    buffer->length = 0;
    if (buffer->bytes != NULL) { buffer->bytes[0] = '\0'; }
}

void buffer_free(Buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (Buffer){0};
}
