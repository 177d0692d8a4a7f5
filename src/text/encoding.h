/* encoding.h - what the tokenizer made of one text or of a pair: the tokens in the order in which
 * the model sees them, each with its place in the source text.
 *
 * Plain data. All strings and arrays live in `arena` and die with encoding_free. */
#ifndef TEXT_ENCODING_H
#define TEXT_ENCODING_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Token {
    const char *piece; /* as in the vocabulary, "##" included */
    int32_t id;        /* in the vocabulary; -1 when it came from a file that does not say */
    int side;          /* 0: first text (A), 1: second text (B); the segment id of BERT */
    int start, end;    /* bytes [start, end) in text[side]; equal for [CLS] and [SEP] we added */
    int word;          /* index of the word in its side; -1 for special tokens */
    bool special;      /* [CLS], [SEP], [PAD]: structure, not text. [MASK] and [UNK] are text. */
} Token;

typedef struct Encoding {
    Arena arena;
    const char *text[2]; /* the source texts; text[1] is NULL when there is no pair */
    Token *tokens;       /* [count] */
    int count;
    int cut; /* tokens left out because the model has no positions for them */
} Encoding;

void encoding_free(Encoding *encoding); /* accepts NULL; frees the struct too */
Encoding *encoding_copy(const Encoding *encoding);

#endif
