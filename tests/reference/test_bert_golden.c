/* Whole models against outputs of PyTorch, in the folders golden/bert-* beside the project
 * (HEADLIGHT_SHARED, else ../shared). They are too large for the repository: without them this
 * test says so and is skipped; test_bert_own always runs. */
#include "golden.h"

#include <glob.h>

static void check_numbers(const Model *model, const char *path)
{
    bool exact = strstr(path, "f16") == NULL;
    golden_check(model, path, (GoldenLimits){exact ? 1e-5 : 1e-4, 1e-4, 1e-4, 1e-4});
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
    for (size_t i = 0; i < folders.gl_pathc; i++) {
        golden_check_folder(folders.gl_pathv[i], check);
    }
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
    check_all(golden_check_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
