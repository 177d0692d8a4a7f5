#include "app/command_actions.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* --- text -------------------------------------------------------------------------------------- */

bool command_text_set(App *app, const char *argument, Error *err)
{
    textfield_set(&app->text, argument);
    return app_run(app, err);
}

bool command_text_clear(App *app, const char *argument, Error *err)
{
    (void)argument;
    textfield_set(&app->text, "");
    return app_run(app, err);
}

bool command_text_focus(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->presenting = false;
    app->focus_wanted = "sentence";
    return true;
}

bool command_example(App *app, const char *argument, Error *err)
{
    (void)argument;
    if (app->example_count == 0) { return error_set(err, "No example sentences are installed."); }
    app->example = (app->example + 1) % app->example_count;
    const char *line = app->examples[app->example], *tab = strchr(line, '\t');
    char *first = mem_copy_string(line);
    if (tab != NULL) { first[tab - line] = '\0'; }
    textfield_set(&app->text, first);
    app->pair_open = tab != NULL;
    if (tab != NULL) { textfield_set(&app->pair, tab + 1); }
    free(first);
    return app_run(app, err);
}

bool command_pair_set(App *app, const char *argument, Error *err)
{
    textfield_set(&app->pair, argument);
    app->pair_open = true;
    return app_run(app, err);
}

bool command_pair_toggle(App *app, const char *argument, Error *err)
{
    (void)argument;
    app->pair_open = !app->pair_open;
    if (app->pair_open) { app->focus_wanted = "pair"; }
    return app_run(app, err);
}

/* --- model and trace --------------------------------------------------------------------------- */

bool command_model_open(App *app, const char *argument, Error *err)
{
    return app_open_model(app, argument, err);
}

bool command_trace_open(App *app, const char *argument, Error *err)
{
    return app_open_trace(app, argument, err);
}
