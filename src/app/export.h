/* export.h - the figure: the view's drawing at a size of its own, without the window around it; and
 * the numbers behind it. */
#ifndef APP_EXPORT_H
#define APP_EXPORT_H

#include "app/app.h"
#include "base/buffer.h"

/* Draws the figure that app->figure describes into `drawing`. The app must have a trace. Returns how
 * many points on paper one point of the drawing is. */
float export_draw(const App *app, Drawing *drawing);
/* The file that has this extension ("png", "csv"), as bytes. */
bool export_make(const App *app, const char *extension, Buffer *out, Error *err);
/* Draws and writes it in the format that the path's extension names. */
bool export_write(const App *app, const char *path, Error *err);
/* Is there a format for the path's extension? Else a sentence that lists them. */
bool export_knows(const char *path, Error *err);

/* A file name that says what is in it and is not taken yet, e.g.
 * "/home/ada/Pictures/animal-street.lines-L4H3.png". The caller frees it. */
char *export_default_path(const App *app, const char *extension);
/* The path itself, or, where such a file is already there, with a number before its extension. The
 * caller frees it. */
char *export_free_path(const char *path);

/* Puts the figure, as PNG, where other programs paste from, by the desktop's own tool (wl-copy or
 * xclip). The sentence says which package is missing. */
bool export_copy(const App *app, Error *err);

#endif
