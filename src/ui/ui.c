#include "ui/ui.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Height of a capital letter, as a share of the type size: what centres a line for the eye. */
#define CAPITAL 0.72f

/* Ids: FNV-1a over the name, started from the id that is on top of the stack. */

static UiId hash_bytes(UiId seed, const void *bytes, size_t length)
{
    const unsigned char *p = (const unsigned char *)bytes;
    UiId hash = seed;
    for (size_t i = 0; i < length; i++) { hash = (hash ^ p[i]) * UINT64_C(0x100000001b3); }
    return hash != 0 ? hash : 1;
}

static UiId top_id(const Ui *ui)
{
    return ui->id_count > 0 ? ui->ids[ui->id_count - 1] : UINT64_C(0xcbf29ce484222325);
}

UiId ui_id(const Ui *ui, const char *name) { return hash_bytes(top_id(ui), name, strlen(name)); }

static void push(Ui *ui, UiId id)
{
    if (ui->id_count == ui->id_capacity) {
        ui->id_capacity = ui->id_capacity > 0 ? 2 * ui->id_capacity : 16;
        ui->ids = mem_grow(ui->ids, (size_t)ui->id_capacity, sizeof(*ui->ids));
    }
    ui->ids[ui->id_count++] = id;
}

void ui_push_id(Ui *ui, const char *name) { push(ui, ui_id(ui, name)); }
void ui_push_index(Ui *ui, int index) { push(ui, hash_bytes(top_id(ui), &index, sizeof(index))); }

void ui_pop_id(Ui *ui)
{
    assert(ui->id_count > 0);
    ui->id_count--;
}

/* The frame. */

/* The lowest layer that feels keys: that of the topmost modal overlay or menu. Last frame's count
 * as well, for those who are called before the overlay is. */
static int key_layer(const Ui *ui)
{
    int layer = 0;
    for (int i = 0; i < ui->overlay_count; i++) {
        const UiOverlay *overlay = &ui->overlays[i];
        bool holds_keys = overlay->modal || (overlay->id != 0 && overlay->id == ui->open);
        if (holds_keys) { layer = max_int(layer, overlay->layer); }
    }
    return layer;
}

static bool modal_between(const Ui *ui, int first, int end)
{
    for (int i = first; i < end; i++) {
        if (ui->overlays[i].modal) { return true; }
    }
    return false;
}

/* Moves the focus to the next of last frame's stops, or to the one before; around at the ends. */
static void move_focus(Ui *ui, int step)
{
    int layer = key_layer(ui), count = ui->stops_before;
    int at = step > 0 ? count - 1 : 0;
    for (int i = 0; i < count; i++) {
        if (ui->stops[i].id == ui->focus) { at = i; }
    }
    bool known = count > 0 && ui->stops[at].id == ui->focus;
    if (!known && step < 0) { at = 0; }
    for (int tried = 0; tried < count; tried++) {
        at = (at + step + count) % count;
        if (ui->stops[at].tab && ui->stops[at].layer >= layer) {
            ui->focus = ui->stops[at].id;
            ui->keyboard = ui->reveal = ui->tabbed = true;
            return;
        }
    }
}

static bool pressed_outside_menu(const Ui *ui)
{
    if (ui->pressed == 0) { return false; }
    for (int i = 0; i < ui->overlays_before; i++) {
        if (ui->overlays[i].id == ui->open) {
            return !rect_contains(ui->overlays[i].rect, ui->input->mouse);
        }
    }
    return false;
}

/* What concerns no single widget: Tab, and closing the open menu. */
static void take_common_input(Ui *ui)
{
    Input *input = ui->input;
    if (ui->open != 0 && input_take_key(input, KEY_ESCAPE, 0)) { ui_popup_close(ui); }
    if (ui->open != 0 && pressed_outside_menu(ui)) {
        ui_popup_close(ui);
        ui->pressed = 0;
        ui->press_taken = true;
    }
    while (input_take_key(input, KEY_TAB, 0)) {
        ui_popup_close(ui);
        move_focus(ui, 1);
    }
    while (input_take_key(input, KEY_TAB, MOD_SHIFT)) {
        ui_popup_close(ui);
        move_focus(ui, -1);
    }
    if (ui->pressed != 0) { ui->keyboard = false; }
}

/* This frame's entries become the last frame's. */
static void shift_lists(Ui *ui)
{
    int stops = ui->stop_count - ui->stops_before;
    if (stops > 0) {
        memmove(ui->stops, ui->stops + ui->stops_before, (size_t)stops * sizeof(*ui->stops));
    }
    ui->stop_count = ui->stops_before = stops;
    int overlays = ui->overlay_count - ui->overlays_before;
    if (overlays > 0) {
        memmove(ui->overlays, ui->overlays + ui->overlays_before,
                (size_t)overlays * sizeof(*ui->overlays));
    }
    ui->overlay_count = ui->overlays_before = overlays;
}

void ui_begin(Ui *ui, Input *input, Drawing *drawing, const Theme *theme)
{
    ui->input = input;
    ui->drawing = ui->layers[0] = drawing;
    ui->theme = theme;
    ui->layer = 0;
    ui->layers_used = 1;
    ui->cursor = UI_CURSOR_ARROW;
    ui->wants_text = ui->disabled = ui->press_taken = ui->tabbed = ui->tip_claimed = false;
    ui->wake = UI_NEVER;
    ui->hot = 0;
    ui->pressed = input->pressed;
    Vec before = ui->mouse_before;
    ui->mouse_moved = input->mouse.x != before.x || input->mouse.y != before.y;
    ui->mouse_before = input->mouse;
    shift_lists(ui);
    take_common_input(ui);
}

/* The focus stays only with a widget that was there in this frame and may feel keys. */
static void settle_focus(Ui *ui)
{
    bool modal_before = modal_between(ui, 0, ui->overlays_before);
    bool modal = modal_between(ui, ui->overlays_before, ui->overlay_count);
    if ((ui->pressed & BUTTON_LEFT) != 0 && !ui->press_taken) { ui->focus = 0; }
    int layer = 0;
    for (int i = ui->overlays_before; i < ui->overlay_count; i++) {
        if (ui->overlays[i].modal) { layer = max_int(layer, ui->overlays[i].layer); }
    }
    bool found = false;
    for (int i = ui->stops_before; i < ui->stop_count; i++) {
        found = found || (ui->stops[i].id == ui->focus && ui->stops[i].layer >= layer);
    }
    if (!found) { ui->focus = modal_before && !modal ? ui->focus_under : 0; }
    if (!modal) { ui->focus_under = ui->focus; }
}

void ui_end(Ui *ui)
{
    Input *input = ui->input;
    assert(ui->layer == 0 && ui->id_count == 0 && ui->scroll_count == 0);
    settle_focus(ui);
    ui_overlay_finish(ui);
    if ((input->buttons & BUTTON_LEFT) == 0) { ui->active = 0; }
    ui->reveal = false;
    /* What a widget has changed may show in one that was drawn before it. */
    if ((input->pressed | input->released) != 0 || input->key_count > 0 || input->text.length > 0) {
        ui_request_frame(ui, input->time);
    }
}

void ui_free(Ui *ui)
{
    for (int layer = 1; layer < UI_LAYERS; layer++) { drawing_free(ui->layers[layer]); }
    free(ui->ids);
    free(ui->scrolls);
    free(ui->stops);
    free(ui->overlays);
    buffer_free(&ui->tip_text);
    memset(ui, 0, sizeof(*ui));
}

/* Focus. */

void ui_set_focus(Ui *ui, UiId id)
{
    ui->focus = id;
    ui->keyboard = ui->reveal = id != 0;
}

bool ui_has_keyboard(const Ui *ui) { return ui->focus != 0 || ui->open != 0; }

bool ui_set_disabled(Ui *ui, bool disabled)
{
    bool before = ui->disabled;
    ui->disabled = disabled;
    return before;
}

void ui_request_frame(Ui *ui, uint64_t time)
{
    if (time < ui->wake) { ui->wake = time; }
}

static void add_stop(Ui *ui, UiId id, bool tab)
{
    if (ui->stop_count == ui->stop_capacity) {
        ui->stop_capacity = ui->stop_capacity > 0 ? 2 * ui->stop_capacity : 64;
        ui->stops = mem_grow(ui->stops, (size_t)ui->stop_capacity, sizeof(*ui->stops));
    }
    ui->stops[ui->stop_count++] = (UiStop){.id = id, .layer = ui->layer, .tab = tab};
}

/* Areas. */

static bool under_overlay(const Ui *ui, Vec point)
{
    for (int i = 0; i < ui->overlay_count; i++) {
        const UiOverlay *overlay = &ui->overlays[i];
        if (overlay->layer <= ui->layer) { continue; }
        if (overlay->modal || rect_contains(overlay->rect, point)) { return true; }
    }
    return false;
}

static bool is_over(const Ui *ui, Rect rect)
{
    const Input *input = ui->input;
    return input->mouse_inside && rect_contains(rect, input->mouse) &&
           rect_contains(ui->drawing->clip, input->mouse) && !under_overlay(ui, input->mouse);
}

bool ui_is_over(const Ui *ui, Rect rect) { return ui->active == 0 && is_over(ui, rect); }

/* The pointer's part of ui_area. */
static unsigned take_pointer(Ui *ui, UiId id, Rect rect, unsigned flags)
{
    const Input *input = ui->input;
    unsigned did = 0;
    bool over = is_over(ui, rect) && (ui->hot == 0 || ui->hot == id) &&
                (ui->active == 0 || ui->active == id);
    if (over || ui->active == id) { ui->hot = id; }
    if (over) { did |= UI_HOVERED; }
    if (over && (ui->pressed & BUTTON_LEFT) != 0 && !ui->press_taken) {
        ui->active = id;
        ui->press_taken = true;
        did |= UI_PRESSED;
        if (input->clicks == 2) { did |= UI_DOUBLE_CLICKED; }
        if ((flags & UI_KEEP_FOCUS) == 0) { ui->focus = (flags & UI_CLICK_FOCUS) != 0 ? id : 0; }
    }
    if (over && (ui->pressed & BUTTON_RIGHT) != 0) { did |= UI_RIGHT_CLICKED; }
    if (ui->active != id) { return did; }
    did |= UI_HOVERED;
    if ((input->buttons & BUTTON_LEFT) != 0) { return did | UI_HELD; }
    return did | UI_RELEASED | (over ? (unsigned)UI_CLICKED : 0);
}

void ui_reveal(Ui *ui, Rect rect)
{
    for (int i = ui->scroll_count - 1; i >= 0; i--) {
        const UiScroll *scroll = &ui->scrolls[i];
        if (scroll->layer != ui->layer) { return; }
        float above = scroll->area.y - rect.y;
        float below = rect.y + rect.h - (scroll->area.y + scroll->area.h);
        float by = above > 0 ? -above : below > 0 ? below : 0;
        if (by == 0) { continue; }
        *scroll->offset += by;
        rect.y -= by;
        ui_request_frame(ui, ui->input->time);
    }
}

unsigned ui_area(Ui *ui, UiId id, Rect rect, unsigned flags)
{
    if (ui->disabled || (flags & UI_DISABLED) != 0) {
        if (is_over(ui, rect) && ui->hot == 0) { ui->hot = id; }
        return 0;
    }
    if ((flags & (UI_TAB | UI_CLICK_FOCUS)) != 0) { add_stop(ui, id, (flags & UI_TAB) != 0); }
    unsigned did = take_pointer(ui, id, rect, flags);
    if (ui->focus != id || ui->layer < key_layer(ui)) { return did; }
    did |= UI_FOCUSED;
    if (ui->reveal) { ui_reveal(ui, rect); }
    if ((flags & UI_OWN_KEYS) == 0 &&
        (input_take_key(ui->input, KEY_ENTER, 0) || input_take_key(ui->input, KEY_SPACE, 0))) {
        did |= UI_CLICKED;
    }
    return did;
}

void ui_focus_ring(Ui *ui, UiId id, Rect rect, float radius)
{
    if (ui->focus != id || !ui->keyboard || ui->layer < key_layer(ui)) { return; }
    drawing_frame(ui->drawing, rect_inset(rect, -2.5f), radius + 2.5f, 1.5f, ui->theme->accent);
}

void ui_text(Ui *ui, Rect rect, const char *text, float size, FontWeight weight, Color color,
             TextAlign align)
{
    float x = align == TEXT_LEFT    ? rect.x
              : align == TEXT_RIGHT ? rect.x + rect.w
                                    : rect.x + rect.w / 2;
    Vec at = {x, rect.y + rect.h / 2 + size * CAPITAL / 2};
    drawing_text(
        ui->drawing, at, text,
        &(TextStyle){
            .size = size, .color = color, .weight = weight, .align = align, .max_width = rect.w});
    /* Only under the pointer does it matter whether something is missing. */
    if (!ui_is_over(ui, rect)) { return; }
    float width = drawing_text_width(ui->drawing, text, size, weight);
    if (width > rect.w + 0.5f) { ui_tooltip(ui, rect, text); }
}

/* Scroll areas. */

#define BAR 5.0f        /* width of the bar's thumb */
#define BAR_ROOM 12.0f  /* what the content gives up for it */
#define BAR_LEAST 24.0f /* length of the shortest thumb */
#define WHEEL_NOTCH 48.0f

Rect ui_scroll_begin(Ui *ui, Rect area, const char *name, float height, float *offset)
{
    if (ui->scroll_count == ui->scroll_capacity) {
        ui->scroll_capacity = ui->scroll_capacity > 0 ? 2 * ui->scroll_capacity : 4;
        ui->scrolls = mem_grow(ui->scrolls, (size_t)ui->scroll_capacity, sizeof(*ui->scrolls));
    }
    float range = max_float(0, height - area.h);
    *offset = clamp_float(*offset, 0, range);
    Rect clip = rect_intersect(ui->drawing->clip, area);
    ui->scrolls[ui->scroll_count++] = (UiScroll){.id = ui_id(ui, name),
                                                 .layer = ui->layer,
                                                 .area = area,
                                                 .clip_before = drawing_set_clip(ui->drawing, clip),
                                                 .content = height,
                                                 .offset = offset};
    float width = range > 0 ? area.w - BAR_ROOM : area.w;
    return (Rect){area.x, area.y - *offset, max_float(0, width), height};
}

/* The bar at the right: shows where the content is, and can be dragged. */
static void scroll_bar(Ui *ui, const UiScroll *scroll, float range)
{
    Rect track = {scroll->area.x + scroll->area.w - BAR_ROOM, scroll->area.y, BAR_ROOM,
                  scroll->area.h};
    float length = max_float(BAR_LEAST, track.h * scroll->area.h / scroll->content);
    float room = max_float(1, track.h - length);
    float y = track.y + room * clamp_float(*scroll->offset / range, 0, 1);
    unsigned did = ui_area(ui, scroll->id, track, UI_KEEP_FOCUS);
    float pointer = ui->input->mouse.y;
    if ((did & UI_PRESSED) != 0) {
        bool on_thumb = pointer >= y && pointer < y + length;
        ui->grab.y = on_thumb ? pointer - y : length / 2;
    }
    if ((did & (UI_HELD | UI_RELEASED)) != 0) {
        float wanted = clamp_float(pointer - ui->grab.y - track.y, 0, room);
        *scroll->offset = wanted / room * range;
        y = track.y + wanted;
    }
    Rect thumb = {track.x + (BAR_ROOM - BAR) / 2, y + 2, BAR, length - 4};
    const Theme *theme = ui->theme;
    float opacity = (did & UI_HELD) != 0 ? 0.9f : (did & UI_HOVERED) != 0 ? 0.7f : 0.35f;
    drawing_rect(ui->drawing, thumb, BAR / 2, color_fade(theme->muted, opacity));
}

void ui_scroll_end(Ui *ui)
{
    assert(ui->scroll_count > 0);
    UiScroll scroll = ui->scrolls[--ui->scroll_count];
    float range = scroll.content - scroll.area.h;
    if (range > 0) {
        /* Inner areas end first, and so they get the wheel first. */
        if (ui->input->wheel.y != 0 && ui_is_over(ui, scroll.area)) {
            *scroll.offset -= ui->input->wheel.y * WHEEL_NOTCH;
            ui->input->wheel.y = 0;
            ui_request_frame(ui, ui->input->time);
        }
        scroll_bar(ui, &scroll, range);
        *scroll.offset = clamp_float(*scroll.offset, 0, range);
    }
    drawing_set_clip(ui->drawing, scroll.clip_before);
}

/* Rectangles. */

Rect ui_cut_left(Rect *rest, float width)
{
    width = clamp_float(width, 0, max_float(0, rest->w));
    Rect cut = {rest->x, rest->y, width, rest->h};
    rest->x += width;
    rest->w -= width;
    return cut;
}

Rect ui_cut_right(Rect *rest, float width)
{
    width = clamp_float(width, 0, max_float(0, rest->w));
    rest->w -= width;
    return (Rect){rest->x + rest->w, rest->y, width, rest->h};
}

Rect ui_cut_top(Rect *rest, float height)
{
    height = clamp_float(height, 0, max_float(0, rest->h));
    Rect cut = {rest->x, rest->y, rest->w, height};
    rest->y += height;
    rest->h -= height;
    return cut;
}

Rect ui_cut_bottom(Rect *rest, float height)
{
    height = clamp_float(height, 0, max_float(0, rest->h));
    rest->h -= height;
    return (Rect){rest->x, rest->y + rest->h, rest->w, height};
}

Rect ui_column(Rect rect, int index, int count, float gap)
{
    float width = (rect.w - gap * (float)(count - 1)) / (float)max_int(1, count);
    return (Rect){rect.x + (width + gap) * (float)index, rect.y, max_float(0, width), rect.h};
}

Rect ui_center(Rect rect, float width, float height)
{
    return (Rect){rect.x + (rect.w - width) / 2, rect.y + (rect.h - height) / 2, width, height};
}
