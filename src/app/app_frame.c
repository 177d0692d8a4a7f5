/* One frame: the worker's answer, the pointer over the picture, widgets, keys, the two drawings. */
#include "app/app.h"
#include "app/app_lesson.h"
#include "app/command.h"
#include "app/keymap.h"
#include "app/panels.h"
#include "app/session.h"
#include "base/base.h"
#include "model/safetensors.h"
#include "view/walk.h"

#include <math.h>
#include <string.h>

#define SCROLL_STEP 60.0f /* points per notch of the wheel */
#define ZOOM_STEP 1.25f
#define ENLARGE_MS 220.0f
#define STEP_MS 400.0f
#define MOST_POOLED ((size_t)8 << 20) /* weights, for thumbnails, in a frame */
enum { MAX_PASSES = 3, PROGRESS_MS = 100 };

static bool is_view(const App *app, const char *name)
{
    return strcmp(view_table[app->view.view].name, name) == 0;
}

/* Zooms so that what is under the pointer stays there. */
static void zoom_at(App *app, Vec mouse, float notches)
{
    float before = app->view.zoom;
    command_do_format(app, "zoom:set %g",
                      (double)clamp_float(before * powf(ZOOM_STEP, notches), 1, 64));
    float factor = app->view.zoom / before;
    Vec from = {mouse.x - app->picture_area.x, mouse.y - app->picture_area.y};
    app->view.pan.x = max_float(app->view.pan.x + from.x * (factor - 1) / 2, 0);
    app->view.pan.y = max_float(app->view.pan.y + from.y * (factor - 1) / 2, 0);
}

static void turn_wheel(App *app, const Input *input)
{
    float notches = input->wheel.y;
    if (notches == 0) { return; }
    if (is_view(app, "heatmap") && (input->modifiers & MOD_CTRL) != 0) {
        zoom_at(app, input->mouse, notches);
        return;
    }
    float limit = view_scroll_limit(app->trace, &app->view, app->picture_area, app->picture);
    if (limit > 0) {
        app->view.scroll = clamp_float(app->view.scroll - notches * SCROLL_STEP, 0, limit);
        app->changed = true;
    } else {
        command_do(app, notches < 0 ? "layer:next" : "layer:previous");
    }
}

static void click_target(App *app, Target target, unsigned did)
{
    if (target.kind == TARGET_STEP) {
        command_do_format(app, "step:zoom %d", target.layer);
    } else if (target.kind == TARGET_HEAD && is_view(app, "model") &&
               app->view.enlarged_part <= 0) {
        command_do_format(app, "enlarge %d.%d", target.layer, target.head);
    } else if (target.kind == TARGET_HEAD && is_view(app, "model")) {
        command_do(app, "enlarge");
    } else if (target.kind == TARGET_HEAD && is_view(app, "neuron")) {
        command_do_format(app, "head:isolate %d", target.head); /* it shows one head */
    } else if (target.kind == TARGET_HEAD) {
        command_do_format(app,
                          (did & UI_DOUBLE_CLICKED) != 0 ? "head:isolate %d" : "head:toggle %d",
                          target.head);
    } else if (target.kind != TARGET_NONE) {
        app_remember_view(app);
        view_toggle_pin(&app->view, target);
        app->changed = true;
    }
}

static void drag_heatmap(App *app, const Input *input, unsigned did)
{
    if (app->view.zoom <= 1 || !is_view(app, "heatmap")) { return; }
    if ((did & UI_PRESSED) != 0) {
        app->drag_pan = (Vec){app->view.pan.x + input->mouse.x, app->view.pan.y + input->mouse.y};
    } else if ((did & UI_HELD) != 0) {
        app->view.pan.x = max_float(app->drag_pan.x - input->mouse.x, 0);
        app->view.pan.y = max_float(app->drag_pan.y - input->mouse.y, 0);
        app->changed = true;
    }
}

/* The pointer over the picture of the frame before: hover, pins, chips, wheel. */
static void touch_picture(App *app, const Input *input)
{
    Ui *ui = &app->ui;
    unsigned did = ui_area(ui, ui_id(ui, "picture"), app->picture_area, 0);
    Target hover = {TARGET_NONE, -1, -1, -1, -1};
    if ((did & UI_HOVERED) != 0 && input->mouse_inside) {
        hover = view_locate(app->trace, &app->view, app->picture_area, app->picture, input->mouse);
        turn_wheel(app, input);
    }
    if ((did & (UI_PRESSED | UI_DOUBLE_CLICKED)) != 0 && app->view.zoom <= 1) {
        click_target(app, hover, did);
    } else if ((did & UI_CLICKED) != 0 && app->view.zoom > 1) {
        Vec moved = {app->drag_pan.x - app->view.pan.x - input->mouse.x,
                     app->drag_pan.y - app->view.pan.y - input->mouse.y};
        if (fabsf(moved.x) + fabsf(moved.y) < 1) { click_target(app, hover, did); }
    }
    drag_heatmap(app, input, did);
    if (hover.kind == TARGET_NONE) { hover = app->chip_hover; }
    if (hover.kind != TARGET_NONE && (did & UI_HOVERED) != 0) { ui->cursor = UI_CURSOR_HAND; }
    /* The panels beside the picture were drawn for what was under the pointer before. */
    if (!target_equal(hover, app->view.hover)) { app->changed = true; }
    app->view.hover = hover;
}

/* The enlarged head of the model view grows or shrinks, a step per frame. */
static void move_enlarged(App *app)
{
    ViewState *view = &app->view;
    float goal = view->enlarged.kind == TARGET_HEAD && !app->shrinking ? 1 : 0;
    if (view->enlarged_part == goal) {
        app->moved = 0;
        if (goal <= 0) { view->enlarged.kind = TARGET_NONE; }
        return;
    }
    float by = app->moved == 0 ? 0 : (float)(app->now - app->moved) / ENLARGE_MS;
    app->moved = app->now;
    float way = goal - view->enlarged_part;
    view->enlarged_part = fabsf(way) <= by ? goal : view->enlarged_part + (way > 0 ? by : -by);
    ui_request_frame(&app->ui, app->now);
}

/* The walk-through needs every step of the layer that is shown. */
static void ask_for_steps(App *app)
{
    if (!app_walking(app) || app->model == NULL || app->trace == NULL || app->asked != 0) {
        return;
    }
    int layer = clamp_int(app->view.layer, 0, app->trace->layers - 1);
    if (app->trace->steps == NULL || app->trace->steps->layer != layer) { app_run(app, NULL); }
}

/* A step of the walk-through appears, part by part; played, the next one follows. */
static void move_step(App *app)
{
    ViewState *view = &app->view;
    if (app->step_due != 0 && app_walking(app)) {
        if (app->now >= app->step_due) {
            command_do(app, "step:next");
            app->step_due = view->step < WALK_STEPS - 1 ? app->now + APP_STEP_MS : 0;
        }
        if (app->step_due != 0) { ui_request_frame(&app->ui, app->step_due); }
    }
    if (view->step_part >= 1) {
        app->step_moved = 0;
        return;
    }
    if (app->step_moved != 0) {
        view->step_part =
            min_float(view->step_part + (float)(app->now - app->step_moved) / STEP_MS, 1);
    }
    app->step_moved = app->now;
    ui_request_frame(&app->ui, app->now);
}

static void draw_picture(App *app)
{
    const Theme *theme = app->view.theme;
    drawing_begin(app->picture, app->picture_area, theme->background);
    if (app->trace != NULL) {
        move_enlarged(app);
        ask_for_steps(app);
        move_step(app);
        app->view.thumbnails = &app->thumbnails;
        app->view.rollout = &app->rollout;
        app->thumbnails.allowance = MOST_POOLED;
        app->view.patterns = app->patterns;
        view_draw(app->trace, &app->view, app->picture_area, app->picture);
        if (app->thumbnails.waiting) { ui_request_frame(&app->ui, app->now); }
        return;
    }
    Vec middle = {app->picture_area.x + app->picture_area.w / 2,
                  app->picture_area.y + app->picture_area.h / 2};
    const char *words = app->message_is_error ? "No model is open. Choose one at the left."
                                              : "Opening the model \u2026";
    drawing_text(app->picture, middle, words,
                 &(TextStyle){.size = 16, .color = theme->muted, .align = TEXT_CENTER});
}

static void run_keys(App *app, Input *input)
{
    bool typing = app->ui.wants_text;
    for (int i = 0; i < input->key_count; i++) {
        KeyStroke *stroke = &input->keys[i];
        if (stroke->used) { continue; }
        const char *command = app->lesson != NULL      ? keymap_find_lesson(stroke)
                              : app->recording != NULL ? keymap_find_recording(stroke, typing)
                                                       : NULL;
        if (command == NULL && app_walking(app)) { command = keymap_find_step(stroke, typing); }
        if (command == NULL) { command = keymap_find(stroke, typing); }
        if (command == NULL) { continue; }
        stroke->used = true;
        command_do(app, command);
    }
    if (!typing && input->text.length > 0 && strcmp(input->text.bytes, "?") == 0) {
        command_do(app, "help");
    }
}

/* Cuts the window into its parts and lets each draw and act. */
static void run_pass(App *app, Input *input, Vec window)
{
    Ui *ui = &app->ui;
    const Theme *theme = app->view.theme;
    Rect page = {0, 0, window.x, window.y}, rest = page;
    drawing_begin(app->screen, page, theme->background);
    ui_begin(ui, input, app->screen, theme);
    if (app->focus_wanted != NULL) { ui_set_focus(ui, ui_id(ui, app->focus_wanted)); }
    app->focus_wanted = NULL;
    app->chip_hover = (Target){TARGET_NONE, -1, -1, -1, -1};
    if (app->lesson != NULL) {
        rest = app_lesson_frame(app, page, app->screen);
    } else if (!app->presenting) {
        panels_status(app, ui_cut_bottom(&rest, PANELS_STATUS));
        panels_top(app, ui_cut_top(&rest, min_float(panels_top_height(app), rest.h)));
        bool room = rest.w > 2.4f * (PANELS_LEFT + PANELS_RIGHT);
        if (rest.w > 2 * PANELS_LEFT) { panels_left(app, ui_cut_left(&rest, PANELS_LEFT)); }
        if (room) { panels_inspector(app, ui_cut_right(&rest, PANELS_RIGHT)); }
    }
    app->picture_area = rest;
    if (app->trace != NULL) {
        float limit = view_scroll_limit(app->trace, &app->view, rest, app->screen);
        app->view.scroll = clamp_float(app->view.scroll, 0, limit);
        touch_picture(app, input);
    }
    draw_picture(app);
    Rect clip = drawing_set_clip(app->screen, rest);
    drawing_append(app->screen, app->picture, (Vec){0, 0});
    drawing_set_clip(app->screen, clip);
    if (app->trace != NULL) { panels_tooltip(app); }
    if (app->figure_open && app->trace != NULL) { panels_figure(app, page); }
    if (app->help_open) { panels_help(app, page); }
    ui_end(ui);
    run_keys(app, input);
}

/* A trace is drawn from its file; what the file no longer has is drawn as missing, and told once. */
static void check_trace_file(App *app)
{
    Error err = {""};
    if (app->trace == NULL || app->trace->file == NULL || app->trace_changed ||
        safetensors_intact(app->trace->file, &err)) {
        return;
    }
    app->trace_changed = true;
    app_say(app, true, "%s What is missing is drawn as missing.", err.text);
}

void app_frame(App *app, Input *input, Vec window)
{
    app->now = input->time;
    app_poll(app);
    app_figure_poll(app);
    Error err = {""};
    if (app->lesson != NULL && !app_lesson_continue(app, &err)) {
        app_say(app, true, "%s", err.text);
    }
    if (app->message_until != 0 && app->now >= app->message_until) { app->message_until = 0; }
    /* What a command changed is seen in the same frame: the second pass has no events left. */
    for (int pass = 0; pass < MAX_PASSES; pass++) {
        app->changed = false;
        run_pass(app, input, window);
        input_clear(input);
        if (!app->changed) { break; }
    }
    check_trace_file(app);
}

int app_next_frame(const App *app)
{
    uint64_t due = app->ui.wake;
    if (app->message_until != 0 && app->message_until < due) { due = app->message_until; }
    if (app->asked != 0 && app->now < app->asked + APP_PATIENCE_MS) {
        due = min_size(due, app->asked + APP_PATIENCE_MS);
    }
    if (app->pressed != 0) {
        uint64_t said = app->pressed + APP_PATIENCE_MS;
        due = min_size(due, app->now < said ? said : app->now + PROGRESS_MS);
    }
    uint64_t remember = session_due(app);
    if (remember != 0 && remember < due) { due = remember; }
    if (due == UI_NEVER) { return -1; }
    return due > app->now ? (int)min_size((size_t)(due - app->now), 60000) : 0;
}
