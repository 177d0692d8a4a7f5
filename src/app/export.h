/* export.h - the figure: the view's drawing at a size of its own, without the window around it; and
 * the numbers behind it. */
#ifndef APP_EXPORT_H
#define APP_EXPORT_H

#include "app/app.h"
#include "base/buffer.h"
#include "base/progress.h"

/* Draws the figure that app->figure describes into `drawing`. The app must have a trace. Returns how
 * many points on paper one point of the drawing is. */
float export_draw(const App *app, Drawing *drawing);
/* The file that has this extension ("png", "csv"), as bytes. */
bool export_make(const App *app, const char *extension, Buffer *out, Error *err);
/* Draws and writes it in the format that the path's extension names. */
bool export_write(const App *app, const char *path, Error *err);

/* The same in two parts, for press.h: first what needs the app and is quick, then, on any one thread, what
 * takes time. path NULL: a PNG for the clipboard, put where other programs paste from by the desktop's own
 * tool (wl-copy or xclip; the sentence says which package is missing). */
typedef struct ExportJob ExportJob;
ExportJob *export_begin(const App *app, const char *path, Error *err); /* NULL on failure */
bool export_finish(ExportJob *job, Error *err);
void export_job_free(ExportJob *job); /* accepts NULL */
const char *export_job_path(const ExportJob *job);
/* May be looked at and changed while export_finish runs. */
Progress *export_job_progress(ExportJob *job);
/* Fonts of the thread that finishes it; lent. */
void export_job_use_fonts(ExportJob *job, FontSet *fonts);

/* Is there a format for the path's extension? Else a sentence that lists them. */
bool export_knows(const char *path, Error *err);

/* A file name that says what is in it and is not taken yet, e.g.
 * "/home/ada/Pictures/animal-street.lines-L4H3.png". The caller frees it. */
char *export_default_path(const App *app, const char *extension);
/* The path itself, or, where such a file is already there or about to be, with a number before its
 * extension. The caller frees it. */
char *export_free_path(const App *app, const char *path);

#endif
