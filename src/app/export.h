/* export.h - the figure: the view's drawing at a size of its own, without the window around it. */
#ifndef APP_EXPORT_H
#define APP_EXPORT_H

#include "app/app.h"

typedef struct FigureOptions {
    Vec size;    /* points; 0: the size at which the view is at its best */
    float scale; /* pixels per point, 1 to 4 */
    bool transparent;
    bool no_caption;
} FigureOptions;

/* Draws the figure into `drawing`. The app must have a trace. */
void export_draw(const App *app, const FigureOptions *options, Drawing *drawing);
/* Draws and writes it in the format that the path's extension names. */
bool export_write(const App *app, const FigureOptions *options, const char *path, Error *err);

/* A file name that says what is in it and is not taken yet, e.g.
 * "/home/ada/Pictures/animal-street.lines-L4H3.png". The caller frees it. */
char *export_default_path(const App *app, const char *extension);

#endif
