#include "draw/palette.h"

#include "base/base.h"

#include <math.h>
#include <string.h>

/* Every ninth of the published 256-step tables as hexadecimal sRGB, with straight lines between:
 * viridis and magma (Smith and van der Walt 2015), cividis (Nunez, Anderton and Renslow 2018). */
enum { ANCHORS = 10 };
static const uint32_t anchors[COLORMAP_GREY][ANCHORS] = {
    {0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b,
     0xfde725},
    {0x00204d, 0x00336f, 0x39486b, 0x575c6d, 0x707173, 0x8a8779, 0xa69d75, 0xc4b56c, 0xe4cf5b,
     0xffea46},
    {0x000004, 0x180f3d, 0x440f76, 0x721f81, 0x9e2f7f, 0xcd4071, 0xf1605d, 0xfd9668, 0xfeca8d,
     0xfcfdbf},
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
