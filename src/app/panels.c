#include "app/panels.h"

#include "app/app_lesson.h"
#include "app/command.h"
#include "app/keymap.h"
#include "base/base.h"
#include "base/buffer.h"
#include "view/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_HEIGHT 40.0f
#define FIELD_TEXT 18.0f
#define CHIP_HEIGHT 25.0f
#define CHIP_GAP 4.0f
#define EXAMPLES_WIDTH 112.0f
#define HISTORY_WIDTH 98.0f
enum { MAX_EXAMPLES = 64, MAX_LESSONS = 16 };

/* --- top: sentence and tokens ------------------------------------------------------------------ */

float panels_top_height(const App *app)
{
    float fields = app->pair_open ? 2 * FIELD_HEIGHT + 6 : FIELD_HEIGHT;
    return PANELS_PAD + fields + 8 + CHIP_HEIGHT + 9;
}

static void show_field(App *app, Rect rect, const char *name, TextField *field,
                       const char *placeholder)
{
    field->size = FIELD_TEXT;
    unsigned did = textfield_show(&app->ui, rect, name, field, placeholder);
    if ((did & TEXTFIELD_CHANGED) != 0) {
        if (app->model == NULL && app->trace != NULL) {
            app_say(app, true, "A trace file is shown; open a model to run another sentence.");
        } else {
            app_run(app, NULL);
        }
    }
    if ((did & TEXTFIELD_OVERLONG) != 0) {
        app_say(app, true, "The text is too long for the field; its end was left out.");
    }
}

/* What the piece was in the text: for [UNK] the only way to know. */
static void describe_token(const Encoding *encoding, int index, char *text, size_t size)
{
    const Token *token = &encoding->tokens[index];
    const char *source = encoding->text[token->side];
    int used = snprintf(text, size, "token %d, id %d%s", index, token->id,
                        encoding->text[1] == NULL ? ""
                        : token->side == 0        ? ", text A"
                                                  : ", text B");
    if (source != NULL && token->end > token->start) {
        snprintf(text + used, size - (size_t)used, "\nfrom \u201C%.*s\u201D",
                 min_int(token->end - token->start, 120), source + token->start);
    }
}

/* A chip per token, its word as a tooltip; those that do not fit are counted. */
static void show_chips(App *app, Rect rect)
{
    if (app->trace == NULL) { return; }
    Ui *ui = &app->ui;
    /* Of attention between two texts the chips are those that look. */
    const Encoding *encoding = app->trace->attention[app->view.attention].query_tokens;
    Target hover = view_plain_target(&app->view, app->view.hover);
    ui_push_id(ui, "chips");
    for (int i = 0; i < encoding->count; i++) {
        const Token *token = &encoding->tokens[i];
        const char *text = parts_token_text(token);
        float width = ui_chip_width(ui, text);
        if (width + 60 > rect.w && i < encoding->count - 1) {
            char rest[40];
            snprintf(rest, sizeof rest, "+%d", encoding->count - i);
            ui_label(ui, rect, rest, UI_TONE_SMALL, TEXT_LEFT);
            break;
        }
        Target target = {TARGET_QUERY, -1, -1, i, -1};
        bool on = view_is_pinned(&app->view, target) || hover.query == i || hover.key == i;
        ui_push_index(ui, i);
        Rect chip = ui_cut_left(&rect, width);
        unsigned did = ui_chip(ui, chip, text, (Color){0},
                               (on ? UI_ON : 0u) | (token->special ? UI_QUIET : 0u));
        char tip[256];
        describe_token(encoding, i, tip, sizeof tip);
        ui_tooltip(ui, chip, tip);
        ui_pop_id(ui);
        if ((did & UI_HOVERED) != 0) { app->chip_hover = target; }
        if ((did & UI_CLICKED) != 0) { command_do_format(app, "pin:query %d", i); }
        ui_cut_left(&rect, CHIP_GAP);
    }
    ui_pop_id(ui);
}

/* A menu: what each example shows, and in which head. */
static void choose_example(App *app, Rect rect)
{
    const char *labels[MAX_EXAMPLES + 1 + MAX_LESSONS];
    int count = min_int(app->example_count, MAX_EXAMPLES), index = -1;
    Arena scratch = {0};
    for (int i = 0; i < count; i++) {
        const Example *example = &app->examples[i];
        labels[i] = arena_format(&scratch, "%s:  %s%s%s", example->title, example->text,
                                 example->pair != NULL ? "  \u00B7  " : "",
                                 example->pair != NULL ? example->pair : "");
    }
    rect = ui_center(rect, rect.w, 32);
    int by_hand = count;
    labels[count++] = "By hand:  Thinking Machines, scores 112 and 96";
    int lessons = count;
    for (int i = 0; i < app->lesson_count && count < MAX_EXAMPLES + MAX_LESSONS; i++) {
        labels[count++] = arena_format(&scratch, "Lesson:  %s", app->lessons[i].title);
    }
    if (ui_choice(&app->ui, rect, "Examples", labels, count, &index)) {
        if (index >= lessons) {
            command_do_format(app, "lesson:open %s", app->lessons[index - lessons].path);
        } else if (index == by_hand) {
            command_do(app, "step:example");
        } else {
            command_do_format(app, "text:example %d", index);
        }
    }
    ui_tooltip(&app->ui, rect, "Sentences to try; Ctrl+E takes the next one");
    arena_free(&scratch);
}

static void choose_history(App *app, Rect rect)
{
    const char *labels[APP_MAX_HISTORY];
    int index = -1;
    for (int i = 0; i < app->history_count; i++) { labels[i] = app->history[i]; }
    rect = ui_center(rect, rect.w, 32);
    if (ui_choice(&app->ui, rect, "History", labels, app->history_count, &index)) {
        command_do_format(app, "text:history %d", index);
    }
    ui_tooltip(&app->ui, rect, "The last sentences");
}

void panels_top(App *app, Rect rect)
{
    Ui *ui = &app->ui;
    ui_panel(ui, rect);
    Rect inner = rect_inset(rect, PANELS_PAD);
    inner.h = rect.h - PANELS_PAD;
    Rect row = ui_cut_top(&inner, FIELD_HEIGHT);
    static const struct {
        const char *label, *command, *tip;
    } buttons[] = {
        {"Figure", "figure:dialog", "Save or copy the figure (Ctrl+Shift+S); Ctrl+S saves at once"},
        {"Theme", "theme", "Light or dark (Ctrl+T)"},
        {"Pair", "pair:toggle", "A second sentence (Ctrl+P)"},
    };
    for (size_t i = 0; i < COUNTOF(buttons); i++) {
        unsigned flags = i == 0 ? UI_PRIMARY : i == 2 && app->pair_open ? UI_ON : 0;
        Rect button = ui_cut_right(&row, ui_button_width(ui, buttons[i].label, flags) + 4);
        button = ui_center(button, button.w, 32);
        if (ui_button(ui, button, buttons[i].label, flags)) { command_do(app, buttons[i].command); }
        ui_tooltip(ui, button, buttons[i].tip);
        ui_cut_right(&row, 8);
    }
    choose_example(app, ui_cut_right(&row, EXAMPLES_WIDTH));
    ui_cut_right(&row, 8);
    if (app->session != NULL) {
        choose_history(app, ui_cut_right(&row, HISTORY_WIDTH));
        ui_cut_right(&row, 8);
    }
    show_field(app, row, "sentence", &app->text, "Type a sentence");
    if (app->pair_open) {
        ui_cut_top(&inner, 6);
        Rect second = ui_cut_top(&inner, FIELD_HEIGHT);
        second.w = row.w;
        show_field(app, second, "pair", &app->pair, "Type a second sentence");
    }
    ui_cut_top(&inner, 8);
    show_chips(app, ui_cut_top(&inner, CHIP_HEIGHT));
    ui_separator(ui, (Rect){rect.x, rect.y + rect.h - 1, rect.w, 1});
}

/* --- left: model, view, grid, filters ---------------------------------------------------------- */

/* In a low window what does not fit is left out whole; the keys still do it. */
static bool has_room(const Rect *rest, float height) { return rest->h >= height; }

static Rect section(App *app, Rect *rest, const char *title, float height)
{
    if (title != NULL) {
        ui_label(&app->ui, ui_cut_top(rest, PANELS_HEADING), title, UI_TONE_SMALL, TEXT_LEFT);
    }
    Rect rect = ui_cut_top(rest, height);
    ui_cut_top(rest, PANELS_GAP);
    return rect;
}

static void choose_model(App *app, Rect *rest)
{
    const char *labels[64];
    int count = min_int(app->model_count, (int)COUNTOF(labels)), index = -1;
    Arena scratch = {0};
    for (int i = 0; i < count; i++) {
        labels[i] = app->models[i].problem == NULL
                        ? app->models[i].name
                        : arena_format(&scratch, "(%s: can't be opened)", app->models[i].name);
        if (app->model != NULL && strcmp(app->models[i].folder, model_folder(app->model)) == 0) {
            index = i;
        }
    }
    const char *shown = app->model != NULL   ? model_name(app->model)
                        : app->trace != NULL ? app->trace->model
                                             : "Choose a model";
    Rect rect = section(app, rest, "Model", UI_ROW);
    if (ui_choice(&app->ui, rect, shown, labels, count, &index)) {
        const ModelPlace *place = &app->models[index];
        command_do_format(app, "model:open %s",
                          place->problem == NULL ? place->folder : place->name);
    }
    arena_free(&scratch);
}

/* Two rows of views. */
static void choose_view(App *app, Rect *rest)
{
    enum { COLUMNS = 3, MOST = 9 };
    const char *labels[MOST];
    int count = min_int(view_count(), MOST);
    for (int i = 0; i < count; i++) { labels[i] = view_table[i].title; }
    int rows = (count + COLUMNS - 1) / COLUMNS;
    Rect rect = section(app, rest, "View", (float)rows * (UI_ROW + 4) - 4);
    for (int row = 0; row < rows; row++) {
        int first = row * COLUMNS, index = app->view.view - first;
        ui_push_index(&app->ui, row);
        if (ui_segments(&app->ui, ui_cut_top(&rect, UI_ROW), "view", labels + first,
                        min_int(count - first, COLUMNS), &index)) {
            command_do_format(app, "view:set %s", view_table[first + index].name);
        }
        ui_pop_id(&app->ui);
        ui_cut_top(&rect, 4);
    }
}

/* Encoder, decoder, cross: where a trace has more than one of them. */
static void choose_kind(App *app, Rect *rest)
{
    static const char *const titles[] = {"encoder", "decoder", "cross: decoder to encoder"};
    static const char *const names[] = {"self", "decoder", "cross"};
    const char *labels[ATTENTION_KINDS];
    int kinds[ATTENTION_KINDS], count = 0, index = -1;
    for (int kind = 0; app->trace != NULL && kind < ATTENTION_KINDS; kind++) {
        if (app->trace->attention[kind].weights == NULL) { continue; }
        if (kind == (int)app->view.attention) { index = count; }
        labels[count] = titles[kind];
        kinds[count++] = kind;
    }
    if (count < 2 || !has_room(rest, PANELS_HEADING + UI_ROW)) { return; }
    if (ui_choice(&app->ui, section(app, rest, "Attention", UI_ROW), "attention", labels, count,
                  &index)) {
        command_do_format(app, "attention %s", names[kinds[index]]);
    }
}

static void choose_filters(App *app, Rect *rest)
{
    static const char *const special[] = {"Show", "Hide", "Rescale"};
    static const char *const special_names[] = {"shown", "hidden", "renormalised"};
    static const char *const pairs[] = {"All", "A\u2192A", "A\u2192B", "B\u2192A", "B\u2192B"};
    static const char *const pair_names[] = {"all", "aa", "ab", "ba", "bb"};
    Ui *ui = &app->ui;
    if (!has_room(rest, PANELS_HEADING + UI_ROW)) { return; }
    int index = (int)app->view.special;
    if (ui_segments(ui, section(app, rest, "[CLS] and [SEP]", UI_ROW), "special", special, 3,
                    &index)) {
        command_do_format(app, "special %s", special_names[index]);
    }
    if (app->trace != NULL && app->trace->encoding->text[1] != NULL) {
        index = (int)app->view.pair;
        if (ui_segments(ui, section(app, rest, "Which text looks at which", UI_ROW), "filter",
                        pairs, 5, &index)) {
            command_do_format(app, "filter %s", pair_names[index]);
        }
    }
}

/* How many keys of each query get lines: a number of them, or as many as make up a share. */
static void choose_strongest(App *app, Rect *rest)
{
    static const struct {
        const char *label;
        int k;
        float p;
    } choices[] = {{"each query: all keys", 0, 1},     {"each query: strongest key", 1, 1},
                   {"each query: 2 strongest", 2, 1},  {"each query: 3 strongest", 3, 1},
                   {"each query: 5 strongest", 5, 1},  {"each query: half its weight", 0, 0.5f},
                   {"each query: 90 % of it", 0, 0.9f}};
    const char *labels[COUNTOF(choices)];
    int index = -1;
    for (size_t i = 0; i < COUNTOF(choices); i++) {
        labels[i] = choices[i].label;
        if (choices[i].k == app->view.top_k && fabsf(choices[i].p - app->view.top_p) < 1e-3f) {
            index = (int)i;
        }
    }
    if (!has_room(rest, UI_ROW)) { return; }
    if (ui_choice(&app->ui, section(app, rest, NULL, UI_ROW), "each query: chosen", labels,
                  COUNTOF(choices), &index)) {
        command_do_format(app, "top:k %d", choices[index].k);
        command_do_format(app, "top:p %g", (double)choices[index].p);
    }
}

static void choose_lines(App *app, Rect *rest)
{
    UiSlider threshold = {
        .label = "Lines from", .maximum = 0.5f, .step = 0.01f, .reset = 0.02f, .decimals = 2};
    if (!has_room(rest, 38)) { return; }
    float value = app->view.threshold;
    if (ui_slider(&app->ui, section(app, rest, NULL, 38), &threshold, &value)) {
        command_do_format(app, "threshold:set %g", (double)value);
    }
    UiSlider contrast = {.label = "Contrast",
                         .minimum = 0.3f,
                         .maximum = 2,
                         .step = 0.1f,
                         .reset = 0.7f,
                         .decimals = 1};
    if (!has_room(rest, 38)) { return; }
    value = app->view.contrast;
    if (ui_slider(&app->ui, section(app, rest, NULL, 38), &contrast, &value)) {
        command_do_format(app, "contrast %g", (double)value);
    }
}

static void choose_colors(App *app, Rect *rest)
{
    static const char *const scales[] = {"Linear", "Log"};
    Ui *ui = &app->ui;
    const char *maps[COLORMAPS];
    for (int map = 0; map < COLORMAP_DIVERGING; map++) {
        maps[map] = palette_map_name((ColorMap)map);
    }
    if (!has_room(rest, PANELS_HEADING + UI_ROW)) { return; }
    Rect row = section(app, rest, "Colours", UI_ROW);
    int index = (int)app->view.map;
    if (ui_choice(ui, ui_column(row, 0, 2, 8), "map", maps, COLORMAP_DIVERGING, &index)) {
        command_do_format(app, "heatmap:map %s", maps[index]);
    }
    index = app->view.logarithmic;
    if (ui_segments(ui, ui_column(row, 1, 2, 8), "scale", scales, 2, &index)) {
        command_do(app, index != 0 ? "heatmap:scale log" : "heatmap:scale linear");
    }
}

static void choose_thumbnails(App *app, Rect *rest)
{
    static const char *const kinds[] = {"Heatmaps", "Lines"};
    if (!has_room(rest, PANELS_HEADING + UI_ROW)) { return; }
    int index = app->view.thumbnail_lines;
    if (ui_segments(&app->ui, section(app, rest, "Each head as", UI_ROW), "thumbnails", kinds, 2,
                    &index)) {
        command_do(app, index != 0 ? "thumbnails lines" : "thumbnails heatmaps");
    }
}

static void choose_flow(App *app, Rect *rest)
{
    static const char *const kinds[FLOW_KINDS] = {"Weights", "Rollout", "Max flow"};
    static const char *const names[FLOW_KINDS] = {"attention", "rollout", "maximum"};
    if (!has_room(rest, PANELS_HEADING + UI_ROW)) { return; }
    int index = (int)app->view.flow;
    if (ui_segments(&app->ui, section(app, rest, "What flows", UI_ROW), "flow", kinds, FLOW_KINDS,
                    &index)) {
        command_do_format(app, "flow:kind %s", names[index]);
    }
}

/* The second sentence, or a model. */
static void choose_other(App *app, Rect *rest)
{
    const char *labels[64] = {"Second sentence"};
    Arena scratch = {0};
    int count = 1, index = 0;
    if (app->model != NULL) {
        labels[count++] = arena_format(&scratch, "%s%s", model_name(app->model), MODEL_UNTRAINED);
    }
    for (int i = 0; i < app->model_count && count < (int)COUNTOF(labels); i++) {
        if (app->models[i].problem != NULL) { continue; }
        labels[count++] = app->models[i].name;
    }
    for (int i = 1; i < count && app->compare_model != NULL; i++) {
        if (strcmp(app->compare_model, labels[i]) == 0) { index = i; }
    }
    bool room = has_room(rest, PANELS_HEADING + UI_ROW);
    if (room && ui_choice(&app->ui, section(app, rest, "Compare with", UI_ROW), "other", labels,
                          count, &index)) {
        command_do_format(app, "compare:model%s%s", index > 0 ? " " : "",
                          index > 0 ? labels[index] : "");
    }
    arena_free(&scratch);
}

static void choose_combination(App *app, Rect *rest)
{
    static const char *const labels[COMBINES] = {"one by one",
                                                 "their mean",
                                                 "their maximum",
                                                 "mean of all layers",
                                                 "maximum of all layers",
                                                 "rollout to this layer"};
    static const char *const names[COMBINES] = {"none",        "mean",       "max",
                                                "layers-mean", "layers-max", "rollout"};
    if (!has_room(rest, PANELS_HEADING + UI_ROW)) { return; }
    int index = (int)app->view.combine;
    if (ui_choice(&app->ui, section(app, rest, "Chosen heads", UI_ROW), "combine", labels, COMBINES,
                  &index)) {
        command_do_format(app, "head:combine %s", names[index]);
    }
}

static void choose_words(App *app, Rect *rest)
{
    static const char *const kinds[] = {"Pieces", "Words"};
    if (!has_room(rest, UI_ROW)) { return; }
    int index = app->view.words;
    if (ui_segments(&app->ui, section(app, rest, NULL, UI_ROW), "words", kinds, 2, &index)) {
        command_do(app, index != 0 ? "words words" : "words pieces");
    }
}

void panels_left(App *app, Rect rect)
{
    ui_panel(&app->ui, rect);
    ui_separator(&app->ui, (Rect){rect.x + rect.w - 1, rect.y, 1, rect.h});
    Rect clip = drawing_set_clip(app->ui.drawing, rect);
    Rect rest = rect_inset(rect, PANELS_PAD);
    choose_model(app, &rest);
    choose_view(app, &rest);
    panels_grid(app, &rest);
    const char *view = view_table[app->view.view].name;
    if (app_walking(app)) {
        if (app->trace != NULL) { panels_step(app, &rest); }
        drawing_set_clip(app->ui.drawing, clip);
        return;
    }
    choose_kind(app, &rest);
    choose_filters(app, &rest);
    if (strcmp(view, "head") == 0 || strcmp(view, "heatmap") == 0) {
        choose_words(app, &rest);
        choose_combination(app, &rest);
    }
    if (strcmp(view, "model") == 0) { choose_thumbnails(app, &rest); }
    if (strcmp(view, "flow") == 0) { choose_flow(app, &rest); }
    if (app_comparing(app)) { choose_other(app, &rest); }
    if (strcmp(view, "heatmap") == 0 || app_comparing(app) ||
        (strcmp(view, "model") == 0 && !app->view.thumbnail_lines)) {
        choose_colors(app, &rest);
    } else {
        choose_lines(app, &rest);
    }
    if (strcmp(view, "head") == 0) { choose_strongest(app, &rest); }
    drawing_set_clip(app->ui.drawing, clip);
}

/* --- help -------------------------------------------------------------------------------------- */

void panels_help(App *app, Rect window)
{
    enum { ROW_HEIGHT = 24 };
    Ui *ui = &app->ui;
    int lines = 0;
    for (const KeyBinding *key = keymap_table; key->command != NULL; key++) {
        lines += key->keys != NULL;
    }
    int rows = (lines + 1) / 2;
    Rect box = ui_center(window, min_float(window.w - 20, 980),
                         min_float(window.h - 20, (float)(rows * ROW_HEIGHT + 92)));
    ui_overlay_begin(ui, box, true);
    Rect inner = rect_inset(box, 22);
    ui_label(ui, ui_cut_top(&inner, 26), "Keys and mouse", UI_TONE_HEADING, TEXT_LEFT);
    ui_cut_top(&inner, 6);
    int line = 0;
    for (const KeyBinding *key = keymap_table; key->command != NULL; key++) {
        if (key->keys == NULL) { continue; }
        Rect column = ui_column(inner, line / max_int(rows, 1), 2, 24);
        Rect row = {column.x, column.y + (float)(line % max_int(rows, 1) * ROW_HEIGHT), column.w,
                    ROW_HEIGHT};
        ui_label(ui, ui_cut_left(&row, 104), key->keys, UI_TONE_HEADING, TEXT_LEFT);
        ui_label(ui, row, key->help, UI_TONE_INK, TEXT_LEFT);
        line++;
    }
    unsigned did = ui_area(ui, ui_id(ui, "help"), window, 0);
    ui_overlay_end(ui);
    bool outside = (ui->pressed & BUTTON_LEFT) != 0 && !rect_contains(box, ui->input->mouse);
    if (outside || (did & UI_CLICKED) != 0) { command_do(app, "help"); }
}
