/* The heatmap: a matrix per head, queries down, keys across, colour = weight, with a colour bar.
 *
 * One chosen head fills the area; several stand side by side, or are combined into one. A single
 * matrix can be zoomed and moved; labels thin out where they would touch. */
#include "view/parts.h"

#include "base/base.h"

#include <math.h>
#include <string.h>

#define CELL_MAX 46.0f
#define CELL_LARGEST 72.0f /* in the window, for the last row of a lecture */
#define CELL_NATURAL 26.0f
#define CELL_WITH_NUMBER 30.0f /* from this size on the weight is written into the cell */
#define CELL_LABELLED 8.0f     /* smallest at which one of several panels is labelled */
#define LABEL_MAX 130.0f
#define LABEL 13.0f
#define LABEL_LARGEST 20.0f
#define LABEL_SMALL 10.5f /* beside one of several panels, and in cells */
#define LABEL_SHARE 0.4f  /* of a cell that is larger than labels need */
#define NUMBER_SHARE 0.22f
#define NUMBER_LARGEST 15.0f
#define LABEL_STEP 1.15f /* distance of labels, in text sizes */
#define LABEL_ANGLE (-50.0f)
#define TITLE 22.0f
#define BAR 62.0f
#define GAP 18.0f

typedef struct Panel {
    int head;   /* -1: all chosen heads as one */
    Rect area;  /* with title and labels */
    Rect plot;  /* the part of the matrix that can be seen */
    Vec origin; /* of cell (0, 0), beyond the plot when moved */
    float cell; /* points */
} Panel;

typedef struct Layout {
    Rect header, caption, bar, panels;
    int count, columns; /* panels in all and side by side */
    bool axis_titles;
    float cell_max;
    float label_size, left, top; /* room for labels of each panel */
} Layout;

static int panel_count(const Trace *trace, const ViewState *state)
{
    int heads = trace->attention[state->attention].heads, shown = 0;
    for (int head = 0; head < heads; head++) { shown += parts_head_shown(trace, state, head); }
    return parts_is_combined(state) ? 1 : shown;
}

/* The head of the nth panel, or -1 for the combination. */
static int panel_head(const Trace *trace, const ViewState *state, int panel)
{
    int heads = trace->attention[state->attention].heads, shown = 0, found = -1;
    for (int head = 0; head < heads; head++) {
        if (!parts_head_shown(trace, state, head)) { continue; }
        if (shown == panel) { found = head; }
        shown++;
    }
    return parts_is_combined(state) ? -1 : found;
}

static float widest_label(const Slice *slice, const Drawing *drawing, float size, bool queries)
{
    float width = 10;
    int count = queries ? slice->queries : slice->keys;
    for (int i = 0; i < count; i++) {
        const Token *token = queries ? slice_query(slice, i) : slice_key(slice, i);
        width = max_float(width,
                          drawing_text_width(drawing, parts_token_text(token), size, FONT_REGULAR));
    }
    return min_float(width, LABEL_MAX);
}

static float cell_size(const Layout *layout, const Slice *slice, float width, float height)
{
    float across = (width - layout->left) / (float)max_int(slice->keys, 1);
    float down = (height - layout->top - TITLE) / (float)max_int(slice->queries, 1);
    return min_float(min_float(across, down), layout->cell_max);
}

/* Room for labels of that size, as wide as the widest needs; none where panels go without, size 0. */
static void make_room(Layout *layout, const Slice *slice, const Drawing *drawing, float size)
{
    layout->label_size = size;
    layout->left = layout->top = 4;
    if (!(size > 0)) { return; }
    float lean = sinf(-LABEL_ANGLE * 3.14159265f / 180);
    layout->left = widest_label(slice, drawing, layout->label_size, true) + 10;
    layout->top = widest_label(slice, drawing, layout->label_size, false) * lean + 14;
    if (layout->axis_titles) {
        layout->left += 16;
        layout->top += 16;
    }
}

/* As many panels side by side as give the largest cells; returns their size. */
static float choose_columns(Layout *layout, const Slice *slice)
{
    float best = -1;
    for (int columns = 1; columns <= layout->count; columns++) {
        int rows = (layout->count + columns - 1) / columns;
        float width = (layout->panels.w - GAP * (float)(columns - 1)) / (float)columns;
        float height = (layout->panels.h - GAP * (float)(rows - 1)) / (float)rows;
        float cell = cell_size(layout, slice, width, height);
        if (cell > best) {
            best = cell;
            layout->columns = columns;
        }
    }
    return best;
}

/* Panels beside each other carry labels only where most of them can be read; those of a single one grow
 * with its cells. */
static void choose_labels(Layout *layout, const Slice *slice, const Drawing *drawing)
{
    float size = layout->count == 1 ? LABEL : LABEL_SMALL;
    make_room(layout, slice, drawing, size);
    float cell = choose_columns(layout, slice);
    float large = clamp_float(cell * LABEL_SHARE, LABEL, LABEL_LARGEST);
    if (layout->count == 1 ? layout->cell_max > CELL_MAX && large > size : cell < CELL_LABELLED) {
        make_room(layout, slice, drawing, layout->count == 1 ? large : 0);
        choose_columns(layout, slice);
    }
}

static Layout lay_out(const Trace *trace, const ViewState *state, const Slice *slice, Rect area,
                      const Drawing *drawing)
{
    Layout layout = {.count = max_int(panel_count(trace, state), 1),
                     .columns = 1,
                     .cell_max = state->figure ? CELL_MAX : CELL_LARGEST};
    Rect inner = rect_inset(area, PARTS_MARGIN);
    float top = inner.y, bottom = inner.y + inner.h;
    if (state->caption) {
        layout.caption = (Rect){inner.x, bottom - PARTS_CAPTION, inner.w, PARTS_CAPTION};
        bottom -= PARTS_CAPTION + 6;
    }
    if (state->legend) {
        layout.header = (Rect){inner.x, top, inner.w, PARTS_HEADER};
        top += PARTS_HEADER + 6;
    }
    float width = inner.w - (state->legend ? BAR + GAP : 0);
    layout.panels = (Rect){inner.x, top, max_float(width, 1), max_float(bottom - top, 1)};
    layout.axis_titles = layout.count == 1;
    choose_labels(&layout, slice, drawing);
    return layout;
}

static Panel place_panel(const Trace *trace, const ViewState *state, const Slice *slice,
                         const Layout *layout, int index)
{
    int rows = (layout->count + layout->columns - 1) / layout->columns;
    float width = (layout->panels.w - GAP * (float)(layout->columns - 1)) / (float)layout->columns;
    float height = (layout->panels.h - GAP * (float)(rows - 1)) / (float)rows;
    Panel panel = {.head = panel_head(trace, state, index)};
    panel.cell = max_float(cell_size(layout, slice, width, height), 0.25f);
    float wide = layout->left + panel.cell * (float)slice->keys;
    float high = layout->top + TITLE + panel.cell * (float)slice->queries;
    /* The block of panels stands in the middle of what is left over, not each in its own cell. */
    float pitch_x = min_float(width, wide) + GAP, pitch_y = min_float(height, high) + GAP;
    float block_w = pitch_x * (float)layout->columns - GAP, block_h = pitch_y * (float)rows - GAP;
    float x = layout->panels.x + max_float(layout->panels.w - block_w, 0) / 2;
    float y = layout->panels.y + max_float(layout->panels.h - block_h, 0) * 0.3f;
    panel.area = (Rect){x + pitch_x * (float)(index % layout->columns),
                        y + pitch_y * (float)(index / layout->columns), wide, high};
    panel.plot = (Rect){panel.area.x + layout->left, panel.area.y + layout->top + TITLE,
                        panel.cell * (float)slice->keys, panel.cell * (float)slice->queries};
    panel.origin = (Vec){panel.plot.x, panel.plot.y};
    if (layout->count == 1 && state->zoom > 1 && !state->figure) {
        /* The plot stays where it is; the matrix behind it grows and is moved within its bounds. */
        panel.cell *= state->zoom;
        float most_x = panel.cell * (float)slice->keys - panel.plot.w;
        float most_y = panel.cell * (float)slice->queries - panel.plot.h;
        panel.origin.x -= clamp_float(state->pan.x, 0, max_float(most_x, 0));
        panel.origin.y -= clamp_float(state->pan.y, 0, max_float(most_y, 0));
    }
    return panel;
}

static void panel_weights(const ViewState *state, const Slice *slice, int head, float *weights)
{
    if (head >= 0) {
        slice_weights(slice, state->layer, head, weights);
    } else {
        slice_combine(slice, state->layer, &state->heads, state->combine, weights);
    }
}

static void draw_cells(const ViewState *state, const Slice *slice, const Panel *panel,
                       const float *weights, float maximum, Drawing *drawing)
{
    Rect matrix = {panel->origin.x, panel->origin.y, panel->cell * (float)slice->keys,
                   panel->cell * (float)slice->queries};
    Color *cells = drawing_image(drawing, matrix, slice->queries, slice->keys, false);
    size_t count = (size_t)slice->queries * (size_t)slice->keys;
    for (size_t i = 0; i < count; i++) {
        cells[i] =
            palette_map(state->map, parts_scale(state, weights[i], maximum), state->theme->dark);
    }
    if (panel->cell < CELL_WITH_NUMBER) { return; }
    float size = clamp_float(panel->cell * NUMBER_SHARE, LABEL_SMALL, NUMBER_LARGEST);
    for (int query = 0; query < slice->queries; query++) {
        for (int key = 0; key < slice->keys; key++) {
            size_t i = (size_t)query * (size_t)slice->keys + (size_t)key;
            if (!(weights[i] >= 0.005f)) { continue; }
            int light = 299 * cells[i].r + 587 * cells[i].g + 114 * cells[i].b;
            Color ink = light > 140000 ? (Color){30, 34, 42, 255} : (Color){255, 255, 255, 255};
            drawing_text_format(
                drawing,
                (Vec){matrix.x + ((float)key + 0.5f) * panel->cell,
                      matrix.y + ((float)query + 0.5f) * panel->cell + size * 0.38f},
                &(TextStyle){.size = size, .color = ink, .align = TEXT_CENTER}, "%.2f",
                (double)weights[i]);
        }
    }
}

/* Every nth label, so that they keep their distance. */
static int label_stride(const Layout *layout, const Panel *panel)
{
    return max_int((int)ceilf(layout->label_size * LABEL_STEP / panel->cell), 1);
}

static void draw_label(const ViewState *state, const Token *token, Target target, Vec at,
                       float size, float angle, float max_width, Drawing *drawing)
{
    bool active = view_is_active(state, target);
    drawing_set_hit(drawing, target_pack(target));
    drawing_text(
        drawing, at, parts_token_text(token),
        &(TextStyle){.size = size,
                     .color = active ? state->theme->accent : parts_token_color(state, token),
                     .weight = active ? FONT_BOLD : FONT_REGULAR,
                     .align = angle != 0 ? TEXT_LEFT : TEXT_RIGHT,
                     .angle = angle,
                     .max_width = max_width});
    drawing_set_hit(drawing, 0);
}

static void draw_labels(const ViewState *state, const Slice *slice, const Layout *layout,
                        const Panel *panel, Drawing *drawing)
{
    if (layout->label_size <= 0) { return; }
    int stride = label_stride(layout, panel);
    float size = layout->label_size;
    for (int query = 0; query < slice->queries; query++) {
        float y = panel->origin.y + ((float)query + 0.5f) * panel->cell;
        Target target = {TARGET_QUERY, -1, -1, slice->query_index[query], -1};
        bool wanted = query % stride == 0 || view_is_active(state, target);
        if (!wanted || y < panel->plot.y || y > panel->plot.y + panel->plot.h) { continue; }
        draw_label(state, slice_query(slice, query), target,
                   (Vec){panel->plot.x - 7, y + size * 0.35f}, size, 0, LABEL_MAX, drawing);
    }
    for (int key = 0; key < slice->keys; key++) {
        float x = panel->origin.x + ((float)key + 0.5f) * panel->cell;
        Target target = {TARGET_KEY, -1, -1, -1, slice->key_index[key]};
        bool wanted = key % stride == 0 || view_is_active(state, target);
        if (!wanted || x < panel->plot.x || x > panel->plot.x + panel->plot.w) { continue; }
        draw_label(state, slice_key(slice, key), target, (Vec){x + size * 0.3f, panel->plot.y - 7},
                   size, LABEL_ANGLE, LABEL_MAX, drawing);
    }
}

static void draw_axis_titles(const ViewState *state, const Panel *panel, Drawing *drawing)
{
    TextStyle style = {.size = 12, .color = state->theme->muted, .align = TEXT_CENTER};
    drawing_text(drawing, (Vec){panel->plot.x + panel->plot.w / 2, panel->area.y + 14},
                 "key (is looked at)", &style);
    style.angle = -90;
    drawing_text(drawing, (Vec){panel->area.x + 11, panel->plot.y + panel->plot.h / 2},
                 "query (looks)", &style);
}

/* The row of a query, the column of a key, both of a cell. */
static void draw_marks(const ViewState *state, const Slice *slice, const Panel *panel,
                       Target target, bool pinned, Drawing *drawing)
{
    int query = target.kind == TARGET_KEY ? -1 : slice_find_query(slice, target.query);
    int key = target.kind == TARGET_QUERY ? -1 : slice_find_key(slice, target.key);
    Color color = pinned ? state->theme->accent : color_fade(state->theme->ink, 0.75f);
    float width = pinned ? 2.0f : 1.25f;
    if (query >= 0) {
        drawing_frame(drawing,
                      (Rect){panel->plot.x, panel->origin.y + (float)query * panel->cell,
                             panel->plot.w, panel->cell},
                      0, width, color);
    }
    if (key >= 0) {
        drawing_frame(drawing,
                      (Rect){panel->origin.x + (float)key * panel->cell, panel->plot.y, panel->cell,
                             panel->plot.h},
                      0, width, color);
    }
}

static void draw_panel_title(const Trace *trace, const ViewState *state, const Panel *panel,
                             Drawing *drawing)
{
    if (panel->head < 0) { return; }
    Target target = {TARGET_HEAD, state->layer, panel->head, -1, -1};
    Vec at = {panel->plot.x, panel->area.y + 15};
    drawing_set_hit(drawing, target_pack(target));
    drawing_rect(drawing, (Rect){at.x, at.y - 10, 11, 11}, 3,
                 parts_head_color(trace, state, panel->head));
    drawing_text_format(drawing, (Vec){at.x + 16, at.y},
                        &(TextStyle){.size = 12, .color = state->theme->ink, .weight = FONT_BOLD},
                        "Head %d", panel->head);
    drawing_set_hit(drawing, 0);
}

static void draw_panel(const Trace *trace, const ViewState *state, const Slice *slice,
                       const Layout *layout, const Panel *panel, const float *weights,
                       float maximum, Drawing *drawing)
{
    if (layout->count > 1) { draw_panel_title(trace, state, panel, drawing); }
    draw_labels(state, slice, layout, panel, drawing);
    if (layout->axis_titles) { draw_axis_titles(state, panel, drawing); }
    Rect clip = drawing_set_clip(drawing, panel->plot);
    draw_cells(state, slice, panel, weights, maximum, drawing);
    for (int pin = 0; pin < state->pin_count; pin++) {
        draw_marks(state, slice, panel, state->pins[pin], true, drawing);
    }
    if (!state->figure && state->hover.kind != TARGET_NONE && state->hover.kind != TARGET_HEAD) {
        draw_marks(state, slice, panel, state->hover, false, drawing);
    }
    drawing_set_clip(drawing, clip);
    drawing_frame(drawing, rect_inset(panel->plot, -0.75f), 0, 0.75f, state->theme->border);
}

static void draw_panels(const Trace *trace, const ViewState *state, const Slice *slice,
                        const Layout *layout, Drawing *drawing, Arena *scratch)
{
    size_t matrix = (size_t)slice->queries * (size_t)slice->keys;
    float *weights = arena_alloc(scratch, (size_t)layout->count * matrix, sizeof *weights);
    float maximum = 0;
    for (int index = 0; index < layout->count; index++) {
        panel_weights(state, slice, panel_head(trace, state, index),
                      weights + (size_t)index * matrix);
    }
    for (size_t i = 0; i < (size_t)layout->count * matrix; i++) {
        if (weights[i] > maximum) { maximum = weights[i]; }
    }
    maximum = parts_nice_maximum(maximum);
    for (int index = 0; index < layout->count; index++) {
        Panel panel = place_panel(trace, state, slice, layout, index);
        draw_panel(trace, state, slice, layout, &panel, weights + (size_t)index * matrix, maximum,
                   drawing);
        if (index == 0 && state->legend) {
            float x = layout->panels.x + layout->panels.w + GAP;
            if (layout->count == 1) { x = min_float(x, panel.plot.x + panel.plot.w + GAP); }
            float high = clamp_float(panel.plot.h, 80, 260);
            parts_color_bar(state, maximum, (Rect){x, panel.plot.y, BAR, high}, drawing);
        }
    }
}

void view_heatmap_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    Arena scratch = {0};
    Slice slice = parts_slice(trace, state, &scratch);
    Layout layout = lay_out(trace, state, &slice, area, drawing);
    if (state->legend) { parts_header(trace, state, layout.header, drawing); }
    if (state->caption) { parts_caption(trace, state, layout.caption, drawing); }
    if (slice.queries == 0 || slice.keys == 0) {
        parts_notice(state, layout.panels, drawing, "No tokens are left after this filter.");
    } else if (panel_count(trace, state) == 0) {
        parts_notice(state, layout.panels, drawing, "No head is chosen.");
    } else {
        draw_panels(trace, state, &slice, &layout, drawing, &scratch);
    }
    arena_free(&scratch);
}

Vec view_heatmap_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    Arena scratch = {0};
    Slice slice = parts_slice(trace, state, &scratch);
    int count = max_int(panel_count(trace, state), 1);
    int columns = count == 1 ? 1 : (int)ceilf(sqrtf((float)count));
    int rows = (count + columns - 1) / columns;
    float cell = count == 1 ? clamp_float(640.0f / (float)max_int(slice.keys, 1), 4, CELL_MAX)
                            : clamp_float(260.0f / (float)max_int(slice.keys, 1), 2, CELL_NATURAL);
    float size = count == 1 ? LABEL : LABEL_SMALL, axis = count == 1 ? 16 : 0;
    float left = widest_label(&slice, drawing, size, true) + 10 + axis;
    float lean = sinf(-LABEL_ANGLE * 3.14159265f / 180);
    float top = widest_label(&slice, drawing, size, false) * lean + 14 + axis + TITLE;
    arena_free(&scratch);
    float width = (left + cell * (float)slice.keys + GAP) * (float)columns - GAP;
    float height = (top + cell * (float)slice.queries + GAP) * (float)rows - GAP;
    width += 2 * PARTS_MARGIN + (state->legend ? BAR + GAP : 0);
    height += 2 * PARTS_MARGIN + (state->caption ? PARTS_CAPTION + 6 : 0) +
              (state->legend ? PARTS_HEADER + 6 : 0);
    return (Vec){ceilf(max_float(width, 480)), ceilf(max_float(height, 320))};
}

Target view_heatmap_locate(const Trace *trace, const ViewState *state, Rect area,
                           const Drawing *drawing, Vec point)
{
    Arena scratch = {0};
    Target target = {TARGET_NONE, -1, -1, -1, -1};
    Slice slice = parts_slice(trace, state, &scratch);
    Layout layout = lay_out(trace, state, &slice, area, drawing);
    int count = slice.queries > 0 && slice.keys > 0 ? panel_count(trace, state) : 0;
    for (int index = 0; index < count; index++) {
        Panel panel = place_panel(trace, state, &slice, &layout, index);
        if (!rect_contains(panel.plot, point)) { continue; }
        int query = (int)((point.y - panel.origin.y) / panel.cell);
        int key = (int)((point.x - panel.origin.x) / panel.cell);
        if (query >= 0 && query < slice.queries && key >= 0 && key < slice.keys) {
            target = (Target){TARGET_LINK, state->layer, panel.head, slice.query_index[query],
                              slice.key_index[key]};
        }
    }
    arena_free(&scratch);
    return target;
}
