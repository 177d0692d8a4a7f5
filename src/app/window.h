/* window.h - the window: the only door to SDL. Turns its events into an Input, hands drawings to
 * the rasteriser, and shows the pixels that changed. */
#ifndef APP_WINDOW_H
#define APP_WINDOW_H

#include "app/options.h"

/* Opens the window and returns when it is closed; false when it could not be opened (no display). */
bool window_run(const Options *options, Error *err);

#endif
