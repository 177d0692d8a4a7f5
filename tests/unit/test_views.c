/* What every view must hold to, whatever the trace and the state: the same drawing for the same
 * arguments, nothing that is not a number, targets that exist, and a figure that knows no pointer.
 * And what the model, neuron and flow views show, number by number. */
#include "analysis/align.h"
#include "analysis/rollout.h"
#include "base/memory.h"
#include "draw/font.h"
#include "draw/out.h"
#include "model/model.h"
#include "view/view.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Fixture {
    FontSet *fonts;
    Model *model;
    Trace *trace;
} Fixture;

static const char text[] = "ba be bo, da de ba.";

static int set_up(void **state)
{
    Error err = {""};
    Fixture *f = calloc(1, sizeof *f);
    f->fonts = font_open(&err);
    f->model = model_open("tests/data/bert-tiny", 0, &err);
    if (f->fonts == NULL || f->model == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    f->trace = model_run(f->model, model_encode(f->model, text, NULL), MODEL_ATTENTION, NULL, &err);
    *state = f;
    return f->trace != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    trace_free(f->trace);
    model_free(f->model);
    font_close(f->fonts);
    free(f);
    return 0;
}

static ViewState make_state(const Trace *trace, const char *view)
{
    ViewState state = view_state_default();
    state.view = view_find(view);
    assert_true(state.view >= 0);
    headset_fill(&state.heads, trace->heads);
    state.hover = state.enlarged = (Target){TARGET_NONE, -1, -1, -1, -1};
    return state;
}

static Drawing *draw(FontSet *fonts, const Trace *trace, const ViewState *state, Rect area)
{
    Drawing *drawing = drawing_new(fonts);
    drawing_begin(drawing, area, state->theme->background);
    view_draw(trace, state, area, drawing);
    return drawing;
}

static bool says(const Drawing *drawing, const char *words)
{
    for (int i = 0; i < drawing->count; i++) {
        const DrawCommand *command = &drawing->commands[i];
        if (command->kind == DRAW_TEXT && strstr(command->u.text.string, words) != NULL) {
            return true;
        }
    }
    return false;
}

static void check_drawing(const Trace *trace, const Drawing *drawing, const char *view)
{
    for (int i = 0; i < drawing->count; i++) {
        const DrawCommand *c = &drawing->commands[i];
        if (!isfinite(c->box.x) || !isfinite(c->box.y) || !isfinite(c->box.w) ||
            !isfinite(c->box.h) || !isfinite(c->width)) {
            fail_msg("%s: command %d is not a number", view, i);
        }
        Target t = target_unpack(c->hit);
        assert_true(t.layer <= trace->layers && t.head < trace->heads);
        assert_true(t.query < trace->tokens && t.key < trace->tokens);
    }
}

/* States that differ in everything that a view may look at. */
static ViewState vary(const Trace *trace, const char *view, int nth)
{
    ViewState state = make_state(trace, view);
    static const Target hovers[] = {{TARGET_NONE, -1, -1, -1, -1}, {TARGET_QUERY, -1, -1, 1, -1},
                                    {TARGET_KEY, -1, -1, -1, 2},   {TARGET_LINK, 0, 0, 1, 2},
                                    {TARGET_HEAD, 1, 1, -1, -1},   {TARGET_QUERY, 1, -1, 2, -1}};
    state.hover = hovers[nth % 6];
    state.special = (SpecialTokens)(nth % SPECIAL_MODES);
    state.combine = (Combine)(nth / 2 % COMBINES);
    state.layer = nth % trace->layers;
    state.logarithmic = nth % 5 == 1;
    state.thumbnail_lines = nth % 4 < 2;
    state.flow = (FlowKind)(nth % FLOW_KINDS);
    state.figure = nth % 7 == 3;
    state.caption = state.legend = nth % 8 != 5;
    state.theme = palette_theme(nth % 2 == 0);
    if (nth % 3 == 1) { view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 3, -1}); }
    if (nth % 3 == 2) { view_toggle_pin(&state, (Target){TARGET_KEY, -1, -1, -1, 1}); }
    if (nth % 4 == 2) {
        state.enlarged = (Target){TARGET_HEAD, 0, 1, -1, -1};
        state.enlarged_part = nth % 8 == 2 ? 1 : 0.4f;
    }
    if (nth % 9 == 8) { state.heads = (HeadSet){0}; }
    return state;
}

static void every_view_draws_every_state(void **data)
{
    Fixture *f = *data;
    static const Rect areas[] = {
        {0, 0, 1, 1}, {10, 20, 300, 200}, {226, 94, 802, 679}, {0, 0, 2400, 1300}};
    for (int view = 0; view < view_count(); view++) {
        for (int nth = 0; nth < 72; nth++) {
            ViewState state = vary(f->trace, view_table[view].name, nth);
            Rect area = areas[nth % 4];
            Drawing *one = draw(f->fonts, f->trace, &state, area);
            Drawing *two = draw(f->fonts, f->trace, &state, area);
            check_drawing(f->trace, one, view_table[view].name);
            assert_true(drawing_hash(one) == drawing_hash(two));
            if (state.figure) {
                state.hover = (Target){TARGET_QUERY, -1, -1, 2, -1};
                Drawing *three = draw(f->fonts, f->trace, &state, area);
                assert_true(drawing_hash(one) == drawing_hash(three));
                drawing_free(three);
            }
            for (int i = 0; i < 20; i++) {
                Vec point = {area.x + area.w * (float)(i % 5) / 4, area.y + area.h * (float)i / 19};
                Target t = view_locate(f->trace, &state, area, one, point);
                assert_true(t.query < f->trace->tokens && t.key < f->trace->tokens);
            }
            assert_true(view_scroll_limit(f->trace, &state, area, one) >= 0);
            drawing_free(one);
            drawing_free(two);
        }
    }
}

/* A trace from elsewhere: no vectors, a missing number. */
static void every_view_draws_a_bare_trace(void **data)
{
    Fixture *f = *data;
    Trace *t = f->trace;
    float *query = t->query, *key = t->key;
    t->query = t->key = NULL;
    t->attention[ATTENTION_SELF].weights[5] = NAN;
    for (int view = 0; view < view_count(); view++) {
        for (int nth = 0; nth < 24; nth++) {
            ViewState state = vary(t, view_table[view].name, nth);
            Drawing *drawing = draw(f->fonts, t, &state, (Rect){0, 0, 800, 600});
            check_drawing(t, drawing, view_table[view].name);
            if (strcmp(view_table[view].name, "neuron") == 0) {
                assert_true(says(drawing, "no query and key vectors"));
            }
            drawing_free(drawing);
        }
    }
    t->query = query;
    t->key = key;
}

/* The weight beside a key is the softmax of the scores that stand in the same rows. */
static void the_neuron_view_adds_up(void **data)
{
    Fixture *f = *data;
    const Trace *t = f->trace;
    for (int layer = 0; layer < t->layers; layer++) {
        for (int head = 0; head < t->heads; head++) {
            const float *q = trace_vectors(t, t->query, layer, head);
            const float *k = trace_vectors(t, t->key, layer, head);
            const float *weights = trace_head(t, ATTENTION_SELF, layer, head);
            int d = t->head_size, n = t->tokens;
            for (int query = 0; query < n; query++) {
                double scores[64], sum = 0;
                assert_true(n <= 64);
                for (int key = 0; key < n; key++) {
                    double dot = 0;
                    for (int i = 0; i < d; i++) {
                        dot += (double)q[query * d + i] * (double)k[key * d + i];
                    }
                    sum += scores[key] = exp(dot / sqrt(d));
                }
                for (int key = 0; key < n; key++) {
                    assert_float_equal(weights[query * n + key], (float)(scores[key] / sum), 1e-5);
                }
            }
        }
    }
    ViewState state = make_state(t, "neuron");
    headset_fill(&state.heads, 1);
    view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 2, -1});
    Drawing *drawing = draw(f->fonts, t, &state, (Rect){0, 0, 1100, 700});
    char number[32];
    for (int key = 0; key < t->tokens; key++) {
        snprintf(number, sizeof number, "%.3f",
                 (double)trace_head(t, ATTENTION_SELF, 0, 0)[2 * t->tokens + key]);
        assert_true(says(drawing, number));
    }
    drawing_free(drawing);
}

/* The bars beside the input are a row of the rollout. */
static void the_flow_view_shows_the_rollout(void **data)
{
    Fixture *f = *data;
    const Trace *t = f->trace;
    ViewState state = make_state(t, "flow");
    state.figure = true;
    view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 2, -1});
    Drawing *drawing = draw(f->fonts, t, &state, (Rect){0, 0, 1000, 600});
    float rollout[64 * 64];
    assert_true(t->tokens <= 64);
    rollout_run(t, t->layers - 1, &state.heads, rollout);
    for (int key = 0; key < t->tokens; key++) {
        float share = rollout[2 * t->tokens + key];
        char number[32];
        snprintf(number, sizeof number, "%.2f", (double)share);
        if (share >= 0.005f) { assert_true(says(drawing, number)); }
    }
    drawing_free(drawing);
}

static Encoding *words(const char *const *pieces)
{
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    while (pieces[encoding->count] != NULL) { encoding->count++; }
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)encoding->count + 1, sizeof(Token));
    for (int i = 0; i < encoding->count; i++) {
        encoding->tokens[i] = (Token){.piece = pieces[i], .special = pieces[i][0] == '['};
    }
    return encoding;
}

static void tokens_are_aligned(void **data)
{
    (void)data;
    Encoding *a = words((const char *[]){"[CLS]", "it", "was", "tired", "[SEP]", NULL});
    Encoding *b = words((const char *[]){"[CLS]", "so", "it", "was", "wide", "[SEP]", NULL});
    Encoding *none = words((const char *[]){NULL});
    static const AlignedToken wanted[] = {{0, 0}, {-1, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}};
    AlignedToken aligned[16];
    assert_int_equal(align_tokens(a, b, aligned), 6);
    assert_memory_equal(aligned, wanted, sizeof wanted);
    assert_int_equal(align_tokens(a, a, aligned), 5);
    for (int i = 0; i < 5; i++) { assert_true(aligned[i].a == i && aligned[i].b == i); }
    assert_int_equal(align_tokens(a, none, aligned), 5);
    assert_true(aligned[4].a == 4 && aligned[4].b == -1);
    assert_int_equal(align_tokens(none, none, aligned), 0);
    encoding_free(a);
    encoding_free(b);
    encoding_free(none);
}

static void the_compare_view_shows_both_and_the_difference(void **data)
{
    Fixture *f = *data;
    Error err = {""};
    Rect area = {0, 0, 1280, 640};
    ViewState state = make_state(f->trace, "compare");
    Drawing *drawing = draw(f->fonts, f->trace, &state, area);
    assert_true(says(drawing, "Nothing to compare with yet"));
    drawing_free(drawing);
    Trace *other = model_run(f->model, model_encode(f->model, "ba be go, da de ba ka.", NULL),
                             MODEL_ATTENTION, NULL, &err);
    state.other = other;
    for (int nth = 0; nth < 24; nth++) {
        ViewState varied = vary(f->trace, "compare", nth);
        varied.other = other;
        drawing = draw(f->fonts, f->trace, &varied, area);
        check_drawing(f->trace, drawing, "compare");
        drawing_free(drawing);
    }
    drawing = draw(f->fonts, f->trace, &state, area);
    assert_true(says(drawing, "bo / go"));
    /* Under the pointer: both weights and what lies between them. */
    bool found = false;
    for (int i = 0; i < 4000 && !found; i++) {
        Vec point = {(float)(i % 80) * 16, (float)i / 80 * 13};
        Target t = view_locate(f->trace, &state, area, drawing, point);
        found = t.kind == TARGET_LINK && t.query == 2 && t.key == 1;
    }
    assert_true(found);
    drawing_free(drawing);
    state.hover = (Target){TARGET_LINK, 0, 0, 2, 1};
    drawing = draw(f->fonts, f->trace, &state, area);
    float a = trace_head(f->trace, ATTENTION_SELF, 0, 0)[2 * f->trace->tokens + 1];
    float b = trace_head(other, ATTENTION_SELF, 0, 0)[2 * other->tokens + 1];
    char number[32];
    snprintf(number, sizeof number, "%+.4f", (double)(b - a));
    assert_true(says(drawing, number));
    drawing_free(drawing);
    trace_free(other);
}

static void thumbnails_keep_what_stands_out(void **data)
{
    Fixture *f = *data;
    Thumbnails small = {0}, whole = {0};
    int n = f->trace->tokens;
    thumbnail_update(&whole, &(ThumbnailSource){f->trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN,
                                                0, INT_MAX, 100});
    assert_false(whole.pooled);
    assert_int_equal(whole.rows, n);
    const float *weights = trace_head(f->trace, ATTENTION_SELF, 1, 0);
    assert_memory_equal(thumbnail_head(&whole, 1, 0), weights, (size_t)(n * n) * sizeof(float));
    thumbnail_update(&small, &(ThumbnailSource){f->trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN,
                                                0, INT_MAX, 3});
    assert_true(small.pooled);
    assert_int_equal(small.rows, 3);
    float most = 0, kept = 0;
    for (int i = 0; i < n * n; i++) { most = fmaxf(most, weights[i]); }
    for (int i = 0; i < 9; i++) { kept = fmaxf(kept, thumbnail_head(&small, 1, 0)[i]); }
    assert_float_equal(most, kept, 0);
    /* Kept as they are until something changes. */
    const float *before = small.weights;
    thumbnail_update(&small, &(ThumbnailSource){f->trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN,
                                                0, INT_MAX, 3});
    assert_ptr_equal(before, small.weights);
    thumbnail_update(&small, &(ThumbnailSource){f->trace, ATTENTION_SELF, PAIR_ALL,
                                                SPECIAL_RENORMALISED, 0, INT_MAX, 4});
    assert_int_equal(small.rows, 4);
    thumbnail_forget(&small);
    thumbnail_forget(&whole);
}

static void the_model_view_enlarges_a_head(void **data)
{
    Fixture *f = *data;
    Rect area = {0, 0, 900, 700};
    ViewState state = make_state(f->trace, "model");
    Drawing *drawing = draw(f->fonts, f->trace, &state, area);
    int heads = 0;
    for (int i = 0; i < drawing->count; i++) {
        heads += drawing->commands[i].kind == DRAW_IMAGE &&
                 target_unpack(drawing->commands[i].hit).kind == TARGET_HEAD;
    }
    assert_int_equal(heads, f->trace->layers * f->trace->heads);
    drawing_free(drawing);
    state.enlarged = (Target){TARGET_HEAD, 1, 0, -1, -1};
    state.enlarged_part = 1;
    drawing = draw(f->fonts, f->trace, &state, area);
    assert_true(says(drawing, "query (looks)"));
    bool found = false;
    for (int i = 0; i < 400 && !found; i++) {
        Vec point = {(float)(i % 20) * 45, (float)i / 20 * 35};
        Target t = view_locate(f->trace, &state, area, drawing, point);
        found = t.kind == TARGET_LINK && t.layer == 1 && t.head == 0;
    }
    assert_true(found);
    drawing_free(drawing);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_view_draws_every_state),
        TEST(every_view_draws_a_bare_trace),
        TEST(the_neuron_view_adds_up),
        TEST(the_flow_view_shows_the_rollout),
        TEST(tokens_are_aligned),
        TEST(the_compare_view_shows_both_and_the_difference),
        TEST(thumbnails_keep_what_stands_out),
        TEST(the_model_view_enlarges_a_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
