/* rollout.h - how much of each input token is in each token of a higher layer, all heads and layers
 * between taken together.
 *
 * Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers". The residual connection
 * counts as much as attention: A' = 0.5 W + 0.5 I, rows made to sum to 1, where W is the mean of the
 * heads of one layer (section 3, "raw attention with residual"). Self-attention only. */
#ifndef ANALYSIS_ROLLOUT_H
#define ANALYSIS_ROLLOUT_H

#include "analysis/slice.h"

/* W of one layer into mean [T, T]: the mean of the heads in `heads`, NaN counting as 0. */
void rollout_mean(const Trace *trace, int layer, const HeadSet *heads, float *mean);

/* A' of one layer into mixed [T, T]; `heads` says which heads are averaged. */
void rollout_mix(const Trace *trace, int layer, const HeadSet *heads, float *mixed);

/* Attention rollout (equation 1): A'_layer ... A'_1 A'_0 into rollout [T, T]. Row = token after
 * `layer` (0: after the first one), column = input token. Rows sum to 1. */
void rollout_run(const Trace *trace, int layer, const HeadSet *heads, float *rollout);

/* The last rollout, for a picture that is drawn again and again: layers * T^3 multiplications are too many for
 * every frame. A zeroed one is empty. */
typedef struct RolloutCache {
    const float *weights; /* of which attention; NULL: empty */
    int layer;
    HeadSet heads;
    float *rollout; /* [T, T] */
} RolloutCache;
/* The same as rollout_run, lent until the next call. Forget it before the trace is freed. */
const float *rollout_cached(RolloutCache *cache, const Trace *trace, int layer,
                            const HeadSet *heads);
void rollout_forget(RolloutCache *cache);

/* Attention flow (section 3.2): the maximum flow from the output of token `query` of `layer` down
 * to every input token, edge capacities A'; flow [T], made to sum to 1. False when the graph is too
 * large for an interactive answer; then flow is untouched. */
bool rollout_flow(const Trace *trace, int layer, const HeadSet *heads, int query, float *flow);

#endif
