/* The neuron view: how the weights of one query token of one head come about.
 *
 * Left the tokens with a line from the query to every key; above the query's vector q; then a row
 * per key: its vector k, the product number by number, its sum q . k, the score q . k / sqrt(d_k),
 * in a decoder the mask, and the weight of the trace. Headings and q stay while the rows scroll. */
#include "view/parts.h"
#include "view/view_neuron_layout.h"

#include "base/base.h"

#include <math.h>
#include <stdio.h>

#define FAINT 0.25f /* opacity of what is masked, or not under the pointer */

/* ---- What is shown ----------------------------------------------------------------------------- */

static int first_head(const Trace *trace, const ViewState *state)
{
    int heads = trace->attention[state->attention].heads;
    for (int head = 0; head < heads; head++) {
        if (parts_head_shown(trace, state, head)) { return head; }
    }
    return -1;
}

static bool names_query(Target target)
{
    return target.kind == TARGET_QUERY || target.kind == TARGET_LINK ||
           target.kind == TARGET_NEURON;
}

/* Row of the slice: under the pointer, else the newest pin, else the first word. The rows at the
 * right belong to a query too, so that it stays while the pointer goes from its token to them. */
static int choose_query(const ViewState *state, const Slice *slice)
{
    int row = -1;
    if (!state->figure && names_query(state->hover)) {
        row = slice_find_query(slice, state->hover.query);
    }
    for (int pin = state->pin_count - 1; pin >= 0 && row < 0; pin--) {
        if (state->pins[pin].kind != TARGET_QUERY) { continue; }
        row = slice_find_query(slice, state->pins[pin].query);
    }
    for (int query = 0; query < slice->queries && row < 0; query++) {
        if (!slice_query(slice, query)->special) { row = query; }
    }
    return max_int(row, 0);
}

/* A figure that is too low for all rows shows those around the query. */
static float figure_scroll(const Neurons *n)
{
    const NeuronLayout *layout = &n->layout;
    float middle = ((float)n->query + 0.5f) * layout->row_height;
    if (middle + layout->row_height < layout->rows.h) { return 0; }
    return clamp_float(middle - layout->rows.h / 2, 0,
                       max_float(layout->content - layout->rows.h, 0));
}

/* Chooses head and query, and calculates. Returns why there is nothing to draw, or NULL. */
static const char *prepare(Neurons *n, const Trace *trace, const ViewState *state, Rect area,
                           const Drawing *drawing, Arena *scratch)
{
    *n = (Neurons){.trace = trace, .state = state, .scratch = scratch};
    n->slice = parts_slice_tokens(trace, state, scratch);
    n->head = first_head(trace, state);
    const char *missing = NULL;
    if (!view_neuron_has_vectors(trace, state->attention)) {
        missing = "This trace has attention weights, but no query and key vectors.";
    } else if (n->slice.queries == 0 || n->slice.keys == 0) {
        missing = "No tokens are left after this filter.";
    } else if (n->head < 0) {
        missing = "No head is chosen.";
    } else {
        n->query = choose_query(state, &n->slice);
        n->numbers = view_neuron_numbers(trace, state->attention, &n->slice, state->layer, n->head,
                                         n->query, scratch);
    }
    n->layout = view_neuron_layout(state, &n->slice, &n->numbers, area, drawing);
    n->scroll = state->scroll;
    if (state->figure) { n->scroll = figure_scroll(n); }
    bool small = missing == NULL && !n->layout.fits;
    return small ? "The neurons need a larger window." : missing;
}

static float row_y(const Neurons *n, int row)
{
    return n->layout.rows.y - n->scroll + ((float)row + 0.5f) * n->layout.row_height;
}

static bool row_visible(const Neurons *n, int row)
{
    float y = row_y(n, row), half = n->layout.row_height / 2;
    return y + half > n->layout.rows.y && y - half < n->layout.rows.y + n->layout.rows.h;
}

/* ---- Rows -------------------------------------------------------------------------------------- */

/* The key whose row is under the pointer, or -1. */
static int hovered_key(const Neurons *n)
{
    const Target *hover = &n->state->hover;
    if (n->state->figure || (hover->kind != TARGET_LINK && hover->kind != TARGET_NEURON)) {
        return -1;
    }
    return hover->key >= 0 ? slice_find_key(&n->slice, hover->key) : -1;
}

static bool key_pinned(const Neurons *n, int key)
{
    int token = n->slice.key_index[key], query = n->slice.query_index[n->query];
    for (int pin = 0; pin < n->state->pin_count; pin++) {
        const Target *p = &n->state->pins[pin];
        if (p->kind == TARGET_KEY && p->key == token) { return true; }
        if (p->kind == TARGET_LINK && p->key == token && p->query == query) { return true; }
    }
    return false;
}

static Rect row_rect(const Neurons *n, int key)
{
    const NeuronPlace *first = view_neuron_place(n, COLUMN_KEY),
                      *last = view_neuron_place(n, COLUMN_WEIGHT);
    return (Rect){first->x, row_y(n, key) - n->layout.row_height / 2,
                  last->x + last->w - first->x + 8, n->layout.row_height};
}

static void draw_line(const Neurons *n, int key, int hovered)
{
    float weight = n->numbers.weight[key];
    if (!(weight > 0) || weight < n->state->threshold) { return; }
    const NeuronPlace *lines = view_neuron_place(n, COLUMN_LINES);
    Vec from = {lines->x, row_y(n, n->query)}, to = {lines->x + lines->w, row_y(n, key)};
    float bend = lines->w * 0.42f, opacity = parts_opacity(n->state, weight);
    if (hovered >= 0 && hovered != key) { opacity *= FAINT; }
    drawing_curve(n->drawing, from, (Vec){from.x + bend, from.y}, (Vec){to.x - bend, to.y}, to,
                  (1.2f + 2.4f * sqrtf(min_float(weight, 1))) * n->layout.text_size / 15,
                  color_fade(parts_head_color(n->trace, n->state, n->head), opacity));
}

static void draw_query_token(const Neurons *n, int row)
{
    if (!row_visible(n, row)) { return; }
    const Theme *theme = n->state->theme;
    const NeuronPlace *place = view_neuron_place(n, COLUMN_QUERY);
    const NeuronLayout *layout = &n->layout;
    Target target = {TARGET_QUERY, -1, -1, n->slice.query_index[row], -1};
    float y = row_y(n, row);
    Rect cell = {place->x, y - layout->row_height / 2, place->w, layout->row_height};
    drawing_set_hit(n->drawing, target_pack(target));
    drawing_rect(n->drawing, cell, 0, (Color){0});
    drawing_set_hit(n->drawing, 0);
    bool chosen = row == n->query;
    if (chosen) { drawing_rect(n->drawing, rect_inset(cell, 1), 5, theme->highlight); }
    if (view_is_pinned(n->state, target)) {
        drawing_frame(n->drawing, rect_inset(cell, 1), 5, 1.5f, theme->accent);
    }
    const Token *token = slice_query(&n->slice, row);
    drawing_text(n->drawing,
                 (Vec){place->x + place->w - NEURON_TOKEN_PAD, y + layout->text_size * 0.34f},
                 parts_token_text(token),
                 &(TextStyle){.size = layout->text_size,
                              .color = chosen ? theme->ink : parts_token_color(n->state, token),
                              .weight = chosen ? FONT_BOLD : FONT_REGULAR,
                              .align = TEXT_RIGHT,
                              .max_width = place->w - 2 * NEURON_TOKEN_PAD + 2});
}

static void draw_number(const Neurons *n, NeuronColumn column, float y, const char *number,
                        Color color)
{
    const NeuronPlace *place = view_neuron_place(n, column);
    drawing_text(n->drawing, (Vec){place->x + place->w, y + n->layout.number_size * 0.36f}, number,
                 &(TextStyle){.size = n->layout.number_size, .color = color, .align = TEXT_RIGHT});
}

static void draw_scores(const Neurons *n, int key, float y)
{
    const Theme *theme = n->state->theme;
    const NeuronNumbers *numbers = &n->numbers;
    float largest = view_neuron_largest(numbers->dot_range);
    float opacity = numbers->masked[key] ? FAINT : 1, high = min_float(n->layout.row_height, 30);
    Color ink = numbers->masked[key] ? theme->muted : theme->ink;
    char text[24];
    const NeuronPlace *dot = view_neuron_place(n, COLUMN_DOT);
    view_neuron_bar(n->state, numbers->dot[key], numbers->dot_range,
                    (Rect){dot->x, y - high * 0.19f, dot->w - n->layout.number - 8, high * 0.38f},
                    opacity, n->drawing);
    draw_number(n, COLUMN_DOT, y, view_neuron_number(numbers->dot[key], largest, text), ink);
    if (view_neuron_place(n, COLUMN_SCORE)->shown) {
        draw_number(n, COLUMN_SCORE, y, view_neuron_number(numbers->score[key], largest, text),
                    ink);
    }
    if (view_neuron_place(n, COLUMN_MASK)->shown) {
        draw_number(n, COLUMN_MASK, y, numbers->masked[key] ? "\u2212\u221E" : "0", theme->muted);
    }
}

static void draw_weight(const Neurons *n, int key, float y)
{
    const NeuronPlace *place = view_neuron_place(n, COLUMN_WEIGHT);
    const Theme *theme = n->state->theme;
    float weight = n->numbers.weight[key], high = min_float(n->layout.row_height, 30) * 0.5f;
    float room =
        place->w - drawing_text_width(n->drawing, "0.000", n->layout.number_size, FONT_REGULAR) - 8;
    drawing_rect(n->drawing, (Rect){place->x, y - high / 2, room, high}, 0,
                 color_fade(theme->faint, 0.6f));
    if (!isfinite(weight)) {
        draw_number(n, COLUMN_WEIGHT, y, "\u2013", theme->muted);
        return;
    }
    drawing_rect(n->drawing, (Rect){place->x, y - high / 2, room * clamp_float(weight, 0, 1), high},
                 0, parts_head_color(n->trace, n->state, n->head));
    char text[24];
    snprintf(text, sizeof text, "%.3f", (double)weight);
    draw_number(n, COLUMN_WEIGHT, y, text, weight >= 0.0005f ? theme->ink : theme->muted);
}

static void draw_row(const Neurons *n, int key, float *products, int hovered)
{
    if (!row_visible(n, key)) { return; }
    const Theme *theme = n->state->theme;
    const NeuronLayout *layout = &n->layout;
    const Token *token = slice_key(&n->slice, key);
    bool pinned = key_pinned(n, key), active = pinned || key == hovered;
    float y = row_y(n, key), opacity = n->numbers.masked[key] ? FAINT : 1;
    if (key == hovered) {
        drawing_rect(n->drawing, rect_inset(row_rect(n, key), 0.5f), 5,
                     color_fade(theme->highlight, 0.7f));
    }
    if (pinned) {
        drawing_frame(n->drawing, rect_inset(row_rect(n, key), 1), 5, 1.5f, theme->accent);
    }
    const NeuronPlace *place = view_neuron_place(n, COLUMN_KEY);
    drawing_text(n->drawing, (Vec){place->x + NEURON_TOKEN_PAD, y + layout->text_size * 0.34f},
                 parts_token_text(token),
                 &(TextStyle){.size = layout->text_size,
                              .color = active ? theme->ink : parts_token_color(n->state, token),
                              .weight = active ? FONT_BOLD : FONT_REGULAR,
                              .max_width = place->w - 2 * NEURON_TOKEN_PAD + 2});
    Rect strip = {view_neuron_place(n, COLUMN_VECTOR)->x, y - layout->row_height / 2 + 1,
                  view_neuron_place(n, COLUMN_VECTOR)->w, layout->row_height - 2};
    view_neuron_strip(n->state, n->numbers.key[key], n->numbers.size, n->numbers.key_range, strip,
                      opacity, n->drawing);
    strip.x = view_neuron_place(n, COLUMN_PRODUCT)->x;
    view_neuron_products(&n->numbers, key, products);
    view_neuron_strip(n->state, products, n->numbers.size, n->numbers.product_range, strip, opacity,
                      n->drawing);
    draw_scores(n, key, y);
    draw_weight(n, key, y);
}

/* ---- One number under the pointer -------------------------------------------------------------- */

/* The column of numbers through q, all keys and all products. */
static void draw_guides(const Neurons *n)
{
    const Target *hover = &n->state->hover;
    if (n->state->figure || hover->kind != TARGET_NEURON || hover->head >= n->numbers.size) {
        return;
    }
    for (NeuronColumn column = COLUMN_VECTOR; column <= COLUMN_PRODUCT; column++) {
        const NeuronPlace *place = view_neuron_place(n, column);
        float pitch = place->w / (float)n->numbers.size;
        float wide = max_float(pitch, 1.5f), high = min_float(n->layout.content, n->layout.rows.h);
        drawing_rect(n->drawing,
                     (Rect){place->x + pitch * (float)hover->head, n->layout.rows.y, wide, high}, 0,
                     n->state->theme->highlight);
        if (column == COLUMN_PRODUCT) { continue; }
        drawing_rect(n->drawing,
                     (Rect){place->x + pitch * (float)hover->head, n->layout.query.y, wide,
                            n->layout.query.h},
                     0, n->state->theme->highlight);
    }
}

static void draw_card(const Neurons *n, Rect area)
{
    const Target *hover = &n->state->hover;
    if (n->state->figure || hover->kind != TARGET_NEURON || hover->head < 0 ||
        hover->head >= n->numbers.size) {
        return;
    }
    int i = hover->head, key = hovered_key(n);
    char title[80], line[120], q[24], k[24], product[24];
    const float *vector = key >= 0 ? n->numbers.key[key] : n->numbers.query;
    view_neuron_number(n->numbers.query[i], view_neuron_largest(n->numbers.query_range), q);
    view_neuron_number(vector[i], view_neuron_largest(n->numbers.key_range), k);
    view_neuron_number(n->numbers.query[i] * vector[i],
                       view_neuron_largest(n->numbers.product_range), product);
    const NeuronPlace *place =
        view_neuron_place(n, hover->layer == NEURON_PRODUCT ? COLUMN_PRODUCT : COLUMN_VECTOR);
    float pitch = place->w / (float)n->numbers.size;
    Rect cell = {place->x + pitch * (float)i, n->layout.query.y, pitch, n->layout.query.h};
    snprintf(title, sizeof title, "neuron %d", i);
    if (key < 0) {
        snprintf(line, sizeof line, "q = %s", q);
    } else {
        snprintf(line, sizeof line, "q %s \u00D7 k %s = %s", q, k, product);
        cell.y = row_y(n, key) - n->layout.row_height / 2;
        cell.h = n->layout.row_height;
    }
    view_neuron_card(n->state, title, line, cell, area, n->drawing);
}

/* ---- The view ---------------------------------------------------------------------------------- */

static void draw_rows(const Neurons *n)
{
    int hovered = hovered_key(n);
    draw_guides(n);
    Rect clip = drawing_set_clip(n->drawing, n->layout.rows);
    if (view_neuron_place(n, COLUMN_LINES)->shown) {
        for (int key = 0; key < n->slice.keys; key++) { draw_line(n, key, hovered); }
        for (int row = 0; row < n->slice.queries; row++) { draw_query_token(n, row); }
    }
    float *products =
        arena_alloc(n->scratch, (size_t)max_int(n->numbers.size, 1), sizeof *products);
    for (int key = 0; key < n->slice.keys; key++) { draw_row(n, key, products, hovered); }
    drawing_set_clip(n->drawing, clip);
}

void view_neuron_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    Arena scratch = {0};
    Neurons n;
    const char *missing = prepare(&n, trace, state, area, drawing, &scratch);
    n.drawing = drawing;
    ViewState only = *state; /* says what is shown: one head, though more may be chosen */
    if (n.head >= 0) {
        only.heads = (HeadSet){0};
        headset_put(&only.heads, n.head, true);
    }
    if (state->legend) {
        parts_header(trace, state->figure ? &only : state, n.layout.header, drawing);
    }
    if (state->caption) { parts_caption(trace, &only, n.layout.caption, drawing); }
    if (missing != NULL) {
        Rect middle = {n.layout.rows.x, n.layout.query.y, n.layout.rows.w,
                       n.layout.rows.y + n.layout.rows.h - n.layout.query.y};
        parts_notice(state, middle, drawing, missing);
    } else {
        draw_rows(&n);
        view_neuron_frame(&n);
        draw_card(&n, area);
    }
    arena_free(&scratch);
}

static Target target_at(const Neurons *n, Vec point)
{
    const NeuronLayout *layout = &n->layout;
    int query = n->slice.query_index[n->query];
    /* Between the columns the query stays that the pointer came from. */
    Target target = {TARGET_NONE, -1, -1, -1, -1};
    Rect reach = {layout->rows.x, layout->query.y, layout->rows.w,
                  layout->rows.y + layout->rows.h - layout->query.y};
    if (!rect_contains(reach, point)) { return target; }
    if (names_query(n->state->hover)) { target = (Target){TARGET_QUERY, -1, -1, query, -1}; }
    int key = (int)floorf((point.y - layout->rows.y + n->scroll) / layout->row_height);
    bool in_rows = rect_contains(layout->rows, point) && key >= 0 && key < n->slice.keys &&
                   rect_contains(row_rect(n, key), point);
    if (in_rows) {
        target = (Target){TARGET_LINK, n->state->layer, n->head, query, n->slice.key_index[key]};
    }
    for (NeuronColumn column = COLUMN_VECTOR; column <= COLUMN_PRODUCT; column++) {
        const NeuronPlace *place = view_neuron_place(n, column);
        int i = (int)floorf((point.x - place->x) / place->w * (float)n->numbers.size);
        if (i < 0 || i >= n->numbers.size || i > NEURON_MAX_INDEX) { continue; }
        if (in_rows) {
            int strip = column == COLUMN_PRODUCT ? NEURON_PRODUCT : NEURON_KEY;
            target = (Target){TARGET_NEURON, strip, i, query, n->slice.key_index[key]};
        } else if (column == COLUMN_VECTOR && rect_contains(view_neuron_query_strip(n), point)) {
            target = (Target){TARGET_NEURON, NEURON_QUERY, i, query, -1};
        }
    }
    return target;
}

Target view_neuron_locate(const Trace *trace, const ViewState *state, Rect area,
                          const Drawing *drawing, Vec point)
{
    Arena scratch = {0};
    Neurons n;
    Target target = {TARGET_NONE, -1, -1, -1, -1};
    if (!state->figure && prepare(&n, trace, state, area, drawing, &scratch) == NULL) {
        target = target_at(&n, point);
    }
    arena_free(&scratch);
    return target;
}

Vec view_neuron_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    Arena scratch = {0};
    Neurons n;
    (void)prepare(&n, trace, state, (Rect){0, 0, 1200, 800}, drawing, &scratch);
    Vec size = view_neuron_natural_size(state, &n.slice, &n.numbers, drawing);
    arena_free(&scratch);
    return size;
}

float view_neuron_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                               const Drawing *drawing)
{
    Arena scratch = {0};
    Neurons n;
    (void)prepare(&n, trace, state, area, drawing, &scratch);
    float limit = max_float(n.layout.content - n.layout.rows.h, 0);
    arena_free(&scratch);
    return limit;
}
