/* render: one figure, or one for every line of a file. */
#include "app/cli_parts.h"

#include "app/app_lesson.h"
#include "app/command.h"
#include "app/export.h"
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_LIMIT ((size_t)64 << 20)
enum { MAX_DIGITS = 9, MAX_TOLD = 20 };

/* ---- The names of a batch ---- */

/* "out-%04d.png" in three parts; `digits` is the least number of digits. */
typedef struct NamePattern {
    size_t before, after; /* bytes of the pattern before the "%", and where what follows begins */
    int digits;
} NamePattern;

static bool read_pattern(const char *text, NamePattern *pattern, Error *err)
{
    const char *percent = strchr(text, '%'), *at = percent != NULL ? percent + 1 : "";
    size_t length = strspn(at, "0123456789");
    *pattern = (NamePattern){0};
    bool ok = percent != NULL && at[length] == 'd' && strchr(at + length, '%') == NULL;
    long digits = ok ? strtol(at, NULL, 10) : 0;
    if (!ok || digits > MAX_DIGITS || (length > 0 && at[0] != '0')) {
        return error_set(err,
                         "A batch needs a name with one number in it, like out-%%04d.png, not "
                         "\"%s\".",
                         text);
    }
    pattern->before = (size_t)(percent - text);
    pattern->after = (size_t)(at + length + 1 - text);
    pattern->digits = (int)digits;
    return true;
}

static char *name_figure(const char *text, const NamePattern *pattern, int number)
{
    Buffer name = {0};
    buffer_add(&name, text, pattern->before);
    buffer_format(&name, "%0*d", max_int(pattern->digits, 1), number);
    buffer_add_string(&name, text + pattern->after);
    return name.bytes;
}

/* ---- A batch ---- */

typedef struct Batch {
    App *app;
    const Options *options;
    NamePattern pattern;
    Buffer lines;
    Buffer told; /* what went wrong, a line each */
    int done, failed;
    bool terminal;
} Batch;

static void tell(Batch *batch, int number, const char *sentence)
{
    if (batch->failed++ < MAX_TOLD) {
        buffer_format(&batch->told, "headlight: line %d: %s\n", number, sentence);
    }
}

/* As if the program had been started for this line alone. */
static bool render_line(Batch *batch, const char *line, size_t length, int number, Error *err)
{
    App *app = batch->app;
    Buffer text = {0}, pair = {0};
    const char *tab = memchr(line, '\t', length);
    size_t first = tab != NULL ? (size_t)(tab - line) : length;
    buffer_add(&text, line, first);
    if (tab != NULL) { buffer_add(&pair, tab + 1, length - first - 1); }
    bool ok = cli_check_text(&text, err) && (tab == NULL || cli_check_text(&pair, err));
    if (ok) {
        trace_free(app->trace);
        app->trace = NULL;
        thumbnail_forget(&app->thumbnails);
        rollout_forget(&app->rollout);
        app->view = view_state_default();
        app->figure = figure_default();
        ok = app_show(app, text.bytes, tab != NULL ? pair.bytes : NULL, err) &&
             cli_run_commands(app, batch->options, err);
    }
    if (ok) {
        char *path = name_figure(batch->options->output, &batch->pattern, number);
        ok = export_write(app, path, err);
        free(path);
    }
    Error note;
    if (ok && cli_was_cut(app, &note)) {
        buffer_format(&batch->told, "headlight: line %d: %s\n", number, note.text);
    }
    buffer_free(&text);
    buffer_free(&pair);
    return ok;
}

static int count_lines(const Buffer *lines)
{
    int count = 0;
    for (size_t i = 0; i < lines->length; i++) { count += lines->bytes[i] == '\n'; }
    return count + (lines->length > 0 && lines->bytes[lines->length - 1] != '\n');
}

/* Blank lines are counted, so that numbers are those of an editor, but nothing is drawn. */
static void render_lines(Batch *batch)
{
    int number = 1, total = count_lines(&batch->lines);
    for (size_t at = 0; at < batch->lines.length; number++) {
        const char *line = batch->lines.bytes + at;
        const char *end = memchr(line, '\n', batch->lines.length - at);
        size_t length = end != NULL ? (size_t)(end - line) : batch->lines.length - at;
        at += length + 1;
        if (length > 0 && line[length - 1] == '\r') { length--; }
        if (length == 0) { continue; }
        Error err = {""};
        if (render_line(batch, line, length, number, &err)) {
            batch->done++;
        } else {
            tell(batch, number, err.text);
        }
        if (batch->terminal) { fprintf(stderr, "\r%d of %d lines", number, total); }
    }
    if (batch->terminal && number > 1) { fputs("\r\033[K", stderr); }
}

static int end_batch(Batch *batch, bool started, Error *err)
{
    int status = started ? CLI_DONE : cli_fail(err, CLI_FAILED);
    if (started) {
        if (batch->told.length > 0) { fputs(batch->told.bytes, stderr); }
        if (batch->failed > MAX_TOLD) {
            fprintf(stderr, "headlight: ... and %d more lines.\n", batch->failed - MAX_TOLD);
        }
        if (batch->failed > 0 || batch->done == 0) {
            fprintf(stderr, "headlight: figures made: %d, lines that failed: %d.\n", batch->done,
                    batch->failed);
            status = CLI_FAILED;
        }
    }
    buffer_free(&batch->told);
    buffer_free(&batch->lines);
    return status;
}

static int render_batch(App *app, const Options *options)
{
    Error err = {""};
    Batch batch = {.app = app, .options = options, .terminal = isatty(STDERR_FILENO) == 1};
    if (options->text != NULL || options->pair != NULL || options->trace != NULL) {
        error_set(&err, "A batch brings its own texts; leave TEXT, --pair and --trace out.");
        return cli_fail(&err, CLI_USAGE);
    }
    if (!read_pattern(options->output, &batch.pattern, &err)) { return cli_fail(&err, CLI_USAGE); }
    app->placed = options->placed;
    bool started = file_read(options->batch, LINES_LIMIT, &batch.lines, &err) &&
                   cli_open_model(app, options, &err);
    if (started) { render_lines(&batch); }
    return end_batch(&batch, started, &err);
}

/* How a figure comes out needs no text: what is wrong with that is wrong usage, and said at once. */
static bool check_figure(App *app, const Options *options, Error *err)
{
    static const char prefix[] = "figure:";
    for (int i = 0; i < options->command_count; i++) {
        const char *line = options->commands[i];
        if (strncmp(line, prefix, sizeof prefix - 1) == 0 && !command_run(app, line, err)) {
            return false;
        }
    }
    return true;
}

/* ---- A lesson ---- */

static bool render_step(App *app, const Options *options, const NamePattern *pattern, int step,
                        Error *err)
{
    app_lesson_go(app, step);
    if (!app_lesson_continue(app, err)) { return false; }
    if (app->trace == NULL) {
        return error_set(err, "%s: the first step has no text.", app->lesson->path);
    }
    if (app_walking(app) && app->model != NULL && !app_run(app, err)) { return false; }
    char *path = name_figure(options->output, pattern, step + 1);
    bool ok = export_write(app, path, err);
    free(path);
    return ok;
}

static int render_lesson(App *app, const Options *options)
{
    Error err = {""};
    NamePattern pattern;
    if (options->text != NULL || options->pair != NULL || options->trace != NULL ||
        options->batch != NULL) {
        error_set(&err,
                  "A lesson brings its own texts; leave TEXT, --pair, --trace and --batch out.");
        return cli_fail(&err, CLI_USAGE);
    }
    if (!read_pattern(options->output, &pattern, &err)) { return cli_fail(&err, CLI_USAGE); }
    bool ok = cli_open_model(app, options, &err) && app_lesson_open(app, options->lesson, &err);
    for (int step = 0; ok && step < app->lesson->count; step++) {
        ok = render_step(app, options, &pattern, step, &err);
    }
    return ok ? CLI_DONE : cli_fail(&err, CLI_FAILED);
}

static int render_one(App *app, const Options *options)
{
    Error err = {""};
    bool ok = cli_prepare(app, options, &err) && cli_run_commands(app, options, &err) &&
              export_write(app, options->output, &err);
    return ok ? CLI_DONE : cli_fail(&err, CLI_FAILED);
}

int cli_render(const Options *options)
{
    Error err = {""};
    if (options->output == NULL) {
        error_set(&err, "render needs a file to write: -o FILE.png.");
        return cli_fail(&err, CLI_USAGE);
    }
    if (!export_knows(options->output, &err)) { return cli_fail(&err, CLI_USAGE); }
    FontSet *fonts = font_open(&err);
    if (fonts == NULL) { return cli_fail(&err, CLI_FAILED); }
    App *app = mem_zero(1, sizeof *app);
    app_init(app, fonts);
    int status = !check_figure(app, options, &err) ? cli_fail(&err, CLI_USAGE)
                 : options->lesson != NULL         ? render_lesson(app, options)
                 : options->batch != NULL          ? render_batch(app, options)
                                                   : render_one(app, options);
    app_free(app);
    free(app);
    font_close(fonts);
    return status;
}
