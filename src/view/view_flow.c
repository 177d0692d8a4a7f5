/* The flow view: all layers at once. A column per level, the input at the left; between two columns
 * the attention of one layer, mean over the chosen heads. From a chosen token its sources are
 * followed down to the input: by the weights themselves, by rollout, or by the largest flow. */
#include "view/parts.h"

#include "analysis/rollout.h"
#include "base/base.h"

#include <math.h>
#include <string.h>

#define ROW_MIN 17.0f
#define ROW_MAX 36.0f
#define TITLES 30.0f
#define TOKEN_MAX 120.0f
#define BARS 84.0f /* beside the input tokens: how much of each arrives */
#define LEGEND 30.0f
#define NODE_MAX 7.0f
#define MOST_LINES 6000    /* in all layers: more make one grey cloud, and a slow one */
#define SHARE_LEAST 0.004f /* fainter lines can't be seen */

typedef struct Layout {
    Rect caption, legend, rows;
    float row, text, left, right, token_w; /* left, right: x of the first and last column */
    int first, levels;                     /* below layer `first` is level 0 */
    Range tokens;                          /* those with a row */
} Layout;

typedef struct Flow {
    const Trace *trace;
    const ViewState *state;
    Layout l;
    int tokens;
    int level, token; /* the chosen node; level -1: none */
    bool upwards;     /* an input token is followed up instead of down */
    float *mixed;     /* [tokens, tokens] of one layer at a time */
    float *share;     /* [levels, tokens]: what flows through each node */
    float least;      /* no line below this weight, where all are drawn */
    Drawing *drawing;
} Flow;

static Layout lay_out(const Trace *trace, const ViewState *state, Rect area, const Drawing *drawing)
{
    Range layers = view_layers(trace, state);
    if (state->flow == FLOW_MAXIMUM) { layers.first = 0; } /* it is known from the input up only */
    Layout l = {.first = layers.first,
                .levels = layers.last - layers.first + 2,
                .tokens = view_tokens(trace, state)};
    int rows = l.tokens.last - l.tokens.first + 1;
    Rect inner = rect_inset(area, PARTS_MARGIN);
    float top = inner.y, bottom = inner.y + inner.h;
    if (state->caption) {
        l.caption = (Rect){inner.x, bottom - PARTS_CAPTION, inner.w, PARTS_CAPTION};
        bottom -= PARTS_CAPTION;
    }
    if (state->legend) {
        l.legend = (Rect){inner.x, bottom - LEGEND, inner.w, LEGEND};
        bottom -= LEGEND + 4;
    }
    top += TITLES;
    l.rows = (Rect){inner.x, top, inner.w, max_float(bottom - top, 1)};
    l.row = clamp_float(l.rows.h / (float)max_int(rows, 1), ROW_MIN, ROW_MAX);
    l.text = min_float(l.row * 0.56f, 16);
    float width = 30;
    for (int i = l.tokens.first; i <= l.tokens.last && i < trace->tokens; i++) {
        width = max_float(width,
                          drawing_text_width(drawing, parts_token_text(&trace->encoding->tokens[i]),
                                             l.text, FONT_REGULAR));
    }
    l.token_w = min_float(width, TOKEN_MAX) + 12;
    l.left = inner.x + BARS + l.token_w + NODE_MAX;
    l.right = max_float(inner.x + inner.w - l.token_w - NODE_MAX, l.left + 20);
    return l;
}

static Vec node_at(const Layout *l, const ViewState *state, int level, int token)
{
    float part = (float)level / (float)max_int(l->levels - 1, 1);
    return (Vec){l->left + (l->right - l->left) * part,
                 l->rows.y - state->scroll + ((float)(token - l->tokens.first) + 0.5f) * l->row};
}

/* ---- What is followed ---- */

/* A target of this view names its level (0: input) in `layer`; one of another view is taken for the
 * top, or, where it is a key, for the input. */
static bool choose(const Flow *f, Target target, int *level, int *token, bool *upwards)
{
    int top = f->l.levels - 1;
    if (target.kind == TARGET_QUERY || target.kind == TARGET_LINK) {
        *token = target.query;
        *level = target.kind == TARGET_QUERY && target.layer > f->l.first
                     ? min_int(target.layer - f->l.first, top)
                     : top;
        *upwards = false;
    } else if (target.kind == TARGET_KEY) {
        *token = target.key;
        *level = 0;
        *upwards = true;
    } else {
        return false;
    }
    return *token >= f->l.tokens.first && *token <= f->l.tokens.last && *token < f->tokens;
}

static void find_chosen(Flow *f)
{
    f->level = -1;
    int level = -1, token = -1;
    bool upwards = false;
    bool found = !f->state->figure && choose(f, f->state->hover, &level, &token, &upwards);
    for (int pin = f->state->pin_count - 1; !found && pin >= 0; pin--) {
        found = choose(f, f->state->pins[pin], &level, &token, &upwards);
    }
    if (!found) { return; }
    f->level = level;
    f->token = token;
    f->upwards = upwards;
}

/* The weights that lines and shares follow: with the residual for rollout, without for attention. */
static void mix_layer(const Flow *f, int layer)
{
    if (f->state->flow == FLOW_ATTENTION) {
        rollout_mean(f->trace, f->l.first + layer, &f->state->heads, f->mixed);
    } else {
        rollout_mix(f->trace, f->l.first + layer, &f->state->heads, f->mixed);
    }
}

/* share[level] from share[level + 1], or the other way: one row of the product of all layers
 * between, which is all that a picture of one token needs of a rollout. */
static void follow(Flow *f)
{
    size_t n = (size_t)f->tokens;
    f->share[(size_t)f->level * n + (size_t)f->token] = 1;
    if (f->upwards) {
        for (int layer = 0; layer < f->l.levels - 1; layer++) {
            const float *below = f->share + (size_t)layer * n;
            float *above = f->share + (size_t)(layer + 1) * n;
            mix_layer(f, layer);
            for (size_t q = 0; q < n; q++) {
                for (size_t k = 0; k < n; k++) { above[q] += f->mixed[q * n + k] * below[k]; }
            }
        }
        return;
    }
    for (int layer = f->level - 1; layer >= 0; layer--) {
        const float *above = f->share + (size_t)(layer + 1) * n;
        float *below = f->share + (size_t)layer * n;
        mix_layer(f, layer);
        for (size_t q = 0; q < n; q++) {
            if (!(above[q] > 0)) { continue; }
            for (size_t k = 0; k < n; k++) { below[k] += f->mixed[q * n + k] * above[q]; }
        }
    }
}

/* ---- Drawing ---- */

static void draw_line(const Flow *f, int layer, int query, int key, float weight, float opacity)
{
    Vec from = node_at(&f->l, f->state, layer, key),
        to = node_at(&f->l, f->state, layer + 1, query);
    float bend = (to.x - from.x) * 0.4f;
    Color color = color_fade(f->state->theme->accent, opacity);
    drawing_curve(f->drawing, from, (Vec){from.x + bend, from.y}, (Vec){to.x - bend, to.y}, to,
                  1.0f + 2.2f * sqrtf(clamp_float(weight, 0, 1)), color);
}

/* The weight from which on a layer's lines are drawn: the threshold, or more where that leaves so many lines
 * that nobody could tell them apart. */
static float least_weight(const Flow *f)
{
    enum { STEPS = 256 };
    int count[STEPS] = {0}, lines = 0, most = max_int(MOST_LINES / max_int(f->l.levels - 1, 1), 64);
    Range rows = f->l.tokens;
    for (int query = rows.first; query <= rows.last && query < f->tokens; query++) {
        const float *row = f->mixed + (size_t)query * (size_t)f->tokens;
        for (int key = rows.first; key <= rows.last && key < f->tokens; key++) {
            if (!(row[key] > 0) || row[key] < f->state->threshold) { continue; }
            count[min_int((int)(clamp_float(row[key], 0, 1) * STEPS), STEPS - 1)]++;
            lines++;
        }
    }
    int step = 0;
    while (step < STEPS - 1 && lines > most) { lines -= count[step++]; }
    return max_float((float)step / STEPS, f->state->threshold);
}

/* The lines of one layer: all of them, or those that carry something of what is followed. */
static void draw_layer(Flow *f, int layer)
{
    size_t n = (size_t)f->tokens;
    bool followed = f->level >= 0;
    if (followed && !f->upwards && layer >= f->level) { return; }
    Range rows = f->l.tokens;
    float least = followed ? 0 : least_weight(f);
    f->least = max_float(f->least, least);
    for (int query = rows.first; query <= rows.last && query < f->tokens; query++) {
        float through = 1;
        if (followed && !f->upwards) {
            through = f->share[(size_t)(layer + 1) * n + (size_t)query];
        }
        for (int key = rows.first; key <= rows.last && key < f->tokens; key++) {
            float weight = f->mixed[(size_t)query * n + (size_t)key];
            if (followed && f->upwards) { through = f->share[(size_t)layer * n + (size_t)key]; }
            float carried = weight * through;
            bool seen = followed ? carried >= SHARE_LEAST : weight >= least;
            if (!seen || !(weight > 0)) { continue; }
            float opacity = parts_opacity(f->state, carried) * (followed ? 1 : 0.5f);
            draw_line(f, layer, query, key, carried, opacity);
        }
    }
}

static void draw_nodes(const Flow *f)
{
    const Theme *theme = f->state->theme;
    size_t n = (size_t)f->tokens;
    for (int level = 0; level < f->l.levels; level++) {
        for (int token = f->l.tokens.first; token <= f->l.tokens.last; token++) {
            Vec at = node_at(&f->l, f->state, level, token);
            float share = f->level >= 0 ? f->share[(size_t)level * n + (size_t)token] : 0;
            float radius = f->level < 0 ? 2.5f : 1.5f + (NODE_MAX - 2) * sqrtf(min_float(share, 1));
            bool chosen = level == f->level && token == f->token;
            Target target = level == 0 ? (Target){TARGET_KEY, -1, -1, -1, token}
                                       : (Target){TARGET_QUERY, f->l.first + level, -1, token, -1};
            drawing_set_hit(f->drawing, target_pack(target));
            float reach = max_float(f->l.row / 2, 5);
            drawing_rect(f->drawing, (Rect){at.x - reach, at.y - f->l.row / 2, 2 * reach, f->l.row},
                         0, (Color){0});
            Color color = f->level < 0 || share > SHARE_LEAST ? theme->accent : theme->muted;
            drawing_rect(f->drawing, (Rect){at.x - radius, at.y - radius, 2 * radius, 2 * radius},
                         radius, f->level < 0 ? theme->muted : color);
            drawing_set_hit(f->drawing, 0);
            if (chosen) {
                drawing_frame(
                    f->drawing,
                    (Rect){at.x - radius - 3, at.y - radius - 3, 2 * radius + 6, 2 * radius + 6},
                    radius + 3, 1.8f, theme->ink);
            }
        }
    }
}

static void draw_tokens(const Flow *f)
{
    const Theme *theme = f->state->theme;
    for (int token = f->l.tokens.first; token <= f->l.tokens.last; token++) {
        const Token *t = &f->trace->encoding->tokens[token];
        Vec left = node_at(&f->l, f->state, 0, token);
        Vec right = node_at(&f->l, f->state, f->l.levels - 1, token);
        if (left.y < f->l.rows.y - f->l.row || left.y > f->l.rows.y + f->l.rows.h + f->l.row) {
            continue;
        }
        bool at_input = f->level == 0 && f->token == token;
        bool at_top = f->level == f->l.levels - 1 && f->token == token;
        TextStyle style = {.size = f->l.text,
                           .color = at_input ? theme->ink : parts_token_color(f->state, t),
                           .weight = at_input ? FONT_BOLD : FONT_REGULAR,
                           .align = TEXT_RIGHT,
                           .max_width = f->l.token_w - 6};
        float base = left.y + f->l.text * 0.34f;
        drawing_set_hit(f->drawing, target_pack((Target){TARGET_KEY, -1, -1, -1, token}));
        drawing_text(f->drawing, (Vec){left.x - NODE_MAX - 5, base}, parts_token_text(t), &style);
        style.align = TEXT_LEFT;
        style.weight = at_top ? FONT_BOLD : FONT_REGULAR;
        style.color = at_top ? theme->ink : parts_token_color(f->state, t);
        drawing_set_hit(f->drawing, target_pack((Target){TARGET_QUERY, f->l.first + f->l.levels - 1,
                                                         -1, token, -1}));
        drawing_text(f->drawing, (Vec){right.x + NODE_MAX + 5, base}, parts_token_text(t), &style);
        drawing_set_hit(f->drawing, 0);
    }
}

/* How much of every input token is in the chosen one. */
static void draw_bars(const Flow *f, const float *share)
{
    const Theme *theme = f->state->theme;
    float most = 0, room = BARS - 44;
    Range rows = f->l.tokens;
    for (int token = 0; token < f->tokens; token++) { most = max_float(most, share[token]); }
    for (int token = rows.first; token <= rows.last && most > 0; token++) {
        Vec at = node_at(&f->l, f->state, 0, token);
        float end = f->l.rows.x + BARS - 4, long_ = room * share[token] / most;
        Rect bar = {end - long_, at.y - f->l.row * 0.24f, long_, f->l.row * 0.48f};
        if (bar.w > 0.4f) { drawing_rect(f->drawing, bar, 1.5f, theme->accent); }
        if (share[token] < 0.005f) { continue; }
        drawing_text_format(f->drawing, (Vec){bar.x - 5, at.y + 4},
                            &(TextStyle){.size = min_float(f->l.text, 11.5f),
                                         .color = theme->muted,
                                         .align = TEXT_RIGHT},
                            "%.2f", (double)share[token]);
    }
}

static void draw_titles(const Flow *f)
{
    TextStyle style = {.size = 12, .color = f->state->theme->muted, .align = TEXT_CENTER};
    float pitch = (f->l.right - f->l.left) / (float)max_int(f->l.levels - 1, 1);
    int every = max_int((int)ceilf(52 / max_float(pitch, 1)), 1);
    for (int level = 0; level < f->l.levels; level++) {
        Vec at = {node_at(&f->l, f->state, level, 0).x, f->l.rows.y - 12};
        if (level == 0 && f->l.first == 0) {
            drawing_text(f->drawing, at, "input", &style);
        } else if (level == 0 || (level - 1) % every == 0) {
            drawing_text_format(f->drawing, at, &style, "layer %d", f->l.first + level - 1);
        }
    }
}

static void draw_legend(const Flow *f)
{
    static const char *const what[FLOW_KINDS] = {
        "attention, mean of the chosen heads",
        "rollout: attention and residual, half and half, through all layers",
        "largest flow through all paths, attention and residual half and half",
    };
    TextStyle quiet = {.size = 11.5f, .color = f->state->theme->muted, .max_width = f->l.legend.w};
    Vec at = {f->l.legend.x, f->l.legend.y + f->l.legend.h / 2 + 4};
    if (f->level < 0) {
        drawing_text_format(f->drawing, at, &quiet,
                            "%s; lines from %.3g on, opacity = weight^%.2g. Choose a token to "
                            "follow it.",
                            what[f->state->flow], (double)f->least, (double)f->state->contrast);
    } else {
        drawing_text_format(f->drawing, at, &quiet, "%s; %s, shares from %.3g on",
                            what[f->state->flow],
                            f->upwards ? "how much of the input token is in every token above"
                                       : "what the chosen token is made of",
                            (double)SHARE_LEAST);
    }
}

static bool can_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    const Attention *a = &trace->attention[ATTENTION_SELF];
    if (state->attention == ATTENTION_SELF && a->weights != NULL && a->queries == a->keys) {
        return true;
    }
    parts_notice(state, area, drawing, "The flow view needs the self-attention of an encoder.");
    return false;
}

void view_flow_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    if (!can_draw(trace, state, area, drawing)) { return; }
    Arena scratch = {0};
    Flow f = {.trace = trace, .state = state, .tokens = trace->tokens, .drawing = drawing};
    f.l = lay_out(trace, state, area, drawing);
    size_t n = (size_t)f.tokens;
    f.mixed = arena_alloc(&scratch, n * n, sizeof *f.mixed);
    f.share = arena_alloc(&scratch, (size_t)f.l.levels * n, sizeof *f.share);
    find_chosen(&f);
    if (f.level >= 0) { follow(&f); }
    draw_titles(&f);
    Rect clip =
        drawing_set_clip(drawing, (Rect){f.l.rows.x, f.l.rows.y - 4, f.l.rows.w, f.l.rows.h + 8});
    for (int layer = 0; layer < f.l.levels - 1; layer++) {
        mix_layer(&f, layer);
        draw_layer(&f, layer);
    }
    draw_nodes(&f);
    draw_tokens(&f);
    const float *arrives = f.share;
    bool known = f.level > 0 && !f.upwards;
    if (known && state->flow == FLOW_MAXIMUM) {
        float *flow = arena_alloc(&scratch, n, sizeof *flow);
        known = rollout_flow(trace, f.level - 1, &state->heads, f.token, flow);
        arrives = flow;
    }
    if (known) { draw_bars(&f, arrives); }
    drawing_set_clip(drawing, clip);
    if (state->legend) { draw_legend(&f); }
    if (state->caption) { parts_caption(trace, state, f.l.caption, drawing); }
    if (f.level > 0 && !f.upwards && !known) {
        parts_notice(state, (Rect){f.l.rows.x, f.l.rows.y, f.l.rows.w, 30}, drawing,
                     "The text is too long for the largest flow; rollout does it.");
    }
    arena_free(&scratch);
}

Vec view_flow_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    (void)drawing;
    Range layers = view_layers(trace, state);
    float width = 2 * PARTS_MARGIN + BARS + 2 * 90 +
                  110 * (float)clamp_int(layers.last - layers.first + 1, 3, 12);
    Range tokens = view_tokens(trace, state);
    float height = 2 * PARTS_MARGIN + TITLES +
                   26 * (float)min_int(tokens.last - tokens.first + 1, 64) +
                   (state->caption ? PARTS_CAPTION : 0) + (state->legend ? LEGEND + 4 : 0);
    return (Vec){ceilf(width), ceilf(max_float(height, 320))};
}

float view_flow_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                             const Drawing *drawing)
{
    if (state->attention != ATTENTION_SELF) { return 0; }
    Layout l = lay_out(trace, state, area, drawing);
    return max_float(l.row * (float)(l.tokens.last - l.tokens.first + 1) - l.rows.h, 0);
}
