/* Heads switched off, words masked and guessed: in the model, in a trace file, in the program. */
#include "analysis/guess.h"
#include "app/app.h"
#include "app/command.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/trace_file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TINY "tests/data/bert-tiny"

static Trace *run(const Model *model, const char *text, const unsigned char *off)
{
    Error err = {""};
    Trace *trace =
        model_run_without(model, model_encode(model, text, NULL), MODEL_LOGITS, off, NULL, &err);
    assert_non_null(trace);
    return trace;
}

/* Without the heads of the first layer a token knows nothing of the others above it. */
static void a_layer_without_heads_mixes_nothing(void **state)
{
    (void)state;
    Error err = {""};
    Model *model = model_open(TINY, 0, &err);
    assert_non_null(model);
    const ModelConfig *config = model_config(model);
    unsigned char off[64] = {0};
    memset(off, 1, (size_t)config->heads);
    size_t row = (size_t)config->hidden_size;
    for (int silenced = 0; silenced < 2; silenced++) {
        Trace *a = run(model, "ba be bo", silenced != 0 ? off : NULL);
        Trace *b = run(model, "ba ka bo", silenced != 0 ? off : NULL);
        const float *above_a = a->hidden + ((size_t)a->tokens + 1) * row;
        const float *above_b = b->hidden + ((size_t)b->tokens + 1) * row;
        assert_int_equal(memcmp(above_a, above_b, row * sizeof(float)) == 0, silenced);
        /* The attention of the silenced heads is still there. */
        float sum = 0;
        for (int key = 0; key < a->tokens; key++) {
            sum += trace_head(a, ATTENTION_SELF, 0, 0)[key];
        }
        assert_float_equal(sum, 1, 1e-5);
        trace_free(a);
        trace_free(b);
    }
    model_free(model);
}

static void only_what_is_above_changes(void **state)
{
    (void)state;
    Error err = {""};
    Model *model = model_open(TINY, 0, &err);
    assert_non_null(model);
    int heads = model_config(model)->heads;
    unsigned char off[64] = {0};
    off[heads] = 1; /* head 1.0 */
    Trace *whole = run(model, "ba be bo, da", NULL), *less = run(model, "ba be bo, da", off);
    size_t layer = (size_t)heads * (size_t)whole->tokens * (size_t)whole->tokens;
    size_t state_size = (size_t)whole->tokens * (size_t)whole->hidden_size;
    const float *a = whole->attention[ATTENTION_SELF].weights;
    const float *b = less->attention[ATTENTION_SELF].weights;
    assert_memory_equal(a, b, 2 * layer * sizeof *a);
    assert_memory_equal(whole->hidden, less->hidden, 2 * state_size * sizeof *a);
    assert_true(memcmp(whole->hidden + 2 * state_size, less->hidden + 2 * state_size,
                       state_size * sizeof *a) != 0);
    assert_null(whole->heads_off);
    char name[64];
    assert_string_equal(trace_name_off(less, name, sizeof name), "1.0");

    /* A trace file remembers it. */
    char path[] = "/tmp/headlight-off-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    Buffer out = {0};
    trace_file_write(less, &out);
    assert_true(file_write(path, out.bytes, out.length, &err));
    Trace *read = trace_file_read(path, &err);
    assert_non_null(read);
    assert_string_equal(trace_name_off(read, name, sizeof name), "1.0");
    unlink(path);
    buffer_free(&out);
    trace_free(read);
    trace_free(whole);
    trace_free(less);
    model_free(model);
}

static void guesses_are_the_softmax(void **state)
{
    (void)state;
    Error err = {""};
    Model *model = model_open(TINY, 0, &err);
    assert_non_null(model);
    Trace *trace = run(model, "ba [MASK] bo", NULL);
    int V = trace->vocab_size;
    const float *row = trace->logits + (size_t)2 * (size_t)V;
    double sum = 0;
    for (int id = 0; id < V; id++) { sum += exp((double)row[id]); }
    Guess guesses[8];
    assert_int_equal(guess_top(trace, 2, guesses, 8), 8);
    for (int i = 0; i < 8; i++) {
        int better = 0;
        for (int id = 0; id < V; id++) { better += row[id] > row[guesses[i].id]; }
        assert_int_equal(better, i);
        assert_float_equal(guesses[i].probability, (float)(exp((double)row[guesses[i].id]) / sum),
                           1e-6);
        assert_float_equal(guesses[i].probability, guess_probability(trace, 2, guesses[i].id), 0);
    }
    Guess *all = mem_zero((size_t)V + 5, sizeof *all);
    assert_int_equal(guess_top(trace, 2, all, V + 5), V);
    trace->logits[2 * V + 3] = NAN;
    assert_int_equal(guess_top(trace, 2, all, V + 5), V - 1);
    assert_int_equal(guess_top(trace, 2, all, 0), 0);
    assert_float_equal(guess_probability(trace, 2, -1), 0, 0);
    for (int id = 0; id < V; id++) { trace->logits[2 * V + id] = NAN; }
    assert_int_equal(guess_top(trace, 2, all, 5), 0);
    free(all);
    trace_free(trace);
    model_free(model);
}

/* Random weights, the same every time: attention is nearly even, and the words are all alike. */
static void an_untrained_model_knows_nothing(void **state)
{
    (void)state;
    Error err = {""};
    Model *one = model_open(TINY MODEL_UNTRAINED, 0, &err),
          *two = model_open(TINY "@untrained", 0, &err);
    assert_non_null(one);
    assert_string_equal(model_name(one), "bert-tiny@untrained");
    Trace *a = run(one, "ba be bo, da", NULL), *b = run(two, "ba be bo, da", NULL);
    const Attention *attention = &a->attention[ATTENTION_SELF];
    size_t count = (size_t)a->layers * (size_t)a->heads * (size_t)(a->tokens * a->tokens);
    assert_memory_equal(attention->weights, b->attention[ATTENTION_SELF].weights,
                        count * sizeof(float));
    for (size_t i = 0; i < count; i++) {
        assert_float_equal(attention->weights[i], 1.0f / (float)a->tokens, 0.08f);
    }
    assert_null(model_open("nowhere@untrained", 0, &err));
    trace_free(a);
    trace_free(b);
    model_free(one);
    model_free(two);
}

static void must(App *app, const char *command)
{
    Error err = {""};
    if (!command_run(app, command, &err)) { fail_msg("%s: %s", command, err.text); }
}

static void must_fail(App *app, const char *command, const char *says)
{
    Error err = {""};
    assert_false(command_run(app, command, &err));
    if (strstr(err.text, says) == NULL) { fail_msg("%s: %s", command, err.text); }
}

static App *open_app(void)
{
    Error err = {""};
    App *app = mem_zero(1, sizeof *app);
    app_init(app, NULL);
    assert_true(app_open_model(app, TINY, &err));
    assert_true(app_show(app, "ba besa bo", NULL, &err));
    return app;
}

static void close_app(App *app)
{
    app_free(app);
    free(app);
}

static void heads_are_switched_by_command(void **state)
{
    (void)state;
    App *app = open_app();
    char name[200];
    must(app, "head:off 0.1,1.0");
    assert_string_equal(trace_name_off(app->trace, name, sizeof name), "0.1, 1.0");
    must(app, "head:off 0.1");
    assert_string_equal(trace_name_off(app->trace, name, sizeof name), "1.0");
    must_fail(app, "head:off 9.9", "LAYER.HEAD");
    must_fail(app, "head:off 1.0x", "LAYER.HEAD");
    must_fail(app, "layer:off 9", "layer");
    assert_string_equal(trace_name_off(app->trace, name, sizeof name), "1.0");
    must(app, "head:off 1.0"); /* the last one: all are on again */
    assert_null(app->trace->heads_off);
    must(app, "layer:off 1");
    for (int head = 0; head < app->trace->heads; head++) {
        assert_int_equal(app->trace->heads_off[app->trace->heads + head], 1);
    }
    must(app, "text:set ba be"); /* it stays so while the text changes */
    assert_non_null(app->trace->heads_off);
    must(app, "layer:off 1");
    assert_null(app->trace->heads_off);
    must(app, "layer:set 1");
    must(app, "head:set 1");
    must(app, "head:off"); /* the chosen one */
    assert_string_equal(trace_name_off(app->trace, name, sizeof name), "1.1");
    must(app, "head:restore");
    assert_null(app->trace->heads_off);
    must(app, "head:off 0.0");
    must(app, "model:open " TINY "-f16"); /* another model has other heads */
    assert_null(app->trace->heads_off);
    close_app(app);
}

static void words_are_masked_and_filled_in(void **state)
{
    (void)state;
    App *app = open_app();
    assert_null(app->trace->logits); /* nobody asks */
    must_fail(app, "mask:fill ba", "no [MASK]");
    must_fail(app, "mask:token 0", "Point at a word");
    must_fail(app, "mask:token", "Point at a word");
    must(app, "mask:token 3"); /* "##sa", a piece of the second word */
    assert_string_equal(app_text(app), "ba [MASK] bo");
    assert_non_null(app->trace->logits);
    assert_int_equal(app_mask(app), 2);
    must(app, "mask:fill ##se");
    assert_string_equal(app_text(app), "base bo");
    textfield_undo(&app->text);
    assert_string_equal(app_text(app), "ba [MASK] bo");
    Error err = {""};
    assert_true(app_run(app, &err));
    must(app, "pin:query 1");
    must(app, "mask:token"); /* the pinned one */
    assert_string_equal(app_text(app), "[MASK] [MASK] bo");
    must(app, "mask:fill fa");
    assert_string_equal(app_text(app), "fa [MASK] bo");
    close_app(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_layer_without_heads_mixes_nothing),
        cmocka_unit_test(only_what_is_above_changes),
        cmocka_unit_test(guesses_are_the_softmax),
        cmocka_unit_test(an_untrained_model_knows_nothing),
        cmocka_unit_test(heads_are_switched_by_command),
        cmocka_unit_test(words_are_masked_and_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
