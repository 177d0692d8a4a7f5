/* app_lesson.h - playing and recording lessons (lesson.h) in the program. */
#ifndef APP_APP_LESSON_H
#define APP_APP_LESSON_H

#include "app/app.h"
#include "app/lesson.h"

/* Opens a lesson and shows its first step; the one before it is closed. */
bool app_lesson_open(App *app, const char *path, Error *err);
void app_lesson_close(App *app);
/* Goes to a step (kept within the lesson). Commands that need the trace of a new sentence wait for it:
 * app_lesson_continue, called every frame, runs them then. */
void app_lesson_go(App *app, int step);
bool app_lesson_continue(App *app, Error *err);

/* Title, note and number of the present step into `page`; what is left is for the picture. */
Rect app_lesson_frame(const App *app, Rect page, Drawing *drawing);

/* Begins a lesson in that file (NULL: a new one in the user's folder); each app_lesson_add writes it. */
bool app_lesson_record(App *app, const char *path, Error *err);
bool app_lesson_add(App *app, const char *note, Error *err);
void app_lesson_stop(App *app);

/* The lessons that ship with the program: titles and paths, in the arena. */
typedef struct LessonPlace {
    const char *title, *path;
} LessonPlace;
LessonPlace *app_lesson_list(Arena *arena, int *count);

#endif
