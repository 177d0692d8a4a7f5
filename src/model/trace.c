#include "model/trace.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>

Trace *trace_new(void) { return mem_zero(1, sizeof(Trace)); }

void trace_free(Trace *trace)
{
    if (trace == NULL) { return; }
    for (int kind = 0; kind < ATTENTION_KINDS; kind++) { free(trace->attention[kind].weights); }
    free(trace->query);
    free(trace->key);
    free(trace->value);
    free(trace->hidden);
    free(trace->logits);
    encoding_free(trace->encoding);
    encoding_free(trace->output);
    free(trace->model);
    free(trace);
}

const float *trace_head(const Trace *trace, AttentionKind kind, int layer, int head)
{
    const Attention *attention = &trace->attention[kind];
    assert(attention->weights != NULL && layer >= 0 && layer < attention->layers && head >= 0 &&
           head < attention->heads);
    size_t index = (size_t)layer * (size_t)attention->heads + (size_t)head;
    return attention->weights + index * (size_t)attention->queries * (size_t)attention->keys;
}

const float *trace_vectors(const Trace *trace, const float *vectors, int layer, int head)
{
    assert(vectors != NULL && layer >= 0 && layer < trace->layers && head >= 0 &&
           head < trace->heads);
    size_t index = (size_t)layer * (size_t)trace->heads + (size_t)head;
    return vectors + index * (size_t)trace->tokens * (size_t)trace->head_size;
}
