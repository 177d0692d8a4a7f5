#include "text/unigram.h"

#include "base/base.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MARK "\xE2\x96\x81" /* U+2581 */

/* A word as it is looked up: normalised bytes, and the source bytes of each of its characters. */
typedef struct Place {
    int at;         /* byte of the word where the character begins */
    int start, end; /* bytes of the source */
} Place;

typedef struct Word {
    Buffer bytes;
    Place *places; /* [count + 1] */
    int count, capacity;
} Word;

void unigram_free(Unigram *unigram)
{
    free(unigram->scores);
    *unigram = (Unigram){0};
}

static void add_character(Word *word, const char *bytes, size_t length, int start, int end)
{
    if (word->count + 1 >= word->capacity) {
        word->capacity = word->capacity > 0 ? 2 * word->capacity : 32;
        word->places = mem_grow(word->places, (size_t)word->capacity, sizeof *word->places);
    }
    word->places[word->count++] = (Place){(int)word->bytes.length, start, end};
    buffer_add(&word->bytes, bytes, length);
}

/* ---- The likeliest pieces ---- */

typedef struct Cell {
    double score;
    int from, id; /* the piece that ends here begins at character `from` */
} Cell;

static void add_piece(const Unigram *u, const Vocabulary *vocabulary, const Word *word, int from,
                      int to, int id, int index, TokenList *list)
{
    int start = word->places[from].start, end = word->places[to - 1].end;
    Token *last = list->count > 0 ? &list->tokens[list->count - 1] : NULL;
    /* What is unknown stays together. */
    if (id == u->unknown && last != NULL && last->id == id && last->word == index) {
        last->end = max_int(end, last->end);
        return;
    }
    token_list_add(list, (Token){.piece = vocabulary_piece(vocabulary, id),
                                 .id = id,
                                 .start = start,
                                 .end = max_int(end, start),
                                 .word = index});
}

static void cut_word(const Unigram *u, const Vocabulary *vocabulary, Word *word, int index,
                     TokenList *list)
{
    int count = word->count;
    if (count == 0) { return; }
    word->places[count].at = (int)word->bytes.length;
    Cell *cells = mem_alloc((size_t)count + 1, sizeof *cells);
    for (int i = 0; i <= count; i++) { cells[i] = (Cell){-INFINITY, -1, -1}; }
    cells[0].score = 0;
    for (int from = 0; from < count; from++) {
        const char *start = word->bytes.bytes + word->places[from].at;
        bool alone = false; /* is there a piece of this character only? */
        for (int to = from + 1; to <= count; to++) {
            size_t length = (size_t)(word->places[to].at - word->places[from].at);
            if (length > vocabulary->longest) { break; }
            int id = vocabulary_find(vocabulary, start, length);
            if (id < 0 || id >= u->count || id == u->unknown || !isfinite(u->scores[id])) {
                continue;
            }
            alone = alone || to == from + 1;
            double score = cells[from].score + u->scores[id];
            if (cells[to].from < 0 || score > cells[to].score) {
                cells[to] = (Cell){score, from, id};
            }
        }
        double score = cells[from].score + u->unknown_score;
        if (!alone && (cells[from + 1].from < 0 || score > cells[from + 1].score)) {
            cells[from + 1] = (Cell){score, from, u->unknown};
        }
    }
    int *ends = mem_alloc((size_t)count + 1, sizeof *ends), pieces = 0;
    for (int at = count; at > 0; at = cells[at].from) { ends[pieces++] = at; }
    while (pieces-- > 0) {
        const Cell *cell = &cells[ends[pieces]];
        add_piece(u, vocabulary, word, cell->from, ends[pieces], cell->id, index, list);
    }
    free(ends);
    free(cells);
}

/* ---- Normalising ---- */

static const UnigramReplacement *replacement_at(const Unigram *u, const char *text, size_t length)
{
    for (int i = 0; i < u->replacement_count; i++) {
        size_t size = strlen(u->replacements[i].from);
        if (size > 0 && size <= length && memcmp(text, u->replacements[i].from, size) == 0) {
            return &u->replacements[i];
        }
    }
    return NULL;
}

typedef struct Splitter {
    const Unigram *u;
    const Vocabulary *vocabulary;
    Word word; /* the one under way; count 0: none */
    int *index;
    TokenList *list;
} Splitter;

static void end_word(Splitter *s)
{
    if (s->word.count > 1) { cut_word(s->u, s->vocabulary, &s->word, (*s->index)++, s->list); }
    s->word.count = 0;
    buffer_clear(&s->word.bytes);
}

/* What SentencePiece drops, and what it takes for a blank (its "nmt" rules). */
static bool is_dropped(uint32_t code)
{
    return (code >= 0x01 && code <= 0x08) || code == 0x0B || (code >= 0x0E && code <= 0x1F) ||
           code == 0x7F || code == 0x8F || code == 0x9F;
}

static bool is_blank(const Unigram *u, uint32_t code)
{
    bool nmt = code == 0x200B || code == 0x200C || code == 0x200E || code == 0x200F ||
               code == 0x2581 || code == 0xFEFF || code == 0xFFFD;
    return unicode_is_space(code) || code == 0x0C || code == 0x85 || (u->clean && nmt);
}

/* One cluster of the source as normalised characters, all with its range. */
static void add_cluster(Splitter *s, const char *bytes, size_t length, int start, int end)
{
    const Unigram *u = s->u;
    Buffer normal = {0};
    buffer_add(&normal, "", 0);
    unicode_normalize(bytes, length, u->form, &normal);
    for (size_t at = 0; at < normal.length;) {
        uint32_t code, lower[3];
        at += unicode_decode(normal.bytes + at, normal.length - at, &code);
        if ((u->strip_accents && unicode_is_combining(code)) || (u->clean && is_dropped(code))) {
            continue;
        }
        if (is_blank(u, code)) { /* one character can become several words */
            end_word(s);
            continue;
        }
        int count = 1;
        lower[0] = code;
        if (u->lowercase) { count = unicode_lower(code, lower); }
        if (s->word.count == 0) { add_character(&s->word, MARK, strlen(MARK), start, start); }
        for (int i = 0; i < count; i++) {
            char out[UNICODE_MAX_BYTES];
            add_character(&s->word, out, unicode_encode(lower[i], out), start, end);
        }
    }
    buffer_free(&normal);
}

void unigram_split(const Unigram *unigram, const Vocabulary *vocabulary, const char *text,
                   size_t start, size_t end, int *word, TokenList *list)
{
    Splitter s = {.u = unigram, .vocabulary = vocabulary, .index = word, .list = list};
    for (size_t at = start; at < end;) {
        const UnigramReplacement *replace = replacement_at(unigram, text + at, end - at);
        size_t next = replace != NULL ? at + strlen(replace->from)
                                      : min_size(unicode_next_cluster(text, end, at), end);
        const char *bytes = replace != NULL ? replace->to : text + at;
        size_t length = replace != NULL ? strlen(replace->to) : next - at;
        add_cluster(&s, bytes, length, (int)at, (int)next);
        at = next;
    }
    end_word(&s);
    buffer_free(&s.word.bytes);
    free(s.word.places);
}
