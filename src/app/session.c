#include "app/session.h"

#include "app/command.h"
#include "app/saver.h"
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define TITLE "# headlight session 1"
#define HISTORY_TITLE "# headlight history 1"
#define FILE_LIMIT ((size_t)1 << 20)
#define LOCK_WAIT_NS 20000000L
enum { STAY_MS = 2000, WRITE_MS = 4000, MOST_COMMANDS = 64, LOCK_TRIES = 50, ASK_MS = 100 };
/* Bytes of a sentence in the history: all of them together stay far below FILE_LIMIT. */
enum { MOST_REMEMBERED = 8192 };

struct Session {
    char *folder;                    /* NULL: nowhere to write */
    Saver *saver;                    /* NULL as long as there is no window to keep from waiting */
    Buffer put_session, put_history; /* what the files hold, or soon will */
    char *commands[MOST_COMMANDS];
    int command_count;
    SessionStart start;
    char *candidate;         /* a sentence that is not old enough for the history */
    uint64_t since, checked; /* ms */
    uint64_t due; /* ms: when the file is to be looked at again; 0: when something happens */
    bool complained;
};

/* ---- Where ---- */

static char *state_folder(void)
{
    Arena arena = {0};
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const char *path = NULL;
    if (state != NULL && state[0] == '/') {
        path = arena_format(&arena, "%s/headlight", state);
    } else if (home != NULL && home[0] == '/') {
        path = arena_format(&arena, "%s/.local/state/headlight", home);
    }
    char *copy = path != NULL ? mem_copy_string(path) : NULL;
    arena_free(&arena);
    return copy;
}

/* The whole file if it is what it should be. */
static bool read_whole(const char *path, const char *title, Buffer *text)
{
    size_t length = strlen(title);
    return file_read(path, FILE_LIMIT, text, NULL) && text->length > length &&
           strncmp(text->bytes, title, length) == 0 && text->bytes[length] == '\n' &&
           strlen(text->bytes) == text->length &&
           unicode_valid_prefix(text->bytes, text->length) == text->length;
}

/* One that is not is put aside. */
static bool read_file(App *app, const char *name, const char *title, Buffer *text)
{
    char *path = file_join(app->session->folder, name);
    bool there = file_exists(path), good = there && read_whole(path, title, text);
    if (there && !good) {
        Arena arena = {0};
        const char *aside = arena_format(&arena, "%s.damaged", path);
        bool moved = rename(path, aside) == 0;
        app_say(app, true, moved ? "%s was damaged and is now %s." : "%s is damaged.", path, aside);
        arena_free(&arena);
    }
    free(path);
    return good;
}

/* ---- Reading ---- */

/* Does the line begin with that command? Then its argument. */
static const char *argument_of(const char *line, const char *command)
{
    size_t length = strlen(command);
    if (strncmp(line, command, length) != 0) { return NULL; }
    return line[length] == ' ' ? line + length + 1 : NULL;
}

static void take_line(App *app, bool asked, const char *line)
{
    Session *session = app->session;
    int percent;
    if (sscanf(line, "interface %4d", &percent) == 1) {
        app->scale_percent = clamp_int(percent, APP_MIN_SCALE_PERCENT, APP_MAX_SCALE_PERCENT);
    }
    const struct {
        const char *command;
        char **field;
    } fields[] = {{"model:open", &session->start.model},
                  {"text:set", &session->start.text},
                  {"pair:set", &session->start.pair}};
    bool taken = false;
    for (size_t i = 0; i < COUNTOF(fields); i++) {
        const char *argument = argument_of(line, fields[i].command);
        if (argument == NULL) { continue; }
        taken = true;
        free(*fields[i].field);
        *fields[i].field = mem_copy_string(argument);
    }
    if (taken) { return; }
    if (asked) {
        if (argument_of(line, "theme") != NULL) { command_do(app, line); }
    } else if (command_is_harmless(line) && session->command_count < MOST_COMMANDS) {
        session->commands[session->command_count++] = mem_copy_string(line);
    }
}

static bool is_among(char *const *lines, int count, const char *line)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(lines[i], line) == 0) { return true; }
    }
    return false;
}

/* What is in the file and not known yet comes behind what is known: at the start that is all, later what
 * another window has written. */
static void add_history(const Buffer *file, char **lines, int *count)
{
    char *copy = mem_copy_string(file->bytes), *rest = copy + strlen(HISTORY_TITLE) + 1;
    for (char *line; *count < APP_MAX_HISTORY && (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] != '\0' && strlen(line) <= MOST_REMEMBERED && !is_among(lines, *count, line)) {
            lines[(*count)++] = mem_copy_string(line);
        }
    }
    free(copy);
}

static void read_history(App *app)
{
    Buffer text = {0};
    if (read_file(app, "history", HISTORY_TITLE, &text)) {
        add_history(&text, app->history, &app->history_count);
    }
    buffer_free(&text);
}

/* The newest first; one that comes again moves up. */
static void remember(App *app, const char *line)
{
    int at = 0;
    while (at < app->history_count && strcmp(app->history[at], line) != 0) { at++; }
    char *entry = at < app->history_count ? app->history[at] : mem_copy_string(line);
    if (at == app->history_count && app->history_count == APP_MAX_HISTORY) {
        free(app->history[--at]);
    } else if (at == app->history_count) {
        app->history_count++;
    }
    memmove(&app->history[1], &app->history[0], (size_t)at * sizeof app->history[0]);
    app->history[0] = entry;
}

/* A line stays a line, and a field a field. */
static void add_text(Buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char c = *text == '\n' || *text == '\r' || *text == '\t' ? ' ' : *text;
        buffer_add(out, &c, 1);
    }
}

/* As it stands in the history: a tab before the second sentence. */
static void add_sentences(Buffer *out, const char *text, const char *pair)
{
    add_text(out, text);
    if (pair != NULL && pair[0] != '\0') {
        buffer_add_string(out, "\t");
        add_text(out, pair);
    }
}

static bool is_remarkable(const Buffer *line)
{
    return line->length > 0 && line->length <= MOST_REMEMBERED &&
           strspn(line->bytes, " \t") < line->length;
}

static void remember_pair(App *app, const char *text, const char *pair)
{
    Buffer line = {0};
    add_sentences(&line, text, pair);
    if (is_remarkable(&line)) { remember(app, line.bytes); }
    buffer_free(&line);
}

SessionStart session_open(App *app, bool asked)
{
    Session *session = app->session = mem_zero(1, sizeof *session);
    session->folder = state_folder();
    if (session->folder == NULL) { return session->start; }
    Buffer text = {0};
    if (read_file(app, "session", TITLE, &text)) {
        buffer_add(&session->put_session, text.bytes, text.length);
        char *rest = text.bytes + strlen(TITLE) + 1;
        for (char *line; (line = strsep(&rest, "\n")) != NULL;) { take_line(app, asked, line); }
    }
    buffer_free(&text);
    read_history(app);
    if (asked) {
        if (session->start.text != NULL) {
            remember_pair(app, session->start.text, session->start.pair);
        }
        return (SessionStart){0};
    }
    app->start = session->commands;
    app->start_count = session->command_count;
    app->placed = session->command_count > 0;
    return session->start;
}

/* ---- Writing ---- */

/* By its whole path: the next window may start in another folder. */
static void add_model(Buffer *out, const char *command, const char *name)
{
    char *path = strchr(name, '/') != NULL ? realpath(name, NULL) : NULL;
    buffer_format(out, "%s ", command);
    add_text(out, path != NULL ? path : name);
    buffer_add_string(out, "\n");
    free(path);
}

static void describe_heads(const App *app, Buffer *out)
{
    const ViewState *view = &app->view;
    int heads = app->trace->attention[view->attention].heads, written = 0;
    if (headset_count(&view->heads) >= heads) {
        buffer_add_string(out, "head:set all\n");
        return;
    }
    for (int head = headset_next(&view->heads, -1); head >= 0;
         head = headset_next(&view->heads, head)) {
        buffer_format(out, "%s%d", written++ > 0 ? "," : "head:set ", head);
    }
    buffer_add_string(out, written > 0 ? "\n" : "");
}

static void describe(const App *app, Buffer *out)
{
    static const char *const combine[COMBINES] = {"none",        "mean",       "max",
                                                  "layers-mean", "layers-max", "rollout"};
    static const char *const filters[PAIR_FILTERS] = {"all", "aa", "ab", "ba", "bb"};
    static const char *const special[SPECIAL_MODES] = {"shown", "hidden", "renormalised"};
    static const char *const flows[FLOW_KINDS] = {"attention", "rollout", "maximum"};
    static const char *const measures[MEASURES] = {"entropy", "distance", "special", "link"};
    const ViewState *view = &app->view;
    buffer_add_string(out, TITLE "\n");
    add_model(out, "model:open", model_folder(app->model));
    buffer_add_string(out, "text:set ");
    add_text(out, app_text(app));
    if (app->pair_open) {
        buffer_add_string(out, "\npair:set ");
        add_text(out, textfield_text(&app->pair));
    }
    buffer_format(out, "\nview:set %s\nlayer:set %d\n", view_table[view->view].name, view->layer);
    describe_heads(app, out);
    buffer_format(out, "head:combine %s\nspecial %s\n", combine[view->combine],
                  special[view->special]);
    if (app_pair(app) != NULL) { buffer_format(out, "filter %s\n", filters[view->pair]); }
    buffer_format(out, "threshold:set %g\ncontrast %g\nwords %s\ntop:k %d\ntop:p %g\n",
                  (double)view->threshold, (double)view->contrast, view->words ? "words" : "pieces",
                  view->top_k, (double)view->top_p);
    buffer_format(out, "heatmap:map %s\nheatmap:scale %s\nflow:kind %s\nthumbnails %s\n",
                  palette_map_name(view->map), view->logarithmic ? "log" : "linear",
                  flows[view->flow], view->thumbnail_lines ? "lines" : "heatmaps");
    buffer_format(out, "grid:measure %s\ntheme %s\ninterface %d\n",
                  app->grid_pattern >= 0 ? pattern_table[app->grid_pattern].name
                                         : measures[app->measure],
                  view->theme->name, app->scale_percent);
    if (app->compare_model != NULL) { add_model(out, "compare:model", app->compare_model); }
    for (int pin = 0; pin < view->pin_count; pin++) {
        const Target *target = &view->pins[pin];
        if (target->kind == TARGET_QUERY) { buffer_format(out, "pin:query %d\n", target->query); }
        if (target->kind == TARGET_KEY) { buffer_format(out, "pin:key %d\n", target->key); }
    }
}

static bool same_bytes(const Buffer *a, const Buffer *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static void complain(App *app, const Error *err)
{
    if (!app->session->complained) {
        app_say(app, true, "What you do now is not remembered: %s", err->text);
    }
    app->session->complained = true;
}

/* Has the file written if it would change. The first failure is told, once. */
static void put_file(App *app, const char *name, const Buffer *text, SaverWrite *write, Buffer *put)
{
    Session *session = app->session;
    if (same_bytes(text, put)) { return; }
    /* Where there is a window to wait for, nobody waits for the disk. */
    if (session->saver == NULL && app->worker != NULL) { session->saver = saver_new(); }
    Error err = {""};
    char *path = file_join(session->folder, name);
    if (!saver_put(session->saver, path, text, write, &err)) { complain(app, &err); }
    buffer_clear(put);
    buffer_add(put, text->bytes, text->length);
    free(path);
}

static bool make_folder_of(const char *path, Error *err)
{
    char *folder = mem_copy_string(path);
    *strrchr(folder, '/') = '\0';
    bool ok = file_make_folder(folder, err);
    free(folder);
    return ok;
}

static bool write_session(const char *path, const Buffer *text, Error *err)
{
    return make_folder_of(path, err) && file_write(path, text->bytes, text->length, err);
}

static void describe_history(char *const *lines, int count, Buffer *out)
{
    buffer_add_string(out, HISTORY_TITLE "\n");
    for (int i = 0; i < count; i++) { buffer_format(out, "%s\n", lines[i]); }
}

/* Ours, then what another window has written. */
static void merge_history(const char *path, const Buffer *ours, Buffer *merged)
{
    char *lines[APP_MAX_HISTORY];
    int count = 0;
    Buffer theirs = {0};
    add_history(ours, lines, &count);
    if (read_whole(path, HISTORY_TITLE, &theirs)) { add_history(&theirs, lines, &count); }
    describe_history(lines, count, merged);
    while (count > 0) { free(lines[--count]); }
    buffer_free(&theirs);
}

/* Two windows share one history. Between reading and writing the folder is locked, but never waited for
 * long. */
static bool write_history(const char *path, const Buffer *text, Error *err)
{
    if (!make_folder_of(path, err)) { return false; }
    char *place = mem_copy_string(path);
    *strrchr(place, '/') = '\0';
    int folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int tries = 0; folder >= 0 && tries < LOCK_TRIES; tries++) {
        if (flock(folder, LOCK_EX | LOCK_NB) == 0) { break; }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_WAIT_NS}, NULL);
    }
    Buffer merged = {0};
    merge_history(path, text, &merged);
    bool ok = file_write(path, merged.bytes, merged.length, err);
    buffer_free(&merged);
    if (folder >= 0) { close(folder); }
    free(place);
    return ok;
}

static void save_history(App *app)
{
    Buffer history = {0};
    describe_history(app->history, app->history_count, &history);
    if (!same_bytes(&history, &app->session->put_history)) {
        read_history(app); /* so that the list in the window has them too */
        buffer_clear(&history);
        describe_history(app->history, app->history_count, &history);
        put_file(app, "history", &history, write_history, &app->session->put_history);
    }
    buffer_free(&history);
}

static void save(App *app)
{
    Session *session = app->session;
    if (session->folder == NULL || (app->trace != NULL && app->model == NULL)) { return; }
    if (app->trace != NULL) {
        Buffer text = {0};
        describe(app, &text);
        put_file(app, "session", &text, write_session, &session->put_session);
        buffer_free(&text);
    }
    if (app->history_count > 0) { save_history(app); }
}

/* ---- History ---- */

static void watch_sentence(App *app)
{
    Session *session = app->session;
    Buffer line = {0};
    add_sentences(&line, app_text(app), app->pair_open ? textfield_text(&app->pair) : NULL);
    bool same = line.length > 0 && session->candidate != NULL &&
                strcmp(session->candidate, line.bytes) == 0;
    if (!same) {
        free(session->candidate);
        session->candidate = mem_copy_string(line.length > 0 ? line.bytes : "");
        session->since = app->now;
    } else if (session->since != 0 && app->now - session->since >= STAY_MS) {
        if (is_remarkable(&line)) { remember(app, line.bytes); }
        session->since = 0; /* it is in */
    }
    buffer_free(&line);
}

void session_poll(App *app)
{
    Session *session = app->session;
    if (session == NULL) { return; }
    watch_sentence(app);
    Error err = {""};
    if (saver_take_failure(session->saver, &err)) { complain(app, &err); }
    if (app->now - session->checked < WRITE_MS) {
        session->due = session->checked + WRITE_MS;
        return;
    }
    session->checked = app->now;
    session->due = 0;
    save(app);
    if (saver_busy(session->saver)) { session->due = app->now + ASK_MS; }
}

uint64_t session_due(const App *app)
{
    const Session *session = app->session;
    if (session == NULL) { return 0; }
    uint64_t stays = session->since != 0 ? session->since + STAY_MS : 0;
    return stays != 0 && (session->due == 0 || stays < session->due) ? stays : session->due;
}

void session_close(App *app)
{
    Session *session = app->session;
    if (session == NULL) { return; }
    save(app);
    saver_free(session->saver);
    for (int i = 0; i < session->command_count; i++) { free(session->commands[i]); }
    free(session->start.model);
    free(session->start.text);
    free(session->start.pair);
    free(session->candidate);
    free(session->folder);
    buffer_free(&session->put_session);
    buffer_free(&session->put_history);
    free(session);
    app->session = NULL;
    app->start = NULL;
    app->start_count = 0;
}
