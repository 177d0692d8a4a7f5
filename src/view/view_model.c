/* The model view: layers down, heads across, a thumbnail of every head; one of them can grow until
 * it fills the view. */
#include "view/parts.h"

#include "analysis/measure.h"
#include "base/base.h"

#include <math.h>

#define CELL_MIN 18.0f /* smaller thumbnails are scrolled instead */
#define CELL_MAX 150.0f
#define CELL_NATURAL 92.0f
#define GAP_SHARE 0.09f /* of a cell */
#define LABELS 34.0f    /* left of the rows */
#define TITLES 44.0f    /* above the columns: what they are, and their numbers */
#define LEGEND 30.0f
#define LINE_LEAST 0.1f /* thinner lines can't be seen at this size */
#define LINE_TOKENS 28  /* more rows than these are pooled before lines are drawn */
#define CARD_WIDTH 200.0f
#define CARD_HEIGHT 101.0f

typedef struct Layout {
    Rect content, caption, legend; /* content: titles, labels and thumbnails */
    float cell, gap;
    Vec origin;               /* of thumbnail 0.0, without scroll */
    int first, layers, heads; /* layers from `first` on */
} Layout;

static Layout lay_out(const Trace *trace, const ViewState *state, Rect area)
{
    const Attention *a = &trace->attention[state->attention];
    Range layers = view_layers(trace, state);
    Layout layout = {
        .first = layers.first, .layers = layers.last - layers.first + 1, .heads = a->heads};
    Rect inner = rect_inset(area, PARTS_MARGIN);
    float bottom = inner.y + inner.h;
    if (state->caption) {
        layout.caption = (Rect){inner.x, bottom - PARTS_CAPTION, inner.w, PARTS_CAPTION};
        bottom -= PARTS_CAPTION;
    }
    if (state->legend) {
        layout.legend = (Rect){inner.x, bottom - LEGEND, inner.w, LEGEND};
        bottom -= LEGEND + 4;
    }
    layout.content = (Rect){inner.x, inner.y, inner.w, max_float(bottom - inner.y, 1)};
    float across = (inner.w - LABELS) / (float)max_int(a->heads, 1);
    float down = (layout.content.h - TITLES) / (float)max_int(a->layers, 1);
    float pitch = clamp_float(min_float(across, down), CELL_MIN, CELL_MAX);
    layout.gap = clamp_float(pitch * GAP_SHARE, 2, 9);
    layout.cell = pitch - layout.gap;
    float wide = pitch * (float)a->heads - layout.gap;
    layout.origin =
        (Vec){inner.x + LABELS + max_float(inner.w - LABELS - wide, 0) / 2, inner.y + TITLES};
    return layout;
}

static Rect place_cell(const Layout *layout, const ViewState *state, int layer, int head)
{
    float pitch = layout->cell + layout->gap;
    return (Rect){layout->origin.x + pitch * (float)head,
                  layout->origin.y - state->scroll + pitch * (float)(layer - layout->first),
                  layout->cell, layout->cell};
}

/* ---- One thumbnail ---- */

static void draw_heatmap(const ViewState *state, const Thumbnails *t, const float *weights,
                         Rect rect, Drawing *drawing)
{
    Color *cells = drawing_image(drawing, rect, t->rows, t->columns, false);
    size_t count = (size_t)t->rows * (size_t)t->columns;
    for (size_t i = 0; i < count; i++) {
        cells[i] = palette_map(state->map, parts_scale(state, weights[i], 1), state->theme->dark);
    }
}

static void draw_lines(const ViewState *state, const Thumbnails *t, const float *weights, Rect rect,
                       Color color, Drawing *drawing)
{
    float least = max_float(state->threshold, LINE_LEAST);
    float left = rect.x + rect.w * 0.12f, right = rect.x + rect.w * 0.88f;
    float row_high = (rect.h - 4) / (float)t->rows, column_high = (rect.h - 4) / (float)t->columns;
    float thick = clamp_float(rect.h / (float)t->rows * 0.32f, 0.7f, 2.4f);
    for (int row = 0; row < t->rows; row++) {
        for (int column = 0; column < t->columns; column++) {
            float weight = *weights++;
            if (!(weight >= least)) { continue; }
            Vec from = {left, rect.y + 2 + ((float)row + 0.5f) * row_high};
            Vec to = {right, rect.y + 2 + ((float)column + 0.5f) * column_high};
            drawing_line(drawing, from, to, thick, color_fade(color, parts_opacity(state, weight)));
        }
    }
}

static void draw_thumbnail(const Trace *trace, const ViewState *state, Thumbnails *t, int layer,
                           int head, Rect rect, Drawing *drawing)
{
    const float *weights = thumbnail_head(t, layer, head);
    if (state->thumbnail_lines) {
        drawing_rect(drawing, rect, 3, state->theme->panel);
        draw_lines(state, t, weights, rect, parts_head_color(trace, state, head), drawing);
    } else {
        draw_heatmap(state, t, weights, rect, drawing);
    }
}

/* ---- Around the thumbnails ---- */

static void draw_titles(const ViewState *state, const Layout *layout, Drawing *drawing)
{
    const Theme *theme = state->theme;
    float pitch = layout->cell + layout->gap, middle = layout->origin.x + layout->cell / 2;
    TextStyle quiet = {.size = 12, .color = theme->muted};
    drawing_text_format(drawing, (Vec){layout->origin.x, layout->content.y + 14}, &quiet,
                        "%d layers down, %d heads across", layout->layers, layout->heads);
    TextStyle number = {.size = 12, .color = theme->muted, .align = TEXT_CENTER};
    int every = max_int((int)ceilf(18 / pitch), 1);
    for (int head = 0; head < layout->heads; head += every) {
        drawing_text_format(drawing, (Vec){middle + pitch * (float)head, layout->origin.y - 7},
                            &number, "%d", head);
    }
}

static void draw_layer_number(const ViewState *state, const Layout *layout, int layer, Rect cell,
                              Drawing *drawing)
{
    bool current = layer == state->layer;
    int every = max_int((int)ceilf(15 / (layout->cell + layout->gap)), 1);
    if ((layer - layout->first) % every != 0 && !current) { return; }
    drawing_text_format(drawing, (Vec){layout->origin.x - 10, cell.y + cell.h / 2 + 4},
                        &(TextStyle){.size = 12,
                                     .color = current ? state->theme->ink : state->theme->muted,
                                     .weight = current ? FONT_BOLD : FONT_REGULAR,
                                     .align = TEXT_RIGHT},
                        "%d", layer);
}

static void draw_legend(const ViewState *state, const Thumbnails *t, Rect area, Drawing *drawing)
{
    enum { STEPS = 48 };
    TextStyle quiet = {.size = 11.5f, .color = state->theme->muted};
    float x = area.x, base = area.y + area.h / 2 + 4;
    x += drawing_text(drawing, (Vec){x, base}, "weight", &quiet) + 10;
    if (state->thumbnail_lines) {
        float least = max_float(state->threshold, LINE_LEAST);
        drawing_text_format(drawing, (Vec){x, base}, &quiet,
                            "by opacity = weight^%.2g, lines from %.3g on, colour = head%s",
                            (double)state->contrast, (double)least,
                            t->pooled ? "; neighbouring tokens pooled, the largest counts" : "");
        return;
    }
    x +=
        drawing_text(drawing, (Vec){x, base}, state->logarithmic ? "\u22640.001" : "0", &quiet) + 6;
    Rect bar = {x, base - 10, 120, 11};
    Color *cells = drawing_image(drawing, bar, 1, STEPS, true);
    for (int step = 0; step < STEPS; step++) {
        cells[step] = palette_map(state->map, (float)step / (STEPS - 1), state->theme->dark);
    }
    drawing_frame(drawing, bar, 0, 0.75f, state->theme->border);
    x = bar.x + bar.w + 6;
    x += drawing_text(drawing, (Vec){x, base}, "1", &quiet) + 14;
    quiet.max_width = area.x + area.w - x;
    drawing_text_format(drawing, (Vec){x, base}, &quiet, "queries down, keys across%s%s",
                        state->logarithmic ? "; logarithmic" : "",
                        t->pooled ? "; neighbouring tokens pooled, the largest counts" : "");
}

/* Name and measures of the head under the pointer, beside its thumbnail and inside the area. */
static void draw_card(const Trace *trace, const ViewState *state, const Layout *layout, Rect area,
                      Drawing *drawing)
{
    const Theme *theme = state->theme;
    int layer = state->hover.layer, head = state->hover.head;
    Rect cell = place_cell(layout, state, layer, head);
    Rect card = {cell.x + cell.w + 8, cell.y, CARD_WIDTH, CARD_HEIGHT};
    if (card.x + card.w > area.x + area.w - 4) { card.x = cell.x - card.w - 8; }
    card.x = max_float(card.x, area.x + 4);
    card.y = clamp_float(card.y, area.y + 4, max_float(area.y + area.h - card.h - 4, area.y + 4));
    drawing_rect(drawing, card, 7, theme->raised);
    drawing_frame(drawing, card, 7, 1, theme->border);
    const char *name = parts_head_name(state, layer, head);
    drawing_text_format(
        drawing, (Vec){card.x + 12, card.y + 21},
        &(TextStyle){
            .size = 13.5f, .color = theme->ink, .weight = FONT_BOLD, .max_width = card.w - 24},
        "Layer %d, head %d", layer, head);
    drawing_text(drawing, (Vec){card.x + 12, card.y + 38},
                 name[0] != '\0' ? name : "no simple pattern",
                 &(TextStyle){.size = 12, .color = theme->ink, .max_width = card.w - 24});
    static const struct {
        const char *name;
        Measure measure;
    } lines[] = {{"entropy, of the largest", MEASURE_ENTROPY},
                 {"distance, of the longest", MEASURE_DISTANCE},
                 {"on special tokens", MEASURE_SPECIAL}};
    TextStyle quiet = {.size = 12, .color = theme->muted};
    TextStyle number = {.size = 12, .color = theme->ink, .align = TEXT_RIGHT};
    for (size_t i = 0; i < COUNTOF(lines); i++) {
        float y = card.y + 57 + 16 * (float)i;
        float value = measure_head(trace, state->attention, lines[i].measure, layer, head);
        drawing_text(drawing, (Vec){card.x + 12, y}, lines[i].name, &quiet);
        drawing_text_format(drawing, (Vec){card.x + card.w - 12, y}, &number, "%.2f",
                            (double)value);
    }
}

/* ---- The head that was clicked ---- */

static bool is_enlarged(const ViewState *state, const Layout *layout)
{
    const Target *t = &state->enlarged;
    return t->kind == TARGET_HEAD && t->layer >= layout->first &&
           t->layer < layout->first + layout->layers && t->head >= 0 && t->head < layout->heads &&
           state->enlarged_part > 0;
}

/* The same state, for the view that shows this head alone in full. */
static ViewState alone(const ViewState *state)
{
    ViewState one = *state;
    one.layer = state->enlarged.layer;
    one.heads = (HeadSet){0};
    headset_put(&one.heads, state->enlarged.head, true);
    one.combine = COMBINE_NONE;
    one.zoom = 1;
    one.scroll = 0;
    return one;
}

static void draw_alone(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    ViewState one = alone(state);
    if (state->thumbnail_lines) {
        view_head_draw(trace, &one, area, drawing);
    } else {
        view_heatmap_draw(trace, &one, area, drawing);
    }
}

/* On its way from its place to the whole content. */
static void draw_growing(const Trace *trace, const ViewState *state, const Layout *layout,
                         Thumbnails *t, Drawing *drawing)
{
    float part = state->enlarged_part, ease = part * part * (3 - 2 * part);
    Rect from = place_cell(layout, state, state->enlarged.layer, state->enlarged.head);
    float side = min_float(layout->content.w, layout->content.h) * 0.82f;
    Rect to = {layout->content.x + (layout->content.w - side) / 2,
               layout->content.y + (layout->content.h - side) / 2, side, side};
    Rect rect = {from.x + (to.x - from.x) * ease, from.y + (to.y - from.y) * ease,
                 from.w + (to.w - from.w) * ease, from.h + (to.h - from.h) * ease};
    drawing_rect(drawing, layout->content, 0, color_fade(state->theme->background, ease));
    draw_thumbnail(trace, state, t, state->enlarged.layer, state->enlarged.head, rect, drawing);
    drawing_frame(drawing, rect_inset(rect, -1.5f), 3, 1.5f, state->theme->accent);
}

/* ---- The view ---- */

static void draw_cells(const Trace *trace, const ViewState *state, const Layout *layout,
                       Thumbnails *t, Drawing *drawing)
{
    for (int layer = layout->first; layer < layout->first + layout->layers; layer++) {
        Rect first = place_cell(layout, state, layer, 0);
        if (first.y + first.h < layout->content.y ||
            first.y > layout->content.y + layout->content.h) {
            continue;
        }
        draw_layer_number(state, layout, layer, first, drawing);
        for (int head = 0; head < layout->heads; head++) {
            Rect cell = place_cell(layout, state, layer, head);
            Target target = {TARGET_HEAD, layer, head, -1, -1};
            drawing_set_hit(drawing, target_pack(target));
            drawing_rect(drawing, rect_inset(cell, -layout->gap / 2), 0, (Color){0});
            draw_thumbnail(trace, state, t, layer, head, cell, drawing);
            drawing_set_hit(drawing, 0);
            bool chosen = layer == state->layer && headset_has(&state->heads, head);
            bool hovered = !state->figure && target_equal(state->hover, target);
            Color edge = hovered  ? state->theme->ink
                         : chosen ? state->theme->accent
                                  : state->theme->border;
            float width = hovered || chosen ? 1.8f : 0.75f;
            drawing_frame(drawing, rect_inset(cell, -width), 3, width, edge);
        }
    }
}

void view_model_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    Layout layout = lay_out(trace, state, area);
    if (is_enlarged(state, &layout) && state->enlarged_part >= 1) {
        draw_alone(trace, state, area, drawing);
        return;
    }
    Thumbnails own = {0};
    Thumbnails *t = state->thumbnails != NULL ? state->thumbnails : &own;
    int most = state->thumbnail_lines ? LINE_TOKENS : max_int((int)layout.cell, 4);
    thumbnail_update(t, &(ThumbnailSource){trace, state->attention, state->pair, state->special,
                                           state->tokens.first, state->tokens.last, most});
    draw_titles(state, &layout, drawing);
    Rect scrolled = {area.x, layout.origin.y - 4, area.w,
                     layout.content.y + layout.content.h - layout.origin.y + 6};
    Rect clip = drawing_set_clip(drawing, scrolled);
    draw_cells(trace, state, &layout, t, drawing);
    drawing_set_clip(drawing, clip);
    if (state->legend) { draw_legend(state, t, layout.legend, drawing); }
    if (state->caption) { parts_caption(trace, state, layout.caption, drawing); }
    if (is_enlarged(state, &layout)) {
        draw_growing(trace, state, &layout, t, drawing);
    } else if (!state->figure && state->hover.kind == TARGET_HEAD &&
               state->hover.layer < layout.first + layout.layers &&
               state->hover.head < layout.heads && state->hover.layer >= layout.first &&
               state->hover.head >= 0) {
        draw_card(trace, state, &layout, area, drawing);
    }
    if (t == &own) { thumbnail_forget(&own); }
}

Vec view_model_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    (void)drawing;
    const Attention *a = &trace->attention[state->attention];
    Range range = view_layers(trace, state);
    int layers = range.last - range.first + 1;
    float pitch = a->heads > 16 || layers > 16 ? 40 : CELL_NATURAL;
    float width = LABELS + pitch * (float)a->heads + 2 * PARTS_MARGIN;
    float height = TITLES + pitch * (float)layers + 2 * PARTS_MARGIN +
                   (state->caption ? PARTS_CAPTION : 0) + (state->legend ? LEGEND + 4 : 0);
    return (Vec){ceilf(max_float(width, 560)), ceilf(max_float(height, 320))};
}

float view_model_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                              const Drawing *drawing)
{
    (void)drawing;
    Layout layout = lay_out(trace, state, area);
    if (is_enlarged(state, &layout)) { return 0; }
    float high = (layout.cell + layout.gap) * (float)layout.layers;
    return max_float(high - (layout.content.h - TITLES), 0);
}

Target view_model_locate(const Trace *trace, const ViewState *state, Rect area,
                         const Drawing *drawing, Vec point)
{
    Layout layout = lay_out(trace, state, area);
    Target none = {TARGET_NONE, -1, -1, -1, -1};
    if (!is_enlarged(state, &layout) || state->enlarged_part < 1 || state->thumbnail_lines) {
        return none;
    }
    ViewState one = alone(state);
    return view_heatmap_locate(trace, &one, area, drawing, point);
}
