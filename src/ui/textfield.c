/* The text field as it is seen and used. What happens to the text is in textfield_edit.c, where in
 * the line things are in textfield_layout.c. */
#include "ui/textfield.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAD 10.0f /* left and right of the text */
#define CARET_WIDTH 1.5f
#define FADE 18.0f       /* over which text that goes on beyond the edge fades out */
#define BLINK 530        /* milliseconds on, and off */
#define BLINK_ENDS 10000 /* so long after the last key the caret stays: an idle window sleeps */
#define DRAG_STEP 30     /* milliseconds between two steps of a drag beyond the edge */

/* Keys. Each function says whether the stroke was its own. */

/* What a field does within one frame. */
typedef struct Turn {
    Ui *ui;
    TextField *field;
    UiId id;
    Rect text;    /* the text's window */
    unsigned did; /* TEXTFIELD_* */
    bool composing;
} Turn;

static bool move_key(Turn *turn, const KeyStroke *stroke)
{
    TextField *field = turn->field;
    const char *text = textfield_text(field);
    size_t length = field->text.length, at = field->caret, start, end;
    bool shift = (stroke->modifiers & MOD_SHIFT) != 0, ctrl = (stroke->modifiers & MOD_CTRL) != 0;
    textfield_selection(field, &start, &end);
    bool collapse = start < end && !shift && !ctrl;
    switch (stroke->key) {
    case KEY_LEFT:
        at = collapse ? start
             : ctrl   ? unicode_previous_word(text, length, at)
                      : unicode_previous_cluster(text, length, at);
        break;
    case KEY_RIGHT:
        at = collapse ? end
             : ctrl   ? unicode_next_word(text, length, at)
                      : unicode_next_cluster(text, length, at);
        break;
    case KEY_HOME: at = 0; break;
    case KEY_END: at = length; break;
    case 'a':
        if (!ctrl || shift) { return false; }
        textfield_select(field, 0, length);
        return true;
    default: return false;
    }
    textfield_select(field, shift ? field->anchor : at, at);
    return true;
}

static bool erase_key(Turn *turn, const KeyStroke *stroke)
{
    TextField *field = turn->field;
    if (stroke->key != KEY_BACKSPACE && stroke->key != KEY_DELETE) { return false; }
    bool back = stroke->key == KEY_BACKSPACE, word = (stroke->modifiers & MOD_CTRL) != 0;
    const char *text = textfield_text(field);
    size_t length = field->text.length, at = field->caret, start, end;
    textfield_selection(field, &start, &end);
    bool selection = start < end;
    if (!selection && back) {
        start = word ? unicode_previous_word(text, length, at)
                     : unicode_previous_cluster(text, length, at);
    } else if (!selection) {
        end = word ? unicode_next_word(text, length, at) : unicode_next_cluster(text, length, at);
    }
    TextfieldRun run = selection || word ? TEXTFIELD_ALONE : TEXTFIELD_ERASING;
    turn->did |= textfield_erase(field, start, end, run);
    return true;
}

/* Lends the selection to a clipboard function. */
static void offer(const Turn *turn, void (*set)(void *user, const char *text))
{
    size_t start, end;
    textfield_selection(turn->field, &start, &end);
    if (start == end || set == NULL) { return; }
    Buffer copy = {0};
    buffer_add(&copy, turn->field->text.bytes + start, end - start);
    set(turn->ui->clipboard.user, copy.bytes);
    buffer_free(&copy);
}

static void paste(Turn *turn, char *(*get)(void *user))
{
    char *text = get != NULL ? get(turn->ui->clipboard.user) : NULL;
    if (text == NULL) { return; }
    turn->did |= textfield_insert(turn->field, text, strlen(text), TEXTFIELD_ALONE);
    free(text);
}

static bool clipboard_key(Turn *turn, const KeyStroke *stroke)
{
    typedef enum { NONE, COPY, CUT, PASTE } Act;
    static const struct {
        int key;
        unsigned modifiers;
        Act act;
    } keys[] = {{'c', MOD_CTRL, COPY},  {KEY_INSERT, MOD_CTRL, COPY},
                {'x', MOD_CTRL, CUT},   {KEY_DELETE, MOD_SHIFT, CUT},
                {'v', MOD_CTRL, PASTE}, {KEY_INSERT, MOD_SHIFT, PASTE}};
    Act act = NONE;
    for (size_t i = 0; i < COUNTOF(keys); i++) {
        if (stroke->key == keys[i].key && stroke->modifiers == keys[i].modifiers) {
            act = keys[i].act;
        }
    }
    if (act == NONE) { return false; }
    const UiClipboard *clipboard = &turn->ui->clipboard;
    if (act == PASTE) {
        paste(turn, clipboard->get);
        return true;
    }
    offer(turn, clipboard->set);
    size_t start, end;
    textfield_selection(turn->field, &start, &end);
    if (act == CUT) { turn->did |= textfield_erase(turn->field, start, end, TEXTFIELD_ALONE); }
    return true;
}

static bool history_key(Turn *turn, const KeyStroke *stroke)
{
    bool redo = (stroke->key == 'z' && stroke->modifiers == (MOD_CTRL | MOD_SHIFT)) ||
                (stroke->key == 'y' && stroke->modifiers == MOD_CTRL);
    bool undo = stroke->key == 'z' && stroke->modifiers == MOD_CTRL;
    if (redo) { turn->did |= textfield_redo(turn->field); }
    if (undo) { turn->did |= textfield_undo(turn->field); }
    return undo || redo;
}

static bool leave_key(Turn *turn, const KeyStroke *stroke)
{
    if (stroke->modifiers != 0) { return false; }
    if (stroke->key == KEY_ENTER) {
        turn->did |= TEXTFIELD_SUBMITTED;
        return true;
    }
    if (stroke->key != KEY_ESCAPE) { return false; }
    turn->did |= TEXTFIELD_LEFT;
    ui_set_focus(turn->ui, 0);
    return true;
}

static void take_stroke(Turn *turn, KeyStroke *stroke)
{
    if ((stroke->modifiers & MOD_ALT) != 0) { return; }
    bool writes = stroke->key < 256 && (stroke->modifiers & MOD_CTRL) == 0;
    if (turn->composing) {
        /* The input method has these; what it lets through must not act on the text around it. */
        stroke->used = writes || stroke->key < KEY_F1;
        return;
    }
    stroke->used = clipboard_key(turn, stroke) || history_key(turn, stroke) ||
                   erase_key(turn, stroke) || move_key(turn, stroke) || leave_key(turn, stroke) ||
                   writes;
}

static void take_text(Turn *turn, size_t from, size_t to)
{
    if (from >= to) { return; }
    const char *text = turn->ui->input->text.bytes;
    turn->did |= textfield_insert(turn->field, text + from, to - from, TEXTFIELD_TYPING);
}

/* Keys and text in the order in which they came. */
static void take_keys(Turn *turn)
{
    Input *input = turn->ui->input;
    size_t text_at = 0;
    for (int i = 0; i < input->key_count && (turn->did & TEXTFIELD_LEFT) == 0; i++) {
        KeyStroke *stroke = &input->keys[i];
        take_text(turn, text_at, stroke->text_at);
        text_at = stroke->text_at;
        if (!stroke->used) { take_stroke(turn, stroke); }
    }
    if ((turn->did & TEXTFIELD_LEFT) == 0) { take_text(turn, text_at, input->text.length); }
}

/* What an input method is making stands at the caret; it takes the place of the selection. */
static void take_composition(Turn *turn)
{
    TextField *field = turn->field;
    const Buffer *composition = &turn->ui->input->composition;
    size_t start, end;
    textfield_selection(field, &start, &end);
    if (turn->composing && start < end) {
        turn->did |= textfield_erase(field, start, end, TEXTFIELD_ALONE);
    }
    buffer_clear(&field->composition);
    if (!turn->composing) { return; }
    buffer_add(&field->composition, composition->bytes, composition->length);
}

/* Pointer. */

/* For a caret the boundary nearest to x, for whole words the cluster under it. */
static size_t offset_at(const Turn *turn, float x)
{
    TextField *field = turn->field;
    const Drawing *drawing = turn->ui->drawing;
    size_t at = textfield_at(field, drawing, x);
    if (field->grain < 2 || at == 0 || textfield_x(field, drawing, at) <= x) { return at; }
    return unicode_previous_cluster(field->text.bytes, field->text.length, at);
}

/* Selects from what the first click selected to what is at `at`, by whole words after a double
 * click. */
static void drag_to(TextField *field, size_t at)
{
    size_t start = at, end = at;
    if (field->grain >= 3) { return; }
    if (field->grain == 2) { textfield_word_at(field, at, &start, &end); }
    if (start < field->grain_start) {
        textfield_select(field, field->grain_end, start);
    } else {
        size_t to = end > field->grain_end ? end : field->grain_end;
        textfield_select(field, field->grain_start, to);
    }
}

static void press_at(Turn *turn, float x)
{
    TextField *field = turn->field;
    const Input *input = turn->ui->input;
    field->grain = clamp_int(input->clicks, 1, 3);
    size_t at = offset_at(turn, x);
    if (field->grain == 1 && (input->modifiers & MOD_SHIFT) != 0) {
        field->grain_start = field->grain_end = field->anchor;
        textfield_select(field, field->anchor, at);
        return;
    }
    field->grain_start = field->grain_end = at;
    if (field->grain == 2) { textfield_word_at(field, at, &field->grain_start, &field->grain_end); }
    if (field->grain == 3) {
        field->grain_start = 0;
        field->grain_end = field->text.length;
    }
    textfield_select(field, field->grain_start, field->grain_end);
}

/* Where a drag points to, in points from the start of the text. Beyond an edge it goes on by steps,
 * the faster the further out, also while the pointer rests. */
static float drag_x(Turn *turn)
{
    TextField *field = turn->field;
    const Input *input = turn->ui->input;
    float x = input->mouse.x - turn->text.x;
    float over = x < 0 ? x : x > turn->text.w ? x - turn->text.w : 0;
    if (over == 0) { return x + field->scroll; }
    float edge = field->scroll + (over < 0 ? 0 : turn->text.w);
    bool step = input->time >= field->dragged + DRAG_STEP;
    if (step) { field->dragged = input->time; }
    ui_request_frame(turn->ui, field->dragged + DRAG_STEP);
    if (!step) { return edge; }
    return edge + clamp_float(over, -60, 60);
}

static void take_pointer(Turn *turn, unsigned area)
{
    Ui *ui = turn->ui;
    TextField *field = turn->field;
    float x = ui->input->mouse.x - turn->text.x + field->scroll;
    if ((area & UI_HOVERED) != 0) { ui->cursor = UI_CURSOR_TEXT; }
    if ((area & UI_PRESSED) != 0) {
        field->dragged = ui->input->time;
        press_at(turn, x);
    } else if ((area & (UI_HELD | UI_RELEASED)) != 0) {
        size_t at = offset_at(turn, drag_x(turn));
        if (ui->mouse_moved || field->dragged == ui->input->time) { drag_to(field, at); }
    }
    if ((area & UI_RELEASED) != 0) { offer(turn, ui->clipboard.set_primary); }
    if ((area & UI_HOVERED) != 0 && (ui->pressed & BUTTON_MIDDLE) != 0 &&
        ui->clipboard.get_primary != NULL) {
        size_t at = textfield_at(field, ui->drawing, x);
        textfield_select(field, at, at);
        paste(turn, ui->clipboard.get_primary);
        ui_set_focus(ui, turn->id);
    }
}

/* The context menu: its rows are keys. */

static void open_menu(Turn *turn, unsigned area)
{
    Ui *ui = turn->ui;
    TextField *field = turn->field;
    bool by_key = (area & UI_FOCUSED) != 0 && input_take_key(ui->input, KEY_MENU, 0);
    if ((area & UI_RIGHT_CLICKED) == 0 && !by_key) { return; }
    field->menu = by_key ? ui->caret : (Rect){ui->input->mouse.x, ui->input->mouse.y, 0, 0};
    size_t start, end;
    textfield_selection(field, &start, &end);
    if (!by_key && start == end) {
        float x = ui->input->mouse.x - turn->text.x + field->scroll;
        size_t at = textfield_at(field, ui->drawing, x);
        textfield_select(field, at, at);
    }
    ui_set_focus(ui, turn->id);
    ui_popup_open(ui, turn->id);
}

static void show_menu(Turn *turn, unsigned area)
{
    static const struct {
        const char *label, *shortcut;
        int key;
    } rows[] = {{"Undo", "Ctrl+Z", 'z'},
                {"Cut", "Ctrl+X", 'x'},
                {"Copy", "Ctrl+C", 'c'},
                {"Paste", "Ctrl+V", 'v'},
                {"Select all", "Ctrl+A", 'a'}};
    Ui *ui = turn->ui;
    const TextField *field = turn->field;
    open_menu(turn, area);
    float height = UI_MENU_ROW * (float)COUNTOF(rows) + 2 * UI_MENU_PAD;
    Rect place = ui_popup_place(ui, field->menu, 180, height);
    if (!ui_popup_begin(ui, turn->id, place)) { return; }
    Rect rest = rect_inset(place, UI_MENU_PAD);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        int key = rows[i].key;
        bool usable = key == 'z'   ? field->edit_done > 0
                      : key == 'v' ? ui->clipboard.get != NULL
                      : key == 'a' ? field->text.length > 0
                                   : field->caret != field->anchor;
        Rect row = ui_cut_top(&rest, UI_MENU_ROW);
        if (ui_menu_item(ui, row, rows[i].label, rows[i].shortcut, usable ? 0 : UI_DISABLED)) {
            take_stroke(turn, &(KeyStroke){.key = key, .modifiers = MOD_CTRL});
        }
    }
    ui_popup_end(ui);
}

/* Looks. */

/* What is drawn where: the text's start on the page, its baseline, and how far a composition pushes
 * aside what follows the caret. */
typedef struct Scene {
    float x, baseline, top, height;
    float caret; /* points from the text's start, before the composition */
    float pushed;
} Scene;

static void draw_run(const Turn *turn, const Scene *scene, size_t begin, size_t end, float x)
{
    char copy[TEXTFIELD_CHUNK_BYTES + 1];
    size_t length = min_size(end - begin, TEXTFIELD_CHUNK_BYTES);
    if (length == 0) { return; }
    memcpy(copy, turn->field->text.bytes + begin, length);
    copy[length] = '\0';
    const Theme *theme = turn->ui->theme;
    TextStyle style = {.size = textfield_type_size(turn->field),
                       .color = turn->ui->disabled ? theme->muted : theme->ink};
    drawing_text(turn->ui->drawing, (Vec){scene->x + x, scene->baseline}, copy, &style);
}

static void draw_line(const Turn *turn, const Scene *scene)
{
    const TextField *field = turn->field;
    float left = field->scroll, right = field->scroll + turn->text.w;
    for (int i = 0; i < field->chunk_count; i++) {
        const TextfieldChunk *chunk = &field->chunks[i];
        float pushed = chunk->begin >= field->caret ? scene->pushed : 0;
        float end = chunk->x + chunk->width + scene->pushed;
        if (end < left || chunk->x + pushed > right) { continue; }
        bool split = scene->pushed > 0 && chunk->begin < field->caret && field->caret < chunk->end;
        if (!split) {
            draw_run(turn, scene, chunk->begin, chunk->end, chunk->x + pushed);
            continue;
        }
        draw_run(turn, scene, chunk->begin, field->caret, chunk->x);
        draw_run(turn, scene, field->caret, chunk->end, scene->caret + scene->pushed);
    }
}

static void draw_selection(const Turn *turn, const Scene *scene, bool focused)
{
    size_t start, end;
    textfield_selection(turn->field, &start, &end);
    if (start == end) { return; }
    const Theme *theme = turn->ui->theme;
    float left = textfield_x(turn->field, turn->ui->drawing, start);
    float right = textfield_x(turn->field, turn->ui->drawing, end);
    Rect box = {scene->x + left, scene->top, right - left, scene->height};
    bool lit = focused || turn->ui->open == turn->id;
    drawing_rect(turn->ui->drawing, box, 2,
                 lit ? color_mix(theme->raised, theme->accent, 0.3f) : theme->pressed);
}

/* Byte offset of a code point; input methods count in those. */
static size_t code_offset(const Buffer *text, int codes)
{
    size_t at = 0;
    uint32_t code;
    for (int i = 0; i < codes && at < text->length; i++) {
        at += unicode_decode(text->bytes + at, text->length - at, &code);
    }
    return at;
}

static float composition_x(const Turn *turn, size_t at)
{
    const TextField *field = turn->field;
    char *copy = mem_alloc(at + 1, 1);
    if (at > 0) { memcpy(copy, field->composition.bytes, at); }
    copy[at] = '\0';
    float size = textfield_type_size(field);
    float x = drawing_text_width(turn->ui->drawing, copy, size, FONT_REGULAR);
    free(copy);
    return x;
}

/* The text in the making, underlined; the part that the input method is at, thicker. Returns where
 * its caret is, in points from its start. */
static float draw_composition(const Turn *turn, const Scene *scene)
{
    Ui *ui = turn->ui;
    const Buffer *text = &turn->field->composition;
    const Input *input = ui->input;
    float x = scene->x + scene->caret;
    TextStyle style = {.size = textfield_type_size(turn->field), .color = ui->theme->ink};
    drawing_text(ui->drawing, (Vec){x, scene->baseline}, text->bytes, &style);
    Rect line = {x, scene->baseline + 2.5f, scene->pushed, 1};
    drawing_rect(ui->drawing, line, 0, ui->theme->accent);
    /* What an input method says about its text need not be true. */
    int most = (int)min_size(text->length, INT_MAX / 2);
    int cursor = clamp_int(input->composition_cursor, 0, most);
    int selected = min_int(input->composition_selected, most);
    float from = composition_x(turn, code_offset(text, cursor));
    if (selected > 0) {
        float to = composition_x(turn, code_offset(text, cursor + selected));
        line = (Rect){x + from, line.y, to - from, 2};
        drawing_rect(ui->drawing, line, 0, ui->theme->accent);
    }
    return from;
}

/* Text that goes on beyond an edge fades there. */
static void draw_fades(const Turn *turn, Rect box, float width)
{
    enum { STEPS = 9 };
    Drawing *drawing = turn->ui->drawing;
    Color ground = turn->ui->disabled ? turn->ui->theme->panel : turn->ui->theme->raised;
    bool left = turn->field->scroll > 0.5f;
    bool right = width - turn->field->scroll > box.w + 0.5f;
    box.y += 3; /* not over the frame */
    box.h -= 6;
    for (int step = 0; step < STEPS; step++) {
        Color color = color_fade(ground, (float)(STEPS - step) / STEPS);
        Rect strip = {box.x + FADE / STEPS * (float)step, box.y, FADE / STEPS, box.h};
        if (left) { drawing_rect(drawing, strip, 0, color); }
        strip.x = box.x + box.w - FADE / STEPS * (float)(step + 1);
        if (right) { drawing_rect(drawing, strip, 0, color); }
    }
}

/* On and off by the clock, from the caret's last move; the window is told when to come back. */
static bool caret_is_on(const Turn *turn)
{
    uint64_t now = turn->ui->input->time, since = now - turn->field->shown_since;
    if (since >= BLINK_ENDS) { return true; }
    ui_request_frame(turn->ui, turn->field->shown_since + (since / BLINK + 1) * BLINK);
    return since / BLINK % 2 == 0;
}

/* Moves the text so that the caret is in sight, and no further than its ends. */
static void keep_in_sight(TextField *field, float width, float caret, float line)
{
    width -= CARET_WIDTH;
    field->scroll = max_float(field->scroll, caret - width);
    field->scroll = min_float(field->scroll, caret);
    field->scroll = clamp_float(field->scroll, 0, max_float(0, line - width));
}

static void draw_box(const Turn *turn, Rect rect, unsigned area, bool focused)
{
    const Theme *theme = turn->ui->theme;
    Drawing *drawing = turn->ui->drawing;
    drawing_rect(drawing, rect, UI_RADIUS, turn->ui->disabled ? theme->panel : theme->raised);
    Color frame = focused                    ? theme->accent
                  : (area & UI_HOVERED) != 0 ? color_mix(theme->border, theme->muted, 0.5f)
                                             : theme->border;
    drawing_frame(drawing, rect, UI_RADIUS, focused ? 1.5f : 1, frame);
}

static void draw_field(Turn *turn, bool focused, const char *placeholder)
{
    Ui *ui = turn->ui;
    TextField *field = turn->field;
    Rect box = turn->text;
    float size = textfield_type_size(field);
    Scene scene = {.baseline = box.y + box.h / 2 + size * 0.36f, .height = ceilf(size * 1.4f)};
    scene.top = box.y + (box.h - scene.height) / 2;
    scene.caret = textfield_x(field, ui->drawing, field->caret);
    scene.pushed = composition_x(turn, field->composition.length);
    float in_composition = 0;
    if (turn->composing) {
        const Input *input = ui->input;
        size_t cursor = code_offset(&field->composition, input->composition_cursor);
        in_composition = composition_x(turn, cursor);
    }
    float width = textfield_x(field, ui->drawing, field->text.length) + scene.pushed;
    keep_in_sight(field, box.w, scene.caret + in_composition, width);
    scene.x = box.x - field->scroll;

    Rect window = rect_intersect(ui->drawing->clip, rect_inset(box, -1));
    Rect clip = drawing_set_clip(ui->drawing, window);
    draw_selection(turn, &scene, focused);
    draw_line(turn, &scene);
    if (turn->composing) { draw_composition(turn, &scene); }
    draw_fades(turn, rect_inset(box, -1), width);
    if (focused) {
        float x = scene.x + scene.caret + in_composition;
        ui->caret = (Rect){x, scene.top, CARET_WIDTH, scene.height};
        if (caret_is_on(turn)) { drawing_rect(ui->drawing, ui->caret, 0, ui->theme->ink); }
    }
    drawing_set_clip(ui->drawing, clip);
    if (field->text.length == 0 && !turn->composing && placeholder != NULL) {
        ui_text(ui, box, placeholder, size, FONT_REGULAR, color_fade(ui->theme->muted, 0.8f),
                TEXT_LEFT);
    }
}

unsigned textfield_show(Ui *ui, Rect rect, const char *name, TextField *field,
                        const char *placeholder)
{
    Turn turn = {.ui = ui, .field = field, .id = ui_id(ui, name)};
    turn.text = (Rect){rect.x + PAD, rect.y, max_float(1, rect.w - 2 * PAD), rect.h};
    unsigned area = ui_area(ui, turn.id, rect, UI_TAB | UI_CLICK_FOCUS | UI_OWN_KEYS);
    size_t caret = field->caret, anchor = field->anchor;
    bool focused = (area & UI_FOCUSED) != 0;
    turn.composing = focused && ui->input->composition.length > 0;

    if (focused && !field->had_focus && ui->tabbed) {
        textfield_select(field, 0, field->text.length);
    }
    take_pointer(&turn, area);
    if (focused) { take_keys(&turn); }
    show_menu(&turn, area);
    take_composition(&turn);

    focused = focused && (turn.did & TEXTFIELD_LEFT) == 0;
    bool moved = field->caret != caret || field->anchor != anchor || turn.did != 0;
    if (moved || turn.composing || (focused && !field->had_focus)) {
        field->shown_since = ui->input->time;
    }
    field->had_focus = focused;
    ui->wants_text = ui->wants_text || focused;
    draw_box(&turn, rect, area, focused || ui->open == turn.id);
    draw_field(&turn, focused, placeholder);
    return turn.did;
}
