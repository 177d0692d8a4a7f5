/* figure.h - how a figure is to come out: its size on paper, its type, what is left out. What it
 * shows is the view's own state; see export.h for making one. */
#ifndef APP_FIGURE_H
#define APP_FIGURE_H

#include "draw/drawing.h"

#include <stdbool.h>

enum { FIGURE_TITLE_BYTES = 200 };
#define FIGURE_SCALE 2.0f /* pixels per point, if nobody says anything else */
#define FIGURE_MAX_SCALE 4.0f
#define FIGURE_MAX_FONT 72.0f
#define FIGURE_MAX_SIDE 16000.0f

typedef enum FigureTheme { FIGURE_AS_WINDOW, FIGURE_LIGHT, FIGURE_DARK } FigureTheme;

typedef struct FigurePreset {
    const char *name;  /* for the command line: "slide" */
    const char *title; /* for people */
    Vec size;          /* points; y 0: as high as the view needs at this width; 0, 0: natural */
} FigurePreset;

extern const FigurePreset figure_presets[]; /* ends with name == NULL */
int figure_find_preset(const char *name);   /* -1 when there is none */

typedef struct Figure {
    int preset;      /* row of figure_presets */
    Vec size;        /* points, instead of the preset's; 0: the preset's */
    float font_size; /* of tokens on paper, points; 0: as the size makes them */
    float scale;     /* pixels per point, 1 to 4 */
    FigureTheme theme;
    bool transparent, no_caption, no_legend;
    char title[FIGURE_TITLE_BYTES]; /* above the figure; may be empty */
    char format[8];                 /* extension of the last kind that was saved: "png" */
} Figure;

Figure figure_default(void);

#endif
