#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(Error *err, const char *format, ...)
{
    if (err == NULL) { return false; }
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (length >= (int)sizeof err->text) {
        size_t end = sizeof err->text - sizeof "...";
        while (end > 0 && ((unsigned char)err->text[end] & 0xC0) == 0x80) { end--; } /* UTF-8 */
        memcpy(err->text + end, "...", sizeof "...");
    }
    return false;
}
