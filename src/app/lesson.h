/* lesson.h - a lesson: steps for a class, played with the arrow keys. A text file:
 *
 *     # a comment
 *     lesson: What does "it" refer to?
 *     model: headlight-en
 *
 *     title: A sentence
 *     note: Which noun does "it" stand for? Everybody knows at once.
 *     text: The animal didn't cross the street because it was too tired.
 *     view: head
 *     layer: 2
 *     head: 0
 *
 *     title: One head knows too
 *     token: it
 *
 * Blocks are separated by blank lines; the first one names the lesson, every other one is a step. A line is
 * a key, a colon and a value. What a step does not say stays as in the steps before it, but title and note,
 * which are its own. Every key is a command of command_table; `do` takes any command line. UTF-8. */
#ifndef APP_LESSON_H
#define APP_LESSON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

enum { LESSON_MAX_STEPS = 500, LESSON_MAX_LINES = 64, LESSON_MAX_NOTE = 4096 /* bytes */ };
#define LESSON_MAX_BYTES ((size_t)1 << 20)

/* What a step can say, in the order in which it is done. */
typedef enum LessonKey {
    LESSON_MODEL,
    LESSON_TEXT,
    LESSON_PAIR,
    LESSON_VIEW,
    LESSON_LAYER,
    LESSON_HEAD,
    LESSON_COMPARE,
    LESSON_COMPARE_MODEL,
    LESSON_TOKEN, /* pinned, alone */
    LESSON_STEP,  /* of the walk-through */
    LESSON_DO,
    LESSON_KEYS
} LessonKey;

typedef struct LessonLine {
    LessonKey key;
    const char *value;
    int line; /* number in the file, from 1 */
} LessonLine;

typedef struct LessonStep {
    const char *title, *note; /* "" where there is none */
    LessonLine *lines;
    int line_count;
} LessonStep;

typedef struct Lesson {
    Arena arena;
    const char *path, *title;
    LessonStep *steps;
    int count;
} Lesson;

/* The caller frees it. NULL with a sentence that names the line and what was expected. */
Lesson *lesson_read(const char *path, Error *err);
void lesson_free(Lesson *lesson); /* accepts NULL */

/* The command of a line, in the arena. */
const char *lesson_command(const LessonLine *line, Arena *arena);

/* All lines that hold at a step: of every key the last one up to it, of `do` all, in the order of the keys.
 * Returns how many; `lines` has room for LESSON_KEYS plus all do-lines (lesson_most_lines). */
int lesson_lines_at(const Lesson *lesson, int step, LessonLine *lines);
int lesson_most_lines(const Lesson *lesson);

/* Adds "key: value", the value's line breaks as blanks; nothing for an empty value. */
void lesson_write_line(Buffer *out, const char *key, const char *value);

#endif
