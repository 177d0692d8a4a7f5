/* press.h - figures made into files by a thread of their own, one after the other, so that the window never
 * waits for a large picture.
 *
 *     press_put(press, job, &err);        // soon: export_finish(job)
 *     while (press_poll(press, &done)) {} // later: what came out
 *
 * The thread has fonts of its own. It is not nicer than the window's: on a busy machine a nice one would be
 * sent to the back while it has the lock of the font library, and the window would wait for it. */
#ifndef APP_PRESS_H
#define APP_PRESS_H

#include "app/export.h"

typedef struct Press Press;

/* What came out of a figure. */
typedef struct PressDone {
    char *path; /* owned by whoever polls; NULL: it was for the clipboard */
    bool ok, stopped;
    Error error; /* unless ok */
} PressDone;

/* Fonts are lent and must live longer. `wake` is called from the thread when something is done. NULL where
 * there are no threads to be had. */
Press *press_new(FontSet *fonts, void (*wake)(void *data), void *data);
/* Makes what still waits, then frees; what was not polled and failed is told on standard error. Accepts
 * NULL, as all functions below do. */
void press_free(Press *press);

/* Takes the job over if true; false when too many wait. */
bool press_put(Press *press, ExportJob *job, Error *err);
bool press_poll(Press *press, PressDone *done);
/* Thousandths of what is being made; -1 when nothing is, and nothing waits. */
int press_progress(Press *press);
/* Is a file of this name about to be written? */
bool press_has(Press *press, const char *path);
/* Neither what is being made nor what waits is wanted any more. */
void press_stop(Press *press);

#endif
