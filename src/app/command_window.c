#include "app/command_actions.h"

#include "base/base.h"

#include <stdlib.h>

/* --- the window -------------------------------------------------------------------------------- */

bool command_theme(App *app, const char *argument, Error *err)
{
    static const char *const names[] = {"light", "dark"};
    int choice = !app->view.theme->dark;
    if (argument[0] != '\0' && !command_read_choice(argument, names, 2, &choice, err)) {
        return false;
    }
    app->view.theme = palette_theme(choice != 0);
    return true;
}

static bool scale_interface(App *app, int percent)
{
    app->scale_percent = clamp_int(percent, APP_MIN_SCALE_PERCENT, APP_MAX_SCALE_PERCENT);
    app_say(app, false, "Interface at %d %%", app->scale_percent);
    return true;
}

bool command_interface_larger(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return scale_interface(app, app->scale_percent + (app->scale_percent >= 200 ? 25 : 10));
}

bool command_interface_smaller(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return scale_interface(app, app->scale_percent - (app->scale_percent > 200 ? 25 : 10));
}

bool command_interface_reset(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return scale_interface(app, 100);
}

/* A measure or a pattern; without a name the next of both. */
bool command_measure(App *app, const char *argument, Error *err)
{
    const char *names[MEASURES + PATTERNS] = {"entropy", "distance", "special", "link"};
    for (int i = 0; i < PATTERNS; i++) { names[MEASURES + i] = pattern_table[i].name; }
    int before = app->grid_pattern >= 0 ? MEASURES + app->grid_pattern : (int)app->measure;
    int choice = (before + 1) % (MEASURES + PATTERNS);
    if (argument[0] != '\0' &&
        !command_read_choice(argument, names, MEASURES + PATTERNS, &choice, err)) {
        return false;
    }
    app->grid_pattern = choice < MEASURES ? -1 : choice - MEASURES;
    if (choice < MEASURES) { app->measure = (Measure)choice; }
    free(app->grid);
    app->grid = NULL;
    return true;
}

bool command_help(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->help_open = !app->help_open;
    return true;
}

bool command_present(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->presenting = !app->presenting;
    app->fullscreen = app->presenting;
    return true;
}

/* One step back: help, dialog, a figure that takes long, enlarged head, pins, presentation. */
bool command_escape(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    if (app->help_open) {
        app->help_open = false;
    } else if (app->figure_open) {
        app->figure_open = false;
    } else if (app_figure_stop(app)) {
        app_say(app, false, "Stopping \u2026");
    } else if (app->view.enlarged.kind == TARGET_HEAD && !app->shrinking) {
        app->shrinking = true;
    } else if (app->view.pin_count > 0) {
        app->view.pin_count = 0;
    } else if (app->presenting) {
        app->presenting = app->fullscreen = false;
    }
    return true;
}

bool command_quit(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->quit = true;
    return true;
}
