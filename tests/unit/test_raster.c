/* The rasteriser, fonts and PNG: coverage, opacity, parts against the whole, damage, hostile input. */
#include "base/file.h"
#include "base/memory.h"
#include "draw/font.h"
#include "draw/out.h"
#include "draw/raster.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 200 };
static const Color white = {255, 255, 255, 255};
static const Color black = {0, 0, 0, 255};

static Drawing *begin(FontSet *fonts, Color background)
{
    Drawing *drawing = drawing_new(fonts);
    drawing_begin(drawing, (Rect){0, 0, SIDE, SIDE}, background);
    return drawing;
}

static Raster paint(const Drawing *drawing, float scale)
{
    Raster raster = {0};
    int side = (int)(SIDE * scale);
    assert_true(raster_resize(&raster, side, side));
    raster_draw(&raster, drawing, scale, (Rect){0, 0, (float)side, (float)side});
    return raster;
}

/* How much darker than white, in whole black pixels. */
static double ink(const Raster *raster)
{
    double sum = 0;
    for (int i = 0; i < raster->width * raster->height; i++) {
        sum += 255 - (double)(raster->pixels[i] & 255);
    }
    return sum / 255;
}

static void check_ink(FontSet *fonts, Drawing *drawing, double expected, double tolerance)
{
    (void)fonts;
    for (int scale = 1; scale <= 3; scale++) {
        Raster raster = paint(drawing, (float)scale);
        double found = ink(&raster) / scale / scale;
        if (fabs(found - expected) > tolerance * expected) {
            fail_msg("ink %g, not %g", found, expected);
        }
        raster_free(&raster);
    }
    drawing_free(drawing);
}

static void shapes_cover_their_area(void **state)
{
    Drawing *d = begin(*state, white);
    drawing_rect(d, (Rect){10.25f, 10.5f, 40.5f, 20}, 0, black);
    check_ink(*state, d, 40.5 * 20, 0.01);
    d = begin(*state, white);
    drawing_rect(d, (Rect){20, 20, 60, 60}, 30, black);
    check_ink(*state, d, 3.14159265 * 900, 0.01);
    d = begin(*state, white);
    drawing_frame(d, (Rect){10, 10, 100, 50}, 0, 2, black);
    check_ink(*state, d, 100 * 50 - 96 * 46, 0.02);
    d = begin(*state, white);
    drawing_polygon(d, (Vec[]){{10, 10}, {110, 10}, {10, 60}}, 3, black);
    check_ink(*state, d, 2500, 0.02);
    d = begin(*state, white);
    drawing_line(d, (Vec){20, 30}, (Vec){120, 130}, 3, black);
    check_ink(*state, d, 3 * 141.42 + 3.14159 * 2.25, 0.03);
}

/* A curve is one stroke: as much ink as its length says, and nowhere darker than its opacity. */
static void curves_are_painted_once(void **state)
{
    for (int steep = 0; steep < 3; steep++) {
        Drawing *d = begin(*state, white);
        Vec a = {20, 60}, b = {80, 60}, c = {120, 60 + 50.0f * (float)steep},
            e = {180, 60 + 50.0f * (float)steep};
        drawing_curve(d, a, b, c, e, 2, (Color){0, 0, 0, 128});
        double length = 0;
        Vec last = a;
        for (int i = 1; i <= 1000; i++) {
            float t = (float)i / 1000, u = 1 - t;
            Vec p = {u * u * u * a.x + 3 * u * u * t * b.x + 3 * u * t * t * c.x + t * t * t * e.x,
                     u * u * u * a.y + 3 * u * u * t * b.y + 3 * u * t * t * c.y + t * t * t * e.y};
            length += hypot((double)(p.x - last.x), (double)(p.y - last.y));
            last = p;
        }
        Raster raster = paint(d, 1);
        double found = ink(&raster), expected = length * 2 * 128 / 255;
        if (fabs(found - expected) > 0.05 * expected) {
            fail_msg("ink %g, not %g", found, expected);
        }
        for (int i = 0; i < SIDE * SIDE; i++) { assert_true((raster.pixels[i] & 255) >= 126); }
        raster_free(&raster);
        drawing_free(d);
    }
    /* From right to left and in a loop: the slower way gives the same. */
    Drawing *d = begin(*state, white);
    drawing_curve(d, (Vec){150, 50}, (Vec){20, 50}, (Vec){180, 150}, (Vec){40, 150}, 3,
                  (Color){0, 0, 0, 100});
    Raster raster = paint(d, 1);
    for (int i = 0; i < SIDE * SIDE; i++) { assert_true((raster.pixels[i] & 255) >= 154); }
    assert_true(ink(&raster) > 150);
    raster_free(&raster);
    drawing_free(d);
}

static Drawing *draw_everything(FontSet *fonts, Color background)
{
    Drawing *d = begin(fonts, background);
    drawing_rect(d, (Rect){5, 5, 80, 40}, 8, (Color){30, 90, 200, 200});
    drawing_frame(d, (Rect){3, 60, 90, 30}, 5, 1.5f, black);
    for (int i = 0; i < 20; i++) {
        drawing_curve(d, (Vec){10, 10}, (Vec){80, 10}, (Vec){100, 9.0f * (float)i},
                      (Vec){190, 9.0f * (float)i}, 2, (Color){200, 60, 0, 90});
    }
    drawing_line(d, (Vec){100, 190}, (Vec){190, 100}, 1, black);
    drawing_text(d, (Vec){20, 120}, "street \u52A8\u7269 \u0639\u0628\u0631",
                 &(TextStyle){.size = 18, .color = black});
    drawing_text(d, (Vec){120, 150}, "leaning",
                 &(TextStyle){.size = 13, .color = black, .angle = -50});
    Color *cells = drawing_image(d, (Rect){120.5f, 20.25f, 50, 50}, 3, 4, false);
    for (int i = 0; i < 12; i++) { cells[i] = (Color){(uint8_t)(i * 20), 80, 120, 255}; }
    cells = drawing_image(d, (Rect){180, 20, 10, 100}, 16, 1, true);
    for (int i = 0; i < 16; i++) { cells[i] = (Color){(uint8_t)(i * 15), 0, 0, 255}; }
    return d;
}

/* What is painted anew inside a part must be what the whole would have there. */
static void a_part_is_what_the_whole_has_there(void **state)
{
    Drawing *d = draw_everything(*state, white);
    Raster whole = paint(d, 1.5f), parts = {0};
    assert_true(raster_resize(&parts, whole.width, whole.height));
    memset(parts.pixels, 0x55, (size_t)parts.width * (size_t)parts.height * 4);
    for (int y = 0; y < whole.height; y += 37) {
        for (int x = 0; x < whole.width; x += 53) {
            raster_draw(&parts, d, 1.5f, (Rect){(float)x, (float)y, 53, 37});
        }
    }
    assert_memory_equal(whole.pixels, parts.pixels, (size_t)whole.width * (size_t)whole.height * 4);
    raster_free(&whole);
    raster_free(&parts);
    drawing_free(d);
}

static void transparent_ground_mixes_to_the_same_picture(void **state)
{
    Drawing *over_white = draw_everything(*state, white),
            *clear = draw_everything(*state, (Color){0});
    Raster a = paint(over_white, 1), b = paint(clear, 1);
    assert_true(b.pixels[SIDE * SIDE - 1] == 0);
    for (int i = 0; i < SIDE * SIDE; i++) {
        uint32_t alpha = b.pixels[i] >> 24;
        for (int shift = 0; shift <= 16; shift += 8) {
            uint32_t mixed =
                ((b.pixels[i] >> shift & 255) * alpha + 255 * (255 - alpha) + 127) / 255;
            assert_in_range((int)mixed - (int)(a.pixels[i] >> shift & 255) + 6, 0, 12);
        }
    }
    raster_free(&a);
    raster_free(&b);
    drawing_free(over_white);
    drawing_free(clear);
}

static void damage_is_where_something_changed(void **state)
{
    Damage damage = {0};
    Rect changed[DAMAGE_MAX];
    Drawing *d = draw_everything(*state, white);
    assert_int_equal(damage_update(&damage, d, 1, SIDE, SIDE, changed), 1);
    assert_float_equal(changed[0].w, SIDE, 0);
    assert_int_equal(damage_update(&damage, d, 1, SIDE, SIDE, changed), 0);
    drawing_rect(d, (Rect){150, 150, 5, 5}, 0, black);
    assert_int_equal(damage_update(&damage, d, 1, SIDE, SIDE, changed), 1);
    assert_true(rect_contains(changed[0], (Vec){152, 152}) &&
                !rect_contains(changed[0], (Vec){50, 50}));
    damage_forget(&damage);
    assert_int_equal(damage_update(&damage, d, 1, SIDE, SIDE, changed), 1);
    damage_free(&damage);
    drawing_free(d);
}

static void every_script_has_ink_and_width(void **state)
{
    static const char *const lines[] = {
        "animal", "Cr\u00E8me", "\u52A8\u7269", "\u0639\u0628\u0631", "\u05E9\u05DC", "\U0001F642"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        Drawing *d = begin(*state, white);
        float width =
            drawing_text(d, (Vec){20, 100}, lines[i], &(TextStyle){.size = 24, .color = black});
        Raster raster = paint(d, 1);
        assert_true(width > 8 && ink(&raster) > 20);
        /* As laid out: nothing is painted far beyond the width. */
        for (int y = 0; y < SIDE; y++) {
            for (int x = (int)(20 + width) + 6; x < SIDE; x++) {
                assert_int_equal(raster.pixels[y * SIDE + x] & 255, 255);
            }
        }
        raster_free(&raster);
        drawing_free(d);
    }
}

static void strange_text_is_survived(void **state)
{
    FontSet *fonts = *state;
    size_t length = 100000;
    char *text = mem_alloc(length + 1, 1);
    for (size_t i = 0; i < length; i++) { text[i] = "a \xC3\xA9\xFF\x01\xE2\x80\x8D"[i % 9]; }
    text[length] = '\0';
    assert_true(font_text_width(fonts, text, 12, FONT_REGULAR) > 1000);
    Drawing *d = begin(fonts, white);
    drawing_text(d, (Vec){0, 50}, text, &(TextStyle){.size = 12, .color = black});
    drawing_text(d, (Vec){0, 90}, text, &(TextStyle){.size = 12, .color = black, .max_width = 100});
    drawing_text(d, (Vec){0, 90}, "\x01\x02", &(TextStyle){.size = 5000, .color = black});
    drawing_text(d, (Vec){0, 90}, "tiny", &(TextStyle){.size = 0.01f, .color = black});
    Raster raster = paint(d, 1);
    raster_free(&raster);
    drawing_free(d);
    free(text);
}

static uint32_t read_number(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void png_says_its_size_resolution_and_title(void **state)
{
    Drawing *d = draw_everything(*state, white);
    Buffer one = {0}, two = {0};
    Error err = {""};
    const OutNote notes[] = {{"Software", "us"}, {"Model", NULL}};
    OutOptions options = {
        .zoom = 1, .scale = 2, .title = "caf\u00E9", .notes = notes, .note_count = 2};
    assert_true(out_png(d, &options, &one, &err) && out_png(d, &options, &two, &err));
    assert_int_equal(one.length, two.length);
    assert_memory_equal(one.bytes, two.bytes, one.length);
    assert_memory_equal(one.bytes, "\x89PNG\r\n\x1A\n", 8);
    assert_int_equal(read_number(one.bytes + 16), 2 * SIDE);
    assert_memory_equal(one.bytes + 37, "pHYs", 4);
    assert_int_equal(read_number(one.bytes + 41), 5669); /* 144 pixels an inch */
    assert_memory_equal(one.bytes + 37 + 4 + 9 + 4 + 4, "iTXtTitle", 9);
    assert_non_null(memmem(one.bytes, one.length, "iTXtSoftware\0\0\0\0\0us", 19));
    assert_null(memmem(one.bytes, one.length, "Model", 5)); /* nothing is known about it */
    buffer_free(&one);
    buffer_free(&two);
    options.scale = 1000;
    assert_false(out_png(d, &options, &one, &err));
    assert_non_null(strstr(err.text, "too large"));
    assert_null(out_find("figure.bmp"));
    assert_non_null(out_find("figure.PNG"));
    buffer_free(&one);
    drawing_free(d);
}

static void a_single_pixel_is_a_picture_too(void **state)
{
    Drawing *d = draw_everything(*state, white);
    Raster raster = {0};
    assert_true(raster_resize(&raster, 1, 1));
    raster_draw(&raster, d, 1, (Rect){0, 0, 1, 1});
    assert_false(raster_resize(&raster, 0, 5));
    assert_false(raster_resize(&raster, RASTER_MAX_SIDE + 1, 5));
    raster_draw(&raster, d, 1e-6f, (Rect){0, 0, 1, 1});
    raster_draw(&raster, d, 1e6f, (Rect){0, 0, 1, 1});
    raster_free(&raster);
    drawing_free(d);
}

static int open_fonts(void **state)
{
    Error err = {""};
    *state = font_open(&err);
    return *state != NULL ? 0 : -1;
}

static int close_fonts(void **state)
{
    font_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_cover_their_area),
        cmocka_unit_test(curves_are_painted_once),
        cmocka_unit_test(a_part_is_what_the_whole_has_there),
        cmocka_unit_test(transparent_ground_mixes_to_the_same_picture),
        cmocka_unit_test(damage_is_where_something_changed),
        cmocka_unit_test(every_script_has_ink_and_width),
        cmocka_unit_test(strange_text_is_survived),
        cmocka_unit_test(png_says_its_size_resolution_and_title),
        cmocka_unit_test(a_single_pixel_is_a_picture_too),
    };
    return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
