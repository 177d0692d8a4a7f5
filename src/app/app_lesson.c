#include "app/app_lesson.h"

#include "app/command.h"
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In points at 150 %: 22 and more pixels. */
#define TITLE_SIZE 23.0f
#define NOTE_SIZE 16.0f
#define COUNTER_SIZE 11.0f
#define MARGIN 22.0f
#define NOTE_PITCH 1.36f
enum { NOTE_LINES = 4, PLAY_SCALE = 150, MAX_LESSONS = 64 };

/* ---- Playing ---- */

bool app_lesson_open(App *app, const char *path, Error *err)
{
    Lesson *lesson = lesson_read(path, err);
    if (lesson == NULL) { return false; }
    app_lesson_close(app);
    app->lesson = lesson;
    app->scale_before = app->scale_percent;
    app->scale_percent = max_int(app->scale_percent, PLAY_SCALE);
    app_lesson_go(app, 0);
    return true;
}

void app_lesson_close(App *app)
{
    if (app->lesson == NULL) { return; }
    lesson_free(app->lesson);
    app->lesson = NULL;
    app->scale_percent = app->scale_before;
    app->lesson_due = 0;
    free(app->lesson_lines);
    app->lesson_lines = NULL;
    app->lesson_line_count = 0;
}

void app_lesson_go(App *app, int step)
{
    step = clamp_int(step, 0, app->lesson->count - 1);
    const Theme *theme = app->view.theme;
    app->lesson_at = step;
    free(app->lesson_lines);
    app->lesson_lines =
        mem_alloc((size_t)lesson_most_lines(app->lesson), sizeof *app->lesson_lines);
    app->lesson_line_count = lesson_lines_at(app->lesson, step, app->lesson_lines);
    app->lesson_due = 0;
    /* From the same start every time, so that it does not matter from where one comes. */
    ViewState fresh = view_state_default();
    fresh.theme = theme;
    fresh.attention = app->view.attention;
    if (app->trace != NULL) {
        headset_fill(&fresh.heads, app->trace->attention[fresh.attention].heads);
    }
    fresh.caption = fresh.legend = false; /* the room is for the picture */
    app->view = fresh;
    app->pair_open = false;
    app->placed = true;
    free(app->heads_off);
    app->heads_off = NULL;
}

/* Nothing is run again that is there already. */
static bool is_done(const App *app, const LessonLine *line)
{
    if (line->key == LESSON_TEXT) {
        bool whole =
            app->heads_off == NULL && (app->trace == NULL || app->trace->heads_off == NULL);
        bool pair = app->trace != NULL && app->trace->encoding->text[1] != NULL;
        return app->trace != NULL && app->model != NULL && whole && !pair &&
               strcmp(app_text(app), line->value) == 0;
    }
    return line->key == LESSON_MODEL && app->model != NULL &&
           strcmp(model_name(app->model), line->value) == 0;
}

bool app_lesson_continue(App *app, Error *err)
{
    bool ok = true;
    while (app->lesson != NULL && app->lesson_due < app->lesson_line_count) {
        const LessonLine copy = app->lesson_lines[app->lesson_due], *line = &copy;
        /* A newer question to the worker would take the place of the one that it works on. */
        bool busy = app->worker != NULL && app->asked != 0;
        bool early = app->worker != NULL && app->trace == NULL;
        if ((busy && line->key > LESSON_MODEL) || (early && line->key > LESSON_PAIR)) { return ok; }
        app->lesson_due++;
        if (is_done(app, line)) { continue; }
        Arena scratch = {0};
        Error why = {""};
        if (line->key == LESSON_TOKEN) { app->view.pin_count = 0; }
        if (!command_run(app, lesson_command(line, &scratch), &why)) {
            ok = error_set(err, "%s, line %d: %s", app->lesson->path, line->line, why.text);
        }
        arena_free(&scratch);
        if (!ok) { return false; }
    }
    return ok;
}

/* ---- The slide ---- */

/* Wrapped text from the bottom up to NOTE_LINES lines; returns its height. With no `at` only measures. */
static float draw_note(const App *app, const char *text, Rect rect, Drawing *drawing, bool draw)
{
    float used = 0;
    Arena scratch = {0};
    for (int line = 0; line < NOTE_LINES && *text != '\0'; line++) {
        size_t fits = 0, at = 0;
        while (text[at] != '\0') {
            size_t next = at + strcspn(text + at, " ");
            char *part = arena_copy(&scratch, text, next);
            bool room = drawing_text_width(drawing, part, NOTE_SIZE, FONT_REGULAR) <= rect.w;
            if (!room && fits > 0) { break; }
            fits = next;
            if (!room) { break; }
            at = next + strspn(text + next, " ");
        }
        const char *part = line == NOTE_LINES - 1 ? text : arena_copy(&scratch, text, fits);
        if (draw) {
            drawing_text(drawing, (Vec){rect.x, rect.y + used + NOTE_SIZE}, part,
                         &(TextStyle){.size = NOTE_SIZE,
                                      .color = app->view.theme->ink,
                                      .max_width = rect.w});
        }
        used += NOTE_SIZE * NOTE_PITCH;
        text += fits + strspn(text + fits, " ");
    }
    arena_free(&scratch);
    return used;
}

Rect app_lesson_frame(const App *app, Rect page, Drawing *drawing)
{
    const Theme *theme = app->view.theme;
    const LessonStep *step = &app->lesson->steps[app->lesson_at];
    float bottom = page.y + page.h;
    drawing_rect(drawing, page, 0, theme->background);
    if (step->title[0] != '\0') {
        drawing_text(drawing, (Vec){page.x + MARGIN, page.y + MARGIN + TITLE_SIZE * 0.8f},
                     step->title,
                     &(TextStyle){.size = TITLE_SIZE,
                                  .color = theme->ink,
                                  .weight = FONT_BOLD,
                                  .max_width = page.w - 2 * MARGIN});
        page.y += TITLE_SIZE + MARGIN;
        page.h -= TITLE_SIZE + MARGIN;
    }
    Rect note = {page.x + MARGIN, page.y, max_float(page.w - 2 * MARGIN, 10), page.h};
    float high = draw_note(app, step->note, note, drawing, false);
    if (high > 0) {
        note.y = page.y + page.h - high - MARGIN * 0.8f;
        draw_note(app, step->note, note, drawing, true);
        page.h = max_float(note.y - page.y, 1);
    }
    if (app->message_until != 0 && app->message_is_error) {
        drawing_text(
            drawing, (Vec){page.x + MARGIN, page.y + page.h - 4}, app->message,
            &(TextStyle){.size = COUNTER_SIZE, .color = theme->ink, .max_width = page.w - 90});
    }
    drawing_text_format(
        drawing, (Vec){page.x + page.w - 10, bottom - 7},
        &(TextStyle){.size = COUNTER_SIZE, .color = theme->muted, .align = TEXT_RIGHT}, "%d / %d",
        app->lesson_at + 1, app->lesson->count);
    return page;
}

/* ---- Recording ---- */

bool app_lesson_record(App *app, const char *path, Error *err)
{
    Arena scratch = {0};
    const char *home = getenv("HOME"), *data = getenv("XDG_DATA_HOME");
    if (path == NULL || path[0] == '\0') {
        const char *folder =
            data != NULL && data[0] == '/' ? arena_format(&scratch, "%s/headlight/lessons", data)
            : home != NULL ? arena_format(&scratch, "%s/.local/share/headlight/lessons", home)
                           : ".";
        if (!file_make_folder(folder, err)) {
            arena_free(&scratch);
            return false;
        }
        path = arena_format(&scratch, "%s/lesson.lesson", folder);
        for (int number = 2; file_exists(path) && number < 1000; number++) {
            path = arena_format(&scratch, "%s/lesson-%d.lesson", folder, number);
        }
    }
    app_lesson_stop(app);
    app->recording = mem_copy_string(path);
    app->recorded_count = 0;
    lesson_write_line(&app->recorded, "lesson", "A lesson");
    if (app->model != NULL) { lesson_write_line(&app->recorded, "model", model_name(app->model)); }
    arena_free(&scratch);
    app_say(app, false, "Recording %s: Enter adds a step, Escape ends.", app->recording);
    return true;
}

static void write_heads(const App *app, Buffer *out)
{
    Buffer heads = {0};
    int count = app->trace->attention[app->view.attention].heads;
    for (int head = headset_next(&app->view.heads, -1); head >= 0;
         head = headset_next(&app->view.heads, head)) {
        buffer_format(&heads, "%s%d", heads.length > 0 ? "," : "", head);
    }
    lesson_write_line(out, "head", headset_count(&app->view.heads) >= count ? "all" : heads.bytes);
    buffer_free(&heads);
}

bool app_lesson_add(App *app, const char *note, Error *err)
{
    if (app->recording == NULL) { return error_set(err, "No lesson is being recorded."); }
    if (app->trace == NULL) { return error_set(err, "There is nothing to record yet."); }
    Buffer *out = &app->recorded;
    char number[16];
    const ViewState *view = &app->view;
    buffer_add_string(out, "\n");
    lesson_write_line(out, "note", note);
    lesson_write_line(out, "text", app_text(app));
    lesson_write_line(out, "pair", app_pair(app));
    lesson_write_line(out, "view", view_table[view->view].name);
    snprintf(number, sizeof number, "%d", view->layer);
    lesson_write_line(out, "layer", number);
    write_heads(app, out);
    for (int pin = view->pin_count - 1; pin >= 0; pin--) {
        if (view->pins[pin].kind != TARGET_QUERY) { continue; }
        lesson_write_line(out, "token",
                          app->trace->attention[view->attention]
                              .query_tokens->tokens[view->pins[pin].query]
                              .piece);
        break;
    }
    if (app_walking(app)) {
        snprintf(number, sizeof number, "%d", view->step);
        lesson_write_line(out, "step", number);
    }
    if (view->words) { lesson_write_line(out, "do", "words words"); }
    if (!file_write(app->recording, out->bytes, out->length, err)) { return false; }
    app->recorded_count++;
    app_say(app, false, "Step %d is in %s.", app->recorded_count, app->recording);
    return true;
}

void app_lesson_stop(App *app)
{
    if (app->recording != NULL) {
        app_say(app, false, "Recorded %s: %d steps.", app->recording, app->recorded_count);
    }
    free(app->recording);
    app->recording = NULL;
    buffer_free(&app->recorded);
}

/* ---- What there is ---- */

static int is_lesson(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".lesson") == 0;
}

LessonPlace *app_lesson_list(Arena *arena, int *count)
{
    LessonPlace *places = arena_alloc(arena, MAX_LESSONS, sizeof *places);
    const char *folder = models_find_asset("assets/lessons", arena);
    struct dirent **entries;
    *count = 0;
    int found = folder != NULL ? scandir(folder, &entries, is_lesson, alphasort) : -1;
    for (int i = 0; i < found; i++) {
        const char *path = arena_format(arena, "%s/%s", folder, entries[i]->d_name);
        Lesson *lesson = *count < MAX_LESSONS ? lesson_read(path, NULL) : NULL;
        if (lesson != NULL) {
            places[(*count)++] = (LessonPlace){arena_copy_string(arena, lesson->title), path};
        }
        lesson_free(lesson);
        free(entries[i]);
    }
    if (found >= 0) { free(entries); }
    return places;
}
