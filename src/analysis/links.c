#include "analysis/links.h"

#include "base/base.h"

#include <math.h>

/* Puts the link into the sorted list if it is strong enough. */
static int insert(Link *links, int count, int most, Link link)
{
    if (count == most && !(link.weight > links[most - 1].weight)) { return count; }
    int at = count < most ? count++ : most - 1;
    while (at > 0 && links[at - 1].weight < link.weight) {
        links[at] = links[at - 1];
        at--;
    }
    links[at] = link;
    return count;
}

/* Puts the links of one matrix into the sorted list; returns how long it is then. */
static int scan(const Slice *slice, const float *weights, int head, int query, int key, Link *links,
                int count, int most)
{
    int row_wanted = query >= 0 ? slice_find_query(slice, query) : -1;
    int col_wanted = key >= 0 ? slice_find_key(slice, key) : -1;
    for (int row = 0; row < slice->queries; row++) {
        if (query >= 0 && row != row_wanted) { continue; }
        for (int col = 0; col < slice->keys; col++) {
            float weight = weights[(size_t)row * (size_t)slice->keys + (size_t)col];
            if (!(weight > 0) || (key >= 0 && col != col_wanted)) { continue; }
            Link link = {head, slice->query_index[row], slice->key_index[col], weight};
            count = insert(links, count, most, link);
        }
    }
    return count;
}

int links_top(const Slice *slice, int layer, const HeadSet *heads, int query, int key, Link *links,
              int most)
{
    int count = 0;
    if (most <= 0) { return 0; }
    Arena scratch = {0};
    float *weights =
        arena_alloc(&scratch, (size_t)slice->queries * (size_t)slice->keys, sizeof *weights);
    for (int head = headset_next(heads, -1); head >= 0; head = headset_next(heads, head)) {
        if (head >= slice->attention->heads) { break; }
        slice_weights(slice, layer, head, weights);
        count = scan(slice, weights, head, query, key, links, count, most);
    }
    arena_free(&scratch);
    return count;
}

int links_top_combined(const Slice *slice, int layer, const HeadSet *heads, Combine how, int query,
                       int key, Link *links, int most)
{
    if (most <= 0) { return 0; }
    Arena scratch = {0};
    float *weights =
        arena_alloc(&scratch, (size_t)slice->queries * (size_t)slice->keys, sizeof *weights);
    slice_combine(slice, layer, heads, how, weights);
    int count = scan(slice, weights, -1, query, key, links, 0, most);
    arena_free(&scratch);
    return count;
}

int links_rank(const Slice *slice, int layer, int head, int query, int key)
{
    const Attention *a = slice->attention;
    size_t row =
        ((size_t)layer * (size_t)a->heads + (size_t)head) * (size_t)a->queries + (size_t)query;
    const float *weights = a->weights + row * (size_t)a->keys;
    int rank = 1;
    for (int col = 0; col < slice->keys; col++) {
        rank += weights[slice->key_index[col]] > weights[key];
    }
    return rank;
}

bool links_score(const Trace *trace, AttentionKind kind, int layer, int head, int query, int key,
                 float *score)
{
    /* The vectors are those of the text itself, not of another kind of attention. */
    const Attention *a = &trace->attention[kind];
    if (trace->query == NULL || trace->key == NULL || trace->head_size == 0 ||
        layer >= trace->layers || head >= trace->heads || a->query_tokens != trace->encoding ||
        a->key_tokens != trace->encoding || query >= trace->tokens || key >= trace->tokens) {
        return false;
    }
    size_t size = (size_t)trace->head_size;
    const float *q = trace_vectors(trace, trace->query, layer, head) + (size_t)query * size;
    const float *k = trace_vectors(trace, trace->key, layer, head) + (size_t)key * size;
    double sum = 0;
    for (size_t i = 0; i < size; i++) { sum += (double)q[i] * (double)k[i]; }
    *score = (float)(sum / sqrt((double)size));
    return true;
}
