#include "app/app.h"

#include "app/app_lesson.h"
#include "app/command.h"
#include "app/press.h"
#include "app/survey.h"
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/trace_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_PROBE (1 << 20) /* bytes */

static void read_examples(App *app)
{
    Error err = {""};
    const char *path = models_find_asset("assets/sentences.txt", &app->arena);
    if (path == NULL) { return; }
    app->examples = examples_read(path, &app->arena, &app->example_count, &err);
    if (err.text[0] != '\0') { app_say(app, true, "%s", err.text); }
}

void app_init(App *app, FontSet *fonts)
{
    *app = (App){.fonts = fonts,
                 .view = view_state_default(),
                 .figure = figure_default(),
                 .scale_percent = 100,
                 .grid_pattern = -1};
    app->view.hover = app->chip_hover = (Target){TARGET_NONE, -1, -1, -1, -1};
    app->models = models_list(&app->arena, &app->model_count);
    read_examples(app);
    app->lessons = app_lesson_list(&app->arena, &app->lesson_count);
    if (fonts != NULL) {
        app->picture = drawing_new(fonts);
        app->screen = drawing_new(fonts);
    }
}

void app_free(App *app)
{
    app_lesson_close(app);
    free(app->recording);
    buffer_free(&app->recorded);
    app_compare_free(app);
    worker_free(app->worker);
    press_free(app->press); /* what was asked for is saved */
    trace_free(app->trace);
    model_free(app->model);
    textfield_free(&app->text);
    textfield_free(&app->pair);
    textfield_free(&app->figure_title);
    ui_free(&app->ui);
    drawing_free(app->picture);
    drawing_free(app->screen);
    pattern_free(app->patterns);
    thumbnail_forget(&app->thumbnails);
    rollout_forget(&app->rollout);
    free(app->heads_off);
    free(app->grid);
    free(app->last_export);
    for (int i = 0; i < app->history_count; i++) { free(app->history[i]); }
    arena_free(&app->arena);
}

const char *app_text(const App *app) { return textfield_text(&app->text); }

/* While two sentences are compared, the second one is no pair of the first. */
const char *app_pair(const App *app)
{
    return app->pair_open && !app_comparing_texts(app) ? textfield_text(&app->pair) : NULL;
}

void app_say(App *app, bool is_error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(app->message, sizeof app->message, format, args);
    va_end(args);
    app->message_is_error = is_error;
    app->message_until = app->now + (is_error ? 2u : 1u) * (uint64_t)APP_MESSAGE_MS;
}

/* A pin stays on its word while the text around it changes; with the word it goes. */
static bool same_token(const Encoding *before, const Encoding *after, int token)
{
    return token < 0 || (before != NULL && token < before->count && token < after->count &&
                         strcmp(before->tokens[token].piece, after->tokens[token].piece) == 0);
}

static bool pin_survives(const Target *pin, const Attention *before, const Attention *after)
{
    return pin->layer < after->layers && pin->head < after->heads &&
           same_token(before->query_tokens, after->query_tokens, pin->query) &&
           same_token(before->key_tokens, after->key_tokens, pin->key);
}

/* Layer, heads, pins of the state are made to fit the trace. */
static void fit_view(App *app, const Trace *before)
{
    ViewState *view = &app->view;
    const Attention none = {0};
    const Attention *was = before != NULL ? &before->attention[view->attention] : &none;
    if (app->trace->attention[view->attention].weights == NULL) {
        view->attention = trace_first_kind(app->trace);
    }
    const Attention *a = &app->trace->attention[view->attention];
    view->layer = clamp_int(view->layer, 0, a->layers - 1);
    bool other_shape = was->heads != a->heads;
    for (int head = a->heads; head < SLICE_MAX_HEADS; head++) {
        headset_put(&view->heads, head, false);
    }
    if (other_shape && headset_count(&view->heads) != 1) { headset_fill(&view->heads, a->heads); }
    size_t weights = (size_t)a->heads * (size_t)a->queries * (size_t)a->keys;
    if (other_shape && weights > APP_MOST_AT_ONCE) { view->heads = (HeadSet){.bits = {1}}; }
    if (headset_count(&view->heads) == 0) { headset_fill(&view->heads, a->heads); }
    if (view->enlarged.layer >= a->layers || view->enlarged.head >= a->heads) {
        view->enlarged.kind = TARGET_NONE;
    }
    if (app->trace->encoding->text[1] == NULL) { view->pair = PAIR_ALL; }
    int kept = 0;
    for (int pin = 0; pin < view->pin_count; pin++) {
        if (pin_survives(&view->pins[pin], was, a)) { view->pins[kept++] = view->pins[pin]; }
    }
    view->pin_count = kept;
    view->hover = app->chip_hover = (Target){TARGET_NONE, -1, -1, -1, -1};
    /* What the pointer hits in the old picture is not in this trace. */
    if (app->picture != NULL) { drawing_begin(app->picture, (Rect){0, 0, 0, 0}, (Color){0}); }
}

void app_show_kind(App *app, AttentionKind kind)
{
    if (kind == app->view.attention) { return; }
    app->view.attention = kind;
    app->view.pin_count = 0; /* they were pins in other texts */
    fit_view(app, app->trace);
    thumbnail_forget(&app->thumbnails);
    free(app->grid);
    app->grid = NULL;
}

/* The model knows which head shows best what it has learned, and on which word of the first example. */
static void take_start(App *app)
{
    ModelStart start;
    if (app->model == NULL || app->placed || !models_read_start(model_folder(app->model), &start)) {
        return;
    }
    const Attention *a = &app->trace->attention[ATTENTION_SELF];
    if (a->weights == NULL) { return; }
    if (start.layer >= a->layers || start.head >= a->heads) { return; }
    app->view.layer = start.layer;
    app->view.heads = (HeadSet){0};
    headset_put(&app->view.heads, start.head, true);
    bool first = app->example_count > 0 && strcmp(app_text(app), app->examples[0].text) == 0;
    if (first && start.word[0] != '\0') { app_pin_word(app, start.word); }
}

static void take_trace(App *app, Trace *trace)
{
    Trace *before = app->trace;
    app->trace = trace;
    app->trace_changed = false;
    fit_view(app, before);
    thumbnail_forget(&app->thumbnails);
    rollout_forget(&app->rollout);
    trace_free(before);
    free(app->grid);
    app->grid = NULL;
    if (app->pin_next != NULL) { app_pin_word(app, app->pin_next); }
    app->pin_next = NULL;
    if (before != NULL) { return; }
    take_start(app);
    for (int i = 0; i < app->start_count; i++) { command_do(app, app->start[i]); }
}

static void forget_patterns(App *app)
{
    PatternScores *late = NULL;
    if (app->worker != NULL) {
        worker_poll_survey(app->worker, &app->survey_done, &app->survey_count, &late);
    }
    pattern_free(late);
    pattern_free(app->patterns);
    app->patterns = NULL;
    if (app->grid_pattern >= 0) {
        free(app->grid);
        app->grid = NULL;
    }
}

/* What the heads of a new model do is read from the cache, or found out beside the window. */
static void learn_patterns(App *app)
{
    Arena scratch = {0};
    forget_patterns(app);
    const char *probe = app->worker != NULL && app->model != NULL
                            ? survey_find_probe(app->model, &scratch, NULL)
                            : NULL;
    ProbeSet set;
    FileStamp stamp; /* a set that takes long to read is for `headlight probe` */
    if (probe != NULL && (!file_stamp(probe, &stamp) || stamp.size > MOST_PROBE)) { probe = NULL; }
    if (probe != NULL && (app->patterns = survey_read_cache(app->model, probe)) == NULL &&
        probe_read(probe, &set, NULL)) {
        worker_survey(app->worker, app->model, &set);
    }
    arena_free(&scratch);
}

static void poll_survey(App *app)
{
    PatternScores *scores;
    worker_poll_survey(app->worker, &app->survey_done, &app->survey_count, &scores);
    if (scores == NULL) { return; }
    Arena scratch = {0};
    const char *probe = survey_find_probe(app->model, &scratch, NULL);
    if (probe != NULL) { survey_write_cache(app->model, probe, scores); }
    arena_free(&scratch);
    pattern_free(app->patterns);
    app->patterns = scores;
    if (app->grid_pattern >= 0) {
        free(app->grid);
        app->grid = NULL;
    }
    app->changed = true;
}

/* The old model may still be in use by the worker, so that the worker gets rid of it. */
static void take_model(App *app, Model *model, bool run)
{
    Model *before = app->model;
    app->model = model;
    free(app->heads_off); /* they were those of the old one */
    app->heads_off = NULL;
    if (run) { app_run(app, NULL); }
    learn_patterns(app);
    if (app->worker != NULL) {
        worker_retire(app->worker, before);
    } else {
        model_free(before);
    }
}

/* Words are only guessed where a mask stands: the logits cost as much as some layers. */
unsigned app_wants(const App *app)
{
    const char *pair = app_pair(app);
    bool mask =
        strstr(app_text(app), APP_MASK) != NULL || (pair != NULL && strstr(pair, APP_MASK) != NULL);
    unsigned wants = mask ? MODEL_LOGITS : MODEL_ATTENTION;
    if (app_walking(app)) { wants |= MODEL_STEPS | (unsigned)app->view.layer << MODEL_LAYER_SHIFT; }
    return wants;
}

bool app_walking(const App *app) { return strcmp(view_table[app->view.view].name, "walk") == 0; }

bool app_run(App *app, Error *err)
{
    if (app->model == NULL) { return true; }
    if (app->worker != NULL) {
        app->asked = app->now + 1;
        worker_request(app->worker, app->model, NULL, app_text(app), app_pair(app), app_wants(app),
                       app->heads_off);
        return app_compare_run(app, err);
    }
    Encoding *encoding = model_encode(app->model, app_text(app), app_pair(app));
    Trace *trace =
        model_run_without(app->model, encoding, app_wants(app), app->heads_off, NULL, err);
    if (trace == NULL) { return false; }
    take_trace(app, trace);
    return app_compare_run(app, err);
}

bool app_show(App *app, const char *text, const char *pair, Error *err)
{
    textfield_reset(&app->text, text);
    textfield_reset(&app->pair, pair != NULL ? pair : "");
    app->pair_open = pair != NULL;
    return app_run(app, err);
}

bool app_open_model(App *app, const char *name, Error *err)
{
    Arena scratch = {0};
    const char *folder = models_find(name, &scratch, err);
    bool ok = folder != NULL;
    if (ok && app->worker != NULL) {
        app->asked = app->now + 1;
        worker_request(app->worker, app->model, folder, app_text(app), app_pair(app),
                       app_wants(app), NULL);
    } else if (ok) {
        Model *model = model_open(folder, app->threads, err);
        ok = model != NULL;
        if (ok) { take_model(app, model, false); }
        if (ok && app->trace != NULL) { ok = app_run(app, err); }
    }
    arena_free(&scratch);
    return ok;
}

/* A trace has no model behind it: typing would change nothing, so the fields show its text. */
static void take_opened(App *app, Trace *trace)
{
    if (app->worker != NULL) { worker_forget(app->worker); }
    app->asked = 0;
    if (app->model != NULL) {
        if (app->worker != NULL) {
            worker_retire(app->worker, app->model);
        } else {
            model_free(app->model);
        }
        app->model = NULL;
        free(app->heads_off);
        app->heads_off = NULL;
        forget_patterns(app);
    }
    const char *const *text = trace->encoding->text;
    textfield_reset(&app->text, text[0] != NULL ? text[0] : "");
    textfield_reset(&app->pair, text[1] != NULL ? text[1] : "");
    app->pair_open = text[1] != NULL;
    take_trace(app, trace);
    /* What it does at the start may have opened another one by now. */
    if (app->trace->note != NULL) { app_say(app, false, "%s", app->trace->note); }
}

bool app_open_trace(App *app, const char *path, Error *err)
{
    if (app->worker == NULL) { return app_open_trace_here(app, path, err); }
    app->asked = app->now + 1;
    worker_open_trace(app->worker, path);
    return true;
}

bool app_open_trace_here(App *app, const char *path, Error *err)
{
    Trace *trace = trace_file_read(path, err);
    if (trace == NULL) { return false; }
    take_opened(app, trace);
    return true;
}

void app_poll(App *app)
{
    WorkerAnswer answer;
    if (app->worker == NULL) { return; }
    if (app->model != NULL) { poll_survey(app); }
    app_compare_poll(app);
    if (!worker_poll(app->worker, &answer)) { return; }
    if (!worker_busy(app->worker)) { app->asked = 0; }
    if (answer.failed) { app_say(app, true, "%s", answer.error.text); }
    bool ask_again = answer.model != NULL && answer.trace == NULL && !answer.failed;
    if (answer.model != NULL) {
        take_model(app, answer.model, ask_again || worker_busy(app->worker));
    }
    if (answer.opened && answer.trace != NULL) {
        take_opened(app, answer.trace);
    } else if (answer.trace != NULL && app->model != NULL) {
        take_trace(app, answer.trace);
    } else { /* of a model that has given way to a trace meanwhile */
        trace_free(answer.trace);
    }
    app->changed = true;
}

bool app_pin_word(App *app, const char *word)
{
    const Encoding *tokens = app->trace->attention[app->view.attention].query_tokens;
    for (int token = tokens->count - 1; token >= 0; token--) {
        const Token *t = &tokens->tokens[token];
        const char *text = tokens->text[t->side];
        bool by_piece = strcasecmp(t->piece, word) == 0;
        bool by_text = text != NULL && t->end > t->start &&
                       (size_t)(t->end - t->start) == strlen(word) &&
                       strncasecmp(text + t->start, word, strlen(word)) == 0;
        if (!by_piece && !by_text) { continue; }
        Target target = {TARGET_QUERY, -1, -1, token, -1};
        if (!view_is_pinned(&app->view, target)) { view_toggle_pin(&app->view, target); }
        return true;
    }
    return false;
}

bool app_link(const App *app, int *query, int *key)
{
    *query = *key = -1;
    for (int pin = app->view.pin_count - 1; pin >= 0; pin--) {
        const Target *target = &app->view.pins[pin];
        bool has_query = target->kind == TARGET_QUERY || target->kind == TARGET_LINK;
        bool has_key = target->kind == TARGET_KEY || target->kind == TARGET_LINK;
        if (has_query && *query < 0) { *query = target->query; }
        if (has_key && *key < 0) { *key = target->key; }
    }
    return *query >= 0 && *key >= 0;
}

RankedHead *app_ranking(const App *app, Arena *arena, int *count)
{
    int query, key;
    *count = 0;
    if (app->trace == NULL || !app_link(app, &query, &key)) { return NULL; }
    const Attention *a = &app->trace->attention[app->view.attention];
    RankedHead *ranked = arena_alloc(arena, (size_t)a->layers * (size_t)a->heads, sizeof *ranked);
    *count = rank_heads(app->trace, app->view.attention, (TokenSpan){query, query + 1},
                        (TokenSpan){key, key + 1}, ranked);
    return ranked;
}

static bool is_mask(const App *app, int token)
{
    const Encoding *encoding = app->trace->encoding;
    return token >= 0 && token < encoding->count &&
           strcmp(encoding->tokens[token].piece, APP_MASK) == 0;
}

int app_mask(const App *app)
{
    if (app->trace == NULL) { return -1; }
    Target hover = view_plain_target(&app->view, app->view.hover);
    if (is_mask(app, hover.query)) { return hover.query; }
    for (int pin = app->view.pin_count - 1; pin >= 0; pin--) {
        if (is_mask(app, app->view.pins[pin].query)) { return app->view.pins[pin].query; }
    }
    for (int token = 0; token < app->trace->encoding->count; token++) {
        if (is_mask(app, token)) { return token; }
    }
    return -1;
}

/* ---- Views as they were ---- */

/* What a step back brings back: not the pointer, not what moves by itself, not the look of the
 * program. */
static ViewState essence(const ViewState *view)
{
    ViewState state = *view;
    state.hover = (Target){TARGET_NONE, -1, -1, -1, -1};
    state.scroll = 0;
    state.enlarged_part = 0;
    state.step_part = 1;
    state.thumbnails = NULL;
    state.patterns = NULL;
    state.other = NULL;
    state.theme = NULL;
    return state;
}

void app_remember_view(App *app)
{
    if (app->undo_at == APP_MAX_UNDO) {
        memmove(&app->undo[0], &app->undo[1], (APP_MAX_UNDO - 1) * sizeof app->undo[0]);
        app->undo_at--;
    }
    app->undo[app->undo_at++] = app->view;
    app->undo_count = app->undo_at;
}

/* A step swaps the view with the one that was kept, so that the way back is kept too. */
bool app_step_view(App *app, int by)
{
    if (app->trace == NULL || (by < 0 ? app->undo_at == 0 : app->undo_at >= app->undo_count)) {
        return false;
    }
    ViewState now = app->view;
    int at = by < 0 ? --app->undo_at : app->undo_at++;
    ViewState wanted = essence(&app->undo[at]);
    app->undo[at] = now;
    wanted.thumbnails = now.thumbnails;
    wanted.patterns = now.patterns;
    wanted.other = now.other;
    wanted.theme = now.theme;
    wanted.step_part = 1;
    wanted.enlarged_part = wanted.enlarged.kind == TARGET_HEAD ? 1 : 0;
    app->view = wanted;
    app->shrinking = false;
    fit_view(app, app->trace);
    free(app->grid);
    app->grid = NULL;
    return true;
}

bool app_view_changed(const ViewState *a, const ViewState *b)
{
    return a->view != b->view || a->layer != b->layer || a->combine != b->combine ||
           a->pair != b->pair || a->special != b->special || a->words != b->words ||
           a->top_k != b->top_k || a->threshold != b->threshold || a->contrast != b->contrast ||
           a->top_p != b->top_p || a->map != b->map || a->logarithmic != b->logarithmic ||
           a->zoom != b->zoom || a->flow != b->flow || a->thumbnail_lines != b->thumbnail_lines ||
           a->pin_count != b->pin_count || !target_equal(a->enlarged, b->enlarged) ||
           memcmp(&a->heads, &b->heads, sizeof a->heads) != 0 ||
           memcmp(a->pins, b->pins, (size_t)a->pin_count * sizeof a->pins[0]) != 0;
}
