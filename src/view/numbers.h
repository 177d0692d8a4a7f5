/* numbers.h - what a view draws, as numbers: for spreadsheets, plots and checks.
 *
 * CSV is one line per weight, with a header line; JSON the same as matrices. Weights have six digits
 * after the point; one that is missing (NaN) is an empty field, or null. */
#ifndef VIEW_NUMBERS_H
#define VIEW_NUMBERS_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/progress.h"
#include "view/view.h"

/* One head's weights, or those of several as one, over the tokens that are shown. */
typedef struct NumberMatrix {
    const char *name; /* "attention", "rollout", "difference" ... */
    int layer;        /* -1: of all layers */
    int head;         /* -1: of several as one */
    int queries, keys;
    const Token **query, **key;         /* [queries], [keys] */
    const int *query_index, *key_index; /* in the trace; a word is its first token */
    const float *weights;               /* [queries, keys] */
} NumberMatrix;

typedef struct NumberFormat {
    const char *extension; /* without the dot */
    const char *help;
    void (*begin)(const Trace *trace, const ViewState *state, Buffer *out);
    void (*add)(const NumberMatrix *matrix, int index, Buffer *out);
    void (*end)(Buffer *out);
} NumberFormat;

extern const NumberFormat number_formats[]; /* ends with extension == NULL */
const NumberFormat *numbers_find(const char *extension);

/* False with a sentence where the view has nothing to tell, or more than fits into `out`, and when it was
 * stopped. `progress` may be NULL. */
bool numbers_write(const Trace *trace, const ViewState *state, const NumberFormat *format,
                   Progress *progress, Buffer *out, Error *err);

#endif
