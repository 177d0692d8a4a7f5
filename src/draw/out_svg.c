/* SVG 1.1, in the subset that browsers, Inkscape, LibreOffice and PowerPoint read alike: no style
 * sheets, attributes only; text as text, each line stretched to the width it was laid out with. */
#include "draw/out_pixels.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "draw/font.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Programs that smooth enlarged pictures would blur a heatmap of a few cells: so it has many pixels,
 * this many per point. */
#define IMAGE_DENSITY 2.0f
enum { SMOOTH_STEPS = 16 };

typedef struct Svg {
    Buffer *out;
    const Drawing *drawing;
    Rect clip; /* of the open group */
    bool clipped;
    int clips;
} Svg;

/* Text of an element or an attribute; what XML 1.0 does not allow becomes U+FFFD. */
static void add_escaped(Buffer *out, const char *string)
{
    size_t length = strlen(string), at = 0;
    while (at < length) {
        uint32_t code;
        size_t bytes = unicode_decode(string + at, length - at, &code);
        switch (code) {
        case '<': buffer_add_string(out, "&lt;"); break;
        case '>': buffer_add_string(out, "&gt;"); break;
        case '&': buffer_add_string(out, "&amp;"); break;
        case '"': buffer_add_string(out, "&quot;"); break;
        case '\t':
        case '\n':
        case '\r': buffer_add_string(out, " "); break;
        default:
            if (code < 0x20 || code == 0xFFFE || code == 0xFFFF) {
                buffer_add_string(out, "\xEF\xBF\xBD");
            } else {
                buffer_add(out, string + at, bytes);
            }
        }
        at += bytes;
    }
}

/* Up to three decimals, none that mean nothing. */
static void add_number(Buffer *out, float number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%.3f", (double)number);
    while (length > 1 && text[length - 1] == '0') { length--; }
    if (text[length - 1] == '.') { length--; }
    bool nothing = length == 2 && text[0] == '-' && text[1] == '0';
    buffer_add(out, nothing ? "0" : text, nothing ? 1 : (size_t)length);
}

static void add_attribute(Buffer *out, const char *name, float number)
{
    buffer_format(out, " %s=\"", name);
    add_number(out, number);
    buffer_add_string(out, "\"");
}

static void add_point(Buffer *out, const char *before, Vec point)
{
    buffer_add_string(out, before);
    add_number(out, point.x);
    buffer_add_string(out, " ");
    add_number(out, point.y);
}

/* fill="#rrggbb" and, where it is not full, fill-opacity. */
static void add_color(Buffer *out, const char *what, Color color)
{
    buffer_format(out, " %s=\"#%02x%02x%02x\"", what, color.r, color.g, color.b);
    if (color.a < 255) {
        char name[32];
        snprintf(name, sizeof name, "%s-opacity", what);
        add_attribute(out, name, (float)color.a / 255);
    }
}

static void add_rect(Buffer *out, Rect rect, float radius)
{
    buffer_add_string(out, "<rect");
    add_attribute(out, "x", rect.x);
    add_attribute(out, "y", rect.y);
    add_attribute(out, "width", rect.w > 0 ? rect.w : 0);
    add_attribute(out, "height", rect.h > 0 ? rect.h : 0);
    if (radius > 0) { add_attribute(out, "rx", radius); }
}

static void add_stroke(Buffer *out, const DrawCommand *command)
{
    buffer_add_string(out, " fill=\"none\"");
    add_color(out, "stroke", command->color);
    add_attribute(out, "stroke-width", command->width);
    buffer_add_string(out, " stroke-linecap=\"round\"/>\n");
}

/* ---- Pictures ---- */

static void add_base64(Buffer *out, const Buffer *data)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = (const unsigned char *)data->bytes;
    for (size_t i = 0; i < data->length; i += 3) {
        size_t left = data->length - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
                        left > 1 ? digits[group >> 6 & 63] : '=',
                        left > 2 ? digits[group & 63] : '='};
        buffer_add(out, four, sizeof four);
    }
}

static uint32_t pack(Color color)
{
    return (uint32_t)color.a << 24 | (uint32_t)color.r << 16 | (uint32_t)color.g << 8 | color.b;
}

/* The colour at a place between cells, as the rasteriser mixes it. */
static Color smooth_cell(const DrawCommand *command, float row, float col)
{
    int rows = command->u.image.rows, cols = command->u.image.cols;
    row = fminf(fmaxf(row, 0), (float)rows - 1);
    col = fminf(fmaxf(col, 0), (float)cols - 1);
    int top = (int)row, left = (int)col;
    int bottom = top + 1 < rows ? top + 1 : top, right = left + 1 < cols ? left + 1 : left;
    const Color *cells = command->u.image.cells;
    Color upper = color_mix(cells[(size_t)top * (size_t)cols + (size_t)left],
                            cells[(size_t)top * (size_t)cols + (size_t)right], col - (float)left);
    Color lower =
        color_mix(cells[(size_t)bottom * (size_t)cols + (size_t)left],
                  cells[(size_t)bottom * (size_t)cols + (size_t)right], col - (float)left);
    return color_mix(upper, lower, row - (float)top);
}

/* How many pixels a cell gets in one direction, of `count` cells that share so many points. */
static int repeat(float points, int count)
{
    return (int)fminf(fmaxf(ceilf(points * IMAGE_DENSITY / (float)count), 1), 256);
}

static bool add_image(Buffer *out, const DrawCommand *command)
{
    int rows = command->u.image.rows, cols = command->u.image.cols;
    bool smooth = command->u.image.smooth;
    int down = smooth ? (rows > 1 ? SMOOTH_STEPS : 1) : repeat(command->p[1].y, rows);
    int across = smooth ? (cols > 1 ? SMOOTH_STEPS : 1) : repeat(command->p[1].x, cols);
    int height = rows * down, width = cols * across;
    uint32_t *pixels = mem_alloc((size_t)height * (size_t)width, sizeof *pixels);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            size_t cell = (size_t)(y / down) * (size_t)cols + (size_t)(x / across);
            Color color = command->u.image.cells[cell];
            if (smooth) {
                color = smooth_cell(command, ((float)y + 0.5f) / (float)down - 0.5f,
                                    ((float)x + 0.5f) / (float)across - 0.5f);
            }
            pixels[(size_t)y * (size_t)width + (size_t)x] = pack(color);
        }
    }
    Buffer png = {0};
    bool ok = out_png_pixels(pixels, width, height, false, NULL, &png);
    free(pixels);
    if (ok) {
        buffer_add_string(out, "<image");
        add_attribute(out, "x", command->p[0].x);
        add_attribute(out, "y", command->p[0].y);
        add_attribute(out, "width", command->p[1].x);
        add_attribute(out, "height", command->p[1].y);
        buffer_format(out, " preserveAspectRatio=\"none\"%s xlink:href=\"data:image/png;base64,",
                      smooth ? "" : " image-rendering=\"optimizeSpeed\"");
        add_base64(out, &png);
        buffer_add_string(out, "\"/>\n");
    }
    buffer_free(&png);
    return ok;
}

/* ---- Text ---- */

/* The family that the widths come from, then families like it, then what every system has. */
static void add_families(Buffer *out, FontSet *fonts, FontWeight weight)
{
    buffer_add_string(out, " font-family=\"");
    const char *family = fonts != NULL ? font_family(fonts, weight) : NULL;
    if (family != NULL && strchr(family, '\'') == NULL) {
        buffer_add_string(out, "'");
        add_escaped(out, family);
        buffer_add_string(out, "', ");
    }
    buffer_add_string(out, weight == FONT_MONO
                               ? "'DejaVu Sans Mono', Menlo, Consolas, monospace\""
                               : "'Noto Sans', 'DejaVu Sans', 'Segoe UI', Arial, sans-serif\"");
}

static void add_text(Buffer *out, const Drawing *drawing, const DrawCommand *command)
{
    buffer_add_string(out, "<text");
    add_attribute(out, "x", command->p[0].x);
    add_attribute(out, "y", command->p[0].y);
    if (command->u.text.angle != 0) {
        buffer_add_string(out, " transform=\"rotate(");
        add_number(out, command->u.text.angle);
        add_point(out, " ", command->p[0]);
        buffer_add_string(out, ")\"");
    }
    add_attribute(out, "font-size", command->width);
    if (command->u.text.weight == FONT_BOLD) { buffer_add_string(out, " font-weight=\"bold\""); }
    if (command->u.text.weight == FONT_MONO) { add_families(out, drawing->fonts, FONT_MONO); }
    add_color(out, "fill", command->color);
    if (command->u.text.advance > 0) {
        add_attribute(out, "textLength", command->u.text.advance);
        buffer_add_string(out, " lengthAdjust=\"spacingAndGlyphs\"");
    }
    buffer_add_string(out, " xml:space=\"preserve\">");
    add_escaped(out, command->u.text.string);
    buffer_add_string(out, "</text>\n");
}

/* ---- The list ---- */

static bool inside(Rect inner, Rect outer)
{
    return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.w <= outer.x + outer.w &&
           inner.y + inner.h <= outer.y + outer.h;
}

static bool same_rect(Rect a, Rect b) { return inside(a, b) && inside(b, a); }

/* Commands that reach beyond their clip share a group with those behind them that do so too. */
static void set_clip(Svg *svg, const DrawCommand *command)
{
    bool wanted = command != NULL && !inside(command->box, command->clip);
    bool same = wanted && svg->clipped && same_rect(svg->clip, command->clip);
    if (same || (!wanted && !svg->clipped)) { return; }
    if (svg->clipped) { buffer_add_string(svg->out, "</g>\n"); }
    svg->clipped = wanted;
    if (!wanted) { return; }
    svg->clip = command->clip;
    buffer_format(svg->out, "<clipPath id=\"clip%d\">", ++svg->clips);
    add_rect(svg->out, command->clip, 0);
    buffer_format(svg->out, "/></clipPath>\n<g clip-path=\"url(#clip%d)\">\n", svg->clips);
}

static bool add_command(Svg *svg, const DrawCommand *command)
{
    Buffer *out = svg->out;
    Rect box = {command->p[0].x, command->p[0].y, command->p[1].x, command->p[1].y};
    switch (command->kind) {
    case DRAW_RECT:
        add_rect(out, command->box, command->width);
        add_color(out, "fill", command->color);
        buffer_add_string(out, "/>\n");
        return true;
    case DRAW_FRAME:
        add_rect(out, rect_inset(command->box, command->width / 2),
                 fmaxf(command->p[1].x - command->width / 2, 0));
        add_stroke(out, command);
        return true;
    case DRAW_LINE:
    case DRAW_CURVE:
        add_point(out, "<path d=\"M", command->p[0]);
        add_point(out, command->kind == DRAW_LINE ? "L" : "C", command->p[1]);
        if (command->kind == DRAW_CURVE) {
            add_point(out, " ", command->p[2]);
            add_point(out, " ", command->p[3]);
        }
        buffer_add_string(out, "\"");
        add_stroke(out, command);
        return true;
    case DRAW_POLYGON:
        for (int i = 0; i < command->u.points; i++) {
            add_point(out, i == 0 ? "<polygon points=\"" : " ", command->p[i]);
        }
        buffer_add_string(out, "\"");
        add_color(out, "fill", command->color);
        buffer_add_string(out, "/>\n");
        return true;
    case DRAW_TEXT: add_text(out, svg->drawing, command); return true;
    case DRAW_IMAGE:
        return !(box.w > 0 && box.h > 0 && command->u.image.rows > 0 &&
                 command->u.image.cols > 0) ||
               add_image(out, command);
    }
    return true;
}

static void add_head(Svg *svg, const OutOptions *options)
{
    Buffer *out = svg->out;
    Rect page = svg->drawing->page;
    buffer_add_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                           "xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\"");
    buffer_add_string(out, " width=\"");
    add_number(out, page.w * options->zoom);
    buffer_add_string(out, "pt\" height=\"");
    add_number(out, page.h * options->zoom);
    add_point(out, "pt\" viewBox=\"", (Vec){page.x, page.y});
    add_point(out, " ", (Vec){page.w, page.h});
    buffer_add_string(out, "\"");
    add_families(out, svg->drawing->fonts, FONT_REGULAR);
    buffer_add_string(out, ">\n<title>");
    add_escaped(out, options->title != NULL ? options->title : "");
    buffer_add_string(out, "</title>\n<desc>");
    for (int i = 0; i < options->note_count; i++) {
        if (options->notes[i].value == NULL || options->notes[i].value[0] == '\0') { continue; }
        buffer_format(out, "%s: ", options->notes[i].key);
        add_escaped(out, options->notes[i].value);
        buffer_add_string(out, "\n");
    }
    buffer_add_string(out, "</desc>\n");
    if (svg->drawing->background.a > 0) {
        add_rect(out, page, 0);
        add_color(out, "fill", svg->drawing->background);
        buffer_add_string(out, "/>\n");
    }
}

bool out_svg(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err)
{
    Svg svg = {.out = out, .drawing = drawing};
    add_head(&svg, options);
    bool ok = true;
    for (int i = 0; ok && i < drawing->count; i++) {
        if (drawing->commands[i].color.a == 0 && drawing->commands[i].kind != DRAW_IMAGE) {
            continue; /* it is there for the pointer only */
        }
        set_clip(&svg, &drawing->commands[i]);
        ok = add_command(&svg, &drawing->commands[i]);
    }
    set_clip(&svg, NULL);
    buffer_add_string(out, "</svg>\n");
    return ok || error_set(err, "There is not enough memory for the picture.");
}
