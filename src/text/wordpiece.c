#include "text/wordpiece.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <stdlib.h>
#include <string.h>

#define CAPITAL_SIGMA 0x3A3u
#define FINAL_SIGMA 0x3C2u
#define FIRST_MARK 0x300u /* below it there is no combining character */

/* A character with the bytes of the source that it came from. */
typedef struct Character {
    uint32_t code;
    int start, end;
} Character;

typedef struct Characters {
    Character *list;
    int count, capacity;
} Characters;

/* What one call of wordpiece_split works with. */
typedef struct Splitter {
    const WordPiece *wordpiece;
    Characters run;    /* cleaned, between two blanks or ideographs */
    Characters normal; /* the same after lower-casing and accents */
    int word;
    TokenList *tokens;
} Splitter;

static void add_character(Characters *characters, uint32_t code, Character source)
{
    if (characters->count == characters->capacity) {
        characters->capacity = characters->capacity > 0 ? 2 * characters->capacity : 64;
        characters->list =
            mem_grow(characters->list, (size_t)characters->capacity, sizeof(Character));
    }
    characters->list[characters->count++] = (Character){code, source.start, source.end};
}

/* ---- A word into pieces ---------------------------------------------------------------------- */

/* A word as UTF-8, and where each of its characters begins in it; one more for the end. */
typedef struct Word {
    char bytes[WORDPIECE_MAX_CHARACTERS * UNICODE_MAX_BYTES];
    size_t offsets[WORDPIECE_MAX_CHARACTERS + 1];
    const Character *characters;
    int count;
} Word;

/* The longest piece that starts at character `from`: its id, and in *to the character behind it. */
static int longest_piece(const WordPiece *wordpiece, const Word *word, int from, int *to)
{
    char candidate[WORDPIECE_PREFIX_BYTES + sizeof word->bytes];
    const Vocabulary *vocabulary = &wordpiece->vocabulary;
    size_t prefix = from > 0 ? strlen(wordpiece->prefix) : 0;
    memcpy(candidate, wordpiece->prefix, prefix);
    size_t start = word->offsets[from], rest = word->offsets[word->count] - start;
    memcpy(candidate + prefix, word->bytes + start, min_size(rest, vocabulary->longest));
    for (int end = word->count; end > from; end--) {
        size_t length = prefix + word->offsets[end] - start;
        if (length > vocabulary->longest) { continue; }
        int id = vocabulary_find(vocabulary, candidate, length);
        if (id >= 0) {
            *to = end;
            return id;
        }
    }
    return -1;
}

static void add_piece(Splitter *splitter, const Character *first, const Character *last, int id)
{
    const char *piece = vocabulary_piece(&splitter->wordpiece->vocabulary, id);
    token_list_add(splitter->tokens, (Token){.piece = piece,
                                             .id = id,
                                             .start = first->start,
                                             .end = last->end,
                                             .word = splitter->word});
}

/* One part that the vocabulary does not have makes the whole word unknown. */
static bool add_pieces(Splitter *splitter, const Word *word)
{
    int before = splitter->tokens->count;
    for (int from = 0, to = 0; from < word->count; from = to) {
        int id = longest_piece(splitter->wordpiece, word, from, &to);
        if (id < 0) {
            splitter->tokens->count = before;
            return false;
        }
        add_piece(splitter, &word->characters[from], &word->characters[to - 1], id);
    }
    return true;
}

static void take_word(Splitter *splitter, const Character *characters, int count)
{
    Word word; /* too large to be cleared for every word */
    word.characters = characters;
    word.count = count;
    word.offsets[0] = 0;
    bool known = count <= splitter->wordpiece->max_characters;
    for (int i = 0; known && i < count; i++) {
        char *at = word.bytes + word.offsets[i];
        word.offsets[i + 1] = word.offsets[i] + unicode_encode(characters[i].code, at);
    }
    if (!known || !add_pieces(splitter, &word)) {
        add_piece(splitter, characters, &characters[count - 1], splitter->wordpiece->unknown);
    }
    splitter->word++;
}

/* ---- Normalising ----------------------------------------------------------------------------- */

/* Is the sigma the last letter of a word of several? Unicode 15, section 3.13, Final_Sigma. */
static bool is_final_sigma(const Characters *run, int at)
{
    int left = at - 1, right = at + 1;
    while (left >= 0 && unicode_is_case_ignorable(run->list[left].code)) { left--; }
    while (right < run->count && unicode_is_case_ignorable(run->list[right].code)) { right++; }
    return left >= 0 && unicode_is_cased(run->list[left].code) &&
           (right == run->count || !unicode_is_cased(run->list[right].code));
}

/* The lower-case form of run[at], at most 3 code points. */
static int lower(const WordPiece *wordpiece, const Characters *run, int at, uint32_t out[3])
{
    out[0] = run->list[at].code;
    if (!wordpiece->lowercase) { return 1; }
    if (out[0] == CAPITAL_SIGMA && is_final_sigma(run, at)) {
        out[0] = FINAL_SIGMA;
        return 1;
    }
    return unicode_lower(out[0], out);
}

static void add_decomposed(Characters *normal, uint32_t code, Character source)
{
    uint32_t parts[18];
    int count = unicode_decompose(code, parts);
    for (int i = 0; i < count; i++) { add_character(normal, parts[i], source); }
}

/* Sorts marks[0, count) by their combining class, equal ones in the order in which they stand. They
 * share one range then, so that ranges never go back. */
static void sort_marks(Character *marks, int count)
{
    int places[257] = {0};
    Character *copy = mem_alloc((size_t)count, sizeof *copy);
    int start = marks[0].start, end = marks[count - 1].end;
    memcpy(copy, marks, (size_t)count * sizeof *copy);
    for (int i = 0; i < count; i++) { places[unicode_combining_class(copy[i].code) + 1]++; }
    for (int i = 0; i < 256; i++) { places[i + 1] += places[i]; }
    for (int i = 0; i < count; i++) {
        int place = places[unicode_combining_class(copy[i].code)]++;
        marks[place] = (Character){copy[i].code, start, end};
    }
    free(copy);
}

/* The canonical order of marks (Unicode 15, section 3.11, D109). Of those whose order changes
 * nearly all are accents, which are dropped afterwards; runs of nothing else stay as they are. */
static void order_marks(Characters *normal)
{
    for (int from = 0, to; from < normal->count; from = to + 1) {
        bool sorted = true, stays = false;
        int last = 0;
        for (to = from; to < normal->count; to++) {
            uint32_t code = normal->list[to].code;
            int rank = code < FIRST_MARK ? 0 : unicode_combining_class(code);
            if (rank == 0) { break; }
            sorted = sorted && rank >= last;
            stays = stays || !unicode_is_mark(code);
            last = rank;
        }
        if (!sorted && stays) { sort_marks(&normal->list[from], to - from); }
    }
}

static void drop_accents(Characters *normal)
{
    int kept = 0;
    for (int i = 0; i < normal->count; i++) {
        Character character = normal->list[i];
        if (character.code < FIRST_MARK || !unicode_is_mark(character.code)) {
            normal->list[kept++] = character;
        } else if (kept > 0) {
            normal->list[kept - 1].end = character.end;
        }
    }
    normal->count = kept;
}

static void normalize(Splitter *splitter)
{
    const Characters *run = &splitter->run;
    Characters *normal = &splitter->normal;
    bool strip = splitter->wordpiece->strip_accents;
    normal->count = 0;
    for (int at = 0; at < run->count; at++) {
        uint32_t parts[3];
        int count = lower(splitter->wordpiece, run, at, parts);
        for (int i = 0; i < count; i++) {
            if (strip && parts[i] >= 0x80) {
                add_decomposed(normal, parts[i], run->list[at]);
            } else {
                add_character(normal, parts[i], run->list[at]);
            }
        }
    }
    if (strip) {
        order_marks(normal);
        drop_accents(normal);
    }
}

/* ---- Text into words ------------------------------------------------------------------------- */

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

static bool is_dropped(uint32_t code)
{
    return code == UNICODE_REPLACEMENT || unicode_is_control(code);
}

/* What stands between two blanks: normalised, then split at punctuation. Normalising comes first
 * because it can make punctuation of what was none (U+037E becomes a semicolon). */
static void take_run(Splitter *splitter)
{
    if (splitter->run.count == 0) { return; }
    normalize(splitter);
    splitter->run.count = 0;
    const Characters *normal = &splitter->normal;
    for (int from = 0, to; from < normal->count; from = to) {
        to = from + 1;
        if (!unicode_is_punctuation(normal->list[from].code)) {
            while (to < normal->count && !unicode_is_punctuation(normal->list[to].code)) { to++; }
        }
        take_word(splitter, &normal->list[from], to - from);
    }
}

void wordpiece_split(const WordPiece *wordpiece, const char *text, size_t start, size_t end,
                     int *word, TokenList *list)
{
    Splitter splitter = {.wordpiece = wordpiece, .word = *word, .tokens = list};
    for (size_t at = start; at < end;) {
        Character source = {.start = (int)at};
        at += unicode_decode(text + at, end - at, &source.code);
        source.end = (int)at;
        if (wordpiece->clean && is_dropped(source.code)) { continue; }
        bool blank = unicode_is_space(source.code);
        bool apart = wordpiece->split_cjk && is_cjk(source.code);
        if (blank || apart) { take_run(&splitter); }
        if (!blank) { add_character(&splitter.run, source.code, source); }
        if (apart) { take_run(&splitter); }
    }
    take_run(&splitter);
    *word = splitter.word;
    free(splitter.run.list);
    free(splitter.normal.list);
}
