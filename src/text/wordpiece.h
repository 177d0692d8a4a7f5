/* wordpiece.h - BERT's tokenization of plain text: clean-up, CJK spacing, accents, lower case,
 * splitting at blanks and punctuation, then the longest pieces that the vocabulary has (Devlin et
 * al. 2019, with the WordPiece of Wu et al. 2016, section 4.1). Where implementations differ, this
 * follows the Python one that BERT was trained with: unassigned code points are dropped, and a
 * capital sigma that ends a word becomes a final one. */
#ifndef TEXT_WORDPIECE_H
#define TEXT_WORDPIECE_H

#include "text/token_list.h"
#include "text/vocabulary.h"

enum {
    WORDPIECE_PREFIX_BYTES = 16,   /* with the NUL */
    WORDPIECE_MAX_CHARACTERS = 400 /* the most that max_characters may be */
};

typedef struct WordPiece {
    Vocabulary vocabulary;
    bool clean;     /* drops control characters, makes every blank a space */
    bool split_cjk; /* every CJK ideograph is a word of its own */
    bool strip_accents;
    bool lowercase;
    char prefix[WORDPIECE_PREFIX_BYTES]; /* of a piece that continues a word: "##" */
    int max_characters;                  /* of a word; longer ones are unknown; BERT has 100 */
    int unknown;                         /* id of [UNK] */
} WordPiece;

/* Adds the tokens of text[start, end), with byte ranges in `text`. *word is the index of the next
 * word, and is counted on. Pieces are lent by the vocabulary. The text must be valid UTF-8.
 *
 * Ranges never go back. Pieces of one character (a Hangul syllable comes apart) share its range. A
 * character that the normalising drops belongs to no token, except an accent: it belongs to the
 * letter before it. */
void wordpiece_split(const WordPiece *wordpiece, const char *text, size_t start, size_t end,
                     int *word, TokenList *list);

#endif
