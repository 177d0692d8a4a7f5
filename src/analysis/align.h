/* align.h - which tokens of two texts are the same: for looking at two traces side by side. */
#ifndef ANALYSIS_ALIGN_H
#define ANALYSIS_ALIGN_H

#include "text/encoding.h"

/* One place of both texts: indices of tokens, -1 where a text has none there. Where both have one they
 * are equal, or one stands for the other ("tired" / "wide"). */
typedef struct AlignedToken {
    int a, b;
} AlignedToken;

/* The alignment with the fewest changes (Levenshtein 1966), special tokens standing for special ones
 * only. `aligned` has room for a->count + b->count; returns how many there are. */
int align_tokens(const Encoding *a, const Encoding *b, AlignedToken *aligned);

#endif
