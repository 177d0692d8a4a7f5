/* Every family of encoders against a plain float64 computation of its papers' equations
 * (make_families.py). Small enough to lie in the repository. */
#include "golden.h"

#include "base/buffer.h"
#include "model/encoder.h"
#include "model/family.h"

#include <unistd.h>

static const char *const folders[] = {
    "distilbert",   "roberta", "xlm-roberta",   "camembert", "electra", "electra-discriminator",
    "electra-wide", "albert",  "albert-groups", "mpnet",     "minilm"};

static void check_numbers(const Model *model, const char *path)
{
    golden_check(model, path, (GoldenLimits){2e-6, 1e-5, 4e-5, 1e-6});
}

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(folders); i++) {
        char path[96];
        snprintf(path, sizeof path, "tests/data/families/%s", folders[i]);
        golden_check_folder(path, check_numbers);
        golden_check_folder(path, golden_check_text);
    }
}

/* Each can take as many tokens as it has positions for, and every step of it can be recorded. */
static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(folders); i++) {
        Error err = {""};
        char path[96], text[600] = "";
        snprintf(path, sizeof path, "tests/data/families/%s", folders[i]);
        Model *model = model_open(path, 0, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(model_config(model)->positions, 40);
        for (int word = 0; word < 60; word++) { strcat(text, "ba "); }
        Trace *trace = model_run(model, model_encode(model, text, NULL),
                                 MODEL_LOGITS | MODEL_STEPS | 1 << MODEL_LAYER_SHIFT, NULL, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(trace->tokens, 40);
        assert_true((trace->logits != NULL) == model_has_logits(model));
        const TraceSteps *s = trace->steps;
        const float *above = trace->hidden + (s->layer + 1) * 40 * trace->hidden_size;
        for (int t = 0; t < 40 * trace->hidden_size; t++) { assert_true(isfinite(above[t])); }
        assert_true((s->word == NULL) == (strcmp(folders[i], "electra") == 0 ||
                                          strcmp(folders[i], "electra-wide") == 0 ||
                                          strncmp(folders[i], "albert", 6) == 0));
        trace_free(trace);
        model_free(model);
    }
}

/* Copies the file, without `prefix` before the names in its header; blanks fill what that leaves. */
static void copy_without_prefix(const char *from, const char *to, const char *prefix)
{
    Buffer file = {0};
    Error err = {""};
    assert_true(file_read(from, (size_t)1 << 20, &file, &err));
    uint64_t header;
    memcpy(&header, file.bytes, sizeof header);
    size_t length = strlen(prefix), end = 8 + (size_t)header, out = 8;
    for (size_t in = 8; in < end; in++) {
        file.bytes[out++] = file.bytes[in];
        if (file.bytes[in] == '"' && in + length < end &&
            memcmp(file.bytes + in + 1, prefix, length) == 0) {
            in += length;
        }
    }
    assert_true(length == 0 || out < end);
    memset(file.bytes + out, ' ', end - out);
    assert_true(file_write(to, file.bytes, file.length, &err));
    buffer_free(&file);
}

/* Files of the encoder alone name their tensors without the prefix. */
static void test_no_prefix(void **state)
{
    (void)state;
    static const char *const parts[] = {"config.json", "vocab.txt", "model.safetensors"};
    for (size_t i = 0; i < COUNTOF(folders); i++) {
        Error err = {""};
        char folder[] = "/tmp/headlight-test-XXXXXX", from[128], to[64];
        assert_non_null(mkdtemp(folder));
        snprintf(from, sizeof from, "tests/data/families/%s", folders[i]);
        Model *model = model_open(from, 0, &err);
        assert_string_equal(err.text, "");
        const char *prefix = model_config(model)->family->prefix;
        for (size_t k = 0; k < COUNTOF(parts); k++) {
            Buffer copy = {0};
            snprintf(from, sizeof from, "tests/data/families/%s/%s", folders[i], parts[k]);
            snprintf(to, sizeof to, "%s/%s", folder, parts[k]);
            assert_true(file_read(from, (size_t)1 << 20, &copy, &err));
            assert_true(file_write(to, copy.bytes, copy.length, &err));
            buffer_free(&copy);
        }
        /* Some are without it already. */
        bool bare = strcmp(folders[i], "xlm-roberta") == 0 || strcmp(folders[i], "minilm") == 0;
        copy_without_prefix(from, to, bare ? "" : prefix);
        Model *other = model_open(folder, 0, &err);
        assert_string_equal(err.text, "");
        assert_true(model_has_logits(other) == model_has_logits(model));
        for (int number = 0; number < 3; number++) {
            snprintf(from, sizeof from, "tests/data/families/%s/expected_%d.safetensors",
                     folders[i], number);
            check_numbers(other, from);
        }
        model_free(other);
        model_free(model);
        for (size_t k = 0; k < COUNTOF(parts); k++) {
            snprintf(to, sizeof to, "%s/%s", folder, parts[k]);
            unlink(to);
        }
        rmdir(folder);
    }
}

/* Random weights are for plain BERT; the others say so. */
static void test_untrained(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(folders); i++) {
        Error err = {""};
        char path[96];
        snprintf(path, sizeof path, "tests/data/families/%s" MODEL_UNTRAINED, folders[i]);
        Model *model = model_open(path, 0, &err);
        if (strcmp(folders[i], "minilm") == 0) {
            assert_non_null(model);
            model_free(model);
            continue;
        }
        assert_null(model);
        assert_non_null(strstr(err.text, "can be made untrained"));
    }
}

/* Raffel et al. 2020, section 2.1, by the published values for 32 buckets. */
static void test_buckets(void **state)
{
    (void)state;
    static const int cases[][2] = {{0, 0},    {-1, 1},   {-7, 7},    {-8, 8},     {-11, 8},
                                   {-12, 9},  {-16, 10}, {1, 17},    {7, 23},     {8, 24},
                                   {127, 31}, {128, 31}, {5000, 31}, {-5000, 15}, {-64, 14},
                                   {-90, 14}, {-91, 15}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        assert_int_equal(encoder_bucket(cases[i][0], 32), cases[i][1]);
    }
    for (int buckets = 1; buckets < 8; buckets++) { /* small tables are not left */
        for (int distance = -300; distance <= 300; distance++) {
            assert_in_range(encoder_bucket(distance, buckets), 0, buckets - 1);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_null(family_find("gpt2"));
    assert_string_equal(family_find("albert")->prefix, "albert.");
    Error err = {""};
    ModelConfig config;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"{\"model_type\": \"gpt2\"}", "supported are bert, distilbert, roberta"},
        {"{\"model_type\": \"distilbert\"}", "does not say n_layers"},
        {"{\"model_type\": \"distilbert\", \"n_layers\": 1, \"n_heads\": 3, \"dim\": 16, "
         "\"hidden_dim\": 4, "
         "\"vocab_size\": 9, \"max_position_embeddings\": 8}",
         "dim 16 can't be divided among 3 heads (n_heads)"},
        {"{\"model_type\": \"roberta\", \"num_hidden_layers\": 1, \"num_attention_heads\": 1, "
         "\"hidden_size\": 4, "
         "\"intermediate_size\": 4, \"vocab_size\": 9, \"max_position_embeddings\": 2}",
         "pad_token_id must be a whole number below 1"},
        {"{\"model_type\": \"albert\", \"num_hidden_layers\": 1, \"num_attention_heads\": 1, "
         "\"hidden_size\": 4, "
         "\"intermediate_size\": 4, \"vocab_size\": 9, \"max_position_embeddings\": 2, "
         "\"inner_group_num\": 2}",
         "groups of 2 layers each"},
        {"{\"model_type\": \"albert\", \"num_hidden_layers\": 1, \"num_attention_heads\": 1, "
         "\"hidden_size\": 4, "
         "\"intermediate_size\": 4, \"vocab_size\": 9, \"max_position_embeddings\": 2, "
         "\"num_hidden_groups\": 2}",
         "2 groups"},
        {"{\"model_type\": \"electra\", \"num_hidden_layers\": 1, \"num_attention_heads\": 1, "
         "\"hidden_size\": 4, "
         "\"intermediate_size\": 4, \"vocab_size\": 9, \"max_position_embeddings\": 2, "
         "\"embedding_size\": 0}",
         "embedding_size must be a whole number"},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        char path[] = "/tmp/headlight-test-XXXXXX";
        int file = mkstemp(path);
        assert_true(file >= 0 && write(file, cases[i].text, strlen(cases[i].text)) > 0);
        close(file);
        bool ok = config_read(path, &config, &err);
        if (ok || strstr(err.text, cases[i].sentence) == NULL) {
            print_error("\"%s\" is not in: %s\n", cases[i].sentence, err.text);
        }
        unlink(path);
        assert_false(ok);
        assert_non_null(strstr(err.text, cases[i].sentence));
    }
}

/* Where config.json says nothing each family has its own. */
static void test_activations(void **state)
{
    (void)state;
    for (const Family *family = family_table; family->type != NULL; family++) {
        char path[] = "/tmp/headlight-test-XXXXXX", text[600];
        snprintf(text, sizeof text,
                 "{\"model_type\": \"%s\", \"%s\": 1, \"%s\": 1, \"%s\": 4, \"%s\": 4, "
                 "\"vocab_size\": 9, \"max_position_embeddings\": 8, \"embedding_size\": 4}",
                 family->type, family->layers_field, family->heads_field, family->hidden_field,
                 family->inner_field);
        int file = mkstemp(path);
        assert_true(file >= 0 && write(file, text, strlen(text)) > 0);
        close(file);
        ModelConfig config;
        Error err = {""};
        bool ok = config_read(path, &config, &err);
        unlink(path);
        if (!ok) { fail_msg("%s: %s", family->type, err.text); }
        assert_int_equal(config.activation, strcmp(family->type, "albert") == 0
                                                ? ACTIVATION_GELU_NEW
                                                : ACTIVATION_GELU);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_prefix),   cmocka_unit_test(test_untrained),
        cmocka_unit_test(test_buckets),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_activations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
