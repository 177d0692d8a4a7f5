/* drawing.h - a picture as data: a display list in points (1/72 inch on paper, one pixel on a
 * screen of scale 1), y down.
 *
 * Views and widgets append commands; back ends (screen, PNG, SVG, PDF, text) read them. Commands
 * are equal-sized structs, each with its clip and its bounding box, so that the list can be indexed,
 * hashed, counted, searched for a hit and replayed in part. Strings and cells live in the arena.
 *
 *     Drawing *drawing = drawing_new(fonts);
 *     drawing_begin(drawing, (Rect){0, 0, 640, 480}, background);
 *     drawing_line(drawing, a, b, 2, color);
 *     drawing_text(drawing, (Vec){10, 20}, "it", &(TextStyle){.size = 15, .color = ink});
 *
 * A hit id (drawing_set_hit) marks the commands that follow as one thing under the pointer; its
 * bits mean something to whoever set it, not to this layer. */
#ifndef DRAW_DRAWING_H
#define DRAW_DRAWING_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Vec {
    float x, y;
} Vec;
typedef struct Rect {
    float x, y, w, h;
} Rect;
typedef struct Color {
    uint8_t r, g, b, a;
} Color; /* sRGB, alpha not multiplied in */

typedef struct FontSet FontSet; /* font.h */

typedef enum DrawKind {
    DRAW_RECT,    /* filled, corners rounded by `width` */
    DRAW_FRAME,   /* outline of a rectangle, stroke `width` inside it, corner radius in p[1].x */
    DRAW_LINE,    /* p[0] to p[1], stroke `width`, round ends */
    DRAW_CURVE,   /* cubic Bezier p[0..3], stroke `width`, round ends */
    DRAW_POLYGON, /* filled triangle or quadrilateral p[0..points-1] */
    DRAW_TEXT,    /* baseline starts at p[0]; turned by `angle` degrees clockwise around it */
    DRAW_IMAGE    /* rows x cols cells fill the rectangle (p[0], p[1] = size): a heatmap */
} DrawKind;

typedef enum FontWeight { FONT_REGULAR, FONT_BOLD, FONT_MONO, FONT_WEIGHTS } FontWeight;

typedef struct DrawCommand {
    DrawKind kind;
    Color color;
    Rect clip;   /* nothing is painted outside */
    Rect box;    /* what the command can touch, before the clip */
    float width; /* stroke width, corner radius, or text size */
    Vec p[4];
    uint64_t hit; /* 0: not a target */
    union {
        int points; /* DRAW_POLYGON: 3 or 4 */
        struct {
            const char *string; /* UTF-8, one line */
            FontWeight weight;
            float angle;   /* degrees clockwise; 0, -90 and everything between */
            float advance; /* width of the line as laid out, in points */
        } text;
        struct {
            const Color *cells; /* [rows, cols] */
            int rows, cols;
            bool smooth; /* interpolate between cells (colour bars); else hard squares */
        } image;
    } u;
} DrawCommand;

typedef struct Drawing {
    FontSet *fonts; /* lent; every text width in the program comes from here */
    Rect page;
    Color background; /* a = 0: transparent */
    DrawCommand *commands;
    int count, capacity;
    Rect clip;    /* of the commands to come */
    uint64_t hit; /* of the commands to come */
    Arena arena;  /* strings and cells */
} Drawing;

typedef enum TextAlign { TEXT_LEFT, TEXT_CENTER, TEXT_RIGHT } TextAlign;

typedef struct TextStyle {
    float size; /* points (em) */
    Color color;
    FontWeight weight;
    TextAlign align; /* where the given point lies on the line */
    float angle;     /* degrees clockwise */
    float max_width; /* > 0: longer text ends in an ellipsis */
} TextStyle;

Drawing *drawing_new(FontSet *fonts);
void drawing_free(Drawing *drawing); /* accepts NULL */
/* Empties the list and sets page, background and clip (the page). */
void drawing_begin(Drawing *drawing, Rect page, Color background);

/* The clip of the commands that follow, cut to the page; returns the old one, to be set back. */
Rect drawing_set_clip(Drawing *drawing, Rect clip);
void drawing_set_hit(Drawing *drawing, uint64_t hit); /* 0 ends it */

/* Commands wholly outside the clip or wholly transparent are dropped, unless they carry a hit. */
void drawing_rect(Drawing *drawing, Rect rect, float radius, Color color);
void drawing_frame(Drawing *drawing, Rect rect, float radius, float width, Color color);
void drawing_line(Drawing *drawing, Vec a, Vec b, float width, Color color);
void drawing_curve(Drawing *drawing, Vec a, Vec b, Vec c, Vec d, float width, Color color);
void drawing_polygon(Drawing *drawing, const Vec *points, int count, Color color);
/* Returns the width of the line in points. */
float drawing_text(Drawing *drawing, Vec at, const char *string, const TextStyle *style);
float drawing_text_format(Drawing *drawing, Vec at, const TextStyle *style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Returns the cells, zeroed, to be filled by the caller before the next drawing_begin. */
Color *drawing_image(Drawing *drawing, Rect rect, int rows, int cols, bool smooth);
/* Appends all commands of another drawing, moved by `offset` and clipped to the current clip.
 * Strings and cells are copied. */
void drawing_append(Drawing *drawing, const Drawing *other, Vec offset);
/* The same, enlarged by `scale` before it is moved, and without hits: a picture of a picture. */
void drawing_append_scaled(Drawing *drawing, const Drawing *other, Vec offset, float scale);

float drawing_text_width(const Drawing *drawing, const char *string, float size, FontWeight weight);

/* The hit id of the topmost command with one under the point, or 0. Within clip and box. */
uint64_t drawing_hit(const Drawing *drawing, Vec point);

/* Field by field, padding never read: equal pictures have equal hashes. */
uint64_t drawing_hash(const Drawing *drawing);
uint64_t drawing_hash_command(const DrawCommand *command);

/* Rectangles. */
bool rect_contains(Rect rect, Vec point);
bool rect_overlap(Rect a, Rect b);
Rect rect_intersect(Rect a, Rect b); /* w or h 0 when they do not overlap */
Rect rect_inset(Rect rect, float by);

/* Colours. */
Color color_fade(Color color, float opacity);        /* alpha times opacity */
Color color_mix(Color a, Color b, float share_of_b); /* linear in sRGB, alpha too */

#endif
