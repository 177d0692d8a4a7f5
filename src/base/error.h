/* error.h - what went wrong in the world outside: a file, a text, a display.
 *
 * A function that can fail so takes `Error *err` last and returns false (or NULL). The text is one
 * whole sentence for the user: what is wrong and, where there is something, what to do. It starts
 * with a capital letter or a file name and ends with a full stop. Only main, cli and the window's
 * message line show it. Our own mistakes are asserts; out of memory ends in memory.c. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

typedef struct Error {
    char text[512];
} Error;

/* Writes the sentence and always returns false, so that a caller can `return error_set(...)`.
 * A text that does not fit ends in "...". `err` may be NULL: then nobody wants to know. */
bool error_set(Error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
