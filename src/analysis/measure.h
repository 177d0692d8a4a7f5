/* measure.h - one number per head, to colour the head grid by. After Clark et al. 2019, "What Does
 * BERT Look At?": entropy in nats, distance, share on special tokens; all means over the queries. */
#ifndef ANALYSIS_MEASURE_H
#define ANALYSIS_MEASURE_H

#include "model/trace.h"

typedef enum Measure {
    MEASURE_ENTROPY,  /* -sum w log w, over log(keys): 0 one key, 1 all alike */
    MEASURE_DISTANCE, /* mean |query - key| weighted by w, over keys - 1 */
    MEASURE_SPECIAL,  /* share that goes to [CLS], [SEP] and the like */
    MEASURE_LINK,     /* the weight of one link, or the largest of one row or column */
    MEASURES
} Measure;

/* values [layers, heads], each 0 to 1; NaN weights count as 0. For MEASURE_LINK `query` and `key`
 * name the link; -1 is any, and then the strongest counts. */
void measure_heads(const Trace *trace, AttentionKind kind, Measure measure, int query, int key,
                   float *values);

/* The same of one head; not for MEASURE_LINK. */
float measure_head(const Trace *trace, AttentionKind kind, Measure measure, int layer, int head);

#endif
