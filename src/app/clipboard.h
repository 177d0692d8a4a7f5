/* clipboard.h - a picture for other programs to paste. The window library only knows text, so the
 * desktop's own tool is called: wl-copy under Wayland, else xclip. */
#ifndef APP_CLIPBOARD_H
#define APP_CLIPBOARD_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

/* False with a sentence that says what is missing. */
bool clipboard_put_png(const Buffer *png, Error *err);

#endif
