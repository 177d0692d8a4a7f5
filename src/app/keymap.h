/* keymap.h - strokes to commands, one table; the help window is made from it. */
#ifndef APP_KEYMAP_H
#define APP_KEYMAP_H

#include "ui/input.h"

typedef struct KeyBinding {
    int key; /* 0: not a stroke of its own, only a line of the help */
    unsigned modifiers;
    bool while_typing; /* also while a text field has the keyboard */
    const char *command;
    const char *keys; /* as shown: "Ctrl+S"; NULL: another stroke for a binding shown already */
    const char *help;
} KeyBinding;

extern const KeyBinding keymap_table[]; /* ends with command == NULL */

/* The command of a stroke, or NULL. */
const char *keymap_find(const KeyStroke *stroke, bool typing);
/* The same while the walk-through is shown: what differs there. */
const char *keymap_find_step(const KeyStroke *stroke, bool typing);
/* The same while a lesson plays, and while one is recorded. */
const char *keymap_find_lesson(const KeyStroke *stroke);
const char *keymap_find_recording(const KeyStroke *stroke, bool typing);

#endif
