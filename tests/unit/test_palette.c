/* The colour maps are the published ones: entries that lie between the anchors, and the worst of each. */
#include "draw/palette.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct Entry {
    ColorMap map;
    int index; /* of 256 */
    unsigned color;
} Entry;

static void maps_are_the_published_ones(void **state)
{
    (void)state;
    static const Entry entries[] = {
        {COLORMAP_VIRIDIS, 0, 0x440154},   {COLORMAP_VIRIDIS, 32, 0x472d7b},
        {COLORMAP_VIRIDIS, 64, 0x3b528b},  {COLORMAP_VIRIDIS, 100, 0x2a768e},
        {COLORMAP_VIRIDIS, 128, 0x21918c}, {COLORMAP_VIRIDIS, 161, 0x29af7f},
        {COLORMAP_VIRIDIS, 192, 0x5ec962}, {COLORMAP_VIRIDIS, 222, 0xa8db34},
        {COLORMAP_VIRIDIS, 255, 0xfde725}, {COLORMAP_VIRIDIS, 7, 0x460b5e},
        {COLORMAP_CIVIDIS, 0, 0x00224e},   {COLORMAP_CIVIDIS, 32, 0x1a386f},
        {COLORMAP_CIVIDIS, 64, 0x434e6c},  {COLORMAP_CIVIDIS, 100, 0x656870},
        {COLORMAP_CIVIDIS, 128, 0x7d7c78}, {COLORMAP_CIVIDIS, 161, 0x9c9576},
        {COLORMAP_CIVIDIS, 192, 0xbcae6c}, {COLORMAP_CIVIDIS, 222, 0xdcc859},
        {COLORMAP_CIVIDIS, 255, 0xfee838}, {COLORMAP_CIVIDIS, 23, 0x013271},
        {COLORMAP_MAGMA, 0, 0x000004},     {COLORMAP_MAGMA, 32, 0x1d1147},
        {COLORMAP_MAGMA, 64, 0x51127c},    {COLORMAP_MAGMA, 100, 0x892881},
        {COLORMAP_MAGMA, 128, 0xb73779},   {COLORMAP_MAGMA, 161, 0xe85362},
        {COLORMAP_MAGMA, 192, 0xfc8961},   {COLORMAP_MAGMA, 222, 0xfec185},
        {COLORMAP_MAGMA, 255, 0xfcfdbf},   {COLORMAP_MAGMA, 1, 0x010005},
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        const Entry *e = &entries[i];
        Color color = palette_map(e->map, (float)e->index / 255, false);
        int wanted[3] = {(int)(e->color >> 16 & 255), (int)(e->color >> 8 & 255),
                         (int)(e->color & 255)};
        int off = abs(color.r - wanted[0]);
        if (abs(color.g - wanted[1]) > off) { off = abs(color.g - wanted[1]); }
        if (abs(color.b - wanted[2]) > off) { off = abs(color.b - wanted[2]); }
        if (off > (e->map == COLORMAP_CIVIDIS ? 4 : 2)) {
            fail_msg("%s %d is off by %d", palette_map_name(e->map), e->index, off);
        }
    }
}

static void values_are_kept_in_range(void **state)
{
    (void)state;
    for (int map = 0; map < COLORMAPS; map++) {
        for (int dark = 0; dark < 2; dark++) {
            Color low = palette_map((ColorMap)map, 0, dark != 0);
            Color below = palette_map((ColorMap)map, -5, dark != 0);
            Color high = palette_map((ColorMap)map, 1, dark != 0);
            Color above = palette_map((ColorMap)map, INFINITY, dark != 0);
            assert_memory_equal(&low, &below, sizeof low);
            assert_memory_equal(&high, &above, sizeof high);
            assert_int_equal(palette_map((ColorMap)map, NAN, dark != 0).a, 255);
        }
        ColorMap found;
        assert_true(palette_find_map(palette_map_name((ColorMap)map), &found));
        assert_int_equal(found, map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_are_the_published_ones),
        cmocka_unit_test(values_are_kept_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
