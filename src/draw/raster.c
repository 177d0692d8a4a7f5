#include "draw/raster.h"

#include "base/arena.h"
#include "base/base.h"
#include "base/memory.h"
#include "draw/font.h"
#include "draw/raster_parts.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MANY_STROKES = 48 }; /* from so many on a second thread is worth its start */

bool raster_resize(Raster *raster, int width, int height)
{
    if (width < 1 || height < 1 || width > RASTER_MAX_SIDE || height > RASTER_MAX_SIDE) {
        return false;
    }
    uint32_t *pixels = mem_try_aligned((size_t)width * (size_t)height, sizeof *pixels);
    if (pixels == NULL) { return false; }
    free(raster->pixels);
    *raster = (Raster){width, height, pixels};
    return true;
}

void raster_free(Raster *raster)
{
    free(raster->pixels);
    *raster = (Raster){0};
}

static Bounds to_bounds(Rect rect, float scale)
{
    float limit = RASTER_MAX_SIDE + 1;
    return (Bounds){(int)floorf(clamp_float(rect.x * scale, -limit, limit)),
                    (int)floorf(clamp_float(rect.y * scale, -limit, limit)),
                    (int)ceilf(clamp_float((rect.x + rect.w) * scale, -limit, limit)),
                    (int)ceilf(clamp_float((rect.y + rect.h) * scale, -limit, limit))};
}

static Bounds bounds_intersect(Bounds a, Bounds b)
{
    return (Bounds){max_int(a.left, b.left), max_int(a.top, b.top), min_int(a.right, b.right),
                    min_int(a.bottom, b.bottom)};
}

/* --- rectangles -------------------------------------------------------------------------------- */

/* Signed distance to a rounded rectangle, negative inside. */
static float box_distance(float x, float y, float middle_x, float middle_y, float half_w,
                          float half_h, float radius)
{
    float dx = fabsf(x - middle_x) - half_w + radius, dy = fabsf(y - middle_y) - half_h + radius;
    float out_x = max_float(dx, 0), out_y = max_float(dy, 0);
    return sqrtf(out_x * out_x + out_y * out_y) + min_float(max_float(dx, dy), 0) - radius;
}

static void paint_rect(const Painter *painter, const DrawCommand *command)
{
    float s = painter->scale;
    Rect r = {command->box.x * s, command->box.y * s, command->box.w * s, command->box.h * s};
    float radius = min_float(command->width * s, min_float(r.w, r.h) / 2);
    uint32_t color = to_pixel(command->color), alpha = command->color.a;
    for (int y = painter->area.top; y < painter->area.bottom; y++) {
        uint32_t *row = row_of(painter, y);
        float cy = (float)y + 0.5f, tall = overlap(y, r.y, r.y + r.h);
        bool corner_row = radius > 0 && (cy < r.y + radius || cy > r.y + r.h - radius);
        for (int x = painter->area.left; x < painter->area.right; x++) {
            float cx = (float)x + 0.5f;
            if (corner_row && (cx < r.x + radius || cx > r.x + r.w - radius)) {
                float d =
                    box_distance(cx, cy, r.x + r.w / 2, r.y + r.h / 2, r.w / 2, r.h / 2, radius);
                blend(&row[x], color, cover(0.5f - d, alpha));
            } else {
                blend(&row[x], color, cover(tall * overlap(x, r.x, r.x + r.w), alpha));
            }
        }
    }
}

static void paint_frame(const Painter *painter, const DrawCommand *command)
{
    float s = painter->scale, stroke = max_float(command->width * s, 0.5f);
    Rect r = {command->box.x * s, command->box.y * s, command->box.w * s, command->box.h * s};
    float radius = min_float(command->p[1].x * s, min_float(r.w, r.h) / 2);
    uint32_t color = to_pixel(command->color), alpha = command->color.a;
    for (int y = painter->area.top; y < painter->area.bottom; y++) {
        uint32_t *row = row_of(painter, y);
        float cy = (float)y + 0.5f;
        bool edge = cy < r.y + stroke + radius + 1 || cy > r.y + r.h - stroke - radius - 1;
        for (int x = painter->area.left; x < painter->area.right; x++) {
            float cx = (float)x + 0.5f;
            if (!edge && cx > r.x + stroke + radius + 1 && cx < r.x + r.w - stroke - radius - 1) {
                int skip = (int)(r.x + r.w - stroke - radius - 1);
                if (skip > x) { x = min_int(skip, painter->area.right) - 1; }
                continue;
            }
            float d = box_distance(cx, cy, r.x + r.w / 2, r.y + r.h / 2, r.w / 2, r.h / 2, radius);
            float coverage = clamp_float(0.5f - d, 0, 1) - clamp_float(0.5f - d - stroke, 0, 1);
            blend(&row[x], color, cover(coverage, alpha));
        }
    }
}

/* --- strokes ----------------------------------------------------------------------------------- */

/* The distance to the segment a-b decides the coverage of every pixel of the rows it crosses. */
static void paint_segment(const Painter *painter, Vec a, Vec b, float width, uint32_t color,
                          uint32_t alpha)
{
    float reach = width / 2 + 1, dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    int top = max_int(painter->area.top, (int)floorf(min_float(a.y, b.y) - reach));
    int bottom = min_int(painter->area.bottom, (int)ceilf(max_float(a.y, b.y) + reach));
    float lean = fabsf(dy) > 1e-6f ? dx / dy : 0;
    float side = fabsf(dy) > 1e-6f ? reach * sqrtf(1 + lean * lean) + fabsf(lean) : 1e9f;
    for (int y = top; y < bottom; y++) {
        float cy = (float)y + 0.5f, middle = fabsf(dy) > 1e-6f ? a.x + (cy - a.y) * lean : 0;
        float low = max_float(min_float(a.x, b.x) - reach, middle - side);
        float high = min_float(max_float(a.x, b.x) + reach, middle + side);
        int left = max_int(painter->area.left, (int)floorf(low));
        int right = min_int(painter->area.right, (int)ceilf(high));
        uint32_t *row = row_of(painter, y);
        for (int x = left; x < right; x++) {
            float px = (float)x + 0.5f - a.x, py = cy - a.y;
            float along = square > 0 ? clamp_float((px * dx + py * dy) / square, 0, 1) : 0;
            float ex = px - along * dx, ey = py - along * dy;
            blend(&row[x], color, cover(width / 2 + 0.5f - sqrtf(ex * ex + ey * ey), alpha));
        }
    }
}

static void paint_line(const Painter *painter, const DrawCommand *command)
{
    float s = painter->scale, width = command->width * s, share = thin_alpha(&width);
    paint_segment(painter, (Vec){command->p[0].x * s, command->p[0].y * s},
                  (Vec){command->p[1].x * s, command->p[1].y * s}, width, to_pixel(command->color),
                  (uint32_t)((float)command->color.a * share + 0.5f));
}

/* Convex: a pixel is covered as far as it lies inside all edges. */
static void paint_polygon(const Painter *painter, const DrawCommand *command)
{
    int count = command->u.points;
    Vec p[4];
    float area = 0;
    for (int i = 0; i < count; i++) {
        p[i] = (Vec){command->p[i].x * painter->scale, command->p[i].y * painter->scale};
    }
    for (int i = 0; i < count; i++) {
        Vec a = p[i], b = p[(i + 1) % count];
        area += a.x * b.y - b.x * a.y;
    }
    float sign = area >= 0 ? 1.0f : -1.0f;
    uint32_t color = to_pixel(command->color);
    for (int y = painter->area.top; y < painter->area.bottom; y++) {
        uint32_t *row = row_of(painter, y);
        for (int x = painter->area.left; x < painter->area.right; x++) {
            float coverage = 1;
            for (int i = 0; i < count; i++) {
                Vec a = p[i], b = p[(i + 1) % count];
                float dx = b.x - a.x, dy = b.y - a.y,
                      length = max_float(sqrtf(dx * dx + dy * dy), 1e-6f);
                float inside =
                    sign * (dx * ((float)y + 0.5f - a.y) - dy * ((float)x + 0.5f - a.x)) / length;
                coverage = min_float(coverage, inside + 0.5f);
            }
            blend(&row[x], color, cover(coverage, command->color.a));
        }
    }
}

/* --- images and text --------------------------------------------------------------------------- */

/* The cells [first, last] that pixel `at` shows, of `count` cells between `low` and `low + size`. */
static void cells_of(int at, float low, float size, int count, int *first, int *last)
{
    float per_pixel = (float)count / size;
    float from = ((float)at - low) * per_pixel, to = ((float)at + 1 - low) * per_pixel;
    if (per_pixel <= 1) { from = to = ((float)at + 0.5f - low) * per_pixel; }
    *first = clamp_int((int)floorf(from), 0, count - 1);
    *last = clamp_int((int)ceilf(to) - 1, *first, count - 1);
}

static Color average(const DrawCommand *command, int top, int bottom, int left, int right)
{
    uint32_t r = 0, g = 0, b = 0, a = 0;
    uint32_t n = (uint32_t)max_int((bottom - top + 1) * (right - left + 1), 1);
    for (int row = top; row <= bottom; row++) {
        const Color *cells = command->u.image.cells + (size_t)row * (size_t)command->u.image.cols;
        for (int col = left; col <= right; col++) {
            r += cells[col].r;
            g += cells[col].g;
            b += cells[col].b;
            a += cells[col].a;
        }
    }
    return (Color){(uint8_t)(r / n), (uint8_t)(g / n), (uint8_t)(b / n), (uint8_t)(a / n)};
}

static Color interpolate(const DrawCommand *command, float row, float col)
{
    int rows = command->u.image.rows, cols = command->u.image.cols;
    row = clamp_float(row - 0.5f, 0, (float)rows - 1);
    col = clamp_float(col - 0.5f, 0, (float)cols - 1);
    int top = min_int((int)row, max_int(rows - 2, 0)),
        left = min_int((int)col, max_int(cols - 2, 0));
    const Color *cell = command->u.image.cells + (size_t)top * (size_t)cols + (size_t)left;
    int right = cols > 1 ? 1 : 0, below = rows > 1 ? cols : 0;
    Color upper = color_mix(cell[0], cell[right], col - (float)left);
    Color lower = color_mix(cell[below], cell[below + right], col - (float)left);
    return color_mix(upper, lower, row - (float)top);
}

static void paint_image(const Painter *painter, const DrawCommand *command)
{
    float s = painter->scale;
    Rect r = {command->p[0].x * s, command->p[0].y * s, command->p[1].x * s, command->p[1].y * s};
    if (!(r.w > 0) || !(r.h > 0)) { return; }
    int rows = command->u.image.rows, cols = command->u.image.cols;
    for (int y = painter->area.top; y < painter->area.bottom; y++) {
        uint32_t *row = row_of(painter, y);
        int top, bottom;
        cells_of(y, r.y, r.h, rows, &top, &bottom);
        float tall = overlap(y, r.y, r.y + r.h);
        for (int x = painter->area.left; x < painter->area.right; x++) {
            Color color;
            if (command->u.image.smooth) {
                color = interpolate(command, ((float)y + 0.5f - r.y) / r.h * (float)rows,
                                    ((float)x + 0.5f - r.x) / r.w * (float)cols);
            } else {
                int left, right;
                cells_of(x, r.x, r.w, cols, &left, &right);
                color = average(command, top, bottom, left, right);
            }
            blend(&row[x], to_pixel(color), cover(tall * overlap(x, r.x, r.x + r.w), color.a));
        }
    }
}

static void paint_glyph_pixel(uint32_t *to, uint32_t glyph, bool colored, Color color)
{
    uint32_t alpha = over_255((glyph >> 24) * color.a);
    bool own_color = colored && (glyph & 0xFFFFFF) != 0xFFFFFF;
    blend(to, own_color ? glyph : to_pixel(color), alpha);
}

static uint32_t sample(const TextImage *image, int x, int y)
{
    if (x < 0 || y < 0 || x >= image->width || y >= image->height) { return 0; }
    return image->argb[(size_t)y * (size_t)image->width + (size_t)x];
}

/* Alpha between four pixels; the colour of the nearest. */
static uint32_t sample_between(const TextImage *image, float x, float y)
{
    int left = (int)floorf(x - 0.5f), top = (int)floorf(y - 0.5f);
    float u = x - 0.5f - (float)left, v = y - 0.5f - (float)top;
    float upper = (float)(sample(image, left, top) >> 24) * (1 - u) +
                  (float)(sample(image, left + 1, top) >> 24) * u;
    float lower = (float)(sample(image, left, top + 1) >> 24) * (1 - u) +
                  (float)(sample(image, left + 1, top + 1) >> 24) * u;
    uint32_t alpha = (uint32_t)(upper + (lower - upper) * v + 0.5f);
    uint32_t nearest = sample(image, (int)floorf(x), (int)floorf(y)) & 0xFFFFFF;
    return alpha << 24 | (nearest != 0 ? nearest : 0xFFFFFF);
}

static void paint_text(const Painter *painter, const DrawCommand *command)
{
    TextImage image;
    if (!font_render(painter->drawing->fonts, command->u.text.string, command->width,
                     command->u.text.weight, painter->scale, &image)) {
        return;
    }
    const Bounds *area = &painter->area;
    float angle = command->u.text.angle * 3.14159265f / 180, c = cosf(angle), s = sinf(angle);
    float start_x = command->p[0].x * painter->scale, start_y = command->p[0].y * painter->scale;
    if (command->u.text.angle == 0) {
        int left = (int)lrintf(start_x) + image.left, top = (int)lrintf(start_y) + image.top;
        Bounds to =
            bounds_intersect(*area, (Bounds){left, top, left + image.width, top + image.height});
        for (int y = to.top; y < to.bottom; y++) {
            uint32_t *row = row_of(painter, y);
            const uint32_t *glyphs = image.argb + (size_t)(y - top) * (size_t)image.width;
            for (int x = to.left; x < to.right; x++) {
                if (glyphs[x - left] >> 24 != 0) {
                    paint_glyph_pixel(&row[x], glyphs[x - left], image.colored, command->color);
                }
            }
        }
        return;
    }
    for (int y = area->top; y < area->bottom; y++) {
        uint32_t *row = row_of(painter, y);
        for (int x = area->left; x < area->right; x++) {
            float dx = (float)x + 0.5f - start_x, dy = (float)y + 0.5f - start_y;
            float u = dx * c + dy * s - (float)image.left, v = dy * c - dx * s - (float)image.top;
            if (u < -1 || v < -1 || u > (float)image.width + 1 || v > (float)image.height + 1) {
                continue;
            }
            uint32_t glyph = sample_between(&image, u, v);
            if (glyph >> 24 != 0) {
                paint_glyph_pixel(&row[x], glyph, image.colored, command->color);
            }
        }
    }
}

/* --- the whole picture ------------------------------------------------------------------------- */

static void paint_command(const Painter *painter, const DrawCommand *command)
{
    switch (command->kind) {
    case DRAW_RECT: paint_rect(painter, command); break;
    case DRAW_FRAME: paint_frame(painter, command); break;
    case DRAW_LINE: paint_line(painter, command); break;
    case DRAW_CURVE: raster_paint_curve(painter, command); break;
    case DRAW_POLYGON: paint_polygon(painter, command); break;
    case DRAW_TEXT: paint_text(painter, command); break;
    case DRAW_IMAGE: paint_image(painter, command); break;
    }
}

/* The clip in whole pixels, rounded, so that neighbouring clips share no pixel. */
static Bounds clip_bounds(Rect clip, float scale)
{
    return (Bounds){(int)lrintf(clip.x * scale), (int)lrintf(clip.y * scale),
                    (int)lrintf((clip.x + clip.w) * scale), (int)lrintf((clip.y + clip.h) * scale)};
}

/* Paints commands [first, end) inside `dirty`. */
static void paint_range(Raster *raster, const Drawing *drawing, float scale, Bounds dirty,
                        int first, int end)
{
    for (int i = first; i < end; i++) {
        const DrawCommand *command = &drawing->commands[i];
        if (command->color.a == 0) { continue; }
        Rect box = rect_inset(command->box, -1.5f / scale);
        Bounds bounds = bounds_intersect(dirty, clip_bounds(command->clip, scale));
        bounds = bounds_intersect(bounds, to_bounds(box, scale));
        if (bounds.left >= bounds.right || bounds.top >= bounds.bottom) { continue; }
        paint_command(&(Painter){raster, drawing, scale, bounds}, command);
    }
}

/* The lower half of a picture, for a second thread. */
typedef struct Band {
    Raster *raster;
    const Drawing *drawing;
    float scale;
    Bounds area;
    int first, end;
} Band;

static void *paint_band(void *data)
{
    const Band *band = data;
    paint_range(band->raster, band->drawing, band->scale, band->area, band->first, band->end);
    return NULL;
}

/* How many commands from `first` on are strokes: they need no font, which only one thread may use. */
static int count_strokes(const Drawing *drawing, int first)
{
    int end = first;
    while (end < drawing->count && (drawing->commands[end].kind == DRAW_CURVE ||
                                    drawing->commands[end].kind == DRAW_LINE)) {
        end++;
    }
    return end - first;
}

/* Many strokes in a row are shared with a second thread: the upper half here, the lower half there.
 * No pixel depends on where the cut is. */
static void paint_strokes(Raster *raster, const Drawing *drawing, float scale, Bounds dirty,
                          int first, int end)
{
    int middle = dirty.top + (dirty.bottom - dirty.top) / 2;
    Bounds upper = dirty, lower = dirty;
    upper.bottom = lower.top = middle;
    Band band = {raster, drawing, scale, lower, first, end};
    pthread_t thread;
    bool shared = pthread_create(&thread, NULL, paint_band, &band) == 0;
    paint_range(raster, drawing, scale, shared ? upper : dirty, first, end);
    if (shared) { pthread_join(thread, NULL); }
}

void raster_draw(Raster *raster, const Drawing *drawing, float scale, Rect area)
{
    Bounds dirty =
        bounds_intersect(to_bounds(area, 1), (Bounds){0, 0, raster->width, raster->height});
    uint32_t ground = to_pixel(drawing->background);
    if (drawing->background.a == 0) { ground = 0; }
    for (int y = dirty.top; y < dirty.bottom; y++) {
        uint32_t *row = raster->pixels + (size_t)y * (size_t)raster->width;
        for (int x = dirty.left; x < dirty.right; x++) { row[x] = ground; }
    }
    for (int first = 0; first < drawing->count;) {
        int strokes = count_strokes(drawing, first);
        if (strokes >= MANY_STROKES) {
            paint_strokes(raster, drawing, scale, dirty, first, first + strokes);
        } else {
            strokes = strokes > 0 ? strokes : 1;
            paint_range(raster, drawing, scale, dirty, first, first + strokes);
        }
        first += strokes;
    }
}
