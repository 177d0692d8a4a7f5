/* textfield.h - a line of text that the user edits: caret by grapheme clusters, selection, word
 * jumps, clipboard, undo and redo, input methods.
 *
 *     TextField field = {0};
 *     textfield_set(&field, "The animal didn't cross the street");
 *     unsigned did = textfield_show(&ui, rect, "sentence", &field, "Type a sentence");
 *     if (did & TEXTFIELD_CHANGED) { use textfield_text(&field) }
 *
 * The text is always valid UTF-8 without control characters; newlines and tabs become spaces.
 * Offsets are bytes and stand between code points. A zeroed TextField is an empty one. */
#ifndef UI_TEXTFIELD_H
#define UI_TEXTFIELD_H

#include "base/buffer.h"
#include "draw/drawing.h"
#include "ui/ui.h"

enum {
    TEXTFIELD_CHUNK_BYTES = 512,      /* measured and drawn as one; no shorter text is cut */
    TEXTFIELD_LIMIT = 64 * 1024,      /* bytes, where the field sets no limit of its own */
    TEXTFIELD_UNDO_EDITS = 500,       /* how many steps are remembered ... */
    TEXTFIELD_UNDO_BYTES = 512 * 1024 /* ... and how much text in all; the oldest are dropped */
};

/* What an action did. */
enum {
    TEXTFIELD_CHANGED = 1,   /* the text is another one */
    TEXTFIELD_SUBMITTED = 2, /* Enter */
    TEXTFIELD_LEFT = 4,      /* Escape: the field has let go of the keyboard */
    TEXTFIELD_OVERLONG = 8   /* what did not fit into the limit was dropped: tell the user */
};

/* Edits of one kind that follow each other are undone in one step. */
typedef enum TextfieldRun { TEXTFIELD_ALONE, TEXTFIELD_TYPING, TEXTFIELD_ERASING } TextfieldRun;

/* One replacement: `removed` bytes at `at` gave way to `inserted` bytes. */
typedef struct TextfieldEdit {
    size_t at, removed, inserted;
    char *bytes;          /* the removed ones, then the inserted ones; owned */
    size_t caret, anchor; /* before the edit */
    TextfieldRun run;
} TextfieldEdit;

/* A piece of the line that is measured and drawn as one: a keystroke in a long text must not cost
 * the measuring of all of it. */
typedef struct TextfieldChunk {
    size_t begin, end;
    float x, width; /* points from the start of the text */
} TextfieldChunk;

typedef struct TextField {
    Buffer text;
    size_t caret, anchor; /* the selection lies between them */
    size_t limit;         /* bytes; 0: TEXTFIELD_LIMIT */
    float size;           /* of the type, points; 0: UI_TEXT */
    float scroll;         /* points that the text is moved to the left */

    TextfieldEdit *edits; /* [0, edit_done) can be undone, [edit_done, edit_count) redone */
    int edit_count, edit_done, edit_capacity;
    size_t edit_bytes; /* held by all of them */
    TextfieldRun run;  /* the edit that may still be added to; TEXTFIELD_ALONE: none */

    TextfieldChunk *chunks;
    int chunk_count, chunk_capacity;
    size_t laid_out;                /* length of the text that the chunks describe, */
    size_t same_before, same_after; /* and how many bytes at its ends are still as they were */
    float laid_out_size;

    uint64_t shown_since;          /* when the caret last moved: it blinks from there */
    uint64_t dragged;              /* when a drag beyond the edge last scrolled */
    int grain;                     /* of a drag: 1 clusters, 2 words, 3 all */
    size_t grain_start, grain_end; /* what the first click selected */
    bool had_focus;
    Rect menu;          /* where the context menu belongs: at the pointer or the caret */
    Buffer composition; /* as shown in the last frame */
} TextField;

void textfield_free(TextField *field);

/* Never NULL; lent until the next edit. */
const char *textfield_text(const TextField *field);
/* Puts another text in; can be undone. The caret goes to the end. Returns TEXTFIELD_* bits. */
unsigned textfield_set(TextField *field, const char *text);
/* Replaces the selection, or writes at the caret. `text` may be anything: it is repaired, newlines
 * and tabs become spaces, control characters go. */
unsigned textfield_insert(TextField *field, const char *text, size_t length, TextfieldRun run);
/* Takes out bytes [start, end). The caret is left at `start`. */
unsigned textfield_erase(TextField *field, size_t start, size_t end, TextfieldRun run);
unsigned textfield_undo(TextField *field);
unsigned textfield_redo(TextField *field);
/* Forgets every step and the text; a field for something new. */
void textfield_reset(TextField *field, const char *text);

/* Offsets beyond the text or inside a code point are moved to the boundary before. */
void textfield_select(TextField *field, size_t anchor, size_t caret);
void textfield_selection(const TextField *field, size_t *start, size_t *end);
/* The word, or the gap between words, around an offset. */
void textfield_word_at(const TextField *field, size_t at, size_t *start, size_t *end);

/* The widget, with a context menu on the right button. `placeholder` (may be NULL) is shown while
 * the field is empty. Returns TEXTFIELD_* bits. ui_set_focus(ui, ui_id(ui, name)) puts the user
 * there. */
unsigned textfield_show(Ui *ui, Rect rect, const char *name, TextField *field,
                        const char *placeholder);
float textfield_type_size(const TextField *field); /* points */
/* Where an offset lies, in points from the start of the text; for tests and for what is drawn
 * under the text. The field must have been shown, or the text is measured here. */
float textfield_x(TextField *field, const Drawing *drawing, size_t at);
/* The boundary between clusters nearest to `x`. */
size_t textfield_at(TextField *field, const Drawing *drawing, float x);

#endif
