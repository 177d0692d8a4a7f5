/* wordpiece.h - BERT's tokenization of plain text: clean-up, CJK spacing, accents, lower case,
 * splitting at blanks and punctuation, then the longest pieces that the vocabulary has (Devlin et
 * al. 2019, with the WordPiece of Wu et al. 2016, section 4.1). */
#ifndef TEXT_WORDPIECE_H
#define TEXT_WORDPIECE_H

#include "text/encoding.h"
#include "text/vocabulary.h"

typedef struct WordPiece {
    Vocabulary vocabulary;
    bool clean;          /* drops control characters, makes every blank a space */
    bool split_cjk;      /* every CJK ideograph is a word of its own */
    bool strip_accents;
    bool lowercase;
    char prefix[16];     /* of a piece that continues a word: "##" */
    int max_characters;  /* of a word; longer ones are unknown */
    int unknown;         /* id of [UNK] */
} WordPiece;

/* A growing list of tokens; a zeroed one is empty, free(tokens) ends it. */
typedef struct TokenList {
    Token *tokens;
    int count, capacity;
} TokenList;

void wordpiece_add_token(TokenList *list, Token token);

/* Adds the tokens of text[start, end), with byte ranges in `text`. *word is the index of the next
 * word, and is counted on. Pieces are lent by the vocabulary. The text must be valid UTF-8. */
void wordpiece_split(const WordPiece *wordpiece, const char *text, size_t start, size_t end, int *word,
                     TokenList *list);

#endif
