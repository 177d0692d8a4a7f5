/* The neuron view: how one query comes to its weights. Of one head: the query vector, every key
 * vector, their product element by element, its sum, the sum over sqrt(d), and the weight that the
 * softmax makes of it (Vaswani et al. 2017, equation 1). After the neuron view of BertViz (Vig 2019). */
#include "view/parts.h"

#include "base/base.h"

#include <math.h>

#define ROW_MIN 17.0f
#define ROW_MAX 34.0f
#define HEAD_ROWS 96.0f /* titles and the query's own row */
#define NUMBER 62.0f    /* width of a column of numbers */
#define WEIGHT 112.0f
#define TOKEN_MAX 130.0f
#define LINES_MAX 120.0f
#define COLUMN_GAP 16.0f
#define LEGEND 30.0f

typedef struct Layout {
    Rect header, caption, legend, rows; /* rows: those of the keys */
    float row, text;                    /* height and text size */
    float query_x, lines_x, lines_w, key_x, token_w;
    float key_strip, product_strip, strip_w; /* x and width of the strips */
    float dot_x, scaled_x, weight_x;
} Layout;

/* The one head and the one query that are looked at. */
typedef struct Subject {
    const Trace *trace;
    const ViewState *state;
    Slice slice;
    int head, query; /* query: token of the trace */
    const float *q, *keys, *weights;
    float q_most, k_most, product_most; /* largest absolute values, for the colours */
} Subject;

static int choose_query(const Trace *trace, const ViewState *state, const Slice *slice)
{
    const Target *hover = &state->hover;
    bool hovered = !state->figure && (hover->kind == TARGET_QUERY || hover->kind == TARGET_LINK);
    if (hovered && slice_find_query(slice, hover->query) >= 0) { return hover->query; }
    for (int pin = state->pin_count - 1; pin >= 0; pin--) {
        const Target *target = &state->pins[pin];
        if ((target->kind == TARGET_QUERY || target->kind == TARGET_LINK) &&
            slice_find_query(slice, target->query) >= 0) {
            return target->query;
        }
    }
    (void)trace;
    for (int row = 0; row < slice->queries; row++) {
        if (!slice_query(slice, row)->special) { return slice->query_index[row]; }
    }
    return slice->queries > 0 ? slice->query_index[0] : -1;
}

static float largest(const float *values, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) { most = max_float(most, fabsf(values[i])); }
    return most > 0 && isfinite(most) ? most : 1;
}

static Subject find_subject(const Trace *trace, const ViewState *state, Arena *scratch)
{
    Subject s = {.trace = trace, .state = state};
    s.slice = slice_make(trace, state->attention, state->pair, state->special, scratch);
    s.head = headset_next(&state->heads, -1);
    s.query = choose_query(trace, state, &s.slice);
    if (s.head < 0 || s.query < 0) { return s; }
    size_t d = (size_t)trace->head_size;
    s.q = trace_vectors(trace, trace->query, state->layer, s.head) + (size_t)s.query * d;
    s.keys = trace_vectors(trace, trace->key, state->layer, s.head);
    const Attention *a = s.slice.attention;
    s.weights = trace_head(trace, state->attention, state->layer, s.head) +
                (size_t)s.query * (size_t)a->keys;
    s.q_most = largest(s.q, d);
    s.k_most = largest(s.keys, (size_t)a->keys * d);
    s.product_most = 0;
    for (int key = 0; key < s.slice.keys; key++) {
        const float *k = s.keys + (size_t)s.slice.key_index[key] * d;
        for (size_t i = 0; i < d; i++) {
            s.product_most = max_float(s.product_most, fabsf(s.q[i] * k[i]));
        }
    }
    if (!(s.product_most > 0) || !isfinite(s.product_most)) { s.product_most = 1; }
    return s;
}

static float widest_token(const Slice *slice, const Drawing *drawing, float size)
{
    float width = 40;
    for (int i = 0; i < slice->keys; i++) {
        const char *text = parts_token_text(slice_key(slice, i));
        width = max_float(width, drawing_text_width(drawing, text, size, FONT_REGULAR));
    }
    return min_float(width, TOKEN_MAX) + 14;
}

static Layout lay_out(const ViewState *state, const Slice *slice, Rect area, const Drawing *drawing)
{
    Layout l = {0};
    Rect inner = rect_inset(area, PARTS_MARGIN);
    float top = inner.y, bottom = inner.y + inner.h;
    if (state->caption) {
        l.caption = (Rect){inner.x, bottom - PARTS_CAPTION, inner.w, PARTS_CAPTION};
        bottom -= PARTS_CAPTION;
    }
    if (state->legend) {
        l.header = (Rect){inner.x, top, inner.w, PARTS_HEADER};
        top += PARTS_HEADER;
        l.legend = (Rect){inner.x, bottom - LEGEND, inner.w, LEGEND};
        bottom -= LEGEND + 4;
    }
    top += HEAD_ROWS;
    l.rows = (Rect){inner.x, top, inner.w, max_float(bottom - top, 1)};
    l.row = clamp_float(l.rows.h / (float)max_int(slice->keys, 1), ROW_MIN, ROW_MAX);
    l.text = min_float(l.row * 0.56f, 16);
    l.token_w = widest_token(slice, drawing, l.text);
    float fixed = 2 * l.token_w + 2 * NUMBER + WEIGHT + 4 * COLUMN_GAP;
    l.lines_w = clamp_float((inner.w - fixed) * 0.16f, 24, LINES_MAX);
    l.strip_w = max_float((inner.w - fixed - l.lines_w) / 2, 40);
    l.query_x = inner.x;
    l.lines_x = l.query_x + l.token_w;
    l.key_x = l.lines_x + l.lines_w;
    l.key_strip = l.key_x + l.token_w;
    l.product_strip = l.key_strip + l.strip_w + COLUMN_GAP;
    l.dot_x = l.product_strip + l.strip_w + COLUMN_GAP;
    l.scaled_x = l.dot_x + NUMBER;
    l.weight_x = l.scaled_x + NUMBER + COLUMN_GAP;
    return l;
}

/* Blue for what is below zero, orange above, the background at zero. */
static Color sign_color(const ViewState *state, float value, float most)
{
    if (!isfinite(value)) { return state->theme->faint; }
    return palette_map(COLORMAP_DIVERGING, 0.5f + 0.5f * clamp_float(value / most, -1, 1),
                       state->theme->dark);
}

/* d cells in a row; `other` is multiplied in where it is not NULL. */
static void draw_strip(const Subject *s, Rect rect, const float *values, const float *other,
                       float most, Drawing *drawing)
{
    int d = s->trace->head_size;
    Color *cells = drawing_image(drawing, rect, 1, d, false);
    for (int i = 0; i < d; i++) {
        float value = other != NULL ? values[i] * other[i] : values[i];
        cells[i] = sign_color(s->state, value, most);
    }
    drawing_frame(drawing, rect, 0, 0.5f, s->state->theme->border);
}

static double dot(const Subject *s, const float *k)
{
    double sum = 0;
    for (int i = 0; i < s->trace->head_size; i++) { sum += (double)s->q[i] * (double)k[i]; }
    return sum;
}

static void draw_titles(const Subject *s, const Layout *l, Drawing *drawing)
{
    const Theme *theme = s->state->theme;
    TextStyle name = {.size = 12.5f, .color = theme->ink, .weight = FONT_BOLD};
    TextStyle quiet = {.size = 11.5f, .color = theme->muted};
    float y = l->rows.y - HEAD_ROWS + 20, second = y + 15;
    name.max_width = quiet.max_width = l->strip_w - 4;
    drawing_text(drawing, (Vec){l->key_strip, y}, "key k", &name);
    drawing_text_format(drawing, (Vec){l->key_strip, second}, &quiet, "%d numbers",
                        s->trace->head_size);
    drawing_text(drawing, (Vec){l->product_strip, y}, "q \u00D7 k", &name);
    drawing_text(drawing, (Vec){l->product_strip, second}, "element by element", &quiet);
    name.max_width = quiet.max_width = 0;
    name.align = quiet.align = TEXT_RIGHT;
    drawing_text(drawing, (Vec){l->dot_x + NUMBER - 8, y}, "q \u00B7 k", &name);
    drawing_text(drawing, (Vec){l->dot_x + NUMBER - 8, second}, "their sum", &quiet);
    drawing_text(drawing, (Vec){l->scaled_x + NUMBER, y}, "q\u00B7k / \u221Ad", &name);
    drawing_text_format(drawing, (Vec){l->scaled_x + NUMBER, second}, &quiet, "\u221A%d = %.2f",
                        s->trace->head_size, sqrt(s->trace->head_size));
    name.align = quiet.align = TEXT_LEFT;
    drawing_text(drawing, (Vec){l->weight_x, y}, "softmax", &name);
    drawing_text(drawing, (Vec){l->weight_x, second}, "the weight", &quiet);
}

/* The query's own row, above those of the keys. */
static void draw_query(const Subject *s, const Layout *l, Drawing *drawing)
{
    const Theme *theme = s->state->theme;
    float high = min_float(l->row, 26), y = l->rows.y - 46;
    const Token *token = &s->slice.attention->query_tokens->tokens[s->query];
    TextStyle style = {.size = max_float(l->text, 13),
                       .color = theme->ink,
                       .weight = FONT_BOLD,
                       .max_width = l->key_strip - l->query_x - 60};
    drawing_text_format(drawing, (Vec){l->query_x, y + high / 2 + 5}, &style, "query: %s",
                        parts_token_text(token));
    drawing_text(
        drawing, (Vec){l->key_strip - 10, y + high / 2 + 5}, "q",
        &(TextStyle){.size = 13, .color = theme->ink, .weight = FONT_BOLD, .align = TEXT_RIGHT});
    draw_strip(s, (Rect){l->key_strip, y + 2, l->strip_w, high - 4}, s->q, NULL, s->q_most,
               drawing);
    drawing_line(drawing, (Vec){l->rows.x, l->rows.y - 10},
                 (Vec){l->rows.x + l->rows.w, l->rows.y - 10}, 0.75f, theme->border);
}

static void draw_weight(const Subject *s, const Layout *l, float y, float weight, Color color,
                        Drawing *drawing)
{
    float room = WEIGHT - 46;
    Rect track = {l->weight_x, y - l->row * 0.26f, room, l->row * 0.52f};
    drawing_rect(drawing, track, 2, s->state->theme->faint);
    Rect bar = track;
    bar.w = room * clamp_float(weight, 0, 1);
    if (bar.w > 0.5f) { drawing_rect(drawing, bar, 2, color); }
    drawing_text_format(drawing, (Vec){l->weight_x + WEIGHT, y + l->text * 0.34f},
                        &(TextStyle){.size = min_float(l->text, 13),
                                     .color = s->state->theme->ink,
                                     .align = TEXT_RIGHT},
                        "%.3f", (double)weight);
}

static void draw_row(const Subject *s, const Layout *l, int row, float query_y, Drawing *drawing)
{
    const Theme *theme = s->state->theme;
    int key = s->slice.key_index[row];
    float y = l->rows.y - s->state->scroll + ((float)row + 0.5f) * l->row;
    float weight = s->weights[key];
    const float *k = s->keys + (size_t)key * (size_t)s->trace->head_size;
    Color color = palette_head(s->head, s->slice.attention->heads, theme->dark);
    if (weight > 0) {
        Vec from = {l->lines_x, query_y}, to = {l->key_x - 3, y};
        float bend = l->lines_w * 0.4f;
        drawing_curve(drawing, from, (Vec){from.x + bend, from.y}, (Vec){to.x - bend, to.y}, to,
                      1.2f + 2 * sqrtf(weight), color_fade(color, parts_opacity(s->state, weight)));
    }
    if (y + l->row < l->rows.y || y - l->row > l->rows.y + l->rows.h) { return; }
    Target target = {TARGET_LINK, s->state->layer, s->head, s->query, key};
    bool active = view_is_active(s->state, target);
    Rect band = {l->key_x, y - l->row / 2, l->rows.x + l->rows.w - l->key_x, l->row};
    drawing_set_hit(drawing, target_pack(target));
    drawing_rect(drawing, band, 3, active ? theme->highlight : (Color){0});
    drawing_set_hit(drawing, 0);
    const Token *token = slice_key(&s->slice, row);
    drawing_text(drawing, (Vec){l->key_x + 2, y + l->text * 0.34f}, parts_token_text(token),
                 &(TextStyle){.size = l->text,
                              .color = parts_token_color(s->state, token),
                              .weight = active ? FONT_BOLD : FONT_REGULAR,
                              .max_width = l->token_w - 8});
    float high = max_float(l->row - 5, 4);
    draw_strip(s, (Rect){l->key_strip, y - high / 2, l->strip_w, high}, k, NULL, s->k_most,
               drawing);
    draw_strip(s, (Rect){l->product_strip, y - high / 2, l->strip_w, high}, s->q, k,
               s->product_most, drawing);
    TextStyle number = {.size = min_float(l->text, 13), .color = theme->ink, .align = TEXT_RIGHT};
    double sum = dot(s, k);
    float base = y + l->text * 0.34f;
    drawing_text_format(drawing, (Vec){l->dot_x + NUMBER - 8, base}, &number, "%.2f", sum);
    drawing_text_format(drawing, (Vec){l->scaled_x + NUMBER, base}, &number, "%.2f",
                        sum / sqrt(s->trace->head_size));
    draw_weight(s, l, y, weight, color, drawing);
}

/* The column of queries: click or hover chooses another one. */
static float draw_queries(const Subject *s, const Layout *l, Drawing *drawing)
{
    const Theme *theme = s->state->theme;
    float chosen_y = l->rows.y;
    for (int row = 0; row < s->slice.queries; row++) {
        int query = s->slice.query_index[row];
        float y = l->rows.y - s->state->scroll + ((float)row + 0.5f) * l->row;
        Target target = {TARGET_QUERY, -1, -1, query, -1};
        Rect cell = {l->query_x, y - l->row / 2, l->token_w - 2, l->row};
        bool chosen = query == s->query;
        if (chosen) { chosen_y = y; }
        drawing_set_hit(drawing, target_pack(target));
        drawing_rect(drawing, rect_inset(cell, 1), 4, chosen ? theme->highlight : (Color){0});
        drawing_set_hit(drawing, 0);
        if (view_is_pinned(s->state, target)) {
            drawing_frame(drawing, rect_inset(cell, 1), 4, 1.5f, theme->accent);
        }
        const Token *token = slice_query(&s->slice, row);
        drawing_text(drawing, (Vec){cell.x + cell.w - 6, y + l->text * 0.34f},
                     parts_token_text(token),
                     &(TextStyle){.size = l->text,
                                  .color = parts_token_color(s->state, token),
                                  .weight = chosen ? FONT_BOLD : FONT_REGULAR,
                                  .align = TEXT_RIGHT,
                                  .max_width = l->token_w - 10});
    }
    return chosen_y;
}

static void draw_legend(const Subject *s, Rect area, Drawing *drawing)
{
    enum { STEPS = 48 };
    TextStyle quiet = {.size = 11.5f, .color = s->state->theme->muted};
    float x = area.x, base = area.y + area.h / 2 + 4;
    const struct {
        const char *name;
        float most;
    } bars[] = {{"q", s->q_most}, {"k", s->k_most}, {"q \u00D7 k", s->product_most}};
    for (size_t i = 0; i < COUNTOF(bars); i++) {
        x += drawing_text(drawing, (Vec){x, base}, bars[i].name, &quiet) + 8;
        x += drawing_text_format(drawing, (Vec){x, base}, &quiet, "\u2212%.2g",
                                 (double)bars[i].most) +
             5;
        Rect bar = {x, base - 10, 74, 11};
        Color *cells = drawing_image(drawing, bar, 1, STEPS, true);
        for (int step = 0; step < STEPS; step++) {
            cells[step] = sign_color(s->state, 2.0f * (float)step / (STEPS - 1) - 1, 1);
        }
        drawing_frame(drawing, bar, 0, 0.75f, s->state->theme->border);
        x += bar.w + 5;
        x +=
            drawing_text_format(drawing, (Vec){x, base}, &quiet, "%.2g", (double)bars[i].most) + 20;
    }
}

static const char *what_is_missing(const Trace *trace, const ViewState *state)
{
    if (trace->query == NULL || trace->key == NULL || trace->head_size <= 0) {
        return "This trace has no query and key vectors; the neuron view needs them.";
    }
    return state->attention != ATTENTION_SELF ? "The neuron view shows self-attention only." : NULL;
}

void view_neuron_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    const char *missing = what_is_missing(trace, state);
    if (missing != NULL) {
        parts_notice(state, area, drawing, missing);
        return;
    }
    Arena scratch = {0};
    Subject s = find_subject(trace, state, &scratch);
    Layout l = lay_out(state, &s.slice, area, drawing);
    if (s.head < 0 || s.query < 0 || s.slice.keys == 0) {
        parts_notice(state, area, drawing,
                     s.head < 0 ? "No head is chosen." : "No tokens are left after this filter.");
        arena_free(&scratch);
        return;
    }
    ViewState one = *state; /* of several heads the first is looked at, and said so */
    one.heads = (HeadSet){0};
    headset_put(&one.heads, s.head, true);
    if (state->legend) { parts_header(trace, &one, l.header, drawing); }
    draw_titles(&s, &l, drawing);
    draw_query(&s, &l, drawing);
    Rect clip = drawing_set_clip(drawing, l.rows);
    float query_y = draw_queries(&s, &l, drawing);
    for (int row = 0; row < s.slice.keys; row++) { draw_row(&s, &l, row, query_y, drawing); }
    drawing_set_clip(drawing, clip);
    if (state->legend) { draw_legend(&s, l.legend, drawing); }
    if (state->caption) { parts_caption(trace, &one, l.caption, drawing); }
    arena_free(&scratch);
}

Vec view_neuron_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    (void)drawing;
    int keys = trace->attention[state->attention].keys;
    float height = HEAD_ROWS + 25 * (float)min_int(keys, 64) + 2 * PARTS_MARGIN +
                   (state->caption ? PARTS_CAPTION : 0) +
                   (state->legend ? PARTS_HEADER + LEGEND + 4 : 0);
    return (Vec){1100, ceilf(max_float(height, 360))};
}

float view_neuron_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                               const Drawing *drawing)
{
    if (what_is_missing(trace, state) != NULL) { return 0; }
    Arena scratch = {0};
    Slice slice = slice_make(trace, state->attention, state->pair, state->special, &scratch);
    Layout l = lay_out(state, &slice, area, drawing);
    int rows = max_int(slice.keys, slice.queries);
    arena_free(&scratch);
    return max_float(l.row * (float)rows - l.rows.h, 0);
}
