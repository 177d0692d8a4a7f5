/* input.h - one frame of the user: pointer, keys, text, input method. No types of a window system.
 *
 * The window fills it between two frames, the widgets read it, input_clear makes room for the next:
 *
 *     while (an event is there && !input_is_full(&input)) { translate it into input }
 *     app_frame(...);
 *     input_clear(&input);
 *
 * A zeroed Input is one in which nothing has happened. The owner calls input_free once. */
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include "base/base.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "draw/drawing.h"

#include <stdlib.h>
#include <string.h>

/* Keys that write something are their unshifted ASCII character, lower-case: 'a', '1', ']'. */
enum {
    KEY_SPACE = ' ',
    KEY_ENTER = 256, /* also that of the number pad */
    KEY_ESCAPE,
    KEY_TAB,
    KEY_BACKSPACE,
    KEY_DELETE,
    KEY_INSERT,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_UP,
    KEY_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_MENU,
    KEY_F1,
    KEY_F2,
    KEY_F3,
    KEY_F4,
    KEY_F5,
    KEY_F6,
    KEY_F7,
    KEY_F8,
    KEY_F9,
    KEY_F10,
    KEY_F11,
    KEY_F12
};

/* Bits of `modifiers`. The key that writes third-level characters (AltGr) is not MOD_ALT. */
enum { MOD_SHIFT = 1, MOD_CTRL = 2, MOD_ALT = 4 };

/* Bits of `buttons`, `pressed`, `released`. */
enum { BUTTON_LEFT = 1, BUTTON_MIDDLE = 2, BUTTON_RIGHT = 4 };

typedef struct KeyStroke {
    int key;
    unsigned modifiers;
    size_t text_at; /* how much of Input.text was there before this key */
    bool repeat;    /* the key is held */
    bool used;      /* a widget has acted on it; the key map must not */
} KeyStroke;

typedef struct Input {
    uint64_t time; /* milliseconds since the program began */

    /* What lasts from frame to frame. */
    Vec mouse;              /* points, from the window's top left corner */
    bool mouse_inside;      /* the pointer is over the window */
    unsigned buttons;       /* down now */
    unsigned modifiers;     /* down now */
    Buffer composition;     /* what an input method has not committed yet, UTF-8; empty: nothing */
    int composition_cursor; /* code points from its start */
    int composition_selected; /* code points from the cursor */

    /* What happened in this frame. */
    unsigned pressed, released; /* buttons that went down, or up */
    int clicks;                 /* of the press: 1, 2 for a double click, 3 */
    Vec wheel;                  /* notches; y > 0 towards the top, x > 0 towards the right */
    KeyStroke *keys;            /* in the order they came */
    int key_count, key_capacity;
    Buffer text; /* committed text, as it came: not yet repaired */
} Input;

static inline void input_add_key(Input *input, int key, unsigned modifiers, bool repeat)
{
    if (input->key_count == input->key_capacity) {
        input->key_capacity = input->key_capacity > 0 ? 2 * input->key_capacity : 16;
        input->keys =
            (KeyStroke *)mem_grow(input->keys, (size_t)input->key_capacity, sizeof(KeyStroke));
    }
    input->keys[input->key_count++] = (KeyStroke){
        .key = key, .modifiers = modifiers, .text_at = input->text.length, .repeat = repeat};
}

static inline void input_add_text(Input *input, const char *text)
{
    buffer_add_string(&input->text, text);
}

/* The new state of the input method; an empty string ends the composition. */
static inline void input_set_composition(Input *input, const char *text, int cursor, int selected)
{
    buffer_clear(&input->composition);
    buffer_add_string(&input->composition, text);
    input->composition_cursor = cursor;
    input->composition_selected = selected;
}

/* Should a frame be run before more events are taken in? Within one frame the order of clicks, of
 * Tab and of what is typed after them would be lost. */
static inline bool input_is_full(const Input *input)
{
    if ((input->pressed | input->released) != 0) { return true; }
    if (input->key_count == 0) { return false; }
    int last = input->keys[input->key_count - 1].key;
    return last == KEY_TAB || last == KEY_ENTER || last == KEY_ESCAPE;
}

/* The first unused stroke of this key with exactly these modifiers, marked as used from now on. */
static inline bool input_take_key(Input *input, int key, unsigned modifiers)
{
    for (int i = 0; i < input->key_count; i++) {
        KeyStroke *stroke = &input->keys[i];
        if (!stroke->used && stroke->key == key && stroke->modifiers == modifiers) {
            stroke->used = true;
            return true;
        }
    }
    return false;
}

/* Forgets what happened, keeps what lasts. */
static inline void input_clear(Input *input)
{
    input->pressed = input->released = 0;
    input->clicks = 0;
    input->wheel = (Vec){0, 0};
    input->key_count = 0;
    buffer_clear(&input->text);
}

static inline void input_free(Input *input)
{
    free(input->keys);
    buffer_free(&input->text);
    buffer_free(&input->composition);
    memset(input, 0, sizeof(*input));
}

#endif
