#include "model/trace.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdio.h>
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
    free(trace->heads_off);
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

const char *trace_name_off(const Trace *trace, char *text, size_t size)
{
    size_t used = 0, heads = (size_t)trace->layers * (size_t)trace->heads;
    text[0] = '\0';
    for (size_t i = 0; trace->heads_off != NULL && i < heads; i++) {
        if (trace->heads_off[i] == 0) { continue; }
        if (used + 24 > size) { /* room for one more and for the dots */
            snprintf(text + used, size - used, ", ...");
            break;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%d.%d", used > 0 ? ", " : "",
                                 (int)i / trace->heads, (int)i % trace->heads);
    }
    return text;
}
