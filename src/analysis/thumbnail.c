#include "analysis/thumbnail.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { QUERIES_PER_BLOCK = 4 };

/* The block that token `at` of `count` falls into. */
static int block_of(int at, int count, int blocks)
{
    return (int)((long long)at * blocks / max_int(count, 1));
}

/* Of a block of many queries a few are enough to see what a head does. */
static int query_step(const Thumbnails *t)
{
    return max_int(t->slice.queries / (t->rows * QUERIES_PER_BLOCK), 1);
}

static void pool(const Thumbnails *t, int layer, int head, float *small)
{
    const Slice *slice = &t->slice;
    const Attention *a = slice->attention;
    const float *matrix = trace_head(t->source.trace, t->source.kind, layer, head);
    int step = query_step(t);
    for (int query = 0; query < slice->queries; query += step) {
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
            float *cell = &row[t->column_of[key]];
            *cell = weight > *cell ? weight : *cell;
        }
    }
}

static bool same_source(const ThumbnailSource *a, const ThumbnailSource *b)
{
    return a->trace == b->trace && a->kind == b->kind && a->pair == b->pair &&
           a->special == b->special && a->first == b->first && a->last == b->last &&
           a->most == b->most;
}

void thumbnail_update(Thumbnails *t, const ThumbnailSource *source)
{
    t->waiting = false;
    if (t->weights != NULL && same_source(&t->source, source)) { return; }
    size_t allowance = t->allowance;
    thumbnail_forget(t);
    t->allowance = allowance;
    t->source = *source;
    t->slice = slice_make(source->trace, source->kind, source->pair, source->special, &t->arena);
    slice_keep_range(&t->slice, source->first, source->last);
    const Attention *a = t->slice.attention;
    int most = max_int(source->most, 1), keys = t->slice.keys;
    t->layers = a->layers;
    t->heads = a->heads;
    t->rows = clamp_int(t->slice.queries, 1, most);
    t->columns = clamp_int(keys, 1, most);
    t->pooled = t->slice.queries > most || keys > most;
    size_t heads = (size_t)t->layers * (size_t)t->heads;
    t->weights = mem_zero(heads * (size_t)t->rows * (size_t)t->columns, sizeof *t->weights);
    t->made = arena_alloc(&t->arena, heads, sizeof *t->made);
    t->column_of = arena_alloc(&t->arena, (size_t)max_int(keys, 1), sizeof *t->column_of);
    for (int key = 0; key < keys; key++) { t->column_of[key] = block_of(key, keys, t->columns); }
}

void thumbnail_forget(Thumbnails *t)
{
    free(t->weights);
    arena_free(&t->arena);
    *t = (Thumbnails){0};
}

const float *thumbnail_head(Thumbnails *t, int layer, int head)
{
    size_t at = (size_t)layer * (size_t)t->heads + (size_t)head;
    float *small = t->weights + at * (size_t)t->rows * (size_t)t->columns;
    if (t->made[at]) { return small; }
    size_t cost = (size_t)(t->slice.queries / query_step(t)) * (size_t)t->slice.keys;
    if (t->allowance == 1) { /* used up */
        t->waiting = true;
        return small;
    }
    if (t->allowance > 1) { t->allowance = t->allowance > cost + 1 ? t->allowance - cost : 1; }
    pool(t, layer, head, small);
    t->made[at] = true;
    return small;
}
