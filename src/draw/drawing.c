#include "draw/drawing.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "draw/font.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEXT = 4096 }; /* bytes of a line: what is beyond can't be seen in any picture */

bool rect_contains(Rect rect, Vec point)
{
    return point.x >= rect.x && point.y >= rect.y && point.x < rect.x + rect.w &&
           point.y < rect.y + rect.h;
}

bool rect_overlap(Rect a, Rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

Rect rect_intersect(Rect a, Rect b)
{
    float left = max_float(a.x, b.x), top = max_float(a.y, b.y);
    float right = min_float(a.x + a.w, b.x + b.w), bottom = min_float(a.y + a.h, b.y + b.h);
    return (Rect){left, top, max_float(right - left, 0), max_float(bottom - top, 0)};
}

Rect rect_inset(Rect rect, float by)
{
    return (Rect){rect.x + by, rect.y + by, max_float(rect.w - 2 * by, 0),
                  max_float(rect.h - 2 * by, 0)};
}

Color color_fade(Color color, float opacity)
{
    color.a = (uint8_t)lrintf((float)color.a * clamp_float(opacity, 0, 1));
    return color;
}

static uint8_t mix(uint8_t a, uint8_t b, float share)
{
    return (uint8_t)lrintf((float)a + ((float)b - (float)a) * clamp_float(share, 0, 1));
}

Color color_mix(Color a, Color b, float share_of_b)
{
    return (Color){mix(a.r, b.r, share_of_b), mix(a.g, b.g, share_of_b), mix(a.b, b.b, share_of_b),
                   mix(a.a, b.a, share_of_b)};
}

Drawing *drawing_new(FontSet *fonts)
{
    Drawing *drawing = mem_zero(1, sizeof *drawing);
    drawing->fonts = fonts;
    return drawing;
}

void drawing_free(Drawing *drawing)
{
    if (drawing == NULL) { return; }
    free(drawing->commands);
    arena_free(&drawing->arena);
    free(drawing);
}

void drawing_begin(Drawing *drawing, Rect page, Color background)
{
    drawing->page = drawing->clip = page;
    drawing->background = background;
    drawing->count = 0;
    drawing->hit = 0;
    arena_reset(&drawing->arena);
}

Rect drawing_set_clip(Drawing *drawing, Rect clip)
{
    Rect before = drawing->clip;
    drawing->clip = rect_intersect(clip, drawing->page);
    return before;
}

void drawing_set_hit(Drawing *drawing, uint64_t hit) { drawing->hit = hit; }

/* A new command, or NULL when nothing of it would be seen or felt. */
static DrawCommand *push(Drawing *drawing, DrawKind kind, Rect box, Color color)
{
    bool finite = isfinite(box.x) && isfinite(box.y) && isfinite(box.w) && isfinite(box.h);
    if (!finite || !rect_overlap(box, drawing->clip)) { return NULL; }
    if (color.a == 0 && drawing->hit == 0) { return NULL; }
    if (drawing->count == drawing->capacity) {
        drawing->capacity = drawing->capacity > 0 ? 2 * drawing->capacity : 256;
        drawing->commands =
            mem_grow(drawing->commands, (size_t)drawing->capacity, sizeof(DrawCommand));
    }
    DrawCommand *command = &drawing->commands[drawing->count++];
    memset(command, 0, sizeof *command);
    command->kind = kind;
    command->color = color;
    command->clip = drawing->clip;
    command->box = box;
    command->hit = drawing->hit;
    return command;
}

void drawing_rect(Drawing *drawing, Rect rect, float radius, Color color)
{
    DrawCommand *command = push(drawing, DRAW_RECT, rect, color);
    if (command != NULL) { command->width = radius; }
}

void drawing_frame(Drawing *drawing, Rect rect, float radius, float width, Color color)
{
    DrawCommand *command = push(drawing, DRAW_FRAME, rect, color);
    if (command == NULL) { return; }
    command->width = width;
    command->p[1].x = radius;
}

/* The box around points, widened by half a stroke. */
static Rect bounds(const Vec *points, int count, float width)
{
    Vec low = points[0], high = points[0];
    for (int i = 1; i < count; i++) {
        low.x = min_float(low.x, points[i].x);
        low.y = min_float(low.y, points[i].y);
        high.x = max_float(high.x, points[i].x);
        high.y = max_float(high.y, points[i].y);
    }
    float half = width / 2;
    return (Rect){low.x - half, low.y - half, high.x - low.x + width, high.y - low.y + width};
}

static void push_path(Drawing *drawing, DrawKind kind, const Vec *points, int count, float width,
                      Color color)
{
    for (int i = 0; i < count; i++) { /* a comparison with NaN would hide it in the bounds */
        if (!isfinite(points[i].x) || !isfinite(points[i].y)) { return; }
    }
    DrawCommand *command = push(drawing, kind, bounds(points, count, width), color);
    if (command == NULL) { return; }
    command->width = width;
    memcpy(command->p, points, (size_t)count * sizeof *points);
    if (kind == DRAW_POLYGON) { command->u.points = count; }
}

void drawing_line(Drawing *drawing, Vec a, Vec b, float width, Color color)
{
    push_path(drawing, DRAW_LINE, (Vec[]){a, b}, 2, width, color);
}

void drawing_curve(Drawing *drawing, Vec a, Vec b, Vec c, Vec d, float width, Color color)
{
    push_path(drawing, DRAW_CURVE, (Vec[]){a, b, c, d}, 4, width, color);
}

void drawing_polygon(Drawing *drawing, const Vec *points, int count, Color color)
{
    if (count >= 3 && count <= 4) { push_path(drawing, DRAW_POLYGON, points, count, 0, color); }
}

float drawing_text_width(const Drawing *drawing, const char *string, float size, FontWeight weight)
{
    return font_text_width(drawing->fonts, string, size, weight);
}

/* The longest start of the string that fits with an ellipsis behind it: halving over byte offsets,
 * each moved back to the cluster boundary before it. */
static const char *shorten(Drawing *drawing, const char *string, const TextStyle *style)
{
    static const char ellipsis[] = "\u2026";
    size_t length = strlen(string), low = 0, high = min_size(length, MOST_TEXT + 3);
    char *text = arena_alloc(&drawing->arena, high + sizeof ellipsis, 1);
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        size_t end = unicode_previous_cluster(string, length, middle + 1);
        if (end <=
            low) { /* no boundary between: the next cluster fits whole, or nothing more does */
            end = unicode_next_cluster(string, length, low);
            if (end > high) { break; }
        }
        memcpy(text, string, end);
        memcpy(text + end, ellipsis, sizeof ellipsis);
        bool fits =
            drawing_text_width(drawing, text, style->size, style->weight) <= style->max_width;
        if (fits) {
            low = end;
        } else {
            high = end - 1;
        }
    }
    memcpy(text, string, low);
    memcpy(text + low, ellipsis, sizeof ellipsis);
    return text;
}

/* The box of a line turned around its start. */
static Rect text_box(const Drawing *drawing, const DrawCommand *text)
{
    float up = font_ascent(drawing->fonts, text->width, text->u.text.weight);
    float down = font_descent(drawing->fonts, text->width, text->u.text.weight);
    float margin = text->width * 0.25f; /* italics, accents and emoji reach over the metrics */
    float angle = text->u.text.angle * 3.14159265f / 180, c = cosf(angle), s = sinf(angle);
    const Vec corners[4] = {{-margin, -up - margin},
                            {text->u.text.advance + margin, -up - margin},
                            {text->u.text.advance + margin, down + margin},
                            {-margin, down + margin}};
    Vec turned[4];
    for (int i = 0; i < 4; i++) {
        turned[i] = (Vec){text->p[0].x + corners[i].x * c - corners[i].y * s,
                          text->p[0].y + corners[i].x * s + corners[i].y * c};
    }
    return bounds(turned, 4, 0);
}

/* What can be drawn of a string: not more than any page is wide, and whole characters (callers cut strings to
 * their buffers by bytes). The string itself, or a copy. */
static const char *drawable(Drawing *drawing, const char *string)
{
    size_t length = strlen(string), least = min_size(length, MOST_TEXT);
    size_t valid = unicode_valid_prefix(string, least);
    if (valid == length) { return string; }
    if (least - valid < UNICODE_MAX_BYTES) {
        char *copy = arena_copy(&drawing->arena, string, valid);
        return length > MOST_TEXT ? arena_format(&drawing->arena, "%s\u2026", copy) : copy;
    }
    Buffer repaired = {0};
    buffer_add(&repaired, "", 0);
    unicode_repair(string, least, &repaired);
    string = arena_copy(&drawing->arena, repaired.bytes, repaired.length);
    buffer_free(&repaired);
    return string;
}

float drawing_text(Drawing *drawing, Vec at, const char *string, const TextStyle *style)
{
    if (string == NULL || string[0] == '\0' || !(style->size > 0)) { return 0; }
    if (!isfinite(at.x) || !isfinite(at.y)) { return 0; }
    string = drawable(drawing, string);
    float width = drawing_text_width(drawing, string, style->size, style->weight);
    if (style->max_width > 0 && width > style->max_width) {
        string = shorten(drawing, string, style);
        width = drawing_text_width(drawing, string, style->size, style->weight);
    } else {
        string = arena_copy_string(&drawing->arena, string);
    }
    float share = style->align == TEXT_CENTER ? 0.5f : style->align == TEXT_RIGHT ? 1.0f : 0;
    float angle = style->angle * 3.14159265f / 180;
    DrawCommand text = {.width = style->size};
    text.p[0] = (Vec){at.x - share * width * cosf(angle), at.y - share * width * sinf(angle)};
    text.u.text.string = string;
    text.u.text.weight = style->weight;
    text.u.text.angle = style->angle;
    text.u.text.advance = width;
    DrawCommand *command = push(drawing, DRAW_TEXT, text_box(drawing, &text), style->color);
    if (command == NULL) { return width; }
    command->width = text.width;
    command->p[0] = text.p[0];
    command->u.text = text.u.text;
    return width;
}

float drawing_text_format(Drawing *drawing, Vec at, const TextStyle *style, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return drawing_text(drawing, at, text, style);
}

Color *drawing_image(Drawing *drawing, Rect rect, int rows, int cols, bool smooth)
{
    assert(rows > 0 && cols > 0);
    Color *cells = arena_alloc(&drawing->arena, (size_t)rows * (size_t)cols, sizeof *cells);
    DrawCommand *command = push(drawing, DRAW_IMAGE, rect, (Color){0, 0, 0, 255});
    if (command == NULL) { return cells; }
    command->p[0] = (Vec){rect.x, rect.y};
    command->p[1] = (Vec){rect.w, rect.h};
    command->u.image.cells = cells;
    command->u.image.rows = rows;
    command->u.image.cols = cols;
    command->u.image.smooth = smooth;
    return cells;
}

/* In a frame, p[1] is not a place but a radius; in an image, a size. */
static int place_count(const DrawCommand *command)
{
    switch (command->kind) {
    case DRAW_LINE: return 2;
    case DRAW_CURVE: return 4;
    case DRAW_POLYGON: return command->u.points;
    case DRAW_TEXT:
    case DRAW_IMAGE: return 1;
    default: return 0;
    }
}

static Vec place(Vec at, Vec offset, float scale)
{
    return (Vec){at.x * scale + offset.x, at.y * scale + offset.y};
}

static Rect place_rect(Rect rect, Vec offset, float scale)
{
    Vec corner = place((Vec){rect.x, rect.y}, offset, scale);
    return (Rect){corner.x, corner.y, rect.w * scale, rect.h * scale};
}

/* What is a length in a command, and no place. */
static void scale_lengths(DrawCommand *command, float scale)
{
    command->width *= scale;
    if (command->kind == DRAW_FRAME || command->kind == DRAW_IMAGE) {
        command->p[1] = (Vec){command->p[1].x * scale, command->p[1].y * scale};
    }
    if (command->kind == DRAW_TEXT) { command->u.text.advance *= scale; }
}

static void append(Drawing *drawing, const DrawCommand *from, Vec offset, float scale)
{
    DrawCommand *to = push(drawing, from->kind, place_rect(from->box, offset, scale), from->color);
    if (to == NULL) { return; }
    Rect kept_clip = to->clip, kept_box = to->box;
    *to = *from;
    to->clip = kept_clip;
    to->box = kept_box;
    to->hit = drawing->hit;
    for (int p = 0; p < place_count(from); p++) { to->p[p] = place(from->p[p], offset, scale); }
    scale_lengths(to, scale);
    if (from->kind == DRAW_TEXT) {
        to->u.text.string = arena_copy_string(&drawing->arena, from->u.text.string);
    } else if (from->kind == DRAW_IMAGE) {
        size_t count = (size_t)from->u.image.rows * (size_t)from->u.image.cols;
        Color *cells = arena_alloc(&drawing->arena, count, sizeof *cells);
        memcpy(cells, from->u.image.cells, count * sizeof *cells);
        to->u.image.cells = cells;
    }
}

void drawing_append(Drawing *drawing, const Drawing *other, Vec offset)
{
    Rect clip = drawing->clip;
    uint64_t hit = drawing->hit;
    for (int i = 0; i < other->count; i++) {
        const DrawCommand *from = &other->commands[i];
        drawing->clip = rect_intersect(clip, place_rect(from->clip, offset, 1));
        drawing->hit = from->hit;
        append(drawing, from, offset, 1);
    }
    drawing->clip = clip;
    drawing->hit = hit;
}

void drawing_append_scaled(Drawing *drawing, const Drawing *other, Vec offset, float scale)
{
    Rect clip = drawing->clip;
    for (int i = 0; i < other->count; i++) {
        const DrawCommand *from = &other->commands[i];
        drawing->clip = rect_intersect(clip, place_rect(from->clip, offset, scale));
        append(drawing, from, offset, scale);
    }
    drawing->clip = clip;
}

uint64_t drawing_hit(const Drawing *drawing, Vec point)
{
    for (int i = drawing->count - 1; i >= 0; i--) {
        const DrawCommand *command = &drawing->commands[i];
        if (command->hit != 0 && rect_contains(command->clip, point) &&
            rect_contains(command->box, point)) {
            return command->hit;
        }
    }
    return 0;
}

/* FNV-1a, eight bytes at a time where there are many. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    uint64_t word;
    for (; length >= sizeof word; length -= sizeof word, p += sizeof word) {
        memcpy(&word, p, sizeof word);
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 29;
    }
    for (; length > 0; length--, p++) { hash = (hash ^ *p) * 0x100000001b3u; }
    return hash;
}

#define HASH_START 0xcbf29ce484222325u
#define HASH_FIELD(hash, field) hash = hash_bytes(hash, &(field), sizeof(field))

uint64_t drawing_hash_command(const DrawCommand *command)
{
    uint64_t hash = HASH_START;
    HASH_FIELD(hash, command->kind);
    HASH_FIELD(hash, command->color);
    HASH_FIELD(hash, command->clip);
    HASH_FIELD(hash, command->box);
    HASH_FIELD(hash, command->width);
    HASH_FIELD(hash, command->p);
    if (command->kind == DRAW_POLYGON) { HASH_FIELD(hash, command->u.points); }
    if (command->kind == DRAW_TEXT) {
        HASH_FIELD(hash, command->u.text.weight);
        HASH_FIELD(hash, command->u.text.angle);
        hash = hash_bytes(hash, command->u.text.string, strlen(command->u.text.string));
    }
    if (command->kind == DRAW_IMAGE) {
        size_t count = (size_t)command->u.image.rows * (size_t)command->u.image.cols;
        HASH_FIELD(hash, command->u.image.rows);
        HASH_FIELD(hash, command->u.image.cols);
        HASH_FIELD(hash, command->u.image.smooth);
        hash = hash_bytes(hash, command->u.image.cells, count * sizeof(Color));
    }
    return hash;
}

uint64_t drawing_hash(const Drawing *drawing)
{
    uint64_t hash = HASH_START;
    HASH_FIELD(hash, drawing->page);
    HASH_FIELD(hash, drawing->background);
    for (int i = 0; i < drawing->count; i++) {
        uint64_t command = drawing_hash_command(&drawing->commands[i]);
        HASH_FIELD(hash, command);
    }
    return hash;
}
