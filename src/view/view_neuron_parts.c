#include "view/view_neuron_parts.h"

#include "base/base.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LOW_SIZE 0.72f /* of a letter set low, as a share of the text size */
#define LOW_DROP 0.16f
#define BAR_THINNEST 1.0f
#define BAR_LOWEST 0.35f /* lower bars would only be a haze on the middle line */

/* ---- Numbers ----------------------------------------------------------------------------------- */

bool view_neuron_has_vectors(const Trace *trace, AttentionKind kind)
{
    const Attention *a = &trace->attention[kind];
    return trace->query != NULL && trace->key != NULL && trace->head_size > 0 &&
           a->query_tokens == trace->encoding && a->key_tokens == trace->encoding &&
           a->queries == trace->tokens && a->keys == trace->tokens && a->layers == trace->layers &&
           a->heads == trace->heads;
}

static void widen(NeuronRange *range, float value)
{
    if (!isfinite(value)) { return; }
    range->low = min_float(range->low, value);
    range->high = max_float(range->high, value);
}

float view_neuron_largest(NeuronRange range) { return max_float(-range.low, range.high); }

static void add_key(NeuronNumbers *numbers, int key, float root)
{
    float dot = 0;
    for (int i = 0; i < numbers->size; i++) {
        float product = numbers->query[i] * numbers->key[key][i];
        widen(&numbers->key_range, numbers->key[key][i]);
        widen(&numbers->product_range, product);
        dot += product;
    }
    numbers->dot[key] = isfinite(dot) ? dot : NAN;
    numbers->score[key] = numbers->dot[key] / root;
    widen(&numbers->dot_range, dot);
}

NeuronNumbers view_neuron_numbers(const Trace *trace, AttentionKind kind, const Slice *slice,
                                  int layer, int head, int query, Arena *arena)
{
    NeuronNumbers numbers = {.keys = slice->keys};
    size_t keys = (size_t)slice->keys;
    numbers.weight = arena_alloc(arena, keys, sizeof *numbers.weight);
    numbers.masked = arena_alloc(arena, keys, sizeof *numbers.masked);
    Slice row = *slice;
    row.queries = 1;
    row.query_index = &slice->query_index[query];
    slice_weights(&row, layer, head, numbers.weight);
    for (int key = 0; key < slice->keys; key++) {
        numbers.masked[key] =
            kind == ATTENTION_DECODER && slice->key_index[key] > slice->query_index[query];
    }
    if (!view_neuron_has_vectors(trace, kind)) { return numbers; }
    size_t size = (size_t)trace->head_size;
    const float *q = trace_vectors(trace, trace->query, layer, head);
    const float *k = trace_vectors(trace, trace->key, layer, head);
    numbers.size = trace->head_size;
    numbers.query = q + (size_t)slice->query_index[query] * size;
    numbers.key = arena_alloc(arena, keys, sizeof *numbers.key);
    numbers.dot = arena_alloc(arena, keys, sizeof *numbers.dot);
    numbers.score = arena_alloc(arena, keys, sizeof *numbers.score);
    for (int i = 0; i < numbers.size; i++) { widen(&numbers.query_range, numbers.query[i]); }
    for (int key = 0; key < slice->keys; key++) {
        numbers.key[key] = k + (size_t)slice->key_index[key] * size;
        add_key(&numbers, key, sqrtf((float)numbers.size));
    }
    return numbers;
}

void view_neuron_products(const NeuronNumbers *numbers, int key, float *products)
{
    for (int i = 0; i < numbers->size; i++) {
        products[i] = numbers->query[i] * numbers->key[key][i];
    }
}

const char *view_neuron_number(float value, float largest, char out[24])
{
    if (!isfinite(value)) {
        snprintf(out, 24, "\u2013");
        return out;
    }
    char digits[20];
    if (largest >= 1e5f || (largest > 0 && largest < 0.01f)) {
        snprintf(digits, sizeof digits, "%.2e", (double)fabsf(value));
    } else {
        int decimals = largest >= 1000 ? 0 : largest >= 100 ? 1 : 2;
        snprintf(digits, sizeof digits, "%.*f", decimals, (double)fabsf(value));
    }
    bool zero = strspn(digits, "0.") == strlen(digits); /* no "-0.00" */
    snprintf(out, 24, "%s%s", value < 0 && !zero ? "\u2212" : "", digits);
    return out;
}

/* ---- Strips and bars --------------------------------------------------------------------------- */

Color view_neuron_sign_color(const ViewState *state, bool positive)
{
    return palette_map(COLORMAP_DIVERGING, positive ? 0.88f : 0.12f, state->theme->dark);
}

bool view_neuron_strip_has_bars(int count, float width)
{
    return width >= BAR_THINNEST * (float)count;
}

static void draw_cells(const ViewState *state, const float *values, int count, NeuronRange range,
                       Rect rect, float opacity, Drawing *drawing)
{
    Rect inner = {rect.x, rect.y + rect.h * 0.14f, rect.w, rect.h * 0.72f};
    float largest = view_neuron_largest(range);
    Color *cells = drawing_image(drawing, inner, 1, count, false);
    for (int i = 0; i < count; i++) {
        float value = isfinite(values[i]) ? 0.5f + 0.5f * values[i] / largest : NAN;
        cells[i] = color_fade(palette_map(COLORMAP_DIVERGING, value, state->theme->dark), opacity);
    }
}

void view_neuron_strip(const ViewState *state, const float *values, int count, NeuronRange range,
                       Rect rect, float opacity, Drawing *drawing)
{
    float span = range.high - range.low;
    if (count <= 0 || !(span > 0) || !isfinite(span)) { return; }
    if (!rect_overlap(rect, drawing->clip)) { return; }
    if (!view_neuron_strip_has_bars(count, rect.w)) {
        draw_cells(state, values, count, range, rect, opacity, drawing);
        return;
    }
    float pitch = rect.w / (float)count, zero = rect.y + rect.h * range.high / span;
    float wide = pitch >= 8 ? pitch - 2 : pitch >= 3 ? pitch - 1 : pitch;
    drawing_rect(drawing, (Rect){rect.x, zero - 0.5f, rect.w, 1}, 0, state->theme->faint);
    for (int i = 0; i < count; i++) {
        if (!isfinite(values[i])) { continue; }
        bool positive = values[i] > 0;
        float high = rect.h * fabsf(values[i]) / span;
        if (high < BAR_LOWEST) { continue; }
        drawing_rect(drawing,
                     (Rect){rect.x + pitch * (float)i, positive ? zero - high : zero, wide, high},
                     0, color_fade(view_neuron_sign_color(state, positive), opacity));
    }
}

void view_neuron_bar(const ViewState *state, float value, NeuronRange range, Rect rect,
                     float opacity, Drawing *drawing)
{
    float span = range.high - range.low;
    if (!(span > 0) || !isfinite(span)) { return; }
    float zero = rect.x - rect.w * range.low / span;
    drawing_rect(drawing, (Rect){zero - 0.5f, rect.y - 3, 1, rect.h + 6}, 0, state->theme->border);
    if (!isfinite(value)) { return; }
    float length = rect.w * fabsf(value) / span;
    drawing_rect(drawing, (Rect){value > 0 ? zero : zero - length, rect.y, length, rect.h}, 0,
                 color_fade(view_neuron_sign_color(state, value > 0), opacity));
}

/* ---- Formulas ---------------------------------------------------------------------------------- */

/* Takes the next run of letters of one height off the formula; its text goes into `run`. */
static bool next_run(const char **formula, char run[64], bool *low)
{
    size_t length = 0;
    *low = **formula == '_';
    if (*low) {
        length = (*formula)[1] != '\0' ? 1 : 0;
        *formula += 1;
    } else {
        length = min_size(strcspn(*formula, "_"), 63);
    }
    memcpy(run, *formula, length);
    run[length] = '\0';
    *formula += length;
    return length > 0;
}

float view_neuron_formula_width(const Drawing *drawing, const char *formula, float size,
                                FontWeight weight)
{
    char run[64];
    bool low;
    float width = 0;
    while (next_run(&formula, run, &low)) {
        width += drawing_text_width(drawing, run, low ? size * LOW_SIZE : size, weight);
    }
    return width;
}

float view_neuron_formula(Drawing *drawing, Vec at, const char *formula, const TextStyle *style)
{
    float width = view_neuron_formula_width(drawing, formula, style->size, style->weight);
    float share = style->align == TEXT_CENTER ? 0.5f : style->align == TEXT_RIGHT ? 1.0f : 0;
    TextStyle part = *style;
    part.align = TEXT_LEFT;
    float x = at.x - share * width;
    char run[64];
    bool low;
    while (next_run(&formula, run, &low)) {
        part.size = low ? style->size * LOW_SIZE : style->size;
        x += drawing_text(drawing, (Vec){x, at.y + (low ? style->size * LOW_DROP : 0)}, run, &part);
    }
    return width;
}

/* ---- Card -------------------------------------------------------------------------------------- */

void view_neuron_card(const ViewState *state, const char *title, const char *line, Rect cell,
                      Rect area, Drawing *drawing)
{
    const Theme *theme = state->theme;
    TextStyle bold = {.size = 11.5f, .color = theme->muted};
    TextStyle plain = {.size = 13, .color = theme->ink};
    float width = max_float(drawing_text_width(drawing, title, bold.size, bold.weight),
                            drawing_text_width(drawing, line, plain.size, plain.weight));
    Rect card = {cell.x + cell.w / 2 - width / 2 - 10, cell.y + cell.h + 6, width + 20, 44};
    /* Below the cell, or above where there is no room below. */
    if (card.y + card.h > area.y + area.h) { card.y = cell.y - card.h - 6; }
    card.x = max_float(min_float(card.x, area.x + area.w - card.w), area.x);
    card.y = max_float(card.y, area.y);
    drawing_rect(drawing, rect_inset(card, -1), 7, color_fade(theme->ink, 0.10f));
    drawing_rect(drawing, card, 6, theme->raised);
    drawing_frame(drawing, card, 6, 1, theme->border);
    drawing_text(drawing, (Vec){card.x + 10, card.y + 17}, title, &bold);
    drawing_text(drawing, (Vec){card.x + 10, card.y + 35}, line, &plain);
}
