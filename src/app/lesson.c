#include "app/lesson.h"

#include "app/command.h"
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40 };

static const struct {
    const char *name, *command;
} keys[LESSON_KEYS] = {
    [LESSON_MODEL] = {"model", "model:open"},
    [LESSON_TEXT] = {"text", "text:set"},
    [LESSON_PAIR] = {"pair", "pair:set"},
    [LESSON_VIEW] = {"view", "view:set"},
    [LESSON_LAYER] = {"layer", "layer:set"},
    [LESSON_HEAD] = {"head", "head:set"},
    [LESSON_COMPARE] = {"compare", "compare:text"},
    [LESSON_COMPARE_MODEL] = {"compare-model", "compare:model"},
    [LESSON_TOKEN] = {"token", "pin:word"},
    [LESSON_STEP] = {"step", "step:set"},
    [LESSON_DO] = {"do", ""},
};

typedef struct Reader {
    Lesson *lesson;
    const char *path;
    int line;
    bool open;   /* a block is under way */
    bool header; /* and it is the first one */
    LessonLine lines[LESSON_MAX_LINES];
    LessonStep step;
    Error *err;
} Reader;

static bool complain(const Reader *r, const char *what, const char *found)
{
    size_t length = unicode_valid_prefix(found, min_size(strlen(found), SHOWN));
    return error_set(r->err, "%s, line %d: %s%s%.*s%s", r->path, r->line, what,
                     length > 0 ? ", not \"" : "", (int)length, found, length > 0 ? "\"." : ".");
}

/* ---- One line ---- */

static bool is_number(const char *value, const char *more)
{
    return value[0] != '\0' && strspn(value, more) == strlen(value);
}

/* What can be told without a model: the others fail when they are played. */
static bool check_value(const Reader *r, LessonKey key, const char *value)
{
    switch (key) {
    case LESSON_VIEW:
        if (view_find(value) >= 0) { return true; }
        return complain(r,
                        "expected the name of a view (head, heatmap, model, neuron, flow, compare, "
                        "walk)",
                        value);
    case LESSON_LAYER:
        return is_number(value, "0123456789") ||
               complain(r, "expected the number of a layer", value);
    case LESSON_HEAD:
        return strcmp(value, "all") == 0 || is_number(value, "0123456789,") ||
               complain(r, "expected heads like 3 or 0,5, or all", value);
    case LESSON_DO:
        if (!command_exists(value)) {
            return complain(r, "expected a command like \"words words\"", value);
        }
        return command_is_harmless(value) ||
               complain(r, "a lesson may only change what is shown, not open, save or end anything",
                        value);
    default: return value[0] != '\0' || complain(r, "expected something behind the colon", value);
    }
}

static bool add_line(Reader *r, LessonKey key, const char *value)
{
    if (r->header && key != LESSON_MODEL) {
        return complain(
            r, "expected \"lesson:\" or \"model:\", and a blank line before the first step",
            keys[key].name);
    }
    if (r->step.line_count == LESSON_MAX_LINES) {
        return complain(r, "too many lines in one step", "");
    }
    if (!check_value(r, key, value)) { return false; }
    r->lines[r->step.line_count++] =
        (LessonLine){key, arena_copy_string(&r->lesson->arena, value), r->line};
    return true;
}

static bool take_line(Reader *r, char *name, const char *value)
{
    Arena *arena = &r->lesson->arena;
    bool first = r->lesson->title == NULL && r->lesson->count == 0;
    if (!r->open) {
        r->open = true;
        r->header = first;
        r->step = (LessonStep){.title = "", .note = ""};
    }
    if (strcmp(name, "lesson") == 0) {
        if (!r->header || r->lesson->title != NULL) {
            return complain(r, "a lesson is named once, at the top", "");
        }
        r->lesson->title = arena_copy_string(arena, value);
        return value[0] != '\0' || complain(r, "expected the lesson's title", "");
    }
    if (strcmp(name, "title") == 0 && !r->header) {
        r->step.title = arena_copy_string(arena, value);
        return true;
    }
    if (strcmp(name, "note") == 0 && !r->header) { /* again: it goes on */
        if (strlen(r->step.note) + strlen(value) > LESSON_MAX_NOTE) {
            return complain(r, "the note is too long for a slide", "");
        }
        r->step.note =
            arena_format(arena, "%s%s%s", r->step.note, r->step.note[0] != '\0' ? " " : "", value);
        return true;
    }
    for (int key = 0; key < LESSON_KEYS; key++) {
        if (strcmp(name, keys[key].name) == 0) { return add_line(r, (LessonKey)key, value); }
    }
    return complain(r,
                    "expected title, note, text, pair, view, layer, head, token, step, compare, "
                    "compare-model, model or do, and a colon",
                    name);
}

static bool end_block(Reader *r)
{
    if (!r->open) { return true; }
    r->open = false;
    Lesson *lesson = r->lesson;
    if (r->header && lesson->title == NULL) {
        return complain(r, "expected \"lesson: TITLE\" in the first block", "");
    }
    if (lesson->count == LESSON_MAX_STEPS + 1) {
        return complain(r, "a lesson has at most 500 steps", "");
    }
    r->step.lines =
        arena_alloc(&lesson->arena, (size_t)max_int(r->step.line_count, 1), sizeof *r->step.lines);
    memcpy(r->step.lines, r->lines, (size_t)r->step.line_count * sizeof *r->lines);
    lesson->steps[lesson->count++] = r->step; /* the first one is the header, for now */
    return true;
}

static bool read_lines(Reader *r, char *text)
{
    for (char *line = text; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n'), *next = end != NULL ? end + 1 : NULL;
        if (end != NULL) { *end = '\0'; }
        r->line++;
        size_t length = strlen(line);
        while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL) { line[--length] = '\0'; }
        line += strspn(line, " \t");
        char *colon = strchr(line, ':');
        bool ok = true;
        if (line[0] == '\0') {
            ok = end_block(r);
        } else if (line[0] != '#' && colon == NULL) {
            ok = complain(r, "expected a key and a colon, like \"text: A sentence.\"", line);
        } else if (line[0] != '#') {
            *colon = '\0';
            ok = take_line(r, line, colon + 1 + strspn(colon + 1, " \t"));
        }
        if (!ok) { return false; }
        line = next;
    }
    return end_block(r);
}

/* The header's lines become those of the first step; it is no step itself. */
static bool drop_header(Reader *r)
{
    Lesson *lesson = r->lesson;
    if (lesson->count < 2) { return complain(r, "a lesson needs at least one step", ""); }
    LessonStep *header = &lesson->steps[0], *first = &lesson->steps[1];
    int count = header->line_count + first->line_count;
    LessonLine *lines = arena_alloc(&lesson->arena, (size_t)max_int(count, 1), sizeof *lines);
    memcpy(lines, header->lines, (size_t)header->line_count * sizeof *lines);
    memcpy(lines + header->line_count, first->lines, (size_t)first->line_count * sizeof *lines);
    first->lines = lines;
    first->line_count = count;
    lesson->steps++;
    lesson->count--;
    return true;
}

Lesson *lesson_read(const char *path, Error *err)
{
    Buffer text = {0};
    buffer_add(&text, "", 0);
    if (!file_read(path, LESSON_MAX_BYTES, &text, err)) {
        buffer_free(&text);
        return NULL;
    }
    Lesson *lesson = mem_zero(1, sizeof *lesson);
    lesson->path = arena_copy_string(&lesson->arena, path);
    lesson->steps = arena_alloc(&lesson->arena, LESSON_MAX_STEPS + 1, sizeof *lesson->steps);
    Reader *r = mem_zero(1, sizeof *r);
    *r = (Reader){.lesson = lesson, .path = path, .err = err};
    bool ok = strlen(text.bytes) == text.length &&
              unicode_valid_prefix(text.bytes, text.length) == text.length;
    if (!ok) { error_set(err, "%s is no lesson: it is not UTF-8 text.", path); }
    ok = ok && read_lines(r, text.bytes) && drop_header(r);
    free(r);
    buffer_free(&text);
    if (ok) { return lesson; }
    lesson_free(lesson);
    return NULL;
}

void lesson_free(Lesson *lesson)
{
    if (lesson == NULL) { return; }
    arena_free(&lesson->arena);
    free(lesson);
}

/* ---- Asking ---- */

const char *lesson_command(const LessonLine *line, Arena *arena)
{
    if (line->key == LESSON_DO) { return line->value; }
    return arena_format(arena, "%s %s", keys[line->key].command, line->value);
}

int lesson_most_lines(const Lesson *lesson)
{
    int count = LESSON_KEYS;
    for (int i = 0; i < lesson->count; i++) { count += lesson->steps[i].line_count; }
    return count;
}

int lesson_lines_at(const Lesson *lesson, int step, LessonLine *lines)
{
    int count = 0;
    for (int key = 0; key < LESSON_KEYS; key++) {
        const LessonLine *last = NULL;
        for (int i = 0; i <= step && i < lesson->count; i++) {
            for (int k = 0; k < lesson->steps[i].line_count; k++) {
                const LessonLine *line = &lesson->steps[i].lines[k];
                if ((int)line->key != key) { continue; }
                if (key == LESSON_DO) {
                    lines[count++] = *line;
                } else {
                    last = line;
                }
            }
        }
        if (last != NULL) { lines[count++] = *last; }
    }
    return count;
}

void lesson_write_line(Buffer *out, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0') { return; }
    buffer_format(out, "%s: ", key);
    for (const char *at = value; *at != '\0'; at++) {
        buffer_add(out, *at == '\n' || *at == '\r' ? " " : at, 1);
    }
    buffer_add_string(out, "\n");
}
