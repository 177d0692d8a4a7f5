/* The walk-through: its steps and its "what if"s. */
#include "app/command_actions.h"

#include "base/base.h"
#include "view/walk.h"

#include <stdlib.h>
#include <string.h>

static void go_to(App *app, int step)
{
    step = clamp_int(step, 0, WALK_STEPS - 1);
    if (step != app->view.step) {
        app->view.step_part = app->worker != NULL ? 0 : 1; /* nothing moves on paper */
        app->view.step_zoom = -1;
    }
    app->view.step = step;
}

/* A number or a name. */
bool command_step_set(App *app, const char *argument, Error *err)
{
    for (int i = 0; i < WALK_STEPS; i++) {
        if (strcmp(argument, walk_steps[i].name) != 0) { continue; }
        go_to(app, i);
        return true;
    }
    int step;
    if (!command_read_index(argument, WALK_STEPS, "step", &step, err)) { return false; }
    go_to(app, step);
    return true;
}

bool command_step_next(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    go_to(app, app->view.step + 1);
    return true;
}

bool command_step_previous(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    go_to(app, app->view.step - 1);
    return true;
}

bool command_step_first(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    go_to(app, 0);
    return true;
}

bool command_step_last(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    go_to(app, WALK_STEPS - 1);
    return true;
}

bool command_step_play(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->step_due = app->step_due != 0 ? 0 : app->now + APP_STEP_MS;
    return true;
}

/* Two tokens with numbers that a class can check by hand: scores 112 and 96, divided by 8, weights 0.88
 * and 0.12. */
bool command_step_example(App *app, const char *argument, Error *err)
{
    (void)argument;
    Arena scratch = {0};
    const char *path = models_find_asset("assets/thinking-machines.json", &scratch);
    bool ok = path != NULL ? app_open_trace_here(app, path, err)
                           : error_set(err, "assets/thinking-machines.json is not there.");
    arena_free(&scratch);
    if (!ok) { return false; }
    app->view.view = view_find("walk");
    app->view.pin_count = 0;
    app->view.layer = 0;
    command_pin_query(app, "0", NULL);
    return command_step_set(app, "scores", err);
}

/* The matrix with that number fills the view; without a number, or with the same again, all are there. */
bool command_step_zoom(App *app, const char *argument, Error *err)
{
    int matrix = -1;
    if (argument[0] != '\0' &&
        !command_read_index(argument, WALK_MAX_MATRICES, "matrix", &matrix, err)) {
        return false;
    }
    app->view.step_zoom = matrix == app->view.step_zoom ? -1 : matrix;
    return true;
}

static bool set_switch(const char *argument, bool *on, Error *err)
{
    static const char *const names[] = {"off", "on"};
    int choice = !*on;
    if (argument[0] != '\0' && !command_read_choice(argument, names, 2, &choice, err)) {
        return false;
    }
    *on = choice == 1;
    return true;
}

bool command_step_unscaled(App *app, const char *argument, Error *err)
{
    return set_switch(argument, &app->view.unscaled, err);
}

bool command_step_causal(App *app, const char *argument, Error *err)
{
    return set_switch(argument, &app->view.causal, err);
}

bool command_step_temperature(App *app, const char *argument, Error *err)
{
    return command_read_number(argument, 0.1f, 10, &app->view.temperature, err);
}

static bool set_count(const char *argument, float low, float high, int *count, Error *err)
{
    float number;
    if (!command_read_number(argument, low, high, &number, err)) { return false; }
    *count = (int)number;
    return true;
}

bool command_step_positions(App *app, const char *argument, Error *err)
{
    return set_count(argument, 2, 512, &app->view.walk_positions, err);
}

bool command_step_dimensions(App *app, const char *argument, Error *err)
{
    return set_count(argument, 4, 65536, &app->view.walk_dims, err);
}
