#include "text/bpe.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
/* A longer run without a blank is cut: merging takes quadratic time. */
enum { MOST_BYTES = 4096 };

/* ---- Bytes as characters (Radford et al. 2019) ---- */

/* Printable bytes stand for themselves, the others for the characters from U+0100 on. */
static uint32_t character_of(int byte)
{
    bool plain = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    if (plain) { return (uint32_t)byte; }
    uint32_t before = 0;
    for (int other = 0; other < byte; other++) {
        bool kept =
            (other >= '!' && other <= '~') || (other >= 0xA1 && other <= 0xAC) || other >= 0xAE;
        before += !kept;
    }
    return 0x100 + before;
}

/* ---- Merges ---- */

static size_t slot_of(const Bpe *bpe, uint32_t left, uint32_t right)
{
    uint64_t hash = ((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(hash >> 20) & (bpe->slot_count - 1);
    while (bpe->slots[at].left != NONE &&
           (bpe->slots[at].left != left || bpe->slots[at].right != right)) {
        at = (at + 1) & (bpe->slot_count - 1);
    }
    return at;
}

static void grow(Bpe *bpe)
{
    BpeMerge *old = bpe->slots;
    size_t count = bpe->slot_count;
    bpe->slot_count = count > 0 ? 2 * count : 1024;
    bpe->slots = mem_alloc(bpe->slot_count, sizeof *bpe->slots);
    for (size_t i = 0; i < bpe->slot_count; i++) { bpe->slots[i].left = NONE; }
    for (size_t i = 0; i < count; i++) {
        if (old[i].left != NONE) { bpe->slots[slot_of(bpe, old[i].left, old[i].right)] = old[i]; }
    }
    free(old);
}

void bpe_begin(Bpe *bpe, const Vocabulary *vocabulary)
{
    for (int byte = 0; byte < 256; byte++) {
        char piece[UNICODE_MAX_BYTES];
        size_t length = unicode_encode(character_of(byte), piece);
        bpe->byte_id[byte] = vocabulary_find(vocabulary, piece, length);
    }
}

bool bpe_add_merge(Bpe *bpe, const Vocabulary *vocabulary, const char *left, size_t left_length,
                   const char *right, size_t right_length, int rank)
{
    int a = vocabulary_find(vocabulary, left, left_length);
    int b = vocabulary_find(vocabulary, right, right_length);
    char *both = mem_alloc(left_length + right_length + 1, 1);
    memcpy(both, left, left_length);
    memcpy(both + left_length, right, right_length);
    int id = vocabulary_find(vocabulary, both, left_length + right_length);
    free(both);
    if (a < 0 || b < 0 || id < 0) { return false; }
    if (2 * bpe->used >= bpe->slot_count) { grow(bpe); }
    size_t at = slot_of(bpe, (uint32_t)a, (uint32_t)b);
    if (bpe->slots[at].left != NONE) { return true; } /* the earlier one counts */
    bpe->slots[at] = (BpeMerge){(uint32_t)a, (uint32_t)b, rank, id};
    bpe->used++;
    return true;
}

void bpe_free(Bpe *bpe)
{
    free(bpe->slots);
    *bpe = (Bpe){0};
}

/* ---- One word ---- */

typedef struct Symbol {
    int id, start, end; /* bytes of the word */
} Symbol;

/* The lowest-ranked pair of neighbours is merged until none is left. Returns how many symbols remain. */
static int merge_all(const Bpe *bpe, Symbol *symbols, int count)
{
    while (count > 1 && bpe->slot_count > 0) {
        int best = -1;
        const BpeMerge *found = NULL;
        for (int i = 0; i + 1 < count; i++) {
            if (symbols[i].id < 0 || symbols[i + 1].id < 0) { continue; }
            const BpeMerge *merge =
                &bpe->slots[slot_of(bpe, (uint32_t)symbols[i].id, (uint32_t)symbols[i + 1].id)];
            if (merge->left != NONE && (found == NULL || merge->rank < found->rank)) {
                found = merge;
                best = i;
            }
        }
        if (best < 0) { break; }
        int left = symbols[best].id, right = symbols[best + 1].id, to = 0;
        for (int i = 0; i < count; i++) { /* everywhere at once, from the left */
            bool here = i + 1 < count && symbols[i].id == left && symbols[i + 1].id == right;
            symbols[to] = symbols[i];
            if (here) {
                symbols[to].id = found->id;
                symbols[to].end = symbols[i + 1].end;
                i++;
            }
            to++;
        }
        count = to;
    }
    return count;
}

/* The character that the byte belongs to. */
static size_t character_start(const char *text, size_t at)
{
    while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80) { at--; }
    return at;
}

static size_t character_end(const char *text, size_t at, size_t end)
{
    while (at < end && ((unsigned char)text[at] & 0xC0) == 0x80) { at++; }
    return at;
}

/* The bytes text[start, end), with a blank before them that is not there if `blank`. */
static void split_word(const Bpe *bpe, const Vocabulary *vocabulary, const char *text, size_t start,
                       size_t end, bool blank, int word, TokenList *list)
{
    Symbol symbols[MOST_BYTES + 1];
    int count = 0;
    if (blank) { symbols[count++] = (Symbol){bpe->byte_id[' '], -1, 0}; }
    for (size_t at = start; at < end; at++) {
        int place = (int)(at - start);
        symbols[count++] = (Symbol){bpe->byte_id[(unsigned char)text[at]], place, place + 1};
    }
    count = merge_all(bpe, symbols, count);
    for (int i = 0; i < count; i++) {
        int id = symbols[i].id >= 0 ? symbols[i].id : bpe->unknown;
        if (id < 0) { continue; }
        size_t from = start + (size_t)max_int(symbols[i].start, 0),
               to = start + (size_t)symbols[i].end;
        while (from < to && (text[from] == ' ')) { from++; }
        from = character_start(text, from);
        token_list_add(list, (Token){.piece = vocabulary_piece(vocabulary, id),
                                     .id = id,
                                     .start = (int)from,
                                     .end = (int)character_end(text, to > from ? to : from, end),
                                     .word = word});
    }
}

/* ---- The pattern: 's 't 're 've 'm 'll 'd | blank? letters | blank? digits | blank? others | blanks ---- */

typedef enum Class { CLASS_BLANK, CLASS_LETTER, CLASS_NUMBER, CLASS_OTHER } Class;

static Class class_of(uint32_t code)
{
    if (unicode_is_space(code) || code == 0x0B || code == 0x0C || code == 0x85) {
        return CLASS_BLANK;
    }
    if (unicode_is_number(code)) { return CLASS_NUMBER; }
    return unicode_is_letter(code) ? CLASS_LETTER : CLASS_OTHER;
}

static Class class_at(const char *text, size_t at, size_t end, size_t *next)
{
    uint32_t code;
    *next = at + unicode_decode(text + at, end - at, &code);
    return class_of(code);
}

static size_t contraction(const char *text, size_t at, size_t end)
{
    static const char *const endings[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    for (size_t i = 0; i < COUNTOF(endings); i++) {
        size_t length = strlen(endings[i]);
        if (end - at >= length && memcmp(text + at, endings[i], length) == 0) { return length; }
    }
    return 0;
}

static size_t run_end(const char *text, size_t at, size_t end, Class class)
{
    size_t next;
    while (at < end && class_at(text, at, end, &next) == class) { at = next; }
    return at;
}

/* The end of the part that begins at `at`. */
static size_t part_end(const char *text, size_t at, size_t end)
{
    size_t next, length = contraction(text, at, end);
    if (length > 0) { return at + length; }
    Class class = class_at(text, at, end, &next);
    if (class != CLASS_BLANK) { return run_end(text, at, end, class); }
    if (text[at] == ' ' && next < end) {
        size_t after;
        Class follows = class_at(text, next, end, &after);
        if (follows != CLASS_BLANK) { return run_end(text, next, end, follows); }
    }
    size_t blanks = run_end(text, at, end, CLASS_BLANK);
    if (blanks == end) { return end; }
    size_t last = blanks; /* the last blank is left for the word behind it */
    do {
        last--;
    } while (((unsigned char)text[last] & 0xC0) == 0x80);
    return last > at ? last : blanks;
}

static bool is_letters(const char *text, size_t at, size_t end)
{
    size_t next;
    if (at < end && text[at] == ' ') { at++; }
    Class class = at < end ? class_at(text, at, end, &next) : CLASS_BLANK;
    return class == CLASS_LETTER || class == CLASS_NUMBER;
}

void bpe_split(const Bpe *bpe, const Vocabulary *vocabulary, const char *text, size_t start,
               size_t end, int *word, TokenList *list)
{
    size_t next;
    bool blank =
        bpe->prefix_space && start < end && class_at(text, start, end, &next) != CLASS_BLANK;
    bool before = false; /* letters or digits stand right before this part */
    for (size_t at = start; at < end;) {
        size_t stop = part_end(text, at, end);
        bool letters = is_letters(text, at, stop), joined = before && letters && text[at] != ' ';
        if (!joined) { (*word)++; }
        for (size_t from = at; from < stop;) {
            size_t to = min_size(from + MOST_BYTES, stop);
            while (to < stop && to > from && ((unsigned char)text[to] & 0xC0) == 0x80) { to--; }
            split_word(bpe, vocabulary, text, from, to, blank, *word - 1, list);
            blank = false;
            from = to;
        }
        before = letters;
        at = stop;
    }
}
