#include "view/view_neuron_layout.h"

#include "base/base.h"
#include "view/parts.h"

#include <math.h>
#include <stdio.h>

#define ROW_MIN 19.0f
#define ROW_FIGURE 14.0f /* a figure can't be scrolled: it has lower rows before it has fewer */
#define ROW_MAX 44.0f
#define ROW_TEXT 0.6f /* text size as a share of the row height */
#define TEXT_MAX 18.0f
#define NUMBER_TEXT 0.92f /* text size of numbers as a share of that of the tokens */
#define ROWS_PAD 5.0f     /* between headings and rows */
#define TOKEN_MIN 40.0f
#define TOKEN_MAX 130.0f
#define TOKEN_SHORT 80.0f /* a column of tokens where there is little room */
#define STRIP_MIN 56.0f
#define PITCH_MAX 20.0f   /* widest cell of a strip */
#define BAR_GAP 8.0f      /* between a bar and its number */
#define QUERY_TITLE 20.0f /* above the strip of q */
#define QUERY_STRIP 40.0f /* the strip of q, taller than those of the keys */
#define QUERY_STRIP_LOW 26.0f
#define HEADINGS 46.0f  /* title and formula of the columns, below q */
#define LOW_AREA 520.0f /* areas lower than this get the low strip */
enum { LEVELS = 3 };

void view_neuron_words(const NeuronNumbers *numbers, NeuronColumn column, char title[40],
                       char below[40])
{
    static const char *const titles[COLUMNS] = {
        "query", "", "key", "key vector k", "q \u00D7 k", "q \u00B7 k", "score", "mask", "softmax"};
    static const char *const words[COLUMNS] = {
        "looks", "", "is looked at", "", "number by number", "the sum", "", "", "over all keys"};
    snprintf(title, 40, "%s", titles[column]);
    snprintf(below, 40, "%s", words[column]);
    if (column == COLUMN_VECTOR) { snprintf(below, 40, "d_k = %d", numbers->size); }
    if (column == COLUMN_SCORE) { snprintf(below, 40, "q \u00B7 k / \u221A%d", numbers->size); }
}

static float words_width(const NeuronNumbers *numbers, NeuronColumn column, const Drawing *drawing)
{
    char title[40], below[40];
    view_neuron_words(numbers, column, title, below);
    return max_float(view_neuron_formula_width(drawing, title, NEURON_TITLE_TEXT, FONT_BOLD),
                     view_neuron_formula_width(drawing, below, NEURON_SUB_TEXT, FONT_REGULAR));
}

static float widest_token(const Slice *slice, const Drawing *drawing, float size, bool queries)
{
    float width = TOKEN_MIN;
    int count = queries ? slice->queries : slice->keys;
    for (int i = 0; i < count; i++) {
        const Token *token = queries ? slice_query(slice, i) : slice_key(slice, i);
        width =
            max_float(width, drawing_text_width(drawing, parts_token_text(token), size, FONT_BOLD));
    }
    return min_float(width, TOKEN_MAX) + 2 * NEURON_TOKEN_PAD;
}

static float widest_number(const NeuronNumbers *numbers, float size, const Drawing *drawing)
{
    char low[24], high[24];
    float largest = view_neuron_largest(numbers->dot_range);
    view_neuron_number(numbers->dot_range.low, largest, low);
    view_neuron_number(numbers->dot_range.high, largest, high);
    return max_float(drawing_text_width(drawing, low, size, FONT_REGULAR),
                     drawing_text_width(drawing, high, size, FONT_REGULAR));
}

/* Which columns there are and how wide they may be. Level 0 has all, 1 no score column and short
 * tokens, 2 no queries and lines: each gives up what the rest can be read without. */
static void choose_columns(NeuronLayout *layout, const ViewState *state, const Slice *slice,
                           const NeuronNumbers *numbers, int level, const Drawing *drawing)
{
    float number = layout->number = widest_number(numbers, layout->number_size, drawing);
    float weight = drawing_text_width(drawing, "0.000", layout->number_size, FONT_REGULAR);
    float query = widest_token(slice, drawing, layout->text_size, true);
    float key = widest_token(slice, drawing, layout->text_size, false);
    if (level > 0) {
        query = min_float(query, TOKEN_SHORT);
        key = min_float(key, TOKEN_SHORT);
    }
    float size = (float)max_int(numbers->size, 1);
    float strip = min_float(clamp_float(size * 11, 160, 560), size * PITCH_MAX);
    float strip_min = min_float(STRIP_MIN, strip), gap = NEURON_GAP;
    const NeuronPlace places[COLUMNS] = {
        [COLUMN_QUERY] = {.shown = level < 2, .min = query, .max = query},
        [COLUMN_LINES] = {.shown = level < 2, .min = 44, .max = 240},
        [COLUMN_KEY] = {.shown = true, .min = key, .max = key},
        [COLUMN_VECTOR] = {.shown = true, .min = strip_min, .max = strip, .gap = 4},
        [COLUMN_PRODUCT] = {.shown = true, .min = strip_min, .max = strip, .gap = gap + 6},
        [COLUMN_DOT] = {.shown = true,
                        .min = 28 + BAR_GAP + number,
                        .max = 140 + BAR_GAP + number,
                        .gap = gap + 6},
        [COLUMN_SCORE] = {.shown = level < 1, .min = number, .max = number, .gap = gap},
        [COLUMN_MASK] = {.shown = state->attention == ATTENTION_DECODER,
                         .min = 24,
                         .max = 24,
                         .gap = gap},
        [COLUMN_WEIGHT] = {.shown = true,
                           .min = 34 + BAR_GAP + weight,
                           .max = 200 + BAR_GAP + weight,
                           .gap = gap + 6},
    };
    for (NeuronColumn column = 0; column < COLUMNS; column++) {
        NeuronPlace *place = &layout->columns[column];
        *place = places[column];
        if (column == COLUMN_VECTOR || column == COLUMN_PRODUCT) { continue; }
        bool token = column == COLUMN_QUERY || column == COLUMN_KEY;
        float words = words_width(numbers, column, drawing) + (token ? 2 * NEURON_TOKEN_PAD : 0);
        place->min = max_float(place->min, words);
        place->max = max_float(place->max, place->min);
    }
}

/* The width of all columns when each has `share` of what lies between its least and its most. */
static float total_width(const NeuronLayout *layout, float share)
{
    float width = 0;
    for (NeuronColumn column = 0; column < COLUMNS; column++) {
        const NeuronPlace *place = &layout->columns[column];
        if (!place->shown) { continue; }
        width += place->gap + place->min + share * (place->max - place->min);
    }
    return width;
}

/* Shares out the width, and stands the block of columns in the middle of it. */
static bool place_columns(NeuronLayout *layout, const NeuronNumbers *numbers, Rect inner)
{
    float least = total_width(layout, 0), most = total_width(layout, 1), total = 0;
    float share = most > least ? clamp_float((inner.w - least) / (most - least), 0, 1) : 0;
    for (NeuronColumn column = 0; column < COLUMNS; column++) {
        NeuronPlace *place = &layout->columns[column];
        if (!place->shown) { continue; }
        place->w = place->min + share * (place->max - place->min);
        if (column == COLUMN_VECTOR || column == COLUMN_PRODUCT) {
            /* Cells of whole points, so that bars are sharp and equally wide. */
            float pitch = place->w / (float)max_int(numbers->size, 1);
            if (pitch >= 2) { place->w = floorf(pitch) * (float)numbers->size; }
        }
        total += place->gap + place->w;
    }
    float x = inner.x + max_float(inner.w - total, 0) / 2;
    for (NeuronColumn column = 0; column < COLUMNS; column++) {
        NeuronPlace *place = &layout->columns[column];
        if (!place->shown) { continue; }
        place->x = roundf(x + place->gap);
        x += place->gap + place->w;
    }
    return least <= inner.w;
}

static void place_parts(NeuronLayout *layout, const ViewState *state, Rect inner)
{
    float top = inner.y, bottom = inner.y + inner.h;
    if (state->caption) {
        layout->caption = (Rect){inner.x, bottom - PARTS_CAPTION, inner.w, PARTS_CAPTION};
        bottom -= PARTS_CAPTION;
    }
    if (state->legend) {
        layout->header = (Rect){inner.x, top, inner.w, PARTS_HEADER};
        top += PARTS_HEADER + 6;
        layout->legend = (Rect){inner.x, bottom - PARTS_LEGEND, inner.w, PARTS_LEGEND};
        bottom -= PARTS_LEGEND + 8;
    }
    float strip = inner.h < LOW_AREA ? QUERY_STRIP_LOW : QUERY_STRIP;
    layout->query = (Rect){inner.x, top + QUERY_TITLE, inner.w, strip};
    top += QUERY_TITLE + strip;
    layout->headings = (Rect){inner.x, top, inner.w, HEADINGS};
    top += HEADINGS + ROWS_PAD;
    layout->rows = (Rect){inner.x, top, inner.w, max_float(bottom - top, 1)};
}

static float number_size(float text_size) { return clamp_float(text_size * NUMBER_TEXT, 8.5f, 13); }

NeuronLayout view_neuron_layout(const ViewState *state, const Slice *slice,
                                const NeuronNumbers *numbers, Rect area, const Drawing *drawing)
{
    NeuronLayout layout = {0};
    Rect inner = rect_inset(area, PARTS_MARGIN);
    place_parts(&layout, state, inner);
    float lowest = state->figure ? ROW_FIGURE : ROW_MIN;
    int count = max_int(max_int(slice->queries, slice->keys), 1);
    layout.row_height = clamp_float(layout.rows.h / (float)count, lowest, ROW_MAX);
    layout.text_size = min_float(layout.row_height * ROW_TEXT, TEXT_MAX);
    layout.number_size = number_size(layout.text_size);
    layout.content = layout.row_height * (float)count;
    for (int level = 0; level < LEVELS && !layout.fits; level++) {
        choose_columns(&layout, state, slice, numbers, level, drawing);
        layout.fits = place_columns(&layout, numbers, inner);
    }
    layout.fits = layout.fits && layout.rows.h >= layout.row_height;
    return layout;
}

Vec view_neuron_natural_size(const ViewState *state, const Slice *slice,
                             const NeuronNumbers *numbers, const Drawing *drawing)
{
    NeuronLayout layout = {.text_size = min_float(state->text_size, TEXT_MAX)};
    layout.number_size = number_size(layout.text_size);
    choose_columns(&layout, state, slice, numbers, 0, drawing);
    float rows =
        layout.text_size / ROW_TEXT * (float)max_int(max_int(slice->queries, slice->keys), 1);
    float parts = (state->caption ? PARTS_CAPTION : 0) +
                  (state->legend ? PARTS_HEADER + 6 + PARTS_LEGEND + 8 : 0);
    float height =
        rows + parts + QUERY_TITLE + QUERY_STRIP + HEADINGS + ROWS_PAD + 2 * PARTS_MARGIN;
    float width = total_width(&layout, 0.5f) + 2 * PARTS_MARGIN;
    return (Vec){ceilf(max_float(width, 800)), ceilf(max_float(height, LOW_AREA))};
}

const NeuronPlace *view_neuron_place(const Neurons *n, NeuronColumn column)
{
    return &n->layout.columns[column];
}

Rect view_neuron_query_strip(const Neurons *n)
{
    const NeuronPlace *place = view_neuron_place(n, COLUMN_VECTOR);
    return (Rect){place->x, n->layout.query.y, place->w, n->layout.query.h};
}
