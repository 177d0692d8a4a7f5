/* The dialog for figures: how the figure comes out at the left, what can be chosen at the right. */
#include "app/command.h"
#include "app/export.h"
#include "app/panels.h"
#include "base/base.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 980.0f
#define HEIGHT 640.0f
#define SIDE 288.0f /* the column of choices */
#define PAD 20.0f
#define CHECKER 9.0f
#define ROW_GAP 9.0f
#define AUTO_FONT 3.5f /* left of this the slider means: as the size makes it */

/* What shows through where a figure has no background. */
static void draw_checker(Drawing *drawing, Rect rect, const Theme *theme)
{
    drawing_rect(drawing, rect, 0, theme->background);
    Rect clip = drawing_set_clip(drawing, rect_intersect(drawing->clip, rect));
    for (int row = 0; (float)row * CHECKER < rect.h; row++) {
        for (int col = row % 2; (float)col * CHECKER < rect.w; col += 2) {
            drawing_rect(drawing,
                         (Rect){rect.x + (float)col * CHECKER, rect.y + (float)row * CHECKER,
                                CHECKER, CHECKER},
                         0, color_fade(theme->muted, 0.18f));
        }
    }
    drawing_set_clip(drawing, clip);
}

static void draw_preview(App *app, Rect area)
{
    const Theme *theme = app->view.theme;
    Drawing *figure = drawing_new(app->fonts), *screen = app->ui.drawing;
    float zoom = export_draw(app, figure);
    float scale = min_float(area.w / figure->page.w, (area.h - 24) / figure->page.h);
    Rect paper = {0, 0, figure->page.w * scale, figure->page.h * scale};
    paper.x = area.x + (area.w - paper.w) / 2;
    paper.y = area.y + (area.h - 24 - paper.h) / 2;
    if (figure->background.a < 255) {
        draw_checker(screen, paper, theme);
    } else {
        drawing_rect(screen, paper, 0, figure->background);
    }
    Rect clip = drawing_set_clip(screen, rect_intersect(screen->clip, paper));
    drawing_append_scaled(screen, figure, (Vec){paper.x, paper.y}, scale);
    drawing_set_clip(screen, clip);
    drawing_frame(screen, rect_inset(paper, -1), 0, 1, theme->border);
    char size[120];
    float width = figure->page.w * zoom, height = figure->page.h * zoom, pixels = app->figure.scale;
    snprintf(size, sizeof size,
             "%.0f x %.0f points (%.2f x %.2f inches), %.0f x %.0f pixels; tokens %.1f points",
             (double)width, (double)height, (double)width / 72, (double)height / 72,
             (double)ceilf(width * pixels - 0.01f), (double)ceilf(height * pixels - 0.01f),
             (double)(app->view.text_size * zoom));
    ui_label(&app->ui, (Rect){area.x, area.y + area.h - 18, area.w, 18}, size, UI_TONE_SMALL,
             TEXT_CENTER);
    drawing_free(figure);
}

static Rect row(Rect *rest, float height)
{
    Rect cut = ui_cut_top(rest, height);
    ui_cut_top(rest, ROW_GAP);
    return cut;
}

/* The figure's size, with the list of presets; a size given in numbers is none of them. */
static void choose_size(App *app, Rect *rest)
{
    const char *labels[16];
    int count = 0, index = app->figure.size.x > 0 ? -1 : app->figure.preset;
    for (; count < (int)COUNTOF(labels) && figure_presets[count].name != NULL; count++) {
        labels[count] = figure_presets[count].title;
    }
    char given[48];
    snprintf(given, sizeof given, "%.0f x %.0f points", (double)app->figure.size.x,
             (double)app->figure.size.y);
    ui_push_id(&app->ui, "size");
    if (ui_choice(&app->ui, row(rest, UI_ROW), given, labels, count, &index)) {
        command_do_format(app, "figure:preset %s", figure_presets[index].name);
    }
    ui_pop_id(&app->ui);
}

static void choose_format(App *app, Rect *rest)
{
    static const char *const labels[] = {"PNG", "SVG", "PDF", "CSV", "JSON"};
    static const char *const names[] = {"png", "svg", "pdf", "csv", "json"};
    int index = 0;
    for (int i = 0; i < (int)COUNTOF(names); i++) {
        if (strcmp(app->figure.format, names[i]) == 0) { index = i; }
    }
    if (ui_segments(&app->ui, row(rest, UI_ROW), "format", labels, COUNTOF(labels), &index)) {
        command_do_format(app, "figure:format %s", names[index]);
    }
    if (index == 0) {
        float scale = app->figure.scale;
        UiSlider slider = {.label = "Pixels per point",
                           .minimum = 1,
                           .maximum = FIGURE_MAX_SCALE,
                           .step = 0.5f,
                           .reset = FIGURE_SCALE,
                           .decimals = 1};
        if (ui_slider(&app->ui, row(rest, 36), &slider, &scale)) {
            command_do_format(app, "figure:scale %g", (double)scale);
        }
    }
}

static void choose_type(App *app, Rect *rest)
{
    float font = max_float(app->figure.font_size, AUTO_FONT);
    UiSlider slider = {.label = "Tokens, points",
                       .minimum = AUTO_FONT,
                       .maximum = 40,
                       .step = 0.5f,
                       .reset = AUTO_FONT,
                       .decimals = 1,
                       .text = font > AUTO_FONT ? NULL : "as the size makes them"};
    if (ui_slider(&app->ui, row(rest, 36), &slider, &font)) {
        command_do_format(app, "figure:font %g", font > AUTO_FONT ? (double)max_float(font, 4) : 0);
    }
    static const char *const themes[] = {"as here", "light", "dark"};
    static const char *const names[] = {"window", "light", "dark"};
    int theme = (int)app->figure.theme;
    if (ui_segments(&app->ui, row(rest, UI_ROW), "theme", themes, COUNTOF(themes), &theme)) {
        command_do_format(app, "figure:theme %s", names[theme]);
    }
}

static void choose_parts(App *app, Rect *rest)
{
    Figure *figure = &app->figure;
    bool caption = !figure->no_caption, legend = !figure->no_legend;
    bool ground = !figure->transparent;
    Rect line = row(rest, 24);
    if (ui_toggle(&app->ui, ui_column(line, 0, 3, 4), "Caption", &caption)) {
        command_do(app, "figure:caption");
    }
    if (ui_toggle(&app->ui, ui_column(line, 1, 3, 4), "Legend", &legend)) {
        command_do(app, "figure:legend");
    }
    if (ui_toggle(&app->ui, ui_column(line, 2, 3, 4), "Ground", &ground)) {
        command_do(app, "figure:transparent");
    }
    unsigned did = textfield_show(&app->ui, row(rest, UI_ROW), "title", &app->figure_title,
                                  "A title, if you like");
    if ((did & TEXTFIELD_CHANGED) != 0) {
        command_do_format(app, "figure:title %s", textfield_text(&app->figure_title));
    }
}

/* Two sliders for the ends of a range. */
static void choose_range(App *app, Rect *rest, const char *what, const char *command, Range range,
                         int count)
{
    if (count < 2) { return; }
    char from[32], to[32];
    snprintf(from, sizeof from, "%s from", what);
    snprintf(to, sizeof to, "to");
    float first = (float)clamp_int(range.first, 0, count - 1);
    float last = (float)clamp_int(range.last, 0, count - 1);
    Rect line = row(rest, 36);
    UiSlider slider = {.label = from, .maximum = (float)(count - 1), .step = 1};
    ui_push_id(&app->ui, command);
    bool changed = ui_slider(&app->ui, ui_column(line, 0, 2, 12), &slider, &first);
    slider.label = to;
    slider.reset = slider.maximum;
    changed |= ui_slider(&app->ui, ui_column(line, 1, 2, 12), &slider, &last);
    ui_pop_id(&app->ui);
    if (!changed) { return; }
    if (first <= 0 && last >= slider.maximum) {
        command_do_format(app, "%s all", command);
    } else {
        command_do_format(app, "%s %.0f-%.0f", command, (double)min_float(first, last),
                          (double)max_float(first, last));
    }
}

static void choose_part_of_trace(App *app, Rect *rest)
{
    const Attention *a = &app->trace->attention[app->view.attention];
    const char *view = view_table[app->view.view].name;
    choose_range(app, rest, "Tokens", "only:tokens", app->view.tokens,
                 max_int(a->queries, a->keys));
    if (strcmp(view, "model") == 0 || strcmp(view, "flow") == 0) {
        choose_range(app, rest, "Layers", "only:layers", app->view.layers, a->layers);
    }
}

static void show_buttons(App *app, Rect *rest)
{
    Ui *ui = &app->ui;
    Rect buttons = ui_cut_bottom(rest, UI_ROW + 4);
    bool save = ui_button(ui, ui_column(buttons, 0, 3, UI_GAP), "Save", UI_PRIMARY);
    bool copy = ui_button(ui, ui_column(buttons, 1, 3, UI_GAP), "Copy", 0);
    bool close = ui_button(ui, ui_column(buttons, 2, 3, UI_GAP), "Close", 0);
    ui_cut_bottom(rest, 10);
    char *path = export_default_path(app, app->figure.format);
    Rect where = ui_cut_bottom(rest, 36);
    ui_paragraph(ui, where, path, UI_TONE_SMALL);
    free(path);
    if (save) {
        Error err = {""};
        if (command_run(app, "export", &err)) {
            app->figure_open = false;
        } else {
            app_say(app, true, "%s", err.text);
        }
    }
    if (copy) { command_do(app, "figure:copy"); }
    if (close) { command_do(app, "figure:dialog"); }
}

void panels_figure(App *app, Rect window)
{
    Ui *ui = &app->ui;
    Rect box = ui_center(window, min_float(window.w - 20, WIDTH), min_float(window.h - 20, HEIGHT));
    ui_overlay_begin(ui, box, true);
    ui_push_id(ui, "figure");
    Rect inner = rect_inset(box, PAD), side = ui_cut_right(&inner, SIDE);
    ui_cut_right(&inner, PAD);
    draw_preview(app, inner);
    ui_label(ui, ui_cut_top(&side, 28), "Figure", UI_TONE_HEADING, TEXT_LEFT);
    show_buttons(app, &side);
    choose_format(app, &side);
    choose_size(app, &side);
    choose_type(app, &side);
    choose_parts(app, &side);
    choose_part_of_trace(app, &side);
    ui_pop_id(ui);
    ui_overlay_end(ui);
}
