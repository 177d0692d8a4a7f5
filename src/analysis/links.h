/* links.h - single attention weights in context: the strongest ones, their rank, the raw score. */
#ifndef ANALYSIS_LINKS_H
#define ANALYSIS_LINKS_H

#include "analysis/slice.h"

typedef struct Link {
    int head;
    int query, key; /* indices of tokens in the trace */
    float weight;
} Link;

/* The `most` strongest links of the heads, strongest first, NaN left out; returns how many there
 * are. With `query` or `key` (tokens of the trace; -1: any) only theirs. */
int links_top(const Slice *slice, int layer, const HeadSet *heads, int query, int key, Link *links,
              int most);

/* The same of the heads as one (slice_combine); link.head is -1. */
int links_top_combined(const Slice *slice, int layer, const HeadSet *heads, Combine how, int query,
                       int key, Link *links, int most);

/* 1 for the strongest key of this query in the slice. */
int links_rank(const Slice *slice, int layer, int head, int query, int key);

/* The scaled score before the softmax, q . k / sqrt(d) (Vaswani et al. 2017, equation 1). False
 * when the trace has no query and key vectors. */
bool links_score(const Trace *trace, AttentionKind kind, int layer, int head, int query, int key,
                 float *score);

#endif
