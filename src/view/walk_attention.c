/* The steps inside attention: Vaswani et al. 2017, sections 3.2.1 and 3.2.2. */
#include "view/walk.h"

#include "base/base.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GAP 26.0f
#define NO_VECTORS "This trace has no query and key vectors."
#define NO_STEPS "This needs the weights of the model: open one instead of a trace file."

static bool has_vectors(Walk *w)
{
    if (w->q == NULL || w->k == NULL) { w->missing = NO_VECTORS; }
    return w->missing == NULL;
}

/* One of q, k, v: x times W gives the vectors of this head. */
static void place_one(Walk *w, Rect row, const char *matrix, const char *name, const float *weight,
                      const float *bias, const float *vectors)
{
    size_t H = (size_t)w->H, d = (size_t)w->d, at = (size_t)w->head * d;
    Rect rest = row, left = walk_cut(&rest, row.w * 0.44f), sign = walk_cut(&rest, GAP);
    walk_matrix(w, left,
                (WalkMatrix){.name = "x",
                             .values = w->x,
                             .rows = w->T,
                             .cols = w->H,
                             .stride = H,
                             .row_tokens = true,
                             .chosen_row = w->query,
                             .source = {.how = "what comes into the layer"}});
    walk_sign(w, sign, "\u00D7");
    Rect middle = walk_cut(&rest, row.w * 0.2f);
    /* W is stored [outputs, inputs]; a column of the picture is one output. */
    float *turned = walk_floats(w, H * d);
    for (size_t i = 0; i < H; i++) {
        for (size_t c = 0; c < d; c++) { turned[i * d + c] = weight[(at + c) * H + i]; }
    }
    walk_matrix(w, middle,
                (WalkMatrix){.name = matrix,
                             .values = turned,
                             .rows = w->H,
                             .cols = w->d,
                             .stride = d,
                             .chosen_row = -1,
                             .source = {.how = "learned in training"}});
    sign = walk_cut(&rest, GAP);
    walk_sign(w, sign, "=");
    walk_matrix(w, rest,
                (WalkMatrix){.name = name,
                             .values = vectors,
                             .rows = w->T,
                             .cols = w->d,
                             .stride = d,
                             .row_tokens = true,
                             .chosen_row = w->query,
                             .source = {.left = w->x,
                                        .left_row = H,
                                        .left_step = 1,
                                        .right = weight + at * H,
                                        .right_col = H,
                                        .right_step = 1,
                                        .terms = w->H,
                                        .bias = bias + at}});
}

/* Without the weights: the vectors as they are in the trace. */
static void place_three(Walk *w)
{
    const struct {
        const char *name;
        const float *vectors;
    } all[] = {{"Q", w->q}, {"K", w->k}, {"V", w->v}};
    for (int i = 0; i < 3; i++) {
        if (all[i].vectors == NULL) { continue; }
        walk_matrix(w, walk_column(w->body, i, 3, GAP),
                    (WalkMatrix){.name = all[i].name,
                                 .values = all[i].vectors,
                                 .rows = w->T,
                                 .cols = w->d,
                                 .stride = (size_t)w->d,
                                 .row_tokens = true,
                                 .chosen_row = w->query,
                                 .source = {.how = "as the trace has it"}});
    }
}

void walk_place_vectors(Walk *w)
{
    if (!has_vectors(w)) { return; }
    const TraceSteps *s = w->steps;
    if (s == NULL || w->x == NULL || w->v == NULL) {
        place_three(w);
        return;
    }
    const struct {
        const char *matrix, *name;
        const float *weight, *bias, *vectors;
    } all[] = {{"W^Q", "Q", s->query_weight, s->query_bias, w->q},
               {"W^K", "K", s->key_weight, s->key_bias, w->k},
               {"W^V", "V", s->value_weight, s->value_bias, w->v}};
    float high = w->body.h / 3;
    for (int i = 0; i < 3; i++) {
        Rect row = {w->body.x, w->body.y + high * (float)i, w->body.w, high - 6};
        place_one(w, row, all[i].matrix, all[i].name, all[i].weight, all[i].bias, all[i].vectors);
    }
}

/* What a score is made of. */
static WalkSource score_source(const Walk *w)
{
    size_t d = (size_t)w->d;
    return (WalkSource){.left = w->q,
                        .left_row = d,
                        .left_step = 1,
                        .right = w->k,
                        .right_col = d,
                        .right_step = 1,
                        .terms = w->d};
}

static WalkMatrix square(const Walk *w, const char *name, const float *values, WalkColors colors)
{
    return (WalkMatrix){.name = name,
                        .values = values,
                        .rows = w->T,
                        .cols = w->T,
                        .stride = (size_t)w->T,
                        .colors = colors,
                        .row_tokens = true,
                        .col_tokens = true,
                        .chosen_row = w->query};
}

static float row_most(const float *row, int count)
{
    float most = 1e-9f;
    for (int i = 0; i < count; i++) {
        if (isfinite(row[i])) { most = max_float(most, fabsf(row[i])); }
    }
    return most;
}

void walk_place_scores(Walk *w)
{
    if (!has_vectors(w)) { return; }
    Rect rest = w->body, vectors = walk_cut(&rest, w->body.w * 0.3f);
    size_t d = (size_t)w->d, T = (size_t)w->T;
    Rect top = {vectors.x, vectors.y, vectors.w, min_float(vectors.h * 0.2f, w->text * 5)};
    Rect below = {vectors.x, top.y + top.h, vectors.w, vectors.h - top.h};
    walk_matrix(w, top,
                (WalkMatrix){.name = "q",
                             .values = w->q + (size_t)w->query * d,
                             .rows = 1,
                             .cols = w->d,
                             .stride = d,
                             .chosen_row = -1,
                             .source = {.how = "the query vector of the chosen token"}});
    walk_matrix(w, below,
                (WalkMatrix){.name = "K",
                             .values = w->k,
                             .rows = w->T,
                             .cols = w->d,
                             .stride = d,
                             .row_tokens = true,
                             .chosen_row = -1,
                             .source = {.how = "the key vectors, one for each token"}});
    walk_cut(&rest, GAP);
    Rect bars = walk_cut(&rest, w->body.w * 0.28f);
    float *scores = walk_scores(w, false), *row = scores + (size_t)w->query * T;
    walk_bars(w, bars, "q \u00B7 k", row, w->T, row_most(row, w->T), -1, NULL);
    walk_cut(&rest, GAP);
    WalkMatrix all = square(w, "Q K^T", scores, WALK_SIGNED);
    all.source = score_source(w);
    walk_matrix(w, rest, all);
}

/* Some models (MPNet) add a bias per distance to the scores, decoders hide what comes later, and a trace
 * holds neither: then these scores are not all that the softmax got. */
static bool is_all(Walk *w, const float *scaled)
{
    size_t cells = (size_t)w->T * (size_t)w->T;
    float *again = walk_floats(w, cells), most = 0;
    memcpy(again, scaled, cells * sizeof *again);
    walk_softmax(again, w->T, 1, false);
    for (size_t i = 0; i < cells; i++) { most = max_float(most, fabsf(again[i] - w->weights[i])); }
    return most <= 1e-3f;
}

static const char *name_scores(bool all) { return all ? "scores" : "scores without bias"; }

/* What the softmax got, but for a number per row, to which it is blind: where the scores are not all, the
 * logarithm of the weights. Hence the bias, which does not grow with the scores where they are not
 * divided. */
static float *softmax_input(Walk *w, const float *scaled, bool undivided)
{
    size_t cells = (size_t)w->T * (size_t)w->T;
    float *input = walk_floats(w, cells), root = undivided ? sqrtf((float)w->d) : 1;
    bool all = is_all(w, scaled);
    for (size_t i = 0; i < cells; i++) {
        float bias = all ? 0 : logf(max_float(w->weights[i], 0)) - scaled[i];
        input[i] = scaled[i] * root + bias;
    }
    return input;
}

void walk_place_scaled(Walk *w)
{
    if (!has_vectors(w)) { return; }
    size_t T = (size_t)w->T;
    float *raw = walk_scores(w, false), *scaled = walk_scores(w, true);
    float *row = raw + (size_t)w->query * T, *small = scaled + (size_t)w->query * T;
    walk_bars(w, walk_column(w->body, 0, 3, GAP), "q \u00B7 k", row, w->T, row_most(row, w->T), -1,
              NULL);
    char name[48];
    snprintf(name, sizeof name, "q \u00B7 k / \u221A%d", w->d);
    walk_bars(w, walk_column(w->body, 1, 3, GAP), name, small, w->T, row_most(row, w->T), -1, NULL);
    float *weights = softmax_input(w, scaled, true);
    walk_softmax(weights, w->T, 1, false);
    if (!w->state->unscaled) { memcpy(weights, w->weights, T * T * sizeof *weights); }
    walk_bars(w, walk_column(w->body, 2, 3, GAP),
              w->state->unscaled ? "softmax without the division" : "softmax",
              weights + (size_t)w->query * T, w->T, 1, -1, NULL);
}

void walk_place_mask(Walk *w)
{
    if (!has_vectors(w)) { return; }
    size_t T = (size_t)w->T;
    float *scores = walk_scores(w, true), *mask = walk_floats(w, T * T);
    float *masked = walk_floats(w, T * T);
    bool causal = w->state->causal;
    for (size_t q = 0; q < T; q++) {
        for (size_t k = 0; k < T; k++) {
            bool hidden = causal && k > q;
            mask[q * T + k] = hidden ? 1 : 0;
            masked[q * T + k] = hidden ? NAN : scores[q * T + k];
        }
    }
    WalkMatrix a = square(w, name_scores(is_all(w, scores)), scores, WALK_SIGNED);
    a.source.how = "q \u00B7 k / \u221Ad_k";
    walk_matrix(w, walk_column(w->body, 0, 3, GAP), a);
    WalkMatrix b = square(w, causal ? "what if: hidden" : "hidden: nothing", mask, WALK_WEIGHTS);
    b.source.how = causal ? "1: comes later and is hidden" : "an encoder hides nothing";
    walk_matrix(w, walk_column(w->body, 1, 3, GAP), b);
    WalkMatrix c = square(w, "masked scores", masked, WALK_SIGNED);
    c.source.how = "what is hidden becomes minus infinity";
    walk_matrix(w, walk_column(w->body, 2, 3, GAP), c);
}

void walk_place_softmax(Walk *w)
{
    if (!has_vectors(w)) { return; }
    size_t T = (size_t)w->T;
    bool plain = w->state->temperature == 1 && !w->state->causal;
    float *scores = walk_scores(w, true), *weights = softmax_input(w, scores, false);
    walk_softmax(weights, w->T, w->state->temperature, w->state->causal);
    if (plain) { memcpy(weights, w->weights, T * T * sizeof *weights); }
    bool *hidden = arena_alloc(w->arena, T, sizeof *hidden);
    for (size_t k = 0; k < T; k++) { hidden[k] = w->state->causal && k > (size_t)w->query; }
    float *row = scores + (size_t)w->query * T;
    Rect rest = w->body;
    walk_bars(w, walk_cut(&rest, w->body.w * 0.28f), name_scores(is_all(w, scores)), row, w->T,
              row_most(row, w->T), -1, hidden);
    walk_cut(&rest, GAP);
    char name[64];
    snprintf(name, sizeof name, plain ? "weights" : "what if: temperature %.2g%s",
             (double)w->state->temperature, w->state->causal ? ", causal" : "");
    walk_bars(w, walk_cut(&rest, w->body.w * 0.28f), name, weights + (size_t)w->query * T, w->T, 1,
              -1, hidden);
    walk_cut(&rest, GAP);
    WalkMatrix all = square(w, "softmax", weights, WALK_WEIGHTS);
    all.source.how = plain ? "e^score over the sum of its row" : "what if, not what the model does";
    walk_matrix(w, rest, all);
}

/* Values fade with their weight; their sum is z. */
void walk_place_sum(Walk *w)
{
    if (w->v == NULL) {
        w->missing = "This trace has no value vectors.";
        return;
    }
    size_t T = (size_t)w->T, d = (size_t)w->d;
    const float *weights = w->weights + (size_t)w->query * T;
    Rect rest = w->body;
    walk_bars(w, walk_cut(&rest, w->body.w * 0.24f), "weights", weights, w->T, 1, -1, NULL);
    Rect sign = walk_cut(&rest, GAP);
    walk_sign(w, sign, "\u00D7");
    Rect values = walk_cut(&rest, rest.w * 0.48f);
    walk_matrix(w, values,
                (WalkMatrix){.name = "V",
                             .values = w->v,
                             .rows = w->T,
                             .cols = w->d,
                             .stride = d,
                             .row_tokens = true,
                             .chosen_row = -1,
                             .source = {.how = "the value vectors"}});
    walk_sign(w, walk_cut(&rest, GAP), "=");
    float *terms = walk_floats(w, T * d), *z = walk_floats(w, d);
    for (size_t k = 0; k < T; k++) {
        for (size_t i = 0; i < d; i++) {
            terms[k * d + i] = weights[k] * w->v[k * d + i];
            z[i] += terms[k * d + i];
        }
    }
    float high = max_float(rest.h * 0.78f, 10);
    walk_matrix(
        w, (Rect){rest.x, rest.y, rest.w, high},
        (WalkMatrix){.name = "weight \u00D7 v",
                     .values = terms,
                     .rows = w->T,
                     .cols = w->d,
                     .stride = d,
                     .row_tokens = true,
                     .chosen_row = -1,
                     .source = {.how = "weight times value, faint where the weight is small"}});
    walk_matrix(
        w, (Rect){rest.x + w->text * 3.6f, rest.y + high, rest.w - w->text * 3.6f, rest.h - high},
        (WalkMatrix){.name = "their sum: z",
                     .values = z,
                     .rows = 1,
                     .cols = w->d,
                     .stride = d,
                     .chosen_row = -1,
                     .source = {.left = weights,
                                .left_step = 1,
                                .right = w->v,
                                .right_col = 1,
                                .right_step = d,
                                .terms = w->T}});
}

void walk_place_heads(Walk *w)
{
    const TraceSteps *s = w->steps;
    if (s == NULL) {
        w->missing = NO_STEPS;
        return;
    }
    size_t H = (size_t)w->H, d = (size_t)w->d;
    int heads = w->trace->heads, shown = min_int(heads, 8);
    float high = w->body.h * 0.42f;
    for (int head = 0; head < shown; head++) {
        char *name = arena_format(w->arena, "z_{%d}", head);
        Rect part = walk_column((Rect){w->body.x, w->body.y, w->body.w, high}, head, shown, 10);
        walk_matrix(w, part,
                    (WalkMatrix){.name = name,
                                 .values = s->context + (size_t)head * d,
                                 .rows = w->T,
                                 .cols = w->d,
                                 .stride = H,
                                 .chosen_row = head == w->head ? w->query : -1,
                                 .source = {.how = "the weighted sum of this head's values"}});
    }
    Rect rest = {w->body.x, w->body.y + high + 4, w->body.w, w->body.h - high - 4};
    Rect all = walk_cut(&rest, w->body.w * 0.42f);
    walk_matrix(
        w, all,
        (WalkMatrix){.name = heads > shown ? "all z side by side" : "z_0 \u2026 z_n side by side",
                     .values = s->context,
                     .rows = w->T,
                     .cols = w->H,
                     .stride = H,
                     .row_tokens = true,
                     .chosen_row = w->query,
                     .source = {.how = "the heads next to each other"}});
    walk_sign(w, walk_cut(&rest, GAP), "\u00D7");
    Rect output = walk_cut(&rest, w->body.w * 0.16f);
    float *turned = walk_floats(w, H * H);
    for (size_t i = 0; i < H; i++) {
        for (size_t c = 0; c < H; c++) { turned[i * H + c] = s->output_weight[c * H + i]; }
    }
    walk_matrix(w, output,
                (WalkMatrix){.name = "W^O",
                             .values = turned,
                             .rows = w->H,
                             .cols = w->H,
                             .stride = H,
                             .chosen_row = -1,
                             .source = {.how = "learned in training"}});
    walk_sign(w, walk_cut(&rest, GAP), "=");
    walk_matrix(w, rest,
                (WalkMatrix){.name = "Z",
                             .values = s->projected,
                             .rows = w->T,
                             .cols = w->H,
                             .stride = H,
                             .row_tokens = true,
                             .chosen_row = w->query,
                             .source = {.left = s->context,
                                        .left_row = H,
                                        .left_step = 1,
                                        .right = s->output_weight,
                                        .right_col = H,
                                        .right_step = 1,
                                        .terms = w->H,
                                        .bias = s->output_bias}});
}
