#include "draw/out.h"

#include <string.h>
#include <strings.h>

const OutFormat out_formats[] = {
    {"png", "a picture made of pixels", out_png, true, false},
    {"svg", "vectors and real text, for slides and the web", out_svg, false, false},
    {"pdf", "vectors with embedded fonts, for papers", out_pdf, false, false},
    {"txt", "one line of text per drawing command, for tests", out_text, false, true},
    {0},
};

const OutFormat *out_find(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (const OutFormat *format = out_formats; dot != NULL && format->extension != NULL;
         format++) {
        if (strcasecmp(dot + 1, format->extension) == 0) { return format; }
    }
    return NULL;
}
