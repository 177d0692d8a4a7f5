/* Figures that are made beside the window: what comes out is what comes out at once, every one has its own
 * name, nothing is lost at the end, and what is not wanted leaves nothing behind. */
#include "app/command.h"
#include "app/export.h"
#include "app/press.h"
#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static atomic_int woken;

static void wake(void *data)
{
    (void)data;
    atomic_fetch_add(&woken, 1);
}

typedef struct Fixture {
    char folder[64];
    FontSet *fonts;
    App *app;
} Fixture;

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    Error err = {""};
    strcpy(f->folder, "/tmp/headlight-press-XXXXXX");
    if (mkdtemp(f->folder) == NULL || (f->fonts = font_open(&err)) == NULL) { return -1; }
    setenv("XDG_PICTURES_DIR", f->folder, 1);
    f->app = mem_zero(1, sizeof *f->app);
    app_init(f->app, f->fonts);
    if (!app_open_model(f->app, "tests/data/bert-tiny", &err) ||
        !app_show(f->app, "ba be bo", NULL, &err)) {
        return -1;
    }
    atomic_store(&woken, 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    app_free(f->app);
    free(f->app);
    font_close(f->fonts);
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", f->folder);
    int status = system(command);
    free(f);
    return status;
}

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); }

static PressDone wait_for(Press *press)
{
    PressDone done;
    while (!press_poll(press, &done)) { nap(); }
    return done;
}

static ExportJob *begin(Fixture *f, const char *name, char *path, size_t size)
{
    Error err = {""};
    snprintf(path, size, "%s/%s", f->folder, name);
    ExportJob *job = export_begin(f->app, path, &err);
    assert_non_null(job);
    return job;
}

static void what_comes_out_is_the_same(void **state)
{
    Fixture *f = *state;
    static const char *const names[] = {"a.png", "a.svg", "a.pdf", "a.csv", "a.json"};
    Press *press = press_new(f->fonts, wake, NULL);
    assert_non_null(press);
    assert_int_equal(press_progress(press), -1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[100];
        Error err = {""};
        assert_true(press_put(press, begin(f, names[i], path, sizeof path), &err));
        PressDone done = wait_for(press);
        assert_true(done.ok);
        assert_string_equal(done.path, path);
        free(done.path);
        Buffer here = {0}, beside = {0};
        assert_true(export_make(f->app, names[i] + 2, &here, &err));
        assert_true(file_read(path, 1 << 26, &beside, &err));
        if (strcmp(names[i], "a.pdf") != 0) { /* which has the time in it */
            assert_int_equal(here.length, beside.length);
            assert_memory_equal(here.bytes, beside.bytes, here.length);
        }
        buffer_free(&here);
        buffer_free(&beside);
    }
    assert_int_equal(atomic_load(&woken), 5);
    assert_int_equal(press_progress(press), -1);
    press_free(press);
}

static void nothing_is_lost_at_the_end(void **state)
{
    Fixture *f = *state;
    Press *press = press_new(f->fonts, wake, NULL);
    char paths[6][100];
    Error err = {""};
    for (int i = 0; i < 6; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d.png", i);
        assert_true(press_put(press, begin(f, name, paths[i], sizeof paths[i]), &err));
    }
    press_free(press);
    for (int i = 0; i < 6; i++) { assert_true(file_exists(paths[i])); }
}

/* A pipe that nobody reads holds the press up for as long as the test likes. */
static char *make_pipe(const Fixture *f)
{
    char *path = file_join(f->folder, "pipe.png");
    assert_int_equal(mkfifo(path, 0600), 0);
    return path;
}

static void drain(const char *path)
{
    char bytes[4096];
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    while (read(fd, bytes, sizeof bytes) > 0) {}
    close(fd);
}

static void what_is_not_wanted_leaves_nothing(void **state)
{
    Fixture *f = *state;
    enum { WAITING = 8 };
    Press *press = press_new(f->fonts, wake, NULL);
    char *pipe = make_pipe(f), paths[WAITING + 1][100];
    Error err = {""};
    assert_true(press_put(press, export_begin(f->app, pipe, &err), &err));
    while (press_progress(press) < 1000) { nap(); } /* being written */
    for (int i = 0; i <= WAITING; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d.png", i);
        ExportJob *job = begin(f, name, paths[i], sizeof paths[i]);
        assert_int_equal(press_put(press, job, &err), i < WAITING);
        if (i == WAITING) { export_job_free(job); }
    }
    assert_non_null(strstr(err.text, "wait to be saved"));
    assert_true(press_has(press, pipe));
    assert_true(press_has(press, paths[0]));
    assert_true(press_has(press, paths[WAITING - 1]));
    assert_false(press_has(press, paths[WAITING]));
    press_stop(press);
    drain(pipe);
    for (int i = 0; i <= WAITING; i++) {
        PressDone done = wait_for(press);
        assert_int_equal(done.stopped, i > 0); /* the pipe was being written to */
        assert_int_equal(done.ok, i == 0);
        free(done.path);
    }
    for (int i = 0; i <= WAITING; i++) {
        assert_false(press_has(press, paths[i]));
        assert_false(file_exists(paths[i]));
    }
    assert_true(press_put(press, begin(f, "after.png", paths[0], sizeof paths[0]), &err));
    PressDone done = wait_for(press);
    assert_true(done.ok && file_exists(paths[0]));
    free(done.path);
    press_free(press);
    free(pipe);
}

/* The text is typed on while the numbers of the one before wait: they are those of when they were asked for. */
static void numbers_are_those_that_were_shown(void **state)
{
    Fixture *f = *state;
    Error err = {""};
    Buffer before = {0}, file = {0};
    char *pipe = make_pipe(f), path[100];
    command_do(f->app, "view:set model");
    assert_true(export_make(f->app, "csv", &before, &err));
    Press *press = press_new(f->fonts, wake, NULL);
    assert_true(press_put(press, export_begin(f->app, pipe, &err), &err));
    assert_true(press_put(press, begin(f, "a.csv", path, sizeof path), &err));
    command_do(f->app, "text:set da de di do du");
    command_do(f->app, "view:set heatmap");
    drain(pipe);
    press_free(press);
    assert_true(file_read(path, 1 << 26, &file, &err));
    assert_int_equal(before.length, file.length);
    assert_memory_equal(before.bytes, file.bytes, file.length);
    ExportJob *job = begin(f, "b.csv", path, sizeof path);
    atomic_store(&export_job_progress(job)->stop, true);
    assert_false(export_finish(job, &err));
    assert_string_equal(err.text, "The numbers were not finished.");
    export_job_free(job);
    buffer_free(&before);
    buffer_free(&file);
    free(pipe);
}

/* A picture of many bands of rows ends in the middle. */
static void a_picture_is_stopped_between_two_bands(void **state)
{
    Fixture *f = *state;
    f->app->figure.size = (Vec){400, 4000};
    char path[100];
    Error err = {""};
    ExportJob *job = begin(f, "high.png", path, sizeof path);
    atomic_store(&export_job_progress(job)->stop, true);
    assert_false(export_finish(job, &err));
    assert_string_equal(err.text, "The picture was not finished.");
    assert_in_range(atomic_load(&export_job_progress(job)->done), 1, 100);
    export_job_free(job);
    assert_false(file_exists(path));
}

static void frame(Fixture *f, uint64_t time)
{
    Input input = {.time = time};
    app_frame(f->app, &input, (Vec){900, 600});
    input_free(&input);
}

static void frames_until_saved(Fixture *f, uint64_t time)
{
    while (f->app->pressed != 0) {
        frame(f, time);
        nap();
    }
}

/* As in the window: a second figure while the first is under way has a name of its own. */
static void the_window_goes_on_and_tells(void **state)
{
    Fixture *f = *state;
    App *app = f->app;
    Error err = {""};
    char *pipe = make_pipe(f), command[100];
    app->wake = wake;
    app->worker = worker_new(1, wake, NULL);
    frame(f, 1000);
    snprintf(command, sizeof command, "export %s", pipe);
    assert_true(command_run(app, command, &err));
    assert_true(command_run(app, "export", &err));
    char *second = mem_copy_string(app->last_export);
    assert_true(command_run(app, "export", &err));
    assert_string_not_equal(app->last_export, second);
    assert_int_equal(app_figure_progress(app), -1); /* nobody has waited yet */
    assert_in_range(app_next_frame(app), 0, APP_PATIENCE_MS + 1);
    frame(f, 3000);
    assert_in_range(app_figure_progress(app), 0, 100);
    drain(pipe);
    frames_until_saved(f, 4000);
    assert_non_null(strstr(app->message, "Saved "));
    assert_true(file_exists(second) && file_exists(app->last_export));
    free(second);

    app->message_until = 0;
    assert_true(command_run(app, command, &err));
    assert_true(command_run(app, "export", &err));
    frame(f, 6000);
    while (press_progress(app->press) < 1000) { nap(); }
    assert_true(command_run(app, "escape", &err));
    drain(pipe);
    frames_until_saved(f, 7000);
    assert_string_equal(app->message, "The figure was not saved.");
    assert_false(file_exists(app->last_export));

    assert_true(command_run(app, "export /nowhere/at/all.svg", &err)); /* told when it is tried */
    frames_until_saved(f, 8000);
    assert_true(app->message_is_error);
    assert_non_null(strstr(app->message, "/nowhere/at/all.svg can't be written"));
    assert_true(atomic_load(&woken) >= 6);
    free(pipe);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_comes_out_is_the_same),
        TEST(nothing_is_lost_at_the_end),
        TEST(what_is_not_wanted_leaves_nothing),
        TEST(numbers_are_those_that_were_shown),
        TEST(a_picture_is_stopped_between_two_bands),
        TEST(the_window_goes_on_and_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
