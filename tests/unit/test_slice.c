/* slice, links, measure: filters, renormalising, ranking, against weights written out by hand. */
#include "analysis/links.h"
#include "analysis/measure.h"
#include "analysis/slice.h"
#include "base/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TOKENS = 4, HEADS = 2 };

/* [CLS] a | b [SEP]: two sides, two special tokens; head 0 by hand, head 1 looks at itself. */
static const float head0[TOKENS][TOKENS] = {{0.1f, 0.2f, 0.3f, 0.4f},
                                            {0.5f, 0.25f, 0.15f, 0.1f},
                                            {0, 0.75f, 0.25f, 0},
                                            {0.25f, 0.25f, 0.25f, 0.25f}};

static Trace *make_trace(void)
{
    static const char *const pieces[TOKENS] = {"[CLS]", "a", "b", "[SEP]"};
    Trace *trace = trace_new();
    Encoding *encoding = calloc(1, sizeof *encoding);
    encoding->tokens = arena_alloc(&encoding->arena, TOKENS, sizeof(Token));
    encoding->count = TOKENS;
    encoding->text[0] = "a";
    encoding->text[1] = "b";
    for (int i = 0; i < TOKENS; i++) {
        encoding->tokens[i] = (Token){
            .piece = pieces[i], .id = i, .side = i >= 2, .special = i == 0 || i == TOKENS - 1};
    }
    trace->encoding = encoding;
    trace->layers = 1;
    trace->heads = HEADS;
    trace->tokens = TOKENS;
    Attention *a = &trace->attention[ATTENTION_SELF];
    *a = (Attention){encoding, encoding, 1, HEADS, TOKENS, TOKENS, NULL};
    a->weights = aligned_alloc(64, 128);
    for (int q = 0; q < TOKENS; q++) {
        for (int k = 0; k < TOKENS; k++) {
            a->weights[q * TOKENS + k] = head0[q][k];
            a->weights[(TOKENS + q) * TOKENS + k] = q == k ? 1 : 0;
        }
    }
    return trace;
}

static void all_tokens_pass_unchanged(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    Arena arena = {0};
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN, &arena);
    float weights[TOKENS * TOKENS];
    slice_weights(&slice, 0, 0, weights);
    for (int i = 0; i < TOKENS * TOKENS; i++) {
        assert_float_equal(weights[i], head0[i / TOKENS][i % TOKENS], 0);
    }
    arena_free(&arena);
    trace_free(trace);
}

static void pair_filters_cut_blocks_without_renormalising(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    Arena arena = {0};
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_A_TO_B, SPECIAL_SHOWN, &arena);
    assert_int_equal(slice.queries, 2);
    assert_int_equal(slice.keys, 2);
    float weights[4];
    slice_weights(&slice, 0, 0, weights);
    const float expected[4] = {0.3f, 0.4f, 0.15f, 0.1f};
    for (int i = 0; i < 4; i++) { assert_float_equal(weights[i], expected[i], 0); }
    slice = slice_make(trace, ATTENTION_SELF, PAIR_B_TO_A, SPECIAL_SHOWN, &arena);
    assert_int_equal(slice.query_index[0], 2);
    assert_int_equal(slice.key_index[1], 1);
    assert_int_equal(slice_find_query(&slice, 0), -1);
    arena_free(&arena);
    trace_free(trace);
}

static void hidden_special_tokens_can_be_renormalised(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    Arena arena = {0};
    float weights[4];
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_HIDDEN, &arena);
    slice_weights(&slice, 0, 0, weights);
    assert_float_equal(weights[0], 0.25f, 0);
    assert_float_equal(weights[1], 0.15f, 0);
    slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_RENORMALISED, &arena);
    slice_weights(&slice, 0, 0, weights);
    assert_float_equal(weights[0], 0.625f, 1e-6);
    assert_float_equal(weights[1], 0.375f, 1e-6);
    arena_free(&arena);
    trace_free(trace);
}

/* t0 | t1 ##t2 | t3: the middle two are one word. */
static void pieces_become_words(void **state)
{
    (void)state;
    Trace *trace = trace_new();
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    static const Token tokens[4] = {{"[CLS]", 0, 0, 0, 0, -1, true},
                                    {"har", 1, 0, 0, 3, 0, false},
                                    {"##bour", 2, 0, 3, 7, 0, false},
                                    {"har", 3, 1, 0, 3, 0, false}}; /* of the other text */
    encoding->tokens = arena_alloc(&encoding->arena, 4, sizeof(Token));
    memcpy(encoding->tokens, tokens, sizeof tokens);
    encoding->count = trace->tokens = 4;
    trace->encoding = encoding;
    trace->layers = 2;
    trace->heads = 1;
    float *weights = mem_zero(32, sizeof *weights);
    const float matrix[16] = {1,    0,    0,    0,    0.1f,  0.2f,  0.3f,  0.4f,
                              0.5f, 0.1f, 0.3f, 0.1f, 0.25f, 0.25f, 0.25f, 0.25f};
    memcpy(weights, matrix, sizeof matrix);
    memcpy(weights + 16, matrix, sizeof matrix);
    weights[16] = 0.5f;
    trace->attention[ATTENTION_SELF] = (Attention){encoding, encoding, 2, 1, 4, 4, weights};
    Arena arena = {0};
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN, &arena);
    slice_group_words(&slice, &arena);
    assert_int_equal(slice.queries, 3);
    assert_int_equal(slice.keys, 3);
    assert_string_equal(slice_query(&slice, 1)->piece, "harbour");
    assert_int_equal(slice_query(&slice, 1)->end, 7);
    assert_int_equal(slice_find_key(&slice, 2), 1);
    assert_int_equal(slice_find_query(&slice, 3), 2);
    assert_int_equal(slice.query_index[1], 1);
    float words[9];
    const float wanted[9] = {1, 0, 0, 0.3f, 0.45f, 0.25f, 0.25f, 0.5f, 0.25f};
    slice_weights(&slice, 0, 0, words);
    for (int i = 0; i < 9; i++) { assert_float_equal(words[i], wanted[i], 1e-6); }
    /* Renormalised, without [CLS]: each piece's row sums to 1 before they are averaged. */
    slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_RENORMALISED, &arena);
    slice_group_words(&slice, &arena);
    slice_weights(&slice, 0, 0, words);
    assert_float_equal(words[0], (0.5f / 0.9f + 0.8f) / 2, 1e-6);
    assert_float_equal(words[0] + words[1], 1, 1e-6);

    HeadSet heads;
    headset_fill(&heads, 1);
    slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN, &arena);
    float all[16];
    slice_combine(&slice, 0, &heads, COMBINE_LAYERS_MEAN, all);
    assert_float_equal(all[0], 0.75f, 1e-6);
    slice_combine(&slice, 0, &heads, COMBINE_LAYERS_MAX, all);
    assert_float_equal(all[0], 1, 1e-6);
    slice_combine(&slice, 0, &heads, COMBINE_ROLLOUT, all); /* half itself */
    assert_float_equal(all[5], 0.6f, 1e-6);
    assert_float_equal(all[4], 0.05f, 1e-6);
    arena_free(&arena);
    trace_free(trace);
}

static void the_strongest_are_kept(void **state)
{
    (void)state;
    Slice slice = {.queries = 2, .keys = 5};
    const float rows[10] = {0.1f, 0.4f, 0.1f, 0.3f, 0.1f, NAN, 0, 0.5f, 0.5f, 0};
    float weights[10];
    memcpy(weights, rows, sizeof rows);
    slice_keep_strongest(&slice, 0, 1, weights);
    assert_memory_equal(weights, rows, sizeof rows);
    slice_keep_strongest(&slice, 3, 1, weights);
    const float three[5] = {0.1f, 0.4f, 0, 0.3f, 0}; /* of equals the first one */
    assert_memory_equal(weights, three, sizeof three);
    memcpy(weights, rows, sizeof rows);
    slice_keep_strongest(&slice, 0, 0.65f, weights);
    const float most[5] = {0, 0.4f, 0, 0.3f, 0};
    assert_memory_equal(weights, most, sizeof most);
    slice_keep_strongest(&slice, 1, 1, weights);
    assert_float_equal(weights[7] + weights[8], 0.5f, 0);
}

static void heads_combine_to_mean_and_maximum(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    Arena arena = {0};
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN, &arena);
    HeadSet heads;
    headset_fill(&heads, HEADS);
    float weights[TOKENS * TOKENS];
    slice_combine(&slice, 0, &heads, COMBINE_MEAN, weights);
    assert_float_equal(weights[0], 0.55f, 1e-6);
    assert_float_equal(weights[1], 0.1f, 1e-6);
    slice_combine(&slice, 0, &heads, COMBINE_MAX, weights);
    assert_float_equal(weights[0], 1, 0);
    assert_float_equal(weights[1], 0.2f, 0);
    arena_free(&arena);
    trace_free(trace);
}

static void links_are_ranked(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    trace->attention[ATTENTION_SELF].weights[3] = NAN;
    Arena arena = {0};
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN, &arena);
    HeadSet heads = {0};
    headset_put(&heads, 0, true);
    Link links[3];
    assert_int_equal(links_top(&slice, 0, &heads, -1, -1, links, 3), 3);
    assert_int_equal(links[0].query, 2);
    assert_int_equal(links[0].key, 1);
    assert_float_equal(links[1].weight, 0.5f, 0);
    assert_int_equal(links_top(&slice, 0, &heads, 0, -1, links, 3), 3);
    assert_float_equal(links[0].weight, 0.3f, 0);
    assert_int_equal(links_top(&slice, 0, &heads, -1, 0, links, 0), 0);
    assert_int_equal(links_rank(&slice, 0, 0, 1, 2), 3);
    float score;
    assert_false(links_score(trace, ATTENTION_SELF, 0, 0, 1, 2, &score));
    arena_free(&arena);
    trace_free(trace);
}

static void measures_lie_between_zero_and_one(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    float values[HEADS];
    measure_heads(trace, ATTENTION_SELF, MEASURE_ENTROPY, -1, -1, values);
    assert_true(values[0] > 0.5f && values[0] < 1);
    assert_float_equal(values[1], 0, 0);
    measure_heads(trace, ATTENTION_SELF, MEASURE_DISTANCE, -1, -1, values);
    assert_float_equal(values[1], 0, 0);
    measure_heads(trace, ATTENTION_SELF, MEASURE_SPECIAL, -1, -1, values);
    assert_float_equal(values[1], 0.5f, 1e-6);
    measure_heads(trace, ATTENTION_SELF, MEASURE_LINK, 2, 1, values);
    assert_float_equal(values[0], 0.75f, 0);
    trace_free(trace);
}

static void head_sets_hold_what_was_put(void **state)
{
    (void)state;
    HeadSet set = {0};
    headset_put(&set, 0, true);
    headset_put(&set, 200, true);
    headset_put(&set, -1, true);
    headset_put(&set, SLICE_MAX_HEADS, true);
    assert_int_equal(headset_count(&set), 2);
    assert_int_equal(headset_next(&set, 0), 200);
    assert_int_equal(headset_next(&set, 200), -1);
    headset_put(&set, 0, false);
    assert_false(headset_has(&set, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_tokens_pass_unchanged),
        cmocka_unit_test(pair_filters_cut_blocks_without_renormalising),
        cmocka_unit_test(hidden_special_tokens_can_be_renormalised),
        cmocka_unit_test(pieces_become_words),
        cmocka_unit_test(the_strongest_are_kept),
        cmocka_unit_test(heads_combine_to_mean_and_maximum),
        cmocka_unit_test(links_are_ranked),
        cmocka_unit_test(measures_lie_between_zero_and_one),
        cmocka_unit_test(head_sets_hold_what_was_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
