/* The views, through the text back end: what they draw is compared with tests/data/view-*.txt
 * (`make golden` writes them anew), and what the pointer finds with what was drawn. */
#include "base/file.h"
#include "base/memory.h"
#include "draw/font.h"
#include "draw/out.h"
#include "view/view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEADS = 3, LAYERS = 2 };

/* A trace with a fixed pattern: head 0 previous token, head 1 uniform, head 2 the first token. */
static Trace *make_trace(int tokens)
{
    Trace *trace = trace_new();
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)tokens, sizeof(Token));
    encoding->count = tokens;
    encoding->text[0] = "the fixed text";
    for (int i = 0; i < tokens; i++) {
        bool special = i == 0 || i == tokens - 1;
        const char *piece = i == 0    ? "[CLS]"
                            : special ? "[SEP]"
                                      : arena_format(&encoding->arena, "t%d", i);
        encoding->tokens[i] = (Token){.piece = piece, .id = i, .special = special};
    }
    trace->encoding = encoding;
    trace->model = mem_copy_string("fixture");
    trace->layers = LAYERS;
    trace->heads = HEADS;
    trace->tokens = tokens;
    size_t t = (size_t)tokens;
    float *weights = mem_zero(LAYERS * HEADS * t * t, sizeof *weights);
    for (size_t head = 0; head < LAYERS * HEADS; head++) {
        for (size_t q = 0; q < t; q++) {
            float *row = weights + (head * t + q) * t;
            for (size_t k = 0; k < t; k++) {
                row[k] = head % HEADS == 1 ? 1.0f / (float)tokens : 0;
            }
            if (head % HEADS == 0) { row[q > 0 ? q - 1 : 0] = 1; }
            if (head % HEADS == 2) { row[0] = 1; }
        }
    }
    trace->attention[ATTENTION_SELF] =
        (Attention){encoding, encoding, LAYERS, HEADS, tokens, tokens, weights};
    return trace;
}

static ViewState make_state(const char *view)
{
    ViewState state = view_state_default();
    state.view = view_find(view);
    headset_fill(&state.heads, HEADS);
    state.hover = (Target){TARGET_NONE, -1, -1, -1, -1};
    return state;
}

static Drawing *draw(FontSet *fonts, const Trace *trace, const ViewState *state, Rect area)
{
    Drawing *drawing = drawing_new(fonts);
    drawing_begin(drawing, area, state->theme->background);
    view_draw(trace, state, area, drawing);
    return drawing;
}

static int count_kind(const Drawing *drawing, DrawKind kind)
{
    int count = 0;
    for (int i = 0; i < drawing->count; i++) { count += drawing->commands[i].kind == kind; }
    return count;
}

static void a_line_is_drawn_for_every_weight_above_the_threshold(void **data)
{
    Trace *trace = make_trace(5);
    ViewState state = make_state("head");
    state.threshold = 0.1f;
    Drawing *drawing = draw(*data, trace, &state, (Rect){0, 0, 900, 600});
    /* 5 of head 0, 25 of head 1 (0.2 each), 5 of head 2. */
    assert_int_equal(count_kind(drawing, DRAW_CURVE), 35);
    drawing_free(drawing);
    state.threshold = 0.3f;
    drawing = draw(*data, trace, &state, (Rect){0, 0, 900, 600});
    assert_int_equal(count_kind(drawing, DRAW_CURVE), 10);
    drawing_free(drawing);
    trace_free(trace);
}

static void hovering_a_token_leaves_only_its_lines(void **data)
{
    Trace *trace = make_trace(5);
    ViewState state = make_state("head");
    state.hover = (Target){TARGET_QUERY, -1, -1, 2, -1};
    Drawing *drawing = draw(*data, trace, &state, (Rect){0, 0, 900, 600});
    assert_int_equal(count_kind(drawing, DRAW_CURVE), 1 + 5 + 1);
    drawing_free(drawing);
    state.figure = true; /* a figure knows no pointer, but pins */
    drawing = draw(*data, trace, &state, (Rect){0, 0, 900, 600});
    assert_int_equal(count_kind(drawing, DRAW_CURVE), 35);
    drawing_free(drawing);
    view_toggle_pin(&state, (Target){TARGET_KEY, -1, -1, -1, 0});
    drawing = draw(*data, trace, &state, (Rect){0, 0, 900, 600});
    assert_int_equal(count_kind(drawing, DRAW_CURVE), 2 + 5 + 5);
    drawing_free(drawing);
    trace_free(trace);
}

static void every_token_can_be_found_under_the_pointer(void **data)
{
    Trace *trace = make_trace(7);
    Rect area = {30, 40, 900, 600};
    ViewState state = make_state("head");
    Drawing *drawing = draw(*data, trace, &state, area);
    bool found[2][7] = {{false}};
    for (float y = area.y; y < area.y + area.h; y += 2) {
        for (float x = area.x; x < area.x + area.w; x += 5) {
            Target target = view_locate(trace, &state, area, drawing, (Vec){x, y});
            if (target.kind == TARGET_QUERY) { found[0][target.query] = true; }
            if (target.kind == TARGET_KEY) { found[1][target.key] = true; }
        }
    }
    for (int i = 0; i < 7; i++) { assert_true(found[0][i] && found[1][i]); }
    drawing_free(drawing);
    trace_free(trace);
}

static void every_cell_of_a_heatmap_can_be_found(void **data)
{
    Trace *trace = make_trace(6);
    Rect area = {0, 0, 800, 700};
    ViewState state = make_state("heatmap");
    state.heads = (HeadSet){0};
    headset_put(&state.heads, 1, true);
    Drawing *drawing = draw(*data, trace, &state, area);
    assert_int_equal(count_kind(drawing, DRAW_IMAGE), 2); /* the matrix and the colour bar */
    int cells[6][6] = {{0}};
    for (float y = 0; y < area.h; y += 3) {
        for (float x = 0; x < area.w; x += 3) {
            Target target = view_locate(trace, &state, area, drawing, (Vec){x, y});
            if (target.kind == TARGET_LINK) {
                assert_int_equal(target.head, 1);
                cells[target.query][target.key]++;
            }
        }
    }
    for (int i = 0; i < 36; i++) { assert_true(cells[i / 6][i % 6] > 20); }
    drawing_free(drawing);
    trace_free(trace);
}

/* On a large screen a lecturer's last row reads the labels; a figure keeps its type. */
static void labels_of_a_heatmap_grow_with_the_window(void **data)
{
    Trace *trace = make_trace(6);
    ViewState state = make_state("heatmap");
    state.heads = (HeadSet){0};
    headset_put(&state.heads, 1, true);
    const float widths[] = {560, 1900, 1900}, wanted[] = {13, 20, 13};
    for (int i = 0; i < 3; i++) {
        state.figure = i == 2;
        Drawing *drawing = draw(*data, trace, &state, (Rect){0, 0, widths[i], widths[i] / 2 + 80});
        int found = 0;
        for (int c = 0; c < drawing->count; c++) {
            const DrawCommand *command = &drawing->commands[c];
            if (command->kind != DRAW_TEXT || strcmp(command->u.text.string, "t1") != 0) {
                continue;
            }
            assert_float_equal(command->width, wanted[i], 0.01);
            found++;
        }
        assert_int_equal(found, 2);
        drawing_free(drawing);
    }
    trace_free(trace);
}

static void targets_survive_packing(void **data)
{
    (void)data;
    const Target targets[] = {{TARGET_QUERY, -1, -1, 0, -1},
                              {TARGET_LINK, 127, 255, 65535, 65535},
                              {TARGET_HEAD, 0, 0, -1, -1},
                              {TARGET_KEY, -1, -1, -1, 511}};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        assert_true(target_equal(target_unpack(target_pack(targets[i])), targets[i]));
    }
    assert_int_equal(target_pack((Target){TARGET_NONE, 3, 3, 3, 3}), 0);
    assert_int_equal(target_unpack(UINT64_MAX).kind, TARGET_NONE);
}

static void the_oldest_pin_gives_way(void **data)
{
    (void)data;
    ViewState state = make_state("head");
    for (int i = 0; i <= VIEW_MAX_PINS; i++) {
        view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, i, -1});
    }
    assert_int_equal(state.pin_count, VIEW_MAX_PINS);
    assert_false(view_is_pinned(&state, (Target){TARGET_QUERY, -1, -1, 0, -1}));
    view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 4, -1});
    assert_int_equal(state.pin_count, VIEW_MAX_PINS - 1);
}

/* Same input, same drawing; and nothing breaks at one token, many tokens, no room, strange numbers. */
static void views_are_pure_and_hold_in_every_size(void **data)
{
    static const int sizes[] = {1, 2, 3, 40, 300};
    static const Rect areas[] = {
        {0, 0, 1, 1}, {0, 0, 200, 90}, {0, 0, 1280, 800}, {5, 5, 4000, 3000}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        Trace *trace = make_trace(sizes[s]);
        trace->attention[ATTENTION_SELF].weights[0] = NAN;
        for (int view = 0; view < view_count(); view++) {
            for (size_t a = 0; a < sizeof areas / sizeof areas[0]; a++) {
                ViewState state = make_state(view_table[view].name);
                state.special = a % 2 != 0 ? SPECIAL_RENORMALISED : SPECIAL_SHOWN;
                Drawing *one = draw(*data, trace, &state, areas[a]);
                Drawing *two = draw(*data, trace, &state, areas[a]);
                assert_true(drawing_hash(one) == drawing_hash(two));
                drawing_free(one);
                drawing_free(two);
            }
        }
        trace_free(trace);
    }
}

/* Text widths come from whatever font is installed, so that only what does not depend on them is
 * compared: how many commands of each kind, in which colour, with which words. */
static void summarize(const Drawing *drawing, Buffer *out)
{
    static const char *const names[] = {"rect",    "frame", "line", "curve",
                                        "polygon", "text",  "image"};
    for (int i = 0; i < drawing->count; i++) {
        const DrawCommand *c = &drawing->commands[i];
        buffer_format(out, "%s #%02x%02x%02x%02x", names[c->kind], c->color.r, c->color.g,
                      c->color.b, c->color.a);
        if (c->kind == DRAW_TEXT) { buffer_format(out, " %s", c->u.text.string); }
        if (c->kind == DRAW_IMAGE) {
            buffer_format(out, " %dx%d", c->u.image.rows, c->u.image.cols);
        }
        buffer_add_string(out, "\n");
    }
}

static void check_golden(FontSet *fonts, const char *view, const char *path)
{
    Trace *trace = make_trace(4);
    ViewState state = make_state(view);
    view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 2, -1});
    state.figure = true;
    Drawing *drawing = drawing_new(fonts);
    Vec size = view_measure(trace, &state, drawing);
    drawing_free(drawing);
    drawing = draw(fonts, trace, &state, (Rect){0, 0, size.x, size.y});
    Buffer found = {0}, expected = {0};
    Error err = {""};
    summarize(drawing, &found);
    if (getenv("HEADLIGHT_GOLDEN") != NULL) {
        assert_true(file_write(path, found.bytes, found.length, &err));
    }
    assert_true(file_read(path, 1 << 20, &expected, &err));
    assert_string_equal(found.bytes, expected.bytes);
    buffer_free(&found);
    buffer_free(&expected);
    drawing_free(drawing);
    trace_free(trace);
}

static void the_head_view_is_as_it_was(void **data)
{
    check_golden(*data, "head", "tests/data/view-head.txt");
}
static void the_heatmap_is_as_it_was(void **data)
{
    check_golden(*data, "heatmap", "tests/data/view-heatmap.txt");
}

static int open_fonts(void **data)
{
    Error err = {""};
    *data = font_open(&err);
    if (*data == NULL) { fprintf(stderr, "%s\n", err.text); }
    return *data != NULL ? 0 : -1;
}

static int close_fonts(void **data)
{
    font_close(*data);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_drawn_for_every_weight_above_the_threshold),
        cmocka_unit_test(hovering_a_token_leaves_only_its_lines),
        cmocka_unit_test(every_token_can_be_found_under_the_pointer),
        cmocka_unit_test(every_cell_of_a_heatmap_can_be_found),
        cmocka_unit_test(labels_of_a_heatmap_grow_with_the_window),
        cmocka_unit_test(targets_survive_packing),
        cmocka_unit_test(the_oldest_pin_gives_way),
        cmocka_unit_test(views_are_pure_and_hold_in_every_size),
        cmocka_unit_test(the_head_view_is_as_it_was),
        cmocka_unit_test(the_heatmap_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
