#include "analysis/slice.h"

#include "base/base.h"

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

static const float *head_weights(const Slice *slice, int layer, int head)
{
    const Attention *a = slice->attention;
    size_t matrix = (size_t)a->queries * (size_t)a->keys;
    return a->weights + ((size_t)layer * (size_t)a->heads + (size_t)head) * matrix;
}

void slice_weights(const Slice *slice, int layer, int head, float *weights)
{
    const float *matrix = head_weights(slice, layer, head);
    for (int query = 0; query < slice->queries; query++) {
        const float *from =
            matrix + (size_t)slice->query_index[query] * (size_t)slice->attention->keys;
        float *row = weights + (size_t)query * (size_t)slice->keys;
        float sum = 0;
        for (int key = 0; key < slice->keys; key++) {
            row[key] = from[slice->key_index[key]];
            sum += row[key];
        }
        if (!slice->renormalise || !(sum > 0)) { continue; }
        for (int key = 0; key < slice->keys; key++) { row[key] /= sum; }
    }
}

void slice_combine(const Slice *slice, int layer, const HeadSet *heads, Combine how, float *weights)
{
    size_t count = (size_t)slice->queries * (size_t)slice->keys;
    memset(weights, 0, count * sizeof *weights);
    Arena scratch = {0};
    float *one = arena_alloc(&scratch, count, sizeof *one);
    float share = 1.0f / (float)max_int(headset_count(heads), 1);
    for (int head = headset_next(heads, -1); head >= 0; head = headset_next(heads, head)) {
        if (head >= slice->attention->heads) { break; }
        slice_weights(slice, layer, head, one);
        for (size_t i = 0; i < count; i++) {
            weights[i] =
                how == COMBINE_MAX ? max_float(weights[i], one[i]) : weights[i] + share * one[i];
        }
    }
    arena_free(&scratch);
}

const Token *slice_query(const Slice *slice, int query)
{
    return &slice->attention->query_tokens->tokens[slice->query_index[query]];
}

const Token *slice_key(const Slice *slice, int key)
{
    return &slice->attention->key_tokens->tokens[slice->key_index[key]];
}

static int find(const int *index, int count, int token)
{
    for (int i = 0; i < count; i++) {
        if (index[i] == token) { return i; }
    }
    return -1;
}

int slice_find_query(const Slice *slice, int token)
{
    return find(slice->query_index, slice->queries, token);
}

int slice_find_key(const Slice *slice, int token)
{
    return find(slice->key_index, slice->keys, token);
}
