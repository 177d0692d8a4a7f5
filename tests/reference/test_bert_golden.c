/* Whole models against outputs of PyTorch, in the folders golden/bert-* beside the project
 * (HEADLIGHT_SHARED, else ../shared). They are too large for the repository: without them this
 * test says so and is skipped; test_bert_own always runs. */
#include "golden.h"

#include "base/buffer.h"
#include "base/file.h"

#include <glob.h>

/* Is the text tokenized as for the reference? */
static void check_text(const Model *model, const char *path)
{
    Error err = {""};
    Safetensors *expected = safetensors_open(path, &err);
    assert_string_equal(err.text, "");
    const SafeTensor *ids = safetensors_find(expected, "ids");
    const char *pair = safetensors_metadata(expected, "text_b");
    bool has_pair = pair != NULL && pair[0] != '\0';
    Encoding *encoding = model_encode(model, safetensors_metadata(expected, "text_a"),
                                      has_pair ? pair : NULL);
    assert_int_equal(encoding->count, ids->count);
    for (int i = 0; i < encoding->count; i++) {
        int64_t id;
        memcpy(&id, ids->bytes + 8 * i, sizeof id);
        assert_int_equal(encoding->tokens[i].id, id);
    }
    encoding_free(encoding);
    safetensors_free(expected);
}

static void check_numbers(const Model *model, const char *path)
{
    bool exact = strstr(path, "f16") == NULL;
    golden_check(model, path, (GoldenLimits){exact ? 1e-5 : 1e-4, 1e-4, 1e-4, 1e-4});
}

static void check_folder(const char *folder, void (*check)(const Model *model, const char *path))
{
    Error err = {""};
    Model *model = model_open(folder, &err);
    assert_string_equal(err.text, "");
    assert_true(model_has_logits(model));
    for (int i = 0;; i++) {
        char name[64];
        snprintf(name, sizeof name, "expected_%d.safetensors", i);
        char *path = file_join(folder, name);
        bool there = file_exists(path);
        assert_true(there || i > 0);
        if (there) { check(model, path); }
        free(path);
        if (!there) { break; }
    }
    model_free(model);
}

static void check_all(void (*check)(const Model *model, const char *path))
{
    const char *shared = getenv("HEADLIGHT_SHARED");
    char *pattern = file_join(shared != NULL ? shared : "../shared", "golden/bert-*");
    glob_t folders;
    if (glob(pattern, GLOB_ONLYDIR, NULL, &folders) != 0) {
        print_message("SKIPPED: there is no folder %s (set HEADLIGHT_SHARED).\n", pattern);
        free(pattern);
        skip();
    }
    free(pattern);
    for (size_t i = 0; i < folders.gl_pathc; i++) { check_folder(folders.gl_pathv[i], check); }
    globfree(&folders);
}

static void test_numbers(void **state)
{
    (void)state;
    check_all(check_numbers);
}

static void test_texts(void **state)
{
    (void)state;
    check_all(check_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
