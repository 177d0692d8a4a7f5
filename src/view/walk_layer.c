/* The steps around attention: tokens and embeddings, residual and layer norm, feed-forward, the layers
 * above, and the masked-word head. */
#include "view/walk.h"

#include "base/base.h"

#include <math.h>
#include <stdio.h>

#define GAP 26.0f
#define NO_STEPS "This needs the weights of the model: open one instead of a trace file."

/* ---- 0: tokens ---- */

void walk_place_tokens(Walk *w)
{
    if (w->drawing == NULL) { return; }
    const Theme *theme = w->state->theme;
    const Encoding *e = w->trace->encoding;
    float size = w->text * 1.25f;
    walk_text(w, (Vec){w->body.x, w->body.y + size * 1.4f}, e->text[0] != NULL ? e->text[0] : "",
              size, theme->ink, FONT_REGULAR, TEXT_LEFT);
    float x = w->body.x, y = w->body.y + size * 3, high = size * 3.4f;
    for (int token = 0; token < e->count; token++) {
        const Token *t = &e->tokens[token];
        char id[24] = "";
        if (t->id >= 0) { snprintf(id, sizeof id, "%d", t->id); }
        float wide =
            max_float(drawing_text_width(w->drawing, walk_token(w, token), size, FONT_REGULAR),
                      drawing_text_width(w->drawing, id, w->text * 0.9f, FONT_REGULAR)) +
            size;
        if (x + wide > w->body.x + w->body.w) {
            x = w->body.x;
            y += high + size * 0.7f;
        }
        if (y + high > w->body.y + w->body.h) { break; }
        float opacity =
            clamp_float(w->state->step_part * (float)(e->count + 4) - (float)token, 0, 1);
        Rect box = {x, y, wide, high};
        bool chosen = token == w->query;
        drawing_rect(w->drawing, box, 7,
                     color_fade(chosen ? theme->highlight : theme->raised, opacity));
        drawing_frame(w->drawing, box, 7, chosen ? 1.8f : 1,
                      color_fade(chosen ? theme->accent : theme->border, opacity));
        drawing_set_hit(w->drawing, target_pack((Target){TARGET_QUERY, -1, -1, token, -1}));
        walk_text(w, (Vec){x + wide / 2, y + size * 1.45f}, walk_token(w, token), size,
                  color_fade(t->special ? theme->muted : theme->ink, opacity), FONT_REGULAR,
                  TEXT_CENTER);
        drawing_set_hit(w->drawing, 0);
        walk_text(w, (Vec){x + wide / 2, y + size * 2.75f}, id, w->text * 0.9f,
                  color_fade(theme->muted, opacity), FONT_REGULAR, TEXT_CENTER);
        x += wide + size * 0.5f;
    }
}

/* ---- 1: embedding, position, segment ---- */

/* Vaswani et al. 2017, section 3.5. */
static float sine(int position, int dim, int H)
{
    double angle = position / pow(10000, (double)(dim / 2 * 2) / H);
    return (float)(dim % 2 == 0 ? sin(angle) : cos(angle));
}

static void place_positions(Walk *w, Rect area)
{
    const TraceSteps *s = w->steps;
    int rows = clamp_int(w->state->walk_positions, 2, s->positions);
    int cols = clamp_int(w->state->walk_dims, 4, w->H);
    float *sines = walk_floats(w, (size_t)rows * (size_t)cols);
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) { sines[r * cols + c] = sine(r, c, w->H); }
    }
    walk_matrix(w, walk_column(area, 0, 2, GAP),
                (WalkMatrix){.name = "positions that the model learned",
                             .values = s->position_table,
                             .rows = rows,
                             .cols = cols,
                             .stride = (size_t)w->H,
                             .chosen_row = -1,
                             .source = {.how = "learned in training; a row is a position"}});
    walk_matrix(w, walk_column(area, 1, 2, GAP),
                (WalkMatrix){.name = "the sinusoids of the paper",
                             .values = sines,
                             .rows = rows,
                             .cols = cols,
                             .stride = (size_t)cols,
                             .chosen_row = -1,
                             .source = {.how = "sin or cos (position / 10000^(2i/H))"}});
}

void walk_place_input(Walk *w)
{
    const TraceSteps *s = w->steps;
    if (s == NULL || s->word == NULL) {
        w->missing = s == NULL
                         ? NO_STEPS
                         : "The embeddings of this model have another size than its layers; a "
                           "linear layer between them fits them.";
        return;
    }
    size_t H = (size_t)w->H;
    const struct {
        const char *name, *how;
        const float *values;
    } parts[] = {{"word", "the learned vector of the piece", s->word},
                 {"position", "the learned vector of the place", s->position},
                 {"segment", "the learned vector of text A or B", s->segment},
                 {"x", "LayerNorm(word + position + segment)", w->trace->hidden}};
    float high = w->body.h * 0.56f;
    Rect top = {w->body.x, w->body.y, w->body.w, high};
    for (int i = 0; i < 4; i++) {
        Rect part = walk_column(top, i, 4, GAP);
        if (parts[i].values == NULL) { continue; } /* no segments */
        walk_matrix(w, part,
                    (WalkMatrix){.name = parts[i].name,
                                 .values = parts[i].values,
                                 .rows = w->T,
                                 .cols = w->H,
                                 .stride = H,
                                 .row_tokens = i == 0,
                                 .chosen_row = w->query,
                                 .source = {.how = parts[i].how}});
        if (i > 0) { walk_sign(w, (Rect){part.x - GAP, part.y, GAP, part.h}, i < 3 ? "+" : "="); }
    }
    place_positions(w, (Rect){w->body.x, w->body.y + high + 6, w->body.w, w->body.h - high - 6});
}

/* ---- 9, 10: what happens to the stream ---- */

static void mean_and_deviation(const float *row, int count, double *mean, double *deviation)
{
    *mean = *deviation = 0;
    for (int i = 0; i < count; i++) { *mean += (double)row[i] / count; }
    for (int i = 0; i < count; i++) {
        *deviation += ((double)row[i] - *mean) * ((double)row[i] - *mean) / count;
    }
    *deviation = sqrt(*deviation);
}

static double length_of(const float *row, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) { sum += (double)row[i] * (double)row[i]; }
    return sqrt(sum);
}

/* a + b = c, then the norm of c: four matrices of the whole text, side by side. */
static void place_sum(Walk *w, Rect area, const char *const names[4], const float *const values[4],
                      const char *const how[4])
{
    static const char *const signs[4] = {"", "+", "=", "\u2192"};
    for (int i = 0; i < 4; i++) {
        Rect part = walk_column(area, i, 4, GAP);
        walk_matrix(w, part,
                    (WalkMatrix){.name = names[i],
                                 .values = values[i],
                                 .rows = w->T,
                                 .cols = w->H,
                                 .stride = (size_t)w->H,
                                 .row_tokens = i == 0,
                                 .chosen_row = w->query,
                                 .source = {.how = how[i]}});
        if (i > 0) { walk_sign(w, (Rect){part.x - GAP, part.y, GAP, part.h}, signs[i]); }
    }
}

/* A line of numbers under the sum: the chosen token before and after. */
static float tell_norm(Walk *w, Vec at, const float *before, const float *after)
{
    if (w->drawing == NULL) { return 0; }
    size_t row = (size_t)w->query * (size_t)w->H;
    double mean[2], deviation[2];
    mean_and_deviation(before + row, w->H, &mean[0], &deviation[0]);
    mean_and_deviation(after + row, w->H, &mean[1], &deviation[1]);
    char text[200];
    snprintf(
        text, sizeof text,
        "\u201C%s\u201D before: mean %.3f, deviation %.3f; after, with gain and shift: mean %.3f, "
        "deviation %.3f",
        walk_token(w, w->query), mean[0], deviation[0], mean[1], deviation[1]);
    walk_text(w, at, text, w->text * 0.9f, w->state->theme->ink, FONT_REGULAR, TEXT_LEFT);
    return w->text * 1.6f;
}

/* Which numbers share a mean: those of a token, or those of a column. */
static void draw_norms(Walk *w, Rect area)
{
    static const char *const titles[] = {"layer norm: over each token's numbers",
                                         "batch norm: over one number of many texts"};
    if (w->drawing == NULL || area.h < w->text * 4) { return; }
    const Theme *theme = w->state->theme;
    enum { ROWS = 4, COLS = 9 };
    for (int which = 0; which < 2; which++) {
        Rect part = walk_column(area, which, 2, GAP);
        float cell = min_float((part.h - w->text * 2) / ROWS, w->text * 1.1f);
        walk_text(w, (Vec){part.x, part.y + w->text}, titles[which], w->text * 0.82f, theme->muted,
                  FONT_REGULAR, TEXT_LEFT);
        for (int r = 0; r < ROWS; r++) {
            for (int c = 0; c < COLS; c++) {
                bool together = which == 0 ? r == 1 : c == 3;
                drawing_rect(w->drawing,
                             (Rect){part.x + cell * (float)c,
                                    part.y + w->text * 1.5f + cell * (float)r, cell - 2, cell - 2},
                             2, together ? theme->accent : theme->faint);
            }
        }
    }
}

void walk_place_residual(Walk *w)
{
    const TraceSteps *s = w->steps;
    if (s == NULL || w->x == NULL) {
        w->missing = NO_STEPS;
        return;
    }
    static const char *const names[] = {"x", "Z", "x + Z", "LayerNorm"};
    static const char *const how[] = {"what came into the layer", "what attention adds", "x + Z",
                                      "(v \u2212 mean) / deviation \u00D7 gain + shift"};
    const float *const values[] = {w->x, s->projected, s->added, s->attended};
    float high = w->body.h * 0.6f;
    place_sum(w, (Rect){w->body.x, w->body.y, w->body.w, high}, names, values, how);
    float y = w->body.y + high + w->text * 1.2f;
    y += tell_norm(w, (Vec){w->body.x, y}, s->added, s->attended);
    draw_norms(w, (Rect){w->body.x, y, w->body.w, w->body.y + w->body.h - y});
}

void walk_place_feed_forward(Walk *w)
{
    const TraceSteps *s = w->steps;
    if (s == NULL || w->above == NULL) {
        w->missing = NO_STEPS;
        return;
    }
    static const char *const names[] = {"x", "FFN(x)", "x + FFN(x)", "LayerNorm"};
    static const char *const how[] = {"after attention", "what the feed-forward network adds",
                                      "x + FFN(x)",
                                      "(v \u2212 mean) / deviation \u00D7 gain + shift"};
    const float *const values[] = {s->attended, s->update, s->updated, w->above};
    float high = w->body.h * 0.3f;
    walk_matrix(w, (Rect){w->body.x, w->body.y, w->body.w, high},
                (WalkMatrix){.name = "inside: activation(x W_1 + b_1)",
                             .values = s->inner,
                             .rows = w->T,
                             .cols = s->inner_size,
                             .stride = (size_t)s->inner_size,
                             .row_tokens = true,
                             .chosen_row = w->query,
                             .source = {.how = "a feature that the network looks for"}});
    float low = w->body.h * 0.56f;
    place_sum(w, (Rect){w->body.x, w->body.y + high + 4, w->body.w, low}, names, values, how);
    float y = w->body.y + high + low + w->text * 1.4f;
    y += tell_norm(w, (Vec){w->body.x, y}, s->updated, w->above);
    if (w->drawing == NULL) { return; }
    size_t row = (size_t)w->query * (size_t)w->H;
    char text[160];
    snprintf(text, sizeof text, "The update is %.2f long, the stream %.2f: %.0f %% of it.",
             length_of(s->update + row, w->H), length_of(s->attended + row, w->H),
             100 * length_of(s->update + row, w->H) /
                 fmax(length_of(s->attended + row, w->H), 1e-9));
    walk_text(w, (Vec){w->body.x, y}, text, w->text * 0.9f, w->state->theme->ink, FONT_REGULAR,
              TEXT_LEFT);
}

/* ---- 11: up to the top ---- */

void walk_place_layers(Walk *w)
{
    const Trace *trace = w->trace;
    if (trace->hidden == NULL) {
        w->missing = "This trace has no hidden states.";
        return;
    }
    int levels = trace->layers + 1;
    size_t H = (size_t)w->H, T = (size_t)w->T;
    float *rows = walk_floats(w, (size_t)levels * H), *same = walk_floats(w, (size_t)levels);
    for (int level = 0; level < levels; level++) {
        const float *from = trace->hidden + ((size_t)level * T + (size_t)w->query) * H;
        const float *first = trace->hidden + (size_t)w->query * H;
        double product = 0;
        for (size_t i = 0; i < H; i++) {
            rows[(size_t)level * H + i] = from[i];
            product += (double)from[i] * (double)first[i];
        }
        same[level] = (float)(product / fmax(length_of(from, w->H) * length_of(first, w->H), 1e-9));
    }
    char *name = arena_format(w->arena, "\u201C%s\u201D, from the input (top) to layer %d (bottom)",
                              walk_token(w, w->query), trace->layers - 1);
    Rect rest = w->body, left = walk_cut(&rest, w->body.w * 0.66f);
    Rect cells =
        walk_matrix(w, left,
                    (WalkMatrix){.name = name,
                                 .values = rows,
                                 .rows = levels,
                                 .cols = w->H,
                                 .stride = H,
                                 .chosen_row = w->layer + 1,
                                 .source = {.how = "the token's vector after that layer"}});
    if (w->drawing == NULL) { return; }
    const Theme *theme = w->state->theme;
    float pitch = cells.h / (float)levels, size = min_float(pitch * 0.8f, w->text * 0.9f);
    float x = cells.x + cells.w + GAP;
    walk_text(w, (Vec){x, cells.y - w->text * 0.5f}, "like the input (cosine)", w->text * 0.82f,
              theme->muted, FONT_REGULAR, TEXT_LEFT);
    for (int level = 0; level < levels && size >= 6; level++) {
        float y = cells.y + pitch * ((float)level + 0.5f),
              wide = max_float(w->body.x + w->body.w - x - 70, 10);
        drawing_rect(w->drawing,
                     (Rect){x, y - pitch * 0.3f, wide * max_float(same[level], 0), pitch * 0.6f}, 2,
                     level == w->layer + 1 ? theme->accent : color_fade(theme->accent, 0.5f));
        char text[24];
        snprintf(text, sizeof text, "%.2f", (double)same[level]);
        walk_text(w, (Vec){x + wide + 60, y + size * 0.36f}, text, size, theme->muted, FONT_REGULAR,
                  TEXT_RIGHT);
    }
}

/* ---- 12: words ---- */

void walk_place_words(Walk *w)
{
    const TraceSteps *s = w->steps;
    if (s == NULL || s->guesses == NULL) {
        w->missing = s == NULL ? NO_STEPS : "This model has no masked-word head.";
        return;
    }
    size_t H = (size_t)w->H, T = (size_t)w->T;
    float high = w->body.h * 0.2f;
    walk_matrix(w, (Rect){w->body.x, w->body.y, w->body.w, high},
                (WalkMatrix){.name = "the token's vector after the last layer",
                             .values = w->trace->hidden +
                                       ((size_t)w->trace->layers * T + (size_t)w->query) * H,
                             .rows = 1,
                             .cols = w->H,
                             .stride = H,
                             .chosen_row = -1,
                             .source = {.how = "what the last layer gives"}});
    if (w->drawing == NULL) { return; }
    const Theme *theme = w->state->theme;
    const TraceGuess *guesses = s->guesses + w->query * TRACE_GUESSES;
    float y = w->body.y + high + w->text,
          pitch = (w->body.h - high - w->text * 3.5f) / TRACE_GUESSES;
    pitch = min_float(pitch, w->text * 2);
    for (int i = 0; i < TRACE_GUESSES; i++, y += pitch) {
        float size = min_float(pitch * 0.72f, w->text * 1.1f), base = y + pitch * 0.66f;
        float x = w->body.x + w->text * 8,
              wide = (w->body.w - w->text * 13) * guesses[i].probability;
        walk_text(w, (Vec){x - 10, base}, guesses[i].piece, size, theme->ink,
                  i == 0 ? FONT_BOLD : FONT_REGULAR, TEXT_RIGHT);
        drawing_rect(w->drawing, (Rect){x, y + pitch * 0.22f, wide, pitch * 0.56f}, 2,
                     theme->accent);
        char text[24];
        snprintf(text, sizeof text, "%.3f", (double)guesses[i].probability);
        walk_text(w, (Vec){x + wide + 8, base}, text, size, theme->muted, FONT_REGULAR, TEXT_LEFT);
    }
    char text[200];
    snprintf(text, sizeof text,
             "\u201C%s\u201D itself has probability %.3g: number %d of the vocabulary.",
             walk_token(w, w->query), (double)s->own[w->query], s->rank[w->query]);
    walk_text(w, (Vec){w->body.x, w->body.y + w->body.h - w->text * 0.5f}, text, w->text,
              theme->ink, FONT_REGULAR, TEXT_LEFT);
}
