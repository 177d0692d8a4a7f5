/* The compare view: the same head on two texts, or in two models: one matrix each, and their
 * difference. Tokens that are the same stand in the same row and column of all three. */
#include "view/parts.h"

#include "analysis/align.h"
#include "base/base.h"

#include <math.h>
#include <string.h>

#define CELL_MAX 30.0f
#define LABEL_MAX 110.0f
#define LABEL_ANGLE (-50.0f)
#define TITLE 44.0f
#define GAP 26.0f
#define LEGEND 30.0f
#define CARD_WIDTH 216.0f
#define CARD_HEIGHT 82.0f
enum { PANELS = 3 }; /* A, B, B - A */

typedef struct Compare {
    const Trace *a, *b;
    const ViewState *state;
    AlignedToken *tokens;
    int count;
    const float *weights_a, *weights_b; /* of the head, [queries, keys] of each trace */
    int head;
    Rect caption, legend, plot[PANELS];
    float cell, label, left, top; /* label: text size, 0 where there is no room */
    float most;                   /* of the difference, for its colours */
} Compare;

static const char *why_not(const Trace *trace, const ViewState *state)
{
    const Trace *other = state->other;
    int head = headset_next(&state->heads, -1);
    if (state->attention != ATTENTION_SELF) { return "Only self-attention can be compared."; }
    if (other == NULL) {
        return "Nothing to compare with yet: choose a model, or type a second sentence.";
    }
    if (head < 0 || head >= trace->heads) { return "No head is chosen."; }
    if (state->layer >= other->layers || head >= other->heads) {
        return "The other model has no such head; choose a lower layer or head.";
    }
    return NULL;
}

/* A token's name: "tired / wide" where two stand for each other. */
static const char *name_token(const Compare *c, int at, Arena *scratch)
{
    AlignedToken t = c->tokens[at];
    const char *a = t.a >= 0 ? parts_token_text(&c->a->encoding->tokens[t.a]) : NULL;
    const char *b = t.b >= 0 ? parts_token_text(&c->b->encoding->tokens[t.b]) : NULL;
    if (a == NULL) { return b; }
    if (b == NULL || strcmp(a, b) == 0) { return a; }
    return arena_format(scratch, "%s / %s", a, b);
}

static float weight_at(const Trace *trace, const float *weights, int query, int key)
{
    if (query < 0 || key < 0) { return NAN; }
    return weights[(size_t)query * (size_t)trace->tokens + (size_t)key];
}

/* Of panel 0, 1 or 2; NaN where a text has no such tokens. */
static float value_at(const Compare *c, int panel, int row, int column)
{
    AlignedToken q = c->tokens[row], k = c->tokens[column];
    float a = weight_at(c->a, c->weights_a, q.a, k.a), b = weight_at(c->b, c->weights_b, q.b, k.b);
    return panel == 0 ? a : panel == 1 ? b : b - a;
}

static void lay_out(Compare *c, Rect area, const Drawing *drawing, Arena *scratch)
{
    Rect inner = rect_inset(area, PARTS_MARGIN);
    float bottom = inner.y + inner.h;
    if (c->state->caption) {
        c->caption = (Rect){inner.x, bottom - PARTS_CAPTION, inner.w, PARTS_CAPTION};
        bottom -= PARTS_CAPTION;
    }
    if (c->state->legend) {
        c->legend = (Rect){inner.x, bottom - LEGEND, inner.w, LEGEND};
        bottom -= LEGEND + 4;
    }
    float high = max_float(bottom - inner.y - TITLE, 1), width = 10;
    c->label = 12;
    for (int i = 0; i < c->count; i++) {
        width = max_float(
            width, drawing_text_width(drawing, name_token(c, i, scratch), c->label, FONT_REGULAR));
    }
    c->left = min_float(width, LABEL_MAX) + 10;
    c->top = min_float(width, LABEL_MAX) * sinf(-LABEL_ANGLE * 3.14159265f / 180) + 12;
    float count = (float)max_int(c->count, 1);
    float across = (inner.w - c->left - GAP * (PANELS - 1)) / PANELS / count;
    c->cell = clamp_float(min_float(across, (high - c->top) / count), 0.2f, CELL_MAX);
    c->label = c->cell < 4 ? 0 : clamp_float(c->cell * 0.84f, 7.5f, 13);
    float side = c->cell * count, x = inner.x + c->left;
    float y = inner.y + TITLE + c->top + max_float(high - c->top - side, 0) * 0.3f;
    x += max_float((inner.w - c->left - PANELS * side - GAP * (PANELS - 1)) / 2, 0);
    for (int panel = 0; panel < PANELS; panel++) {
        c->plot[panel] = (Rect){x, y, side, side};
        x += side + GAP;
    }
}

static bool prepare(Compare *c, const Trace *trace, const ViewState *state, Rect area,
                    const Drawing *drawing, Arena *scratch)
{
    if (why_not(trace, state) != NULL) { return false; }
    *c = (Compare){.a = trace, .b = state->other, .state = state};
    size_t most = (size_t)trace->tokens + (size_t)state->other->tokens;
    c->tokens = arena_alloc(scratch, most, sizeof *c->tokens);
    int aligned = align_tokens(trace->encoding, state->other->encoding, c->tokens);
    int first = view_tokens(trace, state).first; /* of a text that may have become shorter */
    for (int i = 0; i < aligned; i++) {
        int token = c->tokens[i].a >= 0 ? c->tokens[i].a : c->tokens[i].b;
        if (token < first || token > max_int(state->tokens.last, first)) { continue; }
        c->tokens[c->count++] = c->tokens[i];
    }
    c->head = headset_next(&state->heads, -1);
    c->weights_a = trace_head(c->a, ATTENTION_SELF, state->layer, c->head);
    c->weights_b = trace_head(c->b, ATTENTION_SELF, state->layer, c->head);
    for (int row = 0; row < c->count; row++) {
        for (int column = 0; column < c->count; column++) {
            float difference = fabsf(value_at(c, 2, row, column));
            if (difference > c->most) { c->most = difference; }
        }
    }
    c->most = parts_nice_maximum(max_float(c->most, 0.01f));
    lay_out(c, area, drawing, scratch);
    return true;
}

/* The place of a target of the trace in the alignment, -1 when it has none. */
static int place_of(const Compare *c, int token)
{
    for (int i = 0; i < c->count && token >= 0; i++) {
        if (c->tokens[i].a == token) { return i; }
    }
    return -1;
}

static void draw_panel(const Compare *c, int panel, Drawing *drawing)
{
    const Theme *theme = c->state->theme;
    Rect plot = c->plot[panel];
    Color *cells = drawing_image(drawing, plot, c->count, c->count, false);
    for (int row = 0; row < c->count; row++) {
        for (int column = 0; column < c->count; column++) {
            float value = value_at(c, panel, row, column);
            Color *cell = &cells[(size_t)row * (size_t)c->count + (size_t)column];
            if (isnan(value)) {
                *cell = theme->faint;
            } else if (panel == 2) {
                *cell = palette_map(COLORMAP_DIVERGING, 0.5f + 0.5f * value / c->most, theme->dark);
            } else {
                *cell = palette_map(c->state->map, parts_scale(c->state, value, 1), theme->dark);
            }
        }
    }
    drawing_frame(drawing, rect_inset(plot, -0.75f), 0, 0.75f, theme->border);
}

static void draw_mark(const Compare *c, Target target, Color color, float width, Drawing *drawing)
{
    int row = target.kind == TARGET_KEY ? -1 : place_of(c, target.query);
    int column = target.kind == TARGET_QUERY ? -1 : place_of(c, target.key);
    for (int panel = 0; panel < PANELS; panel++) {
        Rect plot = c->plot[panel];
        if (row >= 0) {
            drawing_frame(drawing, (Rect){plot.x, plot.y + (float)row * c->cell, plot.w, c->cell},
                          0, width, color);
        }
        if (column >= 0) {
            drawing_frame(drawing,
                          (Rect){plot.x + (float)column * c->cell, plot.y, c->cell, plot.h}, 0,
                          width, color);
        }
    }
}

static void draw_labels(const Compare *c, Drawing *drawing, Arena *scratch)
{
    if (c->label <= 0) { return; }
    int stride = max_int((int)ceilf(c->label * 1.15f / c->cell), 1);
    for (int i = 0; i < c->count; i++) {
        AlignedToken t = c->tokens[i];
        const char *name = name_token(c, i, scratch);
        float middle = ((float)i + 0.5f) * c->cell;
        bool changed = t.a < 0 || t.b < 0 || name != parts_token_text(&c->a->encoding->tokens[t.a]);
        if (i % stride != 0 && !changed) { continue; }
        TextStyle style = {.size = c->label,
                           .color = changed ? c->state->theme->accent : c->state->theme->ink,
                           .weight = changed ? FONT_BOLD : FONT_REGULAR,
                           .max_width = LABEL_MAX,
                           .align = TEXT_RIGHT};
        if (t.a >= 0) {
            drawing_set_hit(drawing, target_pack((Target){TARGET_QUERY, -1, -1, t.a, -1}));
        }
        drawing_text(drawing, (Vec){c->plot[0].x - 7, c->plot[0].y + middle + c->label * 0.35f},
                     name, &style);
        style.align = TEXT_LEFT;
        style.angle = LABEL_ANGLE;
        if (t.a >= 0) {
            drawing_set_hit(drawing, target_pack((Target){TARGET_KEY, -1, -1, -1, t.a}));
        }
        for (int panel = 0; panel < PANELS; panel++) {
            drawing_text(drawing,
                         (Vec){c->plot[panel].x + middle + c->label * 0.3f, c->plot[panel].y - 6},
                         name, &style);
        }
        drawing_set_hit(drawing, 0);
    }
}

static void draw_titles(const Compare *c, Drawing *drawing)
{
    const Theme *theme = c->state->theme;
    for (int panel = 0; panel < PANELS; panel++) {
        const Trace *trace = panel == 0 ? c->a : c->b;
        Vec at = {c->plot[panel].x, c->plot[panel].y - c->top - TITLE + 14};
        TextStyle bold = {.size = 13,
                          .color = theme->ink,
                          .weight = FONT_BOLD,
                          .max_width = max_float(c->plot[panel].w + GAP - 6, 60)};
        TextStyle quiet = {.size = 11.5f, .color = theme->muted, .max_width = bold.max_width};
        if (panel == 2) {
            drawing_text(drawing, at, "B \u2212 A", &bold);
            drawing_text(drawing, (Vec){at.x, at.y + 17}, "difference of the weights", &quiet);
            continue;
        }
        char off[80] = "";
        if (trace->heads_off != NULL) { trace_name_off(trace, off, sizeof off); }
        drawing_text_format(drawing, at, &bold, "%s: %s%s%s", panel == 0 ? "A" : "B", trace->model,
                            off[0] != '\0' ? " without " : "", off);
        const char *text = trace->encoding->text[0];
        drawing_text_format(drawing, (Vec){at.x, at.y + 17}, &quiet, "\u201C%s\u201D",
                            text != NULL ? text : "");
    }
}

static float draw_bar(const Compare *c, ColorMap map, float x, float base, const char *low,
                      const char *high, Drawing *drawing)
{
    enum { STEPS = 48 };
    TextStyle quiet = {.size = 11.5f, .color = c->state->theme->muted};
    x += drawing_text(drawing, (Vec){x, base}, low, &quiet) + 6;
    Rect bar = {x, base - 10, 100, 11};
    Color *cells = drawing_image(drawing, bar, 1, STEPS, true);
    for (int step = 0; step < STEPS; step++) {
        cells[step] = palette_map(map, (float)step / (STEPS - 1), c->state->theme->dark);
    }
    drawing_frame(drawing, bar, 0, 0.75f, c->state->theme->border);
    x += bar.w + 6;
    return x + drawing_text(drawing, (Vec){x, base}, high, &quiet) + 24;
}

static void draw_legend(const Compare *c, Drawing *drawing, Arena *scratch)
{
    TextStyle quiet = {.size = 11.5f, .color = c->state->theme->muted};
    float x = c->legend.x, base = c->legend.y + c->legend.h / 2 + 4;
    x += drawing_text(drawing, (Vec){x, base}, "A, B", &quiet) + 8;
    x = draw_bar(c, c->state->map, x, base, c->state->logarithmic ? "\u22640.001" : "0", "1",
                 drawing);
    x += drawing_text(drawing, (Vec){x, base}, "B \u2212 A", &quiet) + 8;
    x = draw_bar(c, COLORMAP_DIVERGING, x, base,
                 arena_format(scratch, "\u2212%.2g", (double)c->most),
                 arena_format(scratch, "%.2g", (double)c->most), drawing);
    quiet.max_width = c->legend.x + c->legend.w - x;
    if (quiet.max_width > 60) {
        drawing_text(drawing, (Vec){x, base}, "queries down, keys across; grey: not in both texts",
                     &quiet);
    }
}

/* Both weights of the link under the pointer. */
static void draw_card(const Compare *c, Rect area, Drawing *drawing, Arena *scratch)
{
    int row = place_of(c, c->state->hover.query), column = place_of(c, c->state->hover.key);
    if (c->state->hover.kind != TARGET_LINK || row < 0 || column < 0) { return; }
    const Theme *theme = c->state->theme;
    Rect card = {c->plot[0].x + ((float)column + 2) * c->cell,
                 c->plot[0].y + ((float)row + 1.6f) * c->cell, CARD_WIDTH, CARD_HEIGHT};
    card.x = min_float(card.x, area.x + area.w - card.w - 8);
    card.y = min_float(card.y, area.y + area.h - card.h - 8);
    drawing_rect(drawing, card, 7, theme->raised);
    drawing_frame(drawing, card, 7, 1, theme->border);
    TextStyle bold = {
        .size = 13, .color = theme->ink, .weight = FONT_BOLD, .max_width = card.w - 24};
    drawing_text_format(drawing, (Vec){card.x + 12, card.y + 20}, &bold, "%s \u2192 %s",
                        name_token(c, row, scratch), name_token(c, column, scratch));
    static const char *const names[PANELS] = {"A", "B", "B \u2212 A"};
    TextStyle quiet = {.size = 12, .color = theme->muted};
    TextStyle number = {.size = 12, .color = theme->ink, .align = TEXT_RIGHT};
    for (int panel = 0; panel < PANELS; panel++) {
        float y = card.y + 38 + 16 * (float)panel, value = value_at(c, panel, row, column);
        drawing_text(drawing, (Vec){card.x + 12, y}, names[panel], &quiet);
        if (isnan(value)) {
            drawing_text(drawing, (Vec){card.x + card.w - 12, y}, "not there", &number);
        } else {
            drawing_text_format(drawing, (Vec){card.x + card.w - 12, y}, &number,
                                panel == 2 ? "%+.4f" : "%.4f", (double)value);
        }
    }
}

void view_compare_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    Arena scratch = {0};
    Compare c;
    if (!prepare(&c, trace, state, area, drawing, &scratch)) {
        parts_notice(state, area, drawing, why_not(trace, state));
        arena_free(&scratch);
        return;
    }
    ViewState one = *state; /* of several heads the first is compared */
    one.heads = (HeadSet){0};
    headset_put(&one.heads, c.head, true);
    draw_titles(&c, drawing);
    draw_labels(&c, drawing, &scratch);
    for (int panel = 0; panel < PANELS; panel++) { draw_panel(&c, panel, drawing); }
    for (int pin = 0; pin < state->pin_count; pin++) {
        draw_mark(&c, state->pins[pin], state->theme->accent, 2, drawing);
    }
    if (state->legend) { draw_legend(&c, drawing, &scratch); }
    if (state->caption) { parts_caption(trace, &one, c.caption, drawing); }
    if (!state->figure) {
        draw_mark(&c, state->hover, color_fade(state->theme->ink, 0.75f), 1.25f, drawing);
        draw_card(&c, area, drawing, &scratch);
    }
    arena_free(&scratch);
}

Vec view_compare_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    (void)drawing;
    int other = state->other != NULL ? state->other->tokens : 0;
    float side = clamp_float(22 * (float)max_int(trace->tokens, other), 220, 420);
    return (Vec){ceilf(3 * side + 2 * GAP + 2 * PARTS_MARGIN + LABEL_MAX),
                 ceilf(side + TITLE + 100 + 2 * PARTS_MARGIN +
                       (state->caption ? PARTS_CAPTION : 0) + (state->legend ? LEGEND + 4 : 0))};
}

Target view_compare_locate(const Trace *trace, const ViewState *state, Rect area,
                           const Drawing *drawing, Vec point)
{
    Arena scratch = {0};
    Compare c;
    Target target = {TARGET_NONE, -1, -1, -1, -1};
    bool ready = prepare(&c, trace, state, area, drawing, &scratch);
    for (int panel = 0; ready && panel < PANELS; panel++) {
        if (!rect_contains(c.plot[panel], point)) { continue; }
        int row = (int)((point.y - c.plot[panel].y) / c.cell);
        int column = (int)((point.x - c.plot[panel].x) / c.cell);
        if (row < 0 || row >= c.count || column < 0 || column >= c.count) { continue; }
        int query = c.tokens[row].a, key = c.tokens[column].a;
        if (query >= 0 && key >= 0) {
            target = (Target){TARGET_LINK, state->layer, c.head, query, key};
        }
    }
    arena_free(&scratch);
    return target;
}
