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

static void what_utf8_forbids_is_invalid(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\xC0\x80",     "\xC1\xBF",     "\xE0\x80\xAF",     "\xF0\x80\x80\xAF",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80",
        "\x80",         "\xFE",         "\xE4\xBA",         "\xF0\x9F\x98"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t length = strlen(bad[i]);
        uint32_t code;
        assert_int_equal(unicode_decode(bad[i], length, &code), 1);
        assert_int_equal(code, UNICODE_REPLACEMENT);
        assert_int_equal(unicode_valid_prefix(bad[i], length), 0);
        Buffer out = {0};
        assert_int_equal(unicode_repair(bad[i], length, &out), length); /* byte by byte */
        assert_int_equal(unicode_valid_prefix(out.bytes, out.length), out.length);
        buffer_free(&out);
    }
    assert_int_equal(unicode_valid_prefix("\xF4\x8F\xBF\xBF", 4), 4); /* the last one there is */
    assert_int_equal(unicode_valid_prefix("\xE4\xBA\x80", 2), 0);     /* nothing behind the end */
}

static void any_bytes_are_repaired_to_valid_text(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 5000; round++) {
        char bytes[40];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245u + 12345u;
            bytes[i] = (char)(seed >> 23);
        }
        Buffer out = {0}, again = {0};
        unicode_repair(bytes, sizeof bytes, &out);
        assert_int_equal(unicode_valid_prefix(out.bytes, out.length), out.length);
        assert_null(memchr(out.bytes, '\0', out.length));
        assert_int_equal(unicode_repair(out.bytes, out.length, &again), 0);
        assert_string_equal(out.bytes, again.bytes);
        buffer_free(&out);
        buffer_free(&again);
    }
}

static void letters_are_lowered_and_come_apart(void **state)
{
    (void)state;
    uint32_t out[18];
    assert_int_equal(unicode_lower('A', out), 1);
    assert_int_equal(out[0], 'a');
    assert_int_equal(unicode_lower(0x130, out), 2);
    assert_true(out[0] == 'i' && out[1] == 0x307);
    assert_int_equal(unicode_decompose(0x1EA4, out), 3); /* A, circumflex, acute */
    assert_true(out[0] == 'A' && out[1] == 0x302 && out[2] == 0x301);
    assert_int_equal(unicode_decompose(0xD55C, out), 3); /* a Hangul syllable */
    assert_true(out[0] == 0x1112 && out[1] == 0x1161 && out[2] == 0x11AB);
    assert_int_equal(unicode_decompose(0xFB01, out), 1); /* a ligature, only by compatibility */
    assert_int_equal(unicode_decompose(0x110000, out), 1);
    assert_int_equal(unicode_combining_class(0x301), 230);
    assert_int_equal(unicode_combining_class('a'), 0);
    assert_true(unicode_is_cased('a') && unicode_is_cased(0x1C5) && unicode_is_cased(0x24B6));
    assert_false(unicode_is_cased('1') || unicode_is_cased(0x4E00) || unicode_is_cased(0x110000));
    assert_true(unicode_is_case_ignorable('\'') && unicode_is_case_ignorable(0x301));
    assert_false(unicode_is_case_ignorable('a') || unicode_is_case_ignorable('-'));
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
    assert_true(unicode_is_space(0x2028) && unicode_is_space(0x2029) && unicode_is_space(0xA0));
    assert_false(unicode_is_space(0x200B));
    assert_true(unicode_is_control(0xD7FF) && unicode_is_control(0xE000)); /* nobody's, private */
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
        cmocka_unit_test(what_utf8_forbids_is_invalid),
        cmocka_unit_test(any_bytes_are_repaired_to_valid_text),
        cmocka_unit_test(letters_are_lowered_and_come_apart),
        cmocka_unit_test(every_code_point_survives_a_round_trip),
        cmocka_unit_test(categories_are_those_of_the_reference),
        cmocka_unit_test(clusters_are_what_a_reader_sees),
        cmocka_unit_test(words_are_jumped_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
