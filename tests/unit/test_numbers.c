/* The numbers that are saved are those of the trace, and only those of what is shown. */
#include "analysis/rollout.h"
#include "base/memory.h"
#include "model/model.h"
#include "view/numbers.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Fixture {
    Model *model;
    Trace *trace;
    ViewState state;
    Buffer out;
} Fixture;

static int set_up(void **data)
{
    Error err = {""};
    Fixture *f = calloc(1, sizeof *f);
    f->model = model_open("tests/data/bert-tiny", 0, &err);
    if (f->model == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    f->trace = model_run(f->model, model_encode(f->model, "ba, \"be\" bo da de ba.", NULL),
                         MODEL_ATTENTION, NULL, &err);
    f->state = view_state_default();
    headset_fill(&f->state.heads, f->trace->heads);
    *data = f;
    return f->trace != NULL ? 0 : -1;
}

static int tear_down(void **data)
{
    Fixture *f = *data;
    trace_free(f->trace);
    model_free(f->model);
    buffer_free(&f->out);
    free(f);
    return 0;
}

static void write_numbers(Fixture *f, const char *view, const char *extension)
{
    Error err = {""};
    buffer_clear(&f->out);
    f->state.view = view_find(view);
    assert_true(numbers_write(f->trace, &f->state, numbers_find(extension), NULL, &f->out, &err));
}

/* The line behind `at`, its fields before and after the two tokens; tokens may hold commas. */
static const char *next_line(const char *at, int *layer, int *head, int *query, int *key,
                             float *weight)
{
    char what[32];
    assert_int_equal(sscanf(at, "%31[^,],%d,%d,%d,", what, layer, head, query), 4);
    const char *end = strchr(at, '\n'), *comma = end;
    while (*comma != ',') { comma--; }
    assert_int_equal(sscanf(comma, ",%f\n", weight), 1);
    /* back over the key's token, which may be quoted */
    const char *field = comma - 1;
    if (*field == '"') {
        for (field--; *field != '"' || field[-1] == '"'; field--) {}
    }
    while (*field != ',') { field--; }
    for (field--; *field != ','; field--) {}
    assert_int_equal(sscanf(field, ",%d,", key), 1);
    return end + 1;
}

static void csv_holds_every_weight_that_is_shown(void **data)
{
    Fixture *f = *data;
    f->state.layer = 1;
    f->trace->encoding->tokens[3].piece = "\""; /* the model knows no quotation marks */
    write_numbers(f, "heatmap", "csv");
    const char *at = strchr(f->out.bytes, '\n') + 1;
    int count = 0, layer, head, query, key;
    float weight;
    for (; *at != '\0'; count++) {
        at = next_line(at, &layer, &head, &query, &key, &weight);
        assert_int_equal(layer, 1);
        float real =
            trace_head(f->trace, ATTENTION_SELF, layer, head)[query * f->trace->tokens + key];
        assert_float_equal(weight, real, 6e-7);
    }
    assert_int_equal(count, f->trace->heads * f->trace->tokens * f->trace->tokens);
    assert_non_null(strstr(f->out.bytes, "\"\"\"\"")); /* the quotation mark, quoted */
    assert_non_null(strstr(f->out.bytes, "\",\""));
}

static void a_range_of_tokens_leaves_the_weights_as_they_are(void **data)
{
    Fixture *f = *data;
    f->state.tokens = (Range){2, 4};
    write_numbers(f, "head", "csv");
    const char *at = strchr(f->out.bytes, '\n') + 1;
    int count = 0, layer, head, query, key;
    float weight;
    for (; *at != '\0'; count++) {
        at = next_line(at, &layer, &head, &query, &key, &weight);
        assert_in_range(query, 2, 4);
        assert_in_range(key, 2, 4);
        float real =
            trace_head(f->trace, ATTENTION_SELF, layer, head)[query * f->trace->tokens + key];
        assert_float_equal(weight, real, 6e-7);
    }
    assert_int_equal(count, f->trace->heads * 9);
    assert_int_equal(view_tokens(f->trace, &f->state).last, 4);
    f->state.tokens = (Range){100, INT_MAX};
    assert_int_equal(view_tokens(f->trace, &f->state).first, f->trace->tokens - 1);
}

static void json_of_every_view_can_be_read(void **data)
{
    Fixture *f = *data;
    static const char *const views[] = {"head", "heatmap", "model", "neuron", "flow"};
    const int heads = f->trace->heads, layers = f->trace->layers;
    const int matrices[] = {heads, heads, heads * layers, 2, layers};
    for (size_t i = 0; i < 5; i++) {
        write_numbers(f, views[i], "json");
        cJSON *json = cJSON_Parse(f->out.bytes);
        assert_non_null(json);
        const cJSON *list = cJSON_GetObjectItem(json, "matrices"), *matrix;
        assert_int_equal(cJSON_GetArraySize(list), matrices[i]);
        cJSON_ArrayForEach(matrix, list)
        {
            const cJSON *rows = cJSON_GetObjectItem(matrix, "weights");
            assert_int_equal(cJSON_GetArraySize(rows), f->trace->tokens);
            assert_int_equal(cJSON_GetArraySize(rows->child), f->trace->tokens);
        }
        cJSON_Delete(json);
    }
}

static void flow_is_the_rollout(void **data)
{
    Fixture *f = *data;
    int T = f->trace->tokens, last = f->trace->layers - 1;
    float *rollout = calloc((size_t)(T * T), sizeof *rollout);
    rollout_run(f->trace, last, &f->state.heads, rollout);
    write_numbers(f, "flow", "json");
    cJSON *json = cJSON_Parse(f->out.bytes);
    const cJSON *matrix = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "matrices"), last);
    const cJSON *rows = cJSON_GetObjectItem(matrix, "weights");
    for (int query = 0; query < T; query++) {
        for (int key = 0; key < T; key++) {
            double number = cJSON_GetArrayItem(cJSON_GetArrayItem(rows, query), key)->valuedouble;
            assert_float_equal(number, rollout[query * T + key], 2e-6);
        }
    }
    cJSON_Delete(json);
    free(rollout);
}

static void what_is_missing_stays_missing(void **data)
{
    Fixture *f = *data;
    f->trace->attention[ATTENTION_SELF].weights[1] = NAN;
    f->state.heads = (HeadSet){0};
    headset_put(&f->state.heads, 0, true);
    write_numbers(f, "heatmap", "csv");
    assert_non_null(strstr(f->out.bytes, "attention,0,0,0,[CLS],1,ba,\n"));
    write_numbers(f, "heatmap", "json");
    assert_non_null(strstr(f->out.bytes, ", null,"));
    Error err = {""};
    f->state.view = view_find("compare");
    assert_false(numbers_write(f->trace, &f->state, numbers_find("csv"), NULL, &f->out, &err));
    assert_non_null(strstr(err.text, "compare"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(csv_holds_every_weight_that_is_shown),
        TEST(a_range_of_tokens_leaves_the_weights_as_they_are),
        TEST(json_of_every_view_can_be_read),
        TEST(flow_is_the_rollout),
        TEST(what_is_missing_stays_missing),
    };
    return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
