/* rank.h - find the head: all heads of a trace ordered by how strongly one word looks at another. */
#ifndef ANALYSIS_RANK_H
#define ANALYSIS_RANK_H

#include "model/trace.h"

/* Tokens [first, last) of an encoding: one token, or the pieces of one word. */
typedef struct TokenSpan {
    int first, last;
} TokenSpan;

typedef struct RankedHead {
    int layer, head;
    float weight;
} RankedHead;

/* The pieces of a word of the text, whatever the case: its last occurrence, or with "it#2" the second
 * one. Special tokens are found by their piece, "[SEP]". False when there is none. */
bool rank_find_word(const Encoding *text, const char *word, TokenSpan *span);

/* ranked [layers * heads], strongest first. The weight between words is the mean over the pieces of
 * `from` of the sum over the pieces of `to`; NaN counts as 0. Returns layers * heads. */
int rank_heads(const Trace *trace, AttentionKind kind, TokenSpan from, TokenSpan to,
               RankedHead *ranked);

#endif
