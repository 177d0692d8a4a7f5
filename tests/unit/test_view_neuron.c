/* The neuron view: its numbers against those of a model, whose row the query is, what the pointer
 * finds, and the picture itself against tests/data/view-neuron.txt (`make golden` writes it anew). */
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "draw/font.h"
#include "model/model.h"
#include "view/view_neuron_layout.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEADS = 2, LAYERS = 2 };

static const Target nothing = {TARGET_NONE, -1, -1, -1, -1};

/* Small multiples of a half, the same in every run. */
static void fill_vectors(float *vectors, size_t count, size_t step)
{
    for (size_t i = 0; i < count; i++) { vectors[i] = (float)(i * step % 9) * 0.5f - 2; }
}

/* [CLS] t1 t2 ... [SEP] with vectors of `size` numbers, and the weights that follow from them. */
static Trace *make_trace(int tokens, int size)
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
    trace->head_size = size;
    size_t t = (size_t)tokens, d = (size_t)size, count = LAYERS * HEADS * t * d;
    trace->query = mem_zero(count, sizeof(float));
    trace->key = mem_zero(count, sizeof(float));
    fill_vectors(trace->query, count, 7);
    fill_vectors(trace->key, count, 4);
    float *weights = mem_zero(LAYERS * HEADS * t * t, sizeof *weights);
    for (size_t row = 0; row < LAYERS * HEADS * t; row++) {
        const float *q = trace->query + row * d;
        const float *k = trace->key + row / t * t * d;
        double sum = 0;
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t key = 0; key < t; key++) {
                double dot = 0;
                for (size_t i = 0; i < d; i++) { dot += (double)q[i] * (double)k[key * d + i]; }
                double power = exp(dot / sqrt((double)size));
                if (pass == 0) { sum += power; }
                weights[row * t + key] = (float)(power / sum);
            }
        }
    }
    trace->attention[ATTENTION_SELF] =
        (Attention){encoding, encoding, LAYERS, HEADS, tokens, tokens, weights};
    return trace;
}

static ViewState make_state(void)
{
    ViewState state = view_state_default();
    state.view = view_find("neuron");
    headset_fill(&state.heads, HEADS);
    state.hover = nothing;
    return state;
}

static Drawing *draw(FontSet *fonts, const Trace *trace, const ViewState *state, Rect area)
{
    Drawing *drawing = drawing_new(fonts);
    drawing_begin(drawing, area, state->theme->background);
    view_draw(trace, state, area, drawing);
    return drawing;
}

static bool has_text(const Drawing *drawing, const char *words)
{
    for (int i = 0; i < drawing->count; i++) {
        const DrawCommand *c = &drawing->commands[i];
        if (c->kind == DRAW_TEXT && strstr(c->u.text.string, words) != NULL) { return true; }
    }
    return false;
}

static bool shows(FontSet *fonts, const Trace *trace, const ViewState *state, const char *words)
{
    Drawing *drawing = draw(fonts, trace, state, (Rect){0, 0, 1000, 700});
    bool found = has_text(drawing, words);
    drawing_free(drawing);
    return found;
}

/* ---- Numbers ----------------------------------------------------------------------------------- */

static double largest_gap(const NeuronNumbers *numbers)
{
    double largest = -1e300, sum = 0, gap = 0;
    for (int key = 0; key < numbers->keys; key++) {
        largest = fmax(largest, (double)numbers->score[key]);
    }
    for (int key = 0; key < numbers->keys; key++) {
        sum += exp((double)numbers->score[key] - largest);
    }
    for (int key = 0; key < numbers->keys; key++) {
        double weight = exp((double)numbers->score[key] - largest) / sum;
        gap = fmax(gap, fabs(weight - (double)numbers->weight[key]));
    }
    return gap;
}

/* What the columns say leads to what the last one says: softmax(q . k / sqrt(d)) are the weights. */
static void the_softmax_of_the_scores_are_the_weights_of_the_model(void **data)
{
    (void)data;
    Error err = {""};
    Model *model = model_open("tests/data/bert-tiny", 0, &err);
    assert_non_null(model);
    Encoding *encoding = model_encode(model, "The animal didn't cross the street.", NULL);
    Trace *trace = model_run(model, encoding, MODEL_ATTENTION, NULL, &err);
    assert_non_null(trace);
    assert_true(view_neuron_has_vectors(trace, ATTENTION_SELF));
    Arena arena = {0};
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN, &arena);
    assert_true(slice.keys > 4);
    for (int layer = 0; layer < trace->layers; layer++) {
        for (int head = 0; head < trace->heads; head++) {
            const float *weights = trace_head(trace, ATTENTION_SELF, layer, head);
            for (int query = 0; query < slice.queries; query++) {
                NeuronNumbers numbers =
                    view_neuron_numbers(trace, ATTENTION_SELF, &slice, layer, head, query, &arena);
                assert_int_equal(numbers.size, trace->head_size);
                assert_true(largest_gap(&numbers) < 1e-5);
                assert_memory_equal(numbers.weight, weights + query * slice.keys,
                                    (size_t)slice.keys * sizeof(float));
            }
        }
    }
    arena_free(&arena);
    trace_free(trace);
    model_free(model);
}

static void every_column_follows_from_the_one_before(void **data)
{
    (void)data;
    Trace *trace = make_trace(6, 5);
    Arena arena = {0};
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_HIDDEN, &arena);
    NeuronNumbers numbers = view_neuron_numbers(trace, ATTENTION_SELF, &slice, 1, 1, 2, &arena);
    assert_int_equal(numbers.keys, 4);
    assert_ptr_equal(numbers.query, trace_vectors(trace, trace->query, 1, 1) + (size_t)3 * 5);
    for (int key = 0; key < numbers.keys; key++) {
        float products[5], sum = 0;
        view_neuron_products(&numbers, key, products);
        for (int i = 0; i < 5; i++) {
            assert_float_equal(products[i], numbers.query[i] * numbers.key[key][i], 0);
            assert_true(products[i] >= numbers.product_range.low);
            assert_true(products[i] <= numbers.product_range.high);
            sum += products[i];
        }
        assert_float_equal(numbers.dot[key], sum, 1e-6);
        assert_float_equal(numbers.score[key], sum / sqrtf(5), 1e-6);
        assert_false(numbers.masked[key]);
    }
    arena_free(&arena);
    trace_free(trace);
}

static void what_is_no_number_is_missing_and_poisons_nothing(void **data)
{
    Trace *trace = make_trace(5, 4);
    float *q = trace->query + 4, *k = trace->key; /* of t1; of all tokens */
    k[2 * 4 + 1] = NAN;                           /* in the key of t2 */
    k[3 * 4 + 3] = INFINITY;                      /* in the key of t3 */
    q[3] = 1;
    trace->attention[ATTENTION_SELF].weights[5 + 2] = NAN; /* t1 looks at t2 */
    Arena arena = {0};
    Slice slice = slice_make(trace, ATTENTION_SELF, PAIR_ALL, SPECIAL_SHOWN, &arena);
    NeuronNumbers numbers = view_neuron_numbers(trace, ATTENTION_SELF, &slice, 0, 0, 1, &arena);
    assert_true(isnan(numbers.dot[2]) && isnan(numbers.score[2]) && isnan(numbers.dot[3]));
    assert_true(isfinite(numbers.dot[1]) && isfinite(numbers.dot_range.high));
    assert_true(isfinite(numbers.key_range.high) && isfinite(numbers.product_range.low));
    arena_free(&arena);
    ViewState state = make_state();
    assert_true(shows(*data, trace, &state, "\u2013"));
    assert_false(shows(*data, trace, &state, "nan"));
    assert_false(shows(*data, trace, &state, "inf"));
    for (size_t i = 0; i < (size_t)LAYERS * HEADS * 5 * 4; i++) { trace->query[i] = NAN; }
    assert_false(shows(*data, trace, &state, "nan"));
    trace_free(trace);
}

static void numbers_are_written_with_a_true_minus_and_few_digits(void **data)
{
    (void)data;
    char text[24];
    assert_string_equal(view_neuron_number(-1.234f, 5, text), "\u22121.23");
    assert_string_equal(view_neuron_number(-0.001f, 5, text), "0.00");
    assert_string_equal(view_neuron_number(123.46f, 200, text), "123.5");
    assert_string_equal(view_neuron_number(-2345.6f, 5000, text), "\u22122346");
    assert_string_equal(view_neuron_number(2e30f, 2e30f, text), "2.00e+30");
    assert_string_equal(view_neuron_number(0.001f, 0.001f, text), "1.00e-03");
    assert_string_equal(view_neuron_number(NAN, 5, text), "\u2013");
}

/* ---- What is shown ----------------------------------------------------------------------------- */

static void the_query_is_hovered_or_pinned_or_the_first_word(void **data)
{
    Trace *trace = make_trace(6, 4);
    ViewState state = make_state();
    assert_true(shows(*data, trace, &state, "Head 0: \u201Ct1\u201D looks"));
    view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 3, -1});
    view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 0, -1});
    view_toggle_pin(&state, (Target){TARGET_KEY, -1, -1, -1, 2});
    assert_true(shows(*data, trace, &state, "\u201C[CLS]\u201D looks"));
    state.special = SPECIAL_HIDDEN; /* a pin that the filter hides gives way to the one before */
    assert_true(shows(*data, trace, &state, "\u201Ct3\u201D looks"));
    state.hover = (Target){TARGET_QUERY, -1, -1, 4, -1};
    assert_true(shows(*data, trace, &state, "\u201Ct4\u201D looks"));
    state.figure = true;
    assert_true(shows(*data, trace, &state, "\u201Ct3\u201D looks"));
    trace_free(trace);
}

static void the_head_is_the_first_chosen_one_and_is_named(void **data)
{
    Trace *trace = make_trace(6, 4);
    ViewState state = make_state();
    headset_put(&state.heads, 0, false);
    assert_true(shows(*data, trace, &state, "Head 1:"));
    assert_true(shows(*data, trace, &state, "layer 0 \u00B7 head 1"));
    state.hover = (Target){TARGET_HEAD, 0, 0, -1, -1};
    assert_true(shows(*data, trace, &state, "Head 0:"));
    state.hover = nothing;
    state.heads = (HeadSet){0};
    assert_true(shows(*data, trace, &state, "No head is chosen."));
    trace_free(trace);
}

static void without_vectors_it_says_what_is_missing(void **data)
{
    Trace *trace = make_trace(6, 4);
    ViewState state = make_state();
    const char *sentence = "no query and key vectors";
    assert_false(shows(*data, trace, &state, sentence));
    trace->head_size = 0;
    assert_true(shows(*data, trace, &state, sentence));
    trace->head_size = 4;
    free(trace->key);
    trace->key = NULL;
    assert_true(shows(*data, trace, &state, sentence));
    Rect area = {0, 0, 1000, 700};
    Drawing *drawing = draw(*data, trace, &state, area);
    Target target = view_locate(trace, &state, area, drawing, (Vec){500, 400});
    assert_int_equal(target.kind, TARGET_NONE);
    drawing_free(drawing);
    trace_free(trace);
}

static void only_a_decoder_has_a_mask(void **data)
{
    Trace *trace = make_trace(6, 4);
    ViewState state = make_state();
    assert_false(shows(*data, trace, &state, "mask"));
    trace->attention[ATTENTION_DECODER] = trace->attention[ATTENTION_SELF];
    trace->attention[ATTENTION_SELF] = (Attention){0};
    state.attention = ATTENTION_DECODER;
    assert_true(shows(*data, trace, &state, "mask"));
    assert_true(shows(*data, trace, &state, "\u2212\u221E"));
    state.hover = (Target){TARGET_QUERY, -1, -1, 5, -1}; /* the last sees all before it */
    assert_false(shows(*data, trace, &state, "\u2212\u221E"));
    trace_free(trace);
}

static void only_the_rows_that_can_be_seen_are_drawn(void **data)
{
    Trace *trace = make_trace(512, 64);
    ViewState state = make_state();
    Rect area = {0, 0, 900, 700};
    Drawing *drawing = draw(*data, trace, &state, area);
    float limit = view_scroll_limit(trace, &state, area, drawing);
    assert_true(limit > 512 * 15);
    assert_true(has_text(drawing, "t2"));
    assert_false(has_text(drawing, "t500"));
    assert_true(drawing->count < 30 * (2 * 66 + 20));
    drawing_free(drawing);
    state.scroll = limit;
    drawing = draw(*data, trace, &state, area);
    assert_true(has_text(drawing, "t510"));
    assert_true(has_text(drawing, "key vector k")); /* headings stay, and so does q */
    assert_true(has_text(drawing, "t1"));
    assert_false(has_text(drawing, "t300"));
    drawing_free(drawing);
    trace_free(trace);
}

/* A figure that is too low shows the rows around its query, and says that some are missing. */
static void a_low_figure_shows_its_query(void **data)
{
    Trace *trace = make_trace(300, 8);
    ViewState state = make_state();
    state.figure = true;
    view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 250, -1});
    assert_true(shows(*data, trace, &state, "t251"));
    assert_false(shows(*data, trace, &state, "t100"));
    assert_true(shows(*data, trace, &state, "rows don\u2019t fit"));
    trace_free(trace);
}

/* ---- Under the pointer ------------------------------------------------------------------------- */

static void every_number_and_every_row_can_be_found(void **data)
{
    enum { TOKENS = 7, SIZE = 64 };
    Trace *trace = make_trace(TOKENS, SIZE);
    Rect area = {30, 40, 900, 560};
    ViewState state = make_state();
    headset_put(&state.heads, 0, false);
    Drawing *drawing = draw(*data, trace, &state, area);
    bool keys[2][TOKENS][SIZE] = {{{false}}}, queries[SIZE] = {false}, tokens[TOKENS] = {false};
    int links[TOKENS] = {0};
    for (float y = area.y; y < area.y + area.h; y += 3) {
        for (float x = area.x; x < area.x + area.w; x += 1) {
            Target target = view_locate(trace, &state, area, drawing, (Vec){x, y});
            assert_true(target_equal(target_unpack(target_pack(target)), target));
            if (target.kind == TARGET_QUERY) { tokens[target.query] = true; }
            if (target.kind == TARGET_LINK) {
                assert_true(target.head == 1 && target.query == 1);
                links[target.key]++;
            }
            if (target.kind != TARGET_NEURON) { continue; }
            if (target.layer == NEURON_QUERY) {
                assert_int_equal(target.key, -1);
                queries[target.head] = true;
            } else {
                keys[target.layer == NEURON_PRODUCT][target.key][target.head] = true;
            }
        }
    }
    for (int i = 0; i < TOKENS * SIZE; i++) {
        assert_true(keys[0][i / SIZE][i % SIZE] && keys[1][i / SIZE][i % SIZE]);
        assert_true(queries[i % SIZE] && tokens[i / SIZE] && links[i / SIZE] > 100);
    }
    drawing_free(drawing);
    trace_free(trace);
}

/* From a token the pointer goes to the rows at the right: they stay those of that token. */
static void a_hovered_query_stays_on_the_way_to_its_rows(void **data)
{
    Trace *trace = make_trace(6, 8);
    Rect area = {0, 0, 900, 560};
    ViewState state = make_state();
    state.hover = (Target){TARGET_QUERY, -1, -1, 4, -1};
    for (float x = 100; x < 700; x += 3) {
        Drawing *drawing = draw(*data, trace, &state, area);
        Target target = view_locate(trace, &state, area, drawing, (Vec){x, 330});
        if (target.kind != TARGET_QUERY || x > 160) { assert_int_equal(target.query, 4); }
        if (x > 160) { state.hover = target; }
        drawing_free(drawing);
    }
    trace_free(trace);
}

static void the_number_under_the_pointer_is_on_a_card(void **data)
{
    Trace *trace = make_trace(6, 8);
    ViewState state = make_state();
    state.hover = (Target){TARGET_NEURON, NEURON_PRODUCT, 5, 2, 3};
    float q = trace_vectors(trace, trace->query, 0, 0)[2 * 8 + 5];
    float k = trace_vectors(trace, trace->key, 0, 0)[3 * 8 + 5];
    char a[24], b[24], c[24], line[96];
    snprintf(line, sizeof line, "q %s \u00D7 k %s = %s", view_neuron_number(q, 2, a),
             view_neuron_number(k, 2, b), view_neuron_number(q * k, 4, c));
    assert_true(shows(*data, trace, &state, line));
    assert_true(shows(*data, trace, &state, "neuron 5"));
    state.hover = (Target){TARGET_NEURON, NEURON_QUERY, 5, 2, -1};
    snprintf(line, sizeof line, "q = %s", a);
    assert_true(shows(*data, trace, &state, line));
    state.hover.head = 900; /* of another model, a frame ago */
    assert_false(shows(*data, trace, &state, "neuron"));
    trace_free(trace);
}

static void a_figure_knows_no_pointer(void **data)
{
    static const Target hovers[] = {{TARGET_QUERY, -1, -1, 4, -1},
                                    {TARGET_LINK, 0, 0, 4, 2},
                                    {TARGET_NEURON, NEURON_KEY, 3, 4, 2},
                                    {TARGET_HEAD, 0, 1, -1, -1}};
    Trace *trace = make_trace(6, 8);
    Rect area = {0, 0, 900, 560};
    for (size_t i = 0; i < COUNTOF(hovers); i++) {
        ViewState state = make_state();
        state.figure = true;
        Drawing *before = draw(*data, trace, &state, area);
        state.hover = hovers[i];
        Drawing *after = draw(*data, trace, &state, area);
        assert_true(drawing_hash(before) == drawing_hash(after));
        drawing_free(before);
        drawing_free(after);
    }
    trace_free(trace);
}

static void a_pinned_number_is_the_pin_of_its_row(void **data)
{
    (void)data;
    ViewState state = make_state();
    headset_put(&state.heads, 0, false);
    state.layer = 1;
    Target number = {TARGET_NEURON, NEURON_PRODUCT, 7, 2, 3};
    view_toggle_pin(&state, number);
    assert_true(target_equal(state.pins[0], (Target){TARGET_LINK, 1, 1, 2, 3}));
    view_toggle_pin(&state, number);
    assert_int_equal(state.pin_count, 0);
    view_toggle_pin(&state, (Target){TARGET_NEURON, NEURON_QUERY, 7, 2, -1});
    assert_true(target_equal(state.pins[0], (Target){TARGET_QUERY, -1, -1, 2, -1}));
    Target last = {TARGET_NEURON, NEURON_PRODUCT, NEURON_MAX_INDEX, 511, 511};
    assert_true(target_equal(target_unpack(target_pack(last)), last));
}

/* ---- The picture ------------------------------------------------------------------------------- */

static Rect text_rect(const DrawCommand *c)
{
    Rect rect = {c->p[0].x, c->p[0].y - 0.7f * c->width, c->u.text.advance, 0.8f * c->width};
    return rect_intersect(rect, c->clip);
}

static void no_two_texts_touch(const Drawing *drawing, Rect area)
{
    for (int i = 0; i < drawing->count; i++) {
        const DrawCommand *a = &drawing->commands[i];
        if (a->kind != DRAW_TEXT) { continue; }
        Rect one = text_rect(a);
        assert_true(one.x >= area.x && one.x + one.w <= area.x + area.w);
        for (int j = i + 1; j < drawing->count; j++) {
            const DrawCommand *b = &drawing->commands[j];
            if (b->kind != DRAW_TEXT || one.w <= 0 || one.h <= 0) { continue; }
            Rect other = text_rect(b);
            if (other.w <= 0 || other.h <= 0 || !rect_overlap(one, other)) { continue; }
            fail_msg("\"%s\" and \"%s\" touch", a->u.text.string, b->u.text.string);
        }
    }
}

/* Same input, same drawing; every vector in every area, and words that can be read. */
static void it_is_pure_and_holds_in_every_size(void **data)
{
    static const int tokens[] = {1, 3, 40, 512}, sizes[] = {1, 8, 64, 128, 1500};
    static const Rect areas[] = {{0, 0, 1, 1},       {0, 0, 200, 90},   {0, 0, 420, 400},
                                 {0, 0, 480, 500},   {0, 0, 560, 560},  {0, 0, 900, 560},
                                 {0, 0, 1280, 1800}, {5, 5, 4000, 3000}};
    for (size_t i = 0; i < COUNTOF(tokens) * COUNTOF(sizes); i++) {
        int count = tokens[i % COUNTOF(tokens)], size = sizes[i / COUNTOF(tokens)];
        if (count * size > 70000) { continue; }
        Trace *trace = make_trace(count, size);
        for (size_t a = 0; a < COUNTOF(areas); a++) {
            ViewState state = make_state();
            state.figure = a % 2 != 0;
            headset_put(&state.heads, 0, a % 3 == 0);
            Drawing *one = draw(*data, trace, &state, areas[a]);
            Drawing *two = draw(*data, trace, &state, areas[a]);
            assert_true(drawing_hash(one) == drawing_hash(two));
            assert_true(view_scroll_limit(trace, &state, areas[a], one) >= 0);
            if (areas[a].w > 400) { no_two_texts_touch(one, areas[a]); }
            drawing_free(one);
            drawing_free(two);
        }
        trace_free(trace);
    }
}

/* As in test_view.c: what does not depend on the installed fonts. */
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

static void the_picture_is_as_it_was(void **data)
{
    static const char path[] = "tests/data/view-neuron.txt";
    Trace *trace = make_trace(4, 4);
    ViewState state = make_state();
    view_toggle_pin(&state, (Target){TARGET_QUERY, -1, -1, 2, -1});
    view_toggle_pin(&state, (Target){TARGET_LINK, 0, 0, 2, 1});
    state.figure = true;
    Drawing *drawing = drawing_new(*data);
    Vec size = view_measure(trace, &state, drawing);
    drawing_free(drawing);
    drawing = draw(*data, trace, &state, (Rect){0, 0, size.x, size.y});
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
        cmocka_unit_test(the_softmax_of_the_scores_are_the_weights_of_the_model),
        cmocka_unit_test(every_column_follows_from_the_one_before),
        cmocka_unit_test(what_is_no_number_is_missing_and_poisons_nothing),
        cmocka_unit_test(numbers_are_written_with_a_true_minus_and_few_digits),
        cmocka_unit_test(the_query_is_hovered_or_pinned_or_the_first_word),
        cmocka_unit_test(the_head_is_the_first_chosen_one_and_is_named),
        cmocka_unit_test(without_vectors_it_says_what_is_missing),
        cmocka_unit_test(only_a_decoder_has_a_mask),
        cmocka_unit_test(only_the_rows_that_can_be_seen_are_drawn),
        cmocka_unit_test(a_low_figure_shows_its_query),
        cmocka_unit_test(every_number_and_every_row_can_be_found),
        cmocka_unit_test(a_hovered_query_stays_on_the_way_to_its_rows),
        cmocka_unit_test(the_number_under_the_pointer_is_on_a_card),
        cmocka_unit_test(a_figure_knows_no_pointer),
        cmocka_unit_test(a_pinned_number_is_the_pin_of_its_row),
        cmocka_unit_test(it_is_pure_and_holds_in_every_size),
        cmocka_unit_test(the_picture_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
