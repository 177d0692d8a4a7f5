/* Traces as files: what is written is read again, files made elsewhere open, hostile ones are
 * refused with a sentence. */
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/safetensors.h"
#include "model/trace_file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int make_file(void **state)
{
    char *path = strdup("/tmp/headlight-test-XXXXXX");
    int fd = mkstemp(path);
    *state = path;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    unlink(*state);
    free(*state);
    return 0;
}

/* An array of count numbers, freed by trace_free. */
static float *numbers(size_t count)
{
    float *x = mem_alloc(count, sizeof *x);
    for (size_t i = 0; i < count; i++) { x[i] = (float)i / 7 - 3; }
    return x;
}

enum { L = 2, A = 3, T = 9, D = 4, H = 12, V = 5 };

/* [CLS] The caf\u00E9 s ##at . [SEP] It [SEP], with everything that a trace can have. */
static Trace *make_trace(void)
{
    static const Token tokens[T] = {
        {"[CLS]", 2, 0, 0, 0, -1, true},   {"the", 10, 0, 0, 3, 0, false},
        {"cafe", 11, 0, 4, 9, 1, false},   {"s", 12, 0, 11, 12, 2, false},
        {"##at", 13, 0, 12, 14, 2, false}, {".", 14, 0, 14, 15, 3, false},
        {"[SEP]", 3, 0, 15, 15, -1, true}, {"it", 15, 1, 0, 2, 0, false},
        {"[SEP]", 3, 1, 2, 2, -1, true},
    };
    Trace *trace = trace_new();
    trace->model = mem_copy_string("a \"model\"");
    Encoding *encoding = trace->encoding = mem_zero(1, sizeof *encoding);
    encoding->text[0] = arena_copy_string(&encoding->arena, "The Caf\xC3\xA9  Sat.");
    encoding->text[1] = arena_copy_string(&encoding->arena, "It");
    encoding->tokens = arena_alloc(&encoding->arena, T, sizeof *encoding->tokens);
    encoding->count = T;
    memcpy(encoding->tokens, tokens, sizeof tokens);
    trace->layers = L;
    trace->heads = A;
    trace->tokens = T;
    trace->head_size = D;
    trace->hidden_size = H;
    trace->vocab_size = V;
    trace->attention[ATTENTION_SELF] = (Attention){
        .query_tokens = encoding,
        .key_tokens = encoding,
        .layers = L,
        .heads = A,
        .queries = T,
        .keys = T,
        .weights = numbers(L * A * T * T),
    };
    trace->query = numbers(L * A * T * D);
    trace->key = numbers(L * A * T * D);
    trace->value = numbers(L * A * T * D);
    trace->hidden = numbers((L + 1) * T * H);
    trace->logits = numbers(T * V);
    return trace;
}

static Trace *read_back(void **state, const Trace *trace)
{
    Buffer out = {0};
    Error err = {""};
    trace_file_write(trace, &out);
    assert_true(file_write(*state, out.bytes, out.length, &err));
    Trace *back = trace_file_read(*state, &err);
    assert_string_equal(err.text, "");
    buffer_free(&out);
    return back;
}

static void test_round_trip(void **state)
{
    Trace *trace = make_trace();
    trace->attention[ATTENTION_SELF].weights[5] = NAN; /* some tools write such rows */
    Trace *back = read_back(state, trace);
    assert_string_equal(back->model, trace->model);
    assert_string_equal(back->encoding->text[0], trace->encoding->text[0]);
    assert_string_equal(back->encoding->text[1], "It");
    assert_int_equal(back->encoding->count, T);
    for (int i = 0; i < T; i++) {
        const Token *wanted = &trace->encoding->tokens[i], *found = &back->encoding->tokens[i];
        assert_string_equal(found->piece, wanted->piece);
        assert_int_equal(found->id, wanted->id);
        assert_int_equal(found->side, wanted->side);
        assert_int_equal(found->special, wanted->special);
        assert_int_equal(found->word, wanted->word);
        assert_int_equal(found->start, wanted->start);
        assert_int_equal(found->end, wanted->end);
    }
    const Attention *attention = &back->attention[ATTENTION_SELF];
    assert_ptr_equal(attention->query_tokens, back->encoding);
    assert_ptr_equal(attention->key_tokens, back->encoding);
    assert_true(attention->layers == L && attention->heads == A && attention->queries == T &&
                attention->keys == T);
    assert_true(back->layers == L && back->heads == A && back->tokens == T);
    assert_true(back->head_size == D && back->hidden_size == H && back->vocab_size == V);
    assert_memory_equal(attention->weights, trace->attention[ATTENTION_SELF].weights,
                        sizeof(float) * L * A * T * T);
    assert_memory_equal(back->query, trace->query, sizeof(float) * L * A * T * D);
    assert_memory_equal(back->key, trace->key, sizeof(float) * L * A * T * D);
    assert_memory_equal(back->value, trace->value, sizeof(float) * L * A * T * D);
    assert_memory_equal(back->hidden, trace->hidden, sizeof(float) * (L + 1) * T * H);
    assert_memory_equal(back->logits, trace->logits, sizeof(float) * T * V);
    assert_null(back->attention[ATTENTION_CROSS].weights);
    trace_free(back);
    trace_free(trace);
}

/* What a trace lacks its file lacks too. */
static void test_bare_round_trip(void **state)
{
    Trace *trace = make_trace();
    free(trace->query);
    free(trace->hidden);
    free(trace->logits);
    trace->query = trace->hidden = trace->logits = NULL;
    Trace *back = read_back(state, trace);
    assert_null(back->query);
    assert_null(back->hidden);
    assert_null(back->logits);
    assert_non_null(back->value);
    assert_int_equal(back->hidden_size, 0);
    assert_int_equal(back->vocab_size, 0);
    trace_free(back);
    trace_free(trace);
}

static void test_json(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    trace->attention[ATTENTION_SELF].weights[1] = INFINITY;
    trace->attention[ATTENTION_SELF].weights[2] = 1.0f / 3;
    Buffer out = {0};
    trace_file_write_json(trace, &out);
    cJSON *root = cJSON_Parse(out.bytes);
    assert_non_null(root);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "tokens")), T);
    assert_string_equal(cJSON_GetObjectItem(root, "text")->valuestring, trace->encoding->text[0]);
    assert_string_equal(cJSON_GetObjectItem(root, "pair")->valuestring, "It");
    assert_string_equal(cJSON_GetObjectItem(root, "model")->valuestring, "a \"model\"");
    assert_int_equal(cJSON_GetObjectItem(root, "layers")->valueint, L);
    assert_int_equal(cJSON_GetObjectItem(root, "heads")->valueint, A);
    const cJSON *all = cJSON_GetObjectItem(root, "attention");
    assert_int_equal(cJSON_GetArraySize(all), L);
    const cJSON *head = cJSON_GetArrayItem(cJSON_GetArrayItem(all, L - 1), A - 1);
    const cJSON *row = cJSON_GetArrayItem(head, T - 1);
    float last = trace->attention[ATTENTION_SELF].weights[L * A * T * T - 1];
    assert_true(fabs(cJSON_GetArrayItem(row, T - 1)->valuedouble - (double)last) < 1e-3);
    row = cJSON_GetArrayItem(cJSON_GetArrayItem(cJSON_GetArrayItem(all, 0), 0), 0);
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(row, 1)));
    assert_non_null(strstr(out.bytes, ",0.333333,"));
    cJSON_Delete(root);
    buffer_free(&out);
    trace_free(trace);
}

/* ---- Files made elsewhere ---- */

/* A file of zeros: one tensor per name, up to the first without one. */
typedef struct Part {
    const char *name;
    SafeType type;
    int rank;
    size_t shape[6];
} Part;

static void put(void **state, const Part *parts, const SafeMetadata *metadata, size_t count)
{
    static const size_t bytes[SAFE_TYPES] = {
        [SAFE_F32] = 4, [SAFE_F16] = 2, [SAFE_BF16] = 2, [SAFE_F64] = 8, [SAFE_I32] = 4};
    SafeTensor tensors[8];
    size_t used = 0;
    Arena arena = {0};
    for (; parts[used].name != NULL; used++) {
        SafeTensor *tensor = &tensors[used];
        *tensor = (SafeTensor){.name = parts[used].name,
                               .type = parts[used].type,
                               .rank = parts[used].rank,
                               .length = bytes[parts[used].type]};
        for (int i = 0; i < tensor->rank; i++) {
            tensor->shape[i] = parts[used].shape[i];
            tensor->length *= tensor->shape[i];
        }
        tensor->bytes = arena_alloc(&arena, tensor->length, 1);
    }
    Buffer out = {0};
    safetensors_write(tensors, used, metadata, count, &out);
    assert_true(file_write(*state, out.bytes, out.length, NULL));
    buffer_free(&out);
    arena_free(&arena);
}

static Trace *read_good(void **state, const Part *parts, const SafeMetadata *metadata, size_t count)
{
    Error err = {""};
    put(state, parts, metadata, count);
    Trace *trace = trace_file_read(*state, &err);
    assert_string_equal(err.text, "");
    return trace;
}

static void refuse(void **state, const Part *parts, const SafeMetadata *metadata, size_t count,
                   const char *part)
{
    Error err = {""};
    put(state, parts, metadata, count);
    assert_null(trace_file_read(*state, &err));
    if (strstr(err.text, part) == NULL) { fail_msg("\"%s\" is not in: %s", part, err.text); }
    assert_non_null(strstr(err.text, *state));
    assert_int_equal(err.text[strlen(err.text) - 1], '.');
}

#define TOKENS3                                   \
    {                                             \
        "tokens", "[\"[CLS]\",\"una\",\"##ble\"]" \
    }
#define ATTENTION3                               \
    {                                            \
        "attention", SAFE_F32, 4, { 2, 2, 3, 3 } \
    }

/* Attention and tokens are enough: the tokens themselves are then the text. */
static void test_minimal(void **state)
{
    const SafeMetadata metadata[] = {
        {"tokens", "[\"[CLS]\",\"una\",\"##ble\",\"\\u0120we\",\".\",\"[SEP]\"]"}};
    const Part parts[] = {{"attention", SAFE_F16, 4, {2, 2, 6, 6}}, {0}};
    Trace *trace = read_good(state, parts, metadata, 1);
    const Token *tokens = trace->encoding->tokens;
    assert_string_equal(trace->model, "");
    assert_string_equal(trace->encoding->text[0], "unable we .");
    assert_null(trace->encoding->text[1]);
    assert_true(tokens[0].special && !tokens[1].special && tokens[5].special);
    assert_true(tokens[0].start == 0 && tokens[0].end == 0);
    assert_true(tokens[1].start == 0 && tokens[1].end == 3 && tokens[1].word == 0);
    assert_true(tokens[2].start == 3 && tokens[2].end == 6 && tokens[2].word == 0);
    assert_true(tokens[3].start == 7 && tokens[3].end == 9 && tokens[3].word == 1);
    assert_true(tokens[4].start == 10 && tokens[4].end == 11 && tokens[4].word == 2);
    assert_int_equal(tokens[1].id, -1);
    assert_int_equal(trace->head_size, 0);
    trace_free(trace);
}

/* Pieces that the text does not hold do not lead the others astray. */
static void test_places(void **state)
{
    const SafeMetadata metadata[] = {
        {"tokens", "[\"[UNK]\",\"is\",\"xyzzy\",\"a\",\"[UNK]\",\"cat\",\"\"]"},
        {"text", "Zo\xC3\xAB  IS a \xE2\x80\xA6 C\xCC\xA7"
                 "at"}};
    const Part parts[] = {{"attention", SAFE_F32, 4, {1, 1, 7, 7}}, {0}};
    Trace *trace = read_good(state, parts, metadata, 2);
    const Token *tokens = trace->encoding->tokens;
    static const int places[7][2] = {{0, 4}, {6, 8}, {8, 8}, {9, 10}, {11, 14}, {15, 20}, {20, 20}};
    for (int i = 0; i < 7; i++) {
        assert_int_equal(tokens[i].start, places[i][0]);
        assert_int_equal(tokens[i].end, places[i][1]);
    }
    trace_free(trace);
}

/* outputs.attentions has a batch of one; its stack has it behind the layers. */
static void test_batch_of_one(void **state)
{
    const SafeMetadata metadata[] = {TOKENS3};
    const Part stacked[] = {
        {"attention", SAFE_BF16, 5, {2, 1, 2, 3, 3}}, {"hidden", SAFE_F64, 4, {3, 1, 3, 5}}, {0}};
    Trace *trace = read_good(state, stacked, metadata, 1);
    assert_true(trace->layers == 2 && trace->heads == 2 && trace->hidden_size == 5);
    trace_free(trace);
    const Part batched[] = {{"attention", SAFE_F32, 5, {1, 2, 2, 3, 3}}, {0}};
    trace = read_good(state, batched, metadata, 1);
    assert_true(trace->layers == 2 && trace->heads == 2 && trace->hidden_size == 0);
    trace_free(trace);
}

static void test_bad_tensors(void **state)
{
    const SafeMetadata metadata[] = {TOKENS3};
    static const struct {
        Part parts[3];
        const char *part;
    } cases[] = {
        {{{"query", SAFE_F32, 4, {2, 2, 3, 4}}}, "has no tensor \"attention\""},
        {{{"attention", SAFE_F32, 4, {2, 2, 3, 3}},
          {"decoder_attention", SAFE_F32, 4, {2, 2, 1, 1}}},
         "has no \"output_tokens\""},
        {{{"attention", SAFE_F32, 2, {3, 3}}}, "has the shape [3, 3]"},
        {{{"attention", SAFE_F32, 3, {2, 3, 3}}}, "has the shape [2, 3, 3]"},
        {{{"attention", SAFE_F32, 5, {2, 2, 2, 3, 3}}}, "has the shape [2, 2, 2, 3, 3]"},
        {{{"attention", SAFE_F32, 4, {2, 2, 3, 4}}}, "[2, 2, 3, 4]; it must be"},
        {{{"attention", SAFE_F32, 4, {2, 2, 4, 4}}}, "between 4 tokens, but \"tokens\" has 3"},
        {{{"attention", SAFE_F32, 4, {0, 2, 3, 3}}}, "has the shape [0, 2, 3, 3]"},
        {{{"attention", SAFE_F32, 4, {129, 2, 3, 3}}}, "at most 128 layers"},
        {{{"attention", SAFE_I32, 4, {2, 2, 3, 3}}}, "has the type I32"},
        {{ATTENTION3, {"query", SAFE_F32, 4, {2, 2, 4, 4}}}, "query has the shape [2, 2, 4, 4]"},
        {{ATTENTION3, {"value", SAFE_F32, 3, {2, 2, 3}}}, "value has the shape [2, 2, 3]"},
        {{ATTENTION3, {"hidden", SAFE_F32, 3, {2, 3, 4}}}, "hidden has the shape [2, 3, 4]"},
        {{ATTENTION3, {"logits", SAFE_F32, 2, {4, 4}}}, "logits has the shape [4, 4]"},
        {{ATTENTION3, {"logits", SAFE_F32, 2, {3, 0}}}, "logits has the shape [3, 0]"},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        Part parts[4] = {cases[i].parts[0], cases[i].parts[1], {0}};
        refuse(state, parts, metadata, 1, cases[i].part);
    }
    const Part differing[] = {
        ATTENTION3, {"query", SAFE_F32, 4, {2, 2, 3, 4}}, {"key", SAFE_F32, 4, {2, 2, 3, 5}}, {0}};
    refuse(state, differing, metadata, 1, "key has the shape [2, 2, 3, 5]");
}

static void test_bad_metadata(void **state)
{
    static const struct {
        SafeMetadata metadata[2];
        const char *part;
    } cases[] = {
        {{{"text", "a"}}, "has no \"tokens\""},
        {{{"tokens", "a"}}, "\"tokens\" must be a JSON array"},
        {{{"tokens", "[\"a\""}}, "\"tokens\" must be a JSON array"},
        {{{"tokens", "{}"}}, "\"tokens\" must be a JSON array"},
        {{{"tokens", "[]"}}, "\"tokens\" must be a JSON array of 1 to"},
        {{{"tokens", "[\"a\",1,\"c\"]"}}, "token 1 is not a string"},
        {{{"tokens", "[\"a\"]"}}, "between 3 tokens, but \"tokens\" has 1"},
        {{TOKENS3, {"segments", "[0,1]"}}, "\"segments\" has 2 items for 3 tokens"},
        {{TOKENS3, {"segments", "[0,1,2]"}}, "\"segments\" must hold whole numbers from 0 to 1"},
        {{TOKENS3, {"segments", "[0,1,0.5]"}}, "\"segments\" must hold whole numbers"},
        {{TOKENS3, {"special", "7"}}, "\"special\" must be a JSON array"},
        {{TOKENS3, {"special", "[0,0,\"1\"]"}}, "\"special\" must hold whole numbers"},
        {{TOKENS3, {"ids", "[0,0,1e99]"}}, "\"ids\" must hold whole numbers"},
        {{TOKENS3, {"starts", "[0,4,4]"}}, "the place of token 1"}, /* after its end */
        {{TOKENS3, {"ends", "[0,3,99]"}}, "the place of token 2"},
        {{TOKENS3, {"words", "[0,0]"}}, "\"words\" has 2 items"},
    };
    const Part parts[] = {ATTENTION3, {0}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        refuse(state, parts, cases[i].metadata, 2, cases[i].part);
    }
    const SafeMetadata good[] = {TOKENS3, {"special", "[true,false,1]"}, {"segments", "[0,0,1]"}};
    Trace *trace = read_good(state, parts, good, 3);
    assert_true(trace->encoding->tokens[0].special && !trace->encoding->tokens[1].special);
    assert_true(trace->encoding->tokens[2].special);
    assert_non_null(trace->encoding->text[1]);
    trace_free(trace);
}

/* Every cut of a good file is refused, without a crash. */
static void test_truncated(void **state)
{
    Trace *trace = make_trace();
    Buffer out = {0};
    trace_file_write(trace, &out);
    for (size_t length = 0; length < out.length; length += length < 2000 ? 13 : 997) {
        Error err = {""};
        assert_true(file_write(*state, out.bytes, length, NULL));
        assert_null(trace_file_read(*state, &err));
        assert_int_equal(err.text[strlen(err.text) - 1], '.');
    }
    buffer_free(&out);
    trace_free(trace);
    assert_null(trace_file_read("/nowhere/trace.safetensors", NULL));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_file, remove_file)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),  TEST(test_bare_round_trip), TEST(test_json),
        TEST(test_minimal),     TEST(test_places),          TEST(test_batch_of_one),
        TEST(test_bad_tensors), TEST(test_bad_metadata),    TEST(test_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
