/* raster_parts.h - what the parts of the rasteriser share: where a command may paint, and how a pixel is
 * painted. */
#ifndef DRAW_RASTER_PARTS_H
#define DRAW_RASTER_PARTS_H

#include "base/base.h"
#include "draw/drawing.h"
#include "draw/raster.h"

#include <stddef.h>
#include <stdint.h>

/* Where a command may paint, in whole pixels: [left, right) x [top, bottom). */
typedef struct Bounds {
    int left, top, right, bottom;
} Bounds;

typedef struct Painter {
    Raster *raster;
    const Drawing *drawing;
    float scale;
    Bounds area; /* of the command: dirty area, clip, box */
} Painter;

/* A cubic Bezier curve, command->p, of an even width and opacity (raster_curve.c). */
void raster_paint_curve(const Painter *painter, const DrawCommand *command);

/* ---- Pixels ---- */

static inline uint32_t to_pixel(Color color)
{
    return (uint32_t)color.a << 24 | (uint32_t)color.r << 16 | (uint32_t)color.g << 8 | color.b;
}

/* x / 255, rounded, for x up to 255 * 255. */
static inline uint32_t over_255(uint32_t x) { return (x + 128 + ((x + 128) >> 8)) >> 8; }

/* The same for two numbers at once, in the even and in the odd bytes. */
static inline uint32_t over_255_twice(uint32_t x)
{
    x += 0x00800080;
    return (x + (x >> 8 & 0x00FF00FF)) >> 8 & 0x00FF00FF;
}

static inline uint32_t mix_opaque(uint32_t under, uint32_t over, uint32_t alpha)
{
    uint32_t rest = 255 - alpha, mask = 0x00FF00FF;
    uint32_t red_blue = over_255_twice((under & mask) * rest + (over & mask) * alpha);
    uint32_t green = over_255((under >> 8 & 255) * rest + (over >> 8 & 255) * alpha);
    return 0xFF000000u | red_blue | green << 8;
}

/* Porter and Duff's "over" with alpha not multiplied in. */
static inline uint32_t mix_any(uint32_t under, uint32_t over, uint32_t alpha)
{
    uint32_t below = over_255((under >> 24) * (255 - alpha)), sum = alpha + below,
             pixel = sum << 24;
    if (sum == 0) { return 0; }
    for (int shift = 0; shift <= 16; shift += 8) {
        uint32_t value =
            ((over >> shift & 255) * alpha + (under >> shift & 255) * below + sum / 2) / sum;
        pixel |= value << shift;
    }
    return pixel;
}

static inline void blend(uint32_t *pixel, uint32_t color, uint32_t alpha)
{
    if (alpha == 0) { return; }
    if (alpha == 255) {
        *pixel = color | 0xFF000000u;
    } else {
        *pixel =
            *pixel >> 24 == 255 ? mix_opaque(*pixel, color, alpha) : mix_any(*pixel, color, alpha);
    }
}

static inline uint32_t cover(float coverage, uint32_t alpha)
{
    return (uint32_t)(clamp_float(coverage, 0, 1) * (float)alpha + 0.5f);
}

static inline uint32_t *row_of(const Painter *painter, int y)
{
    return painter->raster->pixels + (size_t)y * (size_t)painter->raster->width;
}

/* Share of pixel `at` that lies in [low, high). */
static inline float overlap(int at, float low, float high)
{
    return max_float(min_float((float)at + 1, high) - max_float((float)at, low), 0);
}

/* A stroke thinner than a pixel is drawn one pixel wide and fainter. */
static inline float thin_alpha(float *width)
{
    float share = min_float(*width, 1);
    *width = max_float(*width, 1);
    return share;
}

#endif
