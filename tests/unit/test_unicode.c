/* UTF-8, categories, clusters and words. */
#include "base/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void broken_bytes_are_replaced_one_by_one(void **state)
{
    (void)state;
    static const char broken[] = "a\xFF\xC3\xA9\xE6\x9D z\xED\xA0\x80";
    Buffer out = {0};
    assert_int_equal(unicode_repair(broken, sizeof broken - 1, &out), 6);
    assert_string_equal(out.bytes, "a\uFFFD\u00E9\uFFFD\uFFFD z\uFFFD\uFFFD\uFFFD");
    assert_int_equal(unicode_valid_prefix(broken, sizeof broken - 1), 1);
    assert_int_equal(unicode_valid_prefix("\uFFFD", 3), 3); /* the character itself is valid */
    buffer_free(&out);
    assert_int_equal(unicode_repair("a\0b", 3, &out), 0);
    assert_string_equal(out.bytes, "ab");
    buffer_free(&out);
}

static void every_code_point_survives_a_round_trip(void **state)
{
    (void)state;
    for (uint32_t code = 1; code <= 0x10FFFF; code += 7) {
        char bytes[UNICODE_MAX_BYTES];
        uint32_t back;
        if (code >= 0xD800 && code <= 0xDFFF) { continue; }
        size_t length = unicode_encode(code, bytes);
        assert_int_equal(unicode_decode(bytes, length, &back), length);
        assert_int_equal(back, code);
        uint32_t parts[18];
        assert_in_range(unicode_decompose(code, parts), 1, 18);
        assert_in_range(unicode_lower(code, parts), 1, 3);
    }
}

static void categories_are_those_of_the_reference(void **state)
{
    (void)state;
    assert_true(unicode_is_space(0x3000) && unicode_is_space(' ') && unicode_is_space('\t'));
    assert_false(unicode_is_space(0x200B));
    assert_true(unicode_is_control(0x200B) && unicode_is_control(7) && !unicode_is_control('\n'));
    assert_true(unicode_is_punctuation('$') && unicode_is_punctuation(0x3002));
    assert_false(unicode_is_punctuation(0x20AC)); /* a symbol, but not in ASCII */
    assert_true(unicode_is_mark(0x301) && unicode_is_right_to_left(0x5D0) &&
                unicode_is_right_to_left(0x628));
    assert_false(unicode_is_right_to_left('a') || unicode_is_right_to_left(0x110000));
}

static void clusters_are_what_a_reader_sees(void **state)
{
    (void)state;
    /* e + acute; woman + joiner + laptop; flag of two letters */
    static const char text[] = "xe\u0301\U0001F469\u200D\U0001F4BB\U0001F1EB\U0001F1F7y";
    static const size_t bounds[] = {0, 1, 4, 15, 23, 24};
    size_t length = strlen(text);
    for (size_t i = 0; i + 1 < sizeof bounds / sizeof bounds[0]; i++) {
        assert_int_equal(unicode_next_cluster(text, length, bounds[i]), bounds[i + 1]);
        assert_int_equal(unicode_previous_cluster(text, length, bounds[i + 1]), bounds[i]);
    }
    assert_int_equal(unicode_next_cluster(text, length, length), length);
    assert_int_equal(unicode_previous_cluster(text, length, 0), 0);
}

static void words_are_jumped_over(void **state)
{
    (void)state;
    static const char text[] = "The animal didn't, so  it";
    size_t length = strlen(text);
    assert_int_equal(unicode_next_word(text, length, 0), 3);
    assert_int_equal(unicode_next_word(text, length, 10), 17);
    assert_int_equal(unicode_next_word(text, length, 21), length);
    assert_int_equal(unicode_previous_word(text, length, length), 23);
    assert_int_equal(unicode_previous_word(text, length, 23), 19);
    assert_int_equal(unicode_previous_word(text, length, 2), 0);
    assert_int_equal(unicode_previous_word("   ", 3, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_bytes_are_replaced_one_by_one),
        cmocka_unit_test(every_code_point_survives_a_round_trip),
        cmocka_unit_test(categories_are_those_of_the_reference),
        cmocka_unit_test(clusters_are_what_a_reader_sees),
        cmocka_unit_test(words_are_jumped_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
