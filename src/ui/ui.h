/* ui.h - immediate-mode widgets: a call lays out, hit-tests and draws in one pass, its result says
 * what the user did, and the caller owns the value. Nothing is registered or freed.
 *
 *     ui_begin(&ui, &input, drawing, theme);
 *     Rect bar = ui_cut_top(&rest, UI_ROW);
 *     if (ui_button(&ui, ui_cut_left(&bar, 80), "Export", 0)) { ... }
 *     changed = ui_slider(&ui, ui_cut_right(&bar, 160), &contrast_slider, &contrast);
 *     ui_end(&ui);                     // draws what lies on top: lists, overlays, tooltips
 *
 * A widget is known by the hash of its label or name, mixed with the id stack: where two alike are
 * shown, put an id around each. Lengths are points. Where widgets of one layer overlap, the one
 * called first gets the pointer. A stroke that a widget acts on is marked as used; what is left
 * after ui_end is for the key map. A zeroed Ui is a new one; ui_free ends it. */
#ifndef UI_UI_H
#define UI_UI_H

#include "draw/drawing.h"
#include "draw/palette.h"
#include "ui/input.h"

#define UI_ROW 28.0f /* height of a button, a field, a row of a list */
#define UI_MENU_ROW 26.0f
#define UI_MENU_PAD 5.0f /* around the rows of a menu */
#define UI_GAP 8.0f      /* between two widgets that belong together */
#define UI_RADIUS 6.0f   /* of corners */
#define UI_TEXT 13.5f    /* size of most text */
#define UI_SMALL 11.5f   /* size of hints, values, small buttons */
#define UI_NEVER UINT64_MAX

typedef uint64_t UiId; /* 0 is nobody */

typedef enum UiCursor { UI_CURSOR_ARROW, UI_CURSOR_HAND, UI_CURSOR_TEXT } UiCursor;

/* What happened to a widget in this frame. */
enum {
    UI_HOVERED = 1,         /* the pointer is over it and free, or captured by it */
    UI_PRESSED = 2,         /* the left button went down on it */
    UI_HELD = 4,            /* the left button went down on it and is still down */
    UI_RELEASED = 8,        /* the hold ended, wherever the pointer is */
    UI_CLICKED = 16,        /* down and up on it; or Enter or Space while it has the focus */
    UI_DOUBLE_CLICKED = 32, /* with the second press */
    UI_RIGHT_CLICKED = 64,  /* the right button went down on it */
    UI_FOCUSED = 128        /* it has the keyboard */
};

/* How a widget behaves and looks; each says which it knows. */
enum {
    UI_ON = 1,           /* toggled, chosen */
    UI_DISABLED = 2,     /* shown, but out of use */
    UI_QUIET = 4,        /* no frame and no ground until the pointer comes */
    UI_LITTLE = 8,       /* small type */
    UI_PRIMARY = 16,     /* the one button that matters here */
    UI_TAB = 32,         /* Tab stops here */
    UI_CLICK_FOCUS = 64, /* a click gives it the keyboard (else a click takes it from others) */
    UI_KEEP_FOCUS = 128, /* a click leaves the keyboard where it is */
    UI_OWN_KEYS = 256    /* Enter and Space do not press it: it reads the keys itself */
};

/* How a line of text looks. */
typedef enum UiTone {
    UI_TONE_INK,
    UI_TONE_MUTED,
    UI_TONE_SMALL,   /* muted and small */
    UI_TONE_NOTE,    /* small */
    UI_TONE_HEADING, /* bold */
    UI_TONE_NUMBER   /* monospaced, small */
} UiTone;

/* Clipboard and primary selection (what was last selected with the mouse). A getter returns a
 * string that the caller frees, or NULL. Any of them may be NULL. */
typedef struct UiClipboard {
    void *user; /* handed to each */
    char *(*get)(void *user);
    void (*set)(void *user, const char *text);
    char *(*get_primary)(void *user);
    void (*set_primary)(void *user, const char *text);
} UiClipboard;

enum { UI_LAYERS = 4 }; /* window, overlay, list over the overlay, tooltip */

typedef struct UiOverlay {
    UiId id; /* of a menu; 0: not one */
    int layer;
    Rect rect;
    bool modal;
} UiOverlay;

typedef struct UiScroll {
    UiId id;
    int layer;
    Rect area, clip_before;
    float content; /* height */
    float *offset;
} UiScroll;

typedef struct UiStop { /* who can have the keyboard */
    UiId id;
    int layer;
    bool tab; /* Tab stops here */
} UiStop;

typedef struct Ui {
    UiClipboard clipboard; /* set by the window once */

    /* For the window, valid after ui_end. */
    UiCursor cursor;
    bool wants_text; /* a text field has the keyboard: switch the input method on */
    Rect caret;      /* where the candidates of the input method belong */
    uint64_t wake;   /* Input.time at which a frame is due without an event, or UI_NEVER */

    /* Of this frame. */
    Input *input;
    Drawing *drawing; /* of the current layer: what a caller draws itself goes here */
    const Theme *theme;
    bool disabled;
    unsigned pressed; /* input->pressed, less the press that closed a menu */
    bool press_taken;
    bool mouse_moved;
    bool tabbed; /* the focus has just come here with Tab */
    UiId hot;    /* who has claimed the pointer's place */
    int layer;
    unsigned layers_used; /* bit per layer that has been begun */

    /* From frame to frame. */
    Vec mouse_before;
    UiId active;      /* has captured the pointer */
    Vec grab;         /* from what it drags to the pointer */
    UiId focus;       /* has the keyboard */
    UiId focus_under; /* had it when a modal overlay came */
    bool keyboard;    /* the focus came by keyboard: show where it is */
    bool reveal;      /* the focus has moved: scroll it into view */
    UiId open;        /* the menu that is open */
    bool open_fresh;  /* since this frame */
    int open_index;   /* its row under the pointer or reached by keys; -1: none */
    int menu_rows, menu_rows_before;
    float open_scroll;
    UiId tip;           /* what the pointer rests on */
    uint64_t tip_since; /* since when, or UI_NEVER when the tooltip was sent away by a press */
    uint64_t tip_last;  /* when one was last seen */
    Vec tip_mouse;
    bool tip_claimed, tip_shown;
    Buffer tip_text;

    Drawing *layers[UI_LAYERS]; /* [0] is lent, the others are owned */
    UiId *ids;                  /* stack */
    int id_count, id_capacity;
    UiScroll *scrolls; /* stack */
    int scroll_count, scroll_capacity;
    UiStop *stops; /* in call order; the first `stops_before` are of the last frame */
    int stop_count, stop_capacity, stops_before;
    UiOverlay *overlays; /* likewise */
    int overlay_count, overlay_capacity, overlays_before;
} Ui;

/* The drawing must have been begun; input and drawing are lent until ui_end. */
void ui_begin(Ui *ui, Input *input, Drawing *drawing, const Theme *theme);
void ui_end(Ui *ui);
void ui_free(Ui *ui);

/* Ids. A name is hashed up to its NUL; `index` tells rows of a list apart. */
UiId ui_id(const Ui *ui, const char *name);
void ui_push_id(Ui *ui, const char *name);
void ui_push_index(Ui *ui, int index);
void ui_pop_id(Ui *ui);

/* Focus. ui_has_keyboard: does any widget have it? Then arrows and letters may be meant for it. */
void ui_set_focus(Ui *ui, UiId id); /* 0: nobody */
bool ui_has_keyboard(const Ui *ui);
/* All widgets that follow are shown out of use; returns the old state, to be set back. */
bool ui_set_disabled(Ui *ui, bool disabled);
/* A frame is due at this Input.time even if nothing happens. */
void ui_request_frame(Ui *ui, uint64_t time);

/* Building blocks, for widgets made elsewhere. ui_area handles pointer, capture and keys of a
 * rectangle and draws nothing; flags: UI_DISABLED and from UI_TAB on. Returns the bits above. */
unsigned ui_area(Ui *ui, UiId id, Rect rect, unsigned flags);
/* Could the pointer act here: inside the rectangle and the clip, not under an overlay, not captured
 * by someone else? Claims nothing. */
bool ui_is_over(const Ui *ui, Rect rect);
/* The ring around the widget that has the keyboard, if it came there by keyboard. */
void ui_focus_ring(Ui *ui, UiId id, Rect rect, float radius);
/* Scrolls the areas around it until the rectangle can be seen. */
void ui_reveal(Ui *ui, Rect rect);
/* One line in the middle of the rectangle's height; too long ends in an ellipsis, and then the
 * whole line is the tooltip. */
void ui_text(Ui *ui, Rect rect, const char *text, float size, FontWeight weight, Color color,
             TextAlign align);

/* Cuts a strip off one side of what is left, and returns it. */
Rect ui_cut_left(Rect *rest, float width);
Rect ui_cut_right(Rect *rest, float width);
Rect ui_cut_top(Rect *rest, float height);
Rect ui_cut_bottom(Rect *rest, float height);
/* Column `index` of `count` equal ones with `gap` between them. */
Rect ui_column(Rect rect, int index, int count, float gap);
/* A rectangle of this size in the middle. */
Rect ui_center(Rect rect, float width, float height);

/* Widgets (ui_widgets.c; what lies on top: ui_overlay.c). */
void ui_panel(Ui *ui, Rect rect);     /* the ground of a bar or side panel */
void ui_separator(Ui *ui, Rect rect); /* a hair line through the middle of the longer side */
void ui_label(Ui *ui, Rect rect, const char *text, UiTone tone, TextAlign align);
/* Wrapped to the rectangle's width, '\n' begins a line; returns the height used. */
float ui_paragraph(Ui *ui, Rect rect, const char *text, UiTone tone);
/* What that would take: the longest line and the height. */
Vec ui_paragraph_size(const Ui *ui, float width, const char *text, UiTone tone);
/* Flags: UI_ON, UI_DISABLED, UI_QUIET, UI_LITTLE, UI_PRIMARY. True when pressed. */
bool ui_button(Ui *ui, Rect rect, const char *label, unsigned flags);
float ui_button_width(const Ui *ui, const char *label, unsigned flags);
/* A box with a tick and a label. True when *on has changed. */
bool ui_toggle(Ui *ui, Rect rect, const char *label, bool *on);
float ui_toggle_width(const Ui *ui, const char *label);
/* One of a few, side by side. True when *index has changed. */
bool ui_segments(Ui *ui, Rect rect, const char *name, const char *const *labels, int count,
                 int *index);
float ui_segments_width(const Ui *ui, const char *const *labels, int count);
/* One of many: a button that opens a list over everything. True when *index has changed; -1 shows
 * `placeholder`, which also names the widget. */
bool ui_choice(Ui *ui, Rect rect, const char *placeholder, const char *const *labels, int count,
               int *index);

typedef struct UiSlider {
    const char *label; /* also its id */
    float minimum, maximum;
    float step;       /* of the arrow keys, and what values are rounded to; 0: continuous */
    float reset;      /* where a double click goes */
    int decimals;     /* of the number shown */
    const char *text; /* shown instead of the number, when not NULL */
} UiSlider;
/* Label and value above the track, or beside it where the rectangle is lower than 34 points. */
bool ui_slider(Ui *ui, Rect rect, const UiSlider *slider, float *value);

/* A token: flags UI_ON (highlighted), UI_QUIET (muted: a special token), UI_DISABLED. `tint` is its
 * ground, or transparent for the theme's. Returns the bits of ui_area. */
unsigned ui_chip(Ui *ui, Rect rect, const char *label, Color tint, unsigned flags);
float ui_chip_width(const Ui *ui, const char *label);

void ui_progress(Ui *ui, Rect rect, float share); /* 0 to 1 */

/* Says `text` beside the pointer when that has rested over the rectangle for a moment. Call it
 * after the widget. '\n' begins a line, long lines are wrapped; the text is copied. */
void ui_tooltip(Ui *ui, Rect rect, const char *text);
/* The same at once, wherever the pointer is. */
void ui_tooltip_now(Ui *ui, const char *text);

/* Content that may be taller than `area`. *offset is how many points it is moved up, kept in range
 * and owned by the caller. Returns where the content begins, `height` tall, narrower where a bar is
 * shown; everything until ui_scroll_end is clipped to the area. */
Rect ui_scroll_begin(Ui *ui, Rect area, const char *name, float height, float *offset);
void ui_scroll_end(Ui *ui);

/* A card that lies over everything called outside it: nothing under `rect` feels the pointer.
 * Modal: the rest is dimmed and feels neither pointer nor keys. At most two inside each other. */
void ui_overlay_begin(Ui *ui, Rect rect, bool modal);
void ui_overlay_end(Ui *ui);
/* Puts the layers on top of each other and the tooltip over them; ui_end calls it. */
void ui_overlay_finish(Ui *ui);
/* A menu: an overlay that is there while it is open. Escape or a press outside closes it. One is
 * open at a time. When ui_popup_begin returns false, do not end it. */
void ui_popup_open(Ui *ui, UiId id);
void ui_popup_close(Ui *ui);
bool ui_popup_begin(Ui *ui, UiId id, Rect rect);
void ui_popup_end(Ui *ui);
/* Where a popup of this size goes: under the anchor, above it where there is more room; kept within
 * the page, shortened if need be. */
Rect ui_popup_place(const Ui *ui, Rect anchor, float width, float height);
/* How wide a menu must be for its labels; each may be NULL. */
float ui_menu_width(const Ui *ui, const char *const *labels, int count);
/* A row of a menu (UI_MENU_ROW high), with the key that does the same at its right (may be NULL).
 * True when chosen; the menu is closed then. Flags: UI_ON (ticked), UI_DISABLED. */
bool ui_menu_item(Ui *ui, Rect rect, const char *label, const char *shortcut, unsigned flags);

#endif
