/* thumbnail.h - heads of a trace made small: what the model view paints.
 *
 * A long text has more weights per head than a thumbnail has pixels (512 tokens, 144 heads: 38
 * million), and reading all of them takes longer than a frame. So a head is read once, when it is
 * first asked for, and pooled; of each block the largest weight stays, so that sharp patterns (a
 * diagonal, a column) can still be seen. Of a trace with thousands of heads only those that are looked
 * at are ever read, and of very long texts only some queries of each block. */
#ifndef ANALYSIS_THUMBNAIL_H
#define ANALYSIS_THUMBNAIL_H

#include "analysis/slice.h"

/* What thumbnails are made from. */
typedef struct ThumbnailSource {
    const Trace *trace;
    AttentionKind kind;
    PairFilter pair;
    SpecialTokens special;
    int first, last; /* tokens */
    int most;        /* rows and columns at most */
} ThumbnailSource;

typedef struct Thumbnails {
    ThumbnailSource source;
    int layers, heads, rows, columns;
    bool pooled; /* there are fewer rows or columns than tokens */
    /* How many weights may still be read before thumbnail_head gives empty ones and sets `waiting`;
     * 0: as many as it takes. Whoever owns this sets it for every frame. */
    size_t allowance;
    bool waiting;
    /* Made when they are asked for. */
    Arena arena;
    Slice slice;
    int *column_of; /* [keys of the slice] */
    bool *made;     /* [layers, heads] */
    float *weights; /* [layers, heads, rows, columns]; NaN counts as 0 */
} Thumbnails;

/* Forgets them if they were made from anything else. A trace that is gone must be told with
 * thumbnail_forget: another one may come to lie at the same address. */
void thumbnail_update(Thumbnails *thumbnails, const ThumbnailSource *source);
void thumbnail_forget(Thumbnails *thumbnails); /* frees; a zeroed struct is an empty one */

/* [rows, columns], lent until the next update. */
const float *thumbnail_head(Thumbnails *thumbnails, int layer, int head);

#endif
