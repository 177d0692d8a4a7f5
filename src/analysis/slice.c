#include "analysis/slice.h"

#include "analysis/rollout.h"
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

bool headset_has(const HeadSet *set, int head)
{
    return head >= 0 && head < SLICE_MAX_HEADS && (set->bits[head / 64] >> (head % 64) & 1) != 0;
}

void headset_put(HeadSet *set, int head, bool on)
{
    if (head < 0 || head >= SLICE_MAX_HEADS) { return; }
    uint64_t bit = (uint64_t)1 << (head % 64);
    if (on) {
        set->bits[head / 64] |= bit;
    } else {
        set->bits[head / 64] &= ~bit;
    }
}

void headset_fill(HeadSet *set, int heads)
{
    *set = (HeadSet){0};
    for (int head = 0; head < heads; head++) { headset_put(set, head, true); }
}

int headset_count(const HeadSet *set)
{
    int count = 0;
    for (size_t i = 0; i < COUNTOF(set->bits); i++) { count += __builtin_popcountll(set->bits[i]); }
    return count;
}

int headset_next(const HeadSet *set, int head)
{
    for (int next = max_int(head + 1, 0); next < SLICE_MAX_HEADS; next++) {
        if (headset_has(set, next)) { return next; }
    }
    return -1;
}

/* The side that the filter asks for, or -1 for both. */
static int query_side(PairFilter pair)
{
    return pair == PAIR_ALL ? -1 : pair == PAIR_A_TO_A || pair == PAIR_A_TO_B ? 0 : 1;
}

static int key_side(PairFilter pair)
{
    return pair == PAIR_ALL ? -1 : pair == PAIR_A_TO_A || pair == PAIR_B_TO_A ? 0 : 1;
}

static int choose(const Encoding *tokens, int side, bool hide_special, int *index)
{
    int count = 0;
    for (int token = 0; token < tokens->count; token++) {
        const Token *t = &tokens->tokens[token];
        if (side >= 0 && t->side != side) { continue; }
        if (hide_special && t->special) { continue; }
        index[count++] = token;
    }
    return count;
}

Slice slice_make(const Trace *trace, AttentionKind kind, PairFilter pair, SpecialTokens special,
                 Arena *arena)
{
    const Attention *attention = &trace->attention[kind];
    Slice slice = {.attention = attention, .renormalise = special == SPECIAL_RENORMALISED};
    slice.query_index = arena_alloc(arena, (size_t)attention->queries, sizeof(int));
    slice.key_index = arena_alloc(arena, (size_t)attention->keys, sizeof(int));
    bool hide = special != SPECIAL_SHOWN;
    slice.queries = choose(attention->query_tokens, query_side(pair), hide, slice.query_index);
    slice.keys = choose(attention->key_tokens, key_side(pair), hide, slice.key_index);
    return slice;
}

static int keep_range(int *index, int count, int first, int last)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (index[i] >= first && index[i] <= last) { index[kept++] = index[i]; }
    }
    return kept;
}

void slice_keep_range(Slice *slice, int first, int last)
{
    slice->queries = keep_range(slice->query_index, slice->queries, first, last);
    slice->keys = keep_range(slice->key_index, slice->keys, first, last);
}

/* ---- Words ---- */

enum { MOST_WORD = 1024 }; /* bytes of a word put together from pieces */

/* Groups consecutive tokens of one word. Returns how many groups there are; index [count] becomes
 * that of their first tokens. */
static int group(const Encoding *text, int *index, int count, int **starts, int **tokens,
                 Token **words, Arena *arena)
{
    *starts = arena_alloc(arena, (size_t)count + 1, sizeof(int));
    *tokens = arena_alloc(arena, (size_t)count + 1, sizeof(int));
    *words = arena_alloc(arena, (size_t)count + 1, sizeof(Token));
    int groups = 0;
    for (int i = 0; i < count; i++) {
        const Token *token = &text->tokens[index[i]];
        Token *word = groups > 0 ? &(*words)[groups - 1] : NULL;
        (*tokens)[i] = index[i];
        if (word != NULL && token->word >= 0 && token->word == word->word &&
            token->side == word->side && (*tokens)[i - 1] == index[i] - 1) {
            const char *piece = token->piece;
            if (strncmp(piece, "##", 2) == 0) { piece += 2; }
            if (strlen(word->piece) < MOST_WORD) { /* nobody reads on, and each piece copies all */
                word->piece = arena_format(arena, "%s%s", word->piece, piece);
            }
            word->end = token->end;
            continue;
        }
        (*words)[groups] = *token;
        (*starts)[groups++] = i;
    }
    (*starts)[groups] = count;
    for (int i = 0; i < groups; i++) { index[i] = (*tokens)[(*starts)[i]]; }
    return groups;
}

void slice_group_words(Slice *slice, Arena *arena)
{
    const Attention *a = slice->attention;
    slice->queries = group(a->query_tokens, slice->query_index, slice->queries, &slice->query_start,
                           &slice->query_token, &slice->query_word, arena);
    slice->keys = group(a->key_tokens, slice->key_index, slice->keys, &slice->key_start,
                        &slice->key_token, &slice->key_word, arena);
}

/* ---- Weights ---- */

/* Adds share * one row of a matrix to the row of a slice. */
static void add_row(const Slice *slice, const float *from, float share, float *row)
{
    float sum = 0;
    int keys = slice->key_start != NULL ? slice->key_start[slice->keys] : slice->keys;
    const int *tokens = slice->key_start != NULL ? slice->key_token : slice->key_index;
    for (int i = 0; slice->renormalise && i < keys; i++) { sum += from[tokens[i]]; }
    if (sum > 0) { share /= sum; }
    if (slice->key_start == NULL) {
        for (int key = 0; key < keys; key++) { row[key] += share * from[tokens[key]]; }
        return;
    }
    for (int key = 0; key < slice->keys; key++) {
        for (int i = slice->key_start[key]; i < slice->key_start[key + 1]; i++) {
            row[key] += share * from[tokens[i]];
        }
    }
}

/* The part of a matrix [attention->queries, attention->keys] that the slice shows. */
static void cut_matrix(const Slice *slice, const float *matrix, float *weights)
{
    size_t keys = (size_t)slice->attention->keys;
    memset(weights, 0, (size_t)slice->queries * (size_t)slice->keys * sizeof *weights);
    for (int query = 0; query < slice->queries; query++) {
        float *row = weights + (size_t)query * (size_t)slice->keys;
        if (slice->query_start == NULL) {
            add_row(slice, matrix + (size_t)slice->query_index[query] * keys, 1, row);
            continue;
        }
        int first = slice->query_start[query], last = slice->query_start[query + 1];
        for (int i = first; i < last; i++) {
            add_row(slice, matrix + (size_t)slice->query_token[i] * keys,
                    1.0f / (float)(last - first), row);
        }
    }
}

static const float *head_weights(const Slice *slice, int layer, int head)
{
    const Attention *a = slice->attention;
    size_t matrix = (size_t)a->queries * (size_t)a->keys;
    return a->weights + ((size_t)layer * (size_t)a->heads + (size_t)head) * matrix;
}

void slice_weights(const Slice *slice, int layer, int head, float *weights)
{
    cut_matrix(slice, head_weights(slice, layer, head), weights);
}

/* Rollout needs a trace; of it only the attention is looked at. */
static void combine_rollout(const Slice *slice, int layer, const HeadSet *heads, float *weights)
{
    const Attention *a = slice->attention;
    if (a->queries != a->keys) { return; }
    Trace trace = {.layers = a->layers, .heads = a->heads, .tokens = a->queries};
    trace.attention[ATTENTION_SELF] = *a;
    if (slice->rollout != NULL) {
        cut_matrix(slice, rollout_cached(slice->rollout, &trace, layer, heads), weights);
        return;
    }
    Arena scratch = {0};
    float *rollout = arena_alloc(&scratch, (size_t)a->queries * (size_t)a->keys, sizeof *rollout);
    rollout_run(&trace, layer, heads, rollout);
    cut_matrix(slice, rollout, weights);
    arena_free(&scratch);
}

void slice_combine(const Slice *slice, int layer, const HeadSet *heads, Combine how, float *weights)
{
    size_t count = (size_t)slice->queries * (size_t)slice->keys;
    memset(weights, 0, count * sizeof *weights);
    if (how == COMBINE_ROLLOUT) {
        combine_rollout(slice, layer, heads, weights);
        return;
    }
    bool all = how == COMBINE_LAYERS_MEAN || how == COMBINE_LAYERS_MAX;
    bool largest = how == COMBINE_MAX || how == COMBINE_LAYERS_MAX;
    int first = all ? 0 : layer, last = all ? slice->attention->layers : layer + 1;
    Arena scratch = {0};
    float *one = arena_alloc(&scratch, count, sizeof *one);
    float share = 1.0f / (float)max_int(headset_count(heads) * (last - first), 1);
    for (int l = first; l < last; l++) {
        for (int head = headset_next(heads, -1); head >= 0; head = headset_next(heads, head)) {
            if (head >= slice->attention->heads) { break; }
            slice_weights(slice, l, head, one);
            for (size_t i = 0; i < count; i++) {
                weights[i] = largest ? max_float(weights[i], one[i]) : weights[i] + share * one[i];
            }
        }
    }
    arena_free(&scratch);
}

static int stronger(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a < b) - (a > b);
}

void slice_keep_strongest(const Slice *slice, int most, float part, float *weights)
{
    if ((most <= 0 || most >= slice->keys) && part >= 1) { return; }
    Arena scratch = {0};
    size_t keys = (size_t)slice->keys;
    float *sorted = arena_alloc(&scratch, keys, sizeof *sorted);
    for (int query = 0; query < slice->queries; query++) {
        float *row = weights + (size_t)query * keys, sum = 0, kept = 0;
        for (size_t i = 0; i < keys; i++) {
            sorted[i] = row[i] > 0 ? row[i] : 0; /* NaN counts as 0 */
            sum += sorted[i];
        }
        qsort(sorted, keys, sizeof *sorted, stronger);
        size_t count = most > 0 ? min_size((size_t)most, keys) : keys, left = 0;
        while (left < count && (left == 0 || kept < part * sum)) { kept += sorted[left++]; }
        float least = left > 0 ? sorted[left - 1] : 0;
        size_t above = 0;
        for (size_t i = 0; i < keys; i++) { above += row[i] > least; }
        size_t equal = left - above; /* so many of those that are just as strong as the last one */
        for (size_t i = 0; i < keys; i++) {
            if (row[i] > least) { continue; }
            if (row[i] >= least && equal > 0) {
                equal--;
            } else {
                row[i] = 0;
            }
        }
    }
    arena_free(&scratch);
}

const Token *slice_query(const Slice *slice, int query)
{
    if (slice->query_word != NULL) { return &slice->query_word[query]; }
    return &slice->attention->query_tokens->tokens[slice->query_index[query]];
}

const Token *slice_key(const Slice *slice, int key)
{
    if (slice->key_word != NULL) { return &slice->key_word[key]; }
    return &slice->attention->key_tokens->tokens[slice->key_index[key]];
}

/* The row or column of a token; of words the one that it is a piece of. */
static int find(const int *index, int count, const int *start, const int *tokens, int token)
{
    for (int i = 0; i < count; i++) {
        if (index[i] == token) { return i; }
        for (int k = start != NULL ? start[i] : 0; start != NULL && k < start[i + 1]; k++) {
            if (tokens[k] == token) { return i; }
        }
    }
    return -1;
}

int slice_find_query(const Slice *slice, int token)
{
    return find(slice->query_index, slice->queries, slice->query_start, slice->query_token, token);
}

int slice_find_key(const Slice *slice, int token)
{
    return find(slice->key_index, slice->keys, slice->key_start, slice->key_token, token);
}
