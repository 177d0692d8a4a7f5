/* A whole redraw of every view, layout and paint, for texts and models of several sizes: what a
 * change of head, layer or pointer costs at most. The traces are made up: rows of random weights,
 * a few of them large. Beside it the limit: filling as many pixels.
 *
 *     bench_view [ROUNDS]
 */
#include "base/base.h"
#include "base/memory.h"
#include "draw/font.h"
#include "draw/raster.h"
#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { WIDTH = 1280, HEIGHT = 800, ROUNDS = 9, HEAD_SIZE = 64 };

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

static float next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / (float)(1 << 24);
}

static Trace *make_trace(int layers, int heads, int tokens)
{
    Trace *trace = trace_new();
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    size_t t = (size_t)tokens, all = (size_t)layers * (size_t)heads;
    encoding->tokens = arena_alloc(&encoding->arena, t, sizeof(Token));
    encoding->text[0] = "made up";
    encoding->count = tokens;
    for (int i = 0; i < tokens; i++) {
        bool special = i == 0 || i == tokens - 1;
        encoding->tokens[i] =
            (Token){.piece = special ? "[SEP]" : arena_format(&encoding->arena, "word%d", i),
                    .id = i,
                    .word = special ? -1 : i,
                    .special = special};
    }
    trace->model = mem_copy_string("made up");
    trace->encoding = encoding;
    trace->layers = layers;
    trace->heads = heads;
    trace->tokens = tokens;
    trace->head_size = HEAD_SIZE;
    float *weights = mem_alloc(all * t * t, sizeof *weights);
    unsigned seed = 1;
    for (size_t row = 0; row < all * t; row++) {
        float sum = 0, *w = weights + row * t;
        for (size_t i = 0; i < t; i++) {
            float r = next_random(&seed);
            sum += w[i] = r * r * r * r * r * r * r * r;
        }
        for (size_t i = 0; i < t; i++) { w[i] /= sum; }
    }
    trace->attention[ATTENTION_SELF] =
        (Attention){encoding, encoding, layers, heads, tokens, tokens, weights};
    trace->query = mem_alloc(all * t * HEAD_SIZE, sizeof(float));
    trace->key = mem_alloc(all * t * HEAD_SIZE, sizeof(float));
    for (size_t i = 0; i < all * t * HEAD_SIZE; i++) {
        trace->query[i] = next_random(&seed) - 0.5f;
        trace->key[i] = next_random(&seed) - 0.5f;
    }
    return trace;
}

static void bench(const char *name, const Trace *trace, ViewState *state, FontSet *fonts,
                  Raster *raster, int rounds)
{
    Drawing *drawing = drawing_new(fonts);
    double *lay_out = mem_zero((size_t)rounds, sizeof *lay_out);
    double *whole = mem_zero((size_t)rounds, sizeof *whole);
    Rect page = {0, 0, WIDTH, HEIGHT};
    for (int round = -1; round < rounds; round++) { /* the first one fills caches */
        double start = now_ms();
        drawing_begin(drawing, page, state->theme->background);
        view_draw(trace, state, page, drawing);
        double middle = now_ms();
        raster_draw(raster, drawing, 1, page);
        if (round < 0) { continue; }
        lay_out[round] = middle - start;
        whole[round] = now_ms() - start;
    }
    qsort(lay_out, (size_t)rounds, sizeof *lay_out, by_size);
    qsort(whole, (size_t)rounds, sizeof *whole, by_size);
    printf("  %-18s %8.2f %8.2f %8.2f %9d\n", name, lay_out[rounds / 2], whole[rounds / 2],
           whole[rounds * 95 / 100], drawing->count);
    free(lay_out);
    free(whole);
    drawing_free(drawing);
}

static void bench_all(int layers, int heads, int tokens, FontSet *fonts, Raster *raster, int rounds)
{
    Trace *trace = make_trace(layers, heads, tokens);
    Thumbnails thumbnails = {0};
    printf("%d tokens, %d x %d heads\n", tokens, layers, heads);
    for (int view = 0; view < view_count(); view++) {
        ViewState state = view_state_default();
        state.view = view;
        state.thumbnails = &thumbnails;
        state.other = trace;
        state.hover = state.enlarged = (Target){TARGET_NONE, -1, -1, -1, -1};
        headset_fill(&state.heads, heads);
        state.figure = true; /* no pointer */
        bench(view_table[view].name, trace, &state, fonts, raster, rounds);
        if (strcmp(view_table[view].name, "model") != 0) { continue; }
        state.thumbnail_lines = true;
        thumbnail_forget(&thumbnails);
        bench("model, lines", trace, &state, fonts, raster, rounds);
    }
    thumbnail_forget(&thumbnails);
    trace_free(trace);
}

int main(int argc, char **argv)
{
    static const int tokens[] = {16, 32, 128, 512};
    int rounds = argc > 1 ? max_int(atoi(argv[1]), 3) : ROUNDS;
    Error err = {""};
    FontSet *fonts = font_open(&err);
    Raster raster = {0};
    if (fonts == NULL || !raster_resize(&raster, WIDTH, HEIGHT)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    double start = now_ms();
    for (int i = 0; i < 20; i++) { memset(raster.pixels, i, (size_t)WIDTH * HEIGHT * 4); }
    printf("limit: filling %d x %d once %.2f ms\n", WIDTH, HEIGHT, (now_ms() - start) / 20);
    printf("%-20s %8s %8s %8s %9s\n", "", "layout", "whole", "95 %", "commands");
    for (size_t i = 0; i < COUNTOF(tokens); i++) {
        bench_all(6, 8, tokens[i], fonts, &raster, rounds);
        bench_all(12, 12, tokens[i], fonts, &raster, rounds);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory %.0f MB\n", (double)usage.ru_maxrss / 1024);
    raster_free(&raster);
    font_close(fonts);
    return 0;
}
