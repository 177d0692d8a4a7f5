/* Lessons: playing and recording. */
#include "app/app_lesson.h"
#include "app/command_actions.h"

#include <limits.h>

bool command_has_lesson(const App *app) { return app->lesson != NULL; }

bool command_lesson_open(App *app, const char *argument, Error *err)
{
    return app_lesson_open(app, argument, err) && app_lesson_continue(app, err);
}

bool command_lesson_next(App *app, const char *argument, Error *err)
{
    (void)argument;
    if (app->lesson_at + 1 < app->lesson->count) { app_lesson_go(app, app->lesson_at + 1); }
    return app_lesson_continue(app, err);
}

bool command_lesson_previous(App *app, const char *argument, Error *err)
{
    (void)argument;
    if (app->lesson_at > 0) { app_lesson_go(app, app->lesson_at - 1); }
    return app_lesson_continue(app, err);
}

bool command_lesson_first(App *app, const char *argument, Error *err)
{
    (void)argument;
    app_lesson_go(app, 0);
    return app_lesson_continue(app, err);
}

bool command_lesson_last(App *app, const char *argument, Error *err)
{
    (void)argument;
    app_lesson_go(app, INT_MAX);
    return app_lesson_continue(app, err);
}

bool command_lesson_close(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app_lesson_close(app);
    return true;
}

bool command_lesson_record(App *app, const char *argument, Error *err)
{
    return app_lesson_record(app, argument, err);
}

bool command_lesson_add(App *app, const char *argument, Error *err)
{
    return app_lesson_add(app, argument, err);
}

bool command_lesson_stop(App *app, const char *argument, Error *err)
{
    (void)argument, (void)err;
    app_lesson_stop(app);
    return true;
}
