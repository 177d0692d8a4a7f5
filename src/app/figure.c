#include "app/figure.h"

#include <string.h>

/* Slides are 13.33 x 7.5 inches in the programs that show them; 960 x 540 points are the same. Columns
 * are those of the common two-column papers (3.5 and 7.16 inches). */
const FigurePreset figure_presets[] = {
    {"natural", "as large as it needs", {0, 0}},
    {"slide", "slide 16:9", {960, 540}},
    {"half-slide", "half a slide", {480, 540}},
    {"column", "one column of a paper", {252, 0}},
    {"columns", "two columns of a paper", {516, 0}},
    {"square", "square", {540, 540}},
    {0},
};

int figure_find_preset(const char *name)
{
    for (int i = 0; figure_presets[i].name != NULL; i++) {
        if (strcmp(figure_presets[i].name, name) == 0) { return i; }
    }
    return -1;
}

Figure figure_default(void) { return (Figure){.scale = FIGURE_SCALE, .format = "png"}; }
