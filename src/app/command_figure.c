/* Figures: how they come out, what of the trace is in them, saving and copying. */
#include "app/command_actions.h"

#include "app/export.h"
#include "base/base.h"
#include "base/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- What is in the picture ----------------------------------------------------------------- */

/* "2-5", "3" or "all". */
static bool read_range(const char *argument, int count, const char *what, Range *range, Error *err)
{
    if (argument[0] == '\0' || strcmp(argument, "all") == 0) {
        *range = (Range){0, INT_MAX};
        return true;
    }
    char *end;
    long first = strtol(argument, &end, 10), last = first;
    bool ok = end != argument;
    if (ok && *end == '-') {
        char *more = end + 1;
        last = strtol(more, &end, 10);
        ok = end != more;
    }
    if (!ok || *end != '\0' || first < 0 || last < first || last >= count) {
        return error_set(err, "\"%s\" names no %s; expected FIRST-LAST within 0-%d, or all.",
                         argument, what, count - 1);
    }
    *range = (Range){(int)first, (int)last};
    return true;
}

bool command_only_tokens(App *app, const char *argument, Error *err)
{
    const Attention *a = &app->trace->attention[app->view.attention];
    int count = max_int(a->queries, a->keys);
    bool ok = read_range(argument, count, "tokens", &app->view.tokens, err);
    app->view.scroll = 0;
    return ok;
}

bool command_only_layers(App *app, const char *argument, Error *err)
{
    bool ok = read_range(argument, command_layer_count(app), "layers", &app->view.layers, err);
    app->view.scroll = 0;
    return ok;
}

/* --- How it comes out ----------------------------------------------------------------------- */

bool command_figure_preset(App *app, const char *argument, Error *err)
{
    int preset = figure_find_preset(argument);
    if (preset < 0) {
        return error_set(err,
                         "\"%s\" is no figure size; there are natural, slide, half-slide, "
                         "column, columns and square.",
                         argument);
    }
    app->figure.preset = preset;
    app->figure.size = (Vec){0, 0};
    return true;
}

bool command_figure_size(App *app, const char *argument, Error *err)
{
    float width, height;
    char rest;
    if (sscanf(argument, "%fx%f%c", &width, &height, &rest) != 2 || !(width >= 1) ||
        !(height >= 1) || width > FIGURE_MAX_SIDE || height > FIGURE_MAX_SIDE) {
        return error_set(err, "A size is a width and a height in points like 960x720, not \"%s\".",
                         argument);
    }
    app->figure.size = (Vec){width, height};
    return true;
}

bool command_figure_scale(App *app, const char *argument, Error *err)
{
    return command_read_number(argument, 0.5f, FIGURE_MAX_SCALE, &app->figure.scale, err);
}

bool command_figure_font(App *app, const char *argument, Error *err)
{
    float size = 0;
    if (!command_read_number(argument, 0, FIGURE_MAX_FONT, &size, err)) { return false; }
    if (size > 0 && size < 4) {
        return error_set(err,
                         "Tokens smaller than 4 points can't be read; 0 lets the size decide.");
    }
    app->figure.font_size = size;
    return true;
}

bool command_figure_title(App *app, const char *argument, Error *err)
{
    if (strlen(argument) >= sizeof app->figure.title) {
        return error_set(err, "A title has at most %zu bytes.", sizeof app->figure.title - 1);
    }
    snprintf(app->figure.title, sizeof app->figure.title, "%s", argument);
    return true;
}

bool command_figure_theme(App *app, const char *argument, Error *err)
{
    static const char *const names[] = {"window", "light", "dark"};
    int choice;
    if (!command_read_choice(argument, names, COUNTOF(names), &choice, err)) { return false; }
    app->figure.theme = (FigureTheme)choice;
    return true;
}

/* "on" or "off"; without either the other one. */
static bool read_switch(const char *argument, bool *on, Error *err)
{
    static const char *const names[] = {"off", "on"};
    int choice = !*on;
    if (argument[0] != '\0' && !command_read_choice(argument, names, 2, &choice, err)) {
        return false;
    }
    *on = choice == 1;
    return true;
}

bool command_figure_transparent(App *app, const char *argument, Error *err)
{
    return read_switch(argument, &app->figure.transparent, err);
}

bool command_figure_caption(App *app, const char *argument, Error *err)
{
    bool on = !app->figure.no_caption, ok = read_switch(argument, &on, err);
    app->figure.no_caption = !on;
    return ok;
}

bool command_figure_legend(App *app, const char *argument, Error *err)
{
    bool on = !app->figure.no_legend, ok = read_switch(argument, &on, err);
    app->figure.no_legend = !on;
    return ok;
}

bool command_figure_format(App *app, const char *argument, Error *err)
{
    char name[16];
    snprintf(name, sizeof name, "x.%s", argument);
    if (!export_knows(name, err)) { return false; }
    snprintf(app->figure.format, sizeof app->figure.format, "%s", argument);
    return true;
}

/* --- Saving --------------------------------------------------------------------------------- */

bool command_export(App *app, const char *argument, Error *err)
{
    char *path = argument[0] != '\0' ? mem_copy_string(argument)
                                     : export_default_path(app, app->figure.format);
    bool ok = app_figure_put(app, path, err);
    if (ok) {
        snprintf(app->figure.format, sizeof app->figure.format, "%s", strrchr(path, '.') + 1);
    }
    free(path);
    return ok;
}

bool command_figure_copy(App *app, const char *argument, Error *err)
{
    (void)argument;
    return app_figure_put(app, NULL, err);
}

bool command_figure_dialog(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->figure_open = !app->figure_open;
    return true;
}
