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

static void pool(const Thumbnails *t, int layer, int head, float *small)
{
    const Slice *slice = &t->slice;
    const Attention *a = slice->attention;
    const float *matrix = trace_head(t->source.trace, t->source.kind, layer, head);
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
    if (t->weights != NULL && same_source(&t->source, source)) { return; }
    thumbnail_forget(t);
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
    if (!t->made[at]) { pool(t, layer, head, small); }
    t->made[at] = true;
    return small;
}
