/* out.h - the formats a drawing can be written in: one function and one row in the table each. */
#ifndef DRAW_OUT_H
#define DRAW_OUT_H

#include "base/buffer.h"
#include "base/error.h"
#include "draw/drawing.h"

typedef struct OutOptions {
    float scale;       /* pixels per point, for formats made of pixels */
    const char *title; /* kept in the file where the format has a place for it; may be NULL */
} OutOptions;

typedef struct OutFormat {
    const char *extension; /* without the dot */
    const char *help;
    bool (*write)(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err);
} OutFormat;

extern const OutFormat out_formats[]; /* ends with extension == NULL */

/* By the extension of a path, or NULL with a sentence that lists the formats. */
const OutFormat *out_find(const char *path, Error *err);

bool out_png(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err);
/* One line of text per command: the golden format of the tests. */
bool out_text(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err);

#endif
