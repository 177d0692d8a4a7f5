/* The text field under the mouse: caret, selection, menu; the layout of long lines, blinking, and a
 * user who hits everything at random. */
#include "textfield_bench.h"

#include "base/base.h"
#include "base/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- pointer ---------------------------------------------------------------------------------- */

static void test_click_sets_the_caret(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, TEXTFIELD_BENCH_CREME);
    textfield_bench_frame(bench);
    static const size_t stops[] = {0, 1, 2, 4, 5, 6, 7, 18, 19, 22, 23};
    for (size_t i = 0; i < COUNTOF(stops); i++) {
        textfield_bench_click(bench, textfield_bench_page_x(bench, stops[i]) + 0.4f, 1);
        assert_caret(bench, stops[i]);
    }
    textfield_bench_click(bench, textfield_bench_page_x(bench, 18) - 1,
                          1); /* the right half of the emoji */
    assert_caret(bench, 18);
    textfield_bench_click(bench, textfield_bench_place.x + textfield_bench_place.w - 4, 1);
    assert_caret(bench, strlen(TEXTFIELD_BENCH_CREME));
    textfield_bench_click(bench, textfield_bench_place.x + 1, 1);
    assert_caret(bench, 0);
    assert_int_equal(bench->ui.cursor, UI_CURSOR_TEXT);
}

static void test_drag_selects(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, "The animal was tired");
    textfield_bench_frame(bench);
    textfield_bench_point(bench, textfield_bench_page_x(bench, 4) + 0.3f, BUTTON_LEFT, 1);
    textfield_bench_point(bench, textfield_bench_page_x(bench, 9), BUTTON_LEFT, 0);
    textfield_bench_point(bench, textfield_bench_page_x(bench, 10), BUTTON_LEFT, 0);
    assert_null(bench->primary);
    textfield_bench_point(bench, textfield_bench_page_x(bench, 10), 0, 0);
    textfield_bench_assert_selected(bench, "animal");
    assert_string_equal(bench->primary, "animal");
    textfield_bench_point(bench, textfield_bench_page_x(bench, 2), 0,
                          0); /* the button is up: nothing more */
    textfield_bench_assert_selected(bench, "animal");
    bench->input.modifiers = MOD_SHIFT;
    textfield_bench_click(bench, textfield_bench_page_x(bench, 0), 1);
    textfield_bench_assert_selected(bench, "The ");
    bench->input.modifiers = 0;
    textfield_bench_point(bench, textfield_bench_page_x(bench, 15), BUTTON_MIDDLE, 1);
    textfield_bench_point(bench, textfield_bench_page_x(bench, 15), 0, 0);
    assert_text(bench, "The animal was The tired");
}

static void test_context_menu(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, "one two");
    textfield_bench_click(bench, textfield_bench_page_x(bench, 5), 2);
    float x = textfield_bench_page_x(bench, 5),
          y = textfield_bench_place.y + textfield_bench_place.h / 2;
    textfield_bench_point(bench, x, BUTTON_RIGHT, 1);
    textfield_bench_point(bench, x, 0, 0);
    textfield_bench_assert_selected(bench, "two");
    assert_non_null(textfield_bench_find_text(bench, "Select all"));
    bench->input.mouse = (Vec){x + 30, y + 4 + UI_MENU_PAD + UI_MENU_ROW * 1.5f}; /* Cut */
    bench->input.pressed = BUTTON_LEFT;
    bench->input.released = BUTTON_LEFT;
    assert_int_equal(textfield_bench_frame(bench), TEXTFIELD_CHANGED);
    assert_text(bench, "one ");
    assert_string_equal(bench->clipboard, "two");
    textfield_bench_frame(bench);
    assert_null(textfield_bench_find_text(bench, "Select all"));
    textfield_bench_key(bench, KEY_MENU, 0); /* the field has the keyboard again */
    for (int i = 0; i < 4; i++) { textfield_bench_key(bench, KEY_DOWN, 0); }
    assert_int_equal(textfield_bench_key(bench, KEY_ENTER, 0), TEXTFIELD_CHANGED); /* Paste */
    assert_text(bench, "one two");
    textfield_bench_type(bench, "s");
    assert_text(bench, "one twos");
}

static void test_double_and_triple_click(void **state)
{
    TextfieldBench *bench = *state;
    textfield_set(&bench->field, "The animal was tired");
    textfield_bench_frame(bench);
    textfield_bench_click(bench, textfield_bench_page_x(bench, 10) - 1,
                          1); /* the last letter's right half */
    textfield_bench_click(bench, textfield_bench_page_x(bench, 10) - 1, 2);
    textfield_bench_assert_selected(bench, "animal");
    textfield_bench_click(bench, textfield_bench_page_x(bench, 14) + 1, 2);
    textfield_bench_assert_selected(bench, " ");
    textfield_bench_point(bench, textfield_bench_page_x(bench, 5), BUTTON_LEFT,
                          2); /* goes on by words, both ways */
    textfield_bench_point(bench, textfield_bench_page_x(bench, 12), BUTTON_LEFT, 0);
    textfield_bench_assert_selected(bench, "animal was");
    textfield_bench_point(bench, textfield_bench_page_x(bench, 1), BUTTON_LEFT, 0);
    textfield_bench_point(bench, textfield_bench_page_x(bench, 1), 0, 0);
    textfield_bench_assert_selected(bench, "The animal");
    textfield_bench_click(bench, textfield_bench_page_x(bench, 5), 3);
    textfield_bench_assert_selected(bench, "The animal was tired");
}

static void test_drag_beyond_the_edge_scrolls(void **state)
{
    TextfieldBench *bench = *state;
    char text[1201];
    for (int i = 0; i < 1200; i++) {
        text[i] = i % 6 == 5 ? ' ' : "abcdefghijklmnopqrstuvwxyz"[i % 26];
    }
    text[1200] = '\0';
    textfield_set(&bench->field, text);
    textfield_bench_key(bench, KEY_HOME, 0);
    assert_float_equal(bench->field.scroll, 0, 0);
    textfield_bench_point(bench, textfield_bench_page_x(bench, 3), BUTTON_LEFT, 1);
    textfield_bench_point(bench, textfield_bench_place.x + textfield_bench_place.w + 50,
                          BUTTON_LEFT, 0);
    size_t before = bench->field.caret;
    for (int step = 0; step < 20; step++) { /* the pointer rests; the window wakes by itself */
        assert_true(bench->ui.wake <= bench->input.time + 30);
        bench->input.time += 30;
        textfield_bench_frame(bench);
        assert_true(bench->field.caret >= before);
        before = bench->field.caret;
    }
    assert_true(bench->field.scroll > 400);
    assert_int_equal(bench->field.anchor, 3);
    for (int step = 0; step < 100; step++) {
        bench->input.time += 30;
        textfield_bench_point(bench, textfield_bench_place.x - 60 - (float)(step % 2), BUTTON_LEFT,
                              0);
    }
    assert_float_equal(bench->field.scroll, 0, 0);
    assert_caret(bench, 0);
    textfield_bench_point(bench, textfield_bench_place.x, 0, 0);
}

/* --- long lines, blinking --------------------------------------------------------------------- */

/* Positions must be those of a field that was laid out at once, whatever was edited before. */
static void test_layout_follows_edits(void **state)
{
    TextfieldBench *bench = *state;
    TextField *field = &bench->field;
    srand(7);
    for (int i = 0; i < 60; i++) {
        textfield_insert(field, "The animal didn't cross the street because it was too tired. ", 61,
                         TEXTFIELD_ALONE);
    }
    for (int edit = 0; edit < 300; edit++) {
        size_t at = (size_t)rand() % (field->text.length + 1);
        textfield_select(field, at, at);
        if (edit % 3 == 0) {
            textfield_erase(field, at, at + (size_t)rand() % 400, TEXTFIELD_ALONE);
        } else {
            textfield_insert(field, "cr\u00E8me ", (size_t)(rand() % 8), TEXTFIELD_ALONE);
        }
        textfield_bench_frame(bench);
        size_t covered = 0;
        float x = 0;
        for (int i = 0; i < field->chunk_count; i++) {
            const TextfieldChunk *chunk = &field->chunks[i];
            assert_int_equal(chunk->begin, covered);
            assert_true(chunk->end > chunk->begin);
            assert_true(chunk->end - chunk->begin <= TEXTFIELD_CHUNK_BYTES);
            assert_float_equal(chunk->x, x, 0.5f);
            char copy[TEXTFIELD_CHUNK_BYTES + 1];
            memcpy(copy, field->text.bytes + chunk->begin, chunk->end - chunk->begin);
            copy[chunk->end - chunk->begin] = '\0';
            float width = drawing_text_width(bench->drawing, copy, UI_TEXT, FONT_REGULAR);
            assert_float_equal(chunk->width, width, 0.01f);
            covered = chunk->end;
            x += chunk->width;
        }
        assert_int_equal(covered, field->text.length);
        float caret = textfield_x(field, bench->drawing, field->caret) - field->scroll;
        assert_true(caret >= -0.1f && caret <= textfield_bench_place.w - 20 + 0.1f);
    }
}

static void test_caret_blinks_and_rests(void **state)
{
    TextfieldBench *bench = *state;
    textfield_bench_type(bench, "a");
    int changes = 0, frames = 0;
    uint64_t hash = drawing_hash(bench->drawing);
    textfield_bench_frame(bench);
    while (bench->ui.wake != UI_NEVER && frames < 100) {
        bench->input.time = bench->ui.wake;
        textfield_bench_frame(bench);
        frames++;
        changes += drawing_hash(bench->drawing) != hash;
        hash = drawing_hash(bench->drawing);
    }
    assert_in_range(frames, 15, 25); /* ten seconds, two changes a second, then sleep */
    assert_in_range(changes, 14, 25);
}

/* --- at random -------------------------------------------------------------------------------- */

static void assert_sound(const TextfieldBench *bench)
{
    const TextField *field = &bench->field;
    const char *text = textfield_text(field);
    size_t length = field->text.length;
    assert_true(field->caret <= length && field->anchor <= length);
    assert_true((text[field->caret] & 0xC0) != 0x80);
    assert_true((text[field->anchor] & 0xC0) != 0x80);
    assert_true(length <= field->limit);
    assert_int_equal(strlen(text), length);
    assert_true(field->edit_done >= 0 && field->edit_done <= field->edit_count);
    assert_true(field->edit_bytes <= TEXTFIELD_UNDO_BYTES);
}

static void random_event(TextfieldBench *bench)
{
    static const char *const texts[] = {"a",
                                        " ",
                                        "it ",
                                        "\u0301",
                                        "\U0001F469\u200D\U0001F4BB",
                                        "\xFF",
                                        "\u05D0\u05D1 ",
                                        "\n",
                                        "\U0001F1E9\U0001F1EA",
                                        "\u0E01\u0E33",
                                        "\u0628",
                                        "word, word",
                                        "\xC3",
                                        "\u1112\u1161\u11AB"};
    static const int keys[] = {KEY_LEFT,   KEY_RIGHT,  KEY_HOME,  KEY_END,   KEY_BACKSPACE,
                               KEY_DELETE, KEY_INSERT, 'a',       'c',       'x',
                               'v',        'z',        'y',       KEY_ENTER, KEY_TAB,
                               KEY_MENU,   KEY_DOWN,   KEY_ESCAPE};
    Input *input = &bench->input;
    int choice = rand() % 100;
    input->time += (uint64_t)(rand() % 40);
    if (choice < 40) {
        input_add_text(input, texts[(size_t)rand() % COUNTOF(texts)]);
    } else if (choice < 80) {
        input_add_key(input, keys[(size_t)rand() % COUNTOF(keys)], (unsigned)(rand() % 4), false);
    } else if (choice < 96) {
        unsigned buttons = rand() % 2 == 0   ? BUTTON_LEFT
                           : rand() % 4 == 0 ? BUTTON_RIGHT
                           : rand() % 8 == 0 ? BUTTON_MIDDLE
                                             : 0;
        textfield_bench_point(bench, (float)(rand() % 500) - 60, buttons, 1 + rand() % 3);
    } else if (choice < 98) {
        input_set_composition(input, rand() % 2 == 0 ? "" : "\u306B\u307B", rand() % 4, rand() % 3);
    } else {
        ui_set_focus(&bench->ui, ui_id(&bench->ui, "field"));
    }
}

static void test_random_user(void **state)
{
    TextfieldBench *bench = *state;
    srand(20240607);
    bench->field.limit = 300;
    size_t boundaries = 0, checks = 0;
    for (int event = 0; event < 100000; event++) {
        random_event(bench);
        if (rand() % 3 != 0) { textfield_bench_frame(bench); }
        assert_sound(bench);
        if (event % 50 == 0) {
            const char *text = textfield_text(&bench->field);
            size_t length = bench->field.text.length, at = 0;
            assert_int_equal(unicode_valid_prefix(text, length), length);
            while (at < bench->field.caret) { at = unicode_next_cluster(text, length, at); }
            boundaries += at == bench->field.caret;
            checks++;
        }
    }
    /* Undo and erasing restore carets inside what has become one cluster since; rarely. */
    assert_true(boundaries * 100 >= checks * 97);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(test_##name, textfield_bench_start, textfield_bench_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(click_sets_the_caret),
        TEST(drag_selects),
        TEST(context_menu),
        TEST(double_and_triple_click),
        TEST(drag_beyond_the_edge_scrolls),
        TEST(layout_follows_edits),
        TEST(caret_blinks_and_rests),
        TEST(random_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
