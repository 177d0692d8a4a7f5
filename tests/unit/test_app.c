/* The program without its window: commands, typing, pins, worker, figures. */
#include "app_bench.h"

#include "app/app.h"
#include "app/command.h"
#include "app/export.h"
#include "app/keymap.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TINY "tests/data/bert-tiny"

static void must_fail(AppBench *f, const char *command, const char *says)
{
    Error err = {""};
    assert_false(command_run(f->app, command, &err));
    if (strstr(err.text, says) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", command, err.text, says);
    }
}

static int set_up(void **state)
{
    Error err = {""};
    AppBench *f = calloc(1, sizeof *f);
    if (!app_bench_open(f)) { return -1; }
    *state = f;
    if (!app_open_model(f->app, TINY, &err) || !app_show(f->app, "the cat sat", NULL, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    app_bench_frame(f);
    return 0;
}

static int tear_down(void **state)
{
    AppBench *f = *state;
    app_bench_close(f);
    free(f);
    return 0;
}

static void layers_and_heads_are_chosen_within_bounds(void **state)
{
    AppBench *f = *state;
    const Attention *a = &f->app->trace->attention[ATTENTION_SELF];
    app_bench_must(f, "layer:set 1");
    assert_int_equal(f->app->view.layer, 1);
    must_fail(f, "layer:set 99", "not a layer");
    must_fail(f, "layer:set 1x", "not a layer");
    must_fail(f, "layer:set", "not a layer");
    must_fail(f, "head:set 0,99", "not a head");
    must_fail(f, "fly", "no command");
    app_bench_must(f, "head:set 1");
    assert_int_equal(headset_count(&f->app->view.heads), 1);
    app_bench_must(f, "head:toggle 1"); /* the last one stays on */
    assert_int_equal(headset_count(&f->app->view.heads), 1);
    app_bench_must(f, "head:isolate 1"); /* the only one: all come back */
    assert_int_equal(headset_count(&f->app->view.heads), a->heads);
    app_bench_must(f, "head:isolate 0");
    app_bench_must(f, "head:next");
    assert_true(headset_has(&f->app->view.heads, 1));
    app_bench_must(f, "head:previous");
    assert_true(headset_has(&f->app->view.heads, 0));
    for (int i = 0; i < a->layers; i++) { app_bench_must(f, "layer:next"); }
    assert_int_equal(f->app->view.layer, 1);
}

static void arguments_are_checked(void **state)
{
    AppBench *f = *state;
    must_fail(f, "threshold:set nan", "not a number");
    must_fail(f, "threshold:set 2", "not a number");
    app_bench_must(f, "threshold:set 0.25");
    must_fail(f, "theme blue", "none of: light, dark");
    app_bench_must(f, "theme dark");
    assert_true(f->app->view.theme->dark);
    must_fail(f, "view:set nonsense", "no view");
    must_fail(f, "zoom:set 2", "makes no sense");
    must_fail(f, "filter aa", "makes no sense");
    app_bench_must(f, "pair:set the dog");
    app_bench_must(f, "filter ab");
    assert_int_equal(f->app->view.pair, PAIR_A_TO_B);
    app_bench_must(f, "pair:toggle");
    assert_int_equal(f->app->view.pair, PAIR_ALL);
    must_fail(f, "pin:word zebra", "no word");
    must_fail(f, "model:open nowhere", "no model called");
    must_fail(f, "model:open ./nowhere", "no model folder");
    assert_non_null(f->app->trace); /* nothing is lost */
}

static void pins_stay_on_their_word(void **state)
{
    AppBench *f = *state;
    app_bench_must(f, "text:set ba be bo");
    app_bench_must(f, "pin:query 2");
    app_bench_must(f, "pin:query 3");
    app_bench_must(f, "text:set ba be da"); /* token 3 is another word now */
    assert_int_equal(f->app->view.pin_count, 1);
    assert_int_equal(f->app->view.pins[0].query, 2);
    app_bench_must(f, "text:set ba");
    assert_int_equal(f->app->view.pin_count, 0);
}

static void typing_changes_the_picture(void **state)
{
    AppBench *f = *state;
    f->app->focus_wanted = "sentence";
    app_bench_frame(f);
    uint64_t before = drawing_hash(f->app->picture);
    int tokens = f->app->trace->encoding->count;
    input_add_text(&f->input, " the");
    app_bench_frame(f);
    assert_string_equal(app_text(f->app), "the cat sat the");
    assert_int_equal(f->app->trace->encoding->count, tokens + 1);
    assert_true(drawing_hash(f->app->picture) != before);
    input_add_key(&f->input, 'z', MOD_CTRL, false);
    app_bench_frame(f);
    assert_string_equal(app_text(f->app), "the cat sat");
    assert_true(drawing_hash(f->app->picture) == before);
}

static void an_idle_frame_draws_the_same(void **state)
{
    AppBench *f = *state;
    ui_set_focus(&f->app->ui, 0);
    app_bench_frame(f);
    uint64_t before = drawing_hash(f->app->screen);
    f->input.time += 50;
    app_bench_frame(f);
    assert_true(drawing_hash(f->app->screen) == before);
    assert_int_equal(app_next_frame(f->app), -1);
}

/* The point in the picture where this target is found. */
static Vec find_target(AppBench *f, Target wanted)
{
    Rect area = f->app->picture_area;
    for (float y = area.y; y < area.y + area.h; y += 3) {
        for (float x = area.x; x < area.x + area.w; x += 3) {
            Vec at = {x, y};
            if (target_equal(view_locate(f->app->trace, &f->app->view, area, f->app->picture, at),
                             wanted)) {
                return at;
            }
        }
    }
    fail_msg("the target is nowhere");
    return (Vec){0, 0};
}

static void click(AppBench *f, Vec at, int clicks)
{
    f->input.mouse = at;
    f->input.mouse_inside = true;
    app_bench_frame(f);
    f->input.pressed = f->input.buttons = BUTTON_LEFT;
    f->input.clicks = clicks;
    app_bench_frame(f);
    f->input.buttons = 0;
    f->input.released = BUTTON_LEFT;
    app_bench_frame(f);
}

static void the_mouse_hovers_pins_and_switches_heads(void **state)
{
    AppBench *f = *state;
    Target token = {TARGET_QUERY, -1, -1, 2, -1};
    click(f, find_target(f, token), 1);
    assert_true(target_equal(f->app->view.hover, token));
    assert_true(view_is_pinned(&f->app->view, token));
    click(f, find_target(f, token), 1);
    assert_int_equal(f->app->view.pin_count, 0);
    Target head = {TARGET_HEAD, f->app->view.layer, 1, -1, -1};
    click(f, find_target(f, head), 1);
    assert_false(headset_has(&f->app->view.heads, 1));
    click(f, find_target(f, head), 2);
    assert_true(headset_has(&f->app->view.heads, 1));
    assert_int_equal(headset_count(&f->app->view.heads), 1);
    app_bench_must(f, "view:set heatmap");
    app_bench_frame(f);
    Target cell = {TARGET_LINK, f->app->view.layer, 1, 1, 2};
    click(f, find_target(f, cell), 1);
    assert_true(view_is_pinned(&f->app->view, cell));
}

/* Every key of the table names a command that exists. */
static void keys_name_commands(void **state)
{
    (void)state;
    for (const KeyBinding *key = keymap_table; key->command != NULL; key++) {
        if (key->key == 0) { continue; }
        size_t length = strcspn(key->command, " ");
        bool found = false;
        for (const Command *c = command_table; c->name != NULL; c++) {
            found |= strlen(c->name) == length && strncmp(c->name, key->command, length) == 0;
        }
        if (!found) { fail_msg("no command %s", key->command); }
        KeyStroke stroke = {.key = key->key, .modifiers = key->modifiers};
        assert_non_null(keymap_find(&stroke, false));
    }
    assert_null(keymap_find(&(KeyStroke){.key = 'a'}, true));
}

static void figures_have_names_and_are_never_overwritten(void **state)
{
    AppBench *f = *state;
    char folder[] = "/tmp/headlight-test.XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *home = getenv("HOME") != NULL ? mem_copy_string(getenv("HOME")) : NULL;
    setenv("HOME", folder, 1);
    unsetenv("XDG_PICTURES_DIR");
    unsetenv("XDG_CONFIG_HOME");
    app_bench_must(f, "text:set Animals can't fly");
    app_bench_must(f, "head:set 1");
    /* The desktop says where pictures go, in its user's language. */
    static const char dirs[] = "# dirs\nXDG_PICTURES_DIR=\"$HOME/Bilder\"\n";
    char *config = file_join(folder, ".config"), *pictures = file_join(folder, "Bilder");
    char *list = file_join(config, "user-dirs.dirs");
    assert_true(file_make_folder(config, NULL) && file_make_folder(pictures, NULL));
    assert_true(file_write(list, dirs, sizeof dirs - 1, NULL));
    app_bench_must(f, "export");
    assert_non_null(strstr(f->app->last_export, "/Bilder/animals.head-L0H1.png"));
    unlink(f->app->last_export);
    unlink(list);
    assert_int_equal(rmdir(config) + rmdir(pictures), 0);
    free(config);
    free(pictures);
    free(list);
    app_bench_must(f, "export");
    char *first = mem_copy_string(f->app->last_export);
    assert_non_null(strstr(first, "/animals.head-L0H1.png"));
    app_bench_must(f, "export");
    assert_non_null(strstr(f->app->last_export, "/animals.head-L0H1-2.png"));
    must_fail(f, "export /nowhere/at/all.png", "can't be written");
    must_fail(f, "export figure.bmp", "must end in");
    must_fail(f, "export /", "must end in");
    /* The figure of the window is that of the command line: chrome and pointer are not in it. */
    Buffer one = {0}, two = {0};
    assert_true(file_read(first, 1 << 26, &one, NULL) &&
                file_read(f->app->last_export, 1 << 26, &two, NULL));
    assert_int_equal(one.length, two.length);
    assert_memory_equal(one.bytes, two.bytes, one.length);
    buffer_free(&one);
    buffer_free(&two);
    unlink(first);
    unlink(f->app->last_export);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left */
    free(first);
    if (home != NULL) { setenv("HOME", home, 1); }
    free(home);
}

static void wait_for_answer(AppBench *f)
{
    for (int i = 0; i < 2000 && worker_busy(f->app->worker); i++) { usleep(1000); }
    usleep(1000);
    app_bench_frame(f);
}

/* Requests in a row: the newest sentence is the one that is shown in the end. */
static void the_worker_shows_the_newest_sentence(void **state)
{
    AppBench *f = *state;
    f->app->worker = worker_new(0, NULL, NULL);
    assert_non_null(f->app->worker);
    for (int i = 0; i < 50; i++) {
        app_bench_must(f, i % 2 == 0 ? "text:set the cat" : "text:set the cat sat the cat");
    }
    wait_for_answer(f);
    assert_string_equal(f->app->trace->encoding->text[0], "the cat sat the cat");
    for (int i = 0; i < 5; i++) {
        app_bench_must(f, "model:open " TINY "-f16");
        app_bench_must(f, "text:set the cat sat");
        app_bench_must(f, "model:open " TINY);
        app_bench_must(f, "text:set the cat");
        app_bench_frame(f);
    }
    for (int i = 0; i < 20; i++) { wait_for_answer(f); }
    assert_string_equal(f->app->trace->encoding->text[0], "the cat");
    assert_string_equal(model_name(f->app->model), "bert-tiny");
    app_bench_must(f,
                   "model:open src"); /* a folder, but no model: a message, and the picture stays */
    wait_for_answer(f);
    assert_true(f->app->message_is_error && f->app->message_until != 0);
    assert_non_null(f->app->trace);
}

/* The worker tries a new model on the probe set; the next time it is read from the cache. */
static void heads_get_names(void **state)
{
    AppBench *f = *state;
    char folder[] = "/tmp/headlight-cache-XXXXXX";
    assert_non_null(mkdtemp(folder));
    setenv("XDG_CACHE_HOME", folder, 1);
    f->app->worker = worker_new(0, NULL, NULL);
    app_bench_must(f, "head:set 1");
    app_bench_must(f, "model:open " TINY "-f16");
    for (int i = 0; i < 3000 && f->app->patterns == NULL; i++) {
        usleep(1000);
        if (i % 7 == 0) {
            app_bench_must(f, i % 14 == 0 ? "text:set the cat" : "text:set the cat sat");
        }
        app_bench_frame(f);
    }
    assert_non_null(f->app->patterns);
    assert_true(f->app->patterns->counts[PATTERN_PREVIOUS] > 100);
    assert_true(f->app->patterns->counts[PATTERN_PRONOUN] == 12);
    float score = pattern_score(f->app->patterns, PATTERN_NEXT, 1, 0);
    for (int i = 0; i < PATTERNS + 4; i++) {
        app_bench_must(f, "grid:measure");
        app_bench_frame(f);
    }
    app_bench_must(f, "grid:measure next");
    app_bench_frame(f);
    assert_float_equal(f->app->grid[f->app->trace->heads], score, 1e-6);

    app_bench_must(f, "model:open " TINY);
    wait_for_answer(f);
    app_bench_must(f, "model:open " TINY "-f16");
    wait_for_answer(f);
    assert_int_equal(f->app->survey_count, 0); /* at once, from the cache */
    assert_non_null(f->app->patterns);
    assert_float_equal(pattern_score(f->app->patterns, PATTERN_NEXT, 1, 0), score, 0);
    char command[80];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    unsetenv("XDG_CACHE_HOME");
}

/* Two sentences, two models; while sentences are compared the second one is no pair. */
static void two_of_a_kind_are_compared(void **state)
{
    AppBench *f = *state;
    for (int with_worker = 0; with_worker < 2; with_worker++) {
        if (with_worker != 0) { f->app->worker = worker_new(0, NULL, NULL); }
        app_bench_must(f, "text:set ba be bo");
        app_bench_must(f, "view:set compare");
        app_bench_must(f, "compare:text ba be");
        for (int i = 0; i < 400; i++) {
            usleep(with_worker != 0 ? 500 : 0);
            app_bench_frame(f);
        }
        assert_string_equal(f->app->trace->encoding->text[0], "ba be bo");
        assert_null(f->app->trace->encoding->text[1]);
        assert_non_null(f->app->view.other);
        assert_string_equal(f->app->view.other->encoding->text[0], "ba be");
        must_fail(f, "compare:model nowhere", "no model called");
        app_bench_must(f, "compare:model " TINY "-f16");
        for (int i = 0; i < 400; i++) {
            usleep(with_worker != 0 ? 500 : 0);
            app_bench_frame(f);
        }
        assert_string_equal(f->app->view.other->model, "bert-tiny-f16");
        assert_string_equal(f->app->view.other->encoding->text[0], "ba be bo");
        assert_string_equal(f->app->view.other->encoding->text[1], "ba be"); /* a pair again */
        app_bench_must(f, "compare:model");
        app_bench_must(f, "view:set head");
        app_bench_must(f, "pair:toggle");
        for (int i = 0; i < 100; i++) {
            usleep(with_worker != 0 ? 500 : 0);
            app_bench_frame(f);
        }
    }
}

static void the_head_of_a_link_is_found(void **state)
{
    AppBench *f = *state;
    app_bench_must(f, "text:set ba be bo");
    app_bench_frame(f);
    must_fail(f, "rank:next", "Pick a link");
    app_bench_must(f, "pin:query 1");
    must_fail(f, "rank:best", "Pick a link");
    app_bench_must(f, "pin:key 2");
    app_bench_must(f, "rank:best");
    app_bench_frame(f);
    Arena arena = {0};
    int count;
    const RankedHead *ranked = app_ranking(f->app, &arena, &count);
    assert_int_equal(count, f->app->trace->layers * f->app->trace->heads);
    for (int i = 0; i <= count; i++) {
        const RankedHead *head = &ranked[i % count];
        assert_int_equal(f->app->view.layer, head->layer);
        assert_int_equal(headset_next(&f->app->view.heads, -1), head->head);
        app_bench_must(f, "rank:next");
    }
    app_bench_must(f, "rank:previous");
    assert_int_equal(f->app->view.layer, ranked[0].layer);
    arena_free(&arena);
}

static void every_size_and_state_can_be_drawn(void **state)
{
    AppBench *f = *state;
    static const Vec sizes[] = {{1, 1}, {100, 30}, {480, 320}, {3000, 2000}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        app_bench_must(f, "view:next");
        app_bench_must(f, "theme");
        app_bench_must(f, "help");
        if (i == 2) { app_bench_must(f, "present"); }
        app_frame(f->app, &f->input, sizes[i]);
        app_bench_must(f, "escape");
    }
    app_bench_must(f, "text:set ");
    app_bench_frame(f);
    assert_int_equal(f->app->trace->encoding->count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layers_and_heads_are_chosen_within_bounds),
        TEST(arguments_are_checked),
        TEST(pins_stay_on_their_word),
        TEST(typing_changes_the_picture),
        TEST(an_idle_frame_draws_the_same),
        TEST(the_mouse_hovers_pins_and_switches_heads),
        TEST(keys_name_commands),
        TEST(figures_have_names_and_are_never_overwritten),
        TEST(the_worker_shows_the_newest_sentence),
        TEST(heads_get_names),
        TEST(two_of_a_kind_are_compared),
        TEST(the_head_of_a_link_is_found),
        TEST(every_size_and_state_can_be_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
