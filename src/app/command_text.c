#include "app/command_actions.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "model/trace_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT ((size_t)1 << 20)

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

bool command_history(App *app, const char *argument, Error *err)
{
    int at;
    if (app->history_count == 0) { return error_set(err, "Nothing was typed before."); }
    if (!command_read_index(argument, app->history_count, "sentence", &at, err)) { return false; }
    char *first = mem_copy_string(app->history[at]), *tab = strchr(first, '\t');
    if (tab != NULL) { *tab = '\0'; }
    textfield_set(&app->text, first);
    app->pair_open = tab != NULL;
    if (tab != NULL) { textfield_set(&app->pair, tab + 1); }
    free(first);
    return app_run(app, err);
}

/* The head that an example is about is one of the shipped model's. */
static void show_example_head(App *app, const Example *example)
{
    bool shipped = app->model != NULL && strcmp(model_name(app->model), MODELS_DEFAULT) == 0;
    const ModelConfig *config = shipped ? model_config(app->model) : NULL;
    /* What is shown now may still be the trace of the model before. */
    const Attention *a = app->trace != NULL ? &app->trace->attention[app->view.attention] : NULL;
    if (config == NULL || example->layer < 0 || example->layer >= config->layers ||
        example->head >= config->heads ||
        (a != NULL && (example->layer >= a->layers || example->head >= a->heads))) {
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

/* --- masks ------------------------------------------------------------------------------------- */

/* Puts `word` in the place of bytes [start, end) of the text that a token came from. */
static bool replace_bytes(App *app, int side, int start, int end, const char *word, Error *err)
{
    TextField *field = side == 0 ? &app->text : &app->pair;
    const char *text = textfield_text(field);
    if (end < start || (size_t)end > strlen(text) || app->model == NULL ||
        strcmp(text, app->trace->encoding->text[side]) != 0) {
        return error_set(err, "The sentence has changed meanwhile; try again.");
    }
    char *copy = NULL;
    int length = asprintf(&copy, "%.*s%s%s", start, text, word, text + end);
    if (length < 0) { return error_set(err, "There is no memory for the sentence."); }
    textfield_set(field, copy);
    free(copy);
    return app_run(app, err);
}

/* N, or the token under the pointer, or the newest pinned one. */
bool command_mask_token(App *app, const char *argument, Error *err)
{
    const Encoding *encoding = app->trace->encoding;
    Target subject = view_plain_target(&app->view, app->view.hover);
    if (subject.query < 0 && subject.key < 0 && app->view.pin_count > 0) {
        subject = app->view.pins[app->view.pin_count - 1];
    }
    int token = subject.query >= 0 ? subject.query : subject.key;
    if (argument[0] != '\0' &&
        !command_read_index(argument, encoding->count, "token", &token, err)) {
        return false;
    }
    if (token < 0 || token >= encoding->count || encoding->tokens[token].special) {
        return error_set(err, "Point at a word to mask it.");
    }
    const Token *chosen = &encoding->tokens[token];
    int start = chosen->start, end = chosen->end;
    for (int i = 0; i < encoding->count; i++) {
        const Token *other = &encoding->tokens[i];
        if (other->side != chosen->side || other->word != chosen->word) { continue; }
        start = min_int(start, other->start);
        end = max_int(end, other->end);
    }
    return replace_bytes(app, chosen->side, start, end, APP_MASK, err);
}

bool command_mask_fill(App *app, const char *argument, Error *err)
{
    int token = app_mask(app);
    if (token < 0) { return error_set(err, "There is no [MASK] in the sentence."); }
    const Token *mask = &app->trace->encoding->tokens[token];
    bool goes_on = strncmp(argument, "##", 2) == 0; /* a piece that continues the word before */
    int start = mask->start;
    if (goes_on && start > 0 && app->trace->encoding->text[mask->side][start - 1] == ' ') {
        start--;
    }
    return replace_bytes(app, mask->side, start, mask->end, argument + (goes_on ? 2 : 0), err);
}

/* The text of a file as the sentence, its lines joined; what is beyond the field is left out, and
 * said. */
static bool read_sentence(App *app, const char *path, Error *err)
{
    Buffer text = {0};
    bool ok = file_read(path, TEXT_LIMIT, &text, err);
    if (ok && (text.length == 0 || memchr(text.bytes, '\0', text.length) != NULL ||
               unicode_valid_prefix(text.bytes, text.length) < text.length)) {
        ok = error_set(
            err, "%s is no model folder, no trace and no UTF-8 text; nothing was opened.", path);
    }
    if (ok) {
        size_t to = 0;
        for (size_t at = 0; at < text.length; at++) { /* runs of blanks become one */
            bool blank = strchr(" \t\r\n", text.bytes[at]) != NULL;
            if (blank && (to == 0 || text.bytes[to - 1] == ' ')) { continue; }
            text.bytes[to++] = blank ? ' ' : text.bytes[at];
        }
        if (to > 0 && text.bytes[to - 1] == ' ') { to--; }
        text.bytes[to] = '\0';
        unsigned did = textfield_set(&app->text, text.bytes);
        if (app->model == NULL && app->trace != NULL) {
            ok = error_set(err, "A trace is shown; open a model to run another sentence.");
        } else {
            ok = app_run(app, err);
        }
        if ((did & TEXTFIELD_OVERLONG) != 0) {
            app_say(app, true, "The text is too long for the field; its end was left out.");
        }
    }
    buffer_free(&text);
    return ok;
}

/* --- model and trace --------------------------------------------------------------------------- */

bool command_model_open(App *app, const char *argument, Error *err)
{
    return app_open_model(app, argument, err);
}

/* A model's own file means its folder. */
static bool open_file(App *app, const char *path, Error *err)
{
    static const char *const parts[] = {"config.json", "model.safetensors", "vocab.txt",
                                        "tokenizer.json", "model.safetensors.index.json"};
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < COUNTOF(parts); i++) {
        if (strcmp(name, parts[i]) != 0) { continue; }
        char *folder = mem_copy_string(slash != NULL ? path : "./");
        if (slash != NULL) { folder[slash - path] = '\0'; }
        bool ok = app_open_model(app, folder, err);
        free(folder);
        return ok;
    }
    if (file_exists(path) && !file_is_regular(path)) {
        return error_set(err, "%s is not a regular file.", path);
    }
    size_t length = strlen(path), tail = strlen(".safetensors");
    bool trace = length > tail && strcmp(path + length - tail, ".safetensors") == 0;
    if (trace || trace_import_knows(path)) { return app_open_trace(app, path, err); }
    return read_sentence(app, path, err);
}

/* What was dropped on the window: a model's folder, a trace, or a text. */
bool command_open(App *app, const char *argument, Error *err)
{
    if (file_is_folder(argument)) {
        size_t length = strlen(argument);
        while (length > 1 && argument[length - 1] == '/') { length--; }
        Arena scratch = {0};
        const char *folder = arena_copy(&scratch, argument, length);
        if (strchr(folder, '/') == NULL) { folder = arena_format(&scratch, "./%s", folder); }
        bool ok = app_open_model(app, folder, err);
        arena_free(&scratch);
        return ok;
    }
    return open_file(app, argument, err);
}

bool command_trace_open(App *app, const char *argument, Error *err)
{
    return app_open_trace(app, argument, err);
}
