/* What lies over the window: overlays, menus, drop-down lists, tooltips. Each layer is a drawing of
 * its own while the frame is made, and ui_end puts them on top of each other. */
#include "ui/ui.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define TIP_DELAY 450 /* milliseconds of rest before a tooltip shows */
#define TIP_AGAIN 300 /* so soon after the last one, the next shows at once */
#define TIP_WIDTH 320.0f
#define MENU_MARGIN 4.0f /* between a menu and what it belongs to, or the window's edge */

/* Ground and frame of everything that floats, with a soft shadow. */
static void draw_card(Drawing *drawing, const Theme *theme, Rect rect, float radius)
{
    Color shadow =
        theme->dark ? color_mix(theme->background, (Color){0, 0, 0, 255}, 0.6f) : theme->ink;
    for (int ring = 6; ring >= 1; ring--) {
        Rect around = rect_inset(rect, -(float)ring);
        around.y += 2;
        drawing_rect(drawing, around, radius + (float)ring,
                     color_fade(shadow, theme->dark ? 0.07f : 0.013f));
    }
    drawing_rect(drawing, rect, radius, theme->raised);
    drawing_frame(drawing, rect, radius, 1, theme->border);
}

/* Overlays. */

static void add_overlay(Ui *ui, UiId id, Rect rect, bool modal)
{
    assert(ui->layer + 1 < UI_LAYERS - 1);
    ui->layer++;
    if (ui->overlay_count == ui->overlay_capacity) {
        ui->overlay_capacity = ui->overlay_capacity > 0 ? 2 * ui->overlay_capacity : 8;
        ui->overlays = mem_grow(ui->overlays, (size_t)ui->overlay_capacity, sizeof(*ui->overlays));
    }
    ui->overlays[ui->overlay_count++] =
        (UiOverlay){.id = id, .layer = ui->layer, .rect = rect, .modal = modal};
}

/* The drawing of a layer, empty if this frame has not used it yet. */
static Drawing *open_layer(Ui *ui, int layer)
{
    const Drawing *window = ui->layers[0];
    if (ui->layers[layer] == NULL) { ui->layers[layer] = drawing_new(window->fonts); }
    if ((ui->layers_used & 1u << layer) == 0) {
        drawing_begin(ui->layers[layer], window->page, color_fade(window->background, 0));
        ui->layers_used |= 1u << layer;
    }
    return ui->layers[layer];
}

void ui_overlay_begin(Ui *ui, Rect rect, bool modal)
{
    add_overlay(ui, 0, rect, modal);
    ui->drawing = open_layer(ui, ui->layer);
    const Theme *theme = ui->theme;
    if (modal) {
        drawing_rect(ui->drawing, ui->drawing->page, 0, color_fade(theme->background, 0.7f));
    }
    draw_card(ui->drawing, theme, rect, UI_RADIUS + 4);
}

void ui_overlay_end(Ui *ui)
{
    assert(ui->layer > 0);
    ui->layer--;
    ui->drawing = ui->layers[ui->layer];
}

/* Menus. */

void ui_popup_open(Ui *ui, UiId id)
{
    ui->open = id;
    ui->open_fresh = true;
    ui->open_index = -1;
    ui->open_scroll = 0;
    ui->menu_rows = 0;
}

void ui_popup_close(Ui *ui) { ui->open = 0; }

Rect ui_popup_place(const Ui *ui, Rect anchor, float width, float height)
{
    Rect page = rect_inset(ui->layers[0]->page, MENU_MARGIN);
    float below = page.y + page.h - (anchor.y + anchor.h + MENU_MARGIN);
    float above = anchor.y - MENU_MARGIN - page.y;
    bool down = height <= below || below >= above;
    width = min_float(max_float(width, anchor.w), page.w);
    height = min_float(height, max_float(0, down ? below : above));
    float x = clamp_float(anchor.x, page.x, page.x + page.w - width);
    float y = down ? anchor.y + anchor.h + MENU_MARGIN : anchor.y - MENU_MARGIN - height;
    return (Rect){x, y, width, height};
}

/* Up, Down, Home, End go through the rows; they were counted in the last frame. */
static void walk_menu(Ui *ui)
{
    Input *input = ui->input;
    int rows = ui->menu_rows_before, row = ui->open_index;
    if (rows == 0) { return; }
    while (input_take_key(input, KEY_DOWN, 0)) { row = (row + 1) % rows; }
    while (input_take_key(input, KEY_UP, 0)) { row = row > 0 ? row - 1 : rows - 1; }
    if (input_take_key(input, KEY_HOME, 0)) { row = 0; }
    if (input_take_key(input, KEY_END, 0)) { row = rows - 1; }
    if (row != ui->open_index) { ui->keyboard = ui->reveal = true; }
    ui->open_index = row;
}

bool ui_popup_begin(Ui *ui, UiId id, Rect rect)
{
    if (ui->open != id) { return false; }
    add_overlay(ui, id, rect, false);
    ui->drawing = open_layer(ui, ui->layer);
    draw_card(ui->drawing, ui->theme, rect, UI_RADIUS);
    ui->menu_rows_before = ui->menu_rows;
    ui->menu_rows = 0;
    walk_menu(ui);
    return true;
}

void ui_popup_end(Ui *ui)
{
    /* No key of the key map while a menu is open: only those with Ctrl or Alt may pass. */
    for (int i = 0; i < ui->input->key_count; i++) {
        KeyStroke *stroke = &ui->input->keys[i];
        if ((stroke->modifiers & (MOD_CTRL | MOD_ALT)) == 0 && stroke->key < KEY_F1) {
            stroke->used = true;
        }
    }
    ui_overlay_end(ui);
}

float ui_menu_width(const Ui *ui, const char *const *labels, int count)
{
    float width = 0;
    for (int i = 0; i < count; i++) {
        if (labels[i] == NULL) { continue; }
        float label = drawing_text_width(ui->layers[0], labels[i], UI_TEXT, FONT_REGULAR);
        width = max_float(width, label);
    }
    return width + 2 * UI_MENU_PAD + 38; /* tick at the left, room at the right */
}

static void draw_tick(Drawing *drawing, Vec center, Color color)
{
    Vec low = {center.x - 1, center.y + 3.2f};
    drawing_line(drawing, (Vec){center.x - 4, center.y + 0.2f}, low, 1.6f, color);
    drawing_line(drawing, low, (Vec){center.x + 4.2f, center.y - 3.2f}, 1.6f, color);
}

bool ui_menu_item(Ui *ui, Rect rect, const char *label, const char *shortcut, unsigned flags)
{
    Input *input = ui->input;
    const Theme *theme = ui->theme;
    int row = ui->menu_rows++;
    bool usable = !ui->disabled && (flags & UI_DISABLED) == 0;
    /* A press on the button that opened the menu may still hold the pointer: choosing happens where
     * it is let go, whether by press, drag and release or by a second click. */
    bool over = input->mouse_inside && rect_contains(rect, input->mouse) &&
                rect_contains(ui->drawing->clip, input->mouse);
    bool pressed = over && ui->pressed != 0;
    if (over && (ui->mouse_moved || pressed)) { ui->open_index = row; }
    if (pressed) { ui->press_taken = true; }
    bool marked = ui->open_index == row;
    if (marked && ui->reveal) { ui_reveal(ui, rect); }
    if (marked && usable) { drawing_rect(ui->drawing, rect, UI_RADIUS - 2, theme->hover); }

    Rect text = rect;
    Rect tick = ui_cut_left(&text, 22);
    if ((flags & UI_ON) != 0) {
        draw_tick(ui->drawing, (Vec){tick.x + 11, tick.y + tick.h / 2}, theme->accent);
    }
    ui_cut_right(&text, 8);
    if (shortcut != NULL) {
        float width = drawing_text_width(ui->drawing, shortcut, UI_SMALL, FONT_REGULAR);
        ui_text(ui, ui_cut_right(&text, width), shortcut, UI_SMALL, FONT_REGULAR, theme->muted,
                TEXT_RIGHT);
        ui_cut_right(&text, UI_GAP);
    }
    ui_text(ui, text, label, UI_TEXT, FONT_REGULAR, usable ? theme->ink : theme->muted, TEXT_LEFT);

    if (!usable || ui->open_fresh) { return false; }
    bool chosen = over && (input->released & BUTTON_LEFT) != 0;
    chosen =
        chosen ||
        (marked && (input_take_key(input, KEY_ENTER, 0) || input_take_key(input, KEY_SPACE, 0)));
    if (chosen) { ui_popup_close(ui); }
    return chosen;
}

/* Drop-down choice. */

static void draw_choice(Ui *ui, UiId id, Rect rect, const char *text, bool empty, unsigned did)
{
    const Theme *theme = ui->theme;
    bool open = ui->open == id, off = ui->disabled;
    Color ground = open ? theme->pressed : (did & UI_HOVERED) != 0 ? theme->hover : theme->raised;
    drawing_rect(ui->drawing, rect, UI_RADIUS, off ? theme->panel : ground);
    drawing_frame(ui->drawing, rect, UI_RADIUS, 1, open ? theme->accent : theme->border);
    ui_focus_ring(ui, id, rect, UI_RADIUS);
    Rect inner = {rect.x + 10, rect.y, max_float(0, rect.w - 18), rect.h};
    Rect arrow = ui_cut_right(&inner, 16);
    Color ink = off || empty ? theme->muted : theme->ink;
    ui_text(ui, inner, text, UI_TEXT, FONT_REGULAR, ink, TEXT_LEFT);
    Vec middle = {arrow.x + 9, arrow.y + arrow.h / 2};
    Vec tip = {middle.x, middle.y + 2};
    drawing_line(ui->drawing, (Vec){middle.x - 3.5f, middle.y - 1.5f}, tip, 1.4f, theme->muted);
    drawing_line(ui->drawing, (Vec){middle.x + 3.5f, middle.y - 1.5f}, tip, 1.4f, theme->muted);
}

/* The open list. Returns the row that was chosen, or -1. */
static int choice_list(Ui *ui, UiId id, Rect anchor, const char *const *labels, int count,
                       int chosen)
{
    float width = ui_menu_width(ui, labels, count);
    float height = UI_MENU_ROW * (float)count + 2 * UI_MENU_PAD;
    Rect place = ui_popup_place(ui, anchor, width, height);
    int picked = -1;
    if (!ui_popup_begin(ui, id, place)) { return picked; }
    Rect rows = ui_scroll_begin(ui, rect_inset(place, UI_MENU_PAD), "list",
                                height - 2 * UI_MENU_PAD, &ui->open_scroll);
    for (int i = 0; i < count; i++) {
        Rect row = ui_cut_top(&rows, UI_MENU_ROW);
        if (ui_menu_item(ui, row, labels[i], NULL, i == chosen ? UI_ON : 0)) { picked = i; }
    }
    ui_scroll_end(ui);
    ui_popup_end(ui);
    return picked;
}

bool ui_choice(Ui *ui, Rect rect, const char *placeholder, const char *const *labels, int count,
               int *index)
{
    UiId id = ui_id(ui, placeholder);
    unsigned did = ui_area(ui, id, rect, UI_TAB | UI_OWN_KEYS);
    bool by_key =
        (did & UI_FOCUSED) != 0 && ui->open != id &&
        (input_take_key(ui->input, KEY_ENTER, 0) || input_take_key(ui->input, KEY_SPACE, 0) ||
         input_take_key(ui->input, KEY_DOWN, 0) || input_take_key(ui->input, KEY_UP, 0));
    if (((did & UI_PRESSED) != 0 || by_key) && count > 0) {
        ui_popup_open(ui, id);
        ui->open_index = *index;
        ui->menu_rows = count;
        ui->reveal = true; /* a list too long for the window opens at what is chosen */
    }
    if ((did & UI_HOVERED) != 0) { ui->cursor = UI_CURSOR_HAND; }
    bool empty = *index < 0 || *index >= count;
    draw_choice(ui, id, rect, empty ? placeholder : labels[*index], empty, did);
    int picked = choice_list(ui, id, rect, labels, count, *index);
    if (picked < 0 || picked == *index) { return false; }
    *index = picked;
    return true;
}

/* Tooltips. */

static void claim_tip(Ui *ui, UiId id, const char *text)
{
    uint64_t now = ui->input->time;
    if (ui->tip != id) {
        ui->tip_shown = ui->tip_last > 0 && now - ui->tip_last < TIP_AGAIN;
        ui->tip = id;
        ui->tip_since = now;
        ui->tip_mouse = ui->input->mouse;
    }
    ui->tip_claimed = true;
    buffer_clear(&ui->tip_text);
    buffer_add_string(&ui->tip_text, text);
}

void ui_tooltip(Ui *ui, Rect rect, const char *text)
{
    if (ui->tip_claimed || text[0] == '\0' || !ui_is_over(ui, rect)) { return; }
    UiId id = ui_id(ui, text);
    id ^= (UiId)(int64_t)(rect.x * 8) << 32 ^ (UiId)(int64_t)(rect.y * 8);
    claim_tip(ui, id, text);
    const Input *input = ui->input;
    if (ui->tip_shown || ui->tip_since == UI_NEVER) { return; }
    Vec from = ui->tip_mouse;
    if (max_float(from.x - input->mouse.x, input->mouse.x - from.x) > 3 ||
        max_float(from.y - input->mouse.y, input->mouse.y - from.y) > 3) {
        ui->tip_mouse = input->mouse;
        ui->tip_since = input->time;
    }
    ui->tip_shown = input->time - ui->tip_since >= TIP_DELAY;
    if (!ui->tip_shown) { ui_request_frame(ui, ui->tip_since + TIP_DELAY); }
}

void ui_tooltip_now(Ui *ui, const char *text)
{
    if (text[0] == '\0') { return; }
    claim_tip(ui, ui_id(ui, text), text);
    ui->tip_shown = true;
}

/* Beside the pointer, on that side of it where there is room. */
static void draw_tip(Ui *ui)
{
    const char *text = ui->tip_text.bytes;
    ui->drawing = open_layer(ui, UI_LAYERS - 1);
    Rect page = rect_inset(ui->drawing->page, MENU_MARGIN);
    float inner = min_float(TIP_WIDTH, page.w - 20);
    Vec size = ui_paragraph_size(ui, inner, text, UI_TONE_NOTE);
    Vec mouse = ui->input->mouse;
    Rect box = {mouse.x + 10, mouse.y + 20, size.x + 20, size.y + 12};
    if (box.y + box.h > page.y + page.h) { box.y = mouse.y - 10 - box.h; }
    box.y = max_float(page.y, box.y);
    box.x = max_float(page.x, min_float(box.x, page.x + page.w - box.w));
    draw_card(ui->drawing, ui->theme, box, UI_RADIUS - 1);
    Rect place = {box.x + 10, box.y + 6, inner, size.y};
    ui_paragraph(ui, place, text, UI_TONE_NOTE);
}

void ui_overlay_finish(Ui *ui)
{
    bool seen = ui->open_fresh;
    for (int i = ui->overlays_before; i < ui->overlay_count; i++) {
        seen = seen || ui->overlays[i].id == ui->open;
    }
    if (!seen) { ui->open = 0; }
    if (ui->open_fresh) { ui_request_frame(ui, ui->input->time); }
    ui->open_fresh = false;

    /* A press sends the tooltip away until the pointer has been elsewhere. */
    bool pressing = ui->active != 0;
    if (!ui->tip_claimed && !pressing) { ui->tip = 0; }
    if (!ui->tip_claimed || pressing) { ui->tip_shown = false; }
    if (pressing) { ui->tip_since = UI_NEVER; }
    if (ui->tip_shown) {
        ui->tip_last = ui->input->time;
        draw_tip(ui);
    }
    ui->drawing = ui->layers[0];
    Rect clip = drawing_set_clip(ui->drawing, ui->drawing->page);
    drawing_set_hit(ui->drawing, 0);
    for (int layer = 1; layer < UI_LAYERS; layer++) {
        if ((ui->layers_used & 1u << layer) != 0) {
            drawing_append(ui->drawing, ui->layers[layer], (Vec){0, 0});
        }
    }
    drawing_set_clip(ui->drawing, clip);
}
