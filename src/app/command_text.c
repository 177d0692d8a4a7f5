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

/* The head that an example is about is one of the shipped model's. */
static void show_example_head(App *app, const Example *example)
{
    bool shipped = app->model != NULL && strcmp(model_name(app->model), MODELS_DEFAULT) == 0;
    const ModelConfig *config = shipped ? model_config(app->model) : NULL;
    if (config == NULL || example->layer < 0 || example->layer >= config->layers ||
        example->head >= config->heads) {
        return;
    }
    app->view.layer = example->layer;
    app->view.heads = (HeadSet){0};
    headset_put(&app->view.heads, example->head, true);
}

/* N, or the next one. */
bool command_example(App *app, const char *argument, Error *err)
{
    if (app->example_count == 0) { return error_set(err, "No example sentences are installed."); }
    int next = (app->example + 1) % app->example_count;
    if (argument[0] != '\0' &&
        !command_read_index(argument, app->example_count, "example", &next, err)) {
        return false;
    }
    app->example = next;
    const Example *example = &app->examples[next];
    textfield_set(&app->text, example->text);
    app->pair_open = example->pair != NULL;
    if (example->pair != NULL) { textfield_set(&app->pair, example->pair); }
    if (example->view != NULL && view_find(example->view) >= 0) {
        app->view.view = view_find(example->view);
    }
    show_example_head(app, example);
    app->view.pin_count = 0;
    app->view.scroll = 0;
    app->pin_next = example->word;
    app_say(app, false, "%s", example->title);
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
