/* Whole models against a plain float64 computation of the same equations, in three dialects of the
 * Hugging Face folder (make_reference.py says which). Small enough to lie in the repository. */
#include "golden.h"

static void check_numbers(const Model *model, const char *path)
{
    golden_check(model, path, (GoldenLimits){2e-6, 1e-5, 3e-5, 1e-6});
}

static void test_numbers(void **state)
{
    (void)state;
    golden_check_folder("tests/data/bert-tiny", check_numbers);
    golden_check_folder("tests/data/bert-tiny-f16", check_numbers);
    golden_check_folder("tests/data/bert-tiny-bf16", check_numbers);
}

static void test_texts(void **state)
{
    (void)state;
    golden_check_folder("tests/data/bert-tiny", golden_check_text);
    golden_check_folder("tests/data/bert-tiny-f16", golden_check_text);
    golden_check_folder("tests/data/bert-tiny-bf16", golden_check_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
