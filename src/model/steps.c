#include "model/steps.h"

#include "base/base.h"
#include "base/memory.h"
#include "model/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory: one block, cut into arrays ---- */

static size_t measure(TraceSteps *s, size_t T, size_t H, size_t I, size_t P, float *block)
{
    const struct {
        float **array;
        size_t count;
    } parts[] = {
        {&s->word, T * H},
        {&s->position, T * H},
        {&s->segment, T * H},
        {&s->position_table, P * H},
        {&s->query_weight, H * H},
        {&s->key_weight, H * H},
        {&s->value_weight, H * H},
        {&s->query_bias, H},
        {&s->key_bias, H},
        {&s->value_bias, H},
        {&s->context, T * H},
        {&s->output_weight, H * H},
        {&s->output_bias, H},
        {&s->projected, T * H},
        {&s->added, T * H},
        {&s->attention_gain, H},
        {&s->attention_shift, H},
        {&s->attended, T * H},
        {&s->inner, T * I},
        {&s->update, T * H},
        {&s->updated, T * H},
        {&s->gain, H},
        {&s->shift, H},
    };
    size_t used = 0;
    for (size_t i = 0; i < COUNTOF(parts); i++) {
        if (block != NULL) { *parts[i].array = block + used; }
        used += (parts[i].count + 15) / 16 * 16; /* rows begin where the kernels like it */
    }
    return used;
}

static void copy(float *to, const float *from, size_t count)
{
    memcpy(to, from, count * sizeof *to);
}

/* ---- The calculation ---- */

static void record_input(const Encoder *encoder, const Trace *trace, TraceSteps *s)
{
    const size_t H = (size_t)encoder->config.hidden_size;
    const float *positions = encoder->positions + (size_t)encoder->config.first_position * H;
    if (encoder->project != NULL) { /* the sum has another size than the layers */
        s->word = s->position = s->segment = s->position_table = NULL;
        return;
    }
    for (size_t t = 0; t < (size_t)trace->tokens; t++) {
        const Token *token = &trace->encoding->tokens[t];
        int segment = min_int(token->side, encoder->config.segments - 1);
        copy(s->word + t * H, encoder->words + (size_t)token->id * H, H);
        copy(s->position + t * H, positions + t * H, H);
        if (encoder->segments != NULL) {
            copy(s->segment + t * H, encoder->segments + (size_t)segment * H, H);
        }
    }
    if (encoder->segments == NULL) { s->segment = NULL; }
    copy(s->position_table, positions, (size_t)s->positions * H);
}

static void record_weights(const EncoderLayer *w, size_t H, TraceSteps *s)
{
    copy(s->query_weight, w->query, H * H);
    copy(s->key_weight, w->key, H * H);
    copy(s->value_weight, w->value, H * H);
    copy(s->query_bias, w->query_bias, H);
    copy(s->key_bias, w->key_bias, H);
    copy(s->value_bias, w->value_bias, H);
    copy(s->output_weight, w->output, H * H);
    copy(s->output_bias, w->output_bias, H);
    copy(s->attention_gain, w->attention_gain, H);
    copy(s->attention_shift, w->attention_shift, H);
    copy(s->gain, w->gain, H);
    copy(s->shift, w->shift, H);
}

/* context[t, head] = sum over keys of weight times value (equation 1). */
static void record_context(const Trace *trace, TraceSteps *s)
{
    const size_t T = (size_t)trace->tokens, d = (size_t)trace->head_size;
    const size_t H = (size_t)trace->hidden_size;
    memset(s->context, 0, T * H * sizeof *s->context);
    for (int head = 0; head < trace->heads; head++) {
        size_t at = (size_t)s->layer * (size_t)trace->heads + (size_t)head;
        if (trace->heads_off != NULL && trace->heads_off[at] != 0) { continue; }
        const float *weights = trace_head(trace, ATTENTION_SELF, s->layer, head);
        const float *values = trace_vectors(trace, trace->value, s->layer, head);
        for (size_t t = 0; t < T; t++) {
            float *z = s->context + t * H + (size_t)head * d;
            for (size_t key = 0; key < T; key++) {
                for (size_t i = 0; i < d; i++) {
                    z[i] += weights[t * T + key] * values[key * d + i];
                }
            }
        }
    }
}

static void record_layer(const Encoder *encoder, Team *team, const Trace *trace, TraceSteps *s,
                         float *space)
{
    const ModelConfig *config = &encoder->config;
    const EncoderLayer *w = &encoder->layers[s->layer];
    const int T = trace->tokens, H = config->hidden_size, I = config->intermediate_size;
    const size_t TH = (size_t)T * (size_t)H;
    const float *x = trace->hidden + (size_t)s->layer * TH;
    record_context(trace, s);
    kernels_linear(team, s->context, w->output, T, H, H, space, s->projected);
    kernels_add_bias(team, s->projected, w->output_bias, T, H);
    for (size_t i = 0; i < TH; i++) { s->added[i] = x[i] + s->projected[i]; }
    kernels_add_norm(team, s->added, NULL, NULL, w->attention_gain, w->attention_shift,
                     config->norm_epsilon, T, H, s->attended);
    kernels_linear(team, s->attended, w->up, T, H, I, space, s->inner);
    kernels_activate(team, s->inner, w->up_bias, config->activation, T, I);
    kernels_linear(team, s->inner, w->down, T, I, H, space, s->update);
    kernels_add_bias(team, s->update, w->down_bias, T, H);
    for (size_t i = 0; i < TH; i++) { s->updated[i] = s->attended[i] + s->update[i]; }
}

/* ---- The masked-word head ---- */

static void rank_row(const float *row, int V, StepsName *name, const void *vocabulary, Arena *arena,
                     int id, TraceGuess *guesses, float *own, int *rank)
{
    int best[TRACE_GUESSES] = {0}, count = 0;
    *rank = 1;
    for (int i = 0; i < V; i++) {
        if (id >= 0 && id < V && row[i] > row[id]) { (*rank)++; }
        if (count == TRACE_GUESSES && row[i] <= row[best[count - 1]]) { continue; }
        int at = count < TRACE_GUESSES ? count++ : count - 1;
        for (; at > 0 && row[best[at - 1]] < row[i]; at--) { best[at] = best[at - 1]; }
        best[at] = i;
    }
    for (int i = 0; i < TRACE_GUESSES; i++) {
        const char *piece = i < count ? name(vocabulary, best[i]) : NULL;
        guesses[i].piece = arena_copy_string(arena, piece != NULL ? piece : "");
        guesses[i].probability = i < count ? row[best[i]] : 0;
    }
    *own = id >= 0 && id < V ? row[id] : 0;
}

/* Devlin et al. 2019, task 1, at every token. */
static bool record_guesses(const Encoder *encoder, Team *team, StepsName *name,
                           const void *vocabulary, Trace *trace, TraceSteps *s, float *space)
{
    const ModelConfig *config = &encoder->config;
    const int T = trace->tokens, H = config->hidden_size, V = config->vocab_size;
    const int E = config->embedding_size;
    const size_t TH = (size_t)T * (size_t)H, TE = (size_t)T * (size_t)E;
    const float *top = trace->hidden + (size_t)trace->layers * TH;
    size_t count = 0;
    if (!mem_multiply((size_t)T, (size_t)V, &count)) { return false; }
    float *scratch = mem_try_aligned(2 * TE + count, sizeof *scratch);
    if (scratch == NULL) { return false; }
    float *transformed = scratch, *normed = scratch + TE, *logits = normed + TE;
    kernels_linear(team, top, encoder->transform, T, H, E, space, transformed);
    kernels_activate(team, transformed, encoder->transform_bias, config->head_activation, T, E);
    kernels_add_norm(team, transformed, NULL, NULL, encoder->head_gain, encoder->head_shift,
                     config->norm_epsilon, T, E, normed);
    kernels_linear(team, normed, encoder->decoder, T, E, V, space, logits);
    kernels_add_bias(team, logits, encoder->decoder_bias, T, V);
    kernels_softmax(logits, T, V);
    s->guesses = mem_zero((size_t)T * TRACE_GUESSES, sizeof *s->guesses);
    s->own = mem_zero((size_t)T, sizeof *s->own);
    s->rank = mem_zero((size_t)T, sizeof *s->rank);
    for (int t = 0; t < T; t++) {
        rank_row(logits + (size_t)t * (size_t)V, V, name, vocabulary, &trace->encoding->arena,
                 trace->encoding->tokens[t].id, s->guesses + (size_t)t * TRACE_GUESSES, &s->own[t],
                 &s->rank[t]);
    }
    free(scratch);
    return true;
}

bool steps_record(const Encoder *encoder, Team *team, StepsName *name, const void *vocabulary,
                  Trace *trace, int layer, Error *err)
{
    const ModelConfig *config = &encoder->config;
    TraceSteps *s = mem_zero(1, sizeof *s);
    s->layer = layer;
    s->inner_size = config->intermediate_size;
    s->positions = min_int(config->positions, STEPS_POSITIONS);
    s->epsilon = config->norm_epsilon;
    size_t T = (size_t)trace->tokens, H = (size_t)config->hidden_size;
    size_t I = (size_t)s->inner_size, P = (size_t)s->positions;
    s->block = mem_try_aligned(measure(s, T, H, I, P, NULL), sizeof *s->block);
    float *space = mem_try_aligned(kernels_space(config, trace->tokens), sizeof *space);
    bool ok = s->block != NULL && space != NULL;
    if (ok) {
        measure(s, T, H, I, P, s->block);
        record_input(encoder, trace, s);
        record_weights(&encoder->layers[layer], H, s);
        record_layer(encoder, team, trace, s, space);
        ok = encoder->transform == NULL ||
             record_guesses(encoder, team, name, vocabulary, trace, s, space);
    }
    free(space);
    if (!ok) {
        trace_steps_free(s);
        return error_set(err, "There is not enough memory to keep every step of %d tokens.",
                         trace->tokens);
    }
    trace_steps_free(trace->steps);
    trace->steps = s;
    return true;
}
