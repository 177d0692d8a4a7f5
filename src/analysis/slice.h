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

/* How several heads become one matrix, a head that no model has. */
typedef enum Combine {
    COMBINE_NONE,
    COMBINE_MEAN,        /* of the chosen heads of one layer */
    COMBINE_MAX,         /* the largest of them, element by element */
    COMBINE_LAYERS_MEAN, /* of the chosen heads of all layers */
    COMBINE_LAYERS_MAX,
    COMBINE_ROLLOUT, /* attention rollout up to one layer (rollout.h); self-attention only */
    COMBINES
} Combine;

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
    struct RolloutCache *rollout; /* lent by whoever draws again and again, or NULL */
    /* Of words: the tokens that row or column i stands for, [start[i], start[i + 1]) of the tokens,
     * and a token that is the whole word. NULL: rows and columns are tokens. */
    int *query_start, *query_token, *key_start, *key_token;
    Token *query_word, *key_word;
} Slice;

/* `kind` must be present in the trace. The arrays belong to `arena`. */
Slice slice_make(const Trace *trace, AttentionKind kind, PairFilter pair, SpecialTokens special,
                 Arena *arena);

/* Leaves only tokens first to last (of the trace) in rows and columns; before slice_group_words. */
void slice_keep_range(Slice *slice, int first, int last);

/* Makes rows and columns whole words: the weight of a word is the mean over its pieces where it looks,
 * and the sum over its pieces where it is looked at, so that rows still sum to 1. Special tokens stay
 * as they are. query_index and key_index then name a word's first piece. */
void slice_group_words(Slice *slice, Arena *arena);

/* weights [queries, keys] of one head. */
void slice_weights(const Slice *slice, int layer, int head, float *weights);
/* The heads of the set as one; see Combine. For COMBINE_NONE it is the mean. */
void slice_combine(const Slice *slice, int layer, const HeadSet *heads, Combine how,
                   float *weights);

/* Leaves of every row only the `most` strongest (0: all), and of those only as many of the strongest as
 * make up the share `part` of the row (1: all); the rest becomes 0. */
void slice_keep_strongest(const Slice *slice, int most, float part, float *weights);

const Token *slice_query(const Slice *slice, int query);
const Token *slice_key(const Slice *slice, int key);

/* Position in the slice of a token of the trace, or -1 when it is filtered out. */
int slice_find_query(const Slice *slice, int token);
int slice_find_key(const Slice *slice, int token);

#endif
