/* out.h - the formats a drawing can be written in: one function and one row in the table each. */
#ifndef DRAW_OUT_H
#define DRAW_OUT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/progress.h"
#include "draw/drawing.h"

/* What a file says about itself, e.g. "Software", "Headlight 0.1.0". */
typedef struct OutNote {
    const char *key;   /* Latin letters; PNG's own keywords where there is one */
    const char *value; /* UTF-8; NULL or empty: not written */
} OutNote;

typedef struct OutOptions {
    float zoom;        /* points on paper per point of the drawing */
    float scale;       /* pixels per point on paper, for formats made of pixels */
    const char *title; /* kept in the file where the format has a place for it; may be NULL */
    const OutNote *notes;
    int note_count;
    Progress *progress; /* or NULL; vectors take no notice of it, as they are quick */
} OutOptions;

typedef struct OutFormat {
    const char *extension; /* without the dot */
    const char *help;
    bool (*write)(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err);
    bool pixels; /* OutOptions.scale matters */
    bool hidden; /* for tests: not offered to the user */
} OutFormat;

extern const OutFormat out_formats[]; /* ends with extension == NULL */

/* By the extension of a path, or NULL. */
const OutFormat *out_find(const char *path);

bool out_png(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err);
/* Text stays text: it can be selected, searched and changed; heatmaps are embedded as pictures. */
bool out_svg(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err);
/* One page, vectors, fonts embedded. */
bool out_pdf(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err);
/* One line of text per command: the golden format of the tests. */
bool out_text(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err);

#endif
