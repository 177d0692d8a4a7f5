/* unicode.h - the only door to utf8proc: UTF-8 in and out, categories, folding, clusters.
 *
 * Text inside the program is valid UTF-8; what comes from outside passes unicode_repair first. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNICODE_REPLACEMENT 0xFFFDu
#define UNICODE_MAX_BYTES 4 /* of one code point in UTF-8 */

/* Reads one code point from bytes[0..length), length > 0, into *code. Returns how many bytes it
 * took (at least 1); an invalid byte gives UNICODE_REPLACEMENT and 1. */
size_t unicode_decode(const char *bytes, size_t length, uint32_t *code);
/* Writes 1 to 4 bytes, returns how many. `code` must be a valid scalar value. */
size_t unicode_encode(uint32_t code, char out[UNICODE_MAX_BYTES]);

/* Byte offset of the first invalid byte, or `length` when all is valid UTF-8. */
size_t unicode_valid_prefix(const char *bytes, size_t length);
/* Adds the text with every invalid byte replaced by U+FFFD and NUL bytes dropped; returns how many
 * bytes were replaced. */
int unicode_repair(const char *bytes, size_t length, Buffer *out);

/* The same of a string, as a new one that the caller frees. */
char *unicode_repair_string(const char *text);

bool unicode_is_space(uint32_t code);         /* tab, newline, return, category Z* */
bool unicode_is_control(uint32_t code);       /* category C*, but not tab, newline, return */
bool unicode_is_punctuation(uint32_t code);   /* category P*, and every ASCII symbol */
bool unicode_is_letter(uint32_t code);        /* categories L* and N*: what a word is made of */
bool unicode_is_number(uint32_t code);        /* category N* */
bool unicode_is_mark(uint32_t code);          /* category Mn: accents */
bool unicode_is_combining(uint32_t code);     /* category M*: marks of all kinds */
bool unicode_is_right_to_left(uint32_t code); /* bidi class R or AL */

/* Cells of a monospaced terminal: 0, 1 or 2. */
int unicode_width(uint32_t code);

/* Lower-case form of one code point: full mapping (U+0130 gives two), at most 3 code points.
 * The one mapping that looks around, of a capital sigma that ends a word, is left to the caller. */
int unicode_lower(uint32_t code, uint32_t out[3]);
/* Has the character a case? Is it one that a rule about case looks through (a mark, an apostrophe)?
 * Unicode 15, section 3.13, D135 and D136. */
bool unicode_is_cased(uint32_t code);
bool unicode_is_case_ignorable(uint32_t code);
/* Canonical decomposition (NFD) of one code point, at most 18 code points; returns how many. Marks
 * are not reordered: the caller that compares sequences must do so over the whole text. */
int unicode_decompose(uint32_t code, uint32_t out[18]);
int unicode_combining_class(uint32_t code);

/* Unicode normalisation forms (UAX 15). */
typedef enum UnicodeForm {
    UNICODE_AS_IT_IS,
    UNICODE_NFC,
    UNICODE_NFD,
    UNICODE_NFKC,
    UNICODE_NFKD
} UnicodeForm;
/* Adds the text in that form; what can't be normalised is added as it is. */
void unicode_normalize(const char *bytes, size_t length, UnicodeForm form, Buffer *out);

/* The next / previous boundary of a user-perceived character (grapheme cluster) from `at`. */
size_t unicode_next_cluster(const char *text, size_t length, size_t at);
size_t unicode_previous_cluster(const char *text, size_t length, size_t at);
/* The end of the word to the right of `at`, the start of that to the left, as Ctrl+arrows go. */
size_t unicode_next_word(const char *text, size_t length, size_t at);
size_t unicode_previous_word(const char *text, size_t length, size_t at);

#endif
