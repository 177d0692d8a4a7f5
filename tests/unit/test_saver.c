/* Files that are written beside the window: the last text for a path is what gets there, what failed is told,
 * nothing that was handed over is lost at the end. */
#include "app/saver.h"
#include "app/session.h"
#include "base/file.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static atomic_bool gate; /* while it is closed the disk is slow */
static atomic_int writes;

static bool write_slowly(const char *path, const Buffer *text, Error *err)
{
    while (!atomic_load(&gate)) { nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); }
    atomic_fetch_add(&writes, 1);
    return file_write(path, text->bytes, text->length, err);
}

static void put(Saver *saver, const char *path, const char *string)
{
    Buffer text = {0};
    Error err = {""};
    buffer_add_string(&text, string);
    assert_true(saver_put(saver, path, &text, write_slowly, &err));
    buffer_free(&text);
}

static void check_file(const char *path, const char *expected)
{
    Buffer text = {0};
    Error err = {""};
    assert_true(file_read(path, 1000, &text, &err));
    assert_string_equal(text.bytes, expected);
    buffer_free(&text);
    unlink(path);
}

static void nobody_waits_and_nothing_is_lost(void **state)
{
    (void)state;
    char folder[] = "/tmp/headlight-saver-XXXXXX", a[64], b[64];
    assert_non_null(mkdtemp(folder));
    snprintf(a, sizeof a, "%s/a", folder);
    snprintf(b, sizeof b, "%s/b", folder);
    atomic_store(&gate, false);
    atomic_store(&writes, 0);
    Saver *saver = saver_new();
    assert_non_null(saver);
    assert_false(saver_busy(saver));
    put(saver, a, "first"); /* returns although the disk does not */
    put(saver, b, "one");
    for (int i = 0; i < 100; i++) { put(saver, a, i < 99 ? "between" : "last"); }
    put(saver, b, "two");
    assert_true(saver_busy(saver));
    assert_int_equal(atomic_load(&writes), 0);
    atomic_store(&gate, true);
    saver_free(saver);
    assert_true(atomic_load(&writes) <= 4); /* texts that others replaced were not written */
    check_file(a, "last");
    check_file(b, "two");
    rmdir(folder);
}

static void a_failure_is_told_once(void **state)
{
    (void)state;
    Error err = {""};
    atomic_store(&gate, true);
    Saver *saver = saver_new();
    put(saver, "/proc/headlight/none", "text");
    while (saver_busy(saver)) { nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); }
    assert_true(saver_take_failure(saver, &err));
    assert_non_null(strstr(err.text, "/proc/headlight/none can't be written"));
    assert_false(saver_take_failure(saver, &err));
    saver_free(saver);
    Buffer text = {0};
    buffer_add_string(&text, "text");
    assert_false(saver_put(NULL, "/proc/headlight/none", &text, write_slowly, &err)); /* at once */
    buffer_free(&text);
}

/* A session with a worker behind it, as in the window: what is there when it closes is what was there last. */
static void a_session_is_saved_beside_the_window(void **state)
{
    (void)state;
    char folder[] = "/tmp/headlight-saver-XXXXXX", session[100], history[100], command[100];
    assert_non_null(mkdtemp(folder));
    snprintf(session, sizeof session, "%s/headlight/session", folder);
    snprintf(history, sizeof history, "%s/headlight/history", folder);
    setenv("XDG_STATE_HOME", folder, 1);
    App *app = mem_zero(1, sizeof *app);
    Error err = {""};
    app_init(app, NULL);
    session_open(app, false);
    assert_true(app_open_model(app, "tests/data/bert-tiny", &err));
    assert_true(app_show(app, "ba be", NULL, &err));
    app->worker = worker_new(0, NULL, NULL);
    /* Another window wrote meanwhile. */
    snprintf(command, sizeof command, "%s/headlight", folder);
    assert_true(file_make_folder(command, &err));
    static const char others[] = "# headlight history 1\nfrom another window\n";
    for (int i = 0; i < 8; i++) {
        if (i == 4) { /* without the lock: so not before ours is written */
            while (!file_exists(history)) {
                nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
            }
            assert_true(file_write(history, others, sizeof others - 1, &err));
            assert_true(app_show(app, "bo", NULL, &err));
        }
        app->now += 3000;
        session_poll(app);
    }
    assert_true(app_show(app, "bo ba", NULL, &err));
    session_close(app);
    Buffer text = {0};
    assert_true(file_read(session, 10000, &text, &err));
    assert_non_null(strstr(text.bytes, "\ntext:set bo ba\n"));
    buffer_clear(&text);
    assert_true(file_read(history, 10000, &text, &err));
    assert_string_equal(text.bytes, "# headlight history 1\nbo\nba be\nfrom another window\n");
    buffer_free(&text);
    app_free(app);
    free(app);
    unlink(session);
    unlink(history);
    rmdir(command);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits_and_nothing_is_lost),
        cmocka_unit_test(a_failure_is_told_once),
        cmocka_unit_test(a_session_is_saved_beside_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
