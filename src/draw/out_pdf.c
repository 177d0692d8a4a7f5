/* PDF: cairo writes it, pango sets the text, so that every script is shaped and every font embedded. */
#include "draw/out.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "draw/font.h"

#include <cairo-pdf.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Pdf {
    cairo_t *cairo;
    PangoLayout *layout;
    const Drawing *drawing;
} Pdf;

static cairo_status_t write_bytes(void *closure, const unsigned char *bytes, unsigned length)
{
    buffer_add(closure, bytes, length);
    return CAIRO_STATUS_SUCCESS;
}

static void set_color(cairo_t *cairo, Color color)
{
    cairo_set_source_rgba(cairo, color.r / 255.0, color.g / 255.0, color.b / 255.0,
                          color.a / 255.0);
}

static void trace_rect(cairo_t *cairo, Rect rect, float radius)
{
    double x = (double)rect.x, y = (double)rect.y, w = (double)rect.w, h = (double)rect.h;
    double r = fmin((double)radius, fmin(w, h) / 2);
    cairo_new_path(cairo);
    if (!(r > 0)) {
        cairo_rectangle(cairo, x, y, w, h);
        return;
    }
    const double quarter = acos(0);
    cairo_arc(cairo, x + w - r, y + r, r, -quarter, 0);
    cairo_arc(cairo, x + w - r, y + h - r, r, 0, quarter);
    cairo_arc(cairo, x + r, y + h - r, r, quarter, 2 * quarter);
    cairo_arc(cairo, x + r, y + r, r, 2 * quarter, 3 * quarter);
    cairo_close_path(cairo);
}

static void move_to(cairo_t *cairo, Vec at) { cairo_move_to(cairo, (double)at.x, (double)at.y); }
static void line_to(cairo_t *cairo, Vec at) { cairo_line_to(cairo, (double)at.x, (double)at.y); }

static void paint_stroke(cairo_t *cairo, const DrawCommand *command)
{
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_width(cairo, (double)command->width);
    cairo_stroke(cairo);
}

/* One pixel a cell; a viewer may smooth only where that is meant. */
static void paint_image(cairo_t *cairo, const DrawCommand *command)
{
    int rows = command->u.image.rows, cols = command->u.image.cols;
    if (rows < 1 || cols < 1) { return; }
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, cols, rows);
    unsigned char *bytes = cairo_image_surface_get_data(surface);
    if (bytes != NULL) {
        size_t stride = (size_t)cairo_image_surface_get_stride(surface);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                Color c = command->u.image.cells[(size_t)row * (size_t)cols + (size_t)col];
                uint32_t a = c.a, pixel = a << 24 | (c.r * a + 127) / 255 << 16 |
                                          (c.g * a + 127) / 255 << 8 | (c.b * a + 127) / 255;
                memcpy(bytes + (size_t)row * stride + (size_t)col * sizeof pixel, &pixel,
                       sizeof pixel);
            }
        }
        cairo_surface_mark_dirty(surface);
    }
    cairo_translate(cairo, (double)command->p[0].x, (double)command->p[0].y);
    cairo_scale(cairo, (double)command->p[1].x / cols, (double)command->p[1].y / rows);
    cairo_set_source_surface(cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), command->u.image.smooth
                                                          ? CAIRO_FILTER_BILINEAR
                                                          : CAIRO_FILTER_NEAREST);
    cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
    cairo_rectangle(cairo, 0, 0, cols, rows);
    cairo_fill(cairo);
    cairo_surface_destroy(surface);
}

/* For cairo text with a noncharacter in it (U+FFFE, U+FDD0) is no UTF-8, and there is no PDF. To be freed. */
static char *without_noncharacters(const char *text)
{
    Buffer out = {0};
    size_t length = strlen(text);
    uint32_t code;
    buffer_add(&out, "", 0);
    for (size_t at = 0, next; at < length; at = next) {
        next = at + unicode_decode(text + at, length - at, &code);
        bool none = (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
        buffer_add(&out, none ? "\uFFFD" : text + at, none ? strlen("\uFFFD") : next - at);
    }
    return out.bytes;
}

/* A line keeps the width that it was laid out with: stretched by the little by which the two
 * libraries differ. */
static void paint_text(Pdf *pdf, const DrawCommand *command)
{
    FontSet *fonts = pdf->drawing->fonts;
    FontWeight weight = command->u.text.weight;
    const char *family = fonts != NULL ? font_family(fonts, weight) : NULL;
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, family != NULL        ? family
                                            : weight == FONT_MONO ? "monospace"
                                                                  : "sans-serif");
    if (weight == FONT_BOLD) { pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD); }
    pango_font_description_set_absolute_size(font, (double)command->width * PANGO_SCALE);
    pango_layout_set_font_description(pdf->layout, font);
    char *text = without_noncharacters(command->u.text.string);
    pango_layout_set_text(pdf->layout, text, -1);
    free(text);
    pango_font_description_free(font);
    PangoRectangle extents;
    pango_layout_get_extents(pdf->layout, NULL, &extents);
    double natural = (double)extents.width / PANGO_SCALE;
    cairo_translate(pdf->cairo, (double)command->p[0].x, (double)command->p[0].y);
    cairo_rotate(pdf->cairo, (double)command->u.text.angle * acos(0) / 90);
    if (natural > 0 && command->u.text.advance > 0) {
        cairo_scale(pdf->cairo, (double)command->u.text.advance / natural, 1);
    }
    cairo_move_to(pdf->cairo, 0, -(double)pango_layout_get_baseline(pdf->layout) / PANGO_SCALE);
    pango_cairo_show_layout(pdf->cairo, pdf->layout);
}

static void paint(Pdf *pdf, const DrawCommand *command)
{
    cairo_t *cairo = pdf->cairo;
    const Vec *p = command->p;
    set_color(cairo, command->color);
    cairo_new_path(cairo);
    switch (command->kind) {
    case DRAW_RECT:
        trace_rect(cairo, command->box, command->width);
        cairo_fill(cairo);
        break;
    case DRAW_FRAME:
        trace_rect(cairo, rect_inset(command->box, command->width / 2),
                   fmaxf(p[1].x - command->width / 2, 0));
        paint_stroke(cairo, command);
        break;
    case DRAW_LINE:
        move_to(cairo, p[0]);
        line_to(cairo, p[1]);
        paint_stroke(cairo, command);
        break;
    case DRAW_CURVE:
        move_to(cairo, p[0]);
        cairo_curve_to(cairo, (double)p[1].x, (double)p[1].y, (double)p[2].x, (double)p[2].y,
                       (double)p[3].x, (double)p[3].y);
        paint_stroke(cairo, command);
        break;
    case DRAW_POLYGON:
        move_to(cairo, p[0]);
        for (int i = 1; i < command->u.points; i++) { line_to(cairo, p[i]); }
        cairo_fill(cairo);
        break;
    case DRAW_TEXT: paint_text(pdf, command); break;
    case DRAW_IMAGE: paint_image(cairo, command); break;
    }
}

static void set_metadata(cairo_surface_t *surface, cairo_pdf_metadata_t what, const char *text)
{
    char *clean = without_noncharacters(text);
    cairo_pdf_surface_set_metadata(surface, what, clean);
    free(clean);
}

/* The same figure is the same file, whenever it is made: cairo's own date would be the time of day,
 * so the date is that of SOURCE_DATE_EPOCH, or none that means anything. */
static void describe(cairo_surface_t *surface, const OutOptions *options)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t when = epoch != NULL ? (time_t)strtoll(epoch, NULL, 10) : 0;
    struct tm parts;
    char date[40] = "1970-01-01T00:00:00Z";
    if (gmtime_r(&when, &parts) != NULL) {
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
    if (options->title != NULL) { set_metadata(surface, CAIRO_PDF_METADATA_TITLE, options->title); }
    Buffer notes = {0};
    for (int i = 0; i < options->note_count; i++) {
        const OutNote *note = &options->notes[i];
        if (note->value == NULL || note->value[0] == '\0') { continue; }
        if (strcmp(note->key, "Software") == 0) {
            set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, note->value);
        } else {
            buffer_format(&notes, "%s%s: %s", notes.length > 0 ? "; " : "", note->key, note->value);
        }
    }
    if (notes.length > 0) { set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, notes.bytes); }
    buffer_free(&notes);
}

static void paint_page(Pdf *pdf)
{
    const Drawing *drawing = pdf->drawing;
    if (drawing->background.a > 0) {
        set_color(pdf->cairo, drawing->background);
        cairo_paint(pdf->cairo);
    }
    /* After an error cairo hands out patterns that nobody frees. */
    for (int i = 0; i < drawing->count && cairo_status(pdf->cairo) == CAIRO_STATUS_SUCCESS; i++) {
        const DrawCommand *command = &drawing->commands[i];
        if (command->color.a == 0 && command->kind != DRAW_IMAGE) { continue; }
        cairo_save(pdf->cairo);
        cairo_rectangle(pdf->cairo, (double)command->clip.x, (double)command->clip.y,
                        (double)command->clip.w, (double)command->clip.h);
        cairo_clip(pdf->cairo);
        paint(pdf, command);
        cairo_restore(pdf->cairo);
    }
}

bool out_pdf(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err)
{
    double zoom = (double)options->zoom;
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
        write_bytes, out, (double)drawing->page.w * zoom, (double)drawing->page.h * zoom);
    cairo_t *cairo = cairo_create(surface);
    PangoContext *context = pango_cairo_create_context(cairo);
    cairo_font_options_t *exact = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(exact, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(exact, CAIRO_HINT_STYLE_NONE);
    pango_cairo_context_set_font_options(context, exact);
    cairo_font_options_destroy(exact);
    Pdf pdf = {.cairo = cairo, .layout = pango_layout_new(context), .drawing = drawing};
    pango_layout_set_single_paragraph_mode(pdf.layout, TRUE);
    describe(surface, options);
    cairo_scale(cairo, zoom, zoom);
    cairo_translate(cairo, -(double)drawing->page.x, -(double)drawing->page.y);
    paint_page(&pdf);
    cairo_show_page(cairo);
    g_object_unref(pdf.layout);
    g_object_unref(context);
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS) { status = cairo_surface_status(surface); }
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS ||
           error_set(err, "The PDF can't be made: %s.", cairo_status_to_string(status));
}
