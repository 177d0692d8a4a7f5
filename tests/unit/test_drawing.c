/* The display list: what is kept, what is dropped, hits, hashes, ellipsis, copying. */
#include "base/memory.h"
#include "base/unicode.h"
#include "draw/drawing.h"
#include "draw/font.h"
#include "draw/palette.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Color red = {200, 30, 30, 255};
static const Color nothing = {0, 0, 0, 0};
static const Rect page = {0, 0, 100, 100};

static Drawing *begin(void **state)
{
    Drawing *drawing = drawing_new(*state);
    drawing_begin(drawing, page, (Color){255, 255, 255, 255});
    return drawing;
}

static void what_cannot_be_seen_is_dropped(void **state)
{
    Drawing *d = begin(state);
    drawing_rect(d, (Rect){200, 0, 10, 10}, 0, red);
    drawing_rect(d, (Rect){0, 0, 10, 10}, 0, nothing);
    drawing_line(d, (Vec){NAN, 0}, (Vec){5, 5}, 1, red);
    drawing_curve(d, (Vec){0, 0}, (Vec){1, INFINITY}, (Vec){2, 2}, (Vec){3, 3}, 1, red);
    drawing_text(d, (Vec){0, NAN}, "x", &(TextStyle){.size = 12, .color = red});
    drawing_text(d, (Vec){0, 20}, "", &(TextStyle){.size = 12, .color = red});
    drawing_polygon(d, (Vec[]){{0, 0}, {1, 1}}, 2, red);
    assert_int_equal(d->count, 0);
    drawing_set_hit(d, 7); /* felt, though not seen */
    drawing_rect(d, (Rect){0, 0, 10, 10}, 0, nothing);
    assert_int_equal(d->count, 1);
    drawing_free(d);
}

static void the_topmost_hit_within_its_clip_is_found(void **state)
{
    Drawing *d = begin(state);
    drawing_set_hit(d, 1);
    drawing_rect(d, (Rect){0, 0, 50, 50}, 0, red);
    Rect before = drawing_set_clip(d, (Rect){0, 0, 20, 20});
    drawing_set_hit(d, 2);
    drawing_rect(d, (Rect){0, 0, 50, 50}, 0, red);
    drawing_set_clip(d, before);
    drawing_set_hit(d, 0);
    drawing_rect(d, (Rect){0, 0, 5, 5}, 0, red);
    assert_int_equal(drawing_hit(d, (Vec){2, 2}), 2);
    assert_int_equal(drawing_hit(d, (Vec){30, 30}), 1);
    assert_int_equal(drawing_hit(d, (Vec){60, 60}), 0);
    drawing_free(d);
}

static void equal_pictures_have_equal_hashes(void **state)
{
    Drawing *a = begin(state), *b = begin(state);
    uint64_t empty = drawing_hash(a);
    TextStyle style = {.size = 12, .color = red};
    Drawing *both[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        drawing_text(both[i], (Vec){10, 20}, "it", &style);
        Color *cells = drawing_image(both[i], (Rect){0, 0, 10, 10}, 2, 2, false);
        cells[3] = red;
    }
    assert_true(drawing_hash(a) == drawing_hash(b));
    assert_true(drawing_hash(a) != empty);
    drawing_text(a, (Vec){10, 40}, "it", &style);
    drawing_text(b, (Vec){10, 40}, "is", &style);
    assert_true(drawing_hash(a) != drawing_hash(b));
    drawing_free(a);
    drawing_free(b);
}

static void long_text_ends_in_an_ellipsis(void **state)
{
    static const char text[] = "anim\u00E0l e\u0301e\u0301e\u0301 street because it was";
    Drawing *d = begin(state);
    float full = drawing_text_width(d, text, 12, FONT_REGULAR);
    for (float most = 1; most < full; most += 3) {
        drawing_begin(d, page, red);
        drawing_text(d, (Vec){0, 20}, text,
                     &(TextStyle){.size = 12, .color = red, .max_width = most});
        assert_int_equal(d->count, 1);
        const DrawCommand *c = &d->commands[0];
        size_t length = strlen(c->u.text.string);
        assert_string_equal(c->u.text.string + length - 3, "\u2026");
        assert_int_equal(unicode_valid_prefix(c->u.text.string, length), length);
        assert_true(c->u.text.advance <= most || length == 3);
        /* As long as it can be: with the next cluster it would not fit. */
        size_t next = unicode_next_cluster(text, strlen(text), length - 3);
        char longer[128];
        memcpy(longer, text, next);
        strcpy(longer + next, "\u2026");
        assert_true(drawing_text_width(d, longer, 12, FONT_REGULAR) > most);
    }
    drawing_begin(d, page, red);
    drawing_text(d, (Vec){0, 20}, text,
                 &(TextStyle){.size = 12, .color = red, .max_width = full + 1});
    assert_string_equal(d->commands[0].u.text.string, text);
    drawing_free(d);
}

static void an_appended_drawing_is_a_moved_copy(void **state)
{
    Drawing *from = begin(state), *to = begin(state);
    drawing_set_hit(from, 9);
    drawing_curve(from, (Vec){1, 2}, (Vec){3, 4}, (Vec){5, 6}, (Vec){7, 8}, 2, red);
    drawing_text(from, (Vec){10, 20}, "copied", &(TextStyle){.size = 12, .color = red});
    drawing_frame(from, (Rect){10, 10, 20, 20}, 4, 1, red);
    Color *cells = drawing_image(from, (Rect){40, 40, 10, 10}, 1, 1, false);
    cells[0] = red;
    drawing_append(to, from, (Vec){5, 5});
    drawing_free(from);
    assert_int_equal(to->count, 4);
    assert_float_equal(to->commands[0].p[3].x, 12, 0);
    assert_string_equal(to->commands[1].u.text.string, "copied");
    assert_float_equal(to->commands[2].p[1].x, 4, 0);  /* a radius does not move */
    assert_float_equal(to->commands[3].p[1].x, 10, 0); /* nor does a size */
    assert_int_equal(to->commands[3].u.image.cells[0].r, red.r);
    assert_int_equal(drawing_hit(to, (Vec){46, 46}), 9);
    drawing_free(to);
}

static void rectangles_meet_as_they_should(void **state)
{
    (void)state;
    Rect a = {0, 0, 10, 10}, b = {5, 5, 10, 10}, c = {10, 0, 5, 5};
    assert_true(rect_overlap(a, b) && !rect_overlap(a, c));
    Rect both = rect_intersect(a, b);
    assert_float_equal(both.w, 5, 0);
    assert_float_equal(rect_intersect(a, (Rect){50, 50, 1, 1}).w, 0, 0);
    assert_true(rect_contains(a, (Vec){0, 0}) && !rect_contains(a, (Vec){10, 5}));
    assert_float_equal(rect_inset(a, 6).w, 0, 0);
}

static double luminance(Color color)
{
    const uint8_t channels[3] = {color.r, color.g, color.b};
    const double weights[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double c = channels[i] / 255.0;
        sum += weights[i] * (c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

/* WCAG 2: (lighter + 0.05) / (darker + 0.05). */
static double contrast(Color a, Color b)
{
    double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return x > y ? x / y : y / x;
}

static void colours_can_be_told_from_the_ground(void **state)
{
    (void)state;
    for (int dark = 0; dark < 2; dark++) {
        const Theme *theme = palette_theme(dark != 0);
        const Color grounds[] = {theme->background, theme->panel, theme->raised};
        for (int i = 0; i < 3; i++) {
            assert_true(contrast(theme->ink, grounds[i]) >= 7);
            assert_true(contrast(theme->muted, grounds[i]) >= 4.5);
        }
        assert_true(contrast(theme->accent_ink, theme->accent) >= 4.5);
        for (int head = 0; head < 16; head++) {
            Color color = palette_head(head, 16, theme->dark);
            assert_true(contrast(color, theme->background) >= 3);
            for (int other = 0; other < head; other++) {
                Color c = palette_head(other, 16, theme->dark);
                assert_true(abs(c.r - color.r) + abs(c.g - color.g) + abs(c.b - color.b) >= 40);
            }
        }
    }
}

static void colour_maps_have_their_published_ends_and_grow_evenly(void **state)
{
    (void)state;
    Color first = palette_map(COLORMAP_VIRIDIS, 0, false),
          last = palette_map(COLORMAP_VIRIDIS, 1, false);
    assert_int_equal(first.r << 16 | first.g << 8 | first.b, 0x440154);
    assert_int_equal(last.r << 16 | last.g << 8 | last.b, 0xfde725);
    for (int dark = 0; dark < 2; dark++) {
        for (int map = 0; map < COLORMAP_DIVERGING; map++) {
            double before = luminance(palette_map((ColorMap)map, 0, dark != 0)), sign = 0;
            for (int i = 1; i <= 20; i++) {
                double now = luminance(palette_map((ColorMap)map, (float)i / 20, dark != 0));
                if (sign == 0) { sign = now > before ? 1 : -1; }
                assert_true((now - before) * sign > 0); /* lightness goes one way only */
                before = now;
            }
            ColorMap found;
            assert_true(palette_find_map(palette_map_name((ColorMap)map), &found));
            assert_int_equal(found, map);
        }
    }
    Color missing = palette_map(COLORMAP_BLUES, NAN, false);
    assert_true(missing.a == 255);
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
        cmocka_unit_test(what_cannot_be_seen_is_dropped),
        cmocka_unit_test(the_topmost_hit_within_its_clip_is_found),
        cmocka_unit_test(equal_pictures_have_equal_hashes),
        cmocka_unit_test(long_text_ends_in_an_ellipsis),
        cmocka_unit_test(an_appended_drawing_is_a_moved_copy),
        cmocka_unit_test(rectangles_meet_as_they_should),
        cmocka_unit_test(colours_can_be_told_from_the_ground),
        cmocka_unit_test(colour_maps_have_their_published_ends_and_grow_evenly),
    };
    return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
