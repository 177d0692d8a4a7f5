#include "ui_bench.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Rect ui_bench_page = {0, 0, 640, 400};
const Rect ui_bench_button = {10, 10, 80, 28};
const Rect ui_bench_other = {100, 10, 80, 28};
static const Rect TOGGLE = {200, 10, 120, 28};
const Rect ui_bench_segments = {10, 50, 240, 28};
const Rect ui_bench_slider = {10, 90, 114, 38};
const Rect ui_bench_choice = {10, 140, 120, 28};
const Rect ui_bench_field = {300, 140, 200, 28};
const Rect ui_bench_area = {300, 200, 200, 100};

static const char *const names[] = {"Lines", "Matrix", "Flow"};
static const UiSlider slider = {
    .label = "Threshold", .minimum = 0, .maximum = 1, .step = 0.1f, .reset = 0.2f, .decimals = 1};

static void show_menu(UiBench *bench)
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

static void show_long_choice(UiBench *bench)
{
    char text[64][16];
    const char *labels[64];
    for (int i = 0; i < bench->long_list; i++) {
        snprintf(text[i], sizeof text[i], "row %d", i);
        labels[i] = text[i];
    }
    bench->choice_changed |=
        ui_choice(&bench->ui, ui_bench_choice, "View", labels, bench->long_list, &bench->choice);
}

void ui_bench_show_page(UiBench *bench)
{
    Ui *ui = &bench->ui;
    bench->pressed += ui_button(ui, ui_bench_button, "Save", 0);
    ui_tooltip(ui, ui_bench_button, "Saves the figure");
    bool before = ui_set_disabled(ui, bench->off);
    bench->other += ui_button(ui, ui_bench_other, "Other", 0);
    ui_set_disabled(ui, before);
    ui_toggle(ui, TOGGLE, "Special tokens", &bench->on);
    bench->segment_changed |= ui_segments(ui, ui_bench_segments, "view", names, 3, &bench->segment);
    bench->slider_changed |= ui_slider(ui, ui_bench_slider, &slider, &bench->value);
    if (bench->long_list > 0) {
        show_long_choice(bench);
    } else {
        bench->choice_changed |= ui_choice(ui, ui_bench_choice, "View", names, 3, &bench->choice);
    }
    textfield_show(ui, ui_bench_field, "field", &bench->field, "Type");
    Rect content = ui_scroll_begin(ui, ui_bench_area, "rows", 280, &bench->scroll);
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
    bench->area = ui_area(ui, ui_id(ui, "ground"), ui_bench_page, 0);
}

void ui_bench_frame(UiBench *bench)
{
    drawing_begin(bench->drawing, ui_bench_page, (Color){255, 255, 255, 255});
    bench->segment_changed = bench->choice_changed = bench->slider_changed = false;
    ui_begin(&bench->ui, &bench->input, bench->drawing, palette_theme(true));
    ui_bench_show_page(bench);
    ui_end(&bench->ui);
    input_clear(&bench->input);
}

void ui_bench_key(UiBench *bench, int name, unsigned modifiers)
{
    input_add_key(&bench->input, name, modifiers, false);
    ui_bench_frame(bench);
}

void ui_bench_point(UiBench *bench, float x, float y, unsigned buttons)
{
    Input *input = &bench->input;
    input->mouse = (Vec){x, y};
    input->mouse_inside = true;
    input->pressed = buttons & ~input->buttons;
    input->released = input->buttons & ~buttons;
    input->buttons = buttons;
    input->clicks = input->pressed != 0;
    ui_bench_frame(bench);
}

void ui_bench_click(UiBench *bench, float x, float y)
{
    ui_bench_point(bench, x, y, BUTTON_LEFT);
    ui_bench_point(bench, x, y, 0);
}

void ui_bench_click_on(UiBench *bench, Rect rect)
{
    ui_bench_click(bench, rect.x + rect.w / 2, rect.y + rect.h / 2);
}

int ui_bench_start(void **state)
{
    UiBench *bench = mem_zero(1, sizeof *bench);
    Error err;
    bench->fonts = font_open(&err);
    if (bench->fonts == NULL) { return -1; }
    bench->drawing = drawing_new(bench->fonts);
    bench->activated = bench->menu_row = -1;
    bench->value = 0.5f;
    ui_bench_frame(bench);
    *state = bench;
    return 0;
}

int ui_bench_stop(void **state)
{
    UiBench *bench = *state;
    textfield_free(&bench->field);
    ui_free(&bench->ui);
    input_free(&bench->input);
    drawing_free(bench->drawing);
    font_close(bench->fonts);
    free(bench);
    return 0;
}

bool ui_bench_shows(const UiBench *bench, const char *text)
{
    for (int i = 0; i < bench->drawing->count; i++) {
        const DrawCommand *command = &bench->drawing->commands[i];
        bool is_text = command->kind == DRAW_TEXT;
        if (is_text && strcmp(command->u.text.string, text) == 0) { return true; }
    }
    return false;
}
