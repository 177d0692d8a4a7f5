/* slice.h - which part of a trace is looked at: sentence-pair filter, special tokens, and the
 * weights of a head, or of several heads as one, over what is left.
 *
 * A slice is an index into the trace, not a copy: slice_weights reads the trace's own numbers. */
#ifndef ANALYSIS_SLICE_H
#define ANALYSIS_SLICE_H

#include "model/trace.h"

/* Which side looks at which side. Blocks are cut out, not renormalised (as BertViz does). */
typedef enum PairFilter {
    PAIR_ALL,
    PAIR_A_TO_A,
    PAIR_A_TO_B,
    PAIR_B_TO_A,
    PAIR_B_TO_B,
    PAIR_FILTERS
} PairFilter;

typedef enum SpecialTokens {
    SPECIAL_SHOWN,
    SPECIAL_HIDDEN,       /* rows and columns left out, weights as they are */
    SPECIAL_RENORMALISED, /* left out, and what is left of each row sums to 1 */
    SPECIAL_MODES
} SpecialTokens;

/* How several heads become one matrix. */
typedef enum Combine { COMBINE_NONE, COMBINE_MEAN, COMBINE_MAX, COMBINES } Combine;

enum { SLICE_MAX_HEADS = 256 };

/* A set of heads of one layer: bit h of bits[h / 64]. */
typedef struct HeadSet {
    uint64_t bits[SLICE_MAX_HEADS / 64];
} HeadSet;

bool headset_has(const HeadSet *set, int head);
void headset_put(HeadSet *set, int head, bool on);
void headset_fill(HeadSet *set, int heads); /* exactly 0 .. heads - 1 */
int headset_count(const HeadSet *set);
int headset_next(const HeadSet *set, int head); /* the first member > head, or -1 */

typedef struct Slice {
    const Attention *attention;
    int queries, keys;
    int *query_index; /* [queries]: index in attention->query_tokens */
    int *key_index;   /* [keys] */
    bool renormalise;
} Slice;

/* `kind` must be present in the trace. The arrays belong to `arena`. */
Slice slice_make(const Trace *trace, AttentionKind kind, PairFilter pair, SpecialTokens special,
                 Arena *arena);

/* weights [queries, keys] of one head. */
void slice_weights(const Slice *slice, int layer, int head, float *weights);
/* The mean or maximum over the heads of the set, element by element. */
void slice_combine(const Slice *slice, int layer, const HeadSet *heads, Combine how,
                   float *weights);

const Token *slice_query(const Slice *slice, int query);
const Token *slice_key(const Slice *slice, int key);

/* Position in the slice of a token of the trace, or -1 when it is filtered out. */
int slice_find_query(const Slice *slice, int token);
int slice_find_key(const Slice *slice, int token);

#endif
