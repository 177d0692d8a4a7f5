/* Rollout and flow on traces that can be worked out by hand. */
#include "analysis/rollout.h"
#include "base/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Trace *make_trace(int layers, int heads, int tokens)
{
    Trace *trace = trace_new();
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)tokens, sizeof(Token));
    encoding->count = tokens;
    trace->encoding = encoding;
    trace->layers = layers;
    trace->heads = heads;
    trace->tokens = tokens;
    size_t count = (size_t)layers * (size_t)heads * (size_t)tokens * (size_t)tokens;
    trace->attention[ATTENTION_SELF] =
        (Attention){encoding, encoding, layers, heads, tokens, tokens, mem_zero(count, 4)};
    return trace;
}

static void set_head(Trace *trace, int layer, int head, const float *weights)
{
    size_t count = (size_t)trace->tokens * (size_t)trace->tokens;
    float *all = trace->attention[ATTENTION_SELF].weights;
    memcpy(all + ((size_t)layer * (size_t)trace->heads + (size_t)head) * count, weights,
           count * sizeof *weights);
}

static void fill_random(Trace *trace, unsigned seed)
{
    size_t n = (size_t)trace->tokens;
    float *row = trace->attention[ATTENTION_SELF].weights;
    for (size_t i = 0; i < (size_t)trace->layers * (size_t)trace->heads * n; i++, row += n) {
        float sum = 0;
        for (size_t k = 0; k < n; k++) {
            seed = seed * 1664525u + 1013904223u;
            sum += row[k] = (float)(seed >> 16 & 1023) + 1;
        }
        for (size_t k = 0; k < n; k++) { row[k] /= sum; }
    }
}

static void rollout_is_the_product(void **state)
{
    (void)state;
    Trace *trace = make_trace(2, 2, 2);
    /* Head 0: everybody looks at token 0. Head 1: at itself. Their mean with half residual:
     * layer: [1 0; 0.25 0.75]. */
    set_head(trace, 0, 0, (float[]){1, 0, 1, 0});
    set_head(trace, 0, 1, (float[]){1, 0, 0, 1});
    set_head(trace, 1, 0, (float[]){1, 0, 1, 0});
    set_head(trace, 1, 1, (float[]){1, 0, 0, 1});
    HeadSet heads;
    headset_fill(&heads, 2);
    float mixed[4], rollout[4];
    rollout_mix(trace, 0, &heads, mixed);
    const float one[] = {1, 0, 0.25f, 0.75f};
    for (int i = 0; i < 4; i++) { assert_float_equal(mixed[i], one[i], 1e-6); }
    rollout_run(trace, 0, &heads, rollout);
    for (int i = 0; i < 4; i++) { assert_float_equal(rollout[i], one[i], 1e-6); }
    rollout_run(trace, 1, &heads, rollout);
    const float two[] = {1, 0, 0.4375f, 0.5625f};
    for (int i = 0; i < 4; i++) { assert_float_equal(rollout[i], two[i], 1e-6); }
    /* Only the head that looks at itself: nothing moves. */
    heads = (HeadSet){0};
    headset_put(&heads, 1, true);
    rollout_run(trace, 1, &heads, rollout);
    const float still[] = {1, 0, 0, 1};
    for (int i = 0; i < 4; i++) { assert_float_equal(rollout[i], still[i], 1e-6); }
    trace_free(trace);
}

static void rows_sum_to_one(void **state)
{
    (void)state;
    Trace *trace = make_trace(4, 3, 9);
    fill_random(trace, 5);
    trace->attention[ATTENTION_SELF].weights[7] = NAN;
    HeadSet heads;
    headset_fill(&heads, 3);
    float rollout[81], flow[9];
    rollout_run(trace, 3, &heads, rollout);
    for (int row = 0; row < 9; row++) {
        float sum = 0;
        for (int i = 0; i < 9; i++) {
            assert_true(rollout[row * 9 + i] >= 0);
            sum += rollout[row * 9 + i];
        }
        assert_float_equal(sum, 1, 1e-5);
    }
    assert_true(rollout_flow(trace, 3, &heads, 4, flow));
    float sum = 0;
    for (int i = 0; i < 9; i++) { sum += flow[i]; }
    assert_float_equal(sum, 1, 1e-5);
    trace_free(trace);
}

/* The largest flow equals the smallest cut: all cuts of a graph of two levels of two tokens. */
static void flow_is_the_smallest_cut(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 40; seed++) {
        Trace *trace = make_trace(2, 1, 3);
        fill_random(trace, seed);
        HeadSet heads;
        headset_fill(&heads, 1);
        float low[9], high[9], flow[3], cut[3], sum = 0;
        rollout_mix(trace, 0, &heads, low);
        rollout_mix(trace, 1, &heads, high);
        for (int sink = 0; sink < 3; sink++) {
            /* Between the source and the sink lie three tokens, each path through one of them. */
            cut[sink] = 0;
            for (int middle = 0; middle < 3; middle++) {
                cut[sink] += fminf(high[3 + middle], low[middle * 3 + sink]);
            }
            sum += cut[sink];
        }
        assert_true(rollout_flow(trace, 1, &heads, 1, flow));
        for (int sink = 0; sink < 3; sink++) {
            assert_float_equal(flow[sink], cut[sink] / sum, 1e-4);
        }
        trace_free(trace);
    }
}

static void a_long_text_is_refused(void **state)
{
    (void)state;
    Trace *trace = make_trace(2, 1, 200);
    fill_random(trace, 3);
    HeadSet heads;
    headset_fill(&heads, 1);
    float flow[200] = {42};
    assert_false(rollout_flow(trace, 1, &heads, 0, flow));
    assert_float_equal(flow[0], 42, 0);
    trace_free(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rollout_is_the_product),
        cmocka_unit_test(rows_sum_to_one),
        cmocka_unit_test(flow_is_the_smallest_cut),
        cmocka_unit_test(a_long_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
