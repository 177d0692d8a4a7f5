#include "model/trace.h"

#include "base/base.h"
#include "base/memory.h"
#include "model/safetensors.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LOOKED_OVER ((size_t)16 << 20) /* weights */

Trace *trace_new(void) { return mem_zero(1, sizeof(Trace)); }

void trace_steps_free(TraceSteps *steps)
{
    if (steps == NULL) { return; }
    free(steps->block);
    free(steps->guesses);
    free(steps->own);
    free(steps->rank);
    free(steps);
}

static void free_array(const Trace *trace, float *array)
{
    if (trace->file == NULL || !safetensors_holds(trace->file, array)) { free(array); }
}

Trace *trace_share(const Trace *trace)
{
    Trace *shared = (Trace *)(uintptr_t)trace;
    if (shared != NULL) { atomic_fetch_add(&shared->shares, 1); }
    return shared;
}

void trace_free(Trace *trace)
{
    if (trace == NULL || atomic_fetch_sub(&trace->shares, 1) > 0) { return; }
    for (int kind = 0; kind < ATTENTION_KINDS; kind++) {
        free_array(trace, trace->attention[kind].weights);
    }
    free_array(trace, trace->query);
    free_array(trace, trace->key);
    free_array(trace, trace->value);
    free_array(trace, trace->hidden);
    free_array(trace, trace->logits);
    safetensors_free(trace->file);
    trace_steps_free(trace->steps);
    free(trace->note);
    encoding_free(trace->encoding);
    encoding_free(trace->output);
    free(trace->heads_off);
    free(trace->model);
    free(trace);
}

/* Adds a sentence to the note. */
static void add_note(Trace *trace, const char *sentence)
{
    size_t before = trace->note != NULL ? strlen(trace->note) : 0,
           size = before + strlen(sentence) + 2;
    trace->note = mem_grow(trace->note, size, 1);
    snprintf(trace->note + before, size - before, "%s%s",
             before > 0 && trace->note[before - 1] != ' ' ? " " : "", sentence);
}

void trace_look_over(Trace *trace)
{
    size_t left = MOST_LOOKED_OVER, missing = 0, rows = 0, uneven = 0;
    float least = 1, most = 1;
    for (int kind = 0; kind < ATTENTION_KINDS; kind++) {
        const Attention *a = &trace->attention[kind];
        size_t keys = (size_t)a->keys,
               count = keys > 0 ? trace_weight_count(trace, (AttentionKind)kind) : 0;
        for (size_t at = 0; at < count && left >= keys; at += keys, left -= keys) {
            float sum = 0;
            for (size_t key = 0; key < keys; key++) { sum += a->weights[at + key]; }
            rows++;
            missing += isnan(sum) != 0;
            if (isfinite(sum) && fabsf(sum - 1) > 0.02f) {
                uneven++;
                least = min_float(least, sum);
                most = max_float(most, sum);
            }
        }
    }
    char sentence[200];
    if (missing > 0) {
        snprintf(sentence, sizeof sentence,
                 "In %zu of %zu rows weights are missing (NaN); they are drawn as missing.",
                 missing, rows);
        add_note(trace, sentence);
    }
    if (uneven > 0) {
        snprintf(
            sentence, sizeof sentence,
            "In %zu of %zu rows the weights do not sum to 1 (but to %.2g to %.2g): they are shown "
            "as the file has them.",
            uneven, rows, (double)least, (double)most);
        add_note(trace, sentence);
    }
}

AttentionKind trace_first_kind(const Trace *trace)
{
    int kind = 0;
    while (kind < ATTENTION_KINDS - 1 && trace->attention[kind].weights == NULL) { kind++; }
    return (AttentionKind)kind;
}

size_t trace_weight_count(const Trace *trace, AttentionKind kind)
{
    const Attention *a = &trace->attention[kind];
    if (a->weights == NULL) { return 0; }
    return (size_t)a->layers * (size_t)a->heads * (size_t)a->queries * (size_t)a->keys;
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

static bool check_encoding(const Encoding *encoding, const char *path, Error *err)
{
    for (int side = 0; side < 2; side++) {
        const char *text = encoding->text[side];
        if (text != NULL && strlen(text) > TRACE_MAX_TEXT) {
            return error_set(err, "%s: its text has %zu bytes; more than %d can't be shown.", path,
                             strlen(text), TRACE_MAX_TEXT);
        }
    }
    for (int i = 0; i < encoding->count; i++) {
        size_t length = strlen(encoding->tokens[i].piece);
        if (length > TRACE_MAX_PIECE) {
            return error_set(err, "%s: token %d has %zu bytes; more than %d are no token.", path, i,
                             length, TRACE_MAX_PIECE);
        }
    }
    return true;
}

bool trace_check_texts(const Trace *trace, const char *path, Error *err)
{
    return check_encoding(trace->encoding, path, err) &&
           (trace->output == NULL || check_encoding(trace->output, path, err));
}
