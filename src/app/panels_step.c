/* What can be chosen in the walk-through: the step, and its "what if"s. */
#include "app/command.h"
#include "app/panels.h"
#include "view/walk.h"

#include <string.h>

static Rect cut(Rect *rest, float height)
{
    Rect row = ui_cut_top(rest, height);
    ui_cut_top(rest, PANELS_GAP);
    return row;
}

/* The sliders and switches of the walk-through's steps. */
void panels_step(App *app, Rect *rest)
{
    ViewState *view = &app->view;
    float step = (float)view->step, temperature = view->temperature;
    UiSlider steps = {.label = "Step", .maximum = WALK_STEPS - 1, .step = 1};
    if (ui_slider(&app->ui, cut(rest, 36), &steps, &step)) {
        command_do_format(app, "step:set %.0f", (double)step);
    }
    Rect row = cut(rest, UI_ROW);
    if (ui_button(&app->ui, ui_column(row, 0, 3, 6), "Back", 0)) {
        command_do(app, "step:previous");
    }
    if (ui_button(&app->ui, ui_column(row, 1, 3, 6), app->step_due != 0 ? "Stop" : "Play", 0)) {
        command_do(app, "step:play");
    }
    if (ui_button(&app->ui, ui_column(row, 2, 3, 6), "On", UI_PRIMARY)) {
        command_do(app, "step:next");
    }
    const char *name = walk_steps[view->step].name;
    if (strcmp(name, "scale") == 0) {
        bool on = view->unscaled;
        if (ui_toggle(&app->ui, cut(rest, 24), "What if: not divided", &on)) {
            command_do(app, "step:unscaled");
        }
    } else if (strcmp(name, "mask") == 0 || strcmp(name, "softmax") == 0) {
        bool on = view->causal;
        if (ui_toggle(&app->ui, cut(rest, 24), "What if: causal mask", &on)) {
            command_do(app, "step:causal");
        }
    }
    if (strcmp(name, "softmax") == 0) {
        UiSlider slider = {.label = "What if: temperature",
                           .minimum = 0.1f,
                           .maximum = 5,
                           .step = 0.1f,
                           .reset = 1,
                           .decimals = 1};
        if (ui_slider(&app->ui, cut(rest, 36), &slider, &temperature)) {
            command_do_format(app, "step:temperature %g", (double)temperature);
        }
    }
    if (strcmp(name, "embedding") == 0 && app->trace->steps != NULL) {
        float positions = (float)view->walk_positions, dims = (float)view->walk_dims;
        UiSlider slider = {.label = "Positions",
                           .minimum = 2,
                           .maximum = (float)app->trace->steps->positions,
                           .step = 1,
                           .reset = 10};
        if (ui_slider(&app->ui, cut(rest, 36), &slider, &positions)) {
            command_do_format(app, "step:positions %.0f", (double)positions);
        }
        slider = (UiSlider){.label = "Dimensions",
                            .minimum = 4,
                            .maximum = (float)app->trace->hidden_size,
                            .step = 4,
                            .reset = 64};
        if (ui_slider(&app->ui, cut(rest, 36), &slider, &dims)) {
            command_do_format(app, "step:dimensions %.0f", (double)dims);
        }
    }
}
