/* Widgets that stand by themselves: pointer capture, focus, keys, values. */
#include "ui_bench.h"

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* --- pointer ---------------------------------------------------------------------------------- */

static void test_a_click_is_down_and_up_on_it(void **state)
{
    UiBench *bench = *state;
    ui_bench_point(bench, 20, 20, BUTTON_LEFT);
    assert_int_equal(bench->pressed, 0);
    ui_bench_point(bench, 20, 20, 0);
    assert_int_equal(bench->pressed, 1);
    ui_bench_point(bench, 20, 20, BUTTON_LEFT);
    ui_bench_point(bench, 300, 300, BUTTON_LEFT); /* carried away: taken back */
    ui_bench_point(bench, 300, 300, 0);
    assert_int_equal(bench->pressed, 1);
    ui_bench_point(bench, 300, 300, BUTTON_LEFT);
    ui_bench_point(bench, 20, 20, 0); /* came from elsewhere */
    assert_int_equal(bench->pressed, 1);
    bench->input.pressed = bench->input.released = BUTTON_LEFT; /* both within one frame */
    ui_bench_frame(bench);
    assert_int_equal(bench->pressed, 2);
    assert_int_equal(bench->ui.cursor, UI_CURSOR_HAND);
}

static void test_capture_keeps_others_out(void **state)
{
    UiBench *bench = *state;
    ui_bench_point(bench, 20, 20, BUTTON_LEFT);
    ui_bench_point(bench, 120, 20, BUTTON_LEFT);
    assert_int_equal(bench->area, 0);
    ui_bench_point(bench, 120, 20, 0);
    assert_int_equal(bench->other, 0);
    ui_bench_point(bench, 120, 20, 0);
    assert_int_equal(bench->area, 0); /* the button was called first */
    ui_bench_point(bench, 600, 390, 0);
    assert_int_equal(bench->area, UI_HOVERED);
    bench->input.mouse_inside = false;
    ui_bench_frame(bench);
    assert_int_equal(bench->area, 0);
}

static void test_disabled_does_nothing(void **state)
{
    UiBench *bench = *state;
    bench->off = true;
    ui_bench_click_on(bench, ui_bench_other);
    ui_bench_key(bench, KEY_TAB, 0);
    ui_bench_key(bench, KEY_TAB, 0);
    ui_bench_key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->other, 0);
    assert_true(bench->on); /* Tab went past it */
    bench->off = false;
    ui_bench_click_on(bench, ui_bench_other);
    assert_int_equal(bench->other, 1);
}

/* --- focus ------------------------------------------------------------------------------------ */

static void test_tab_goes_in_call_order(void **state)
{
    UiBench *bench = *state;
    const char *const order[] = {"Save",      "Other", "Special tokens", "view",
                                 "Threshold", "View",  "field"};
    for (size_t i = 0; i < COUNTOF(order); i++) {
        ui_bench_key(bench, KEY_TAB, 0);
        assert_true(bench->ui.focus == ui_id(&bench->ui, order[i]));
    }
    for (size_t i = COUNTOF(order) - 1; i > 0; i--) {
        ui_bench_key(bench, KEY_TAB, MOD_SHIFT);
        assert_true(bench->ui.focus == ui_id(&bench->ui, order[i - 1]));
    }
    ui_bench_key(bench, KEY_TAB,
                 MOD_SHIFT); /* around: the last row of the area, scrolled into view */
    ui_bench_frame(bench);
    assert_float_equal(bench->scroll, 180, 0.1f);
    ui_bench_key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->activated, 9);
    ui_bench_key(bench, KEY_TAB, 0);
    assert_true(bench->ui.focus == ui_id(&bench->ui, "Save"));
    ui_bench_key(bench, KEY_SPACE, 0);
    assert_int_equal(bench->pressed, 1);
}

static void test_tab_from_nowhere_starts_at_either_end(void **state)
{
    UiBench *bench = *state;
    assert_false(ui_has_keyboard(&bench->ui));
    ui_bench_key(bench, KEY_TAB, MOD_SHIFT);
    ui_bench_key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->activated, 9);
}

static void test_a_click_elsewhere_takes_the_focus(void **state)
{
    UiBench *bench = *state;
    ui_bench_click_on(bench, ui_bench_field);
    assert_true(bench->ui.wants_text);
    input_add_text(&bench->input, "it");
    ui_bench_frame(bench);
    assert_string_equal(textfield_text(&bench->field), "it");
    ui_bench_point(bench, 600, 390, BUTTON_LEFT);
    ui_bench_point(bench, 600, 390, 0);
    assert_false(ui_has_keyboard(&bench->ui));
    ui_bench_key(bench, KEY_ENTER, 0);
    assert_int_equal(bench->pressed, 0);
    ui_set_focus(&bench->ui, 12345); /* a widget that is not there */
    ui_bench_frame(bench);
    assert_false(ui_has_keyboard(&bench->ui));
}

static void test_tab_selects_the_field(void **state)
{
    UiBench *bench = *state;
    textfield_set(&bench->field, "old");
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "View"));
    ui_bench_key(bench, KEY_TAB, 0);
    input_add_text(&bench->input, "new");
    ui_bench_frame(bench);
    assert_string_equal(textfield_text(&bench->field), "new");
}

/* --- values ----------------------------------------------------------------------------------- */

static void test_segments(void **state)
{
    UiBench *bench = *state;
    ui_bench_click(bench, ui_bench_segments.x + 200, ui_bench_segments.y + 10);
    assert_true(bench->segment == 2 && bench->segment_changed);
    ui_bench_click(bench, ui_bench_segments.x + 200, ui_bench_segments.y + 10);
    assert_false(bench->segment_changed);
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "view"));
    ui_bench_key(bench, KEY_LEFT, 0);
    assert_true(bench->segment == 1 && bench->segment_changed);
    ui_bench_key(bench, KEY_HOME, 0);
    ui_bench_key(bench, KEY_LEFT, 0);
    assert_int_equal(bench->segment, 0);
    ui_bench_key(bench, KEY_END, 0);
    ui_bench_key(bench, KEY_RIGHT, 0);
    assert_int_equal(bench->segment, 2);
}

static float thumb_x(float value) { return ui_bench_slider.x + 7 + 100 * value; }

static void test_slider_by_mouse(void **state)
{
    UiBench *bench = *state;
    float y = ui_bench_slider.y + 27;
    ui_bench_point(bench, thumb_x(0.8f), y, BUTTON_LEFT);
    assert_float_equal(bench->value, 0.8f, 1e-5f);
    assert_true(bench->slider_changed);
    ui_bench_point(bench, thumb_x(0.33f), y, BUTTON_LEFT); /* to the nearest step */
    assert_float_equal(bench->value, 0.3f, 1e-5f);
    ui_bench_point(bench, -500, 390, BUTTON_LEFT);
    assert_float_equal(bench->value, 0, 0);
    ui_bench_point(bench, 2000, y, BUTTON_LEFT);
    ui_bench_point(bench, 2000, y, 0);
    assert_float_equal(bench->value, 1, 0);
    ui_bench_point(bench, thumb_x(1) - 4, y, BUTTON_LEFT); /* grabbed beside its middle: it stays */
    assert_float_equal(bench->value, 1, 0);
    ui_bench_point(bench, thumb_x(0.5f) - 4, y, BUTTON_LEFT);
    ui_bench_point(bench, thumb_x(0.5f) - 4, y, 0);
    assert_float_equal(bench->value, 0.5f, 1e-5f);
    bench->input.mouse = (Vec){thumb_x(0.9f), y};
    bench->input.pressed = bench->input.buttons = BUTTON_LEFT;
    bench->input.clicks = 2;
    ui_bench_frame(bench);
    assert_float_equal(bench->value, 0.2f, 1e-5f);
    ui_bench_point(bench, thumb_x(0.9f), y, 0);
    assert_float_equal(bench->value, 0.2f, 1e-5f);
}

static void test_slider_by_keys(void **state)
{
    UiBench *bench = *state;
    ui_bench_click(bench, thumb_x(0.5f), ui_bench_slider.y + 27);
    ui_bench_key(bench, KEY_RIGHT, 0);
    ui_bench_key(bench, KEY_UP, 0);
    assert_float_equal(bench->value, 0.7f, 1e-5f);
    ui_bench_key(bench, KEY_LEFT, 0);
    assert_float_equal(bench->value, 0.6f, 1e-5f);
    assert_true(ui_bench_shows(bench, "0.6"));
    ui_bench_key(bench, KEY_END, 0);
    ui_bench_key(bench, KEY_RIGHT, 0);
    assert_float_equal(bench->value, 1, 0);
    ui_bench_key(bench, KEY_HOME, 0);
    assert_float_equal(bench->value, 0, 0);
    ui_bench_key(bench, KEY_HOME, 0);
    assert_false(bench->slider_changed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, ui_bench_start, ui_bench_stop)

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
