#include "draw/out.h"

#include <string.h>
#include <strings.h>

const OutFormat out_formats[] = {
    {"png", "a picture made of pixels", out_png},
    {"txt", "one line of text per drawing command, for tests", out_text},
    {0},
};

const OutFormat *out_find(const char *path, Error *err)
{
    const char *dot = strrchr(path, '.');
    for (const OutFormat *format = out_formats; dot != NULL && format->extension != NULL;
         format++) {
        if (strcasecmp(dot + 1, format->extension) == 0) { return format; }
    }
    error_set(err, "%s: the file name must end in .png.", path);
    return NULL;
}
