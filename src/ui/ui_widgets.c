#include "ui/ui.h"

#include "base/base.h"
#include "base/unicode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LITTLE_PAD 8.0f /* left and right of a button's label */
#define BUTTON_PAD 12.0f
#define CHIP_PAD 7.0f
#define TICK_BOX 16.0f
#define TRACK 4.0f  /* thickness of a slider's track */
#define THUMB 14.0f /* diameter of what slides on it */

static float text_width(const Ui *ui, const char *text, float size, FontWeight weight)
{
    return drawing_text_width(ui->drawing, text, size, weight);
}

/* Ground, frame and ink of everything that can be pressed. */
typedef struct Face {
    Color ground, frame, ink;
} Face;

static Face face_of(const Ui *ui, unsigned did, unsigned flags)
{
    const Theme *theme = ui->theme;
    Color clear = color_fade(theme->raised, 0);
    bool quiet = (flags & UI_QUIET) != 0;
    if (ui->disabled || (flags & UI_DISABLED) != 0) {
        bool on = (flags & UI_ON) != 0;
        return (Face){on      ? theme->pressed
                      : quiet ? clear
                              : theme->panel,
                      quiet ? clear : color_fade(theme->border, 0.6f),
                      color_fade(theme->muted, 0.6f)};
    }
    bool held = (did & UI_HELD) != 0, over = (did & UI_HOVERED) != 0;
    if ((flags & UI_PRIMARY) != 0) {
        Color ground = color_mix(theme->accent, theme->ink, held ? 0.2f : over ? 0.1f : 0);
        return (Face){ground, ground, theme->accent_ink};
    }
    if ((flags & UI_ON) != 0) {
        Color ground = color_mix(theme->raised, theme->accent, held ? 0.32f : over ? 0.24f : 0.17f);
        return (Face){ground, color_fade(theme->accent, 0.75f), theme->ink};
    }
    if (held) { return (Face){theme->pressed, theme->border, theme->ink}; }
    if (over) { return (Face){theme->hover, quiet ? clear : theme->border, theme->ink}; }
    return (Face){quiet ? clear : theme->raised, quiet ? clear : theme->border, theme->ink};
}

/* A held button looks so only while the pointer is on it: letting go elsewhere does nothing. */
static unsigned look_of(const Ui *ui, unsigned did, Rect rect)
{
    bool away = (did & UI_HELD) != 0 && !rect_contains(rect, ui->input->mouse);
    return away ? did & ~(unsigned)(UI_HELD | UI_HOVERED) : did;
}

static void draw_face(Ui *ui, Rect rect, float radius, Face face)
{
    drawing_rect(ui->drawing, rect, radius, face.ground);
    drawing_frame(ui->drawing, rect, radius, 1, face.frame);
}

static void show_hand(Ui *ui, unsigned did)
{
    if ((did & UI_HOVERED) != 0) { ui->cursor = UI_CURSOR_HAND; }
}

/* Grounds and lines. */

void ui_panel(Ui *ui, Rect rect) { drawing_rect(ui->drawing, rect, 0, ui->theme->panel); }

void ui_separator(Ui *ui, Rect rect)
{
    Rect line = rect.w >= rect.h ? (Rect){rect.x, floorf(rect.y + rect.h / 2), rect.w, 1}
                                 : (Rect){floorf(rect.x + rect.w / 2), rect.y, 1, rect.h};
    drawing_rect(ui->drawing, line, 0, ui->theme->border);
}

void ui_progress(Ui *ui, Rect rect, float share)
{
    Rect track = ui_center(rect, rect.w, min_float(rect.h, TRACK));
    drawing_rect(ui->drawing, track, TRACK / 2, ui->theme->pressed);
    track.w *= clamp_float(share, 0, 1);
    if (track.w > 0) { drawing_rect(ui->drawing, track, TRACK / 2, ui->theme->accent); }
}

/* Text. */

static TextStyle tone_style(const Ui *ui, UiTone tone)
{
    const Theme *theme = ui->theme;
    switch (tone) {
    case UI_TONE_INK: break;
    case UI_TONE_MUTED: return (TextStyle){.size = UI_TEXT, .color = theme->muted};
    case UI_TONE_SMALL: return (TextStyle){.size = UI_SMALL, .color = theme->muted};
    case UI_TONE_NOTE: return (TextStyle){.size = UI_SMALL, .color = theme->ink};
    case UI_TONE_HEADING:
        return (TextStyle){.size = UI_TEXT, .color = theme->ink, .weight = FONT_BOLD};
    case UI_TONE_NUMBER:
        return (TextStyle){.size = UI_SMALL, .color = theme->ink, .weight = FONT_MONO};
    }
    return (TextStyle){.size = UI_TEXT, .color = theme->ink};
}

void ui_label(Ui *ui, Rect rect, const char *text, UiTone tone, TextAlign align)
{
    TextStyle style = tone_style(ui, tone);
    ui_text(ui, rect, text, style.size, style.weight, style.color, align);
}

/* One line of a paragraph: bytes [begin, end) are written, the next line starts at `next`. */
typedef struct Line {
    size_t begin, end, next;
    float width;
} Line;

enum { LINE_MAX_BYTES = 1023 }; /* longer ones are cut there: no window is so wide */

static float measure(const Ui *ui, const char *text, size_t length, const TextStyle *style)
{
    char copy[LINE_MAX_BYTES + 1];
    length = min_size(length, LINE_MAX_BYTES);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return text_width(ui, copy, style->size, style->weight);
}

/* Where a line may end after `at`: before a space, at the end, or after a character of a script
 * that is written without spaces. */
static size_t next_break(const char *text, size_t length, size_t at)
{
    while (at < length && text[at] == ' ') { at++; }
    while (at < length && text[at] != ' ' && text[at] != '\n') {
        uint32_t code;
        unicode_decode(text + at, length - at, &code);
        at = unicode_next_cluster(text, length, at);
        if (code >= 0x2E80 && code < 0xA000) { break; }
    }
    return at;
}

/* As many clusters of [begin, end) as are not wider than `width`, at least one. */
static size_t fit_clusters(const Ui *ui, const char *text, size_t begin, size_t end, float width,
                           const TextStyle *style)
{
    size_t at = unicode_next_cluster(text, end, begin);
    while (at < end) {
        size_t next = unicode_next_cluster(text, end, at);
        if (next - begin > LINE_MAX_BYTES ||
            measure(ui, text + begin, next - begin, style) > width) {
            break;
        }
        at = next;
    }
    return at;
}

static Line next_line(const Ui *ui, const char *text, size_t length, size_t begin, float width,
                      const TextStyle *style)
{
    Line line = {begin, begin, begin, 0};
    for (;;) {
        size_t end = next_break(text, length, line.end);
        if (end == line.end) { break; }
        float wide = measure(ui, text + begin, end - begin, style);
        bool fits = wide <= width && end - begin <= LINE_MAX_BYTES;
        if (!fits && line.end > begin) { break; }
        if (!fits) {
            end = fit_clusters(ui, text, begin, end, width, style);
            wide = measure(ui, text + begin, end - begin, style);
        }
        line.end = end;
        line.width = wide;
        if (!fits) { break; }
    }
    line.next = line.end;
    while (line.next < length && text[line.next] == ' ') { line.next++; }
    if (line.next < length && text[line.next] == '\n') { line.next++; }
    return line;
}

static float line_height(const TextStyle *style) { return ceilf(style->size * 1.45f); }

/* Wraps and, if `at` is given, writes. */
static Vec set_paragraph(const Ui *ui, const Rect *at, float width, const char *text, UiTone tone)
{
    TextStyle style = tone_style(ui, tone);
    size_t length = strlen(text), begin = 0;
    Vec size = {0, 0};
    while (begin < length) {
        Line line = next_line(ui, text, length, begin, width, &style);
        if (at != NULL) {
            float baseline = at->y + size.y + line_height(&style) / 2 + style.size * 0.36f;
            drawing_text_format(ui->drawing, (Vec){at->x, baseline}, &style, "%.*s",
                                (int)(line.end - line.begin), text + line.begin);
        }
        size.x = max_float(size.x, line.width);
        size.y += line_height(&style);
        begin = line.next;
    }
    return size;
}

float ui_paragraph(Ui *ui, Rect rect, const char *text, UiTone tone)
{
    return set_paragraph(ui, &rect, rect.w, text, tone).y;
}

Vec ui_paragraph_size(const Ui *ui, float width, const char *text, UiTone tone)
{
    return set_paragraph(ui, NULL, width, text, tone);
}

/* Buttons. */

static float label_size(unsigned flags) { return (flags & UI_LITTLE) != 0 ? UI_SMALL : UI_TEXT; }

float ui_button_width(const Ui *ui, const char *label, unsigned flags)
{
    float pad = (flags & UI_LITTLE) != 0 ? LITTLE_PAD : BUTTON_PAD;
    return ceilf(text_width(ui, label, label_size(flags), FONT_REGULAR)) + 2 * pad;
}

bool ui_button(Ui *ui, Rect rect, const char *label, unsigned flags)
{
    UiId id = ui_id(ui, label);
    unsigned did = ui_area(ui, id, rect, UI_TAB | (flags & UI_DISABLED));
    Face face = face_of(ui, look_of(ui, did, rect), flags);
    draw_face(ui, rect, UI_RADIUS, face);
    ui_focus_ring(ui, id, rect, UI_RADIUS);
    Rect inner = {rect.x + 4, rect.y, max_float(0, rect.w - 8), rect.h};
    ui_text(ui, inner, label, label_size(flags), FONT_REGULAR, face.ink, TEXT_CENTER);
    show_hand(ui, did);
    return (did & UI_CLICKED) != 0;
}

float ui_toggle_width(const Ui *ui, const char *label)
{
    return TICK_BOX + UI_GAP + ceilf(text_width(ui, label, UI_TEXT, FONT_REGULAR)) + 2;
}

bool ui_toggle(Ui *ui, Rect rect, const char *label, bool *on)
{
    UiId id = ui_id(ui, label);
    unsigned did = ui_area(ui, id, rect, UI_TAB);
    bool changed = (did & UI_CLICKED) != 0;
    if (changed) { *on = !*on; }
    Rect text = rect;
    Rect box = ui_cut_left(&text, TICK_BOX);
    box = ui_center(box, TICK_BOX, TICK_BOX);
    Face face = face_of(ui, look_of(ui, did, rect), *on ? UI_PRIMARY : 0);
    draw_face(ui, box, 4, face);
    if (*on) {
        Vec low = {box.x + 7, box.y + 11.4f};
        drawing_line(ui->drawing, (Vec){box.x + 4, box.y + 8.4f}, low, 1.7f, face.ink);
        drawing_line(ui->drawing, low, (Vec){box.x + 12.2f, box.y + 4.8f}, 1.7f, face.ink);
    }
    ui_focus_ring(ui, id, box, 4);
    ui_cut_left(&text, UI_GAP);
    Color ink = ui->disabled ? face.ink : ui->theme->ink;
    ui_text(ui, text, label, UI_TEXT, FONT_REGULAR, ink, TEXT_LEFT);
    show_hand(ui, did);
    return changed;
}

/* Segments. */

float ui_segments_width(const Ui *ui, const char *const *labels, int count)
{
    float widest = 0;
    for (int i = 0; i < count; i++) {
        widest = max_float(widest, text_width(ui, labels[i], UI_TEXT, FONT_REGULAR));
    }
    return (ceilf(widest) + 2 * BUTTON_PAD) * (float)count;
}

/* Left, Right, Home, End. */
static int walk_segments(Ui *ui, int index, int count)
{
    while (input_take_key(ui->input, KEY_LEFT, 0)) { index = max_int(0, index - 1); }
    while (input_take_key(ui->input, KEY_RIGHT, 0)) { index = min_int(count - 1, index + 1); }
    if (input_take_key(ui->input, KEY_HOME, 0)) { index = 0; }
    if (input_take_key(ui->input, KEY_END, 0)) { index = count - 1; }
    return index;
}

bool ui_segments(Ui *ui, Rect rect, const char *name, const char *const *labels, int count,
                 int *index)
{
    if (count <= 0) { return false; }
    const Theme *theme = ui->theme;
    UiId id = ui_id(ui, name);
    unsigned did = ui_area(ui, id, rect, UI_TAB | UI_OWN_KEYS);
    int before = *index, under = -1;
    if ((did & UI_HOVERED) != 0) {
        float share = (ui->input->mouse.x - rect.x) / max_float(1, rect.w);
        under = clamp_int((int)floorf(share * (float)count), 0, count - 1);
    }
    if ((did & UI_CLICKED) != 0) { *index = under; }
    if ((did & UI_FOCUSED) != 0) { *index = walk_segments(ui, *index, count); }

    /* The chosen one is raised out of a groove: in either theme the lighter of the two. */
    drawing_rect(ui->drawing, rect, UI_RADIUS, theme->dark ? theme->background : theme->pressed);
    for (int i = 0; i < count; i++) {
        Rect cell = rect_inset(ui_column(rect, i, count, 0), 2);
        Color ink = theme->muted;
        if (i == *index) {
            drawing_rect(ui->drawing, cell, UI_RADIUS - 2,
                         theme->dark ? theme->pressed : theme->raised);
            drawing_frame(ui->drawing, cell, UI_RADIUS - 2, 1, theme->border);
            ink = theme->ink;
        } else if (i == under) {
            drawing_rect(ui->drawing, cell, UI_RADIUS - 2, theme->hover);
            ink = theme->ink;
        }
        if (ui->disabled) { ink = color_fade(theme->muted, 0.6f); }
        ui_text(ui, rect_inset(cell, 2), labels[i], UI_TEXT, FONT_REGULAR, ink, TEXT_CENTER);
    }
    ui_focus_ring(ui, id, rect, UI_RADIUS);
    show_hand(ui, did);
    return *index != before;
}

/* Slider. */

static float slider_clean(const UiSlider *slider, float value)
{
    if (slider->step > 0) {
        float steps = roundf((value - slider->minimum) / slider->step);
        value = slider->minimum + steps * slider->step;
    }
    return clamp_float(value, slider->minimum, slider->maximum);
}

static float slider_keys(Ui *ui, const UiSlider *slider, float value)
{
    float range = slider->maximum - slider->minimum;
    float step = slider->step > 0 ? slider->step : range / 50;
    const struct {
        int key;
        float by;
    } moves[] = {{KEY_LEFT, -step},      {KEY_DOWN, -step},           {KEY_RIGHT, step},
                 {KEY_UP, step},         {KEY_PAGE_DOWN, -10 * step}, {KEY_PAGE_UP, 10 * step},
                 {KEY_HOME, -2 * range}, {KEY_END, 2 * range}};
    for (size_t i = 0; i < COUNTOF(moves); i++) {
        while (input_take_key(ui->input, moves[i].key, 0)) {
            value = slider_clean(slider, value + moves[i].by);
        }
    }
    return value;
}

/* What the slider says, and where: above the track, or before and behind it in a low rectangle. */
typedef struct SliderParts {
    Rect label, number, track;
} SliderParts;

static const char *slider_number(const UiSlider *slider, float value, char *bytes, size_t size)
{
    if (slider->text != NULL) { return slider->text; }
    snprintf(bytes, size, "%.*f", slider->decimals, (double)value);
    return bytes;
}

static SliderParts slider_parts(const Ui *ui, Rect rect, const UiSlider *slider)
{
    char bytes[48];
    const char *text = slider_number(slider, slider->minimum, bytes, sizeof(bytes));
    float number = text_width(ui, text, UI_SMALL, FONT_REGULAR);
    text = slider_number(slider, slider->maximum, bytes, sizeof(bytes));
    number = ceilf(max_float(number, text_width(ui, text, UI_SMALL, FONT_REGULAR))) + 2;
    SliderParts parts;
    if (rect.h >= 34) {
        parts.label = ui_cut_top(&rect, 16);
        parts.number = ui_cut_right(&parts.label, number);
    } else {
        float label = ceilf(text_width(ui, slider->label, UI_SMALL, FONT_REGULAR)) + 1;
        parts.label = ui_cut_left(&rect, label);
        parts.number = ui_cut_right(&rect, max_float(number, 30));
        ui_cut_left(&rect, UI_GAP);
        ui_cut_right(&rect, UI_GAP);
    }
    parts.track = rect;
    return parts;
}

static void slider_text(Ui *ui, const SliderParts *parts, const UiSlider *slider, float value)
{
    char bytes[48];
    const Theme *theme = ui->theme;
    const char *number = slider_number(slider, value, bytes, sizeof(bytes));
    ui_text(ui, parts->label, slider->label, UI_SMALL, FONT_REGULAR, theme->muted, TEXT_LEFT);
    ui_text(ui, parts->number, number, UI_SMALL, FONT_REGULAR,
            ui->disabled ? theme->muted : theme->ink, TEXT_RIGHT);
}

static void draw_slider(Ui *ui, UiId id, Rect track, float share, unsigned did)
{
    const Theme *theme = ui->theme;
    Rect line = ui_center(track, track.w, TRACK);
    Color mark = ui->disabled ? color_mix(theme->panel, theme->muted, 0.5f) : theme->accent;
    float x = track.x + THUMB / 2 + share * max_float(0, track.w - THUMB);
    drawing_rect(ui->drawing, line, TRACK / 2, theme->pressed);
    line.w = x - line.x;
    drawing_rect(ui->drawing, line, TRACK / 2, mark);
    Rect thumb = {x - THUMB / 2, track.y + track.h / 2 - THUMB / 2, THUMB, THUMB};
    bool lit = (did & (UI_HOVERED | UI_HELD)) != 0;
    drawing_rect(ui->drawing, thumb, THUMB / 2, lit ? theme->hover : theme->raised);
    drawing_frame(ui->drawing, thumb, THUMB / 2, lit ? 2 : 1.5f, mark);
    ui_focus_ring(ui, id, thumb, THUMB / 2);
}

bool ui_slider(Ui *ui, Rect rect, const UiSlider *slider, float *value)
{
    UiId id = ui_id(ui, slider->label);
    float before = *value, range = slider->maximum - slider->minimum;
    SliderParts parts = slider_parts(ui, rect, slider);
    Rect track = parts.track;
    unsigned did = ui_area(ui, id, track, UI_TAB | UI_CLICK_FOCUS | UI_OWN_KEYS);
    if ((did & UI_FOCUSED) != 0) { *value = slider_keys(ui, slider, *value); }
    float room = max_float(1, track.w - THUMB);
    float share = range > 0 ? clamp_float((*value - slider->minimum) / range, 0, 1) : 0;

    float pointer = ui->input->mouse.x - track.x - THUMB / 2;
    if ((did & UI_PRESSED) != 0) {
        /* Grabbed beside its middle, the thumb must not jump. */
        float off = pointer - share * room;
        ui->grab.x = fabsf(off) <= THUMB / 2 ? off : 0;
    }
    if ((did & UI_DOUBLE_CLICKED) != 0) {
        *value = slider->reset;
        ui->active = 0;
    } else if ((did & (UI_PRESSED | UI_HELD | UI_RELEASED)) != 0) {
        float wanted = clamp_float((pointer - ui->grab.x) / room, 0, 1);
        *value = slider_clean(slider, slider->minimum + wanted * range);
    }
    if (range > 0) { share = clamp_float((*value - slider->minimum) / range, 0, 1); }
    slider_text(ui, &parts, slider, *value);
    draw_slider(ui, id, track, share, did);
    show_hand(ui, did);
    return *value < before || *value > before;
}

/* Chips. */

float ui_chip_width(const Ui *ui, const char *label)
{
    return ceilf(text_width(ui, label, UI_TEXT, FONT_REGULAR)) + 2 * CHIP_PAD;
}

unsigned ui_chip(Ui *ui, Rect rect, const char *label, Color tint, unsigned flags)
{
    const Theme *theme = ui->theme;
    unsigned did = ui_area(ui, ui_id(ui, label), rect, UI_KEEP_FOCUS | (flags & UI_DISABLED));
    bool on = (flags & UI_ON) != 0;
    Color ground = tint.a > 0 ? tint : on ? theme->highlight : theme->raised;
    if ((did & UI_HOVERED) != 0) { ground = color_mix(ground, theme->accent, 0.12f); }
    drawing_rect(ui->drawing, rect, UI_RADIUS - 1, ground);
    drawing_frame(ui->drawing, rect, UI_RADIUS - 1, 1,
                  on ? color_fade(theme->accent, 0.75f) : theme->border);
    Color ink = (flags & (UI_QUIET | UI_DISABLED)) != 0 ? theme->muted : theme->ink;
    Rect inner = {rect.x + 2, rect.y, max_float(0, rect.w - 4), rect.h};
    ui_text(ui, inner, label, UI_TEXT, FONT_REGULAR, ink, TEXT_CENTER);
    show_hand(ui, did);
    return did;
}
