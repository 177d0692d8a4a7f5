/* config.json: what is read, what is filled in, and a sentence for everything that is wrong. */
#include "base/file.h"
#include "model/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZES                                                               \
    "\"num_hidden_layers\":2,\"num_attention_heads\":4,\"hidden_size\":32," \
    "\"intermediate_size\":64,\"max_position_embeddings\":128,\"vocab_size\":100"

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

static ModelConfig read_good(void **state, const char *json)
{
    Error err = {""};
    ModelConfig config;
    assert_true(file_write(*state, json, strlen(json), NULL));
    bool ok = config_read(*state, &config, &err);
    assert_string_equal(err.text, "");
    assert_true(ok);
    return config;
}

/* The file must be refused with a sentence that names it and has `part` in it. */
static void refuse(void **state, const char *json, const char *part)
{
    Error err = {""};
    ModelConfig config;
    assert_true(file_write(*state, json, strlen(json), NULL));
    assert_false(config_read(*state, &config, &err));
    if (strstr(err.text, part) == NULL) { fail_msg("\"%s\" is not in: %s", part, err.text); }
    assert_non_null(strstr(err.text, *state));
    assert_int_equal(err.text[strlen(err.text) - 1], '.');
}

static void test_good(void **state)
{
    ModelConfig config =
        read_good(state, "{" SIZES ",\"model_type\":\"bert\",\"hidden_act\":"
                         "\"relu\",\"layer_norm_eps\":1e-5,\"type_vocab_size\":3}");
    assert_int_equal(config.layers, 2);
    assert_int_equal(config.heads, 4);
    assert_int_equal(config.hidden_size, 32);
    assert_int_equal(config.head_size, 8);
    assert_int_equal(config.intermediate_size, 64);
    assert_int_equal(config.positions, 128);
    assert_int_equal(config.segments, 3);
    assert_int_equal(config.vocab_size, 100);
    assert_int_equal(config.activation, ACTIVATION_RELU);
    assert_true(config.norm_epsilon == 1e-5f);
}

/* The first BERT configurations had neither model_type nor layer_norm_eps. */
static void test_defaults(void **state)
{
    ModelConfig config = read_good(state, "{" SIZES ",\"position_embedding_type\":null}");
    assert_int_equal(config.segments, 2);
    assert_int_equal(config.activation, ACTIVATION_GELU);
    assert_true(config.norm_epsilon == 1e-12f);
    assert_int_equal(read_good(state, "{" SIZES ",\"hidden_act\":\"gelu_new\"}").activation,
                     ACTIVATION_GELU_NEW);
    assert_int_equal(
        read_good(state, "{" SIZES ",\"hidden_act\":\"gelu_pytorch_tanh\"}").activation,
        ACTIVATION_GELU_NEW);
}

static void test_broken(void **state)
{
    Error err = {""};
    ModelConfig config;
    assert_false(config_read("/nowhere/config.json", &config, &err));
    assert_non_null(strstr(err.text, "/nowhere/config.json"));
    refuse(state, "", "no JSON object");
    refuse(state, "{" SIZES, "no JSON object");
    refuse(state, "[1]", "no JSON object");
    refuse(state, "{\"model_type\":\"\xFF\"," SIZES "}", "no JSON object");
}

static void test_fields(void **state)
{
    refuse(state, "{}", "num_hidden_layers");
    refuse(state, "{\"num_hidden_layers\":0," SIZES "}",
           "num_hidden_layers must be a whole number");
    refuse(state, "{\"num_hidden_layers\":129," SIZES "}", "from 1 to 128");
    refuse(state, "{\"num_hidden_layers\":\"2\"," SIZES "}", "num_hidden_layers must be");
    refuse(state, "{\"num_hidden_layers\":2.5," SIZES "}", "num_hidden_layers must be");
    refuse(state, "{\"num_hidden_layers\":1e999," SIZES "}", "num_hidden_layers must be");
    refuse(state, "{\"hidden_size\":null," SIZES "}", "hidden_size must be");
    refuse(state, "{\"hidden_size\":30," SIZES "}", "30 can't be divided among 4 heads");
    refuse(state, "{\"vocab_size\":-1," SIZES "}", "vocab_size must be");
    refuse(state, "{\"type_vocab_size\":0," SIZES "}", "type_vocab_size must be");
    refuse(state, "{\"model_type\":\"gpt2\"," SIZES "}", "\"gpt2\" can't be opened; supported are");
    refuse(state, "{\"model_type\":7," SIZES "}", "model_type must be a string");
    refuse(state, "{\"hidden_act\":\"swish\"," SIZES "}", "\"swish\"");
    refuse(state, "{\"hidden_act\":{}," SIZES "}", "hidden_act must be a string");
    refuse(state, "{\"layer_norm_eps\":\"x\"," SIZES "}", "layer_norm_eps");
    refuse(state, "{\"layer_norm_eps\":-1," SIZES "}", "layer_norm_eps");
    refuse(state, "{\"is_decoder\":true," SIZES "}", "decoder");
    refuse(state, "{\"position_embedding_type\":\"relative_key\"," SIZES "}", "relative_key");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_file, remove_file)
    const struct CMUnitTest tests[] = {
        TEST(test_good),
        TEST(test_defaults),
        TEST(test_broken),
        TEST(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
