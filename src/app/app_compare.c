/* The second trace of the compare view: another sentence in the same model, or the same sentence in
 * another model. It has a worker and a model of its own, so that both can be under way at once. */
#include "app/app.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

bool app_comparing(const App *app)
{
    return strcmp(view_table[app->view.view].name, "compare") == 0;
}

bool app_comparing_texts(const App *app)
{
    return app_comparing(app) && app->compare_model == NULL;
}

void app_compare_free(App *app)
{
    worker_free(app->second);
    rollout_forget(&app->rollout);
    trace_free(app->second_trace);
    model_free(app->second_model);
    free(app->compare_model);
    app->second = NULL;
    app->second_trace = NULL;
    app->second_model = NULL;
    app->compare_model = NULL;
    app->view.other = NULL;
}

static void take_second(App *app, Trace *trace)
{
    rollout_forget(&app->rollout);
    trace_free(app->second_trace);
    app->second_trace = trace;
    app->view.other = trace;
    app->changed = true;
}

/* The folder of the model that sentence B goes through, in the arena. */
static const char *second_folder(const App *app, Arena *scratch, Error *err)
{
    if (app->compare_model == NULL) { return model_folder(app->model); }
    return models_find(app->compare_model, scratch, err);
}

/* Without a window both passes are done one after the other. */
static bool run_here(App *app, const char *folder, const char *text, const char *pair, Error *err)
{
    bool same = app->second_model != NULL && strcmp(model_folder(app->second_model), folder) == 0;
    if (!same) {
        Model *model = model_open(folder, app->threads, err);
        if (model == NULL) { return false; }
        model_free(app->second_model);
        app->second_model = model;
    }
    Encoding *encoding = model_encode(app->second_model, text, pair);
    Trace *trace = model_run(app->second_model, encoding, MODEL_ATTENTION, NULL, err);
    if (trace != NULL) { take_second(app, trace); }
    return trace != NULL;
}

bool app_compare_run(App *app, Error *err)
{
    if (!app_comparing(app) || app->model == NULL) { return true; }
    bool texts = app_comparing_texts(app);
    const char *text = textfield_text(texts && app->pair_open ? &app->pair : &app->text);
    const char *pair = texts ? NULL : app_pair(app);
    Arena scratch = {0};
    const char *folder = second_folder(app, &scratch, err);
    bool ok = folder != NULL;
    if (ok && app->worker == NULL) {
        ok = run_here(app, folder, text, pair, err);
    } else if (ok) {
        if (app->second == NULL) {
            app->second = worker_new(app->threads, app->wake, app->wake_data);
        }
        bool same =
            app->second_model != NULL && strcmp(model_folder(app->second_model), folder) == 0;
        if (app->second != NULL) {
            worker_request(app->second, app->second_model, same ? NULL : folder, text, pair,
                           MODEL_ATTENTION, NULL);
        }
    }
    arena_free(&scratch);
    return ok;
}

void app_compare_poll(App *app)
{
    WorkerAnswer answer;
    if (app->second == NULL || !worker_poll(app->second, &answer)) { return; }
    if (answer.failed) { app_say(app, true, "%s", answer.error.text); }
    if (answer.model != NULL) {
        Model *before = app->second_model;
        app->second_model = answer.model;
        /* A request that waits may still name the old model; it is asked again for the new one. */
        if (answer.trace == NULL || worker_busy(app->second)) { app_compare_run(app, NULL); }
        worker_retire(app->second, before);
    }
    if (answer.trace != NULL) { take_second(app, answer.trace); }
    app->changed = true;
}
