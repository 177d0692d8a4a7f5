#include "analysis/thumbnail.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The block that token `at` of `count` falls into. */
static int block_of(int at, int count, int blocks)
{
    return (int)((long long)at * blocks / max_int(count, 1));
}

static void pool(const Thumbnails *t, const Slice *slice, const int *column_of, int layer, int head,
                 float *small)
{
    const Attention *a = slice->attention;
    const float *matrix = trace_head(t->trace, t->kind, layer, head);
    for (int query = 0; query < slice->queries; query++) {
        const float *from = matrix + (size_t)slice->query_index[query] * (size_t)a->keys;
        float *row = small + (size_t)block_of(query, slice->queries, t->rows) * (size_t)t->columns;
        float sum = 0;
        for (int key = 0; slice->renormalise && key < slice->keys; key++) {
            float weight = from[slice->key_index[key]];
            sum += weight > 0 ? weight : 0;
        }
        float share = slice->renormalise && sum > 0 ? 1 / sum : 1;
        for (int key = 0; key < slice->keys; key++) {
            float weight = from[slice->key_index[key]] * share;
            float *cell = &row[column_of[key]];
            *cell = weight > *cell ? weight : *cell;
        }
    }
}

void thumbnail_update(Thumbnails *t, const Trace *trace, AttentionKind kind, PairFilter pair,
                      SpecialTokens special, int most)
{
    if (t->weights != NULL && t->trace == trace && t->kind == kind && t->pair == pair &&
        t->special == special && t->most == most) {
        return;
    }
    thumbnail_forget(t);
    Arena scratch = {0};
    Slice slice = slice_make(trace, kind, pair, special, &scratch);
    const Attention *a = slice.attention;
    *t = (Thumbnails){.trace = trace,
                      .kind = kind,
                      .pair = pair,
                      .special = special,
                      .most = most,
                      .layers = a->layers,
                      .heads = a->heads,
                      .rows = clamp_int(slice.queries, 1, max_int(most, 1)),
                      .columns = clamp_int(slice.keys, 1, max_int(most, 1)),
                      .pooled = slice.queries > most || slice.keys > most};
    size_t matrix = (size_t)t->rows * (size_t)t->columns;
    t->weights = mem_zero((size_t)t->layers * (size_t)t->heads * matrix, sizeof *t->weights);
    int *column_of = arena_alloc(&scratch, (size_t)max_int(slice.keys, 1), sizeof *column_of);
    for (int key = 0; key < slice.keys; key++) {
        column_of[key] = block_of(key, slice.keys, t->columns);
    }
    for (int layer = 0; layer < t->layers; layer++) {
        for (int head = 0; head < t->heads; head++) {
            size_t at = (size_t)layer * (size_t)t->heads + (size_t)head;
            pool(t, &slice, column_of, layer, head, t->weights + at * matrix);
        }
    }
    arena_free(&scratch);
}

void thumbnail_forget(Thumbnails *t)
{
    free(t->weights);
    *t = (Thumbnails){0};
}

const float *thumbnail_head(const Thumbnails *t, int layer, int head)
{
    size_t at = (size_t)layer * (size_t)t->heads + (size_t)head;
    return t->weights + at * (size_t)t->rows * (size_t)t->columns;
}
