/* Key press to finished pixels, without a display: a letter is typed into the sentence, the encoder
 * runs, the whole window is laid out, and what changed is painted. Beside it, in the same run, the
 * limit that painting can't beat: filling as many pixels.
 *
 *     bench_frame [ROUNDS]
 */
#include "app/app.h"
#include "app/command.h"
#include "base/base.h"
#include "base/memory.h"
#include "draw/raster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SENTENCE "The animal didn't cross the street because it was too tired."
enum { WIDTH = 1280, HEIGHT = 800, ROUNDS = 60 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct Bench {
    App *app;
    Input input;
    Raster raster;
    Damage damage;
    int painted; /* pixels */
} Bench;

static void paint(Bench *bench)
{
    Rect changed[DAMAGE_MAX];
    int count = damage_update(&bench->damage, bench->app->screen, 1, WIDTH, HEIGHT, changed);
    for (int i = 0; i < count; i++) {
        raster_draw(&bench->raster, bench->app->screen, 1, changed[i]);
        bench->painted += (int)(changed[i].w * changed[i].h);
    }
}

static void frame(Bench *bench)
{
    app_frame(bench->app, &bench->input, (Vec){WIDTH, HEIGHT});
    paint(bench);
}

static void report(const char *what, double *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, by_size);
    printf("%-44s %8.2f %8.2f\n", what, times[count / 2], times[count * 95 / 100]);
}

/* A letter in, then out again, so that the sentence stays as long as it is. */
static void bench_typing(Bench *bench, const char *name, const char *setup, int rounds)
{
    double *total = mem_zero((size_t)rounds, sizeof *total),
           *pass = mem_zero((size_t)rounds, sizeof *pass);
    Error err = {""};
    char *lines = mem_copy_string(setup), *rest = lines;
    for (char *line; (line = strsep(&rest, ";")) != NULL;) {
        if (line[0] != '\0' && !command_run(bench->app, line, &err)) {
            fprintf(stderr, "%s\n", err.text);
        }
    }
    free(lines);
    frame(bench);
    bench->painted = 0;
    for (int round = 0; round < rounds; round++) {
        double start = now_ms();
        bench->input.time += 100;
        if (round % 2 == 0) {
            input_add_text(&bench->input, "s");
        } else {
            input_add_key(&bench->input, KEY_BACKSPACE, 0, false);
        }
        frame(bench);
        total[round] = now_ms() - start;
        pass[round] = bench->app->trace->seconds * 1e3;
    }
    char label[80];
    snprintf(label, sizeof label, "%s: key to finished frame", name);
    report(label, total, rounds);
    report("    of which the forward pass", pass, rounds);
    printf("    %-40s %8.0f thousand\n", "pixels painted a frame",
           bench->painted / 1000.0 / rounds);
    free(total);
    free(pass);
}

static void bench_fill(Bench *bench, int rounds)
{
    double *times = mem_zero((size_t)rounds, sizeof *times);
    for (int round = 0; round < rounds; round++) {
        double start = now_ms();
        memset(bench->raster.pixels, round, (size_t)WIDTH * HEIGHT * 4);
        times[round] = now_ms() - start;
    }
    report("limit: filling the window once", times, rounds);
    free(times);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? max_int(atoi(argv[1]), 4) : ROUNDS;
    Error err = {""};
    FontSet *fonts = font_open(&err);
    Bench bench = {.app = mem_zero(1, sizeof(App))};
    if (fonts == NULL || !raster_resize(&bench.raster, WIDTH, HEIGHT)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    app_init(bench.app, fonts);
    /* A frame starts with a letter in the field, so that it must have the keyboard. */
    bench.app->focus_wanted = "sentence";
    if (!app_open_model(bench.app, argc > 2 ? argv[2] : "models/headlight-en", &err) ||
        !app_show(bench.app, SENTENCE, NULL, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    frame(&bench);
    printf("%-44s %8s %8s   (ms; %d x %d, %d keys)\n", "", "median", "95 %", WIDTH, HEIGHT, rounds);
    bench_fill(&bench, rounds);
    bench_typing(&bench, "first picture", "view:set head;layer:set 1;head:set 5;pin:word it",
                 rounds);
    bench_typing(&bench, "one broad head", "pin:clear;layer:set 0;head:set 0", rounds);
    bench_typing(&bench, "all heads (1,200 lines)", "head:all", rounds);
    bench_typing(&bench, "heatmap, one head", "view:set heatmap;head:set 0", rounds);
    app_free(bench.app);
    free(bench.app);
    input_free(&bench.input);
    raster_free(&bench.raster);
    damage_free(&bench.damage);
    font_close(fonts);
    return 0;
}
