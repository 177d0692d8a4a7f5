/* Whole model folders, made on the spot: good ones of every dialect run, and each thing that can be
 * wrong with one gives a sentence. (That the numbers are right is for tests/reference.) */
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/model.h"
#include "model/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LAYERS = 2, HEADS = 2, H = 8, I = 12, POSITIONS = 16, V = 30, MOST_TENSORS = 64 };

/* What a folder is made of, and what is wrong with it. */
typedef struct Recipe {
    const char *config;    /* "" for none, NULL for the right one */
    int vocabulary;        /* entries in vocab.txt; 0 for V, -1 for no such file */
    const char *prefix;    /* NULL for "bert." */
    bool old_names;        /* gamma and beta */
    bool no_head;          /* no cls.predictions */
    bool untied;           /* a decoder of its own */
    bool half;             /* F16 instead of F32 */
    const char *leave_out; /* this tensor */
    const char *reshape;   /* this tensor gets a row too many */
    const char *as_bytes;  /* this tensor is of the type U8 */
} Recipe;

typedef struct Weights {
    const Recipe *recipe;
    SafeTensor tensors[MOST_TENSORS];
    size_t count;
    Arena arena;
    uint32_t seed;
} Weights;

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/headlight-test-XXXXXX");
    *state = mkdtemp(folder);
    return *state == NULL;
}

static void remove_files(const char *folder)
{
    static const char *const names[] = {"config.json", "vocab.txt", "model.safetensors",
                                        "model.safetensors.index.json"};
    for (size_t i = 0; i < COUNTOF(names); i++) {
        char *path = file_join(folder, names[i]);
        unlink(path);
        free(path);
    }
}

static int remove_folder(void **state)
{
    remove_files(*state);
    int left = rmdir(*state);
    free(*state);
    return left;
}

static void put(const char *folder, const char *name, const void *bytes, size_t length)
{
    char *path = file_join(folder, name);
    assert_true(file_write(path, bytes, length, NULL));
    free(path);
}

/* Adds a tensor of small numbers, the same in every run; columns == 0: a vector. */
static void add(Weights *weights, const char *prefix, const char *name, int rows, int columns)
{
    const Recipe *recipe = weights->recipe;
    const char *full = arena_format(&weights->arena, "%s%s", prefix, name);
    if (recipe->leave_out != NULL && strcmp(full, recipe->leave_out) == 0) { return; }
    if (recipe->reshape != NULL && strcmp(full, recipe->reshape) == 0) { rows++; }
    bool bytes = recipe->as_bytes != NULL && strcmp(full, recipe->as_bytes) == 0;
    size_t count = (size_t)rows * (size_t)max_int(columns, 1);
    size_t size = bytes ? 1 : recipe->half ? 2 : 4;
    unsigned char *data = arena_alloc(&weights->arena, count, size);
    for (size_t i = 0; i < count && !bytes; i++) {
        weights->seed = weights->seed * 1664525u + 1013904223u;
        if (recipe->half) { /* 0.5 to 1, or -0.5 to -1 */
            uint16_t half = (uint16_t)(0x3800u | (weights->seed >> 8 & 0x83FFu));
            memcpy(data + 2 * i, &half, sizeof half);
        } else {
            float value = (float)(weights->seed >> 8) / 8388608.0f - 1.0f;
            memcpy(data + 4 * i, &value, sizeof value);
        }
    }
    assert_true(weights->count < MOST_TENSORS);
    weights->tensors[weights->count++] = (SafeTensor){
        .name = full,
        .type = bytes          ? SAFE_U8
                : recipe->half ? SAFE_F16
                               : SAFE_F32,
        .rank = columns > 0 ? 2 : 1,
        .shape = {(size_t)rows, (size_t)columns},
        .bytes = data,
        .length = count * size,
    };
}

static void add_linear(Weights *weights, const char *prefix, const char *name, int outputs,
                       int inputs)
{
    const char *full = arena_format(&weights->arena, "%s%s", prefix, name);
    add(weights, full, ".weight", outputs, inputs);
    add(weights, full, ".bias", outputs, 0);
}

static void add_norm(Weights *weights, const char *prefix, const char *name)
{
    const char *full = arena_format(&weights->arena, "%s%s", prefix, name);
    add(weights, full, weights->recipe->old_names ? ".gamma" : ".weight", H, 0);
    add(weights, full, weights->recipe->old_names ? ".beta" : ".bias", H, 0);
}

static void put_weights(const char *folder, const Recipe *recipe)
{
    Weights weights = {.recipe = recipe, .seed = 1};
    const char *prefix = recipe->prefix != NULL ? recipe->prefix : "bert.";
    add(&weights, prefix, "embeddings.word_embeddings.weight", V, H);
    add(&weights, prefix, "embeddings.position_embeddings.weight", POSITIONS, H);
    add(&weights, prefix, "embeddings.token_type_embeddings.weight", 2, H);
    add_norm(&weights, prefix, "embeddings.LayerNorm");
    for (int i = 0; i < LAYERS; i++) {
        const char *layer = arena_format(&weights.arena, "%sencoder.layer.%d.", prefix, i);
        add_linear(&weights, layer, "attention.self.query", H, H);
        add_linear(&weights, layer, "attention.self.key", H, H);
        add_linear(&weights, layer, "attention.self.value", H, H);
        add_linear(&weights, layer, "attention.output.dense", H, H);
        add_norm(&weights, layer, "attention.output.LayerNorm");
        add_linear(&weights, layer, "intermediate.dense", I, H);
        add_linear(&weights, layer, "output.dense", H, I);
        add_norm(&weights, layer, "output.LayerNorm");
    }
    add_linear(&weights, prefix, "pooler.dense", H, H);
    if (!recipe->no_head) {
        add_linear(&weights, "cls.predictions.", "transform.dense", H, H);
        add_norm(&weights, "cls.predictions.", "transform.LayerNorm");
        if (recipe->untied) {
            add_linear(&weights, "cls.predictions.", "decoder", V, H);
        } else {
            add(&weights, "cls.predictions.", "bias", V, 0);
        }
    }
    Buffer out = {0};
    safetensors_write(weights.tensors, weights.count, NULL, 0, &out);
    put(folder, "model.safetensors", out.bytes, out.length);
    buffer_free(&out);
    arena_free(&weights.arena);
}

static const char right_config[] =
    "{\"model_type\":\"bert\",\"num_hidden_layers\":2,\"num_attention_heads\":2,\"hidden_size\":8,"
    "\"intermediate_size\":12,\"max_position_embeddings\":16,\"vocab_size\":30}";

static void make(const char *folder, Recipe recipe)
{
    remove_files(folder);
    const char *config = recipe.config != NULL ? recipe.config : right_config;
    if (config[0] != '\0') { put(folder, "config.json", config, strlen(config)); }
    Buffer vocabulary = {0};
    buffer_add_string(&vocabulary, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n##a\n");
    for (int i = 9; i < (recipe.vocabulary > 0 ? recipe.vocabulary : V); i++) {
        buffer_format(&vocabulary, "word%d\n", i);
    }
    if (recipe.vocabulary >= 0) { put(folder, "vocab.txt", vocabulary.bytes, vocabulary.length); }
    buffer_free(&vocabulary);
    put_weights(folder, &recipe);
}

/* The folder must be refused with one sentence that has `part` in it. */
static void refuse(void **state, const char *part)
{
    Error err = {""};
    assert_null(model_open(*state, 0, &err));
    if (strstr(err.text, part) == NULL) { fail_msg("\"%s\" is not in: %s", part, err.text); }
    assert_non_null(strstr(err.text, *state));
    assert_int_equal(err.text[strlen(err.text) - 1], '.');
    assert_null(strchr(err.text, '\n'));
}

static void refuse_recipe(void **state, Recipe recipe, const char *part)
{
    make(*state, recipe);
    refuse(state, part);
}

static Model *open_good(void **state, Recipe recipe)
{
    Error err = {""};
    make(*state, recipe);
    Model *model = model_open(*state, 0, &err);
    assert_string_equal(err.text, "");
    return model;
}

static Encoding *make_encoding(int count, int32_t id)
{
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->text[0] = "";
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)max_int(count, 1), sizeof(Token));
    encoding->count = count;
    for (int i = 0; i < count; i++) {
        encoding->tokens[i] = (Token){.piece = "a", .id = (id + i) % V, .side = i % 2};
    }
    return encoding;
}

static Trace *run(const Model *model, int tokens)
{
    Error err = {""};
    Trace *trace = model_run(model, make_encoding(tokens, 5), MODEL_LOGITS, NULL, &err);
    assert_string_equal(err.text, "");
    return trace;
}

static void test_dialects(void **state)
{
    Model *model = open_good(state, (Recipe){0});
    const char *name = strrchr(*state, '/') + 1;
    assert_string_equal(model_name(model), name);
    assert_string_equal(model_folder(model), *state);
    assert_int_equal(model_config(model)->hidden_size, H);
    assert_true(model_has_logits(model));
    Trace *first = run(model, 5);
    model_free(model);

    /* The same weights under other names give the same numbers. */
    const Recipe same[] = {{.prefix = ""}, {.old_names = true}, {.prefix = "", .old_names = true}};
    for (size_t i = 0; i < COUNTOF(same); i++) {
        model = open_good(state, same[i]);
        Trace *trace = run(model, 5);
        assert_memory_equal(trace->hidden, first->hidden, sizeof(float) * (LAYERS + 1) * 5 * H);
        assert_memory_equal(trace->logits, first->logits, sizeof(float) * 5 * V);
        trace_free(trace);
        model_free(model);
    }
    trace_free(first);

    model = open_good(state, (Recipe){.no_head = true});
    assert_false(model_has_logits(model));
    Trace *trace = run(model, 5);
    assert_null(trace->logits);
    assert_int_equal(trace->vocab_size, 0);
    trace_free(trace);
    model_free(model);

    const Recipe others[] = {{.untied = true}, {.half = true}, {.half = true, .untied = true}};
    for (size_t i = 0; i < COUNTOF(others); i++) {
        model = open_good(state, others[i]);
        trace = run(model, POSITIONS);
        for (int k = 0; k < POSITIONS * V; k++) { assert_true(isfinite(trace->logits[k])); }
        trace_free(trace);
        model_free(model);
    }
    model = open_good(state, (Recipe){.vocabulary = 12}); /* fewer pieces than rows is fine */
    model_free(model);
}

static void test_run(void **state)
{
    Model *model = open_good(state, (Recipe){0});
    for (int tokens = 1; tokens <= POSITIONS; tokens++) {
        Trace *trace = run(model, tokens);
        assert_int_equal(trace->tokens, tokens);
        assert_int_equal(trace->encoding->count, tokens);
        assert_int_equal(trace->layers, LAYERS);
        assert_int_equal(trace->heads, HEADS);
        assert_int_equal(trace->head_size, H / HEADS);
        assert_true(trace->seconds > 0);
        for (int layer = 0; layer < LAYERS; layer++) {
            const float *row = trace_head(trace, ATTENTION_SELF, layer, HEADS - 1);
            for (int query = 0; query < tokens; query++, row += tokens) {
                double sum = 0;
                for (int key = 0; key < tokens; key++) { sum += (double)row[key]; }
                assert_true(fabs(sum - 1) < 1e-5);
            }
            assert_true(isfinite(*trace_vectors(trace, trace->value, layer, 0)));
        }
        trace_free(trace);
    }
    Trace *bare = model_run(model, make_encoding(3, 1), MODEL_ATTENTION, NULL, NULL);
    assert_null(bare->logits);
    trace_free(bare);
    model_free(model);
}

static void test_refused_runs(void **state)
{
    Model *model = open_good(state, (Recipe){0});
    Error err = {""};
    assert_null(model_run(model, make_encoding(0, 1), 0, NULL, &err));
    assert_non_null(strstr(err.text, "1 to 16 tokens"));
    assert_null(model_run(model, make_encoding(POSITIONS + 1, 1), 0, NULL, &err));
    assert_non_null(strstr(err.text, "not 17"));
    Encoding *encoding = make_encoding(3, 1);
    encoding->tokens[1].id = -1;
    assert_null(model_run(model, encoding, 0, NULL, &err));
    assert_non_null(strstr(err.text, "vocabulary"));
    encoding = make_encoding(3, 1);
    encoding->tokens[2].id = V;
    assert_null(model_run(model, encoding, 0, NULL, &err));
    atomic_bool cancel = true;
    assert_null(model_run(model, make_encoding(3, 1), 0, &cancel, &err));
    assert_string_equal(err.text, "");
    model_free(model);
    model_free(NULL);
    trace_free(NULL);
}

static void test_bad_folders(void **state)
{
    Error err = {""};
    assert_null(model_open("/nowhere/model", 0, &err));
    assert_non_null(strstr(err.text, "no model folder /nowhere/model"));
    make(*state, (Recipe){0});
    char *path = file_join(*state, "config.json");
    assert_null(model_open(path, 0, &err));
    assert_non_null(strstr(err.text, "is not a folder"));
    free(path);
    refuse_recipe(state, (Recipe){.config = ""}, "config.json");
    refuse_recipe(state, (Recipe){.config = "{"}, "no JSON object");
    refuse_recipe(state, (Recipe){.config = "{\"model_type\":\"t5\"}"}, "\"t5\"");
    refuse_recipe(state, (Recipe){.vocabulary = -1}, "vocab.txt");
    refuse_recipe(state, (Recipe){.vocabulary = V + 1}, "has 31 entries");
}

static void test_bad_weights(void **state)
{
    refuse_recipe(state, (Recipe){.leave_out = "bert.embeddings.word_embeddings.weight"},
                  "embeddings.word_embeddings.weight is missing");
    refuse_recipe(state, (Recipe){.leave_out = "bert.encoder.layer.1.output.dense.bias"},
                  "bert.encoder.layer.1.output.dense.bias is missing");
    refuse_recipe(state, (Recipe){.leave_out = "bert.embeddings.LayerNorm.weight"},
                  "LayerNorm.weight is missing");
    refuse_recipe(state, (Recipe){.leave_out = "cls.predictions.bias"},
                  "cls.predictions.bias is missing");
    refuse_recipe(state, (Recipe){.reshape = "bert.encoder.layer.0.intermediate.dense.weight"},
                  "has the shape [13, 8], but config.json asks for [12, 8]");
    refuse_recipe(state, (Recipe){.reshape = "bert.embeddings.position_embeddings.weight"},
                  "[17, 8]");
    refuse_recipe(state, (Recipe){.reshape = "bert.encoder.layer.0.output.LayerNorm.bias"},
                  "has the shape [9], but config.json asks for [8]");
    refuse_recipe(state, (Recipe){.untied = true, .reshape = "cls.predictions.decoder.weight"},
                  "[31, 8]");
    refuse_recipe(state, (Recipe){.as_bytes = "bert.encoder.layer.0.attention.self.key.weight"},
                  "has the type U8");
}

static void test_bad_files(void **state)
{
    make(*state, (Recipe){0});
    char *path = file_join(*state, "model.safetensors");
    Buffer whole = {0};
    assert_true(file_read(path, 1 << 20, &whole, NULL));
    static const size_t lengths[] = {0, 7, 8, 9, 500};
    for (size_t i = 0; i < COUNTOF(lengths); i++) {
        assert_true(file_write(path, whole.bytes, lengths[i], NULL));
        refuse(state, "model.safetensors");
    }
    assert_true(file_write(path, whole.bytes, whole.length - 1, NULL));
    refuse(state, "cut off");
    buffer_add(&whole, "more", 4);
    assert_true(file_write(path, whole.bytes, whole.length, NULL));
    refuse(state, "its tensors use only");
    memset(whole.bytes, 0xFF, 8);
    assert_true(file_write(path, whole.bytes, whole.length, NULL));
    refuse(state, "cut off");
    unlink(path);
    refuse(state, "has no weights");
    put(*state, "model.safetensors.index.json", "{\"weight_map\":{\"a\":\"/etc/passwd\"}}", 35);
    refuse(state, "name of a file in the same folder");
    buffer_free(&whole);
    free(path);
}

/* What the tokenizer makes is what the model takes. */
static void test_encode(void **state)
{
    Model *model = open_good(state, (Recipe){0});
    Error err = {""};
    Encoding *encoding = model_encode(model, "a b c a b c a b c a b c a b c a b c a b c", "a aa");
    assert_int_equal(encoding->count, POSITIONS);
    assert_true(encoding->cut > 0);
    Trace *trace = model_run(model, encoding, MODEL_LOGITS, NULL, &err);
    assert_string_equal(err.text, "");
    trace_free(trace);
    model_free(model);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(test_dialects),    TEST(test_run),         TEST(test_refused_runs),
        TEST(test_bad_folders), TEST(test_bad_weights), TEST(test_bad_files),
        TEST(test_encode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
