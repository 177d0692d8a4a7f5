/* The text field under the keyboard: caret, selection, clipboard, undo, input methods. */
#include "textfield_bench.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- caret ------------------------------------------------------------------------------------ */

static void test_caret_goes_by_clusters(void **state)
{
    TextfieldBench *bench = *state;
    static const size_t stops[] = {0, 1, 2, 4, 5, 6, 7, 18, 19, 22, 23};
    textfield_set(&bench->field, TEXTFIELD_BENCH_CREME);
    assert_caret(bench, strlen(TEXTFIELD_BENCH_CREME));
    for (size_t i = COUNTOF(stops) - 1; i > 0; i--) {
        assert_caret(bench, stops[i]);
        textfield_bench_key(bench, KEY_LEFT, 0);
    }
    for (size_t i = 0; i < COUNTOF(stops); i++) {
        assert_caret(bench, stops[i]);
        textfield_bench_key(bench, KEY_RIGHT, 0);
    }
    textfield_bench_key(bench, KEY_HOME, 0);
    assert_caret(bench, 0);
    textfield_bench_key(bench, KEY_END, 0);
    assert_caret(bench, strlen(TEXTFIELD_BENCH_CREME));
}

static void test_erasing_takes_clusters(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, TEXTFIELD_BENCH_CREME);
    textfield_bench_key(bench, KEY_BACKSPACE, 0);
    textfield_bench_key(bench, KEY_BACKSPACE, 0);
    assert_text(bench, "Cr\u00E8me \U0001F469\u200D\U0001F4BB ");
    textfield_bench_key(bench, KEY_BACKSPACE, 0);
    textfield_bench_key(bench, KEY_BACKSPACE, 0);
    assert_text(bench, "Cr\u00E8me ");
    textfield_bench_key(bench, KEY_HOME, 0);
    textfield_bench_key(bench, KEY_DELETE, 0);
    textfield_bench_key(bench, KEY_RIGHT, 0);
    textfield_bench_key(bench, KEY_DELETE, 0);
    assert_text(bench, "rme ");
    assert_int_equal(
        textfield_bench_key(bench, KEY_HOME, 0) | textfield_bench_key(bench, KEY_BACKSPACE, 0), 0);
}

static void test_word_jumps(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, "The animal, tired");
    static const size_t back[] = {12, 10, 4, 0, 0}, forth[] = {3, 10, 11, 17, 17};
    for (size_t i = 0; i < COUNTOF(back); i++) {
        textfield_bench_key(bench, KEY_LEFT, MOD_CTRL);
        assert_caret(bench, back[i]);
    }
    for (size_t i = 0; i < COUNTOF(forth); i++) {
        textfield_bench_key(bench, KEY_RIGHT, MOD_CTRL);
        assert_caret(bench, forth[i]);
    }
    textfield_bench_key(bench, KEY_LEFT, MOD_CTRL | MOD_SHIFT);
    textfield_bench_assert_selected(bench, "tired");
    textfield_bench_key(bench, KEY_END, 0);
    textfield_bench_key(bench, KEY_BACKSPACE, MOD_CTRL);
    assert_text(bench, "The animal, ");
    textfield_bench_key(bench, KEY_HOME, 0);
    textfield_bench_key(bench, KEY_DELETE, MOD_CTRL);
    assert_text(bench, " animal, ");
}

static void test_selection_by_keys(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, TEXTFIELD_BENCH_CREME);
    textfield_bench_key(bench, KEY_LEFT, MOD_SHIFT);
    textfield_bench_key(bench, KEY_LEFT, MOD_SHIFT);
    textfield_bench_assert_selected(bench, "x\u0301y");
    textfield_bench_key(bench, KEY_LEFT, 0); /* to the start of what was selected */
    assert_caret(bench, 19);
    textfield_bench_assert_selected(bench, "");
    textfield_bench_key(bench, KEY_HOME, MOD_SHIFT);
    textfield_bench_key(bench, KEY_RIGHT, 0);
    assert_caret(bench, 19);
    textfield_bench_key(bench, 'a', MOD_CTRL);
    textfield_bench_assert_selected(bench, TEXTFIELD_BENCH_CREME);
    textfield_bench_type(bench, "it");
    assert_text(bench, "it");
}

/* --- clipboard, what comes from outside ------------------------------------------------------- */

static void test_clipboard(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, "one two");
    textfield_bench_key(bench, KEY_LEFT, MOD_CTRL | MOD_SHIFT);
    assert_int_equal(textfield_bench_key(bench, 'c', MOD_CTRL), 0);
    assert_string_equal(bench->clipboard, "two");
    textfield_bench_key(bench, KEY_HOME, 0);
    assert_int_equal(textfield_bench_key(bench, 'v', MOD_CTRL), TEXTFIELD_CHANGED);
    assert_text(bench, "twoone two");
    textfield_bench_key(bench, 'a', MOD_CTRL);
    textfield_bench_key(bench, 'x', MOD_CTRL);
    assert_text(bench, "");
    assert_string_equal(bench->clipboard, "twoone two");
    textfield_bench_key(bench, 'x', MOD_CTRL); /* nothing selected: nothing is lost */
    textfield_bench_key(bench, 'c', MOD_CTRL);
    assert_string_equal(bench->clipboard, "twoone two");
    textfield_bench_key(bench, KEY_INSERT, MOD_SHIFT);
    textfield_bench_key(bench, KEY_HOME, MOD_SHIFT);
    textfield_bench_keep(&bench->clipboard, "");
    textfield_bench_key(bench, KEY_INSERT, MOD_CTRL);
    textfield_bench_key(bench, KEY_DELETE, MOD_SHIFT);
    assert_text(bench, "");
    assert_string_equal(bench->clipboard, "twoone two");
}

static void test_paste_is_cleaned(void **state)
{
    TextfieldBench *bench = *state;
    textfield_bench_keep(&bench->clipboard, "\xEF\xBB\xBF"
                                            "a\r\nb\nc\td\re\x1B[0m\x7F\xC2\x85"
                                            "f\xE2\x80\xA8g");
    textfield_bench_key(bench, 'v', MOD_CTRL);
    assert_text(bench, "a b c d e[0m f g");
    textfield_reset(&bench->field, "");
    textfield_bench_keep(&bench->clipboard, "x\xFFy\xE2\x82z\xED\xA0\x80");
    textfield_bench_key(bench, 'v', MOD_CTRL);
    const char *text = textfield_text(&bench->field);
    assert_int_equal(unicode_valid_prefix(text, strlen(text)), strlen(text));
    assert_non_null(strstr(text, "x\uFFFDy\uFFFD"));
    textfield_reset(&bench->field, "");
    textfield_bench_keep(&bench->clipboard,
                         "\U0001F469\u200D\U0001F4BB"); /* joiners are no control characters */
    textfield_bench_key(bench, 'v', MOD_CTRL);
    assert_text(bench, "\U0001F469\u200D\U0001F4BB");
}

static void test_overlong_text_is_cut_and_said(void **state)
{
    TextfieldBench *bench = *state;
    bench->field.limit = 10;
    assert_int_equal(textfield_bench_type(bench, "12345678"), TEXTFIELD_CHANGED);
    assert_int_equal(textfield_bench_type(bench, "x\u0301"), TEXTFIELD_OVERLONG);
    assert_text(bench, "12345678"); /* x with its mark takes three bytes: no half clusters */
    assert_int_equal(textfield_bench_type(bench, "abc"), TEXTFIELD_CHANGED | TEXTFIELD_OVERLONG);
    assert_int_equal(textfield_bench_type(bench, "c"), TEXTFIELD_OVERLONG);
    assert_text(bench, "12345678ab");

    bench->field.limit = 0;
    size_t size = 3 * 1024 * 1024;
    char *much = mem_alloc(size + 1, 1);
    memset(much, 'w', size);
    much[size] = '\0';
    assert_int_equal(textfield_set(&bench->field, much), TEXTFIELD_CHANGED | TEXTFIELD_OVERLONG);
    assert_int_equal(bench->field.text.length, TEXTFIELD_LIMIT);
    free(much);
}

static void test_marks_join_what_is_before(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, "\u0301y");
    textfield_bench_key(bench, KEY_HOME, 0);
    textfield_bench_type(bench, "x"); /* becomes one cluster with the mark behind it */
    assert_text(bench, "x\u0301y");
    assert_caret(bench, 3);
}

/* --- undo ------------------------------------------------------------------------------------- */

static void test_typing_is_undone_by_words(void **state)
{
    TextfieldBench *bench = *state;
    static const char *const letters[] = {"t", "o", "o", " ", "t", "i", "r", "e", "d"};
    for (size_t i = 0; i < COUNTOF(letters); i++) { textfield_bench_type(bench, letters[i]); }
    assert_text(bench, "too tired");
    assert_int_equal(textfield_bench_key(bench, 'z', MOD_CTRL), TEXTFIELD_CHANGED);
    assert_text(bench, "too ");
    textfield_bench_key(bench, 'z', MOD_CTRL);
    assert_text(bench, "");
    assert_int_equal(textfield_bench_key(bench, 'z', MOD_CTRL), 0);
    textfield_bench_key(bench, 'z', MOD_CTRL | MOD_SHIFT);
    textfield_bench_key(bench, 'y', MOD_CTRL);
    assert_text(bench, "too tired");
    assert_int_equal(textfield_bench_key(bench, 'y', MOD_CTRL), 0);
}

static void test_undo_gives_back_text_and_caret(void **state)
{
    TextfieldBench *bench = *state;
    textfield_bench_type(bench, "wide");
    textfield_bench_key(bench, KEY_BACKSPACE, 0);
    textfield_bench_key(bench, KEY_BACKSPACE, 0);
    assert_text(bench, "wi");
    textfield_bench_key(bench, 'z', MOD_CTRL); /* both strokes are one step */
    assert_text(bench, "wide");
    assert_caret(bench, 4);
    textfield_bench_key(bench, KEY_HOME, 0);
    textfield_bench_key(bench, KEY_DELETE, 0);
    textfield_bench_key(bench, KEY_DELETE, 0);
    textfield_bench_key(bench, 'z', MOD_CTRL);
    assert_text(bench, "wide");
    assert_caret(bench, 0);
    textfield_bench_key(bench, KEY_RIGHT, MOD_SHIFT);
    textfield_bench_type(bench, "s");
    textfield_bench_type(bench, "l");
    assert_text(bench, "slide");
    textfield_bench_key(bench, 'z', MOD_CTRL);
    assert_text(bench, "wide");
    textfield_bench_assert_selected(bench, "w");
    textfield_erase(&bench->field, 0, 1, TEXTFIELD_TYPING);
    textfield_undo(&bench->field);
    textfield_select(&bench->field, 0, 1);
    textfield_bench_type(bench, "t"); /* what was undone is gone now */
    assert_int_equal(textfield_bench_key(bench, 'y', MOD_CTRL), 0);
    assert_text(bench, "tide");
}

static void test_set_is_undone(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, "first");
    textfield_set(&bench->field, "second");
    assert_int_equal(textfield_set(&bench->field, "second"), 0);
    textfield_bench_key(bench, 'z', MOD_CTRL);
    assert_text(bench, "first");
    textfield_reset(&bench->field, "new");
    assert_int_equal(textfield_undo(&bench->field), 0);
    assert_text(bench, "new");
}

static void test_undo_is_bounded(void **state)
{
    TextfieldBench *bench = *state;
    char *long_text = mem_alloc(50001, 1);
    for (int i = 0; i < 100; i++) {
        memset(long_text, 'a' + i % 26, 50000);
        long_text[50000] = '\0';
        textfield_set(&bench->field, long_text);
    }
    assert_true(bench->field.edit_bytes <= TEXTFIELD_UNDO_BYTES);
    assert_true(bench->field.edit_count > 2);
    for (int i = 0; i < 2000; i++) { textfield_insert(&bench->field, "x ", 2, TEXTFIELD_ALONE); }
    assert_true(bench->field.edit_count <= TEXTFIELD_UNDO_EDITS);
    int steps = 0;
    while (textfield_undo(&bench->field) != 0) { steps++; }
    while (textfield_redo(&bench->field) != 0) { steps--; }
    assert_int_equal(steps, 0);
    free(long_text);
}

/* --- order, leaving, input methods ------------------------------------------------------------ */

static void test_keys_and_text_keep_their_order(void **state)
{
    TextfieldBench *bench = *state;
    input_add_text(&bench->input, "ab");
    input_add_key(&bench->input, KEY_BACKSPACE, 0, false);
    input_add_text(&bench->input, "c");
    input_add_key(&bench->input, KEY_LEFT, 0, false);
    input_add_text(&bench->input, "d");
    textfield_bench_frame(bench);
    assert_text(bench, "adc");
}

static void test_enter_and_escape(void **state)
{
    TextfieldBench *bench = *state;
    assert_int_equal(textfield_bench_key(bench, KEY_ENTER, 0), TEXTFIELD_SUBMITTED);
    assert_true(bench->ui.wants_text);
    assert_int_equal(textfield_bench_key(bench, KEY_ESCAPE, 0), TEXTFIELD_LEFT);
    assert_int_equal(bench->ui.focus, 0);
    assert_int_equal(textfield_bench_type(bench, "x"), 0);
    assert_false(bench->ui.wants_text);
    assert_text(bench, "");
}

static void test_shortcuts_pass_letters_do_not(void **state)
{
    TextfieldBench *bench = *state;
    static const struct {
        int key;
        unsigned modifiers;
        bool used;
    } strokes[] = {{'h', 0, true},        {']', MOD_SHIFT, true}, {'s', MOD_CTRL, false},
                   {'1', MOD_ALT, false}, {KEY_F11, 0, false},    {KEY_UP, 0, false},
                   {KEY_LEFT, 0, true},   {'z', MOD_CTRL, true}};
    for (size_t i = 0; i < COUNTOF(strokes); i++) {
        input_add_key(&bench->input, strokes[i].key, strokes[i].modifiers, false);
        drawing_begin(bench->drawing, (Rect){0, 0, 640, 400}, (Color){255, 255, 255, 255});
        ui_begin(&bench->ui, &bench->input, bench->drawing, palette_theme(false));
        textfield_show(&bench->ui, textfield_bench_place, "field", &bench->field, NULL);
        ui_end(&bench->ui);
        assert_int_equal(bench->input.keys[0].used, strokes[i].used);
        input_clear(&bench->input);
    }
}

static void test_composition(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, "ab");
    textfield_bench_key(bench, KEY_LEFT, 0);
    input_set_composition(&bench->input, "\u306B\u307B", 1, 1);
    assert_int_equal(textfield_bench_frame(bench), 0);
    assert_text(bench, "ab"); /* nothing is committed yet */
    const DrawCommand *left = textfield_bench_find_text(bench, "a"),
                      *middle = textfield_bench_find_text(bench, "\u306B\u307B");
    const DrawCommand *right = textfield_bench_find_text(bench, "b");
    assert_true(left != NULL && middle != NULL && right != NULL);
    assert_true(left->p[0].x < middle->p[0].x && middle->p[0].x < right->p[0].x);
    float advance = middle->u.text.advance;
    assert_float_equal(right->p[0].x, middle->p[0].x + advance, 0.01f);
    assert_true(bench->ui.caret.x > middle->p[0].x && bench->ui.caret.x < right->p[0].x);
    textfield_bench_key(bench, KEY_BACKSPACE, 0); /* belongs to the input method */
    assert_text(bench, "ab");

    input_set_composition(&bench->input, "", 0, 0); /* cancelled */
    textfield_bench_frame(bench);
    assert_non_null(textfield_bench_find_text(bench, "ab"));
    input_set_composition(&bench->input, "\u65E5", 1, 0);
    textfield_bench_frame(bench);
    input_set_composition(&bench->input, "", 0, 0);
    assert_int_equal(textfield_bench_type(bench, "\u65E5\u672C"),
                     TEXTFIELD_CHANGED); /* committed */
    assert_text(bench, "a\u65E5\u672C"
                       "b");
    assert_caret(bench, 7);

    textfield_bench_key(bench, 'a', MOD_CTRL); /* a composition takes the place of the selection */
    input_set_composition(&bench->input, "x", 1, 0);
    assert_int_equal(textfield_bench_frame(bench), TEXTFIELD_CHANGED);
    assert_text(bench, "");
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(test_##name, textfield_bench_start, textfield_bench_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(caret_goes_by_clusters),
        TEST(erasing_takes_clusters),
        TEST(word_jumps),
        TEST(selection_by_keys),
        TEST(clipboard),
        TEST(paste_is_cleaned),
        TEST(overlong_text_is_cut_and_said),
        TEST(marks_join_what_is_before),
        TEST(typing_is_undone_by_words),
        TEST(undo_gives_back_text_and_caret),
        TEST(set_is_undone),
        TEST(undo_is_bounded),
        TEST(keys_and_text_keep_their_order),
        TEST(enter_and_escape),
        TEST(shortcuts_pass_letters_do_not),
        TEST(composition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
