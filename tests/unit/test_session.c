/* What the window remembers: sessions, the history of sentences, views to go back to. */
#include "app/command.h"
#include "app/session.h"
#include "base/file.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TINY "tests/data/bert-tiny"
#define BYTES(string) string, sizeof string - 1

typedef struct Fixture {
    char folder[64];
    App *app;
} Fixture;

static void must(App *app, const char *command)
{
    Error err = {""};
    if (!command_run(app, command, &err)) { fail_msg("%s: %s", command, err.text); }
}

static void open_app_as(Fixture *f, bool asked)
{
    Error err = {""};
    f->app = mem_zero(1, sizeof *f->app);
    app_init(f->app, NULL);
    SessionStart start = session_open(f->app, asked);
    assert_true(app_open_model(f->app, TINY, &err));
    assert_true(app_show(f->app, start.text != NULL ? start.text : "ba be bo", start.pair, &err));
}

static void open_app(Fixture *f) { open_app_as(f, false); }

static void close_app(Fixture *f)
{
    session_close(f->app);
    app_free(f->app);
    free(f->app);
}

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/headlight-state-XXXXXX");
    if (mkdtemp(f->folder) == NULL) { return -1; }
    setenv("XDG_STATE_HOME", f->folder, 1);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    char command[200];
    snprintf(command, sizeof command, "chmod -R u+w %s && rm -r %s", f->folder, f->folder);
    int status = system(command);
    free(f);
    return status;
}

static char *path_of(const Fixture *f, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/headlight/%s", f->folder, name);
    return mem_copy_string(path);
}

static void put(const Fixture *f, const char *name, const char *bytes, size_t length)
{
    char *path = path_of(f, name), folder[100];
    snprintf(folder, sizeof folder, "%s/headlight", f->folder);
    Error err = {""};
    assert_true(file_make_folder(folder, &err));
    assert_true(file_write(path, bytes, length, &err));
    free(path);
}

static void the_window_reopens_as_it_was_left(void **state)
{
    Fixture *f = *state;
    open_app(f);
    must(f->app, "text:set ba be bo da");
    must(f->app, "pair:set fa\tfe");
    must(f->app, "view:set heatmap");
    must(f->app, "layer:set 1");
    must(f->app, "head:set 1");
    must(f->app, "filter ab");
    must(f->app, "special hidden");
    must(f->app, "threshold:set 0.25");
    must(f->app, "words words");
    must(f->app, "theme dark");
    must(f->app, "grid:measure previous");
    must(f->app, "pin:query 3");
    must(f->app, "interface:larger");
    close_app(f);
    open_app(f);
    assert_string_equal(app_text(f->app), "ba be bo da");
    assert_string_equal(app_pair(f->app), "fa fe"); /* a tab can't stand in a line */
    assert_string_equal(view_table[f->app->view.view].name, "heatmap");
    assert_int_equal(f->app->view.layer, 1);
    assert_int_equal(headset_count(&f->app->view.heads), 1);
    assert_true(headset_has(&f->app->view.heads, 1));
    assert_int_equal(f->app->view.pair, PAIR_A_TO_B);
    assert_int_equal(f->app->view.special, SPECIAL_HIDDEN);
    assert_float_equal(f->app->view.threshold, 0.25f, 1e-6);
    assert_true(f->app->view.words);
    assert_true(f->app->view.theme->dark);
    assert_int_equal(f->app->grid_pattern, PATTERN_PREVIOUS);
    assert_int_equal(f->app->view.pin_count, 1);
    assert_int_equal(f->app->scale_percent, 110);
    close_app(f);
}

/* What is asked for comes before what was left; what is done then is remembered. */
static void what_was_asked_for_is_opened_and_remembered(void **state)
{
    Fixture *f = *state;
    open_app(f);
    must(f->app, "text:set da de");
    must(f->app, "pair:set fa");
    must(f->app, "view:set heatmap");
    must(f->app, "theme dark");
    must(f->app, "interface:larger");
    close_app(f);
    open_app_as(f, true);
    assert_string_equal(app_text(f->app), "ba be bo");
    assert_string_equal(view_table[f->app->view.view].name, "head");
    assert_true(f->app->view.theme->dark);
    assert_int_equal(f->app->scale_percent, 110);
    assert_int_equal(f->app->history_count, 1); /* not lost, though it was not there for long */
    assert_string_equal(f->app->history[0], "da de\tfa");
    must(f->app, "layer:set 1");
    close_app(f);
    open_app(f);
    assert_string_equal(app_text(f->app), "ba be bo");
    assert_int_equal(f->app->view.layer, 1);
    close_app(f);
}

static void the_model_is_found_from_another_folder(void **state)
{
    Fixture *f = *state;
    open_app(f);
    must(f->app, "compare:model " TINY);
    close_app(f);
    char *path = path_of(f, "session"), *real = realpath(TINY, NULL);
    Buffer text = {0};
    Error err = {""};
    assert_true(file_read(path, 1 << 20, &text, &err));
    char line[4200];
    snprintf(line, sizeof line, "\nmodel:open %s\n", real);
    assert_non_null(strstr(text.bytes, line));
    snprintf(line, sizeof line, "\ncompare:model %s\n", real);
    assert_non_null(strstr(text.bytes, line));
    buffer_free(&text);
    free(path);
    free(real);
}

/* Whatever is in the file, the program starts, and nothing in it can do harm. */
static void damaged_files_are_put_aside(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t length;
        bool aside;
    } files[] = {
        {BYTES(""), true},
        {BYTES("nonsense"), true},
        {BYTES("# headlight session 1"), true}, /* cut off */
        {BYTES("# headlight session 1\ntext:set \xff\n"), true},
        {BYTES("# headlight session 1\n\0text:set ba\n"), true},
        {BYTES("# headlight session 1\nlayer:set 99\nlayer:set -1\nhead:set 7,7,x\nview:set no\n"),
         false},
        {BYTES(
             "# headlight session 1\nthreshold:set 1e99\ninterface 99999\npin:query 4000000000\n"),
         false},
        {BYTES("# headlight session 1\nquit\nexport /tmp/headlight-must-not-be\n"), false},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *damaged = path_of(f, "session.damaged");
        unlink(damaged);
        put(f, "session", files[i].bytes, files[i].length);
        open_app(f);
        assert_non_null(f->app->trace);
        assert_false(f->app->quit);
        assert_int_equal(file_exists(damaged), files[i].aside);
        if (files[i].aside) { assert_non_null(strstr(f->app->message, "damaged")); }
        assert_true(f->app->scale_percent <= APP_MAX_SCALE_PERCENT);
        close_app(f);
        free(damaged);
    }
    assert_false(file_exists("/tmp/headlight-must-not-be"));
}

static void nowhere_to_write_is_told_once(void **state)
{
    Fixture *f = *state;
    put(f, "session", "# headlight session 1\n", 22);
    char folder[100];
    snprintf(folder, sizeof folder, "%s/headlight", f->folder);
    assert_int_equal(chmod(folder, 0500), 0);
    open_app(f);
    f->app->now = 100000;
    session_poll(f->app);
    bool root = geteuid() == 0; /* who may write anywhere */
    assert_true(root || strstr(f->app->message, "not remembered") != NULL);
    f->app->message[0] = '\0';
    must(f->app, "text:set ba");
    f->app->now = 200000;
    session_poll(f->app);
    assert_string_equal(f->app->message, "");
    assert_int_equal(chmod(folder, 0700), 0);
    close_app(f);
    unsetenv("XDG_STATE_HOME");
    char *home = getenv("HOME") != NULL ? mem_copy_string(getenv("HOME")) : NULL;
    unsetenv("HOME");
    open_app(f); /* no home at all */
    f->app->now = 300000;
    session_poll(f->app);
    close_app(f);
    if (home != NULL) { setenv("HOME", home, 1); }
    free(home);
}

static void stay(App *app, const char *text)
{
    char command[100];
    snprintf(command, sizeof command, "text:set %s", text);
    must(app, command);
    for (int i = 0; i < 5; i++) {
        app->now += 700;
        session_poll(app);
    }
}

static void sentences_that_stayed_are_kept(void **state)
{
    Fixture *f = *state;
    open_app(f);
    f->app->now = 1000;
    session_poll(f->app);
    stay(f->app, "ba be");
    must(f->app, "text:set b"); /* on the way to something else */
    f->app->now += 300;
    session_poll(f->app);
    stay(f->app, "ba bo");
    stay(f->app, "   ");
    stay(f->app, "ba be"); /* again: moves up */
    assert_int_equal(f->app->history_count, 2);
    assert_string_equal(f->app->history[0], "ba be");
    assert_string_equal(f->app->history[1], "ba bo");
    must(f->app, "pair:set fa");
    stay(f->app, "da");
    assert_string_equal(f->app->history[0], "da\tfa");
    char text[20];
    for (int i = 0; i < 60; i++) {
        snprintf(text, sizeof text, "ba %d", i);
        stay(f->app, text);
    }
    assert_int_equal(f->app->history_count, APP_MAX_HISTORY);
    assert_string_equal(f->app->history[0], "ba 59\tfa");
    close_app(f);
    open_app(f);
    assert_int_equal(f->app->history_count, APP_MAX_HISTORY);
    must(f->app, "text:history 2");
    assert_string_equal(app_text(f->app), "ba 57");
    assert_string_equal(app_pair(f->app), "fa");
    Error err = {""};
    assert_false(command_run(f->app, "text:history 50", &err));
    close_app(f);
}

/* There is nothing to run them, but they were typed. */
static void sentences_typed_without_a_model_are_kept(void **state)
{
    Fixture *f = *state;
    Error err = {""};
    f->app = mem_zero(1, sizeof *f->app);
    app_init(f->app, NULL);
    session_open(f->app, true);
    assert_false(app_open_model(f->app, "./nowhere", &err));
    f->app->now = 1000;
    stay(f->app, "ba be");
    close_app(f);
    char *path = path_of(f, "session");
    assert_false(file_exists(path));
    free(path);
    open_app(f);
    assert_int_equal(f->app->history_count, 1);
    assert_string_equal(f->app->history[0], "ba be");
    close_app(f);
}

static void views_are_stepped_through(void **state)
{
    Fixture *f = *state;
    open_app(f);
    App *app = f->app;
    Error err = {""};
    assert_false(command_run(app, "view:back", &err));
    must(app, "layer:set 1");
    must(app, "view:set heatmap");
    must(app, "view:set heatmap"); /* changes nothing */
    must(app, "theme dark");       /* is not of the view */
    must(app, "pin:query 1");
    must(app, "view:back");
    assert_int_equal(app->view.pin_count, 0);
    must(app, "view:back");
    assert_string_equal(view_table[app->view.view].name, "head");
    assert_true(app->view.theme->dark);
    must(app, "view:back");
    assert_int_equal(app->view.layer, 0);
    assert_false(command_run(app, "view:back", &err));
    for (int i = 0; i < 3; i++) { must(app, "view:forward"); }
    assert_false(command_run(app, "view:forward", &err));
    assert_int_equal(app->view.pin_count, 1);
    assert_int_equal(app->view.layer, 1);
    must(app, "view:back");
    must(app, "view:set flow"); /* another way on */
    assert_false(command_run(app, "view:forward", &err));
    for (int i = 0; i < 200; i++) { must(app, i % 2 == 0 ? "layer:set 0" : "layer:set 1"); }
    int steps = 0;
    while (command_run(app, "view:back", &err)) { steps++; }
    assert_int_equal(steps, APP_MAX_UNDO);
    close_app(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_window_reopens_as_it_was_left),
        TEST(damaged_files_are_put_aside),
        TEST(what_was_asked_for_is_opened_and_remembered),
        TEST(the_model_is_found_from_another_folder),
        TEST(nowhere_to_write_is_told_once),
        TEST(sentences_that_stayed_are_kept),
        TEST(sentences_typed_without_a_model_are_kept),
        TEST(views_are_stepped_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
