/* The steps of a layer are the calculation: each follows from the one before it by its equation, and the
 * last one is what the trace says comes out. */
#include "base/base.h"
#include "model/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLOSE 2e-5

typedef struct Fixture {
    Model *model;
    Trace *trace;
} Fixture;

enum { LAYER = 1 };

static int set_up(void **data)
{
    Error err = {""};
    Fixture *f = calloc(1, sizeof *f);
    f->model = model_open("tests/data/bert-tiny", 0, &err);
    if (f->model != NULL) {
        f->trace = model_run(f->model, model_encode(f->model, "ba be bo, da [MASK] ba.", "fa fe"),
                             MODEL_LOGITS | MODEL_STEPS | LAYER << MODEL_LAYER_SHIFT, NULL, &err);
    }
    if (f->trace == NULL || f->trace->steps == NULL) { fprintf(stderr, "%s\n", err.text); }
    *data = f;
    return f->trace != NULL && f->trace->steps != NULL ? 0 : -1;
}

static int tear_down(void **data)
{
    Fixture *f = *data;
    trace_free(f->trace);
    model_free(f->model);
    free(f);
    return 0;
}

/* The sum of x[i] * w[i], in double. */
static double dot(const float *x, const float *w, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) { sum += (double)x[i] * (double)w[i]; }
    return sum;
}

static void is_norm(const float *in, const float *out, const float *gain, const float *shift, int H,
                    double epsilon)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < H; i++) { mean += (double)in[i] / H; }
    for (int i = 0; i < H; i++) { variance += ((double)in[i] - mean) * ((double)in[i] - mean) / H; }
    for (int i = 0; i < H; i++) {
        double value =
            ((double)in[i] - mean) / sqrt(variance + epsilon) * (double)gain[i] + (double)shift[i];
        assert_float_equal(out[i], value, CLOSE);
    }
}

static void vectors_are_the_stream_times_the_weights(void **data)
{
    const Trace *t = ((Fixture *)*data)->trace;
    const TraceSteps *s = t->steps;
    int H = t->hidden_size, d = t->head_size, T = t->tokens;
    const float *x = t->hidden + LAYER * T * H;
    const struct {
        const float *weight, *bias, *vectors;
    } all[] = {{s->query_weight, s->query_bias, t->query},
               {s->key_weight, s->key_bias, t->key},
               {s->value_weight, s->value_bias, t->value}};
    assert_int_equal(s->layer, LAYER);
    for (size_t v = 0; v < COUNTOF(all); v++) {
        for (int i = 0; i < T * H; i++) {
            int token = i / H, column = i % H, head = column / d;
            double value =
                dot(x + token * H, all[v].weight + column * H, H) + (double)all[v].bias[column];
            const float *vectors = trace_vectors(t, all[v].vectors, LAYER, head);
            assert_float_equal(vectors[token * d + column % d], value, CLOSE);
        }
    }
}

static void every_step_follows_from_the_one_before(void **data)
{
    const Trace *t = ((Fixture *)*data)->trace;
    const TraceSteps *s = t->steps;
    int H = t->hidden_size, T = t->tokens, d = t->head_size;
    const float *x = t->hidden + LAYER * T * H, *above = x + T * H;
    for (int q = 0; q < T; q++) {
        for (int i = 0; i < H; i++) {
            double z = 0;
            const float *weights = trace_head(t, ATTENTION_SELF, LAYER, i / d);
            const float *values = trace_vectors(t, t->value, LAYER, i / d);
            for (int k = 0; k < T; k++) {
                z += (double)weights[q * T + k] * (double)values[k * d + i % d];
            }
            assert_float_equal(s->context[q * H + i], z, CLOSE);
            double out =
                dot(s->context + q * H, s->output_weight + i * H, H) + (double)s->output_bias[i];
            assert_float_equal(s->projected[q * H + i], out, CLOSE);
            assert_float_equal(s->added[q * H + i], x[q * H + i] + s->projected[q * H + i], CLOSE);
            assert_float_equal(s->updated[q * H + i], s->attended[q * H + i] + s->update[q * H + i],
                               CLOSE);
        }
        is_norm(s->added + q * H, s->attended + q * H, s->attention_gain, s->attention_shift, H,
                (double)s->epsilon);
        is_norm(s->updated + q * H, above + q * H, s->gain, s->shift, H, (double)s->epsilon);
    }
}

static void the_input_is_a_sum_of_three(void **data)
{
    Fixture *f = *data;
    const Trace *t = f->trace;
    const TraceSteps *s = t->steps;
    int H = t->hidden_size;
    for (int token = 0; token < t->tokens; token++) {
        for (int i = 0; i < H; i++) {
            assert_float_equal(s->position[token * H + i], s->position_table[token * H + i], 0);
        }
    }
    /* Tokens with the same piece have the same word vector, whatever their place. */
    assert_string_equal(t->encoding->tokens[1].piece, t->encoding->tokens[7].piece);
    assert_memory_equal(s->word + H, s->word + 7 * H, (size_t)H * sizeof(float));
    assert_memory_not_equal(s->segment + H, s->segment + (t->tokens - 1) * H,
                            (size_t)H * sizeof(float));
}

static void guesses_are_those_of_the_logits(void **data)
{
    const Trace *t = ((Fixture *)*data)->trace;
    const TraceSteps *s = t->steps;
    int V = t->vocab_size;
    assert_non_null(s->guesses);
    for (int token = 0; token < t->tokens; token++) {
        const float *row = t->logits + token * V;
        double sum = 0, largest = -1e30;
        int rank = 1, id = t->encoding->tokens[token].id;
        for (int i = 0; i < V; i++) { largest = fmax(largest, (double)row[i]); }
        for (int i = 0; i < V; i++) {
            sum += exp((double)row[i] - largest);
            rank += row[i] > row[id];
        }
        assert_float_equal(s->guesses[token * TRACE_GUESSES].probability, (float)(1 / sum), 1e-5);
        assert_float_equal(s->own[token], (float)(exp((double)row[id] - largest) / sum), 1e-5);
        assert_int_equal(s->rank[token], rank);
    }
}

static void without_the_wish_there_are_none(void **data)
{
    Fixture *f = *data;
    Error err = {""};
    Trace *plain =
        model_run(f->model, model_encode(f->model, "ba", NULL), MODEL_ATTENTION, NULL, &err);
    assert_null(plain->steps);
    trace_free(plain);
    Trace *beyond = model_run(f->model, model_encode(f->model, "ba", NULL),
                              MODEL_STEPS | 200u << MODEL_LAYER_SHIFT, NULL, &err);
    assert_int_equal(beyond->steps->layer, beyond->layers - 1);
    trace_free(beyond);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors_are_the_stream_times_the_weights),
        TEST(every_step_follows_from_the_one_before),
        TEST(the_input_is_a_sum_of_three),
        TEST(guesses_are_those_of_the_logits),
        TEST(without_the_wish_there_are_none),
    };
    return cmocka_run_group_tests_name("steps", tests, NULL, NULL);
}
