#include "text/tokenizer_parts.h"

#include "base/base.h"
#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES (INT_MAX / 2) /* of a text that are looked at: places in it are ints */

void tokenizer_free(Tokenizer *tokenizer)
{
    if (tokenizer == NULL) { return; }
    vocabulary_free(&tokenizer->wordpiece.vocabulary);
    bpe_free(&tokenizer->bpe);
    unigram_free(&tokenizer->unigram);
    arena_free(&tokenizer->arena);
    free(tokenizer->wholes);
    free(tokenizer);
}

int tokenizer_vocab_size(const Tokenizer *tokenizer)
{
    return tokenizer->wordpiece.vocabulary.size;
}

const char *tokenizer_piece(const Tokenizer *tokenizer, int id)
{
    return vocabulary_piece(&tokenizer->wordpiece.vocabulary, id);
}

int tokenizer_find(const Tokenizer *tokenizer, const char *piece)
{
    return vocabulary_find(&tokenizer->wordpiece.vocabulary, piece, strlen(piece));
}

int tokenizer_mask_id(const Tokenizer *tokenizer) { return tokenizer->special_id[ROLE_MASK]; }

/* ---- Encoding -------------------------------------------------------------------------------- */

static bool is_structure(const Tokenizer *tokenizer, int id)
{
    return id == tokenizer->special_id[ROLE_CLS] || id == tokenizer->special_id[ROLE_SEP] ||
           id == tokenizer->special_id[ROLE_PAD];
}

/* The bytes of a text that are looked at: all of them, unless there is more than a gigabyte. */
static size_t text_length(const char *text)
{
    size_t length = strlen(text);
    if (length <= TEXT_BYTES) { return length; }
    length = TEXT_BYTES;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) { length--; }
    return length;
}

static const Whole *whole_at(const Tokenizer *tokenizer, const char *text)
{
    unsigned char byte = (unsigned char)text[0];
    for (int i = tokenizer->first_whole[byte]; i < tokenizer->first_whole[byte + 1]; i++) {
        const Whole *whole = &tokenizer->wholes[i];
        if (strncmp(text, whole->text, whole->length) == 0) { return whole; }
    }
    return NULL;
}

static void split_part(const Tokenizer *tokenizer, const char *text, size_t start, size_t end,
                       int *word, TokenList *list)
{
    const Vocabulary *vocabulary = &tokenizer->wordpiece.vocabulary;
    switch (tokenizer->kind) {
    case TOKENIZER_WORDPIECE:
        wordpiece_split(&tokenizer->wordpiece, text, start, end, word, list);
        break;
    case TOKENIZER_BPE: bpe_split(&tokenizer->bpe, vocabulary, text, start, end, word, list); break;
    case TOKENIZER_UNIGRAM:
        unigram_split(&tokenizer->unigram, vocabulary, text, start, end, word, list);
        break;
    }
}

/* What stays whole is taken out first; what stands between is split. */
static void split_text(const Tokenizer *tokenizer, const char *text, TokenList *list)
{
    size_t length = text_length(text), start = 0;
    int word = 0;
    for (size_t at = 0; at < length;) {
        const Whole *whole = whole_at(tokenizer, text + at);
        if (whole == NULL) {
            at++;
            continue;
        }
        size_t before = at;
        while (whole->eats_blanks && before > start &&
               strchr(" \t\r\n", text[before - 1]) != NULL) {
            before--;
        }
        split_part(tokenizer, text, start, before, &word, list);
        bool structure = is_structure(tokenizer, whole->id);
        start = at + whole->length;
        token_list_add(list, (Token){.piece = tokenizer_piece(tokenizer, whole->id),
                                     .id = whole->id,
                                     .start = (int)at,
                                     .end = (int)start,
                                     .word = structure ? -1 : word++,
                                     .special = structure});
        at = start;
    }
    if (start < length) { split_part(tokenizer, text, start, length, &word, list); }
}

/* Pieces are copied: an encoding outlives the model that it came from. */
static void append(Encoding *encoding, const Token *tokens, int count, int side)
{
    for (int i = 0; i < count; i++) {
        Token *to = &encoding->tokens[encoding->count++];
        *to = tokens[i];
        to->piece = arena_copy_string(&encoding->arena, tokens[i].piece);
        to->side = side;
    }
}

/* [CLS] stands before the text of its side, [SEP] behind it. */
static void append_special(const Tokenizer *tokenizer, Encoding *encoding, Role role, int side)
{
    int id = tokenizer->special_id[role];
    int place = role == ROLE_CLS ? 0 : (int)text_length(encoding->text[side]);
    Token token = {.piece = tokenizer_piece(tokenizer, id),
                   .id = id,
                   .start = place,
                   .end = place,
                   .word = -1,
                   .special = true};
    append(encoding, &token, 1, side);
}

static Encoding *new_encoding(const char *text, const char *pair, int most)
{
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->text[0] = arena_copy_string(&encoding->arena, text);
    if (pair != NULL) { encoding->text[1] = arena_copy_string(&encoding->arena, pair); }
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)most, sizeof(Token));
    return encoding;
}

Encoding *tokenizer_encode(const Tokenizer *tokenizer, const char *text, const char *pair,
                           int max_tokens)
{
    TokenList lists[2] = {{0}, {0}};
    split_text(tokenizer, text, &lists[0]);
    if (pair != NULL) { split_text(tokenizer, pair, &lists[1]); }
    int added = pair == NULL ? 2 : tokenizer->two_separators ? 4 : 3;
    int keep[2] = {lists[0].count, lists[1].count};
    int room = max_int(max_int(max_tokens, 0) - added, 0);
    while (keep[0] + keep[1] > room) { keep[keep[0] >= keep[1] ? 0 : 1]--; }

    Encoding *encoding = new_encoding(text, pair, keep[0] + keep[1] + added);
    encoding->cut = lists[0].count + lists[1].count - keep[0] - keep[1];
    append_special(tokenizer, encoding, ROLE_CLS, 0);
    append(encoding, lists[0].tokens, keep[0], 0);
    append_special(tokenizer, encoding, ROLE_SEP, 0);
    if (pair != NULL && tokenizer->two_separators) {
        append_special(tokenizer, encoding, ROLE_SEP, 0);
    }
    if (pair != NULL) {
        append(encoding, lists[1].tokens, keep[1], 1);
        append_special(tokenizer, encoding, ROLE_SEP, 1);
    }
    encoding->count = min_int(encoding->count, max_int(max_tokens, 1));
    free(lists[0].tokens);
    free(lists[1].tokens);
    return encoding;
}

Encoding *tokenizer_encode_plain(const Tokenizer *tokenizer, const char *text)
{
    TokenList list = {0};
    split_text(tokenizer, text, &list);
    Encoding *encoding = new_encoding(text, NULL, list.count);
    append(encoding, list.tokens, list.count, 0);
    free(list.tokens);
    return encoding;
}
