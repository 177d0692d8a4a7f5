/* tokenizer.h - text to tokens, the way the model was taught. Opaque and immutable after opening:
 * several threads may encode with one tokenizer. */
#ifndef TEXT_TOKENIZER_H
#define TEXT_TOKENIZER_H

#include "base/error.h"
#include "text/encoding.h"

typedef struct Tokenizer Tokenizer;

/* Opens what a Hugging Face folder holds: vocab.txt or tokenizer.json, and tokenizer_config.json,
 * which is optional and has the last word (do_lower_case, strip_accents, tokenize_chinese_chars,
 * special and added tokens). Of both, vocab.txt is read, the quicker one; without a config
 * tokenizer.json is, because then only it says whether the model knows capitals. */
Tokenizer *tokenizer_open(const char *folder, Error *err);
/* Opens a single vocab.txt (defaults: uncased) or tokenizer.json by its path. */
Tokenizer *tokenizer_open_file(const char *path, Error *err);
void tokenizer_free(Tokenizer *tokenizer);

int tokenizer_vocab_size(const Tokenizer *tokenizer); /* one more than the largest id */
/* The piece with that id, lent; NULL when there is none. */
const char *tokenizer_piece(const Tokenizer *tokenizer, int id);
/* -1 when the vocabulary has no such piece. */
int tokenizer_find(const Tokenizer *tokenizer, const char *piece);
int tokenizer_mask_id(const Tokenizer *tokenizer); /* -1 when there is none */

/* [CLS] text [SEP] or [CLS] text [SEP] pair [SEP]; `pair` may be NULL. Text beyond `max_tokens` is
 * cut from the end of the longer side, and counted in Encoding.cut. A `max_tokens` without room for
 * text leaves the first special tokens, at least [CLS]. Special and added tokens that are written
 * in a text stay whole. The caller frees the result; never NULL. The texts must be valid UTF-8
 * (unicode_repair). */
Encoding *tokenizer_encode(const Tokenizer *tokenizer, const char *text, const char *pair,
                           int max_tokens);
/* The same without special tokens around it and without a limit (`headlight tokenize`). */
Encoding *tokenizer_encode_plain(const Tokenizer *tokenizer, const char *text);

#endif
