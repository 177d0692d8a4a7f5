#include "app/command.h"

#include "app/export.h"
#include "base/base.h"
#include "base/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THRESHOLD_MAX 0.95f
#define ZOOM_MAX 64.0f
#define EXPORT_SCALE 2.0f

/* --- arguments --------------------------------------------------------------------------------- */

static bool read_number(const char *argument, float low, float high, float *number, Error *err)
{
    char *end;
    float value = strtof(argument, &end);
    if (end == argument || *end != '\0' || !isfinite(value) || value < low || value > high) {
        return error_set(err, "\"%s\" is not a number from %g to %g.", argument, (double)low,
                         (double)high);
    }
    *number = value;
    return true;
}

static bool read_index(const char *argument, int count, const char *what, int *index, Error *err)
{
    char *end;
    long value = strtol(argument, &end, 10);
    if (end == argument || *end != '\0' || value < 0 || value >= count) {
        return error_set(err, "\"%s\" is not a %s; the %ss go from 0 to %d.", argument, what, what,
                         count - 1);
    }
    *index = (int)value;
    return true;
}

static bool read_choice(const char *argument, const char *const *names, int count, int *choice,
                        Error *err)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(argument, names[i]) == 0) {
            *choice = i;
            return true;
        }
    }
    char list[200] = "";
    for (int i = 0; i < count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    return error_set(err, "\"%s\" is none of: %s.", argument, list);
}

static bool has_trace(const App *app) { return app->trace != NULL; }

static bool has_pair(const App *app)
{
    return app->trace != NULL && app->trace->encoding->text[1] != NULL;
}

static bool is_heatmap(const App *app)
{
    return strcmp(view_table[app->view.view].name, "heatmap") == 0;
}

static int head_count(const App *app) { return app->trace->attention[app->view.attention].heads; }
static int layer_count(const App *app) { return app->trace->attention[app->view.attention].layers; }

/* --- text -------------------------------------------------------------------------------------- */

static bool run_text_set(App *app, const char *argument, Error *err)
{
    textfield_set(&app->text, argument);
    return app_run(app, err);
}

static bool run_text_clear(App *app, const char *argument, Error *err)
{
    (void)argument;
    textfield_set(&app->text, "");
    return app_run(app, err);
}

static bool run_text_focus(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->presenting = false;
    app->focus_wanted = "sentence";
    return true;
}

static bool run_example(App *app, const char *argument, Error *err)
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

static bool run_pair_set(App *app, const char *argument, Error *err)
{
    textfield_set(&app->pair, argument);
    app->pair_open = true;
    return app_run(app, err);
}

static bool run_pair_toggle(App *app, const char *argument, Error *err)
{
    (void)argument;
    app->pair_open = !app->pair_open;
    if (app->pair_open) { app->focus_wanted = "pair"; }
    return app_run(app, err);
}

/* --- model and trace --------------------------------------------------------------------------- */

static bool run_model_open(App *app, const char *argument, Error *err)
{
    return app_open_model(app, argument, err);
}

static bool run_trace_open(App *app, const char *argument, Error *err)
{
    return app_open_trace(app, argument, err);
}

/* --- view, layer, heads ------------------------------------------------------------------------ */

static bool run_view_set(App *app, const char *argument, Error *err)
{
    int view = view_find(argument);
    if (view < 0) {
        return error_set(err, "There is no view called \"%s\"; there are head and heatmap.",
                         argument);
    }
    app->view.view = view;
    app->view.scroll = 0;
    return true;
}

static bool run_view_next(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.view = (app->view.view + 1) % view_count();
    app->view.scroll = 0;
    return true;
}

static bool run_layer_set(App *app, const char *argument, Error *err)
{
    return read_index(argument, layer_count(app), "layer", &app->view.layer, err);
}

static bool move_layer(App *app, int by)
{
    app->view.layer = (app->view.layer + by + layer_count(app)) % layer_count(app);
    return true;
}

static bool run_layer_next(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return move_layer(app, 1);
}

static bool run_layer_previous(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return move_layer(app, -1);
}

static bool run_head_all(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    headset_fill(&app->view.heads, head_count(app));
    return true;
}

/* As in BertViz: the last head that is on stays on. */
static bool run_head_toggle(App *app, const char *argument, Error *err)
{
    int head = 0;
    if (!read_index(argument, head_count(app), "head", &head, err)) { return false; }
    bool on = headset_has(&app->view.heads, head);
    if (on && headset_count(&app->view.heads) == 1) { return true; }
    headset_put(&app->view.heads, head, !on);
    return true;
}

static void isolate(App *app, int head)
{
    app->view.heads = (HeadSet){0};
    headset_put(&app->view.heads, head, true);
}

/* As in BertViz: isolating the only head that is on brings all back. */
static bool run_head_isolate(App *app, const char *argument, Error *err)
{
    int head = 0;
    if (!read_index(argument, head_count(app), "head", &head, err)) { return false; }
    if (headset_count(&app->view.heads) == 1 && headset_has(&app->view.heads, head)) {
        headset_fill(&app->view.heads, head_count(app));
    } else {
        isolate(app, head);
    }
    return true;
}

static bool run_head_set(App *app, const char *argument, Error *err)
{
    if (strcmp(argument, "all") == 0) { return run_head_all(app, "", err); }
    HeadSet heads = {0};
    char *copy = mem_copy_string(argument), *rest = copy;
    bool ok = true;
    for (char *item; ok && (item = strsep(&rest, ",")) != NULL;) {
        int head = 0;
        ok = read_index(item, head_count(app), "head", &head, err);
        if (ok) { headset_put(&heads, head, true); }
    }
    free(copy);
    if (ok) { app->view.heads = heads; }
    return ok;
}

/* From one head to the next one; from several to the first of them. */
static bool move_head(App *app, int by)
{
    int head = headset_next(&app->view.heads, -1);
    if (headset_count(&app->view.heads) == 1) { head += by; }
    isolate(app, (max_int(head, -1) + head_count(app)) % head_count(app));
    return true;
}

static bool run_head_next(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return move_head(app, 1);
}

static bool run_head_previous(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return move_head(app, -1);
}

static bool run_combine(App *app, const char *argument, Error *err)
{
    static const char *const names[COMBINES] = {"none", "mean", "max"};
    int choice = ((int)app->view.combine + 1) % COMBINES;
    if (argument[0] != '\0' && !read_choice(argument, names, COMBINES, &choice, err)) {
        return false;
    }
    app->view.combine = (Combine)choice;
    return true;
}

/* --- filters ----------------------------------------------------------------------------------- */

static bool run_filter(App *app, const char *argument, Error *err)
{
    static const char *const names[PAIR_FILTERS] = {"all", "aa", "ab", "ba", "bb"};
    int choice = ((int)app->view.pair + 1) % PAIR_FILTERS;
    if (argument[0] != '\0' && !read_choice(argument, names, PAIR_FILTERS, &choice, err)) {
        return false;
    }
    app->view.pair = (PairFilter)choice;
    return true;
}

static bool run_special(App *app, const char *argument, Error *err)
{
    static const char *const names[SPECIAL_MODES] = {"shown", "hidden", "renormalised"};
    int choice = ((int)app->view.special + 1) % SPECIAL_MODES;
    if (argument[0] != '\0' && !read_choice(argument, names, SPECIAL_MODES, &choice, err)) {
        return false;
    }
    app->view.special = (SpecialTokens)choice;
    return true;
}

static bool run_threshold_set(App *app, const char *argument, Error *err)
{
    return read_number(argument, 0, THRESHOLD_MAX, &app->view.threshold, err);
}

static bool run_threshold_up(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.threshold = min_float(roundf(app->view.threshold * 100 + 1) / 100, THRESHOLD_MAX);
    return true;
}

static bool run_threshold_down(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.threshold = max_float(roundf(app->view.threshold * 100 - 1) / 100, 0);
    return true;
}

static bool run_contrast(App *app, const char *argument, Error *err)
{
    return read_number(argument, 0.2f, 3, &app->view.contrast, err);
}

/* --- heatmap ----------------------------------------------------------------------------------- */

static bool run_map(App *app, const char *argument, Error *err)
{
    ColorMap map = (ColorMap)(((int)app->view.map + 1) % COLORMAP_DIVERGING);
    if (argument[0] != '\0' && !palette_find_map(argument, &map)) {
        return error_set(err, "There is no colour map called \"%s\".", argument);
    }
    app->view.map = map;
    return true;
}

static bool run_logarithmic(App *app, const char *argument, Error *err)
{
    static const char *const names[] = {"linear", "log"};
    int choice = !app->view.logarithmic;
    if (argument[0] != '\0' && !read_choice(argument, names, 2, &choice, err)) { return false; }
    app->view.logarithmic = choice != 0;
    return true;
}

static bool run_zoom_set(App *app, const char *argument, Error *err)
{
    float before = app->view.zoom;
    if (!read_number(argument, 1, ZOOM_MAX, &app->view.zoom, err)) { return false; }
    app->view.pan.x *= app->view.zoom / before;
    app->view.pan.y *= app->view.zoom / before;
    return true;
}

static bool run_zoom_reset(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.zoom = 1;
    app->view.pan = (Vec){0, 0};
    return true;
}

/* --- pins -------------------------------------------------------------------------------------- */

static bool run_pin_query(App *app, const char *argument, Error *err)
{
    int token = 0;
    int count = app->trace->attention[app->view.attention].queries;
    if (!read_index(argument, count, "token", &token, err)) { return false; }
    view_toggle_pin(&app->view, (Target){TARGET_QUERY, -1, -1, token, -1});
    return true;
}

static bool run_pin_key(App *app, const char *argument, Error *err)
{
    int token = 0;
    int count = app->trace->attention[app->view.attention].keys;
    if (!read_index(argument, count, "token", &token, err)) { return false; }
    view_toggle_pin(&app->view, (Target){TARGET_KEY, -1, -1, -1, token});
    return true;
}

static bool run_pin_word(App *app, const char *argument, Error *err)
{
    return app_pin_word(app, argument) ||
           error_set(err, "The sentence has no word \"%s\".", argument);
}

static bool run_pin_clear(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.pin_count = 0;
    return true;
}

/* --- the window -------------------------------------------------------------------------------- */

static bool run_theme(App *app, const char *argument, Error *err)
{
    static const char *const names[] = {"light", "dark"};
    int choice = !app->view.theme->dark;
    if (argument[0] != '\0' && !read_choice(argument, names, 2, &choice, err)) { return false; }
    app->view.theme = palette_theme(choice != 0);
    return true;
}

static bool scale_interface(App *app, int percent)
{
    app->scale_percent = clamp_int(percent, APP_MIN_SCALE_PERCENT, APP_MAX_SCALE_PERCENT);
    app_say(app, false, "Interface at %d %%", app->scale_percent);
    return true;
}

static bool run_interface_larger(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return scale_interface(app, app->scale_percent + (app->scale_percent >= 200 ? 25 : 10));
}

static bool run_interface_smaller(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return scale_interface(app, app->scale_percent - (app->scale_percent > 200 ? 25 : 10));
}

static bool run_interface_reset(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return scale_interface(app, 100);
}

static bool run_measure(App *app, const char *argument, Error *err)
{
    static const char *const names[MEASURES] = {"entropy", "distance", "special", "link"};
    int choice = ((int)app->measure + 1) % MEASURES;
    if (argument[0] != '\0' && !read_choice(argument, names, MEASURES, &choice, err)) {
        return false;
    }
    app->measure = (Measure)choice;
    return true;
}

static bool run_export(App *app, const char *argument, Error *err)
{
    char *path = argument[0] != '\0' ? mem_copy_string(argument) : export_default_path(app, "png");
    FigureOptions options = {.scale = EXPORT_SCALE};
    bool ok = export_write(app, &options, path, err);
    if (ok) {
        app_say(app, false, "Saved %s", path);
        free(app->last_export);
        app->last_export = path;
    } else {
        free(path);
    }
    return ok;
}

static bool run_help(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->help_open = !app->help_open;
    return true;
}

static bool run_present(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->presenting = !app->presenting;
    app->fullscreen = app->presenting;
    return true;
}

/* One step back: help, presentation, pins, the text field. */
static bool run_escape(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    if (app->help_open) {
        app->help_open = false;
    } else if (app->view.pin_count > 0) {
        app->view.pin_count = 0;
    } else if (app->presenting) {
        app->presenting = app->fullscreen = false;
    }
    return true;
}

static bool run_quit(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->quit = true;
    return true;
}

const Command command_table[] = {
    {"text:set", "TEXT", "the sentence", NULL, run_text_set},
    {"text:clear", "", "empties the sentence", NULL, run_text_clear},
    {"text:focus", "", "puts the caret into the sentence", NULL, run_text_focus},
    {"text:example", "", "the next example sentence", NULL, run_example},
    {"pair:set", "TEXT", "the second sentence of a pair", NULL, run_pair_set},
    {"pair:toggle", "", "a second sentence, or none", NULL, run_pair_toggle},
    {"model:open", "NAME|FOLDER", "opens a model", NULL, run_model_open},
    {"trace:open", "FILE", "shows the attention in a trace file", NULL, run_trace_open},
    {"view:set", "NAME", "shows a view", NULL, run_view_set},
    {"view:next", "", "the next view", NULL, run_view_next},
    {"layer:set", "N", "shows a layer", has_trace, run_layer_set},
    {"layer:next", "", "the next layer", has_trace, run_layer_next},
    {"layer:previous", "", "the layer before", has_trace, run_layer_previous},
    {"head:set", "N,N|all", "shows these heads", has_trace, run_head_set},
    {"head:all", "", "shows all heads", has_trace, run_head_all},
    {"head:toggle", "N", "shows or hides a head", has_trace, run_head_toggle},
    {"head:isolate", "N", "shows only this head, or all again", has_trace, run_head_isolate},
    {"head:next", "", "the next head alone", has_trace, run_head_next},
    {"head:previous", "", "the head before, alone", has_trace, run_head_previous},
    {"head:combine", "none|mean|max", "heatmap: heads side by side, or as one", NULL, run_combine},
    {"filter", "all|aa|ab|ba|bb", "which sentence looks at which", has_pair, run_filter},
    {"special", "shown|hidden|renormalised", "shows or hides [CLS] and [SEP]", NULL, run_special},
    {"threshold:set", "X", "draws lines from this weight on", NULL, run_threshold_set},
    {"threshold:up", "", "fewer lines", NULL, run_threshold_up},
    {"threshold:down", "", "more lines", NULL, run_threshold_down},
    {"contrast", "X", "opacity of a line = weight ^ X", NULL, run_contrast},
    {"heatmap:map", "NAME", "the colour map", NULL, run_map},
    {"heatmap:scale", "linear|log", "linear or logarithmic colours", NULL, run_logarithmic},
    {"zoom:set", "X", "heatmap: X times as large", is_heatmap, run_zoom_set},
    {"zoom:reset", "", "heatmap: the whole matrix", is_heatmap, run_zoom_reset},
    {"pin:query", "N", "pins what token N looks at", has_trace, run_pin_query},
    {"pin:key", "N", "pins who looks at token N", has_trace, run_pin_key},
    {"pin:word", "WORD", "pins what the last such word looks at", has_trace, run_pin_word},
    {"pin:clear", "", "takes all pins out", NULL, run_pin_clear},
    {"grid:measure", "entropy|distance|special|link", "what colours the head grid", NULL,
     run_measure},
    {"theme", "light|dark", "the other theme", NULL, run_theme},
    {"interface:larger", "", "everything larger", NULL, run_interface_larger},
    {"interface:smaller", "", "everything smaller", NULL, run_interface_smaller},
    {"interface:reset", "", "everything at 100 %", NULL, run_interface_reset},
    {"export", "FILE", "saves the figure", has_trace, run_export},
    {"present", "", "full screen, only the picture", NULL, run_present},
    {"help", "", "shows all keys", NULL, run_help},
    {"escape", "", "closes help, takes pins out, leaves full screen", NULL, run_escape},
    {"quit", "", "ends Headlight", NULL, run_quit},
    {0},
};

bool command_run(App *app, const char *line, Error *err)
{
    size_t length = strcspn(line, " ");
    const char *argument = line[length] == ' ' ? line + length + 1 : "";
    for (const Command *command = command_table; command->name != NULL; command++) {
        if (strlen(command->name) != length || strncmp(command->name, line, length) != 0) {
            continue;
        }
        if (command->can != NULL && !command->can(app)) {
            return error_set(err, "%s makes no sense here: %s.", command->name, command->help);
        }
        app->changed = true;
        return command->run(app, argument, err);
    }
    return error_set(err, "There is no command \"%.*s\".", (int)min_size(length, 40), line);
}

void command_do(App *app, const char *line)
{
    Error err = {""};
    if (!command_run(app, line, &err)) { app_say(app, true, "%s", err.text); }
}

void command_do_format(App *app, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = NULL;
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0) { return; }
    command_do(app, line);
    free(line);
}
