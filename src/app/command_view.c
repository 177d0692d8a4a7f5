#include "app/command_actions.h"

#include "base/base.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THRESHOLD_MAX 0.95f
#define ZOOM_MAX 64.0f
enum { TOP_MAX = 1024 };

/* --- view, layer, heads ------------------------------------------------------------------------ */

/* What is compared is only run while it is looked at, and a pair is no pair meanwhile. */
static bool show_view(App *app, int view, Error *err)
{
    bool before = app_comparing(app);
    app->view.view = view;
    app->view.scroll = 0;
    bool other = before != app_comparing(app);
    if (other && app_comparing_texts(app)) { app->pair_open = true; }
    return !other || app->trace == NULL || app_run(app, err);
}

bool command_view_set(App *app, const char *argument, Error *err)
{
    int view = view_find(argument);
    if (view < 0) {
        char names[200] = "";
        for (int i = 0; i < view_count(); i++) {
            size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "",
                     view_table[i].name);
        }
        return error_set(err, "There is no view called \"%s\"; there are %s.", argument, names);
    }
    return show_view(app, view, err);
}

/* The compare view has a second pass, and a pair is no pair in it. */
static bool step_view(App *app, int by, Error *err)
{
    bool before = app_comparing(app);
    if (!app_step_view(app, by)) {
        return error_set(err, by < 0 ? "There is no view to go back to."
                                     : "There is no view to go forward to.");
    }
    return before == app_comparing(app) || app_run(app, err);
}

bool command_view_back(App *app, const char *argument, Error *err)
{
    (void)argument;
    return step_view(app, -1, err);
}

bool command_view_forward(App *app, const char *argument, Error *err)
{
    (void)argument;
    return step_view(app, 1, err);
}

bool command_view_next(App *app, const char *argument, Error *err)
{
    (void)argument;
    return show_view(app, (app->view.view + 1) % view_count(), err);
}

bool command_layer_set(App *app, const char *argument, Error *err)
{
    return command_read_index(argument, command_layer_count(app), "layer", &app->view.layer, err);
}

static bool move_layer(App *app, int by)
{
    app->view.layer = (app->view.layer + by + command_layer_count(app)) % command_layer_count(app);
    return true;
}

bool command_layer_next(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return move_layer(app, 1);
}

bool command_layer_previous(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return move_layer(app, -1);
}

bool command_head_all(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    headset_fill(&app->view.heads, command_head_count(app));
    return true;
}

/* As in BertViz: the last head that is on stays on. */
bool command_head_toggle(App *app, const char *argument, Error *err)
{
    int head = 0;
    if (!command_read_index(argument, command_head_count(app), "head", &head, err)) {
        return false;
    }
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
bool command_head_isolate(App *app, const char *argument, Error *err)
{
    int head = 0;
    if (!command_read_index(argument, command_head_count(app), "head", &head, err)) {
        return false;
    }
    if (headset_count(&app->view.heads) == 1 && headset_has(&app->view.heads, head)) {
        headset_fill(&app->view.heads, command_head_count(app));
    } else {
        isolate(app, head);
    }
    return true;
}

bool command_head_set(App *app, const char *argument, Error *err)
{
    if (strcmp(argument, "all") == 0) { return command_head_all(app, "", err); }
    HeadSet heads = {0};
    char *copy = mem_copy_string(argument), *rest = copy;
    bool ok = true;
    for (char *item; ok && (item = strsep(&rest, ",")) != NULL;) {
        int head = 0;
        ok = command_read_index(item, command_head_count(app), "head", &head, err);
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
    isolate(app, (max_int(head, -1) + command_head_count(app)) % command_head_count(app));
    return true;
}

bool command_head_next(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return move_head(app, 1);
}

bool command_head_previous(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    return move_head(app, -1);
}

bool command_combine(App *app, const char *argument, Error *err)
{
    static const char *const names[COMBINES] = {"none",        "mean",       "max",
                                                "layers-mean", "layers-max", "rollout"};
    int choice = ((int)app->view.combine + 1) % COMBINES;
    if (argument[0] != '\0' && !command_read_choice(argument, names, COMBINES, &choice, err)) {
        return false;
    }
    app->view.combine = (Combine)choice;
    return true;
}

/* --- filters ----------------------------------------------------------------------------------- */

bool command_attention(App *app, const char *argument, Error *err)
{
    static const char *const names[ATTENTION_KINDS] = {
        [ATTENTION_SELF] = "self", [ATTENTION_DECODER] = "decoder", [ATTENTION_CROSS] = "cross"};
    int kind = (int)app->view.attention;
    if (argument[0] != '\0') {
        if (!command_read_choice(argument, names, ATTENTION_KINDS, &kind, err)) { return false; }
    } else {
        do {
            kind = (kind + 1) % ATTENTION_KINDS;
        } while (app->trace->attention[kind].weights == NULL);
    }
    if (app->trace->attention[kind].weights == NULL) {
        return error_set(err, "This trace has no %s-attention.", names[kind]);
    }
    app_show_kind(app, (AttentionKind)kind);
    return true;
}

bool command_filter(App *app, const char *argument, Error *err)
{
    static const char *const names[PAIR_FILTERS] = {"all", "aa", "ab", "ba", "bb"};
    int choice = ((int)app->view.pair + 1) % PAIR_FILTERS;
    if (argument[0] != '\0' && !command_read_choice(argument, names, PAIR_FILTERS, &choice, err)) {
        return false;
    }
    app->view.pair = (PairFilter)choice;
    return true;
}

bool command_special(App *app, const char *argument, Error *err)
{
    static const char *const names[SPECIAL_MODES] = {"shown", "hidden", "renormalised"};
    int choice = ((int)app->view.special + 1) % SPECIAL_MODES;
    if (argument[0] != '\0' && !command_read_choice(argument, names, SPECIAL_MODES, &choice, err)) {
        return false;
    }
    app->view.special = (SpecialTokens)choice;
    return true;
}

bool command_threshold_set(App *app, const char *argument, Error *err)
{
    return command_read_number(argument, 0, THRESHOLD_MAX, &app->view.threshold, err);
}

bool command_threshold_up(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.threshold = min_float(roundf(app->view.threshold * 100 + 1) / 100, THRESHOLD_MAX);
    return true;
}

bool command_threshold_down(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.threshold = max_float(roundf(app->view.threshold * 100 - 1) / 100, 0);
    return true;
}

bool command_contrast(App *app, const char *argument, Error *err)
{
    return command_read_number(argument, 0.2f, 3, &app->view.contrast, err);
}

bool command_words(App *app, const char *argument, Error *err)
{
    static const char *const names[] = {"pieces", "words"};
    int choice = !app->view.words;
    if (argument[0] != '\0' && !command_read_choice(argument, names, 2, &choice, err)) {
        return false;
    }
    app->view.words = choice != 0;
    app->view.pin_count = 0; /* pieces and words are pinned by different tokens */
    return true;
}

/* N keys of each query, 0 for all. */
bool command_top_k(App *app, const char *argument, Error *err)
{
    return command_read_index(argument, TOP_MAX + 1, "number of keys", &app->view.top_k, err);
}

bool command_top_p(App *app, const char *argument, Error *err)
{
    return command_read_number(argument, 0.01f, 1, &app->view.top_p, err);
}

/* --- heatmap ----------------------------------------------------------------------------------- */

bool command_map(App *app, const char *argument, Error *err)
{
    ColorMap map = (ColorMap)(((int)app->view.map + 1) % COLORMAP_DIVERGING);
    if (argument[0] != '\0' && !palette_find_map(argument, &map)) {
        return error_set(err, "There is no colour map called \"%s\".", argument);
    }
    app->view.map = map;
    return true;
}

bool command_logarithmic(App *app, const char *argument, Error *err)
{
    static const char *const names[] = {"linear", "log"};
    int choice = !app->view.logarithmic;
    if (argument[0] != '\0' && !command_read_choice(argument, names, 2, &choice, err)) {
        return false;
    }
    app->view.logarithmic = choice != 0;
    return true;
}

bool command_zoom_set(App *app, const char *argument, Error *err)
{
    float before = app->view.zoom;
    if (!command_read_number(argument, 1, ZOOM_MAX, &app->view.zoom, err)) { return false; }
    app->view.pan.x *= app->view.zoom / before;
    app->view.pan.y *= app->view.zoom / before;
    return true;
}

bool command_zoom_reset(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.zoom = 1;
    app->view.pan = (Vec){0, 0};
    return true;
}

/* --- pins -------------------------------------------------------------------------------------- */

bool command_pin_query(App *app, const char *argument, Error *err)
{
    int token = 0;
    int count = app->trace->attention[app->view.attention].queries;
    if (!command_read_index(argument, count, "token", &token, err)) { return false; }
    view_toggle_pin(&app->view, (Target){TARGET_QUERY, -1, -1, token, -1});
    return true;
}

bool command_pin_key(App *app, const char *argument, Error *err)
{
    int token = 0;
    int count = app->trace->attention[app->view.attention].keys;
    if (!command_read_index(argument, count, "token", &token, err)) { return false; }
    view_toggle_pin(&app->view, (Target){TARGET_KEY, -1, -1, -1, token});
    return true;
}

bool command_pin_word(App *app, const char *argument, Error *err)
{
    return app_pin_word(app, argument) ||
           error_set(err, "The sentence has no word \"%s\".", argument);
}

bool command_pin_clear(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app->view.pin_count = 0;
    return true;
}

/* ---- The model view ---- */

/* "L.H" shows that head large, and chooses it; without an argument it goes back. */
bool command_enlarge(App *app, const char *argument, Error *err)
{
    int layer, head, used = 0;
    if (argument[0] == '\0') {
        app->shrinking = true;
        return true;
    }
    if (sscanf(argument, "%4d.%4d%n", &layer, &head, &used) != 2 || argument[used] != '\0' ||
        layer < 0 || layer >= command_layer_count(app) || head < 0 ||
        head >= command_head_count(app)) {
        return error_set(err, "\"%s\" is not a head; heads are LAYER.HEAD, up to %d.%d here.",
                         argument, command_layer_count(app) - 1, command_head_count(app) - 1);
    }
    app->view.layer = layer;
    isolate(app, head);
    app->view.enlarged = (Target){TARGET_HEAD, layer, head, -1, -1};
    app->shrinking = false;
    if (app->worker == NULL) { app->view.enlarged_part = 1; } /* nobody is there to watch */
    return true;
}

bool command_thumbnails(App *app, const char *argument, Error *err)
{
    static const char *const names[] = {"heatmaps", "lines"};
    int choice = !app->view.thumbnail_lines;
    if (argument[0] != '\0' && !command_read_choice(argument, names, 2, &choice, err)) {
        return false;
    }
    app->view.thumbnail_lines = choice != 0;
    return true;
}

bool command_flow(App *app, const char *argument, Error *err)
{
    static const char *const names[FLOW_KINDS] = {"attention", "rollout", "maximum"};
    int choice = ((int)app->view.flow + 1) % FLOW_KINDS;
    if (argument[0] != '\0' && !command_read_choice(argument, names, FLOW_KINDS, &choice, err)) {
        return false;
    }
    app->view.flow = (FlowKind)choice;
    return true;
}

/* ---- What if: heads switched off ---- */

static bool run_without(App *app, Error *err)
{
    size_t heads = (size_t)command_layer_count(app) * (size_t)command_head_count(app);
    int off = 0;
    for (size_t i = 0; i < heads; i++) { off += app->heads_off[i]; }
    if (off == 0) {
        free(app->heads_off);
        app->heads_off = NULL;
    }
    app_say(app, false, off == 0 ? "All heads are on" : "%d of %d heads are off", off, (int)heads);
    return app_run(app, err);
}

bool command_can_switch(const App *app)
{
    return app->model != NULL && app->trace != NULL &&
           app->trace->layers == model_config(app->model)->layers &&
           app->trace->heads == model_config(app->model)->heads;
}

/* "L.H,L.H" switches these off, or on again; without an argument the one that is shown alone. */
bool command_head_off(App *app, const char *argument, Error *err)
{
    int layers = command_layer_count(app), count = command_head_count(app);
    unsigned char *off = mem_zero((size_t)layers * (size_t)count, 1);
    if (app->heads_off != NULL) { memcpy(off, app->heads_off, (size_t)layers * (size_t)count); }
    bool ok = true;
    if (argument[0] == '\0') {
        for (int head = headset_next(&app->view.heads, -1); head >= 0 && head < count;
             head = headset_next(&app->view.heads, head)) {
            off[app->view.layer * count + head] ^= 1;
        }
    }
    for (const char *at = argument; ok && *at != '\0';) {
        int layer = -1, head = -1, used = 0;
        ok = sscanf(at, "%4d.%4d%n", &layer, &head, &used) == 2 && layer >= 0 && layer < layers &&
             head >= 0 && head < count && (at[used] == '\0' || at[used] == ',');
        if (!ok) {
            error_set(err, "\"%s\" does not name heads as LAYER.HEAD, up to %d.%d here.", argument,
                      layers - 1, count - 1);
            break;
        }
        off[layer * count + head] ^= 1;
        at += used + (at[used] == ',');
    }
    if (!ok) {
        free(off);
        return false;
    }
    free(app->heads_off);
    app->heads_off = off;
    return run_without(app, err);
}

/* All heads of a layer off, or on again if they all were. */
bool command_layer_off(App *app, const char *argument, Error *err)
{
    int layer = app->view.layer, count = command_head_count(app), on = 0;
    if (argument[0] != '\0' &&
        !command_read_index(argument, command_layer_count(app), "layer", &layer, err)) {
        return false;
    }
    if (app->heads_off == NULL) {
        app->heads_off = mem_zero((size_t)command_layer_count(app) * (size_t)count, 1);
    }
    unsigned char *off = app->heads_off + layer * count;
    for (int head = 0; head < count; head++) { on += off[head] == 0; }
    memset(off, on > 0, (size_t)count);
    return run_without(app, err);
}

bool command_head_restore(App *app, const char *argument, Error *err)
{
    (void)argument;
    free(app->heads_off);
    app->heads_off = NULL;
    app_say(app, false, "All heads are on");
    return app_run(app, err);
}

/* ---- Compare ---- */

/* A model's name, or nothing for the second sentence. */
bool command_compare_model(App *app, const char *argument, Error *err)
{
    Arena scratch = {0};
    bool known = argument[0] == '\0' || models_find(argument, &scratch, err) != NULL;
    arena_free(&scratch);
    if (!known) { return false; }
    free(app->compare_model);
    app->compare_model = argument[0] != '\0' ? mem_copy_string(argument) : NULL;
    if (app_comparing_texts(app)) { app->pair_open = true; }
    return app_run(app, err);
}

/* The second sentence, to be compared with the first. */
bool command_compare_text(App *app, const char *argument, Error *err)
{
    textfield_set(&app->pair, argument);
    app->pair_open = true;
    return command_compare_model(app, "", err);
}

/* ---- The picked link ---- */

/* Steps through the heads by the picked link, from the one that is shown alone. */
static bool move_rank(App *app, int by, Error *err)
{
    Arena scratch = {0};
    int count, place = by > 0 ? -1 : 0;
    const RankedHead *ranked = app_ranking(app, &scratch, &count);
    bool alone = headset_count(&app->view.heads) == 1;
    for (int i = 0; i < count && alone; i++) {
        if (ranked[i].layer == app->view.layer && headset_has(&app->view.heads, ranked[i].head)) {
            place = i;
        }
    }
    if (count > 0) {
        const RankedHead *head = &ranked[(place + by + count) % count];
        app->view.layer = head->layer;
        isolate(app, head->head);
        app_say(app, false, "Head %d.%d, number %d of %d by this link: %.4f", head->layer,
                head->head, (place + by + count) % count + 1, count, (double)head->weight);
    }
    arena_free(&scratch);
    return count > 0 || error_set(err, "Pick a link first: click a token at the left and one at "
                                       "the right.");
}

bool command_rank_next(App *app, const char *argument, Error *err)
{
    (void)argument;
    return move_rank(app, 1, err);
}

bool command_rank_previous(App *app, const char *argument, Error *err)
{
    (void)argument;
    return move_rank(app, -1, err);
}

bool command_rank_best(App *app, const char *argument, Error *err)
{
    (void)argument;
    headset_fill(&app->view.heads, command_head_count(app));
    return move_rank(app, 1, err);
}
