#include "model/trace_places.h"

#include "base/base.h"
#include "base/buffer.h"
#include "base/unicode.h"

#include <string.h>

#define MAX_SKIP 128 /* code points between two tokens that no token stands for */

/* The part of a piece that stands in the text: without the marks by which tokenizers say that it
 * continues a word ("##" of WordPiece) or starts one (U+0120 of BPE, U+2581 of SentencePiece). */
static const char *bare_piece(const char *piece)
{
    static const char *const marks[] = {"##", "\xC4\xA0", "\xE2\x96\x81"};
    for (size_t i = 0; i < COUNTOF(marks); i++) {
        size_t length = strlen(marks[i]);
        bool marked = strncmp(piece, marks[i], length) == 0;
        if (marked && piece[length] != '\0') { return piece + length; }
    }
    return piece;
}

bool trace_places_is_special(const char *piece)
{
    static const char *const special[] = {"[CLS]", "[SEP]",         "[PAD]", "<s>",   "</s>",
                                          "<pad>", "<|endoftext|>", "<EOS>", "<bos>", "<eos>"};
    for (size_t i = 0; i < COUNTOF(special); i++) {
        if (strcmp(piece, special[i]) == 0) { return true; }
    }
    return false;
}

static bool begins_marked(const char *piece)
{
    return strncmp(piece, "\xC4\xA0", 2) == 0 || strncmp(piece, "\xE2\x96\x81", 3) == 0;
}

static bool begins_with_sign(const char *piece)
{
    uint32_t code = 0;
    size_t length = strlen(piece);
    if (length > 0) { unicode_decode(piece, length, &code); }
    return unicode_is_punctuation(code);
}

/* Some pieces say that they go on ("##"), others that they begin (then those without a mark go on). */
static bool continues_word(const Encoding *encoding, int index, bool marked)
{
    const Token *token = &encoding->tokens[index];
    if (strncmp(token->piece, "##", 2) == 0) { return true; }
    if (index == 0 || encoding->tokens[index - 1].special || begins_marked(token->piece) ||
        begins_with_sign(token->piece) || begins_with_sign(encoding->tokens[index - 1].piece)) {
        return false;
    }
    return marked;
}

static bool has_marks(const Encoding *encoding)
{
    for (int i = 0; i < encoding->count; i++) {
        if (begins_marked(encoding->tokens[i].piece)) { return true; }
    }
    return false;
}

/* A text read as lower-case base letters without accents: so pieces of a lower-casing tokenizer
 * are found in the text as it was typed. */
typedef struct Folded {
    const char *text;
    size_t length, at;  /* `at`: the next byte that was not decoded yet */
    uint32_t codes[54]; /* 18 code points of a decomposition, each up to 3 in lower case */
    int count, next;    /* codes[next..count) were not given out yet */
} Folded;

/* Decodes one character into `codes`: none when it is a combining mark. */
static void fold_character(Folded *folded)
{
    uint32_t code, parts[18], lower[3];
    folded->at += unicode_decode(folded->text + folded->at, folded->length - folded->at, &code);
    folded->count = folded->next = 0;
    int part_count = unicode_decompose(code, parts);
    for (int i = 0; i < part_count; i++) {
        if (unicode_is_mark(parts[i])) { continue; }
        int lower_count = unicode_lower(parts[i], lower);
        for (int k = 0; k < lower_count; k++) { folded->codes[folded->count++] = lower[k]; }
    }
}

/* The next code point, 0 at the end. */
static uint32_t next_folded(Folded *folded)
{
    while (folded->next == folded->count) {
        if (folded->at >= folded->length) { return 0; }
        fold_character(folded);
    }
    return folded->codes[folded->next++];
}

/* The end of `piece` when it stands at text[at], else `at`. */
static size_t match_piece(const char *text, size_t length, size_t at, const char *piece)
{
    Folded here = {.text = text, .length = length, .at = at};
    Folded wanted = {.text = piece, .length = strlen(piece)};
    uint32_t code;
    while ((code = next_folded(&wanted)) != 0) {
        if (next_folded(&here) != code) { return at; }
    }
    if (here.next != here.count) { return at; } /* ends within a character such as a ligature */
    return here.at;
}

/* The end of the word that an unknown token stands for: a run of letters, or one sign. */
static size_t word_end(const char *text, size_t length, size_t at)
{
    size_t end = at;
    while (end < length) {
        uint32_t code;
        size_t bytes = unicode_decode(text + end, length - end, &code);
        bool sign = unicode_is_punctuation(code);
        if (unicode_is_space(code) || (sign && end > at)) { break; }
        end += bytes;
        if (sign) { break; }
    }
    return end;
}

/* Sets start and end of one token at or after text[at]; both at `at` when it is not found. */
static void place_token(const char *text, size_t length, size_t at, Token *token)
{
    const char *piece = bare_piece(token->piece);
    bool unknown = strcmp(piece, "[UNK]") == 0 || strcmp(piece, "<unk>") == 0;
    size_t start = at, end = at;
    for (int skipped = 0; start < length && skipped < MAX_SKIP; skipped++) {
        uint32_t code;
        size_t bytes = unicode_decode(text + start, length - start, &code);
        end = match_piece(text, length, start, piece);
        if (end == start && unknown && !unicode_is_space(code)) {
            end = word_end(text, length, start);
        }
        if (end > start) { break; }
        start += bytes;
    }
    bool found = end > start;
    token->start = (int)(found ? start : at);
    token->end = (int)(found ? end : at);
}

const char *trace_places_lay_out(Encoding *encoding, int side)
{
    Buffer text = {0};
    bool marked = has_marks(encoding);
    for (int i = 0; i < encoding->count; i++) {
        const Token *token = &encoding->tokens[i];
        if (token->side != side || token->special) { continue; }
        if (text.length > 0 && !continues_word(encoding, i, marked)) {
            buffer_add_string(&text, " ");
        }
        buffer_add_string(&text, bare_piece(token->piece));
    }
    const char *copy = arena_copy(&encoding->arena, text.bytes, text.length);
    buffer_free(&text);
    return copy;
}

void trace_places_find(Encoding *encoding, int side)
{
    const char *text = encoding->text[side];
    size_t length = strlen(text), at = 0;
    int word = -1;
    bool marked = has_marks(encoding);
    for (int i = 0; i < encoding->count; i++) {
        Token *token = &encoding->tokens[i];
        if (token->side != side) { continue; }
        token->start = token->end = (int)at;
        token->word = -1;
        if (token->special) { continue; }
        place_token(text, length, at, token);
        at = (size_t)token->end;
        if (!continues_word(encoding, i, marked) || word < 0) { word++; }
        token->word = word;
    }
}
