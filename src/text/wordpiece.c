#include "text/wordpiece.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <stdlib.h>
#include <string.h>

/* A character after normalising, with the bytes of the source that it came from. */
typedef struct Character {
    uint32_t code;
    int start, end;
} Character;

typedef struct Characters {
    Character *list;
    int count, capacity;
} Characters;

void wordpiece_add_token(TokenList *list, Token token)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        list->tokens = mem_grow(list->tokens, (size_t)list->capacity, sizeof *list->tokens);
    }
    list->tokens[list->count++] = token;
}

static void add_character(Characters *characters, uint32_t code, Character source)
{
    if (characters->count == characters->capacity) {
        characters->capacity = characters->capacity > 0 ? 2 * characters->capacity : 256;
        characters->list = mem_grow(characters->list, (size_t)characters->capacity, sizeof(Character));
    }
    characters->list[characters->count++] = (Character){code, source.start, source.end};
}

/* The blocks that the reference calls Chinese: ideographs, not kana or hangul. */
static bool is_cjk(uint32_t code)
{
    static const uint32_t blocks[][2] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF},
                                         {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF},
                                         {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
    for (size_t i = 0; i < COUNTOF(blocks); i++) {
        if (code >= blocks[i][0] && code <= blocks[i][1]) { return true; }
    }
    return false;
}

static void add_lower(const WordPiece *wordpiece, Characters *characters, uint32_t code, Character source)
{
    uint32_t lower[3] = {code, 0, 0};
    int count = wordpiece->lowercase ? unicode_lower(code, lower) : 1;
    for (int i = 0; i < count; i++) { add_character(characters, lower[i], source); }
}

/* Accents are decomposed and dropped before lower-casing, as the reference does it. */
static void add_normalized(const WordPiece *wordpiece, Characters *characters, Character source)
{
    if (!wordpiece->strip_accents) {
        add_lower(wordpiece, characters, source.code, source);
        return;
    }
    uint32_t parts[18];
    int count = unicode_decompose(source.code, parts);
    for (int i = 0; i < count; i++) {
        if (!unicode_is_mark(parts[i])) { add_lower(wordpiece, characters, parts[i], source); }
    }
}

static void normalize(const WordPiece *wordpiece, const char *text, size_t start, size_t end,
                      Characters *characters)
{
    for (size_t at = start; at < end;) {
        Character source = {.start = (int)at};
        at += unicode_decode(text + at, end - at, &source.code);
        source.end = (int)at;
        if (wordpiece->clean) {
            if (source.code == 0 || source.code == UNICODE_REPLACEMENT || unicode_is_control(source.code)) {
                continue;
            }
            if (unicode_is_space(source.code)) { source.code = ' '; }
        }
        bool apart = wordpiece->split_cjk && is_cjk(source.code);
        if (apart) { add_character(characters, ' ', source); }
        add_normalized(wordpiece, characters, source);
        if (apart) { add_character(characters, ' ', source); }
    }
}

/* A word as UTF-8, and where each of its characters begins in it; one more for the end. */
typedef struct Word {
    char *bytes;
    size_t *offsets;
    const Character *characters;
    int count;
} Word;

/* The longest piece that starts at character `from`: its id, and in *to the character behind it. */
static int longest_piece(const WordPiece *wordpiece, const Word *word, int from, int *to)
{
    char candidate[16 + 100 * UNICODE_MAX_BYTES];
    size_t prefix = from > 0 ? strlen(wordpiece->prefix) : 0;
    memcpy(candidate, wordpiece->prefix, prefix);
    size_t start = word->offsets[from], longest = word->offsets[word->count] - start;
    memcpy(candidate + prefix, word->bytes + start, longest);
    for (int end = word->count; end > from; end--) {
        int id = vocabulary_find(&wordpiece->vocabulary, candidate, prefix + word->offsets[end] - start);
        if (id >= 0) {
            *to = end;
            return id;
        }
    }
    return -1;
}

static void add_piece(const WordPiece *wordpiece, const Word *word, int from, int to, int id, int index,
                      TokenList *list)
{
    wordpiece_add_token(list, (Token){.piece = wordpiece->vocabulary.pieces[id],
                                      .id = id,
                                      .start = word->characters[from].start,
                                      .end = word->characters[to - 1].end,
                                      .word = index});
}

static void split_word(const WordPiece *wordpiece, const Word *word, int index, TokenList *list)
{
    int before = list->count;
    for (int from = 0; from < word->count;) {
        int to = from, id = longest_piece(wordpiece, word, from, &to);
        if (id < 0) { /* one part that is not there makes the whole word unknown */
            list->count = before;
            add_piece(wordpiece, word, 0, word->count, wordpiece->unknown, index, list);
            return;
        }
        add_piece(wordpiece, word, from, to, id, index, list);
        from = to;
    }
}

static void take_word(const WordPiece *wordpiece, const Character *characters, int count, int index,
                      TokenList *list)
{
    char bytes[100 * UNICODE_MAX_BYTES];
    size_t offsets[100 + 1] = {0};
    Word word = {bytes, offsets, characters, count};
    if (count > wordpiece->max_characters) {
        add_piece(wordpiece, &word, 0, count, wordpiece->unknown, index, list);
        return;
    }
    for (int i = 0; i < count; i++) {
        offsets[i + 1] = offsets[i] + unicode_encode(characters[i].code, bytes + offsets[i]);
    }
    split_word(wordpiece, &word, index, list);
}

void wordpiece_split(const WordPiece *wordpiece, const char *text, size_t start, size_t end, int *word,
                     TokenList *list)
{
    Characters characters = {0};
    normalize(wordpiece, text, start, end, &characters);
    for (int from = 0; from < characters.count;) {
        const Character *first = &characters.list[from];
        int to = from + 1;
        if (unicode_is_space(first->code)) {
            from = to;
            continue;
        }
        if (!unicode_is_punctuation(first->code)) {
            while (to < characters.count && !unicode_is_space(characters.list[to].code) &&
                   !unicode_is_punctuation(characters.list[to].code)) {
                to++;
            }
        }
        take_word(wordpiece, first, to - from, (*word)++, list);
        from = to;
    }
    free(characters.list);
}
