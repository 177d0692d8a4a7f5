/* Widgets: pointer capture, focus, keys, menus, overlays, scrolling, tooltips. Each frame calls one
 * page of widgets, as a program would. */
#include "base/base.h"
#include "base/memory.h"
#include "draw/font.h"
#include "ui/textfield.h"
#include "ui/ui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Rect PAGE = {0, 0, 640, 400};
static const Rect BUTTON = {10, 10, 80, 28};
static const Rect OTHER = {100, 10, 80, 28};
static const Rect TOGGLE = {200, 10, 120, 28};
static const Rect SEGMENTS = {10, 50, 240, 28};
static const Rect SLIDER = {10, 90, 114, 38}; /* 100 points for the thumb's middle */
static const Rect CHOICE = {10, 140, 120, 28};
static const Rect FIELD = {300, 140, 200, 28};
static const Rect AREA = {300, 200, 200, 100};

static const char *const names[] = {"Lines", "Matrix", "Flow"};
static const UiSlider slider = {
    .label = "Threshold", .minimum = 0, .maximum = 1, .step = 0.1f, .reset = 0.2f, .decimals = 1};

typedef struct Bench {
    FontSet *fonts;
    Drawing *drawing;
    Input input;
    Ui ui;
    TextField field;
    /* What the page holds, and what became of it. */
    int pressed, other, activated;
    bool on, off, modal, in_modal;
    int segment, choice;
    bool segment_changed, choice_changed, slider_changed;
    float value, scroll;
    int long_list; /* rows of the choice, when not 0 */
    unsigned area;
    bool has_menu;
    int menu_row;
} Bench;

static void show_menu(Bench *bench)
{
    Ui *ui = &bench->ui;
    UiId id = ui_id(ui, "menu");
    Rect place = {400, 20, 120, 3 * UI_MENU_ROW + 2 * UI_MENU_PAD};
    if (!ui_popup_begin(ui, id, place)) { return; }
    Rect rows = rect_inset(place, UI_MENU_PAD);
    for (int i = 0; i < 3; i++) {
        Rect row = ui_cut_top(&rows, UI_MENU_ROW);
        if (ui_menu_item(ui, row, names[i], "Ctrl+1", i == 1 ? UI_DISABLED : 0)) {
            bench->menu_row = i;
        }
    }
    ui_popup_end(ui);
}

static void show_long_choice(Bench *bench)
{
    char text[64][16];
    const char *labels[64];
    for (int i = 0; i < bench->long_list; i++) {
        snprintf(text[i], sizeof text[i], "row %d", i);
        labels[i] = text[i];
    }
    bench->choice_changed |=
        ui_choice(&bench->ui, CHOICE, "View", labels, bench->long_list, &bench->choice);
}

static void show_page(Bench *bench)
{
    Ui *ui = &bench->ui;
    bench->pressed += ui_button(ui, BUTTON, "Save", 0);
    ui_tooltip(ui, BUTTON, "Saves the figure");
    bool before = ui_set_disabled(ui, bench->off);
    bench->other += ui_button(ui, OTHER, "Other", 0);
    ui_set_disabled(ui, before);
    ui_toggle(ui, TOGGLE, "Special tokens", &bench->on);
    bench->segment_changed |= ui_segments(ui, SEGMENTS, "view", names, 3, &bench->segment);
    bench->slider_changed |= ui_slider(ui, SLIDER, &slider, &bench->value);
    if (bench->long_list > 0) {
        show_long_choice(bench);
    } else {
        bench->choice_changed |= ui_choice(ui, CHOICE, "View", names, 3, &bench->choice);
    }
    textfield_show(ui, FIELD, "field", &bench->field, "Type");
    Rect content = ui_scroll_begin(ui, AREA, "rows", 280, &bench->scroll);
    for (int i = 0; i < 10; i++) {
        ui_push_index(ui, i);
        if (ui_button(ui, ui_cut_top(&content, 28), "row", UI_QUIET)) { bench->activated = i; }
        ui_pop_id(ui);
    }
    ui_scroll_end(ui);
    if (bench->has_menu) { show_menu(bench); }
    if (bench->modal) {
        ui_overlay_begin(ui, (Rect){100, 100, 300, 200}, true);
        bench->in_modal |= ui_button(ui, (Rect){120, 120, 80, 28}, "OK", UI_PRIMARY);
        ui_overlay_end(ui);
    }
    bench->area = ui_area(ui, ui_id(ui, "ground"), PAGE, 0);
}

static void frame(Bench *bench)
{
    drawing_begin(bench->drawing, PAGE, (Color){255, 255, 255, 255});
    bench->segment_changed = bench->choice_changed = bench->slider_changed = false;
    ui_begin(&bench->ui, &bench->input, bench->drawing, palette_theme(true));
    show_page(bench);
    ui_end(&bench->ui);
    input_clear(&bench->input);
}

static void key(Bench *bench, int name, unsigned modifiers)
{
    input_add_key(&bench->input, name, modifiers, false);
    frame(bench);
}

static void point(Bench *bench, float x, float y, unsigned buttons)
{
    Input *input = &bench->input;
    input->mouse = (Vec){x, y};
    input->mouse_inside = true;
    input->pressed = buttons & ~input->buttons;
    input->released = input->buttons & ~buttons;
    input->buttons = buttons;
    input->clicks = input->pressed != 0;
    frame(bench);
}

static void click(Bench *bench, float x, float y)
{
    point(bench, x, y, BUTTON_LEFT);
    point(bench, x, y, 0);
}

static void click_on(Bench *bench, Rect rect)
{
    click(bench, rect.x + rect.w / 2, rect.y + rect.h / 2);
}

static int start(void **state)
{
    Bench *bench = mem_zero(1, sizeof *bench);
    Error err;
    bench->fonts = font_open(&err);
    if (bench->fonts == NULL) { return -1; }
    bench->drawing = drawing_new(bench->fonts);
    bench->activated = bench->menu_row = -1;
    bench->value = 0.5f;
    frame(bench);
    *state = bench;
    return 0;
}

static int stop(void **state)
{
    Bench *bench = *state;
    textfield_free(&bench->field);
    ui_free(&bench->ui);
    input_free(&bench->input);
    drawing_free(bench->drawing);
    font_close(bench->fonts);
    free(bench);
    return 0;
}

static bool shows(const Bench *bench, const char *text)
{
    for (int i = 0; i < bench->drawing->count; i++) {
        const DrawCommand *command = &bench->drawing->commands[i];
        bool is_text = command->kind == DRAW_TEXT;
        if (is_text && strcmp(command->u.text.string, text) == 0) { return true; }
    }
    return false;
}

/* --- pointer ---------------------------------------------------------------------------------- */

static void test_a_click_is_down_and_up_on_it(void **state)
{
    Bench *bench = *state;
    point(bench, 20, 20, BUTTON_LEFT);
    assert_int_equal(bench->pressed, 0);
    point(bench, 20, 20, 0);
    assert_int_equal(bench->pressed, 1);
    point(bench, 20, 20, BUTTON_LEFT);
    point(bench, 300, 300, BUTTON_LEFT); /* carried away: taken back */
    point(bench, 300, 300, 0);
    assert_int_equal(bench->pressed, 1);
    point(bench, 300, 300, BUTTON_LEFT);
    point(bench, 20, 20, 0); /* came from elsewhere */
    assert_int_equal(bench->pressed, 1);
    bench->input.pressed = bench->input.released = BUTTON_LEFT; /* both within one frame */
    frame(bench);
    assert_int_equal(bench->pressed, 2);
    assert_int_equal(bench->ui.cursor, UI_CURSOR_HAND);
}

static void test_capture_keeps_others_out(void **state)
{
    Bench *bench = *state;
    point(bench, 20, 20, BUTTON_LEFT);
    point(bench, 120, 20, BUTTON_LEFT);
    assert_int_equal(bench->area, 0);
    point(bench, 120, 20, 0);
    assert_int_equal(bench->other, 0);
    point(bench, 120, 20, 0);
    assert_int_equal(bench->area, 0); /* the button was called first */
    point(bench, 600, 390, 0);
    assert_int_equal(bench->area, UI_HOVERED);
    bench->input.mouse_inside = false;
    frame(bench);
    assert_int_equal(bench->area, 0);
}

static void test_disabled_does_nothing(void **state)
{
    Bench *bench = *state;
    bench->off = true;
    click_on(bench, OTHER);
    key(bench, KEY_TAB, 0);
    key(bench, KEY_TAB, 0);
    key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->other, 0);
    assert_true(bench->on); /* Tab went past it */
    bench->off = false;
    click_on(bench, OTHER);
    assert_int_equal(bench->other, 1);
}

/* --- focus ------------------------------------------------------------------------------------ */

static void test_tab_goes_in_call_order(void **state)
{
    Bench *bench = *state;
    const char *const order[] = {"Save",      "Other", "Special tokens", "view",
                                 "Threshold", "View",  "field"};
    for (size_t i = 0; i < COUNTOF(order); i++) {
        key(bench, KEY_TAB, 0);
        assert_true(bench->ui.focus == ui_id(&bench->ui, order[i]));
    }
    for (size_t i = COUNTOF(order) - 1; i > 0; i--) {
        key(bench, KEY_TAB, MOD_SHIFT);
        assert_true(bench->ui.focus == ui_id(&bench->ui, order[i - 1]));
    }
    key(bench, KEY_TAB, MOD_SHIFT); /* around: the last row of the area, scrolled into view */
    frame(bench);
    assert_float_equal(bench->scroll, 180, 0.1f);
    key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->activated, 9);
    key(bench, KEY_TAB, 0);
    assert_true(bench->ui.focus == ui_id(&bench->ui, "Save"));
    key(bench, KEY_SPACE, 0);
    assert_int_equal(bench->pressed, 1);
}

static void test_tab_from_nowhere_starts_at_either_end(void **state)
{
    Bench *bench = *state;
    assert_false(ui_has_keyboard(&bench->ui));
    key(bench, KEY_TAB, MOD_SHIFT);
    key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->activated, 9);
}

static void test_a_click_elsewhere_takes_the_focus(void **state)
{
    Bench *bench = *state;
    click_on(bench, FIELD);
    assert_true(bench->ui.wants_text);
    input_add_text(&bench->input, "it");
    frame(bench);
    assert_string_equal(textfield_text(&bench->field), "it");
    point(bench, 600, 390, BUTTON_LEFT);
    point(bench, 600, 390, 0);
    assert_false(ui_has_keyboard(&bench->ui));
    key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->pressed, 0);
    ui_set_focus(&bench->ui, 12345); /* a widget that is not there */
    frame(bench);
    assert_false(ui_has_keyboard(&bench->ui));
}

static void test_tab_selects_the_field(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, "old");
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "View"));
    key(bench, KEY_TAB, 0);
    input_add_text(&bench->input, "new");
    frame(bench);
    assert_string_equal(textfield_text(&bench->field), "new");
}

/* --- values ----------------------------------------------------------------------------------- */

static void test_segments(void **state)
{
    Bench *bench = *state;
    click(bench, SEGMENTS.x + 200, SEGMENTS.y + 10);
    assert_true(bench->segment == 2 && bench->segment_changed);
    click(bench, SEGMENTS.x + 200, SEGMENTS.y + 10);
    assert_false(bench->segment_changed);
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "view"));
    key(bench, KEY_LEFT, 0);
    assert_true(bench->segment == 1 && bench->segment_changed);
    key(bench, KEY_HOME, 0);
    key(bench, KEY_LEFT, 0);
    assert_int_equal(bench->segment, 0);
    key(bench, KEY_END, 0);
    key(bench, KEY_RIGHT, 0);
    assert_int_equal(bench->segment, 2);
}

static float thumb_x(float value) { return SLIDER.x + 7 + 100 * value; }

static void test_slider_by_mouse(void **state)
{
    Bench *bench = *state;
    float y = SLIDER.y + 27;
    point(bench, thumb_x(0.8f), y, BUTTON_LEFT);
    assert_float_equal(bench->value, 0.8f, 1e-5f);
    assert_true(bench->slider_changed);
    point(bench, thumb_x(0.33f), y, BUTTON_LEFT); /* to the nearest step */
    assert_float_equal(bench->value, 0.3f, 1e-5f);
    point(bench, -500, 390, BUTTON_LEFT);
    assert_float_equal(bench->value, 0, 0);
    point(bench, 2000, y, BUTTON_LEFT);
    point(bench, 2000, y, 0);
    assert_float_equal(bench->value, 1, 0);
    point(bench, thumb_x(1) - 4, y, BUTTON_LEFT); /* grabbed beside its middle: it stays */
    assert_float_equal(bench->value, 1, 0);
    point(bench, thumb_x(0.5f) - 4, y, BUTTON_LEFT);
    point(bench, thumb_x(0.5f) - 4, y, 0);
    assert_float_equal(bench->value, 0.5f, 1e-5f);
    bench->input.mouse = (Vec){thumb_x(0.9f), y};
    bench->input.pressed = bench->input.buttons = BUTTON_LEFT;
    bench->input.clicks = 2;
    frame(bench);
    assert_float_equal(bench->value, 0.2f, 1e-5f);
    point(bench, thumb_x(0.9f), y, 0);
    assert_float_equal(bench->value, 0.2f, 1e-5f);
}

static void test_slider_by_keys(void **state)
{
    Bench *bench = *state;
    click(bench, thumb_x(0.5f), SLIDER.y + 27);
    key(bench, KEY_RIGHT, 0);
    key(bench, KEY_UP, 0);
    assert_float_equal(bench->value, 0.7f, 1e-5f);
    key(bench, KEY_LEFT, 0);
    assert_float_equal(bench->value, 0.6f, 1e-5f);
    assert_true(shows(bench, "0.6"));
    key(bench, KEY_END, 0);
    key(bench, KEY_RIGHT, 0);
    assert_float_equal(bench->value, 1, 0);
    key(bench, KEY_HOME, 0);
    assert_float_equal(bench->value, 0, 0);
    key(bench, KEY_HOME, 0);
    assert_false(bench->slider_changed);
}

/* --- lists and menus -------------------------------------------------------------------------- */

static float row_y(int row)
{
    return CHOICE.y + CHOICE.h + 4 + UI_MENU_PAD + UI_MENU_ROW * ((float)row + 0.5f);
}

static void test_choice_by_mouse(void **state)
{
    Bench *bench = *state;
    click_on(bench, CHOICE);
    assert_true(shows(bench, "Flow") && bench->ui.open != 0);
    click(bench, CHOICE.x + 40, row_y(2));
    assert_true(bench->choice == 2 && bench->choice_changed);
    assert_int_equal(bench->ui.open, 0);
    /* Press, drag to a row, let go. */
    point(bench, CHOICE.x + 40, CHOICE.y + 10, BUTTON_LEFT);
    point(bench, CHOICE.x + 40, row_y(1), BUTTON_LEFT);
    point(bench, CHOICE.x + 40, row_y(1), 0);
    assert_int_equal(bench->choice, 1);
    /* A press outside closes it and does nothing else. */
    click_on(bench, CHOICE);
    click_on(bench, BUTTON);
    assert_int_equal(bench->pressed, 0);
    assert_int_equal(bench->ui.open, 0);
    click_on(bench, BUTTON);
    assert_int_equal(bench->pressed, 1);
    click_on(bench, CHOICE);
    click_on(bench, CHOICE); /* so does one on the button */
    assert_int_equal(bench->ui.open, 0);
}

static void test_choice_by_keys(void **state)
{
    Bench *bench = *state;
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "View"));
    key(bench, KEY_ENTER, 0);
    assert_true(bench->ui.open != 0);
    key(bench, KEY_DOWN, 0);
    key(bench, KEY_DOWN, 0);
    key(bench, KEY_ENTER, 0);
    assert_true(bench->choice == 2 && bench->choice_changed && bench->ui.open == 0);
    key(bench, KEY_DOWN, 0);
    key(bench, KEY_UP, 0);
    key(bench, KEY_ESCAPE, 0);
    assert_true(bench->choice == 2 && bench->ui.open == 0);
    assert_true(bench->ui.focus == ui_id(&bench->ui, "View"));
    key(bench, KEY_SPACE, 0);
    key(bench, KEY_DOWN, 0); /* around */
    key(bench, KEY_SPACE, 0);
    assert_int_equal(bench->choice, 0);
}

static void test_a_list_lies_over_what_is_below(void **state)
{
    Bench *bench = *state;
    click_on(bench, CHOICE);
    point(bench, CHOICE.x + 40, row_y(1), 0);
    assert_int_equal(bench->area, 0); /* the ground under it feels nothing */
    assert_false(ui_is_over(&bench->ui, PAGE));
    input_add_key(&bench->input, 'h', 0, false); /* nor does the key map */
    drawing_begin(bench->drawing, PAGE, (Color){0});
    ui_begin(&bench->ui, &bench->input, bench->drawing, palette_theme(false));
    show_page(bench);
    ui_end(&bench->ui);
    assert_true(bench->input.keys[0].used);
    /* Drawn last, whatever was called after it. */
    const DrawCommand *last = &bench->drawing->commands[bench->drawing->count - 1];
    assert_string_equal(last->kind == DRAW_TEXT ? last->u.text.string : "", "Flow");
}

static void test_a_long_list_scrolls(void **state)
{
    Bench *bench = *state;
    bench->long_list = 40;
    bench->choice = 30;
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "View"));
    key(bench, KEY_ENTER, 0);
    frame(bench);
    assert_true(bench->ui.open_scroll > 0); /* opens at what is chosen */
    float at = bench->ui.open_scroll;
    bench->input.mouse = (Vec){CHOICE.x + 30, CHOICE.y + 100};
    bench->input.mouse_inside = true;
    bench->input.wheel.y = 1;
    frame(bench);
    frame(bench);
    assert_true(bench->ui.open_scroll < at);
    key(bench, KEY_END, 0);
    frame(bench);
    key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->choice, 39);
}

static void test_menu(void **state)
{
    Bench *bench = *state;
    bench->has_menu = true;
    ui_popup_open(&bench->ui, ui_id(&bench->ui, "menu"));
    frame(bench);
    assert_true(shows(bench, "Ctrl+1"));
    click(bench, 440, 20 + 5 + UI_MENU_ROW * 1.5f); /* out of use */
    assert_true(bench->menu_row == -1 && bench->ui.open != 0);
    click(bench, 440, 20 + 5 + UI_MENU_ROW * 2.5f);
    assert_int_equal(bench->menu_row, 2);
    assert_int_equal(bench->ui.open, 0);
    ui_popup_open(&bench->ui, ui_id(&bench->ui, "menu"));
    frame(bench);
    bench->has_menu = false; /* its owner has gone, and so does the menu */
    frame(bench);
    frame(bench);
    assert_int_equal(bench->ui.open, 0);
}

static void test_modal_overlay_holds_everything(void **state)
{
    Bench *bench = *state;
    click_on(bench, FIELD);
    bench->modal = true;
    frame(bench);
    click_on(bench, BUTTON);
    assert_int_equal(bench->pressed, 0);
    input_add_text(&bench->input, "x");
    frame(bench);
    assert_string_equal(textfield_text(&bench->field), "");
    for (int i = 0; i < 3; i++) { key(bench, KEY_TAB, 0); }
    key(bench, KEY_ENTER, 0);
    assert_true(bench->in_modal);
    bench->modal = false;
    frame(bench);
    frame(bench);
    assert_true(bench->ui.focus == ui_id(&bench->ui, "field")); /* as it was before */
}

/* --- scrolling, tooltips ---------------------------------------------------------------------- */

static void test_scroll_area(void **state)
{
    Bench *bench = *state;
    bench->input.mouse = (Vec){AREA.x + 20, AREA.y + 20};
    bench->input.mouse_inside = true;
    bench->input.wheel.y = -1;
    frame(bench);
    assert_float_equal(bench->scroll, 48, 0.1f);
    bench->input.wheel.y = -100;
    frame(bench);
    assert_float_equal(bench->scroll, 180, 0.1f);
    click(bench, AREA.x + 20, AREA.y + 99);
    assert_int_equal(bench->activated, 9);
    click(bench, AREA.x + 20, AREA.y + 110); /* cut off by the area */
    assert_int_equal(bench->activated, 9);
    float bar = AREA.x + AREA.w - 4;
    point(bench, bar, AREA.y + 95, BUTTON_LEFT); /* the thumb is at the bottom */
    point(bench, bar, AREA.y + 5, BUTTON_LEFT);
    point(bench, bar, AREA.y - 200, BUTTON_LEFT);
    assert_float_equal(bench->scroll, 0, 0.1f);
    point(bench, bar, AREA.y - 200, 0);
    bench->scroll = 1e9f;
    frame(bench);
    assert_float_equal(bench->scroll, 180, 0.1f);
}

static void test_tooltip(void **state)
{
    Bench *bench = *state;
    bench->input.time = 1000;
    point(bench, 20, 20, 0);
    assert_false(shows(bench, "Saves the figure"));
    assert_true(bench->ui.wake > 1000 && bench->ui.wake < 2000);
    bench->input.time = bench->ui.wake;
    frame(bench);
    assert_true(shows(bench, "Saves the figure"));
    point(bench, 60, 20, 0); /* stays while the pointer moves on it */
    assert_true(shows(bench, "Saves the figure"));
    point(bench, 60, 20, BUTTON_LEFT); /* a press sends it away for good */
    assert_false(shows(bench, "Saves the figure"));
    point(bench, 60, 20, 0);
    bench->input.time += 5000;
    frame(bench);
    assert_false(shows(bench, "Saves the figure"));
    point(bench, 600, 390, 0);
    bench->input.time += 5000;
    point(bench, 20, 20, 0);
    bench->input.time += 600;
    frame(bench);
    assert_true(shows(bench, "Saves the figure"));
    point(bench, 600, 390, 0);
    assert_false(shows(bench, "Saves the figure"));
}

static void test_tooltip_stays_in_the_window(void **state)
{
    Bench *bench = *state;
    static const Vec corners[] = {{0, 0}, {639, 0}, {0, 399}, {639, 399}};
    for (size_t i = 0; i < COUNTOF(corners); i++) {
        bench->input.mouse = corners[i];
        drawing_begin(bench->drawing, PAGE, (Color){0});
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
    Bench *bench = *state;
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
    Bench *bench = *state;
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
            point(bench, (float)(rand() % 700) - 30, (float)(rand() % 460) - 30,
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
        frame(bench);
        assert_true(bench->segment >= 0 && bench->segment < 3);
        assert_true(bench->choice >= 0 && bench->choice < 40);
        assert_true(bench->value >= 0 && bench->value <= 1);
        assert_true(bench->ui.active == 0 || bench->input.buttons != 0);
        assert_true(bench->ui.wake >= bench->input.time || bench->ui.wake == UI_NEVER);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_click_is_down_and_up_on_it),
        TEST(capture_keeps_others_out),
        TEST(disabled_does_nothing),
        TEST(tab_goes_in_call_order),
        TEST(tab_from_nowhere_starts_at_either_end),
        TEST(a_click_elsewhere_takes_the_focus),
        TEST(tab_selects_the_field),
        TEST(segments),
        TEST(slider_by_mouse),
        TEST(slider_by_keys),
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
