/* The walk-through: every step can be drawn, at every size, of every trace; the numbers on it are those of
 * the trace and of the equations; what is under the pointer is what is drawn there. */
#include "base/base.h"
#include "base/memory.h"
#include "draw/font.h"
#include "model/model.h"
#include "model/trace_file.h"
#include "view/walk.h"

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
    ViewState state;
} Fixture;

static int set_up(void **data)
{
    Error err = {""};
    Fixture *f = calloc(1, sizeof *f);
    f->fonts = font_open(&err);
    f->model = model_open("tests/data/bert-tiny", 0, &err);
    if (f->model != NULL) {
        f->trace = model_run(f->model, model_encode(f->model, "ba be bo, da de ba.", NULL),
                             MODEL_STEPS | 1 << MODEL_LAYER_SHIFT, NULL, &err);
    }
    if (f->fonts == NULL || f->trace == NULL) { fprintf(stderr, "%s\n", err.text); }
    f->state = view_state_default();
    f->state.view = view_find("walk");
    f->state.layer = 1;
    f->state.heads = (HeadSet){.bits = {2}};
    f->state.pins[0] = (Target){TARGET_QUERY, -1, -1, 3, -1};
    f->state.pin_count = 1;
    *data = f;
    return f->fonts != NULL && f->trace != NULL ? 0 : -1;
}

static int tear_down(void **data)
{
    Fixture *f = *data;
    trace_free(f->trace);
    model_free(f->model);
    font_close(f->fonts);
    free(f);
    return 0;
}

static Drawing *draw(Fixture *f, Rect area)
{
    Drawing *drawing = drawing_new(f->fonts);
    drawing_begin(drawing, area, f->state.theme->background);
    view_draw(f->trace, &f->state, area, drawing);
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

static void every_step_is_drawn_at_every_size(void **data)
{
    Fixture *f = *data;
    static const Rect areas[] = {
        {0, 0, 960, 600}, {10, 20, 1280, 800}, {0, 0, 1920, 1080}, {0, 0, 300, 200}, {0, 0, 3, 2}};
    for (int step = 0; step < WALK_STEPS; step++) {
        f->state.step = step;
        for (size_t i = 0; i < COUNTOF(areas); i++) {
            Drawing *once = draw(f, areas[i]), *again = draw(f, areas[i]);
            assert_true(drawing_hash(once) == drawing_hash(again));
            if (i == 0) {
                assert_true(says(once, walk_steps[step].title));
                assert_false(says(once, "needs the weights"));
            }
            drawing_free(once);
            drawing_free(again);
        }
        f->state.step_part = 0.3f;
        drawing_free(draw(f, areas[0]));
        f->state.step_part = 1;
    }
}

static void a_trace_without_steps_says_what_is_missing(void **data)
{
    Fixture *f = *data;
    Rect area = {0, 0, 960, 600};
    trace_steps_free(f->trace->steps);
    f->trace->steps = NULL;
    free(f->trace->query);
    f->trace->query = NULL;
    static const struct {
        int step;
        const char *words;
    } cases[] = {{1, "needs the weights"}, {2, "no query and key vectors"},
                 {3, "no query and key"},  {8, "needs the weights"},
                 {9, "needs the weights"}, {12, "needs the weights"}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        f->state.step = cases[i].step;
        Drawing *drawing = draw(f, area);
        assert_true(says(drawing, cases[i].words));
        drawing_free(drawing);
    }
}

/* The number on the card under the pointer, of all matrices of all steps, against the trace. */
static void what_the_pointer_finds_is_what_is_there(void **data)
{
    Fixture *f = *data;
    Rect area = {0, 0, 1280, 800};
    int found = 0;
    for (int step = 1; step < WALK_STEPS; step++) {
        f->state.step = step;
        f->state.hover.kind = TARGET_NONE;
        Drawing *plain = draw(f, area);
        for (float y = 100; y < 700; y += 90) {
            for (float x = 150; x < 1250; x += 110) {
                Target target = view_locate(f->trace, &f->state, area, plain, (Vec){x, y});
                if (target.kind != TARGET_STEP) { continue; }
                f->state.hover = target;
                Drawing *hovered = draw(f, area);
                assert_true(drawing_hash(hovered) != drawing_hash(plain));
                found++;
                drawing_free(hovered);
                f->state.hover.kind = TARGET_NONE;
            }
        }
        drawing_free(plain);
    }
    assert_true(found > 100);
}

static void scores_and_weights_are_those_of_the_trace(void **data)
{
    Fixture *f = *data;
    Arena arena = {0};
    int T = f->trace->tokens;
    Walk w = {.trace = f->trace,
              .state = &f->state,
              .arena = &arena,
              .T = T,
              .d = f->trace->head_size,
              .q = trace_vectors(f->trace, f->trace->query, 1, 1),
              .k = trace_vectors(f->trace, f->trace->key, 1, 1)};
    const float *weights = trace_head(f->trace, ATTENTION_SELF, 1, 1);
    float *scores = walk_scores(&w, false), *scaled = walk_scores(&w, true);
    for (int i = 0; i < T * T; i++) {
        assert_float_equal(scaled[i], scores[i] / sqrtf((float)w.d), 1e-5);
    }
    walk_softmax(scaled, T, 1, false);
    for (int i = 0; i < T * T; i++) { assert_float_equal(scaled[i], weights[i], 2e-6); }
    /* What if: with a causal mask a row still sums to 1, and nothing later counts. */
    scaled = walk_scores(&w, true);
    walk_softmax(scaled, T, 2, true);
    for (int q = 0; q < T; q++) {
        float sum = 0;
        for (int k = 0; k < T; k++) {
            sum += scaled[q * T + k];
            if (k > q) { assert_float_equal(scaled[q * T + k], 0, 0); }
        }
        assert_float_equal(sum, 1, 1e-5);
    }
    arena_free(&arena);
}

/* MPNet adds a bias to the scores that no trace holds. Whatever is asked of the softmax, the bias is in it:
 * weights ^ (1 / temperature), of the keys that count, over their sum. */
static void what_if_knows_of_a_bias(void **data)
{
    Fixture *f = *data;
    Error err = {""};
    Model *model = model_open("tests/data/families/mpnet", 0, &err);
    assert_non_null(model);
    Trace *trace = model_run(model, model_encode(model, "a b c d e f", NULL), 0, NULL, &err);
    assert_non_null(trace);
    Arena arena = {0};
    int T = trace->tokens;
    const float *weights = trace_head(trace, ATTENTION_SELF, 0, 0);
    for (int causal = 0; causal < 2; causal++) {
        f->state.causal = causal != 0;
        f->state.temperature = 2;
        Walk w = {.trace = trace,
                  .state = &f->state,
                  .arena = &arena,
                  .body = {0, 0, 900, 600},
                  .text = 14,
                  .T = T,
                  .d = trace->head_size,
                  .q = trace_vectors(trace, trace->query, 0, 0),
                  .k = trace_vectors(trace, trace->key, 0, 0),
                  .weights = weights};
        walk_place_softmax(&w);
        assert_int_equal(w.count, 1);
        const float *what_if = w.matrices[0].values;
        float furthest = 0;
        for (int q = 0; q < T; q++) {
            int keys = causal != 0 ? q + 1 : T;
            float sum = 0;
            for (int k = 0; k < keys; k++) { sum += sqrtf(weights[q * T + k]); }
            for (int k = 0; k < T; k++) {
                float expected = k < keys ? sqrtf(weights[q * T + k]) / sum : 0;
                assert_float_equal(what_if[q * T + k], expected, 1e-5);
                furthest = fmaxf(furthest, fabsf(expected - weights[q * T + k]));
            }
        }
        assert_true(furthest > 0.01f); /* it is not that nothing happens */
    }
    arena_free(&arena);
    trace_free(trace);
    model_free(model);
}

static void a_class_can_check_the_example_by_hand(void **data)
{
    Fixture *f = *data;
    Error err = {""};
    trace_free(f->trace);
    f->trace = trace_file_read("assets/thinking-machines.json", &err);
    assert_string_equal(err.text, "");
    assert_null(f->trace->note);
    f->state.layer = f->state.pin_count = 0;
    f->state.heads = (HeadSet){.bits = {1}};
    static const struct {
        const char *step, *numbers[2];
    } cases[] = {
        {"scores", {"112", "96"}}, {"scale", {"14", "12"}}, {"softmax", {"0.881", "0.119"}}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        f->state.step = 0;
        while (strcmp(walk_steps[f->state.step].name, cases[i].step) != 0) { f->state.step++; }
        Drawing *drawing = draw(f, (Rect){0, 0, 960, 600});
        assert_true(says(drawing, cases[i].numbers[0]) && says(drawing, cases[i].numbers[1]));
        drawing_free(drawing);
    }
}

static void a_clicked_matrix_fills_the_view(void **data)
{
    Fixture *f = *data;
    Rect area = {0, 0, 1280, 800};
    f->state.step = 3;
    Drawing *all = draw(f, area);
    f->state.step_zoom = 1;
    Drawing *one = draw(f, area);
    assert_true(drawing_hash(all) != drawing_hash(one));
    Target target = view_locate(f->trace, &f->state, area, one, (Vec){330, 260});
    assert_int_equal(target.kind, TARGET_STEP);
    assert_int_equal(target.layer, 1);
    f->state.step_zoom = 23; /* there is no such matrix: all are shown */
    Drawing *none = draw(f, area);
    assert_true(drawing_hash(all) == drawing_hash(none));
    drawing_free(all);
    drawing_free(one);
    drawing_free(none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_step_is_drawn_at_every_size),
        TEST(a_trace_without_steps_says_what_is_missing),
        TEST(what_the_pointer_finds_is_what_is_there),
        TEST(scores_and_weights_are_those_of_the_trace),
        TEST(what_if_knows_of_a_bias),
        TEST(a_class_can_check_the_example_by_hand),
        TEST(a_clicked_matrix_fills_the_view),
    };
    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
