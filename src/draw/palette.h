/* palette.h - colours: head colours that stay distinct beyond ten and for colour-blind eyes,
 * perceptually uniform colour maps for heatmaps, and the two themes of the program. */
#ifndef DRAW_PALETTE_H
#define DRAW_PALETTE_H

#include "draw/drawing.h"

typedef enum ColorMap {
    COLORMAP_VIRIDIS,
    COLORMAP_CIVIDIS,
    COLORMAP_MAGMA,
    COLORMAP_GREY,
    COLORMAP_BLUES,     /* white (or the background) to blue: the calm default of a light theme */
    COLORMAP_DIVERGING, /* blue - neutral - orange, for differences; 0.5 is zero */
    COLORMAPS
} ColorMap;

const char *palette_map_name(ColorMap map);
bool palette_find_map(const char *name, ColorMap *map);
/* The colour of a value in [0, 1]; NaN gives a neutral grey. `dark`: for a dark background. */
Color palette_map(ColorMap map, float value, bool dark);

/* Colour of head `head` of `heads`: by index, the same in every view. Distinct for up to 16 heads
 * (Okabe-Ito first), then lightness alternates. Contrast against the theme's background. */
Color palette_head(int head, int heads, bool dark);

/* What interface and figures are painted with. */
typedef struct Theme {
    const char *name;
    bool dark;
    Color background; /* of figures and of the window's centre */
    Color panel;      /* of bars and side panels */
    Color raised;     /* buttons, chips, fields */
    Color hover, pressed;
    Color border;
    Color ink;        /* text */
    Color muted;      /* second-rank text: labels, hints */
    Color faint;      /* grid lines, empty cells */
    Color accent;     /* selection, focus, the chosen button */
    Color accent_ink; /* text on accent */
    Color highlight;  /* behind the token under the pointer */
    Color warning;    /* behind messages about something wrong */
} Theme;

const Theme *palette_theme(bool dark);

#endif
