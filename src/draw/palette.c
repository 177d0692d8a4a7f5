#include "draw/palette.h"

#include "base/base.h"

#include <math.h>
#include <string.h>

/* Every fifth of the published 256 entries as hexadecimal sRGB, with straight lines between, which
 * are never more than 1 level off (cividis 4, in its dark blues): viridis and magma (Smith and van der Walt 2015), cividis (Nunez,
 * Anderton and Renslow 2018, as matplotlib publishes it). */
enum { ANCHORS = 52 };
static const uint32_t anchors[COLORMAP_GREY][ANCHORS] = {
    {0x440154, 0x46085c, 0x471063, 0x481769, 0x481d6f, 0x482475, 0x472a7a, 0x46307e, 0x453781,
     0x433d84, 0x414287, 0x3f4889, 0x3d4e8a, 0x3a538b, 0x38598c, 0x355e8d, 0x33638d, 0x31688e,
     0x2e6d8e, 0x2c718e, 0x2a768e, 0x297b8e, 0x27808e, 0x25848e, 0x23898e, 0x218e8d, 0x20928c,
     0x1f978b, 0x1e9c89, 0x1fa188, 0x21a585, 0x24aa83, 0x28ae80, 0x2eb37c, 0x35b779, 0x3dbc74,
     0x46c06f, 0x50c46a, 0x5ac864, 0x65cb5e, 0x70cf57, 0x7cd250, 0x89d548, 0x95d840, 0xa2da37,
     0xb0dd2f, 0xbddf26, 0xcae11f, 0xd8e219, 0xe5e419, 0xf1e51d, 0xfde725},
    {0x00224e, 0x002656, 0x002a5f, 0x002d68, 0x003070, 0x083370, 0x163770, 0x203a6f, 0x273e6e,
     0x2e416d, 0x34456c, 0x3a486c, 0x3f4c6c, 0x444f6c, 0x49536c, 0x4e566c, 0x535a6d, 0x575d6d,
     0x5c616e, 0x60646f, 0x656870, 0x696b71, 0x6d6f72, 0x727274, 0x767676, 0x7a7a78, 0x7e7d78,
     0x838179, 0x888578, 0x8d8878, 0x928c78, 0x969077, 0x9b9476, 0xa09875, 0xa59c74, 0xaaa073,
     0xafa471, 0xb5a86f, 0xbaac6d, 0xbfb06b, 0xc4b468, 0xc9b965, 0xcfbd62, 0xd4c15f, 0xdac65b,
     0xdfca57, 0xe5cf52, 0xead34c, 0xf0d846, 0xf6dd3f, 0xfce236, 0xfee838},
    {0x000004, 0x02020b, 0x050416, 0x090720, 0x0e0b2b, 0x140e36, 0x1a1042, 0x21114e, 0x29115a,
     0x311165, 0x390f6e, 0x420f75, 0x4a1079, 0x52137c, 0x5a167e, 0x621980, 0x6a1c81, 0x721f81,
     0x792282, 0x812581, 0x892881, 0x912b81, 0x992d80, 0xa1307e, 0xaa337d, 0xb2357b, 0xba3878,
     0xc23b75, 0xca3e72, 0xd2426f, 0xd9466b, 0xe04c67, 0xe75263, 0xec5860, 0xf1605d, 0xf4695c,
     0xf7725c, 0xf97b5d, 0xfb8560, 0xfc8e64, 0xfd9869, 0xfea16e, 0xfeaa74, 0xfeb47b, 0xfebd82,
     0xfec68a, 0xfecf92, 0xfed89a, 0xfde2a3, 0xfdebac, 0xfcf4b6, 0xfcfdbf},
};

static const char *const map_names[COLORMAPS] = {"viridis", "cividis", "magma",
                                                 "grey",    "blues",   "diverging"};

static Color from_hex(uint32_t hex)
{
    return (Color){(uint8_t)(hex >> 16 & 255), (uint8_t)(hex >> 8 & 255), (uint8_t)(hex & 255),
                   255};
}

const char *palette_map_name(ColorMap map) { return map_names[map]; }

bool palette_find_map(const char *name, ColorMap *map)
{
    for (int i = 0; i < COLORMAPS; i++) {
        if (strcmp(map_names[i], name) == 0) {
            *map = (ColorMap)i;
            return true;
        }
    }
    return false;
}

/* A value on a row of evenly spaced colours. */
static Color along(const uint32_t *colors, int count, float value)
{
    float at = value * (float)(count - 1);
    int low = min_int((int)at, count - 2);
    return color_mix(from_hex(colors[low]), from_hex(colors[low + 1]), at - (float)low);
}

Color palette_map(ColorMap map, float value, bool dark)
{
    static const uint32_t blues_light[] = {0xf7f9fc, 0xdbe7f5, 0xb3d0ec, 0x7fb2de,
                                           0x4a8fca, 0x2469ad, 0x0b3f7c};
    static const uint32_t blues_dark[] = {0x1d222b, 0x20334e, 0x244a78, 0x2c66a6,
                                          0x4488cc, 0x7fb4e8, 0xd6eafc};
    static const uint32_t diverging_light[] = {0x0b5394, 0x6fa8d8, 0xf4f5f7, 0xeba15c, 0xb4510a};
    static const uint32_t diverging_dark[] = {0x8cc3f2, 0x3a77ae, 0x272d38, 0xb4671d, 0xf7b26a};
    if (isnan(value)) { return dark ? from_hex(0x5a4450) : from_hex(0xd9cdd2); }
    value = clamp_float(value, 0, 1);
    switch (map) {
    case COLORMAP_GREY: {
        uint8_t level = (uint8_t)lrintf(dark ? 30 + value * 225 : 255 - value * 235);
        return (Color){level, level, level, 255};
    }
    case COLORMAP_BLUES: return along(dark ? blues_dark : blues_light, COUNTOF(blues_light), value);
    case COLORMAP_DIVERGING:
        return along(dark ? diverging_dark : diverging_light, COUNTOF(diverging_light), value);
    default: return along(anchors[map], ANCHORS, value);
    }
}

/* The first eight after Okabe and Ito 2008, made darker (light theme) or lighter (dark theme) until
 * each has a contrast of 3 : 1 against the background; then eight more between them. */
Color palette_head(int head, int heads, bool dark)
{
    static const uint32_t light[] = {0x0072b2, 0xc65500, 0x008c68, 0xb8558f, 0x7a6a00, 0x2b8cc4,
                                     0x8f3d1e, 0x4b4f9e, 0xa1003c, 0x5c7f00, 0x6b3fa0, 0x00797f,
                                     0xb07500, 0x54606e, 0xd1495b, 0x1f4e79};
    static const uint32_t bright[] = {0x56b4e9, 0xe69f00, 0x2fc49a, 0xe08cbf, 0xf0e442, 0x4f8fdc,
                                      0xf07b4f, 0x9a9ff0, 0xff7b95, 0xa8cf45, 0xbf94f0, 0x52d0d6,
                                      0xffc766, 0xaab6c4, 0xff9e9e, 0x7fb0e0};
    (void)heads;
    int count = (int)COUNTOF(light), index = ((head % count) + count) % count;
    Color color = from_hex(dark ? bright[index] : light[index]);
    int round = head / count; /* beyond sixteen: the same hues, alternately deeper */
    Color towards = dark ? from_hex(0x9aa4b2) : from_hex(0x10141a);
    return round % 2 == 1 ? color_mix(color, towards, 0.35f) : color;
}

static const Theme themes[] = {
    {.name = "light",
     .dark = false,
     .background = {255, 255, 255, 255},
     .panel = {247, 248, 250, 255},
     .raised = {255, 255, 255, 255},
     .hover = {236, 240, 246, 255},
     .pressed = {222, 229, 239, 255},
     .border = {213, 218, 226, 255},
     .ink = {27, 32, 41, 255},
     .muted = {94, 103, 117, 255},
     .faint = {228, 232, 238, 255},
     .accent = {31, 95, 191, 255},
     .accent_ink = {255, 255, 255, 255},
     .highlight = {225, 235, 250, 255},
     .warning = {255, 236, 204, 255}},
    {.name = "dark",
     .dark = true,
     .background = {23, 27, 34, 255},
     .panel = {29, 34, 43, 255},
     .raised = {38, 44, 55, 255},
     .hover = {47, 54, 67, 255},
     .pressed = {57, 66, 82, 255},
     .border = {58, 66, 80, 255},
     .ink = {232, 236, 242, 255},
     .muted = {160, 170, 184, 255},
     .faint = {45, 52, 64, 255},
     .accent = {94, 160, 245, 255},
     .accent_ink = {14, 20, 30, 255},
     .highlight = {41, 58, 84, 255},
     .warning = {92, 62, 20, 255}},
};

const Theme *palette_theme(bool dark) { return &themes[dark]; }
