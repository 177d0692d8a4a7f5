#include "app/cli_parts.h"

#include "app/command.h"
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "model/trace_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT ((size_t)1 << 20)
#define LINES_LIMIT ((size_t)1 << 30)

void cli_complain(const Error *err) { fprintf(stderr, "headlight: %s\n", err->text); }

int cli_fail(const Error *err, int status)
{
    cli_complain(err);
    return status;
}

bool cli_check_text(const Buffer *text, Error *err)
{
    size_t valid = unicode_valid_prefix(text->length > 0 ? text->bytes : "", text->length);
    if (valid < text->length) {
        return error_set(err, "The text is not valid UTF-8 at byte %zu; save it as UTF-8.", valid);
    }
    if (text->length > 0 && strlen(text->bytes) < text->length) {
        return error_set(err, "The text holds a NUL byte; is it a binary file?");
    }
    if (text->length == 0 || strspn(text->bytes, " \t\r\n") == text->length) {
        return error_set(err, "The text is empty; there is nothing to look at.");
    }
    return true;
}

char *cli_read_text(const char *argument, Error *err)
{
    Buffer text = {0};
    if (strcmp(argument, "-") == 0) {
        if (!file_read("-", TEXT_LIMIT, &text, err)) {
            buffer_free(&text);
            return NULL;
        }
        while (text.length > 0 && strchr("\r\n", text.bytes[text.length - 1]) != NULL) {
            text.bytes[--text.length] = '\0';
        }
    } else {
        buffer_add_string(&text, argument);
    }
    bool ok = cli_check_text(&text, err);
    if (!ok) { buffer_free(&text); }
    return ok ? text.bytes : NULL;
}

bool cli_was_cut(const App *app, Error *note)
{
    if (app->trace->encoding->cut == 0) { return false; }
    error_set(note,
              "The text has %d tokens more than the %d positions of %s; the last ones were left "
              "out.",
              app->trace->encoding->cut, model_config(app->model)->positions,
              model_name(app->model));
    return true;
}

bool cli_open_model(App *app, const Options *options, Error *err)
{
    app->threads = options->threads;
    return app_open_model(app, options->model != NULL ? options->model : MODELS_DEFAULT, err);
}

bool cli_prepare(App *app, const Options *options, Error *err)
{
    app->placed = options->placed;
    if (options->trace != NULL) {
        if (options->text != NULL || options->pair != NULL) {
            return error_set(err, "A trace file brings its own text; leave TEXT and --pair out.");
        }
        if (!app_open_trace(app, options->trace, err)) { return false; }
        if (app->trace->note != NULL) { fprintf(stderr, "headlight: %s\n", app->trace->note); }
        return true;
    }
    if (!cli_open_model(app, options, err)) { return false; }
    char *text = cli_read_text(options->text, err), *pair = NULL;
    bool ok = text != NULL;
    if (ok && options->pair != NULL) { ok = (pair = cli_read_text(options->pair, err)) != NULL; }
    if (ok) { ok = app_show(app, text, pair, err); }
    Error note;
    if (ok && cli_was_cut(app, &note)) { cli_complain(&note); }
    free(text);
    free(pair);
    return ok;
}

bool cli_print(const Buffer *out, Error *err)
{
    if (fwrite(out->length > 0 ? out->bytes : "", 1, out->length, stdout) == out->length &&
        fflush(stdout) == 0) {
        return true;
    }
    return error_set(err, "Standard output can't be written.");
}

bool cli_run_commands(App *app, const Options *options, Error *err)
{
    for (int i = 0; i < options->command_count; i++) {
        if (!command_run(app, options->commands[i], err)) { return false; }
    }
    /* The walk-through wants more of the pass than the other views. */
    return !app_walking(app) || app->model == NULL || app_run(app, err);
}

static bool ends_with(const char *string, const char *end)
{
    size_t length = strlen(string), tail = strlen(end);
    return length >= tail && strcmp(string + length - tail, end) == 0;
}

static int dump(const Options *options)
{
    Error err = {""};
    bool json = options->output != NULL && ends_with(options->output, ".json");
    if (options->output == NULL || (!json && !ends_with(options->output, ".safetensors") &&
                                    strcmp(options->output, "-") != 0)) {
        error_set(&err, "dump needs a file to write: -o FILE.safetensors or -o FILE.json.");
        return cli_fail(&err, CLI_USAGE);
    }
    App *app = mem_zero(1, sizeof *app);
    app_init(app, NULL);
    bool ok = cli_prepare(app, options, &err) && cli_run_commands(app, options, &err);
    if (ok) {
        Buffer out = {0};
        if (json) {
            trace_file_write_json(app->trace, &out);
        } else {
            trace_file_write(app->trace, &out);
        }
        ok = file_write(options->output, out.bytes, out.length, &err);
        buffer_free(&out);
    }
    app_free(app);
    free(app);
    return ok ? CLI_DONE : cli_fail(&err, CLI_FAILED);
}

static void print_tokens(const char *line, size_t length, const Encoding *encoding, Buffer *out)
{
    buffer_add_string(out, "{\"text\": ");
    buffer_add_json_bytes(out, line, length);
    buffer_add_string(out, ", \"tokens\": [");
    for (int i = 0; i < encoding->count; i++) {
        if (i > 0) { buffer_add_string(out, ", "); }
        buffer_add_json_string(out, encoding->tokens[i].piece);
    }
    buffer_add_string(out, "], \"ids\": [");
    for (int i = 0; i < encoding->count; i++) {
        buffer_format(out, "%s%d", i > 0 ? ", " : "", encoding->tokens[i].id);
    }
    buffer_add_string(out, "]}\n");
}

static bool tokenize_lines(const Tokenizer *tokenizer, const Buffer *lines, Error *err)
{
    Buffer out = {0};
    bool ok = true;
    int number = 1;
    for (size_t at = 0; ok && at < lines->length; number++) {
        const char *line = lines->bytes + at, *end = memchr(line, '\n', lines->length - at);
        size_t length = end != NULL ? (size_t)(end - line) : lines->length - at;
        at += length + 1;
        if (unicode_valid_prefix(line, length) < length) {
            ok = error_set(err, "Line %d of standard input is not valid UTF-8 text.", number);
            break;
        }
        Buffer text = {0};
        buffer_add(&text, "", 0);
        unicode_repair(line, length, &text); /* drops NUL, as the reference does */
        Encoding *encoding = tokenizer_encode_plain(tokenizer, text.bytes);
        print_tokens(line, length, encoding, &out);
        encoding_free(encoding);
        buffer_free(&text);
        ok = fwrite(out.bytes, 1, out.length, stdout) == out.length ||
             error_set(err, "Standard output can't be written.");
        buffer_clear(&out);
    }
    if (fflush(stdout) != 0 && ok) { ok = error_set(err, "Standard output can't be written."); }
    buffer_free(&out);
    return ok;
}

static int tokenize(const Options *options)
{
    Error err = {""};
    Arena scratch = {0};
    const char *name = options->model != NULL ? options->model : MODELS_DEFAULT;
    bool is_file = file_exists(name) && !file_is_folder(name);
    const char *place = is_file ? name : models_find(name, &scratch, &err);
    Tokenizer *tokenizer = place == NULL ? NULL
                           : is_file     ? tokenizer_open_file(place, &err)
                                         : tokenizer_open(place, &err);
    Buffer lines = {0};
    bool ok = tokenizer != NULL && file_read("-", LINES_LIMIT, &lines, &err) &&
              tokenize_lines(tokenizer, &lines, &err);
    buffer_free(&lines);
    tokenizer_free(tokenizer);
    arena_free(&scratch);
    return ok ? CLI_DONE : cli_fail(&err, CLI_FAILED);
}

static int models(const Options *options)
{
    Arena scratch = {0};
    int count;
    ModelPlace *places = models_list(&scratch, &count);
    Buffer out = {0};
    if (options->json) { buffer_add_string(&out, "["); }
    for (int i = 0; i < count; i++) {
        if (!options->json) {
            buffer_format(&out, "%-28s %-20s %s\n", places[i].name, places[i].where,
                          places[i].folder);
            if (places[i].problem != NULL) {
                buffer_format(&out, "%-28s can't be opened: %s\n", "", places[i].problem);
            }
            continue;
        }
        buffer_add_string(&out, i > 0 ? ",\n {\"name\": " : "{\"name\": ");
        buffer_add_json_string(&out, places[i].name);
        buffer_add_string(&out, ", \"where\": ");
        buffer_add_json_string(&out, places[i].where);
        buffer_add_string(&out, ", \"folder\": ");
        buffer_add_json_string(&out, places[i].folder);
        if (places[i].problem != NULL) {
            buffer_add_string(&out, ", \"problem\": ");
            buffer_add_json_string(&out, places[i].problem);
        }
        buffer_add_string(&out, "}");
    }
    if (options->json) { buffer_add_string(&out, "]\n"); }
    if (count == 0 && !options->json) { buffer_add_string(&out, "No model was found.\n"); }
    fwrite(out.bytes, 1, out.length, stdout);
    buffer_free(&out);
    arena_free(&scratch);
    return CLI_DONE;
}

int cli_run(const Options *options)
{
    Error err = {""};
    bool needs_text = options->mode == FOR_RENDER || options->mode == FOR_DUMP;
    if (needs_text && options->text == NULL && options->trace == NULL && options->batch == NULL &&
        options->lesson == NULL) {
        error_set(&err, "A text is needed, in quotes, or --trace FILE.");
        return cli_fail(&err, CLI_USAGE);
    }
    switch (options->mode) {
    case FOR_RENDER: return cli_render(options);
    case FOR_DUMP: return dump(options);
    case FOR_TOKENIZE: return tokenize(options);
    case FOR_FILL: return cli_fill(options);
    case FOR_FETCH: return cli_fetch(options);
    case FOR_PROBE:
    case FOR_HEADS:
    case FOR_RANK: return cli_heads(options);
    default: return models(options);
    }
}
