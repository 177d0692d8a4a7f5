/* unigram.h - the unigram language model of SentencePiece (Kudo 2018): of all ways to cut a word into
 * pieces the likeliest one.
 *
 * Before that the text is normalised. SentencePiece has its own table for that ("Precompiled"), which is
 * NFKC with some characters dropped and all blanks made alike; here it is exactly that, so that rare
 * characters may differ from the original. */
#ifndef TEXT_UNIGRAM_H
#define TEXT_UNIGRAM_H

#include "base/unicode.h"
#include "text/token_list.h"
#include "text/vocabulary.h"

enum { UNIGRAM_MAX_REPLACEMENTS = 8 };

typedef struct UnigramReplacement {
    const char *from, *to;
} UnigramReplacement;

typedef struct Unigram {
    double *scores; /* [vocabulary size]: log probability of a piece */
    int count;
    double unknown_score; /* of a character without a piece */
    int unknown;          /* id */
    UnicodeForm form;
    bool lowercase, strip_accents, clean;
    UnigramReplacement replacements[UNIGRAM_MAX_REPLACEMENTS]; /* before everything else */
    int replacement_count;
} Unigram;

void unigram_free(Unigram *unigram);

/* Adds the tokens of text[start, end), with byte ranges in `text` and words counted on from *word; the
 * mark U+2581 that begins a word stands for no byte. Pieces are lent by the vocabulary. Valid UTF-8. */
void unigram_split(const Unigram *unigram, const Vocabulary *vocabulary, const char *text,
                   size_t start, size_t end, int *word, TokenList *list);

#endif
