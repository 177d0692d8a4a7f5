/* Typing, switching models, opening traces, comparing and saving figures at once, while workers are busy:
 * for ThreadSanitizer (`make threads STEPS=20000`), and, shorter, for the other sanitizers. */
#include "app/app.h"
#include "app/command.h"
#include "base/file.h"
#include "model/kernels.h"
#include "model/trace_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static atomic_int woken;

static void wake(void *data)
{
    (void)data;
    atomic_fetch_add(&woken, 1);
}

static unsigned next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33);
}

/* A trace file in `path`, made here so that the test needs no other. */
static void write_trace(const char *path)
{
    Error err = {""};
    App app;
    app_init(&app, NULL);
    assert_true(app_open_model(&app, "tests/data/bert-tiny", &err));
    assert_true(app_show(&app, "the cat sat", NULL, &err));
    Buffer out = {0};
    trace_file_write(app.trace, &out);
    assert_true(file_write(path, out.bytes, out.length, &err));
    buffer_free(&out);
    app_free(&app);
}

static void act(App *app, Input *input, const char *trace, uint64_t *seed)
{
    static const char *const commands[] = {
        "model:open tests/data/bert-tiny",
        "model:open tests/data/families/albert",
        "model:open tests/data/families/roberta",
        "model:open models/headlight-en",
        "model:open nowhere",
        "view:set compare",
        "compare:text a dog",
        "compare:model tests/data/families/minilm",
        "compare:model none",
        "view:set walk",
        "view:set heatmap",
        "view:set model",
        "view:set flow",
        "head:off 0.0",
        "head:restore",
        "layer:next",
        "pin:query 1",
        "head:combine rollout",
        "text:clear",
        "pair:toggle",
        "view:back",
    };
    unsigned choice = next(seed) % 40;
    char line[128];
    if (choice < sizeof commands / sizeof commands[0]) {
        command_do(app, commands[choice]);
    } else if (choice == 39) {
        snprintf(line, sizeof line, "trace:open %s", trace);
        command_do(app, line);
    } else if (choice == 38 && app->trace != NULL) {
        static const char *const formats[] = {"svg", "png", "pdf", "csv"};
        app->figure.scale = 1;
        app->figure.size = (Vec){200, 150};
        snprintf(line, sizeof line, "export %s.%s", trace, formats[next(seed) % 4]);
        command_do(app, line);
    } else {
        static const char *const words[] = {"the ", "cat ", "[MASK] ", "sat on ", "\xC3\xA9 "};
        input_add_text(input, words[next(seed) % 5]);
        if (strlen(app_text(app)) > 200) { command_do(app, "text:clear"); }
    }
}

static void everything_at_once(void **state)
{
    (void)state;
    const char *wanted = getenv("STEPS");
    int steps = wanted != NULL ? atoi(wanted) : 400;
    char path[64];
    snprintf(path, sizeof path, "/tmp/headlight-threads-%ld.safetensors", (long)getpid());
    write_trace(path);
    Error err = {""};
    FontSet *fonts = font_open(&err);
    assert_non_null(fonts);
    App *app = calloc(1, sizeof *app);
    app_init(app, fonts);
    app->wake = wake;
    app->worker = worker_new(2, wake, NULL);
    assert_non_null(app->worker);
    app->threads = 2;
    assert_true(app_open_model(app, "tests/data/bert-tiny", &err));
    app->focus_wanted = "sentence";
    Input input = {0};
    uint64_t seed = 7;
    for (int step = 0; step < steps; step++) {
        act(app, &input, path, &seed);
        input.time += 20;
        input.mouse = (Vec){(float)(next(&seed) % 1000), (float)(next(&seed) % 700)};
        input.mouse_inside = true;
        app_frame(app, &input, (Vec){1000, 700});
        if (next(&seed) % 3 == 0) { nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); }
    }
    /* In the end what is shown is what was asked for last. */
    command_do(app, "model:open tests/data/bert-tiny");
    for (int wait = 0; wait < 3000 && (app->model == NULL || app->asked != 0); wait++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        input.time += 20;
        app_frame(app, &input, (Vec){1000, 700});
    }
    assert_non_null(app->model);
    assert_string_equal(model_name(app->model), "bert-tiny");
    assert_int_equal(app->asked, 0);
    assert_true(atomic_load(&woken) > 0);
    app_free(app);
    free(app);
    input_free(&input);
    font_close(fonts);
    unlink(path);
    static const char *const figures[] = {"svg", "png", "pdf", "csv"};
    int saved = 0;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        char figure[100];
        snprintf(figure, sizeof figure, "%s.%s", path, figures[i]);
        saved += unlink(figure) == 0;
    }
    assert_true(saved > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_at_once)};
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
