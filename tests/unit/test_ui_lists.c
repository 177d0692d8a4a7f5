/* Widgets that hold or cover others: lists, menus, overlays, scrolling, tooltips; text and rectangles
 * that are cut; and a user who hits everything at random. */
#include "ui_bench.h"

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- lists and menus -------------------------------------------------------------------------- */

static float row_y(int row)
{
    return ui_bench_choice.y + ui_bench_choice.h + 4 + UI_MENU_PAD +
           UI_MENU_ROW * ((float)row + 0.5f);
}

static void test_choice_by_mouse(void **state)
{
    UiBench *bench = *state;
    ui_bench_click_on(bench, ui_bench_choice);
    assert_true(ui_bench_shows(bench, "Flow") && bench->ui.open != 0);
    ui_bench_click(bench, ui_bench_choice.x + 40, row_y(2));
    assert_true(bench->choice == 2 && bench->choice_changed);
    assert_int_equal(bench->ui.open, 0);
    /* Press, drag to a row, let go. */
    ui_bench_point(bench, ui_bench_choice.x + 40, ui_bench_choice.y + 10, BUTTON_LEFT);
    ui_bench_point(bench, ui_bench_choice.x + 40, row_y(1), BUTTON_LEFT);
    ui_bench_point(bench, ui_bench_choice.x + 40, row_y(1), 0);
    assert_int_equal(bench->choice, 1);
    /* A press outside closes it and does nothing else. */
    ui_bench_click_on(bench, ui_bench_choice);
    ui_bench_click_on(bench, ui_bench_button);
    assert_int_equal(bench->pressed, 0);
    assert_int_equal(bench->ui.open, 0);
    ui_bench_click_on(bench, ui_bench_button);
    assert_int_equal(bench->pressed, 1);
    ui_bench_click_on(bench, ui_bench_choice);
    ui_bench_click_on(bench, ui_bench_choice); /* so does one on the button */
    assert_int_equal(bench->ui.open, 0);
}

static void test_choice_by_keys(void **state)
{
    UiBench *bench = *state;
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "View"));
    ui_bench_key(bench, KEY_ENTER, 0);
    assert_true(bench->ui.open != 0);
    ui_bench_key(bench, KEY_DOWN, 0);
    ui_bench_key(bench, KEY_DOWN, 0);
    ui_bench_key(bench, KEY_ENTER, 0);
    assert_true(bench->choice == 2 && bench->choice_changed && bench->ui.open == 0);
    ui_bench_key(bench, KEY_DOWN, 0);
    ui_bench_key(bench, KEY_UP, 0);
    ui_bench_key(bench, KEY_ESCAPE, 0);
    assert_true(bench->choice == 2 && bench->ui.open == 0);
    assert_true(bench->ui.focus == ui_id(&bench->ui, "View"));
    ui_bench_key(bench, KEY_SPACE, 0);
    ui_bench_key(bench, KEY_DOWN, 0); /* around */
    ui_bench_key(bench, KEY_SPACE, 0);
    assert_int_equal(bench->choice, 0);
}

static void test_a_list_lies_over_what_is_below(void **state)
{
    UiBench *bench = *state;
    ui_bench_click_on(bench, ui_bench_choice);
    ui_bench_point(bench, ui_bench_choice.x + 40, row_y(1), 0);
    assert_int_equal(bench->area, 0); /* the ground under it feels nothing */
    assert_false(ui_is_over(&bench->ui, ui_bench_page));
    input_add_key(&bench->input, 'h', 0, false); /* nor does the key map */
    drawing_begin(bench->drawing, ui_bench_page, (Color){0});
    ui_begin(&bench->ui, &bench->input, bench->drawing, palette_theme(false));
    ui_bench_show_page(bench);
    ui_end(&bench->ui);
    assert_true(bench->input.keys[0].used);
    /* Drawn last, whatever was called after it. */
    const DrawCommand *last = &bench->drawing->commands[bench->drawing->count - 1];
    assert_string_equal(last->kind == DRAW_TEXT ? last->u.text.string : "", "Flow");
}

static void test_a_long_list_scrolls(void **state)
{
    UiBench *bench = *state;
    bench->long_list = 40;
    bench->choice = 30;
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "View"));
    ui_bench_key(bench, KEY_ENTER, 0);
    ui_bench_frame(bench);
    assert_true(bench->ui.open_scroll > 0); /* opens at what is chosen */
    float at = bench->ui.open_scroll;
    bench->input.mouse = (Vec){ui_bench_choice.x + 30, ui_bench_choice.y + 100};
    bench->input.mouse_inside = true;
    bench->input.wheel.y = 1;
    ui_bench_frame(bench);
    ui_bench_frame(bench);
    assert_true(bench->ui.open_scroll < at);
    ui_bench_key(bench, KEY_END, 0);
    ui_bench_frame(bench);
    ui_bench_key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->choice, 39);
}

static void test_menu(void **state)
{
    UiBench *bench = *state;
    bench->has_menu = true;
    ui_popup_open(&bench->ui, ui_id(&bench->ui, "menu"));
    ui_bench_frame(bench);
    assert_true(ui_bench_shows(bench, "Ctrl+1"));
    ui_bench_click(bench, 440, 20 + 5 + UI_MENU_ROW * 1.5f); /* out of use */
    assert_true(bench->menu_row == -1 && bench->ui.open != 0);
    ui_bench_click(bench, 440, 20 + 5 + UI_MENU_ROW * 2.5f);
    assert_int_equal(bench->menu_row, 2);
    assert_int_equal(bench->ui.open, 0);
    ui_popup_open(&bench->ui, ui_id(&bench->ui, "menu"));
    ui_bench_frame(bench);
    bench->has_menu = false; /* its owner has gone, and so does the menu */
    ui_bench_frame(bench);
    ui_bench_frame(bench);
    assert_int_equal(bench->ui.open, 0);
}

static void test_modal_overlay_holds_everything(void **state)
{
    UiBench *bench = *state;
    ui_bench_click_on(bench, ui_bench_field);
    bench->modal = true;
    ui_bench_frame(bench);
    ui_bench_click_on(bench, ui_bench_button);
    assert_int_equal(bench->pressed, 0);
    input_add_text(&bench->input, "x");
    ui_bench_frame(bench);
    assert_string_equal(textfield_text(&bench->field), "");
    for (int i = 0; i < 3; i++) { ui_bench_key(bench, KEY_TAB, 0); }
    ui_bench_key(bench, KEY_ENTER, 0);
    assert_true(bench->in_modal);
    bench->modal = false;
    ui_bench_frame(bench);
    ui_bench_frame(bench);
    assert_true(bench->ui.focus == ui_id(&bench->ui, "field")); /* as it was before */
}

/* --- scrolling, tooltips ---------------------------------------------------------------------- */

static void test_scroll_area(void **state)
{
    UiBench *bench = *state;
    bench->input.mouse = (Vec){ui_bench_area.x + 20, ui_bench_area.y + 20};
    bench->input.mouse_inside = true;
    bench->input.wheel.y = -1;
    ui_bench_frame(bench);
    assert_float_equal(bench->scroll, 48, 0.1f);
    bench->input.wheel.y = -100;
    ui_bench_frame(bench);
    assert_float_equal(bench->scroll, 180, 0.1f);
    ui_bench_click(bench, ui_bench_area.x + 20, ui_bench_area.y + 99);
    assert_int_equal(bench->activated, 9);
    ui_bench_click(bench, ui_bench_area.x + 20, ui_bench_area.y + 110); /* cut off by the area */
    assert_int_equal(bench->activated, 9);
    float bar = ui_bench_area.x + ui_bench_area.w - 4;
    ui_bench_point(bench, bar, ui_bench_area.y + 95, BUTTON_LEFT); /* the thumb is at the bottom */
    ui_bench_point(bench, bar, ui_bench_area.y + 5, BUTTON_LEFT);
    ui_bench_point(bench, bar, ui_bench_area.y - 200, BUTTON_LEFT);
    assert_float_equal(bench->scroll, 0, 0.1f);
    ui_bench_point(bench, bar, ui_bench_area.y - 200, 0);
    bench->scroll = 1e9f;
    ui_bench_frame(bench);
    assert_float_equal(bench->scroll, 180, 0.1f);
}

static void test_tooltip(void **state)
{
    UiBench *bench = *state;
    bench->input.time = 1000;
    ui_bench_point(bench, 20, 20, 0);
    assert_false(ui_bench_shows(bench, "Saves the figure"));
    assert_true(bench->ui.wake > 1000 && bench->ui.wake < 2000);
    bench->input.time = bench->ui.wake;
    ui_bench_frame(bench);
    assert_true(ui_bench_shows(bench, "Saves the figure"));
    ui_bench_point(bench, 60, 20, 0); /* stays while the pointer moves on it */
    assert_true(ui_bench_shows(bench, "Saves the figure"));
    ui_bench_point(bench, 60, 20, BUTTON_LEFT); /* a press sends it away for good */
    assert_false(ui_bench_shows(bench, "Saves the figure"));
    ui_bench_point(bench, 60, 20, 0);
    bench->input.time += 5000;
    ui_bench_frame(bench);
    assert_false(ui_bench_shows(bench, "Saves the figure"));
    ui_bench_point(bench, 600, 390, 0);
    bench->input.time += 5000;
    ui_bench_point(bench, 20, 20, 0);
    bench->input.time += 600;
    ui_bench_frame(bench);
    assert_true(ui_bench_shows(bench, "Saves the figure"));
    ui_bench_point(bench, 600, 390, 0);
    assert_false(ui_bench_shows(bench, "Saves the figure"));
}

static void test_tooltip_stays_in_the_window(void **state)
{
    UiBench *bench = *state;
    static const Vec corners[] = {{0, 0}, {639, 0}, {0, 399}, {639, 399}};
    for (size_t i = 0; i < COUNTOF(corners); i++) {
        bench->input.mouse = corners[i];
        drawing_begin(bench->drawing, ui_bench_page, (Color){0});
        ui_begin(&bench->ui, &bench->input, bench->drawing, palette_theme(false));
        ui_tooltip_now(&bench->ui, "weight 0.42\na line so long that it must be wrapped before it "
                                   "can be shown in a box of this width\nlast");
        ui_end(&bench->ui);
        int lines = 0;
        for (int c = 0; c < bench->drawing->count; c++) {
            const DrawCommand *command = &bench->drawing->commands[c];
            if (command->kind != DRAW_TEXT) { continue; }
            lines++;
            Rect box = command->box;
            assert_true(box.x >= 0 && box.y >= 0 && box.x + box.w <= 640 && box.y + box.h <= 400);
        }
        assert_true(lines >= 4);
    }
}

/* --- text, rectangles ------------------------------------------------------------------------- */

static void test_paragraph_wraps(void **state)
{
    UiBench *bench = *state;
    const Ui *ui = &bench->ui;
    float one = ui_paragraph_size(ui, 400, "a", UI_TONE_INK).y;
    static const struct {
        const char *text;
        float width;
        int lines;
    } cases[] = {{"", 100, 0},   {"word", 100, 1}, {"one\ntwo", 100, 2}, {"one\n\ntwo\n", 100, 3},
                 {"WWWW", 1, 4}, {"a b c", 1, 3},  {"end ", 100, 1}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        Vec size = ui_paragraph_size(ui, cases[i].width, cases[i].text, UI_TONE_INK);
        assert_float_equal(size.y, one * (float)cases[i].lines, 0.1f);
        assert_true(size.x <= cases[i].width || cases[i].width < 2);
    }
    /* Ideographs break anywhere: two and a half of them side by side are two to a line. */
    float two = drawing_text_width(ui->drawing, "\u65E5\u672C", UI_TEXT, FONT_REGULAR);
    const char *six = "\u65E5\u672C\u8A9E\u65E5\u672C\u8A9E";
    assert_float_equal(ui_paragraph_size(ui, two * 1.25f, six, UI_TONE_INK).y, one * 3, 0.1f);
}

static void test_cutting_rectangles(void **state)
{
    (void)state;
    Rect rest = {0, 0, 100, 50};
    Rect left = ui_cut_left(&rest, 30), right = ui_cut_right(&rest, 20);
    Rect top = ui_cut_top(&rest, 10), bottom = ui_cut_bottom(&rest, 15);
    assert_true(left.x == 0 && left.w == 30 && left.h == 50);
    assert_true(right.x == 80 && right.w == 20);
    assert_true(top.x == 30 && top.w == 50 && top.h == 10);
    assert_true(bottom.y == 35 && bottom.h == 15);
    assert_true(rest.x == 30 && rest.y == 10 && rest.w == 50 && rest.h == 25);
    assert_true(ui_cut_top(&rest, 1000).h == 25 && rest.h == 0);
    assert_true(ui_cut_left(&rest, -5).w == 0);
    Rect column = ui_column((Rect){0, 0, 100, 10}, 2, 3, 5);
    assert_float_equal(column.x, 70, 0.01f);
    assert_float_equal(column.w, 30, 0.01f);
}

/* --- at random -------------------------------------------------------------------------------- */

static void test_random_user(void **state)
{
    UiBench *bench = *state;
    static const int keys[] = {KEY_TAB, KEY_ENTER, KEY_SPACE, KEY_ESCAPE, KEY_LEFT, KEY_RIGHT,
                               KEY_UP,  KEY_DOWN,  KEY_HOME,  KEY_END,    'a'};
    srand(4711);
    bench->has_menu = true;
    for (int event = 0; event < 20000; event++) {
        int what = rand() % 100;
        bench->input.time += (uint64_t)(rand() % 200);
        if (what < 40) {
            input_add_key(&bench->input, keys[(size_t)rand() % COUNTOF(keys)],
                          (unsigned)(rand() % 2), false);
        } else if (what < 90) {
            ui_bench_point(bench, (float)(rand() % 700) - 30, (float)(rand() % 460) - 30,
                           rand() % 2 == 0 ? BUTTON_LEFT : 0);
        } else if (what < 94) {
            bench->modal = !bench->modal;
        } else if (what < 96) {
            bench->long_list = bench->long_list == 0 ? 40 : 0;
        } else if (what < 98) {
            ui_popup_open(&bench->ui, ui_id(&bench->ui, "menu"));
        } else {
            bench->input.wheel.y = (float)(rand() % 5 - 2);
            bench->input.mouse_inside = rand() % 4 != 0;
            bench->off = rand() % 2 == 0;
        }
        ui_bench_frame(bench);
        assert_true(bench->segment >= 0 && bench->segment < 3);
        assert_true(bench->choice >= 0 && bench->choice < 40);
        assert_true(bench->value >= 0 && bench->value <= 1);
        assert_true(bench->ui.active == 0 || bench->input.buttons != 0);
        assert_true(bench->ui.wake >= bench->input.time || bench->ui.wake == UI_NEVER);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, ui_bench_start, ui_bench_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(choice_by_mouse),
        TEST(choice_by_keys),
        TEST(a_list_lies_over_what_is_below),
        TEST(a_long_list_scrolls),
        TEST(menu),
        TEST(modal_overlay_holds_everything),
        TEST(scroll_area),
        TEST(tooltip),
        TEST(tooltip_stays_in_the_window),
        TEST(paragraph_wraps),
        TEST(cutting_rectangles),
        TEST(random_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
