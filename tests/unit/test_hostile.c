/* What strangers' files once did to the program, each as small as it can be: found by fuzzing and by review. */
#include "app_bench.h"

#include "app/app.h"
#include "app/app_lesson.h"
#include "app/command.h"
#include "app/export.h"
#include "app/lesson.h"
#include "base/file.h"
#include "base/mapped.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "draw/out.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/trace_file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TINY "tests/data/bert-tiny"

typedef struct Fixture {
    char folder[64], path[128];
    AppBench bench;
} Fixture;

static void frame(Fixture *f)
{
    f->bench.input.time += 40;
    app_bench_frame(&f->bench);
}

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/headlight-hostile-XXXXXX");
    if (mkdtemp(f->folder) == NULL) { return -1; }
    snprintf(f->path, sizeof f->path, "%s/file", f->folder);
    *state = f;
    return app_bench_open(&f->bench) ? 0 : -1;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    app_bench_close(&f->bench);
    unlink(f->path);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void write_text(const char *path, const char *text)
{
    Error err = {""};
    assert_true(file_write(path, text, strlen(text), &err));
}

static SafeTensor tensor_of(const char *name, const float *values, size_t a, size_t b, size_t c)
{
    return (SafeTensor){.name = name,
                        .type = SAFE_F32,
                        .rank = 4,
                        .shape = {a, b, c, c},
                        .count = a * b * c * c,
                        .bytes = (const unsigned char *)values,
                        .length = a * b * c * c * sizeof *values};
}

/* A trace of three tokens, [layers, heads, 3, 3], all of the same weight; with cross attention
 * [cross, cross, 3, 3] to as many tokens where `cross` > 0. */
static void write_trace(Fixture *f, size_t layers, size_t heads, size_t cross, float weight,
                        const char *model, const char *off)
{
    size_t count = layers * heads * 9, more = cross * cross * 9;
    float *weights = calloc(count + more, sizeof *weights);
    for (size_t i = 0; i < count + more; i++) { weights[i] = weight; }
    SafeTensor tensors[2] = {tensor_of("attention", weights, layers, heads, 3),
                             tensor_of("cross_attention", weights + count, cross, cross, 3)};
    const SafeMetadata metadata[] = {{"tokens", "[\"a\", \"b\", \"c\"]"},
                                     {"output_tokens", cross > 0 ? "[\"x\", \"y\", \"z\"]" : NULL},
                                     {"model", model},
                                     {"heads_off", off}};
    Buffer out = {0};
    safetensors_write(tensors, cross > 0 ? 2 : 1, metadata, 4, &out);
    Error err = {""};
    assert_true(file_write(f->path, out.bytes, out.length, &err));
    buffer_free(&out);
    free(weights);
}

static void open_trace(Fixture *f)
{
    Error err = {""};
    if (!app_open_trace(f->bench.app, f->path, &err)) { fail_msg("%s", err.text); }
    frame(f);
}

static void draw_every_view(Fixture *f)
{
    static const char *const formats[] = {"svg", "csv", "json", "png"};
    for (int view = 0; view < view_count(); view++) {
        f->bench.app->view.view = view;
        frame(f);
        for (size_t i = 0; i < COUNTOF(formats); i++) {
            Buffer out = {0};
            Error err = {""};
            f->bench.app->figure.scale = 1;
            f->bench.app->figure.size = (Vec){300, 200};
            if (!export_make(f->bench.app, formats[i], &out, &err)) {
                assert_true(err.text[0] != '\0');
            }
            buffer_free(&out);
        }
    }
}

/* ---- Lessons ---- */

static void a_lesson_only_changes_what_is_shown(void **state)
{
    Fixture *f = *state;
    static const char *const refused[] = {
        "export /tmp/x.png", "lesson:record /tmp/x", "lesson:add x",
        "lesson:open x",     "lesson:first",         "open x",
        "model:open x",      "trace:open x",         "quit",
        "figure:copy",       "figure:format",        "present",
        "text:history 0",    "interface:larger",
    };
    for (size_t i = 0; i < COUNTOF(refused); i++) {
        char lesson[256];
        Error err = {""};
        snprintf(lesson, sizeof lesson, "lesson: L\n\ntitle: T\ntext: The cat.\ndo: %s\n",
                 refused[i]);
        write_text(f->path, lesson);
        assert_null(lesson_read(f->path, &err));
        if (strstr(err.text, "only change what is shown") == NULL) { fail_msg("%s", err.text); }
        assert_false(command_is_harmless(refused[i]));
    }
    assert_true(command_is_harmless("step:causal on"));
    assert_true(command_is_harmless("words words"));
    assert_false(command_is_harmless("words:words"));
    assert_false(command_is_harmless("layer:"));
    assert_false(command_is_harmless(""));
}

static void a_note_has_an_end(void **state)
{
    Fixture *f = *state;
    Buffer text = {0};
    buffer_add_string(&text, "lesson: L\n\ntitle: T\n");
    for (int i = 0; i < 2000; i++) { buffer_add_string(&text, "note: again and again\n"); }
    write_text(f->path, text.bytes);
    buffer_free(&text);
    Error err = {""};
    assert_null(lesson_read(f->path, &err));
    assert_non_null(strstr(err.text, "too long"));
}

static void numbers_of_a_lesson_know_its_heads(void **state)
{
    Fixture *f = *state;
    Error err = {""};
    write_text(f->path, "lesson: L\n\ntitle: A\ntext: the cat\n\ntitle: B\ntext: the cat\n");
    assert_true(app_open_model(f->bench.app, TINY, &err));
    assert_true(app_show(f->bench.app, "the cat", NULL, &err));
    assert_true(app_lesson_open(f->bench.app, f->path, &err));
    frame(f);
    app_lesson_go(f->bench.app, 1);
    Buffer out = {0};
    assert_true(export_make(f->bench.app, "csv", &out, &err));
    buffer_free(&out);
    frame(f);
}

/* ---- Traces ---- */

static void weights_that_are_none(void **state)
{
    Fixture *f = *state;
    static const float strange[] = {INFINITY, -INFINITY, NAN, 3e6f, 1e30f, -1, 1e-40f};
    for (size_t i = 0; i < COUNTOF(strange); i++) {
        write_trace(f, 2, 2, 0, strange[i], NULL, NULL);
        open_trace(f);
        app_bench_must(&f->bench, "flow:kind maximum");
        app_bench_must(&f->bench, "pin:query 1");
        draw_every_view(f);
        app_bench_must(&f->bench, "flow:kind rollout");
        app_bench_must(&f->bench, "head:combine rollout");
        draw_every_view(f);
        app_bench_must(&f->bench, "head:combine none");
    }
}

static void a_pin_of_a_head_that_is_gone(void **state)
{
    Fixture *f = *state;
    write_trace(f, 3, 200, 0, 0.3f, NULL, NULL);
    open_trace(f);
    app_bench_must(&f->bench, "view:set heatmap");
    app_bench_must(&f->bench, "layer:set 2");
    app_bench_must(&f->bench, "head:set 199");
    view_toggle_pin(&f->bench.app->view, (Target){TARGET_LINK, 2, 199, 1, 2});
    frame(f);
    write_trace(f, 1, 1, 0, 0.3f, NULL, NULL);
    open_trace(f);
    assert_int_equal(f->bench.app->view.pin_count, 0);
    draw_every_view(f);
}

static void attention_between_texts_has_other_heads(void **state)
{
    Fixture *f = *state;
    write_trace(f, 1, 1, 6, 0.3f, NULL, "[\"0.0\"]");
    open_trace(f);
    app_bench_must(&f->bench, "attention cross");
    app_bench_must(&f->bench, "layer:set 5");
    app_bench_must(&f->bench, "head:set 5");
    app_bench_must(&f->bench, "pin:query 1");
    view_toggle_pin(&f->bench.app->view, (Target){TARGET_LINK, 5, 5, 1, 2});
    draw_every_view(f);
}

static void a_long_name_in_the_status_line(void **state)
{
    Fixture *f = *state;
    char name[701];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    write_trace(f, 1, 1, 0, 0.3f, name, "[\"0.0\"]");
    open_trace(f);
    f->bench.input.time += 60000; /* the message is gone by then */
    frame(f);
    frame(f);
}

/* The pointer rests on a token of the old picture when a shorter text comes. */
static void a_token_under_the_pointer_is_gone(void **state)
{
    Fixture *f = *state;
    Error err = {""};
    assert_true(app_open_model(f->bench.app, TINY, &err));
    assert_true(app_show(f->bench.app, "the cat sat on the mat and the dog", NULL, &err));
    frame(f);
    f->bench.input.mouse_inside = true;
    bool found = false;
    for (float y = 60; y < 780; y += 4) {
        for (float x = 260; x < 1000; x += 40) {
            f->bench.input.mouse = (Vec){x, y};
            frame(f);
            found = found || f->bench.app->view.hover.query > 6;
            if (f->bench.app->view.hover.query <= 6) { continue; }
            app_bench_must(&f->bench, "text:set the");
            frame(f);
            app_bench_must(&f->bench, "text:set the cat sat on the mat and the dog");
            frame(f);
        }
    }
    assert_true(found);
}

/* Tokens 5 and 6 are shown of a text that then has only three. */
static void tokens_that_were_chosen_are_gone(void **state)
{
    Fixture *f = *state;
    Error err = {""};
    assert_true(app_open_model(f->bench.app, TINY, &err));
    assert_true(app_show(f->bench.app, "the cat sat on the mat", NULL, &err));
    app_bench_must(&f->bench, "view:set compare");
    app_bench_must(&f->bench, "compare:text the dog");
    app_bench_must(&f->bench, "only:tokens 5-6");
    app_bench_must(&f->bench, "compare:text a");
    app_bench_must(&f->bench, "text:set the");
    draw_every_view(f);
    app_bench_must(&f->bench, "only:layers 1-1");
    app_bench_must(&f->bench, "text:clear");
    draw_every_view(f);
}

static void texts_without_an_end(void **state)
{
    Fixture *f = *state;
    Buffer out = {0};
    char *piece = malloc(TRACE_MAX_PIECE + 2);
    memset(piece, 'p', TRACE_MAX_PIECE + 1);
    piece[TRACE_MAX_PIECE + 1] = '\0';
    buffer_format(&out, "{\"attention\": [[[[1]]]], \"tokens\": [\"%s\"]}", piece);
    write_text(f->path, out.bytes);
    buffer_free(&out);
    free(piece);
    Error err = {""};
    Trace *trace = trace_file_read(f->path, &err);
    trace_free(trace);
    assert_null(trace);
    assert_non_null(strstr(err.text, "bytes"));
}

/* A trace that is opened while a model is being opened is what is shown in the end. */
static void a_trace_while_the_worker_is_busy(void **state)
{
    Fixture *f = *state;
    Error err = {""};
    write_trace(f, 1, 1, 0, 0.3f, "from a file", NULL);
    f->bench.app->worker = worker_new(0, NULL, NULL);
    for (int round = 0; round < 20; round++) {
        assert_true(
            app_open_model(f->bench.app, round % 2 == 0 ? TINY : "models/headlight-en", &err));
        if (round % 3 == 0) { frame(f); }
        assert_true(app_open_trace(f->bench.app, f->path, &err));
        for (int wait = 0; wait < 2000 && f->bench.app->asked != 0; wait++) {
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
            frame(f);
        }
        frame(f); /* the last answer may have come while the one before it was taken */
        assert_int_equal(f->bench.app->asked, 0);
        assert_null(f->bench.app->model);
        assert_string_equal(f->bench.app->trace->model, "from a file");
        assert_string_equal(app_text(f->bench.app), f->bench.app->trace->encoding->text[0]);
    }
}

/* What a session or --do wants at the start may open another trace while the first is being taken. */
static void a_trace_that_another_replaces_at_the_start(void **state)
{
    Fixture *f = *state;
    write_trace(f, 1, 1, 0, 0.25f, "m", NULL);
    char again[160];
    snprintf(again, sizeof again, "trace:open %s", f->path);
    char *start[] = {again};
    f->bench.app->start = start;
    f->bench.app->start_count = 1;
    open_trace(f);
    assert_int_equal(f->bench.app->trace->encoding->count, 3);
    frame(f);
}

static void a_page_with_a_nul_in_it(void **state)
{
    Fixture *f = *state;
    static const char page[] = "{\"attention\": [[[[1]]]], \"tokens\": [\"a\"]}\0\xFF\xFE";
    Error err = {""};
    assert_true(file_write(f->path, page, sizeof page, &err));
    assert_null(trace_file_read(f->path, &err));
}

/* ---- Files that change ---- */

static void a_trace_that_is_cut_off(void **state)
{
    Fixture *f = *state;
    write_trace(f, 4, 40, 0, 0.3f, NULL, NULL);
    mapped_guard(); /* here: cmocka has its own opinion about the signal */
    open_trace(f);
    assert_int_equal(truncate(f->path, 4096), 0);
    app_bench_must(&f->bench, "layer:set 3");
    draw_every_view(f);
    assert_true(f->bench.app->trace_changed);
    assert_non_null(strstr(f->bench.app->message, "changed or cut off"));
}

static void a_model_that_is_cut_off(void **state)
{
    Fixture *f = *state;
    Error err = {""};
    char command[300];
    mapped_guard();
    snprintf(command, sizeof command, "cp -r %s %s/model", TINY, f->folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s/model", f->folder);
    Model *model = model_open(command, 0, &err);
    assert_non_null(model);
    Trace *trace = model_run(model, model_encode(model, "the cat", NULL), MODEL_LOGITS, NULL, &err);
    assert_non_null(trace);
    trace_free(trace);
    snprintf(command, sizeof command, "%s/model/model.safetensors", f->folder);
    assert_int_equal(truncate(command, 100), 0);
    assert_null(model_run(model, model_encode(model, "the cat", NULL), MODEL_LOGITS, NULL, &err));
    assert_non_null(strstr(err.text, "changed or cut off"));
    model_free(model);
    snprintf(command, sizeof command, "rm -r %s/model", f->folder);
    assert_int_equal(system(command), 0);
}

/* ---- Models ---- */

static void more_distances_than_there_can_be(void **state)
{
    Fixture *f = *state;
    Buffer text = {0};
    Error err = {""};
    assert_true(file_read("tests/data/families/mpnet/config.json", 65536, &text, &err));
    char *at = strstr(text.bytes, "\"relative_attention_num_buckets\": ");
    assert_non_null(at);
    at += strlen("\"relative_attention_num_buckets\": ");
    Buffer other = {0};
    buffer_add(&other, text.bytes, (size_t)(at - text.bytes));
    buffer_format(&other, "600%s", at + strspn(at, "0123456789"));
    write_text(f->path, other.bytes);
    ModelConfig config;
    assert_false(config_read(f->path, &config, &err));
    assert_non_null(strstr(err.text, "relative_attention_num_buckets"));
    buffer_free(&text);
    buffer_free(&other);
}

static void scores_that_add_up_to_nothing(void **state)
{
    Fixture *f = *state;
    snprintf(f->path, sizeof f->path, "%s/tokenizer.json", f->folder);
    write_text(f->path,
               "{\"pre_tokenizer\": {\"type\": \"Metaspace\"}, \"model\": {\"type\": \"Unigram\", "
               "\"unk_id\": 0, \"vocab\": [[\"<unk>\", 0], "
               "[\"a\", -1.7e308], [\"ab\", -1.7e308]]}}");
    Error err = {""};
    assert_null(tokenizer_open_file(f->path, &err));
    if (strstr(err.text, "not a piece and its score") == NULL) { fail_msg("%s", err.text); }
}

/* ---- Drawing ---- */

static void text_is_cut_between_characters(void **state)
{
    Fixture *f = *state;
    Drawing *drawing = drawing_new(f->bench.fonts);
    drawing_begin(drawing, (Rect){0, 0, 300, 100}, (Color){255, 255, 255, 255});
    TextStyle style = {.size = 12, .color = {0, 0, 0, 255}};
    char text[6000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    drawing_text(drawing, (Vec){10, 10}, text, &style);
    for (size_t i = 0; i + 1 < sizeof text; i += 2) { memcpy(text + i, "\xC3\xA4", 2); }
    for (int cut = 1; cut < 9; cut++) {
        text[200 + cut] = '\0';
        drawing_text(drawing, (Vec){10, 30}, text, &style);
        memcpy(text, "\xFF", 1); /* and a byte that belongs nowhere */
        drawing_text(drawing, (Vec){10, 50}, text, &style);
        text[200 + cut] = (char)(cut % 2 == 0 ? 0xC3 : 0xA4);
    }
    Buffer out = {0};
    Error err = {""};
    assert_true(out_svg(drawing, &(OutOptions){.zoom = 1, .scale = 1}, &out, &err));
    assert_int_equal(unicode_valid_prefix(out.bytes, out.length), out.length);
    assert_true(out.length < 60000);
    buffer_free(&out);
    drawing_free(drawing);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lesson_only_changes_what_is_shown),
        TEST(a_note_has_an_end),
        TEST(numbers_of_a_lesson_know_its_heads),
        TEST(weights_that_are_none),
        TEST(a_pin_of_a_head_that_is_gone),
        TEST(attention_between_texts_has_other_heads),
        TEST(a_long_name_in_the_status_line),
        TEST(a_token_under_the_pointer_is_gone),
        TEST(tokens_that_were_chosen_are_gone),
        TEST(texts_without_an_end),
        TEST(a_trace_while_the_worker_is_busy),
        TEST(a_trace_that_another_replaces_at_the_start),
        TEST(a_page_with_a_nul_in_it),
        TEST(a_trace_that_is_cut_off),
        TEST(a_model_that_is_cut_off),
        TEST(more_distances_than_there_can_be),
        TEST(scores_that_add_up_to_nothing),
        TEST(text_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
