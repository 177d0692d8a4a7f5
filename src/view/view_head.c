/* The head view: queries left, keys right, a curve per pair, colour = head, opacity = weight.
 *
 * Under the pointer or pinned: only that token's lines, and beside every token of the other column
 * one bar per head, as long as the weight. */
#include "view/parts.h"

#include "base/base.h"

#include <math.h>

#define ROW_MIN 19.0f
#define ROW_MAX 40.0f
#define ROW_TEXT 0.58f /* text size as a share of the row height */
#define TEXT_MAX 21.0f
#define TITLES 26.0f /* height of the line with the column titles */
#define LINES_MIN 60.0f
#define LINES_MAX 420.0f
#define COLUMN_MAX 190.0f
#define TOKEN_PAD 8.0f
#define BARS_WIDTH 78.0f  /* room for bars and a number outside each column */
#define MOST_LINES 1500   /* more than these make one grey cloud, and a slow one */
#define WEIGHT_STEPS 1000 /* resolution of the weight from which on lines are drawn */
#define STRENGTHS 8       /* lines are drawn faint ones first, in so many steps */

/* Where everything is. Columns reach from the lines outwards: text, then bars. */
typedef struct Layout {
    Rect header, titles, rows, legend, caption;
    float row_height, text_size, column, lines;
    float left, right; /* x of the two ends of the lines */
    float content;     /* height of all rows */
} Layout;

typedef struct Links {
    const Trace *trace;
    const ViewState *state;
    const Slice *slice;
    const Layout *layout;
    const float *weights; /* [queries, keys] of `head` */
    int head;
    float least;     /* no line below this weight */
    const int *list; /* [shown] the heads that are drawn; -1: several as one */
    int shown;
    Drawing *drawing;
} Links;

static float widest(const Slice *slice, const Drawing *drawing, float size)
{
    float width = 30;
    for (int i = 0; i < slice->queries; i++) {
        const char *text = parts_token_text(slice_query(slice, i));
        width = max_float(width, drawing_text_width(drawing, text, size, FONT_BOLD));
    }
    for (int i = 0; i < slice->keys; i++) {
        const char *text = parts_token_text(slice_key(slice, i));
        width = max_float(width, drawing_text_width(drawing, text, size, FONT_BOLD));
    }
    return min_float(width, COLUMN_MAX) + 2 * TOKEN_PAD;
}

static Layout lay_out(const ViewState *state, const Slice *slice, Rect area, const Drawing *drawing)
{
    Layout layout = {0};
    Rect inner = rect_inset(area, PARTS_MARGIN);
    float top = inner.y, bottom = inner.y + inner.h;
    if (state->caption) {
        layout.caption = (Rect){inner.x, bottom - PARTS_CAPTION, inner.w, PARTS_CAPTION};
        bottom -= PARTS_CAPTION;
    }
    if (state->legend) {
        layout.header = (Rect){inner.x, top, inner.w, PARTS_HEADER};
        top += PARTS_HEADER + 6;
        layout.legend = (Rect){inner.x, bottom - PARTS_LEGEND, inner.w, PARTS_LEGEND};
        bottom -= PARTS_LEGEND + 8;
    }
    layout.titles = (Rect){inner.x, top, inner.w, TITLES};
    top += TITLES;
    layout.rows = (Rect){inner.x, top, inner.w, max_float(bottom - top, 1)};
    int count = max_int(max_int(slice->queries, slice->keys), 1);
    layout.row_height = clamp_float(layout.rows.h / (float)count, ROW_MIN, ROW_MAX);
    layout.text_size = min_float(layout.row_height * ROW_TEXT, TEXT_MAX);
    layout.content = layout.row_height * (float)count;
    layout.column = widest(slice, drawing, layout.text_size);
    float rest = inner.w - 2 * (layout.column + BARS_WIDTH);
    layout.lines = clamp_float(rest, LINES_MIN, LINES_MAX);
    float middle = inner.x + inner.w / 2;
    layout.left = middle - layout.lines / 2;
    layout.right = middle + layout.lines / 2;
    return layout;
}

static float row_y(const Layout *layout, const ViewState *state, int row)
{
    return layout->rows.y - state->scroll + ((float)row + 0.5f) * layout->row_height;
}

/* Does any token ask for its own lines only? */
static bool any_active(const ViewState *state)
{
    TargetKind kind = state->figure ? TARGET_NONE : state->hover.kind;
    return state->pin_count > 0 || kind == TARGET_QUERY || kind == TARGET_KEY ||
           kind == TARGET_LINK;
}

static bool target_wants(Target target, int query, int key)
{
    switch (target.kind) {
    case TARGET_QUERY: return target.query == query;
    case TARGET_KEY: return target.key == key;
    case TARGET_LINK: return target.query == query && target.key == key;
    default: return false;
    }
}

static bool link_wanted(const ViewState *state, int query, int key)
{
    if (!any_active(state)) { return true; }
    if (!state->figure && target_wants(state->hover, query, key)) { return true; }
    for (int pin = 0; pin < state->pin_count; pin++) {
        if (target_wants(state->pins[pin], query, key)) { return true; }
    }
    return false;
}

/* Which of so many equal steps from 0 to 1 a weight falls into; a file may hold any positive number. */
static int in_steps(float weight, int steps)
{
    return min_int((int)(clamp_float(weight, 0, 1) * (float)steps), steps - 1);
}

static void draw_link(const Links *links, int query, int key, float weight)
{
    const Layout *layout = links->layout;
    float scale = layout->text_size / 15;
    Vec from = {layout->left, row_y(layout, links->state, query)};
    Vec to = {layout->right, row_y(layout, links->state, key)};
    float bend = layout->lines * 0.38f;
    Color color = parts_head_color(links->trace, links->state, links->head);
    drawing_curve(links->drawing, from, (Vec){from.x + bend, from.y}, (Vec){to.x - bend, to.y}, to,
                  (1.2f + 2.4f * sqrtf(min_float(weight, 1))) * scale,
                  color_fade(color, parts_opacity(links->state, weight)));
}

/* The lines of one head whose strength falls into one step. */
static void draw_links(const Links *links, int strength)
{
    const Slice *slice = links->slice;
    for (int query = 0; query < slice->queries; query++) {
        const float *row = links->weights + (size_t)query * (size_t)slice->keys;
        for (int key = 0; key < slice->keys; key++) {
            float weight = row[key];
            if (!(weight > 0) || weight < links->least) { continue; }
            if (in_steps(weight, STRENGTHS) != strength) { continue; }
            if (!link_wanted(links->state, slice->query_index[query], slice->key_index[key])) {
                continue;
            }
            draw_link(links, query, key, weight);
        }
    }
}

/* The target whose weights the bars show: under the pointer, else the newest pin. */
static Target bars_target(const ViewState *state)
{
    const Target *hover = &state->hover;
    if (!state->figure && (hover->kind == TARGET_QUERY || hover->kind == TARGET_KEY)) {
        return *hover;
    }
    for (int pin = state->pin_count - 1; pin >= 0; pin--) {
        if (state->pins[pin].kind == TARGET_QUERY || state->pins[pin].kind == TARGET_KEY) {
            return state->pins[pin];
        }
    }
    return (Target){.kind = TARGET_NONE};
}

/* Beside token `row` of the other column: one upright bar per head, as tall as its weight; of a
 * single head one lying bar. And the largest weight as a number. */
static void draw_bars(const Links *links, const float *all, int row, Target target)
{
    const Slice *slice = links->slice;
    const Layout *layout = links->layout;
    const ViewState *state = links->state;
    bool on_right = target.kind == TARGET_QUERY;
    int query = on_right ? slice_find_query(slice, target.query) : row;
    int key = on_right ? row : slice_find_key(slice, target.key);
    if (query < 0 || key < 0) { return; }
    int shown = links->shown;
    float y = row_y(layout, state, row), outwards = on_right ? 1.0f : -1.0f;
    float x = on_right ? layout->right + layout->column + 4 : layout->left - layout->column - 4;
    float room = BARS_WIDTH - 40, high = layout->row_height * 0.7f;
    float wide = shown == 1 ? room : min_float(room / (float)max_int(shown, 1), 7);
    float strongest = 0;
    for (int at = 0; at < shown; at++) {
        int head = links->list[at];
        size_t cell = ((size_t)at * (size_t)slice->queries + (size_t)query) * (size_t)slice->keys +
                      (size_t)key;
        float weight = clamp_float(all[cell], 0, 1), from = x + outwards * wide * (float)at;
        strongest = max_float(strongest, weight);
        Rect bar = {on_right ? from : from - wide, y + high / 2 - high * weight,
                    max_float(wide - 1, 0.8f), high * weight};
        if (shown == 1) {
            bar = (Rect){on_right ? from : from - room * weight, y - high / 4, room * weight,
                         high / 2};
        }
        if (bar.w * bar.h > 0.8f) {
            drawing_rect(links->drawing, bar, 0, parts_head_color(links->trace, state, head));
        }
    }
    if (strongest < 0.005f) { return; }
    drawing_text_format(links->drawing,
                        (Vec){x + outwards * (min_float(wide * (float)shown, room) + 5),
                              y + layout->text_size * 0.32f},
                        &(TextStyle){.size = max_float(layout->text_size * 0.74f, 10),
                                     .color = state->theme->muted,
                                     .align = on_right ? TEXT_LEFT : TEXT_RIGHT},
                        "%.2f", (double)strongest);
}

static void draw_token(const Links *links, int row, bool is_query)
{
    const Layout *layout = links->layout;
    const ViewState *state = links->state;
    const Theme *theme = state->theme;
    const Token *token = is_query ? slice_query(links->slice, row) : slice_key(links->slice, row);
    int index = is_query ? links->slice->query_index[row] : links->slice->key_index[row];
    Target target = {is_query ? TARGET_QUERY : TARGET_KEY, -1, -1, is_query ? index : -1,
                     is_query ? -1 : index};
    float y = row_y(layout, state, row);
    if (y + layout->row_height < layout->rows.y ||
        y - layout->row_height > layout->rows.y + layout->rows.h) {
        return;
    }
    Rect cell = {is_query ? layout->left - layout->column : layout->right,
                 y - layout->row_height / 2, layout->column, layout->row_height};
    Rect reach = cell; /* the pointer may be on the bars too */
    reach.w += BARS_WIDTH;
    if (is_query) { reach.x -= BARS_WIDTH; }
    drawing_set_hit(links->drawing, target_pack(target));
    drawing_rect(links->drawing, reach, 0, (Color){0});
    drawing_set_hit(links->drawing, 0);
    bool active = view_is_active(state, target);
    if (active) {
        drawing_rect(links->drawing, rect_inset(cell, 1), 5, theme->highlight);
        if (view_is_pinned(state, target)) {
            drawing_frame(links->drawing, rect_inset(cell, 1), 5, 1.5f, theme->accent);
        }
    }
    float x = is_query ? layout->left - TOKEN_PAD : layout->right + TOKEN_PAD;
    drawing_text(links->drawing, (Vec){x, y + layout->text_size * 0.34f}, parts_token_text(token),
                 &(TextStyle){.size = layout->text_size,
                              .color = active ? theme->ink : parts_token_color(state, token),
                              .weight = active ? FONT_BOLD : FONT_REGULAR,
                              .align = is_query ? TEXT_RIGHT : TEXT_LEFT,
                              .max_width = layout->column - 2 * TOKEN_PAD + 2});
}

static void draw_titles(const ViewState *state, const Layout *layout, Drawing *drawing)
{
    TextStyle style = {.size = 12, .color = state->theme->muted, .align = TEXT_RIGHT};
    float y = layout->titles.y + 15;
    drawing_text(drawing, (Vec){layout->left - TOKEN_PAD, y}, "query (looks)", &style);
    style.align = TEXT_LEFT;
    drawing_text(drawing, (Vec){layout->right + TOKEN_PAD, y}, "key (is looked at)", &style);
    float middle = (layout->left + layout->right) / 2;
    drawing_line(drawing, (Vec){middle - 14, y - 4}, (Vec){middle + 13, y - 4}, 1.2f,
                 state->theme->muted);
    Vec tip[3] = {{middle + 16, y - 4}, {middle + 10, y - 7.5f}, {middle + 10, y - 0.5f}};
    drawing_polygon(drawing, tip, 3, state->theme->muted);
}

/* The weights of all shown heads behind each other, [shown, queries, keys], and which heads they are;
 * several as one are the head -1. */
static float *gather_weights(const Trace *trace, const ViewState *state, const Slice *slice,
                             int *list, int *shown, Arena *scratch)
{
    int heads = trace->attention[state->attention].heads;
    size_t matrix = (size_t)slice->queries * (size_t)slice->keys;
    *shown = 0;
    bool as_one = parts_is_combined(state);
    if (as_one) { list[(*shown)++] = -1; }
    for (int head = 0; head < heads && !as_one; head++) {
        if (parts_head_shown(trace, state, head)) { list[(*shown)++] = head; }
    }
    float *all = arena_alloc(scratch, (size_t)*shown * matrix, sizeof *all);
    for (int at = 0; at < *shown; at++) {
        float *weights = all + (size_t)at * matrix;
        if (as_one) {
            slice_combine(slice, state->layer, &state->heads, state->combine, weights);
        } else {
            slice_weights(slice, state->layer, list[at], weights);
        }
        slice_keep_strongest(slice, state->top_k, state->top_p, weights);
    }
    return all;
}

/* The weight from which on lines are drawn: the threshold, or, where that leaves so many lines that
 * nobody could tell them apart, as much more as it takes. The legend says it. */
static float least_weight(const ViewState *state, const Slice *slice, const float *all, int shown)
{
    int count[WEIGHT_STEPS] = {0}, lines = 0;
    size_t matrix = (size_t)slice->queries * (size_t)slice->keys;
    for (size_t i = 0; i < (size_t)shown * matrix; i++) {
        if (!(all[i] > 0) || all[i] < state->threshold) { continue; }
        size_t cell = i % matrix;
        int query = slice->query_index[cell / (size_t)slice->keys];
        if (!link_wanted(state, query, slice->key_index[cell % (size_t)slice->keys])) { continue; }
        count[in_steps(all[i], WEIGHT_STEPS)]++;
        lines++;
    }
    if (lines <= MOST_LINES) { return state->threshold; }
    int step = 0;
    while (step < WEIGHT_STEPS - 1 && lines > MOST_LINES) { lines -= count[step++]; }
    return max_float((float)step / WEIGHT_STEPS, state->threshold);
}

static void draw_rows(const Trace *trace, const ViewState *state, const Slice *slice,
                      const Layout *layout, const float *all, const int *list, int shown,
                      float least, Drawing *drawing)
{
    size_t matrix = (size_t)slice->queries * (size_t)slice->keys;
    Links links = {.trace = trace,
                   .state = state,
                   .slice = slice,
                   .layout = layout,
                   .least = least,
                   .list = list,
                   .shown = shown,
                   .drawing = drawing};
    for (int strength = 0; strength < STRENGTHS; strength++) {
        for (int at = 0; at < shown; at++) {
            links.head = list[at];
            links.weights = all + (size_t)at * matrix;
            draw_links(&links, strength);
        }
    }
    for (int query = 0; query < slice->queries; query++) { draw_token(&links, query, true); }
    for (int key = 0; key < slice->keys; key++) { draw_token(&links, key, false); }
    Target target = bars_target(state);
    if (target.kind == TARGET_NONE) { return; }
    int rows = target.kind == TARGET_QUERY ? slice->keys : slice->queries;
    for (int row = 0; row < rows; row++) { draw_bars(&links, all, row, target); }
}

void view_head_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    Arena scratch = {0};
    Slice slice = parts_slice(trace, state, &scratch);
    Layout layout = lay_out(state, &slice, area, drawing);
    int shown, list[SLICE_MAX_HEADS];
    float *all = gather_weights(trace, state, &slice, list, &shown, &scratch);
    ViewState drawn = *state;
    drawn.threshold = least_weight(state, &slice, all, shown);
    if (state->legend) {
        parts_header(trace, state, layout.header, drawing);
        parts_line_legend(trace, &drawn, layout.legend, drawing);
    }
    if (state->caption) { parts_caption(trace, state, layout.caption, drawing); }
    if (slice.queries == 0 || slice.keys == 0) {
        parts_notice(state, layout.rows, drawing, "No tokens are left after this filter.");
    } else {
        draw_titles(state, &layout, drawing);
        Rect clip = drawing_set_clip(drawing, layout.rows);
        draw_rows(trace, state, &slice, &layout, all, list, shown, drawn.threshold, drawing);
        drawing_set_clip(drawing, clip);
    }
    arena_free(&scratch);
}

Vec view_head_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    Arena scratch = {0};
    Slice slice = parts_slice(trace, state, &scratch);
    float row = state->text_size / ROW_TEXT;
    float height = row * (float)max_int(max_int(slice.queries, slice.keys), 1) + TITLES;
    float width = 2 * (widest(&slice, drawing, state->text_size) + BARS_WIDTH) + 260;
    height += 2 * PARTS_MARGIN + (state->caption ? PARTS_CAPTION : 0) +
              (state->legend ? PARTS_HEADER + 6 + PARTS_LEGEND + 8 : 0);
    arena_free(&scratch);
    return (Vec){ceilf(max_float(width + 2 * PARTS_MARGIN, 640)), ceilf(height)};
}

float view_head_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                             const Drawing *drawing)
{
    Arena scratch = {0};
    Slice slice = parts_slice(trace, state, &scratch);
    Layout layout = lay_out(state, &slice, area, drawing);
    arena_free(&scratch);
    return max_float(layout.content - layout.rows.h, 0);
}
