#include "analysis/pattern.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const PatternInfo pattern_table[PATTERNS] = {
    [PATTERN_PREVIOUS] = {"previous", "previous token", 0.5f},
    [PATTERN_NEXT] = {"next", "next token", 0.5f},
    [PATTERN_ITSELF] = {"itself", "the token itself", 0.5f},
    [PATTERN_SAME_WORD] = {"same-word", "same word elsewhere", 0.4f},
    [PATTERN_OTHER_TEXT] = {"other-text", "same word in the other text", 0.4f},
    [PATTERN_FIRST] = {"first", "first token [CLS]", 0.5f},
    [PATTERN_DELIMITER] = {"delimiter", "delimiter [SEP]", 0.5f},
    [PATTERN_PUNCTUATION] = {"punctuation", "punctuation", 0.5f},
    [PATTERN_BROAD] = {"broad", "broad", 0.85f},
    [PATTERN_PRONOUN] = {"pronoun", "pronoun to antecedent", 0.55f},
};

int pattern_find(const char *name)
{
    for (int i = 0; i < PATTERNS; i++) {
        if (strcmp(pattern_table[i].name, name) == 0) { return i; }
    }
    return -1;
}

PatternScores *pattern_new(int layers, int heads)
{
    PatternScores *scores = mem_zero(1, sizeof *scores);
    scores->layers = layers;
    scores->heads = heads;
    scores->sums =
        mem_zero((size_t)PATTERNS * (size_t)layers * (size_t)heads, sizeof *scores->sums);
    return scores;
}

void pattern_free(PatternScores *scores)
{
    if (scores == NULL) { return; }
    free(scores->sums);
    free(scores);
}

static double *sum_of(const PatternScores *scores, Pattern pattern, int layer, int head)
{
    size_t row = (size_t)pattern * (size_t)scores->layers + (size_t)layer;
    return &scores->sums[row * (size_t)scores->heads + (size_t)head];
}

/* ---- Which keys a pattern names ---- */

static uint32_t first_character(const Token *token)
{
    uint32_t code = 0;
    size_t length = strlen(token->piece);
    if (length > 0) { unicode_decode(token->piece, length, &code); }
    return code;
}

static bool is_punctuation(const Token *token)
{
    size_t length = strlen(token->piece), at = 0;
    if (token->special || length == 0) { return false; }
    while (at < length) {
        uint32_t code;
        at += unicode_decode(token->piece + at, length - at, &code);
        if (!unicode_is_punctuation(code)) { return false; }
    }
    return true;
}

/* A word by its first piece; "##s" and punctuation come again too often to mean anything. */
static bool is_word(const Token *token)
{
    return !token->special && unicode_is_letter(first_character(token));
}

static bool names_key(Pattern pattern, const Encoding *text, int query, int key)
{
    const Token *from = &text->tokens[query], *to = &text->tokens[key];
    bool together = !to->special && from->side == to->side;
    bool same = query != key && is_word(from) && strcmp(from->piece, to->piece) == 0;
    switch (pattern) {
    case PATTERN_PREVIOUS: return key == query - 1 && together;
    case PATTERN_NEXT: return key == query + 1 && together;
    case PATTERN_ITSELF: return key == query;
    case PATTERN_SAME_WORD: return same;
    case PATTERN_OTHER_TEXT: return same && from->side != to->side;
    case PATTERN_FIRST: return key == 0 && to->special;
    case PATTERN_DELIMITER: return key > 0 && to->special;
    case PATTERN_PUNCTUATION: return key != query && is_punctuation(to);
    default: return false;
    }
}

/* ---- Counting ---- */

static double row_entropy(const float *row, int keys)
{
    double sum = 0;
    for (int key = 0; key < keys; key++) {
        if (row[key] > 0) { sum -= (double)row[key] * log((double)row[key]); }
    }
    return keys > 1 ? sum / log(keys) : 0;
}

/* Adds what every head gives to the keys of one query. */
static void add_row(PatternScores *scores, const Trace *trace, Pattern pattern, int query,
                    const int *keys, int count)
{
    const Attention *a = &trace->attention[ATTENTION_SELF];
    for (int layer = 0; layer < scores->layers; layer++) {
        for (int head = 0; head < scores->heads; head++) {
            const float *row =
                trace_head(trace, ATTENTION_SELF, layer, head) + (size_t)query * (size_t)a->keys;
            double share = pattern == PATTERN_BROAD ? row_entropy(row, a->keys) : 0;
            for (int i = 0; i < count; i++) {
                if (row[keys[i]] > 0) { share += (double)row[keys[i]]; }
            }
            *sum_of(scores, pattern, layer, head) += share;
        }
    }
    scores->counts[pattern]++;
}

void pattern_add_trace(PatternScores *scores, const Trace *trace)
{
    const Attention *a = &trace->attention[ATTENTION_SELF];
    if (a->weights == NULL || a->layers != scores->layers || a->heads != scores->heads) { return; }
    const Encoding *text = a->query_tokens;
    int *keys = mem_alloc((size_t)max_int(a->keys, 1), sizeof *keys);
    for (int query = 0; query < a->queries; query++) {
        if (text->tokens[query].special) { continue; }
        for (int pattern = 0; pattern < PATTERN_PRONOUN; pattern++) {
            int count = 0;
            for (int key = 0; key < a->keys; key++) {
                if (names_key((Pattern)pattern, text, query, key)) { keys[count++] = key; }
            }
            if (count > 0 || pattern == PATTERN_BROAD) {
                add_row(scores, trace, (Pattern)pattern, query, keys, count);
            }
        }
    }
    free(keys);
}

void pattern_add_pronoun(PatternScores *scores, const bool *right)
{
    for (int layer = 0; layer < scores->layers; layer++) {
        for (int head = 0; head < scores->heads; head++) {
            *sum_of(scores, PATTERN_PRONOUN, layer, head) += *right++;
        }
    }
    scores->counts[PATTERN_PRONOUN]++;
}

/* ---- Asking ---- */

float pattern_score(const PatternScores *scores, Pattern pattern, int layer, int head)
{
    if (!(scores->counts[pattern] > 0)) { return NAN; }
    return (float)(*sum_of(scores, pattern, layer, head) / scores->counts[pattern]);
}

bool pattern_best(const PatternScores *scores, Pattern pattern, int *layer, int *head)
{
    if (!(scores->counts[pattern] > 0)) { return false; }
    double best = -1;
    for (int l = 0; l < scores->layers; l++) {
        for (int h = 0; h < scores->heads; h++) {
            double sum = *sum_of(scores, pattern, l, h);
            if (sum > best) {
                best = sum;
                *layer = l;
                *head = h;
            }
        }
    }
    return true;
}

int pattern_of_head(const PatternScores *scores, int layer, int head)
{
    int found = -1;
    float clearest = 1;
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
        float score = pattern_score(scores, (Pattern)pattern, layer, head);
        float clarity = score / pattern_table[pattern].clear;
        if (clarity >= clearest) {
            clearest = clarity;
            found = pattern;
        }
    }
    return found;
}
