/* font.h - the only door to SDL_ttf and fontconfig: which fonts there are, how wide a line is, and
 * what a glyph run looks like as pixels.
 *
 * One sans-serif family (regular, bold) and one monospaced for numbers; for every other script the
 * font that fontconfig finds. A line is cut into runs by what the fonts can show; every width in the
 * program comes from font_text_width, so that every back end lays out alike. Works without a
 * display. A set is not for two threads at once: another thread opens one beside it. */
#ifndef DRAW_FONT_H
#define DRAW_FONT_H

#include "base/error.h"
#include "draw/drawing.h"

/* NULL when no font at all is installed (the sentence says which package helps). */
FontSet *font_open(Error *err);
/* The same for another thread, to be closed before `fonts` is. */
FontSet *font_open_beside(FontSet *fonts, Error *err);
void font_close(FontSet *fonts); /* accepts NULL */

/* Width of one line in points, at `size` points per em; independent of the output scale. */
float font_text_width(FontSet *fonts, const char *string, float size, FontWeight weight);
/* Height above and (positive) below the baseline, in points. */
float font_ascent(FontSet *fonts, float size, FontWeight weight);
float font_descent(FontSet *fonts, float size, FontWeight weight);

/* One line rendered for an output scale: pixels with alpha multiplied in nowhere. Coverage runs
 * (most text) take the colour they are painted with; colour runs (emoji) have their own. Lent, kept
 * in a cache until the next call. */
typedef struct TextImage {
    int width, height;    /* pixels */
    int left, top;        /* of the bitmap, from the baseline's start, in pixels, y down */
    const uint32_t *argb; /* [height, width]; for plain glyphs 0xAARRGGBB with RGB = 0xFFFFFF */
    bool colored; /* at least one run has colours of its own: bytes are real colours there */
} TextImage;
bool font_render(FontSet *fonts, const char *string, float size, FontWeight weight, float scale,
                 TextImage *image);

/* Family name of a weight as installed, for the font stack of an SVG; path of the file, for PDF. */
const char *font_family(FontSet *fonts, FontWeight weight);
const char *font_path(FontSet *fonts, FontWeight weight);

#endif
