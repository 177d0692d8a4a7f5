/* thumbnail.h - every head of a trace made small: what the model view paints.
 *
 * A long text has more weights per head than a thumbnail has pixels (512 tokens, 144 heads: 38
 * million), and reading all of them takes longer than a frame. So they are read once and pooled;
 * of each block the largest weight stays, so that sharp patterns (a diagonal, a column) can still be
 * seen. */
#ifndef ANALYSIS_THUMBNAIL_H
#define ANALYSIS_THUMBNAIL_H

#include "analysis/slice.h"

typedef struct Thumbnails {
    /* What they were made from. */
    const Trace *trace;
    AttentionKind kind;
    PairFilter pair;
    SpecialTokens special;
    int most; /* rows and columns at most */
    /* What came out. */
    int layers, heads, rows, columns;
    float *weights; /* [layers, heads, rows, columns]; NaN counts as 0 */
    bool pooled;    /* there are fewer rows or columns than tokens */
} Thumbnails;

/* Makes them anew if anything differs from what they were made from. A trace that is gone must be
 * told with thumbnail_forget: another one may come to lie at the same address. */
void thumbnail_update(Thumbnails *thumbnails, const Trace *trace, AttentionKind kind,
                      PairFilter pair, SpecialTokens special, int most);
void thumbnail_forget(Thumbnails *thumbnails); /* frees; a zeroed struct is an empty one */

const float *thumbnail_head(const Thumbnails *thumbnails, int layer, int head);

#endif
