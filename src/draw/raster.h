/* raster.h - a drawing as pixels: the one rasteriser behind the screen and the PNG, so that both
 * are the same. Antialiased by coverage; colours mix in sRGB as browsers do. */
#ifndef DRAW_RASTER_H
#define DRAW_RASTER_H

#include "draw/drawing.h"

/* Pixels 0xAARRGGBB, alpha not multiplied in, rows of `width` pixels. */
typedef struct Raster {
    int width, height;
    uint32_t *pixels;
} Raster;

enum { RASTER_MAX_SIDE = 16384 };

/* False when the size is out of range or the memory is not there. */
bool raster_resize(Raster *raster, int width, int height);
void raster_free(Raster *raster);

/* Paints background and commands at `scale` pixels per point, only inside `area` (pixels; the whole
 * picture: {0, 0, width, height}). The page's corner is at pixel 0, 0. */
void raster_draw(Raster *raster, const Drawing *drawing, float scale, Rect area);

/* Which part of the picture changed between two frames: hashes of what touches each cell of a grid.
 *
 *     Rect changed[DAMAGE_MAX];
 *     int count = damage_update(&damage, drawing, scale, width, height, changed);
 */
enum { DAMAGE_MAX = 16 };
typedef struct Damage {
    uint64_t *cells;
    int cols, rows;
} Damage;
int damage_update(Damage *damage, const Drawing *drawing, float scale, int width, int height,
                  Rect changed[DAMAGE_MAX]);
void damage_forget(Damage *damage); /* the next update reports everything */
void damage_free(Damage *damage);

#endif
