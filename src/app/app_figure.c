/* Figures that are saved or copied: at once, or by the press beside the window. */
#include "app/app.h"
#include "app/press.h"
#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>

static void tell(App *app, const char *path)
{
    if (path == NULL) {
        app_say(app, false, "The figure is on the clipboard.");
    } else {
        app_say(app, false, "Saved %s", path);
    }
}

static void keep_path(App *app, const char *path)
{
    if (path == NULL) { return; }
    free(app->last_export);
    app->last_export = mem_copy_string(path);
}

bool app_figure_put(App *app, const char *path, Error *err)
{
    ExportJob *job = export_begin(app, path, err);
    if (job == NULL) { return false; }
    /* A window has a worker, and is not to wait. */
    if (app->press == NULL && app->worker != NULL) {
        app->press = press_new(app->fonts, app->wake, app->wake_data);
    }
    bool ok;
    if (app->press != NULL) {
        ok = press_put(app->press, job, err);
        if (ok && app->pressed == 0) { app->pressed = app->now + 1; }
        if (!ok) { export_job_free(job); }
    } else {
        ok = export_finish(job, err);
        export_job_free(job);
        if (ok) { tell(app, path); }
    }
    if (ok) { keep_path(app, path); }
    return ok;
}

void app_figure_poll(App *app)
{
    PressDone done;
    while (press_poll(app->press, &done)) {
        if (done.ok) {
            tell(app, done.path);
        } else if (done.stopped) {
            app_say(app, false, "The figure was not saved.");
        } else {
            app_say(app, true, "%s", done.error.text);
        }
        free(done.path);
        app->changed = true;
    }
    if (app->pressed != 0 && press_progress(app->press) < 0) { app->pressed = 0; }
}

int app_figure_progress(const App *app)
{
    if (app->pressed == 0 || app->now < app->pressed + APP_PATIENCE_MS) { return -1; }
    int done = press_progress(app->press);
    return done >= 0 ? done / 10 : -1;
}

bool app_figure_stop(App *app)
{
    if (app_figure_progress(app) < 0) { return false; }
    press_stop(app->press);
    return true;
}
