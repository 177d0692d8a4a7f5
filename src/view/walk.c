#include "view/walk.h"

#include "base/base.h"
#include "base/buffer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SMALL_SIZE 0.74f /* of body text */
#define CELL_MOST 46.0f
#define CELL_NUMBER 30.0f /* from this width on a cell carries its number */
enum { MOST_PICTURE_ROWS = 160, MOST_PICTURE_COLS = 384 };

/* ---- Text ---- */

float walk_text(Walk *w, Vec at, const char *text, float size, Color color, FontWeight weight,
                TextAlign align)
{
    if (w->drawing == NULL) { return 0; }
    return drawing_text(
        w->drawing, at, text,
        &(TextStyle){.size = size, .color = color, .weight = weight, .align = align});
}

const char *walk_token(const Walk *w, int token)
{
    return parts_token_text(&w->trace->encoding->tokens[token]);
}

/* The next run of a formula: its text into `part`, how it stands into *level (-1 lower, 1 higher). */
static const char *next_part(const char *at, char *part, size_t size, int *level)
{
    size_t length = 0;
    *level = *at == '_' ? -1 : *at == '^' ? 1 : 0;
    if (*level == 0) {
        length = strcspn(at, "_^");
        snprintf(part, size, "%.*s", (int)length, at);
        return at + length;
    }
    at++;
    if (*at == '{') {
        length = strcspn(at + 1, "}");
        snprintf(part, size, "%.*s", (int)length, at + 1);
        return at + length + (at[length + 1] == '}' ? 2 : 1);
    }
    do {
        length++;
    } while (((unsigned char)at[length] & 0xC0) == 0x80);
    snprintf(part, size, "%.*s", (int)length, at);
    return at + length;
}

float walk_formula(Walk *w, const Vec *at, const char *formula, float size, Color color)
{
    if (w->drawing == NULL) { return 0; }
    float x = 0;
    while (*formula != '\0') {
        char part[128];
        int level;
        formula = next_part(formula, part, sizeof part, &level);
        float part_size = level == 0 ? size : size * 0.68f;
        float y = level < 0 ? size * 0.22f : level > 0 ? -size * 0.36f : 0;
        if (at != NULL) {
            walk_text(w, (Vec){at->x + x, at->y + y}, part, part_size, color, FONT_REGULAR,
                      TEXT_LEFT);
        }
        x += drawing_text_width(w->drawing, part, part_size, FONT_REGULAR);
    }
    return x;
}

float walk_paragraph(Walk *w, Rect rect, const char *text, float size, Color color, int lines)
{
    if (w->drawing == NULL) { return 0; }
    float pitch = size * 1.38f, used = 0;
    while (*text != '\0' && lines-- > 0) {
        size_t fits = 0, at = 0;
        while (text[at] != '\0') { /* as many words as the line takes */
            size_t next = at + strcspn(text + at, " ");
            char *line = arena_copy(w->arena, text, next);
            bool room = drawing_text_width(w->drawing, line, size, FONT_REGULAR) <= rect.w;
            if (!room && fits > 0) { break; }
            fits = next;
            if (!room) { break; }
            at = next + strspn(text + next, " ");
        }
        bool last = lines == 0;
        const char *line = last ? text : arena_copy(w->arena, text, fits);
        drawing_text(w->drawing, (Vec){rect.x, rect.y + used + size}, line,
                     &(TextStyle){.size = size, .color = color, .max_width = rect.w});
        used += pitch;
        text += fits + strspn(text + fits, " ");
    }
    return used;
}

void walk_sign(Walk *w, Rect rect, const char *sign)
{
    walk_text(w, (Vec){rect.x + rect.w / 2, rect.y + rect.h / 2 + w->text * 0.5f}, sign,
              w->text * 1.35f, w->state->theme->muted, FONT_REGULAR, TEXT_CENTER);
}

Rect walk_column(Rect rect, int index, int count, float gap)
{
    float width = (rect.w - gap * (float)(count - 1)) / (float)count;
    return (Rect){rect.x + (width + gap) * (float)index, rect.y, width, rect.h};
}

Rect walk_cut(Rect *rest, float width)
{
    Rect cut = {rest->x, rest->y, min_float(width, rest->w), rest->h};
    rest->x += cut.w;
    rest->w -= cut.w;
    return cut;
}

/* ---- Numbers ---- */

float *walk_floats(Walk *w, size_t count) { return arena_alloc(w->arena, count, sizeof(float)); }

float *walk_scores(Walk *w, bool scaled)
{
    size_t T = (size_t)w->T, d = (size_t)w->d;
    float *scores = walk_floats(w, T * T), by = scaled ? 1 / sqrtf((float)w->d) : 1;
    for (size_t q = 0; q < T; q++) {
        for (size_t k = 0; k < T; k++) {
            float sum = 0;
            for (size_t i = 0; i < d; i++) { sum += w->q[q * d + i] * w->k[k * d + i]; }
            scores[q * T + k] = sum * by;
        }
    }
    return scores;
}

void walk_softmax(float *scores, int T, float temperature, bool causal)
{
    for (int q = 0; q < T; q++) {
        float *row = scores + (size_t)q * (size_t)T, largest = -INFINITY, sum = 0;
        int keys = causal ? q + 1 : T;
        for (int k = 0; k < keys; k++) { largest = max_float(largest, row[k]); }
        for (int k = 0; k < T; k++) {
            bool counts = k < keys && row[k] > -INFINITY;
            row[k] = counts ? expf((row[k] - largest) / temperature) : 0;
            sum += row[k];
        }
        for (int k = 0; k < T && sum > 0; k++) { row[k] /= sum; }
    }
}

/* ---- Matrices ---- */

static float largest_of(const WalkMatrix *m)
{
    float most = 0;
    for (int r = 0; r < m->rows; r++) {
        for (int c = 0; c < m->cols; c++) {
            float value = fabsf(m->values[(size_t)r * m->stride + (size_t)c]);
            if (value > most) { most = value; }
        }
    }
    return most > 0 ? most : 1;
}

static Color cell_color(const Walk *w, const WalkMatrix *m, float value, float most)
{
    bool dark = w->state->theme->dark;
    if (m->colors == WALK_WEIGHTS) { return palette_map(COLORMAP_BLUES, value / most, dark); }
    return palette_map(COLORMAP_DIVERGING, 0.5f + 0.5f * value / most, dark);
}

/* A picture of at most so many cells: of those that fall together the one furthest from zero. */
static void draw_cells(Walk *w, const WalkMatrix *m, float opacity)
{
    int rows = min_int(m->rows, MOST_PICTURE_ROWS), cols = min_int(m->cols, MOST_PICTURE_COLS);
    float most = largest_of(m);
    Color *cells = drawing_image(w->drawing, m->rect, rows, cols, false);
    for (int row = 0; row < rows; row++) {
        int r0 = (int)((long long)row * m->rows / rows),
            r1 = (int)((long long)(row + 1) * m->rows / rows);
        for (int col = 0; col < cols; col++) {
            int c0 = (int)((long long)col * m->cols / cols),
                c1 = (int)((long long)(col + 1) * m->cols / cols);
            float chosen = 0;
            for (int r = r0; r < r1; r++) {
                for (int c = c0; c < c1; c++) {
                    float value = m->values[(size_t)r * m->stride + (size_t)c];
                    if (!(fabsf(value) <= fabsf(chosen))) { chosen = value; }
                }
            }
            cells[row * cols + col] = color_fade(cell_color(w, m, chosen, most), opacity);
        }
    }
}

static void draw_numbers(Walk *w, const WalkMatrix *m, float cell_w, float cell_h, float opacity)
{
    float size = min_float(cell_w * 0.34f, cell_h * 0.56f), most = largest_of(m);
    bool dark = w->state->theme->dark;
    for (int r = 0; r < m->rows; r++) {
        for (int c = 0; c < m->cols; c++) {
            float value = m->values[(size_t)r * m->stride + (size_t)c];
            char text[24];
            snprintf(text, sizeof text, isfinite(value) ? "%.2f" : "\u2212\u221E", (double)value);
            float strength = m->colors == WALK_WEIGHTS ? value / most : fabsf(value) / most;
            bool deep = strength > (dark ? 0.6f : 0.55f);
            Color ink = deep ? w->state->theme->background : w->state->theme->ink;
            walk_text(w,
                      (Vec){m->rect.x + ((float)c + 0.5f) * cell_w,
                            m->rect.y + ((float)r + 0.5f) * cell_h + size * 0.36f},
                      text, size, color_fade(ink, opacity), FONT_REGULAR, TEXT_CENTER);
        }
    }
}

static void draw_token_labels(Walk *w, const WalkMatrix *m, float cell_w, float cell_h, float room,
                              float opacity)
{
    float size = clamp_float(cell_h * 0.8f, 0, w->text * 0.82f);
    const Theme *theme = w->state->theme;
    for (int r = 0; m->row_tokens && size >= 7 && r < m->rows; r++) {
        drawing_text(
            w->drawing, (Vec){m->rect.x - 6, m->rect.y + ((float)r + 0.5f) * cell_h + size * 0.36f},
            walk_token(w, r),
            &(TextStyle){.size = size,
                         .color = color_fade(r == w->query ? theme->ink : theme->muted, opacity),
                         .weight = r == w->query ? FONT_BOLD : FONT_REGULAR,
                         .align = TEXT_RIGHT,
                         .max_width = room - 8});
    }
    size = clamp_float(cell_w * 0.8f, 0, w->text * 0.82f);
    for (int c = 0; m->col_tokens && size >= 7 && c < m->cols; c++) {
        drawing_text(w->drawing,
                     (Vec){m->rect.x + ((float)c + 0.5f) * cell_w + size * 0.3f, m->rect.y - 6},
                     walk_token(w, c),
                     &(TextStyle){.size = size,
                                  .color = color_fade(theme->muted, opacity),
                                  .angle = -60,
                                  .max_width = w->text * 3.4f});
    }
}

/* By the number of characters: the pointer is looked for without a drawing to measure in. */
static float label_width(const Walk *w, const WalkMatrix *m)
{
    size_t most = 0;
    for (int r = 0; m->row_tokens && r < m->rows; r++) {
        size_t count = 0;
        for (const char *at = walk_token(w, r); *at != '\0'; at++) {
            count += (*at & 0xC0) != 0x80;
        }
        most = count > most ? count : most;
    }
    return m->row_tokens ? w->text * clamp_float(0.46f * (float)most + 0.8f, 2, 6) : 0;
}

/* A matrix appears when its turn has come in the animation of its step. */
static float opacity_of(const Walk *w)
{
    enum { TURNS = 9 };
    float part = w->state->step_part;
    return part >= 1 ? 1 : clamp_float(part * TURNS - (float)min_int(w->count, TURNS - 1), 0, 1);
}

Rect walk_matrix(Walk *w, Rect rect, WalkMatrix m)
{
    float name = w->text * 1.5f, dims = w->text * 1.15f;
    float labels = label_width(w, &m), above = m.col_tokens ? w->text * 3.2f : 0;
    float wide = max_float(rect.w - labels, 4);
    float high = max_float(rect.h - name - dims - above, 4);
    float cell_w = min_float(wide / (float)m.cols, CELL_MOST);
    float cell_h =
        min_float(high / (float)m.rows, min_float(max_float(cell_w, w->text * 1.25f), CELL_MOST));
    if (m.row_tokens && m.col_tokens) { cell_w = min_float(cell_w, cell_h * 1.6f); }
    m.rect = (Rect){rect.x + labels, rect.y + name + above, cell_w * (float)m.cols,
                    cell_h * (float)m.rows};
    float opacity = opacity_of(w);
    if (w->count < WALK_MAX_MATRICES) { w->matrices[w->count++] = m; }
    if (w->drawing == NULL || opacity <= 0) { return m.rect; }
    const Theme *theme = w->state->theme;
    Vec at = {m.rect.x, rect.y + w->text};
    char size[48];
    snprintf(size, sizeof size, "[%d \u00D7 %d]", m.rows, m.cols);
    float fit = (rect.x + rect.w - at.x - w->text * 0.5f) /
                (walk_formula(w, NULL, m.name, w->text, theme->ink) +
                 drawing_text_width(w->drawing, size, w->text * SMALL_SIZE, FONT_REGULAR));
    float type = w->text * clamp_float(fit, 0.5f, 1);
    float after = walk_formula(w, &at, m.name, type, color_fade(theme->ink, opacity));
    walk_text(w, (Vec){at.x + after + type * 0.5f, at.y}, size, type * SMALL_SIZE,
              color_fade(theme->muted, opacity), FONT_REGULAR, TEXT_LEFT);
    draw_cells(w, &m, opacity);
    draw_token_labels(w, &m, cell_w, cell_h, labels, opacity);
    if (cell_w >= CELL_NUMBER && cell_h >= w->text * 0.9f) {
        draw_numbers(w, &m, cell_w, cell_h, opacity);
    }
    drawing_frame(w->drawing, rect_inset(m.rect, -0.75f), 1, 0.75f,
                  color_fade(theme->border, opacity));
    if (m.chosen_row >= 0 && m.chosen_row < m.rows) {
        Rect row = {m.rect.x, m.rect.y + cell_h * (float)m.chosen_row, m.rect.w, cell_h};
        drawing_frame(w->drawing, rect_inset(row, -1.5f), 2, 1.8f,
                      color_fade(theme->accent, opacity));
    }
    return m.rect;
}

/* ---- Bars ---- */

void walk_bars(Walk *w, Rect rect, const char *name, const float *values, int count, float most,
               int mark, const bool *mask)
{
    if (w->drawing == NULL) { return; }
    const Theme *theme = w->state->theme;
    Vec at = {rect.x, rect.y + w->text};
    walk_formula(w, &at, name, w->text, theme->ink);
    float top = rect.y + w->text * 1.6f;
    float pitch = min_float((rect.h - w->text * 1.6f) / (float)max_int(count, 1), w->text * 1.7f);
    float size = min_float(pitch * 0.78f, w->text * 0.9f);
    float labels = w->text * 2, numbers = w->text * 3.4f;
    for (int i = 0; i < count; i++) {
        float wide = drawing_text_width(w->drawing, walk_token(w, i), size, FONT_BOLD) + 12;
        labels = clamp_float(wide, labels, w->text * 6);
    }
    float zero = rect.x + labels, room = max_float(rect.w - labels - numbers, 10);
    bool signs = false;
    for (int i = 0; i < count; i++) { signs |= values[i] < 0; }
    if (signs) {
        zero += room / 3;
        room -= room / 3;
    }
    for (int i = 0; i < count && size >= 6; i++) {
        float y = top + pitch * ((float)i + 0.5f), base = y + size * 0.36f;
        bool out = mask != NULL && mask[i];
        Color ink = out ? theme->faint : i == mark ? theme->ink : theme->muted;
        drawing_text(w->drawing, (Vec){rect.x + labels - 8, base}, walk_token(w, i),
                     &(TextStyle){.size = size,
                                  .color = i == mark ? theme->ink : ink,
                                  .weight = i == mark ? FONT_BOLD : FONT_REGULAR,
                                  .align = TEXT_RIGHT,
                                  .max_width = labels - 10});
        float share = isfinite(values[i]) ? clamp_float(values[i] / most, -0.5f, 1) : 0;
        Rect bar = {share < 0 ? zero + share * room : zero, y - pitch * 0.28f, fabsf(share) * room,
                    pitch * 0.56f};
        Color color = palette_map(COLORMAP_DIVERGING, values[i] < 0 ? 0.12f : 0.88f, theme->dark);
        if (!signs) { color = theme->accent; }
        if (!out) {
            drawing_rect(w->drawing, bar, 2, color_fade(color, i == mark || mark < 0 ? 1 : 0.55f));
        }
        char text[24];
        snprintf(text, sizeof text, isfinite(values[i]) ? "%.3g" : "\u2212\u221E",
                 (double)values[i]);
        walk_text(w, (Vec){rect.x + rect.w, base}, text, size, ink, FONT_REGULAR, TEXT_RIGHT);
    }
    if (signs) {
        drawing_line(w->drawing, (Vec){zero, top}, (Vec){zero, top + pitch * (float)count}, 0.75f,
                     theme->border);
    }
}

/* ---- The steps ---- */

const WalkStep walk_steps[WALK_STEPS + 1] = {
    {"tokens", "The sentence becomes tokens", "text \u2192 pieces \u2192 ids",
     "The tokenizer cuts the text into pieces that its vocabulary has. The model sees their "
     "numbers only.",
     walk_place_tokens},
    {"embedding", "Tokens become vectors", "x = LayerNorm(word + position + segment)",
     "Each piece and each place has a vector of its own, learned in training. Their sum is what "
     "the first "
     "layer gets. The paper used sines and cosines for the places.",
     walk_place_input},
    {"vectors", "Query, key and value", "q = x W^Q,   k = x W^K,   v = x W^V",
     "Three matrices turn each token's vector into three smaller ones: what it looks for, what it "
     "offers to "
     "be found by, and what it hands over.",
     walk_place_vectors},
    {"scores", "Scores", "score = q \u00B7 k",
     "The query of one token is multiplied with the key of every token, number by number, and "
     "summed up. A "
     "large score: this is what I am looking for.",
     walk_place_scores},
    {"scale", "Divide by the root of the size", "score = q \u00B7 k / \u221Ad_k",
     "Sums of many products grow with their number. Undivided, the softmax would put nearly "
     "everything on "
     "one token, and learning would stop. (U shows that.)",
     walk_place_scaled},
    {"mask", "The mask", "masked score = score, or \u2212\u221E",
     "A decoder must not look at what comes later: those scores become minus infinity. An encoder "
     "like this "
     "one hides nothing. (K shows what a causal mask would do.)",
     walk_place_mask},
    {"softmax", "Softmax", "weight = e^{score} / \u03A3 e^{score}",
     "Each row becomes weights between 0 and 1 that sum to 1: that is the attention that all "
     "pictures of this "
     "program show.",
     walk_place_softmax},
    {"sum", "Weighted sum of the values", "z = \u03A3 weight \u00B7 v",
     "Each token's value is multiplied by its weight, and all are added: z is what the token has "
     "gathered from "
     "the others.",
     walk_place_sum},
    {"heads", "All heads together", "Z = (z_0, z_1, \u2026) W^O",
     "Every head has done the same with its own matrices. Their results, side by side, are mixed "
     "by one more "
     "matrix.",
     walk_place_heads},
    {"residual", "Residual and layer norm", "LayerNorm(x + Z)",
     "What attention found is added to what was there, so that nothing is lost; then each token's "
     "numbers are "
     "brought to mean 0 and deviation 1, scaled and shifted.",
     walk_place_residual},
    {"feed-forward", "Feed-forward", "FFN(x) = activation(x W_1 + b_1) W_2 + b_2",
     "A small network looks at each token by itself and adds what it makes of it. Residual and "
     "layer norm "
     "again.",
     walk_place_feed_forward},
    {"layers", "The next layer, up to the top", "x \u2192 layer 0 \u2192 layer 1 \u2192 \u2026",
     "The result is the x of the next layer, which does it all again with matrices of its own. "
     "Step by step "
     "the vector turns from a word into a word in this sentence.",
     walk_place_layers},
    {"words", "Which word stands here?", "softmax(x W^{vocabulary})",
     "At the top, the masked-word head compares the vector with every piece of the vocabulary. "
     "Write [MASK] "
     "to see it guess.",
     walk_place_words},
    {0},
};
