/* The walk-through: how attention is calculated, step by step, on the text of the trace, in the order and
 * with the notation of "Attention Is All You Need" (Vaswani et al. 2017). */
#include "base/base.h"
#include "view/walk.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STRIP 4.2f /* of body text, at the left: where in the encoder this is */
#define CARD_WIDTH 330.0f
#define MARGIN 18.0f

/* ---- What is looked at ---- */

static int choose_query(const Trace *trace, const ViewState *state)
{
    for (int pin = state->pin_count - 1; pin >= 0; pin--) {
        int token = state->pins[pin].query;
        if (token >= 0 && token < trace->tokens) { return token; }
    }
    for (int token = 0; token < trace->tokens; token++) {
        if (!trace->encoding->tokens[token].special) { return token; }
    }
    return 0;
}

static const char *why_not(const Trace *trace, const ViewState *state)
{
    const Attention *a = &trace->attention[ATTENTION_SELF];
    if (state->attention != ATTENTION_SELF || a->weights == NULL || a->queries != a->keys) {
        return "The walk-through needs the self-attention of an encoder.";
    }
    return NULL;
}

static Walk begin(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing,
                  Arena *arena)
{
    Walk w = {.trace = trace,
              .state = state,
              .drawing = drawing,
              .arena = arena,
              .layer = clamp_int(state->layer, 0, trace->layers - 1),
              .T = trace->tokens,
              .d = trace->head_size,
              .H = trace->hidden_size};
    w.head = clamp_int(headset_next(&state->heads, -1), 0, trace->heads - 1);
    w.query = choose_query(trace, state);
    w.text = clamp_float(min_float(area.h / 34, area.w / 52), 11, 26);
    w.weights = trace_head(trace, ATTENTION_SELF, w.layer, w.head);
    if (trace->query != NULL) { w.q = trace_vectors(trace, trace->query, w.layer, w.head); }
    if (trace->key != NULL) { w.k = trace_vectors(trace, trace->key, w.layer, w.head); }
    if (trace->value != NULL) { w.v = trace_vectors(trace, trace->value, w.layer, w.head); }
    if (trace->hidden != NULL) {
        size_t TH = (size_t)w.T * (size_t)w.H;
        w.x = trace->hidden + (size_t)w.layer * TH;
        w.above = w.x + TH;
    }
    if (trace->steps != NULL && trace->steps->layer == w.layer) { w.steps = trace->steps; }
    float head = w.text * 4.4f, foot = w.text * 4.6f;
    float strip = w.text * STRIP;
    w.body = (Rect){area.x + strip + MARGIN, area.y + MARGIN + head, area.w - strip - 2 * MARGIN,
                    max_float(area.h - 2 * MARGIN - head - foot, 20)};
    return w;
}

static int step_of(const ViewState *state) { return clamp_int(state->step, 0, WALK_STEPS - 1); }

/* One matrix as large as the body, if one was clicked. */
static void place(Walk *w)
{
    walk_steps[step_of(w->state)].place(w);
    int zoomed = w->state->step_zoom;
    if (zoomed < 0 || zoomed >= w->count || w->missing != NULL) { return; }
    WalkMatrix one = w->matrices[zoomed];
    if (w->drawing != NULL) {
        drawing_rect(w->drawing, rect_inset(w->body, -MARGIN), 0, w->state->theme->background);
    }
    one.row_tokens = one.rows == w->T;
    int count = w->count;
    w->count = 0; /* it is there at once, without waiting for its turn */
    walk_matrix(w, w->body, one);
    w->matrices[zoomed] = w->matrices[0];
    for (int i = 0; i < count; i++) {
        if (i != zoomed) { w->matrices[i].rect = (Rect){0}; }
    }
    w->count = count;
}

/* ---- Around the step ---- */

/* Where in the encoder this is: layers from the input up, the parts of the present one. */
static void draw_strip(Walk *w, Rect area)
{
    static const struct {
        const char *name;
        int first, last; /* steps */
    } parts[] = {{"input", 0, 1},  {"attend", 2, 8}, {"add", 9, 9},
                 {"feed", 10, 10}, {"up", 11, 11},   {"words", 12, 12}};
    const Theme *theme = w->state->theme;
    int step = step_of(w->state), count = (int)COUNTOF(parts);
    float pitch = min_float((area.h - 30) / (float)count, w->text * 3.4f);
    for (int i = 0; i < count; i++) {
        bool here = step >= parts[i].first && step <= parts[i].last;
        float y = area.y + area.h - pitch * (float)(i + 1);
        Rect box = {area.x, y, area.w - w->text * 0.9f, pitch - 12};
        drawing_rect(w->drawing, box, 5, here ? theme->accent : theme->raised);
        drawing_frame(w->drawing, box, 5, 1, here ? theme->accent : theme->border);
        walk_text(w, (Vec){box.x + box.w / 2, box.y + box.h / 2 + w->text * 0.24f}, parts[i].name,
                  w->text * 0.68f, here ? theme->accent_ink : theme->muted, FONT_REGULAR,
                  TEXT_CENTER);
        if (i > 0) {
            drawing_line(w->drawing, (Vec){box.x + box.w / 2, box.y + box.h + 2},
                         (Vec){box.x + box.w / 2, box.y + pitch - 2}, 1.2f, theme->border);
        }
    }
}

static void draw_frame(Walk *w, Rect area)
{
    const Theme *theme = w->state->theme;
    int step = step_of(w->state);
    const WalkStep *s = &walk_steps[step];
    float x = w->body.x, y = area.y + MARGIN + w->text * 1.5f;
    char number[64];
    snprintf(number, sizeof number, "%d", step);
    float after =
        walk_text(w, (Vec){x, y}, number, w->text * 1.7f, theme->accent, FONT_BOLD, TEXT_LEFT);
    walk_text(w, (Vec){x + after + w->text * 0.7f, y}, s->title, w->text * 1.7f, theme->ink,
              FONT_BOLD, TEXT_LEFT);
    Vec at = {x, y + w->text * 1.9f};
    walk_formula(w, &at, s->formula, w->text * 1.25f, theme->accent);
    char where[120];
    snprintf(where, sizeof where, "layer %d, head %d, \u201C%s\u201D", w->layer, w->head,
             walk_token(w, w->query));
    walk_text(w, (Vec){area.x + area.w - MARGIN, at.y}, where, w->text, theme->muted, FONT_REGULAR,
              TEXT_RIGHT);
    float foot = w->body.y + w->body.h + w->text * 0.8f;
    walk_paragraph(w, (Rect){x, foot, w->body.w, w->text * 3}, s->sentence, w->text, theme->ink, 2);
    if (w->state->caption && w->state->figure) {
        char caption[200];
        snprintf(caption, sizeof caption, "%s \u00B7 \u201C%.120s\u201D", w->trace->model,
                 w->trace->encoding->text[0] != NULL ? w->trace->encoding->text[0] : "");
        walk_text(w, (Vec){x, area.y + area.h - 8}, caption, 11.5f, theme->muted, FONT_REGULAR,
                  TEXT_LEFT);
    }
    draw_strip(w, (Rect){area.x + MARGIN, w->body.y, w->text * STRIP, w->body.h});
}

/* ---- The number under the pointer ---- */

static const char *name_place(Walk *w, const WalkMatrix *m, int row, int col)
{
    char row_text[80], col_text[80];
    snprintf(row_text, sizeof row_text, m->rows == w->T ? "%d \u201C%s\u201D" : "%d", row,
             m->rows == w->T ? walk_token(w, row) : "");
    snprintf(col_text, sizeof col_text,
             m->cols == w->T && m->col_tokens ? "%d \u201C%s\u201D" : "%d", col,
             m->cols == w->T && m->col_tokens ? walk_token(w, col) : "");
    return arena_format(w->arena, "[%s, %s]", row_text, col_text);
}

/* The largest products of the sum that made it, and how many there were. */
static const char *tell_products(Walk *w, const WalkMatrix *m, int row, int col)
{
    const WalkSource *s = &m->source;
    if (s->left == NULL || s->right == NULL) { return s->how != NULL ? s->how : ""; }
    enum { SHOWN = 3 };
    int best[SHOWN], count = 0;
    const float *left = s->left + (size_t)row * s->left_row,
                *right = s->right + (size_t)col * s->right_col;
    for (int i = 0; i < s->terms; i++) {
        float product = fabsf(left[(size_t)i * s->left_step] * right[(size_t)i * s->right_step]);
        int at = count < SHOWN ? count++ : SHOWN;
        for (; at > 0; at--) {
            int other = best[at - 1];
            float before =
                fabsf(left[(size_t)other * s->left_step] * right[(size_t)other * s->right_step]);
            if (before >= product) { break; }
            if (at < SHOWN) { best[at] = other; }
        }
        if (at < SHOWN) { best[at] = i; }
    }
    char *text = arena_format(w->arena, "=");
    for (int i = 0; i < count; i++) {
        text = arena_format(w->arena, "%s%s %.2f\u00D7%.2f", text, i > 0 ? " +" : "",
                            (double)left[(size_t)best[i] * s->left_step],
                            (double)right[(size_t)best[i] * s->right_step]);
    }
    if (s->terms > count) {
        text = arena_format(w->arena, "%s + \u2026 (%d products)", text, s->terms);
    }
    if (s->bias != NULL) { text = arena_format(w->arena, "%s + %.2f", text, (double)s->bias[col]); }
    return text;
}

static void draw_card(Walk *w, Rect area)
{
    const Target *t = &w->state->hover;
    if (t->kind != TARGET_STEP || t->layer < 0 || t->layer >= w->count || w->state->figure) {
        return;
    }
    const WalkMatrix *m = &w->matrices[t->layer];
    if (t->query < 0 || t->query >= m->rows || t->key < 0 || t->key >= m->cols ||
        !(m->rect.w > 0)) {
        return;
    }
    const Theme *theme = w->state->theme;
    float cell_w = m->rect.w / (float)m->cols, cell_h = m->rect.h / (float)m->rows;
    Rect cell = {m->rect.x + cell_w * (float)t->key, m->rect.y + cell_h * (float)t->query, cell_w,
                 cell_h};
    drawing_frame(w->drawing, rect_inset(cell, -1.5f), 1, 1.5f, theme->ink);
    float value = m->values[(size_t)t->query * m->stride + (size_t)t->key];
    Rect card = {cell.x + cell_w + 10, cell.y + cell_h + 6, CARD_WIDTH, 62};
    card.x = clamp_float(card.x, area.x + 4, max_float(area.x + area.w - card.w - 4, area.x + 4));
    if (card.y + card.h > area.y + area.h) { card.y = cell.y - card.h - 6; }
    drawing_rect(w->drawing, card, 7, theme->raised);
    drawing_frame(w->drawing, card, 7, 1, theme->border);
    Vec at = {card.x + 12, card.y + 24};
    float after = walk_formula(w, &at, m->name, 14, theme->ink);
    char text[160];
    snprintf(text, sizeof text, isfinite(value) ? "%s = %.4f" : "%s = \u2212\u221E",
             name_place(w, m, t->query, t->key), (double)value);
    drawing_text(w->drawing, (Vec){at.x + after + 5, at.y}, text,
                 &(TextStyle){.size = 14,
                              .color = theme->ink,
                              .weight = FONT_BOLD,
                              .max_width = card.x + card.w - at.x - after - 17});
    drawing_text(w->drawing, (Vec){card.x + 12, card.y + 46}, tell_products(w, m, t->query, t->key),
                 &(TextStyle){.size = 13, .color = theme->muted, .max_width = card.w - 24});
}

/* ---- The view ---- */

void view_walk_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    const char *missing = why_not(trace, state);
    if (missing != NULL) {
        parts_notice(state, area, drawing, missing);
        return;
    }
    Arena scratch = {0};
    Walk w = begin(trace, state, area, drawing, &scratch);
    draw_frame(&w, area);
    place(&w);
    if (w.missing != NULL) { parts_notice(state, w.body, drawing, w.missing); }
    draw_card(&w, area);
    arena_free(&scratch);
}

Vec view_walk_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    (void)trace, (void)state, (void)drawing;
    return (Vec){960, 600};
}

Target view_walk_locate(const Trace *trace, const ViewState *state, Rect area,
                        const Drawing *drawing, Vec point)
{
    (void)drawing;
    Target none = {TARGET_NONE, -1, -1, -1, -1};
    if (why_not(trace, state) != NULL) { return none; }
    Arena scratch = {0};
    Walk w = begin(trace, state, area, NULL, &scratch);
    place(&w);
    for (int i = 0; i < w.count; i++) {
        const WalkMatrix *m = &w.matrices[i];
        if (!rect_contains(m->rect, point) || !(m->rect.w > 0)) { continue; }
        int row = (int)((point.y - m->rect.y) / m->rect.h * (float)m->rows);
        int col = (int)((point.x - m->rect.x) / m->rect.w * (float)m->cols);
        none = (Target){TARGET_STEP, i, -1, clamp_int(row, 0, m->rows - 1),
                        clamp_int(col, 0, m->cols - 1)};
    }
    arena_free(&scratch);
    return none;
}
