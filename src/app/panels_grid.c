/* The head grid: all layers x heads as cells, coloured by a measure or by a pattern's score. */
#include "app/command.h"
#include "app/panels.h"
#include "base/base.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CELL_MAX 24.0f
#define CELL_NUMBER 14.0f /* from this size on rows and columns of the grid are numbered */

/* Scores of a pattern: from the probe set, or, as long as there are none, from this text. */
static void fill_by_pattern(App *app, const Attention *a)
{
    PatternScores *own = NULL;
    const PatternScores *scores = app->patterns;
    if (scores == NULL || scores->layers != a->layers || scores->heads != a->heads) {
        own = pattern_new(a->layers, a->heads);
        pattern_add_trace(own, app->trace);
        scores = own;
    }
    for (int layer = 0; layer < a->layers; layer++) {
        for (int head = 0; head < a->heads; head++) {
            float score = pattern_score(scores, (Pattern)app->grid_pattern, layer, head);
            app->grid[layer * a->heads + head] = isnan(score) ? 0 : clamp_float(score, 0, 1);
        }
    }
    pattern_free(own);
}

/* Of a trace of gigabytes a layer is read when it is shown. */
static void measure_layer(App *app, const Attention *a)
{
    float *row = app->grid + app->view.layer * a->heads;
    if (!isnan(row[0])) { return; }
    for (int head = 0; head < a->heads; head++) {
        Measure measure = app->measure == MEASURE_LINK ? MEASURE_ENTROPY : app->measure;
        row[head] = measure_head(app->trace, app->view.attention, measure, app->view.layer, head);
    }
}

static void update_grid(App *app)
{
    const Attention *a = &app->trace->attention[app->view.attention];
    bool huge = trace_weight_count(app->trace, app->view.attention) > 8 * APP_MOST_AT_ONCE;
    if (huge && app->grid != NULL) { measure_layer(app, a); }
    Target subject = panels_subject(app);
    bool link = app->grid_pattern < 0 && app->measure == MEASURE_LINK;
    if (app->grid != NULL && !(link && !target_equal(subject, app->grid_link))) { return; }
    free(app->grid);
    app->grid = calloc((size_t)a->layers * (size_t)a->heads, sizeof(float));
    app->grid_link = subject;
    if (app->grid == NULL) { return; }
    if (huge) {
        for (int i = 0; i < a->layers * a->heads; i++) { app->grid[i] = NAN; }
        measure_layer(app, a);
        return;
    }
    if (app->grid_pattern >= 0) {
        fill_by_pattern(app, a);
        return;
    }
    measure_heads(app->trace, app->view.attention, app->measure, subject.query, subject.key,
                  app->grid);
}

/* Click: this head alone; with Shift: added; double click: all heads of the layer. */
static void click_cell(App *app, int layer, int head, unsigned did)
{
    bool same_layer = layer == app->view.layer;
    bool shift = (app->ui.input->modifiers & MOD_SHIFT) != 0;
    command_do_format(app, "layer:set %d", layer);
    if ((did & UI_DOUBLE_CLICKED) != 0) {
        command_do(app, "head:all");
    } else if (shift && same_layer) {
        command_do_format(app, "head:toggle %d", head);
    } else {
        command_do_format(app, "head:set %d", head);
    }
}

static void show_cell(App *app, Rect cell, int layer, int head, float value)
{
    Ui *ui = &app->ui;
    const Theme *theme = app->view.theme;
    Rect ink = rect_inset(cell, cell.w > 9 ? 1 : 0.5f);
    drawing_rect(ui->drawing, ink, cell.w > 12 ? 3 : 1,
                 isnan(value) ? theme->faint : palette_map(COLORMAP_BLUES, value, theme->dark));
    bool chosen = layer == app->view.layer && headset_has(&app->view.heads, head);
    if (chosen) { drawing_frame(ui->drawing, rect_inset(cell, 0), 4, 2, theme->accent); }
    int heads = app->trace->attention[app->view.attention].heads;
    bool known = app->view.attention == trace_first_kind(app->trace) &&
                 app->trace->heads_off != NULL; /* it is about those */
    if (known && app->trace->heads_off[layer * heads + head] != 0) {
        Vec a = {cell.x + 4, cell.y + 4}, b = {cell.x + cell.w - 4, cell.y + cell.h - 4};
        drawing_line(ui->drawing, a, b, 1.8f, theme->ink);
        drawing_line(ui->drawing, (Vec){a.x, b.y}, (Vec){b.x, a.y}, 1.8f, theme->ink);
    }
    ui_push_index(ui, head);
    unsigned did = ui_area(ui, ui_id(ui, "cell"), cell, 0);
    ui_pop_id(ui);
    if ((did & UI_HOVERED) != 0) {
        drawing_frame(ui->drawing, cell, 4, 1.5f, theme->ink);
        char tip[200];
        static const char *const names[MEASURES] = {"entropy, of the largest possible",
                                                    "mean distance, of the longest",
                                                    "on special tokens", "strongest link"};
        const char *what =
            app->grid_pattern >= 0 ? pattern_table[app->grid_pattern].title : names[app->measure];
        int shows =
            app->patterns != NULL && layer < app->patterns->layers && head < app->patterns->heads
                ? pattern_of_head(app->patterns, layer, head)
                : -1;
        snprintf(tip, sizeof tip, "Layer %d, head %d%s%s\n%.3f %s", layer, head,
                 shows >= 0 ? ": " : "", shows >= 0 ? pattern_table[shows].title : "",
                 (double)value, what);
        ui_tooltip_now(ui, tip);
    }
    if ((did & (UI_PRESSED | UI_DOUBLE_CLICKED)) != 0) { click_cell(app, layer, head, did); }
}

void panels_grid(App *app, Rect *rest)
{
    const char *labels[MEASURES + PATTERNS] = {"Entropy", "Distance", "Special", "Link"};
    static const char *const names[MEASURES] = {"entropy", "distance", "special", "link"};
    Ui *ui = &app->ui;
    for (int i = 0; i < PATTERNS; i++) { labels[MEASURES + i] = pattern_table[i].title; }
    Rect heading = ui_cut_top(rest, PANELS_HEADING + 4);
    ui_label(ui, heading, "Heads by", UI_TONE_SMALL, TEXT_LEFT);
    int choice = app->grid_pattern >= 0 ? MEASURES + app->grid_pattern : (int)app->measure;
    Rect field = {heading.x + 62, heading.y - 1, heading.w - 62, 24};
    if (ui_choice(ui, field, "measure", labels, MEASURES + PATTERNS, &choice)) {
        command_do_format(app, "grid:measure %s",
                          choice < MEASURES ? names[choice]
                                            : pattern_table[choice - MEASURES].name);
    }
    if (app->trace == NULL) { return; }
    update_grid(app);
    const Attention *a = &app->trace->attention[app->view.attention];
    float label = 18, cell = min_float((rest->w - label) / (float)a->heads, CELL_MAX);
    cell = min_float(cell, max_float((rest->h - 230) / (float)a->layers, 5));
    ui_cut_top(rest, 2);
    Rect grid = ui_cut_top(rest, cell * (float)a->layers + 16);
    ui_cut_top(rest, PANELS_GAP - 4);
    if (app->grid == NULL) { return; }
    ui_push_id(ui, "grid");
    TextStyle style = {.size = 10.5f, .color = app->view.theme->muted, .align = TEXT_CENTER};
    int every = cell >= CELL_NUMBER ? 1 : 4 * max_int((int)ceilf(18 / (4 * cell)), 1);
    for (int head = 0; head < a->heads; head += every) {
        drawing_text_format(ui->drawing,
                            (Vec){grid.x + label + ((float)head + 0.5f) * cell, grid.y + 10},
                            &style, "%d", head);
    }
    for (int layer = 0; layer < a->layers; layer++) {
        float y = grid.y + 15 + (float)layer * cell;
        style.color = layer == app->view.layer ? app->view.theme->ink : app->view.theme->muted;
        style.weight = layer == app->view.layer ? FONT_BOLD : FONT_REGULAR;
        if (layer % every == 0 || layer == app->view.layer) {
            drawing_text_format(ui->drawing, (Vec){grid.x + label / 2 - 2, y + cell / 2 + 4},
                                &style, "%d", layer);
        }
        ui_push_index(ui, layer);
        for (int head = 0; head < a->heads; head++) {
            Rect rect = {grid.x + label + (float)head * cell, y, cell, cell};
            show_cell(app, rect, layer, head,
                      app->grid[(size_t)layer * (size_t)a->heads + (size_t)head]);
        }
        ui_pop_id(ui);
    }
    ui_pop_id(ui);
}
