#include "analysis/measure.h"

#include "base/base.h"

#include <math.h>
#include <stdlib.h>

static float entropy(const Attention *a, const float *weights)
{
    double sum = 0;
    size_t count = (size_t)a->queries * (size_t)a->keys;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] > 0) { sum -= (double)weights[i] * (double)logf(weights[i]); }
    }
    return a->keys > 1 ? (float)(sum / a->queries / log(a->keys)) : 0;
}

static float distance(const Attention *a, const float *weights)
{
    double sum = 0;
    for (int query = 0; query < a->queries; query++) {
        for (int key = 0; key < a->keys; key++) {
            float weight = *weights++;
            if (weight > 0) { sum += (double)weight * abs(query - key); }
        }
    }
    return a->keys > 1 ? (float)(sum / a->queries / (a->keys - 1)) : 0;
}

static float special_share(const Attention *a, const float *weights)
{
    double sum = 0;
    for (int query = 0; query < a->queries; query++) {
        for (int key = 0; key < a->keys; key++) {
            float weight = *weights++;
            if (weight > 0 && a->key_tokens->tokens[key].special) { sum += (double)weight; }
        }
    }
    return (float)(sum / max_int(a->queries, 1));
}

static float link_weight(const Attention *a, const float *weights, int query, int key)
{
    float strongest = 0;
    int first_query = max_int(query, 0), last_query = query >= 0 ? query : a->queries - 1;
    int first_key = max_int(key, 0), last_key = key >= 0 ? key : a->keys - 1;
    for (int row = first_query; row <= last_query; row++) {
        for (int col = first_key; col <= last_key; col++) {
            float weight = weights[(size_t)row * (size_t)a->keys + (size_t)col];
            if (weight > strongest) { strongest = weight; }
        }
    }
    return strongest;
}

float measure_head(const Trace *trace, AttentionKind kind, Measure measure, int layer, int head)
{
    const Attention *a = &trace->attention[kind];
    const float *weights = trace_head(trace, kind, layer, head);
    float value = measure == MEASURE_ENTROPY    ? entropy(a, weights)
                  : measure == MEASURE_DISTANCE ? distance(a, weights)
                                                : special_share(a, weights);
    return clamp_float(value, 0, 1);
}

void measure_heads(const Trace *trace, AttentionKind kind, Measure measure, int query, int key,
                   float *values)
{
    const Attention *a = &trace->attention[kind];
    for (int layer = 0; layer < a->layers; layer++) {
        for (int head = 0; head < a->heads; head++) {
            *values++ =
                measure != MEASURE_LINK
                    ? measure_head(trace, kind, measure, layer, head)
                    : clamp_float(link_weight(a, trace_head(trace, kind, layer, head), query, key),
                                  0, 1);
        }
    }
}
