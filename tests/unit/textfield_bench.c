#include "textfield_bench.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const Rect textfield_bench_place = {20, 20, 300, 36};
static const float TEXT_X = 30; /* where the text begins in it */

static char *copy_or_null(const char *text) { return text != NULL ? mem_copy_string(text) : NULL; }
static char *get_clipboard(void *user) { return copy_or_null(((TextfieldBench *)user)->clipboard); }
static char *get_primary(void *user) { return copy_or_null(((TextfieldBench *)user)->primary); }

void textfield_bench_keep(char **slot, const char *text)
{
    free(*slot);
    *slot = mem_copy_string(text);
}

static void set_clipboard(void *user, const char *text)
{
    textfield_bench_keep(&((TextfieldBench *)user)->clipboard, text);
}

static void set_primary(void *user, const char *text)
{
    textfield_bench_keep(&((TextfieldBench *)user)->primary, text);
}

unsigned textfield_bench_frame(TextfieldBench *bench)
{
    drawing_begin(bench->drawing, (Rect){0, 0, 640, 400}, (Color){255, 255, 255, 255});
    ui_begin(&bench->ui, &bench->input, bench->drawing, palette_theme(false));
    unsigned did =
        textfield_show(&bench->ui, textfield_bench_place, "field", &bench->field, "Type");
    ui_end(&bench->ui);
    input_clear(&bench->input);
    return did;
}

unsigned textfield_bench_key(TextfieldBench *bench, int name, unsigned modifiers)
{
    input_add_key(&bench->input, name, modifiers, false);
    return textfield_bench_frame(bench);
}

unsigned textfield_bench_type(TextfieldBench *bench, const char *text)
{
    input_add_text(&bench->input, text);
    return textfield_bench_frame(bench);
}

unsigned textfield_bench_point(TextfieldBench *bench, float x, unsigned buttons, int clicks)
{
    Input *input = &bench->input;
    input->mouse = (Vec){x, textfield_bench_place.y + textfield_bench_place.h / 2};
    input->mouse_inside = true;
    input->pressed = buttons & ~input->buttons;
    input->released = input->buttons & ~buttons;
    input->buttons = buttons;
    input->clicks = clicks;
    return textfield_bench_frame(bench);
}

void textfield_bench_click(TextfieldBench *bench, float x, int clicks)
{
    textfield_bench_point(bench, x, BUTTON_LEFT, clicks);
    textfield_bench_point(bench, x, 0, 0);
}

float textfield_bench_page_x(TextfieldBench *bench, size_t at)
{
    return TEXT_X - bench->field.scroll + textfield_x(&bench->field, bench->drawing, at);
}

int textfield_bench_start(void **state)
{
    TextfieldBench *bench = mem_zero(1, sizeof *bench);
    Error err;
    bench->fonts = font_open(&err);
    if (bench->fonts == NULL) { return -1; }
    bench->drawing = drawing_new(bench->fonts);
    bench->ui.clipboard =
        (UiClipboard){bench, get_clipboard, set_clipboard, get_primary, set_primary};
    bench->input.time = 1000;
    textfield_bench_frame(bench);
    ui_set_focus(&bench->ui, ui_id(&bench->ui, "field"));
    *state = bench;
    return 0;
}

int textfield_bench_stop(void **state)
{
    TextfieldBench *bench = *state;
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

const DrawCommand *textfield_bench_find_text(const TextfieldBench *bench, const char *text)
{
    for (int i = 0; i < bench->drawing->count; i++) {
        const DrawCommand *command = &bench->drawing->commands[i];
        if (command->kind == DRAW_TEXT && strcmp(command->u.text.string, text) == 0) {
            return command;
        }
    }
    return NULL;
}

void textfield_bench_assert_selected(const TextfieldBench *bench, const char *wanted)
{
    size_t from, to;
    textfield_selection(&bench->field, &from, &to);
    assert_int_equal(to - from, strlen(wanted));
    assert_memory_equal(textfield_text(&bench->field) + from, wanted, to - from);
}
