/* What stands around the rows of the neuron view. */
#include "base/base.h"
#include "view/parts.h"
#include "view/view_neuron_layout.h"

#include <math.h>
#include <stdio.h>

#define LEGEND_TEXT 11.5f
#define LEGEND_GAP 18.0f
#define SUMMARY_TEXT 14.0f
#define BAR_WIDTH 4.0f

/* ---- Above: q, and what comes of it ------------------------------------------------------------ */

/* "it" looks at "animal" most; shorter where there is less room, and nothing where there is none. */
static void draw_summary(const Neurons *n, Vec at, float room)
{
    int most = -1;
    for (int key = 0; key < n->slice.keys; key++) {
        float weight = n->numbers.weight[key];
        if (weight > 0 && (most < 0 || weight > n->numbers.weight[most])) { most = key; }
    }
    if (most < 0) { return; }
    const char *from = parts_token_text(slice_query(&n->slice, n->query));
    const char *to = parts_token_text(slice_key(&n->slice, most));
    double weight = (double)n->numbers.weight[most];
    const char *const texts[] = {
        arena_format(n->scratch, "Head %d: \u201C%s\u201D looks at \u201C%s\u201D most, %.2f",
                     n->head, from, to, weight),
        arena_format(n->scratch, "Head %d: %s \u2192 %s %.2f", n->head, from, to, weight),
        arena_format(n->scratch, "Head %d", n->head),
    };
    TextStyle style = {.size = SUMMARY_TEXT, .color = n->state->theme->ink, .weight = FONT_BOLD};
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        if (drawing_text_width(n->drawing, texts[i], style.size, style.weight) > room) { continue; }
        drawing_text(n->drawing, at, texts[i], &style);
        return;
    }
}

static void draw_query(const Neurons *n)
{
    const Theme *theme = n->state->theme;
    Rect strip = view_neuron_query_strip(n);
    TextStyle style = {.size = NEURON_TITLE_TEXT, .color = theme->ink, .weight = FONT_BOLD};
    float title = drawing_text_width(n->drawing, "query vector q", style.size, style.weight);
    drawing_text(n->drawing, (Vec){strip.x, strip.y - 7},
                 title <= strip.w + NEURON_GAP ? "query vector q" : "q", &style);
    const NeuronPlace *key = view_neuron_place(n, COLUMN_KEY);
    float middle = strip.y + strip.h / 2, size = max_float(n->layout.text_size, 12);
    Rect cell = {key->x, middle - size * 0.9f, key->w - 4, size * 1.8f};
    drawing_rect(n->drawing, cell, 5, theme->highlight);
    drawing_text(n->drawing, (Vec){key->x + NEURON_TOKEN_PAD, middle + size * 0.34f},
                 parts_token_text(slice_query(&n->slice, n->query)),
                 &(TextStyle){.size = size,
                              .color = theme->ink,
                              .weight = FONT_BOLD,
                              .max_width = key->w - 2 * NEURON_TOKEN_PAD + 2});
    view_neuron_strip(n->state, n->numbers.query, n->numbers.size, n->numbers.query_range, strip, 1,
                      n->drawing);
    const NeuronPlace *first = view_neuron_place(n, COLUMN_PRODUCT);
    const NeuronPlace *last = view_neuron_place(n, COLUMN_WEIGHT);
    float room = last->x + last->w - first->x;
    draw_summary(n, (Vec){first->x, middle - 4}, room);
    const char *formula = "weight = softmax(q \u00B7 k / \u221Ad_k)";
    if (view_neuron_formula_width(n->drawing, formula, 13, FONT_REGULAR) > room) { return; }
    view_neuron_formula(n->drawing, (Vec){first->x, middle + 16}, formula,
                        &(TextStyle){.size = 13, .color = theme->muted});
}

static void draw_heading(const Neurons *n, NeuronColumn column)
{
    const Theme *theme = n->state->theme;
    const NeuronPlace *place = view_neuron_place(n, column);
    char title[40], below[40];
    view_neuron_words(&n->numbers, column, title, below);
    bool right = column == COLUMN_QUERY || column == COLUMN_SCORE || column == COLUMN_MASK;
    float pad = column == COLUMN_QUERY ? -NEURON_TOKEN_PAD
                : column == COLUMN_KEY ? NEURON_TOKEN_PAD
                                       : 0;
    Vec at = {(right ? place->x + place->w : place->x) + pad, n->layout.headings.y + 22};
    TextStyle style = {.size = NEURON_TITLE_TEXT,
                       .color = theme->ink,
                       .weight = FONT_BOLD,
                       .align = right ? TEXT_RIGHT : TEXT_LEFT};
    float room = place->w + NEURON_GAP;
    if (view_neuron_formula_width(n->drawing, title, style.size, style.weight) > room) {
        snprintf(title, sizeof title, "k"); /* the only one that can be too wide */
    }
    view_neuron_formula(n->drawing, at, title, &style);
    at.y += 14;
    style = (TextStyle){.size = NEURON_SUB_TEXT, .color = theme->muted, .align = style.align};
    if (view_neuron_formula_width(n->drawing, below, style.size, style.weight) > room) { return; }
    view_neuron_formula(n->drawing, at, below, &style);
}

static void draw_headings(const Neurons *n)
{
    for (NeuronColumn column = 0; column < COLUMNS; column++) {
        if (view_neuron_place(n, column)->shown) { draw_heading(n, column); }
    }
    bool queries = view_neuron_place(n, COLUMN_QUERY)->shown;
    const NeuronPlace *first = view_neuron_place(n, queries ? COLUMN_QUERY : COLUMN_KEY);
    const NeuronPlace *last = view_neuron_place(n, COLUMN_WEIGHT);
    Rect headings = n->layout.headings;
    drawing_rect(n->drawing,
                 (Rect){first->x, headings.y + headings.h - 2, last->x + last->w - first->x, 1}, 0,
                 n->state->theme->faint);
}

/* ---- Below: the legend ------------------------------------------------------------------------- */

/* Writes what there is room for, and moves on. */
static void legend_text(const Neurons *n, float *x, const char *text)
{
    Rect area = n->layout.legend;
    TextStyle style = {.size = LEGEND_TEXT, .color = n->state->theme->muted};
    float width = drawing_text_width(n->drawing, text, style.size, style.weight);
    if (*x + width > area.x + area.w) { return; }
    drawing_text(n->drawing, (Vec){*x, area.y + area.h / 2 + 4}, text, &style);
    *x += width + LEGEND_GAP;
}

static void legend_sign(const Neurons *n, float *x, bool positive, const char *word)
{
    float zero = n->layout.legend.y + n->layout.legend.h / 2 + (positive ? 4 : -4);
    drawing_rect(n->drawing, (Rect){*x, zero - 0.5f, 12, 1}, 0, n->state->theme->border);
    drawing_rect(n->drawing, (Rect){*x + 3, positive ? zero - 9 : zero, 6, 9}, 0,
                 view_neuron_sign_color(n->state, positive));
    *x += 18;
    legend_text(n, x, word);
}

static void legend_cells(const Neurons *n, float *x)
{
    enum { STEPS = 33 };
    float middle = n->layout.legend.y + n->layout.legend.h / 2;
    legend_text(n, x, "negative");
    *x -= LEGEND_GAP - 6;
    Color *cells = drawing_image(n->drawing, (Rect){*x, middle - 5, 66, 10}, 1, STEPS, true);
    for (int i = 0; i < STEPS; i++) {
        cells[i] = palette_map(COLORMAP_DIVERGING, (float)i / (STEPS - 1), n->state->theme->dark);
    }
    *x += 72;
    legend_text(n, x, "positive");
}

static void legend_range(const Neurons *n, float *x, const char *name, NeuronRange range)
{
    char low[24], high[24];
    float largest = view_neuron_largest(range);
    view_neuron_number(range.low, largest, low);
    view_neuron_number(range.high, largest, high);
    legend_text(n, x, arena_format(n->scratch, "%s from %s to %s", name, low, high));
}

/* What the colours are, where the scales end, and what is not seen. */
static void draw_legend(const Neurons *n)
{
    float x = n->layout.legend.x;
    if (view_neuron_strip_has_bars(n->numbers.size, view_neuron_place(n, COLUMN_VECTOR)->w)) {
        legend_sign(n, &x, true, "positive");
        legend_sign(n, &x, false, "negative");
    } else {
        legend_cells(n, &x);
    }
    legend_range(n, &x, "q", n->numbers.query_range);
    legend_range(n, &x, "k", n->numbers.key_range);
    legend_range(n, &x, "q \u00D7 k", n->numbers.product_range);
    float rest = n->layout.content - n->layout.rows.h;
    if (n->state->figure && rest > 1) {
        int left_out = (int)ceilf(rest / n->layout.row_height);
        legend_text(n, &x, arena_format(n->scratch, "%d rows don\u2019t fit", left_out));
    }
    if (n->slice.renormalise) {
        legend_text(n, &x, "weights rescaled to the tokens shown");
    } else if (n->slice.keys < n->slice.attention->keys) {
        legend_text(n, &x, "hidden tokens have a share too");
    }
    if (n->state->threshold > 0 && view_neuron_place(n, COLUMN_LINES)->shown) {
        legend_text(n, &x,
                    arena_format(n->scratch, "lines from %.3g on", (double)n->state->threshold));
    }
}

/* ---- Beside: where we are ---------------------------------------------------------------------- */

static void draw_scroll_bar(const Neurons *n)
{
    Rect rows = n->layout.rows;
    float content = n->layout.content;
    if (n->state->figure || content <= rows.h + 1) { return; }
    float high = max_float(rows.h * rows.h / content, 24);
    float share = clamp_float(n->scroll / (content - rows.h), 0, 1);
    const NeuronPlace *last = view_neuron_place(n, COLUMN_WEIGHT);
    float x = min_float(last->x + last->w + 12, rows.x + rows.w + 8);
    drawing_rect(n->drawing, (Rect){x, rows.y + share * (rows.h - high), BAR_WIDTH, high},
                 BAR_WIDTH / 2, n->state->theme->border);
}

void view_neuron_frame(const Neurons *n)
{
    draw_query(n);
    draw_headings(n);
    draw_scroll_bar(n);
    if (n->state->legend) { draw_legend(n); }
}
