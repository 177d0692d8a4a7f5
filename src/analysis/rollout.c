#include "analysis/rollout.h"

#include "base/base.h"
#include "base/memory.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#define FLOW_LEAST 1e-6f /* less than this is no flow */
#define FLOW_WORK 3e6    /* edges times sinks that are done within a moment */

void rollout_mean(const Trace *trace, int layer, const HeadSet *heads, float *mean)
{
    const Attention *a = &trace->attention[ATTENTION_SELF];
    size_t count = (size_t)a->queries * (size_t)a->keys;
    int chosen = 0;
    memset(mean, 0, count * sizeof *mean);
    for (int head = headset_next(heads, -1); head >= 0 && head < a->heads;
         head = headset_next(heads, head)) {
        const float *weights = trace_head(trace, ATTENTION_SELF, layer, head);
        for (size_t i = 0; i < count; i++) { /* what is missing or no weight counts as none */
            mean[i] += weights[i] > 0 && weights[i] <= FLT_MAX ? weights[i] : 0;
        }
        chosen++;
    }
    for (size_t i = 0; i < count && chosen > 1; i++) { mean[i] /= (float)chosen; }
}

void rollout_mix(const Trace *trace, int layer, const HeadSet *heads, float *mixed)
{
    size_t tokens = (size_t)trace->attention[ATTENTION_SELF].queries;
    rollout_mean(trace, layer, heads, mixed);
    for (size_t row = 0; row < tokens; row++) {
        float sum = 0, *weights = mixed + row * tokens;
        weights[row] += 1; /* the residual, as heavy as a whole row of weights */
        for (size_t i = 0; i < tokens; i++) { sum += weights[i]; }
        for (size_t i = 0; i < tokens; i++) { weights[i] = sum <= FLT_MAX ? weights[i] / sum : 0; }
    }
}

/* out = left * right, all [n, n]. */
static void multiply(const float *left, const float *right, size_t n, float *restrict out)
{
    memset(out, 0, n * n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            float weight = left[i * n + k];
            if (!(weight > 0)) { continue; }
            for (size_t j = 0; j < n; j++) { out[i * n + j] += weight * right[k * n + j]; }
        }
    }
}

void rollout_run(const Trace *trace, int layer, const HeadSet *heads, float *rollout)
{
    size_t n = (size_t)trace->attention[ATTENTION_SELF].queries;
    float *mixed = mem_alloc(n * n, sizeof *mixed), *product = mem_alloc(n * n, sizeof *product);
    rollout_mix(trace, 0, heads, rollout);
    for (int l = 1; l <= layer; l++) {
        rollout_mix(trace, l, heads, mixed);
        multiply(mixed, rollout, n, product);
        memcpy(rollout, product, n * n * sizeof *rollout);
    }
    free(mixed);
    free(product);
}

const float *rollout_cached(RolloutCache *cache, const Trace *trace, int layer,
                            const HeadSet *heads)
{
    const Attention *a = &trace->attention[ATTENTION_SELF];
    if (cache->weights != a->weights || cache->layer != layer ||
        memcmp(&cache->heads, heads, sizeof *heads) != 0) {
        rollout_forget(cache);
        cache->rollout = mem_alloc((size_t)a->queries * (size_t)a->keys, sizeof(float));
        rollout_run(trace, layer, heads, cache->rollout);
        cache->weights = a->weights;
        cache->layer = layer;
        cache->heads = *heads;
    }
    return cache->rollout;
}

void rollout_forget(RolloutCache *cache)
{
    free(cache->rollout);
    *cache = (RolloutCache){0};
}

/* ---- Maximum flow (Dinic 1970) on the layered graph ----
 *
 * Level 0 is the input, level l + 1 what layer l gives. An edge leads from every token of a level to
 * every token of the level below. */

typedef struct Graph {
    int levels, tokens;
    float *capacity; /* [levels - 1, tokens (above), tokens (below)]: what still fits */
    float *flow;     /* the same: what flows */
    int *distance;   /* [levels * tokens] from the source; -1: not reached */
    int *next;       /* [levels * tokens]: the neighbour to be tried next */
    int *queue;
} Graph;

static size_t edge_at(const Graph *g, int level_below, int above, int below)
{
    size_t n = (size_t)g->tokens;
    return ((size_t)level_below * n + (size_t)above) * n + (size_t)below;
}

/* Neighbour i of a node: 0 .. T-1 below, T .. 2T-1 above. Returns its number and what fits. */
static int neighbour(const Graph *g, int node, int i, float *room, size_t *edge)
{
    int level = node / g->tokens, token = node % g->tokens;
    bool down = i < g->tokens;
    int other = down ? i : i - g->tokens;
    *room = 0;
    if (down ? level == 0 : level == g->levels - 1) { return -1; }
    *edge = down ? edge_at(g, level - 1, token, other) : edge_at(g, level, other, token);
    *room = down ? g->capacity[*edge] : g->flow[*edge];
    return (down ? level - 1 : level + 1) * g->tokens + other;
}

static bool reach(Graph *g, int source, int sink)
{
    int nodes = g->levels * g->tokens, head = 0, tail = 0;
    for (int i = 0; i < nodes; i++) {
        g->distance[i] = -1;
        g->next[i] = 0;
    }
    g->distance[source] = 0;
    g->queue[tail++] = source;
    while (head < tail) {
        int node = g->queue[head++];
        for (int i = 0; i < 2 * g->tokens; i++) {
            float room;
            size_t edge;
            int other = neighbour(g, node, i, &room, &edge);
            if (other < 0 || !(room > FLOW_LEAST) || g->distance[other] >= 0) { continue; }
            g->distance[other] = g->distance[node] + 1;
            g->queue[tail++] = other;
        }
    }
    return g->distance[sink] >= 0;
}

static float push(Graph *g, int node, int sink, float most)
{
    if (node == sink) { return most; }
    for (; g->next[node] < 2 * g->tokens; g->next[node]++) {
        float room;
        size_t edge;
        bool down = g->next[node] < g->tokens;
        int other = neighbour(g, node, g->next[node], &room, &edge);
        if (other < 0 || !(room > FLOW_LEAST) || g->distance[other] != g->distance[node] + 1) {
            continue;
        }
        float pushed = push(g, other, sink, min_float(most, room));
        if (pushed > 0) {
            g->capacity[edge] -= down ? pushed : -pushed;
            g->flow[edge] += down ? pushed : -pushed;
            return pushed;
        }
    }
    return 0;
}

bool rollout_flow(const Trace *trace, int layer, const HeadSet *heads, int query, float *flow)
{
    int tokens = trace->attention[ATTENTION_SELF].queries;
    Graph g = {.levels = layer + 2, .tokens = tokens};
    size_t n = (size_t)tokens, edges = (size_t)(layer + 1) * n * n;
    if ((double)edges * tokens > FLOW_WORK) { return false; }
    size_t nodes = (size_t)g.levels * n;
    float *all = mem_alloc(edges, sizeof *all);
    g.capacity = mem_alloc(edges, sizeof *g.capacity);
    g.flow = mem_alloc(edges, sizeof *g.flow);
    g.distance = mem_alloc(nodes, sizeof(int));
    g.next = mem_alloc(nodes, sizeof(int));
    g.queue = mem_alloc(nodes, sizeof(int));
    for (int l = 0; l <= layer; l++) { rollout_mix(trace, l, heads, all + (size_t)l * n * n); }
    float sum = 0;
    int source = (layer + 1) * tokens + query;
    for (int sink = 0; sink < tokens; sink++) {
        memcpy(g.capacity, all, edges * sizeof *all);
        memset(g.flow, 0, edges * sizeof *g.flow);
        flow[sink] = 0;
        while (reach(&g, source, sink)) {
            float before = flow[sink];
            for (float pushed; (pushed = push(&g, source, sink, 1)) > 0;) { flow[sink] += pushed; }
            if (!(flow[sink] > before)) { break; } /* too little to be counted */
        }
        sum += flow[sink];
    }
    for (int sink = 0; sink < tokens && sum > 0; sink++) { flow[sink] /= sum; }
    free(all);
    free(g.capacity);
    free(g.flow);
    free(g.distance);
    free(g.next);
    free(g.queue);
    return true;
}
