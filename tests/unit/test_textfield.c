/* The text field: caret, selection, clipboard, undo, input methods, long lines, and a user who hits
 * everything at random. */
#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "draw/font.h"
#include "ui/textfield.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "Crème 👩‍💻 x́y", the first accent as one code point, the second as a mark of its own. */
#define CREME "Cr\u00E8me \U0001F469\u200D\U0001F4BB x\u0301y"

static const Rect FIELD = {20, 20, 300, 36};
static const float TEXT_X = 30; /* where the text begins in it */

typedef struct Bench {
    FontSet *fonts;
    Drawing *drawing;
    Input input;
    Ui ui;
    TextField field;
    char *clipboard, *primary;
} Bench;

static char *copy_or_null(const char *text) { return text != NULL ? mem_copy_string(text) : NULL; }
static char *get_clipboard(void *user) { return copy_or_null(((Bench *)user)->clipboard); }
static char *get_primary(void *user) { return copy_or_null(((Bench *)user)->primary); }

static void keep(char **slot, const char *text)
{
    free(*slot);
    *slot = mem_copy_string(text);
}

static void set_clipboard(void *user, const char *text) { keep(&((Bench *)user)->clipboard, text); }
static void set_primary(void *user, const char *text) { keep(&((Bench *)user)->primary, text); }

/* One frame with what has been put into the input; then nothing is new any more. */
static unsigned frame(Bench *bench)
{
    drawing_begin(bench->drawing, (Rect){0, 0, 640, 400}, (Color){255, 255, 255, 255});
    ui_begin(&bench->ui, &bench->input, bench->drawing, palette_theme(false));
    unsigned did = textfield_show(&bench->ui, FIELD, "field", &bench->field, "Type");
    ui_end(&bench->ui);
    input_clear(&bench->input);
    return did;
}

static unsigned key(Bench *bench, int name, unsigned modifiers)
{
    input_add_key(&bench->input, name, modifiers, false);
    return frame(bench);
}

static unsigned type(Bench *bench, const char *text)
{
    input_add_text(&bench->input, text);
    return frame(bench);
}

static unsigned point(Bench *bench, float x, unsigned buttons, int clicks)
{
    Input *input = &bench->input;
    input->mouse = (Vec){x, FIELD.y + FIELD.h / 2};
    input->mouse_inside = true;
    input->pressed = buttons & ~input->buttons;
    input->released = input->buttons & ~buttons;
    input->buttons = buttons;
    input->clicks = clicks;
    return frame(bench);
}

static void click(Bench *bench, float x, int clicks)
{
    point(bench, x, BUTTON_LEFT, clicks);
    point(bench, x, 0, 0);
}

/* Where the caret stands before byte `at`, on the page. */
static float page_x(Bench *bench, size_t at)
{
    return TEXT_X - bench->field.scroll + textfield_x(&bench->field, bench->drawing, at);
}

static int start(void **state)
{
    Bench *bench = mem_zero(1, sizeof *bench);
    Error err;
    bench->fonts = font_open(&err);
    if (bench->fonts == NULL) { return -1; }
    bench->drawing = drawing_new(bench->fonts);
    bench->ui.clipboard =
        (UiClipboard){bench, get_clipboard, set_clipboard, get_primary, set_primary};
    bench->input.time = 1000;
    frame(bench);
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "field"));
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
    free(bench->clipboard);
    free(bench->primary);
    free(bench);
    return 0;
}

#define assert_text(bench, text) assert_string_equal(textfield_text(&(bench)->field), text)
#define assert_caret(bench, at) assert_int_equal((bench)->field.caret, at)

static void assert_selected(const Bench *bench, const char *wanted)
{
    size_t from, to;
    textfield_selection(&bench->field, &from, &to);
    assert_int_equal(to - from, strlen(wanted));
    assert_memory_equal(textfield_text(&bench->field) + from, wanted, to - from);
}

/* --- caret ------------------------------------------------------------------------------------ */

static void test_caret_goes_by_clusters(void **state)
{
    Bench *bench = *state;
    static const size_t stops[] = {0, 1, 2, 4, 5, 6, 7, 18, 19, 22, 23};
    textfield_set(&bench->field, CREME);
    assert_caret(bench, strlen(CREME));
    for (size_t i = COUNTOF(stops) - 1; i > 0; i--) {
        assert_caret(bench, stops[i]);
        key(bench, KEY_LEFT, 0);
    }
    for (size_t i = 0; i < COUNTOF(stops); i++) {
        assert_caret(bench, stops[i]);
        key(bench, KEY_RIGHT, 0);
    }
    key(bench, KEY_HOME, 0);
    assert_caret(bench, 0);
    key(bench, KEY_END, 0);
    assert_caret(bench, strlen(CREME));
}

static void test_erasing_takes_clusters(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, CREME);
    key(bench, KEY_BACKSPACE, 0);
    key(bench, KEY_BACKSPACE, 0);
    assert_text(bench, "Cr\u00E8me \U0001F469\u200D\U0001F4BB ");
    key(bench, KEY_BACKSPACE, 0);
    key(bench, KEY_BACKSPACE, 0);
    assert_text(bench, "Cr\u00E8me ");
    key(bench, KEY_HOME, 0);
    key(bench, KEY_DELETE, 0);
    key(bench, KEY_RIGHT, 0);
    key(bench, KEY_DELETE, 0);
    assert_text(bench, "rme ");
    assert_int_equal(key(bench, KEY_HOME, 0) | key(bench, KEY_BACKSPACE, 0), 0);
}

static void test_word_jumps(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, "The animal, tired");
    static const size_t back[] = {12, 10, 4, 0, 0}, forth[] = {3, 10, 11, 17, 17};
    for (size_t i = 0; i < COUNTOF(back); i++) {
        key(bench, KEY_LEFT, MOD_CTRL);
        assert_caret(bench, back[i]);
    }
    for (size_t i = 0; i < COUNTOF(forth); i++) {
        key(bench, KEY_RIGHT, MOD_CTRL);
        assert_caret(bench, forth[i]);
    }
    key(bench, KEY_LEFT, MOD_CTRL | MOD_SHIFT);
    assert_selected(bench, "tired");
    key(bench, KEY_END, 0);
    key(bench, KEY_BACKSPACE, MOD_CTRL);
    assert_text(bench, "The animal, ");
    key(bench, KEY_HOME, 0);
    key(bench, KEY_DELETE, MOD_CTRL);
    assert_text(bench, " animal, ");
}

static void test_selection_by_keys(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, CREME);
    key(bench, KEY_LEFT, MOD_SHIFT);
    key(bench, KEY_LEFT, MOD_SHIFT);
    assert_selected(bench, "x\u0301y");
    key(bench, KEY_LEFT, 0); /* to the start of what was selected */
    assert_caret(bench, 19);
    assert_selected(bench, "");
    key(bench, KEY_HOME, MOD_SHIFT);
    key(bench, KEY_RIGHT, 0);
    assert_caret(bench, 19);
    key(bench, 'a', MOD_CTRL);
    assert_selected(bench, CREME);
    type(bench, "it");
    assert_text(bench, "it");
}

/* --- clipboard, what comes from outside ------------------------------------------------------- */

static void test_clipboard(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, "one two");
    key(bench, KEY_LEFT, MOD_CTRL | MOD_SHIFT);
    assert_int_equal(key(bench, 'c', MOD_CTRL), 0);
    assert_string_equal(bench->clipboard, "two");
    key(bench, KEY_HOME, 0);
    assert_int_equal(key(bench, 'v', MOD_CTRL), TEXTFIELD_CHANGED);
    assert_text(bench, "twoone two");
    key(bench, 'a', MOD_CTRL);
    key(bench, 'x', MOD_CTRL);
    assert_text(bench, "");
    assert_string_equal(bench->clipboard, "twoone two");
    key(bench, 'x', MOD_CTRL); /* nothing selected: nothing is lost */
    key(bench, 'c', MOD_CTRL);
    assert_string_equal(bench->clipboard, "twoone two");
    key(bench, KEY_INSERT, MOD_SHIFT);
    key(bench, KEY_HOME, MOD_SHIFT);
    keep(&bench->clipboard, "");
    key(bench, KEY_INSERT, MOD_CTRL);
    key(bench, KEY_DELETE, MOD_SHIFT);
    assert_text(bench, "");
    assert_string_equal(bench->clipboard, "twoone two");
}

static void test_paste_is_cleaned(void **state)
{
    Bench *bench = *state;
    keep(&bench->clipboard, "\xEF\xBB\xBF"
                            "a\r\nb\nc\td\re\x1B[0m\x7F\xC2\x85"
                            "f\xE2\x80\xA8g");
    key(bench, 'v', MOD_CTRL);
    assert_text(bench, "a b c d e[0m f g");
    textfield_reset(&bench->field, "");
    keep(&bench->clipboard, "x\xFFy\xE2\x82z\xED\xA0\x80");
    key(bench, 'v', MOD_CTRL);
    const char *text = textfield_text(&bench->field);
    assert_int_equal(unicode_valid_prefix(text, strlen(text)), strlen(text));
    assert_non_null(strstr(text, "x\uFFFDy\uFFFD"));
    textfield_reset(&bench->field, "");
    keep(&bench->clipboard, "\U0001F469\u200D\U0001F4BB"); /* joiners are no control characters */
    key(bench, 'v', MOD_CTRL);
    assert_text(bench, "\U0001F469\u200D\U0001F4BB");
}

static void test_overlong_text_is_cut_and_said(void **state)
{
    Bench *bench = *state;
    bench->field.limit = 10;
    assert_int_equal(type(bench, "12345678"), TEXTFIELD_CHANGED);
    assert_int_equal(type(bench, "x\u0301"), TEXTFIELD_OVERLONG);
    assert_text(bench, "12345678"); /* x with its mark takes three bytes: no half clusters */
    assert_int_equal(type(bench, "abc"), TEXTFIELD_CHANGED | TEXTFIELD_OVERLONG);
    assert_int_equal(type(bench, "c"), TEXTFIELD_OVERLONG);
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
    Bench *bench = *state;
    textfield_set(&bench->field, "\u0301y");
    key(bench, KEY_HOME, 0);
    type(bench, "x"); /* becomes one cluster with the mark behind it */
    assert_text(bench, "x\u0301y");
    assert_caret(bench, 3);
}

/* --- undo ------------------------------------------------------------------------------------- */

static void test_typing_is_undone_by_words(void **state)
{
    Bench *bench = *state;
    static const char *const letters[] = {"t", "o", "o", " ", "t", "i", "r", "e", "d"};
    for (size_t i = 0; i < COUNTOF(letters); i++) { type(bench, letters[i]); }
    assert_text(bench, "too tired");
    assert_int_equal(key(bench, 'z', MOD_CTRL), TEXTFIELD_CHANGED);
    assert_text(bench, "too ");
    key(bench, 'z', MOD_CTRL);
    assert_text(bench, "");
    assert_int_equal(key(bench, 'z', MOD_CTRL), 0);
    key(bench, 'z', MOD_CTRL | MOD_SHIFT);
    key(bench, 'y', MOD_CTRL);
    assert_text(bench, "too tired");
    assert_int_equal(key(bench, 'y', MOD_CTRL), 0);
}

static void test_undo_gives_back_text_and_caret(void **state)
{
    Bench *bench = *state;
    type(bench, "wide");
    key(bench, KEY_BACKSPACE, 0);
    key(bench, KEY_BACKSPACE, 0);
    assert_text(bench, "wi");
    key(bench, 'z', MOD_CTRL); /* both strokes are one step */
    assert_text(bench, "wide");
    assert_caret(bench, 4);
    key(bench, KEY_HOME, 0);
    key(bench, KEY_DELETE, 0);
    key(bench, KEY_DELETE, 0);
    key(bench, 'z', MOD_CTRL);
    assert_text(bench, "wide");
    assert_caret(bench, 0);
    key(bench, KEY_RIGHT, MOD_SHIFT);
    type(bench, "s");
    type(bench, "l");
    assert_text(bench, "slide");
    key(bench, 'z', MOD_CTRL);
    assert_text(bench, "wide");
    assert_selected(bench, "w");
    textfield_erase(&bench->field, 0, 1, TEXTFIELD_TYPING);
    textfield_undo(&bench->field);
    textfield_select(&bench->field, 0, 1);
    type(bench, "t"); /* what was undone is gone now */
    assert_int_equal(key(bench, 'y', MOD_CTRL), 0);
    assert_text(bench, "tide");
}

static void test_set_is_undone(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, "first");
    textfield_set(&bench->field, "second");
    assert_int_equal(textfield_set(&bench->field, "second"), 0);
    key(bench, 'z', MOD_CTRL);
    assert_text(bench, "first");
    textfield_reset(&bench->field, "new");
    assert_int_equal(textfield_undo(&bench->field), 0);
    assert_text(bench, "new");
}

static void test_undo_is_bounded(void **state)
{
    Bench *bench = *state;
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
    Bench *bench = *state;
    input_add_text(&bench->input, "ab");
    input_add_key(&bench->input, KEY_BACKSPACE, 0, false);
    input_add_text(&bench->input, "c");
    input_add_key(&bench->input, KEY_LEFT, 0, false);
    input_add_text(&bench->input, "d");
    frame(bench);
    assert_text(bench, "adc");
}

static void test_enter_and_escape(void **state)
{
    Bench *bench = *state;
    assert_int_equal(key(bench, KEY_ENTER, 0), TEXTFIELD_SUBMITTED);
    assert_true(bench->ui.wants_text);
    assert_int_equal(key(bench, KEY_ESCAPE, 0), TEXTFIELD_LEFT);
    assert_int_equal(bench->ui.focus, 0);
    assert_int_equal(type(bench, "x"), 0);
    assert_false(bench->ui.wants_text);
    assert_text(bench, "");
}

static void test_shortcuts_pass_letters_do_not(void **state)
{
    Bench *bench = *state;
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
        textfield_show(&bench->ui, FIELD, "field", &bench->field, NULL);
        ui_end(&bench->ui);
        assert_int_equal(bench->input.keys[0].used, strokes[i].used);
        input_clear(&bench->input);
    }
}

static const DrawCommand *find_text(const Bench *bench, const char *text)
{
    for (int i = 0; i < bench->drawing->count; i++) {
        const DrawCommand *command = &bench->drawing->commands[i];
        if (command->kind == DRAW_TEXT && strcmp(command->u.text.string, text) == 0) {
            return command;
        }
    }
    return NULL;
}

static void test_composition(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, "ab");
    key(bench, KEY_LEFT, 0);
    input_set_composition(&bench->input, "\u306B\u307B", 1, 1);
    assert_int_equal(frame(bench), 0);
    assert_text(bench, "ab"); /* nothing is committed yet */
    const DrawCommand *left = find_text(bench, "a"), *middle = find_text(bench, "\u306B\u307B");
    const DrawCommand *right = find_text(bench, "b");
    assert_true(left != NULL && middle != NULL && right != NULL);
    assert_true(left->p[0].x < middle->p[0].x && middle->p[0].x < right->p[0].x);
    float advance = middle->u.text.advance;
    assert_float_equal(right->p[0].x, middle->p[0].x + advance, 0.01f);
    assert_true(bench->ui.caret.x > middle->p[0].x && bench->ui.caret.x < right->p[0].x);
    key(bench, KEY_BACKSPACE, 0); /* belongs to the input method */
    assert_text(bench, "ab");

    input_set_composition(&bench->input, "", 0, 0); /* cancelled */
    frame(bench);
    assert_non_null(find_text(bench, "ab"));
    input_set_composition(&bench->input, "\u65E5", 1, 0);
    frame(bench);
    input_set_composition(&bench->input, "", 0, 0);
    assert_int_equal(type(bench, "\u65E5\u672C"), TEXTFIELD_CHANGED); /* committed */
    assert_text(bench, "a\u65E5\u672C"
                       "b");
    assert_caret(bench, 7);

    key(bench, 'a', MOD_CTRL); /* a composition takes the place of the selection */
    input_set_composition(&bench->input, "x", 1, 0);
    assert_int_equal(frame(bench), TEXTFIELD_CHANGED);
    assert_text(bench, "");
}

/* --- pointer ---------------------------------------------------------------------------------- */

static void test_click_sets_the_caret(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, CREME);
    frame(bench);
    static const size_t stops[] = {0, 1, 2, 4, 5, 6, 7, 18, 19, 22, 23};
    for (size_t i = 0; i < COUNTOF(stops); i++) {
        click(bench, page_x(bench, stops[i]) + 0.4f, 1);
        assert_caret(bench, stops[i]);
    }
    click(bench, page_x(bench, 18) - 1, 1); /* the right half of the emoji */
    assert_caret(bench, 18);
    click(bench, FIELD.x + FIELD.w - 4, 1);
    assert_caret(bench, strlen(CREME));
    click(bench, FIELD.x + 1, 1);
    assert_caret(bench, 0);
    assert_int_equal(bench->ui.cursor, UI_CURSOR_TEXT);
}

static void test_drag_selects(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, "The animal was tired");
    frame(bench);
    point(bench, page_x(bench, 4) + 0.3f, BUTTON_LEFT, 1);
    point(bench, page_x(bench, 9), BUTTON_LEFT, 0);
    point(bench, page_x(bench, 10), BUTTON_LEFT, 0);
    assert_null(bench->primary);
    point(bench, page_x(bench, 10), 0, 0);
    assert_selected(bench, "animal");
    assert_string_equal(bench->primary, "animal");
    point(bench, page_x(bench, 2), 0, 0); /* the button is up: nothing more */
    assert_selected(bench, "animal");
    bench->input.modifiers = MOD_SHIFT;
    click(bench, page_x(bench, 0), 1);
    assert_selected(bench, "The ");
    bench->input.modifiers = 0;
    point(bench, page_x(bench, 15), BUTTON_MIDDLE, 1);
    point(bench, page_x(bench, 15), 0, 0);
    assert_text(bench, "The animal was The tired");
}

static void test_context_menu(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, "one two");
    click(bench, page_x(bench, 5), 2);
    float x = page_x(bench, 5), y = FIELD.y + FIELD.h / 2;
    point(bench, x, BUTTON_RIGHT, 1);
    point(bench, x, 0, 0);
    assert_selected(bench, "two");
    assert_non_null(find_text(bench, "Select all"));
    bench->input.mouse = (Vec){x + 30, y + 4 + UI_MENU_PAD + UI_MENU_ROW * 1.5f}; /* Cut */
    bench->input.pressed = BUTTON_LEFT;
    bench->input.released = BUTTON_LEFT;
    assert_int_equal(frame(bench), TEXTFIELD_CHANGED);
    assert_text(bench, "one ");
    assert_string_equal(bench->clipboard, "two");
    frame(bench);
    assert_null(find_text(bench, "Select all"));
    key(bench, KEY_MENU, 0); /* the field has the keyboard again */
    for (int i = 0; i < 4; i++) { key(bench, KEY_DOWN, 0); }
    assert_int_equal(key(bench, KEY_ENTER, 0), TEXTFIELD_CHANGED); /* Paste */
    assert_text(bench, "one two");
    type(bench, "s");
    assert_text(bench, "one twos");
}

static void test_double_and_triple_click(void **state)
{
    Bench *bench = *state;
    textfield_set(&bench->field, "The animal was tired");
    frame(bench);
    click(bench, page_x(bench, 10) - 1, 1); /* the last letter's right half */
    click(bench, page_x(bench, 10) - 1, 2);
    assert_selected(bench, "animal");
    click(bench, page_x(bench, 14) + 1, 2);
    assert_selected(bench, " ");
    point(bench, page_x(bench, 5), BUTTON_LEFT, 2); /* goes on by words, both ways */
    point(bench, page_x(bench, 12), BUTTON_LEFT, 0);
    assert_selected(bench, "animal was");
    point(bench, page_x(bench, 1), BUTTON_LEFT, 0);
    point(bench, page_x(bench, 1), 0, 0);
    assert_selected(bench, "The animal");
    click(bench, page_x(bench, 5), 3);
    assert_selected(bench, "The animal was tired");
}

static void test_drag_beyond_the_edge_scrolls(void **state)
{
    Bench *bench = *state;
    char text[1201];
    for (int i = 0; i < 1200; i++) {
        text[i] = i % 6 == 5 ? ' ' : "abcdefghijklmnopqrstuvwxyz"[i % 26];
    }
    text[1200] = '\0';
    textfield_set(&bench->field, text);
    key(bench, KEY_HOME, 0);
    assert_float_equal(bench->field.scroll, 0, 0);
    point(bench, page_x(bench, 3), BUTTON_LEFT, 1);
    point(bench, FIELD.x + FIELD.w + 50, BUTTON_LEFT, 0);
    size_t before = bench->field.caret;
    for (int step = 0; step < 20; step++) { /* the pointer rests; the window wakes by itself */
        assert_true(bench->ui.wake <= bench->input.time + 30);
        bench->input.time += 30;
        frame(bench);
        assert_true(bench->field.caret >= before);
        before = bench->field.caret;
    }
    assert_true(bench->field.scroll > 400);
    assert_int_equal(bench->field.anchor, 3);
    for (int step = 0; step < 100; step++) {
        bench->input.time += 30;
        point(bench, FIELD.x - 60 - (float)(step % 2), BUTTON_LEFT, 0);
    }
    assert_float_equal(bench->field.scroll, 0, 0);
    assert_caret(bench, 0);
    point(bench, FIELD.x, 0, 0);
}

/* --- long lines, blinking --------------------------------------------------------------------- */

/* Positions must be those of a field that was laid out at once, whatever was edited before. */
static void test_layout_follows_edits(void **state)
{
    Bench *bench = *state;
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
        frame(bench);
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
        assert_true(caret >= -0.1f && caret <= FIELD.w - 20 + 0.1f);
    }
}

static void test_caret_blinks_and_rests(void **state)
{
    Bench *bench = *state;
    type(bench, "a");
    int changes = 0, frames = 0;
    uint64_t hash = drawing_hash(bench->drawing);
    frame(bench);
    while (bench->ui.wake != UI_NEVER && frames < 100) {
        bench->input.time = bench->ui.wake;
        frame(bench);
        frames++;
        changes += drawing_hash(bench->drawing) != hash;
        hash = drawing_hash(bench->drawing);
    }
    assert_in_range(frames, 15, 25); /* ten seconds, two changes a second, then sleep */
    assert_in_range(changes, 14, 25);
}

/* --- at random -------------------------------------------------------------------------------- */

static void assert_sound(const Bench *bench)
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

static void random_event(Bench *bench)
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
        point(bench, (float)(rand() % 500) - 60, buttons, 1 + rand() % 3);
    } else if (choice < 98) {
        input_set_composition(input, rand() % 2 == 0 ? "" : "\u306B\u307B", rand() % 4, rand() % 3);
    } else {
        ui_set_focus(&bench->ui, ui_id(&bench->ui, "field"));
    }
}

static void test_random_user(void **state)
{
    Bench *bench = *state;
    srand(20240607);
    bench->field.limit = 300;
    size_t boundaries = 0, checks = 0;
    for (int event = 0; event < 100000; event++) {
        random_event(bench);
        if (rand() % 3 != 0) { frame(bench); }
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

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

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
