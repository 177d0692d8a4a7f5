/* bpe.h - byte-level byte-pair encoding, as GPT-2 and RoBERTa have it: Sennrich et al. 2016 (merges, the
 * earliest learned first), Radford et al. 2019, section 2.2 (over bytes, within words as their pattern
 * cuts them). Every byte is written as a printable character: a blank is U+0120. */
#ifndef TEXT_BPE_H
#define TEXT_BPE_H

#include "text/token_list.h"
#include "text/vocabulary.h"

typedef struct BpeMerge {
    uint32_t left, right; /* ids; left == UINT32_MAX: the slot is free */
    int rank, id;
} BpeMerge;

typedef struct Bpe {
    BpeMerge *slots; /* a hash table */
    size_t slot_count, used;
    int byte_id[256];  /* of single bytes; -1: the vocabulary has none */
    int unknown;       /* -1: none */
    bool prefix_space; /* as if a blank stood before every text */
} Bpe;

/* Looks up the pieces of single bytes; after that merges are added in the order of their learning. */
void bpe_begin(Bpe *bpe, const Vocabulary *vocabulary);
/* "left right" as in merges.txt; false when the vocabulary lacks one of the pieces. */
bool bpe_add_merge(Bpe *bpe, const Vocabulary *vocabulary, const char *left, size_t left_length,
                   const char *right, size_t right_length, int rank);
void bpe_free(Bpe *bpe);

/* Adds the tokens of text[start, end), with byte ranges in `text` (the blank before a word belongs to
 * none) and words counted on from *word. Pieces are lent by the vocabulary. Valid UTF-8. A piece that cuts
 * a character has the whole character's range. */
void bpe_split(const Bpe *bpe, const Vocabulary *vocabulary, const char *text, size_t start,
               size_t end, int *word, TokenList *list);

#endif
