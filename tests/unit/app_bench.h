/* app_bench.h - the program without its window: what the tests that give it commands share. What it
 * opens, and when time passes, is up to each of them. */
#ifndef UNIT_APP_BENCH_H
#define UNIT_APP_BENCH_H

#include "app/app.h"

typedef struct AppBench {
    FontSet *fonts;
    App *app;
    Input input;
} AppBench;

/* False without fonts: then there is nothing to close. */
bool app_bench_open(AppBench *bench);
void app_bench_close(AppBench *bench);

void app_bench_frame(AppBench *bench);
/* The test fails where the command does. */
void app_bench_must(AppBench *bench, const char *command);

#endif
