/* Curves: the lines of attention, of which a picture has a thousand. */
#include "draw/raster_parts.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define FLAT 0.12f /* how far, in pixels, a flattened curve may be from the true one */
enum { MAX_SEGMENTS = 128, AT_ONCE = 8 /* rows of a column */ };

static Vec bezier(const Vec *p, float t)
{
    float u = 1 - t, a = u * u * u, b = 3 * u * u * t, c = 3 * u * t * t, d = t * t * t;
    return (Vec){a * p[0].x + b * p[1].x + c * p[2].x + d * p[3].x,
                 a * p[0].y + b * p[1].y + c * p[2].y + d * p[3].y};
}

/* Enough pieces that none strays from the curve (Wang's bound on the second difference). */
static int flatten(const Vec *p, Vec points[MAX_SEGMENTS + 1])
{
    float ax = p[0].x - 2 * p[1].x + p[2].x, ay = p[0].y - 2 * p[1].y + p[2].y;
    float bx = p[1].x - 2 * p[2].x + p[3].x, by = p[1].y - 2 * p[2].y + p[3].y;
    float most = sqrtf(max_float(ax * ax + ay * ay, bx * bx + by * by));
    int count = clamp_int((int)ceilf(sqrtf(0.75f * most / FLAT)), 1, MAX_SEGMENTS);
    for (int i = 0; i <= count; i++) { points[i] = bezier(p, (float)i / (float)count); }
    return count;
}

/* Without a call: this is done for every column of every line. */
static inline int floor_int(float x)
{
    int whole = (int)x;
    return whole - (x < (float)whole);
}

/* How much a line `half` wide to both sides covers of each row, of which the first lies `away` from its
 * middle; the compiler does several at a time. */
static void cover_rows(float away, float half, float hardness, float strength,
                       uint32_t covered[AT_ONCE])
{
    for (int row = 0; row < AT_ONCE; row++) {
        float inside = half - fabsf(away + (float)row);
        float coverage = clamp_float(inside * hardness + 0.5f, 0, 1);
        covered[row] = (uint32_t)(int32_t)(coverage * strength + 0.5f);
    }
}

/* A curve that runs from left to right: every column of pixels is one upright cut through it, as
 * thick as the slope makes it. So every pixel is painted once, and opacity is even. */
static void paint_columns(const Painter *painter, const Vec *points, int count, float width,
                          uint32_t color, uint32_t alpha)
{
    const Bounds *area = &painter->area;
    const size_t stride = (size_t)painter->raster->width;
    const Vec first = points[0], last = points[count];
    int x = max_int(area->left, floor_int(first.x));
    int end = min_int(area->right, floor_int(last.x) + 1);
    for (int i = 0; i < count && x < end; i++) {
        Vec a = points[i], b = points[i + 1];
        if (i < count - 1 && b.x < (float)x + 0.5f) { continue; }
        float slope = (b.y - a.y) / max_float(b.x - a.x, 1e-6f);
        float half = width / 2 * sqrtf(1 + slope * slope);
        /* Across the pixel the line itself rises: a soft edge as wide as that rise. */
        float soft = max_float(fabsf(slope), 1), reach = half + soft / 2, hardness = 1 / soft;
        for (; x < end; x++) {
            float cx = clamp_float((float)x + 0.5f, first.x, last.x);
            if (i < count - 1 && b.x < cx) { break; }
            float y = a.y + (cx - a.x) * slope, ends = overlap(x, first.x, last.x);
            int top = max_int(area->top, floor_int(y - reach));
            int bottom = min_int(area->bottom, floor_int(y + reach) + 1);
            uint32_t *pixel = painter->raster->pixels + (size_t)top * stride + (size_t)x;
            float strength = (float)alpha * ends, away = (float)top + 0.5f - y;
            /* Some rows at a time: first how much of each is covered, in one go, then the colours. */
            while (top < bottom) {
                uint32_t covered[AT_ONCE];
                int rows = min_int(bottom - top, AT_ONCE);
                cover_rows(away, half, hardness, strength, covered);
                for (int row = 0; row < rows; row++, pixel += stride) {
                    if (*pixel >> 24 == 255) {
                        *pixel = mix_opaque(*pixel, color, covered[row]);
                    } else {
                        blend(pixel, color, covered[row]);
                    }
                }
                top += rows;
                away += (float)rows;
            }
        }
    }
}

/* Any other curve: the strongest coverage of its pieces is gathered first. */
static void paint_gathered(const Painter *painter, const Vec *points, int count, float width,
                           uint32_t color, uint32_t alpha)
{
    const Bounds *area = &painter->area;
    int columns = area->right - area->left, rows = area->bottom - area->top;
    size_t size = (size_t)columns * (size_t)rows;
    uint32_t *mask = mem_zero(size, sizeof *mask);
    Raster cover_raster = {columns, rows, mask};
    Painter gather = {&cover_raster, painter->drawing, 1, {0, 0, columns, rows}};
    for (int i = 0; i < count; i++) {
        Vec a = {points[i].x - (float)area->left, points[i].y - (float)area->top};
        Vec b = {points[i + 1].x - (float)area->left, points[i + 1].y - (float)area->top};
        float reach = width / 2 + 1;
        int top = max_int(0, (int)floorf(min_float(a.y, b.y) - reach));
        int bottom = min_int(rows, (int)ceilf(max_float(a.y, b.y) + reach));
        float dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
        int left = max_int(0, (int)floorf(min_float(a.x, b.x) - reach));
        int right = min_int(columns, (int)ceilf(max_float(a.x, b.x) + reach));
        for (int y = top; y < bottom; y++) {
            uint32_t *row = row_of(&gather, y);
            for (int x = left; x < right; x++) {
                float px = (float)x + 0.5f - a.x, py = (float)y + 0.5f - a.y;
                float along = square > 0 ? clamp_float((px * dx + py * dy) / square, 0, 1) : 0;
                float ex = px - along * dx, ey = py - along * dy;
                uint32_t value = cover(width / 2 + 0.5f - sqrtf(ex * ex + ey * ey), alpha);
                if (value > row[x]) { row[x] = value; }
            }
        }
    }
    for (int y = 0; y < rows; y++) {
        uint32_t *to = row_of(painter, y + area->top) + area->left;
        for (int x = 0; x < columns; x++) {
            blend(&to[x], color, mask[(size_t)y * (size_t)columns + (size_t)x]);
        }
    }
    free(mask);
}

void raster_paint_curve(const Painter *painter, const DrawCommand *command)
{
    Vec p[4], points[MAX_SEGMENTS + 1];
    float width = command->width * painter->scale, share = thin_alpha(&width);
    for (int i = 0; i < 4; i++) {
        p[i] = (Vec){command->p[i].x * painter->scale, command->p[i].y * painter->scale};
    }
    uint32_t color = to_pixel(command->color),
             alpha = (uint32_t)((float)command->color.a * share + 0.5f);
    int count = flatten(p, points);
    bool rightwards = true;
    for (int i = 0; i < count; i++) {
        float dx = points[i + 1].x - points[i].x, dy = points[i + 1].y - points[i].y;
        rightwards = rightwards && dx > 0 && fabsf(dy) < 24 * dx;
    }
    if (rightwards) {
        paint_columns(painter, points, count, width, color, alpha);
    } else {
        paint_gathered(painter, points, count, width, color, alpha);
    }
}
