/* tokenizer_parts.h - the tokenizer from inside: what opening (tokenizer_open.c) fills and encoding
 * (tokenizer.c) reads. Only these include it. */
#ifndef TEXT_TOKENIZER_PARTS_H
#define TEXT_TOKENIZER_PARTS_H

#include "text/bpe.h"
#include "text/tokenizer.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

typedef enum Role { ROLE_PAD, ROLE_UNK, ROLE_CLS, ROLE_SEP, ROLE_MASK, ROLES } Role;

typedef enum TokenizerKind { TOKENIZER_WORDPIECE, TOKENIZER_BPE, TOKENIZER_UNIGRAM } TokenizerKind;

/* A piece that stays whole where it is written in a text, whatever stands around it. */
typedef struct Whole {
    const char *text;
    size_t length;
    int id;
    bool eats_blanks; /* those before it belong to nobody */
} Whole;

struct Tokenizer {
    Arena arena; /* strings */
    TokenizerKind kind;
    WordPiece wordpiece; /* holds the vocabulary, whatever the kind */
    Bpe bpe;
    Unigram unigram;
    bool two_separators;        /* between the sentences of a pair, as RoBERTa has it */
    const char *special[ROLES]; /* how they are written */
    int special_id[ROLES];      /* -1: not in the vocabulary */
    Whole *wholes;              /* sorted by first byte, then longest first */
    int whole_count, whole_capacity;
    int first_whole[257]; /* those that begin with byte b: from [b] to before [b + 1] */
};

#endif
