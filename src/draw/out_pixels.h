/* out_pixels.h - pixels as a PNG file, for the formats that hold one: PNG itself and SVG. */
#ifndef DRAW_OUT_PIXELS_H
#define DRAW_OUT_PIXELS_H

#include "base/buffer.h"
#include "draw/out.h"

#include <stdbool.h>
#include <stdint.h>

/* Adds a PNG of argb [height, width] (0xAARRGGBB, alpha not multiplied in) to `out`, with notes and
 * title if `options` is not NULL. Without alpha where `opaque`. False: out of memory. */
bool out_png_pixels(const uint32_t *argb, int width, int height, bool opaque,
                    const OutOptions *options, Buffer *out);

#endif
