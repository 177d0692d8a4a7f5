#include "app_bench.h"

#include "app/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

bool app_bench_open(AppBench *bench)
{
    Error err = {""};
    bench->fonts = font_open(&err);
    if (bench->fonts == NULL) { return false; }
    bench->app = calloc(1, sizeof(App));
    app_init(bench->app, bench->fonts);
    return true;
}

void app_bench_close(AppBench *bench)
{
    app_free(bench->app);
    free(bench->app);
    input_free(&bench->input);
    font_close(bench->fonts);
}

void app_bench_frame(AppBench *bench) { app_frame(bench->app, &bench->input, (Vec){1280, 800}); }

void app_bench_must(AppBench *bench, const char *command)
{
    Error err = {""};
    if (!command_run(bench->app, command, &err)) { fail_msg("%s: %s", command, err.text); }
}
