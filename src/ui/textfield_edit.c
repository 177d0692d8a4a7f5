/* The text field without its looks: text, caret, selection, undo. */
#include "ui/textfield.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <stdlib.h>
#include <string.h>

enum { RUN_MAX_BYTES = 4096 }; /* of one undo step made of many strokes */

static size_t limit_of(const TextField *field)
{
    return field->limit > 0 ? field->limit : (size_t)TEXTFIELD_LIMIT;
}

static bool inside_code(const Buffer *text, size_t at)
{
    return at < text->length && ((unsigned char)text->bytes[at] & 0xC0) == 0x80;
}

static size_t code_start(const Buffer *text, size_t at)
{
    at = min_size(at, text->length);
    while (at > 0 && inside_code(text, at)) { at--; }
    return at;
}

/* Text that is taken out or put in can join two clusters to one; the caret goes behind it. */
static size_t cluster_end(const Buffer *text, size_t at)
{
    if (at == 0 || at >= text->length) { return min_size(at, text->length); }
    size_t before = unicode_previous_cluster(text->bytes, text->length, at);
    size_t end = unicode_next_cluster(text->bytes, text->length, before);
    return end > at ? end : at;
}

const char *textfield_text(const TextField *field)
{
    return field->text.bytes != NULL ? field->text.bytes : "";
}

/* Undo. */

static size_t edit_size(const TextfieldEdit *edit) { return edit->removed + edit->inserted; }

static void drop_edits(TextField *field, int first, int end)
{
    for (int i = first; i < end; i++) {
        field->edit_bytes -= edit_size(&field->edits[i]);
        free(field->edits[i].bytes);
    }
    size_t rest = (size_t)(field->edit_count - end) * sizeof(*field->edits);
    if (rest > 0) { memmove(field->edits + first, field->edits + end, rest); }
    field->edit_count -= end - first;
}

static void drop_oldest(TextField *field)
{
    int drop = 0;
    size_t bytes = field->edit_bytes;
    while (drop < field->edit_count &&
           (bytes > TEXTFIELD_UNDO_BYTES || field->edit_count - drop > TEXTFIELD_UNDO_EDITS)) {
        bytes -= edit_size(&field->edits[drop++]);
    }
    drop_edits(field, 0, drop);
    field->edit_done = field->edit_count;
}

/* Puts `length` bytes into the step's own at `at`. */
static void widen(TextField *field, TextfieldEdit *edit, size_t at, const char *bytes,
                  size_t length)
{
    size_t size = edit_size(edit);
    edit->bytes = mem_grow(edit->bytes, size + length, 1);
    memmove(edit->bytes + at + length, edit->bytes + at, size - at);
    memcpy(edit->bytes + at, bytes, length);
    field->edit_bytes += length;
}

/* Does the edit go on where the last one stopped? Then one step takes both back: a word typed (with
 * the blanks after it), or what was erased in one go. */
static bool extend_last(TextField *field, const TextfieldEdit *edit, const char *removed,
                        const char *inserted)
{
    if (edit->run == TEXTFIELD_ALONE || field->run != edit->run || field->edit_count == 0) {
        return false;
    }
    TextfieldEdit *last = &field->edits[field->edit_count - 1];
    if (edit_size(last) + edit_size(edit) > RUN_MAX_BYTES) { return false; }
    if (edit->run == TEXTFIELD_TYPING) {
        bool follows = edit->removed == 0 && edit->at == last->at + last->inserted;
        if (!follows || inserted == NULL) { return false; }
        bool after_blank = last->inserted > 0 && last->bytes[edit_size(last) - 1] == ' ';
        if (after_blank && inserted[0] != ' ') { return false; }
        widen(field, last, edit_size(last), inserted, edit->inserted);
        last->inserted += edit->inserted;
        return true;
    }
    bool pure = edit->inserted == 0 && last->inserted == 0;
    bool backwards = edit->at + edit->removed == last->at, forwards = edit->at == last->at;
    if (!pure || (!backwards && !forwards)) { return false; }
    widen(field, last, backwards ? 0 : last->removed, removed, edit->removed);
    last->removed += edit->removed;
    last->at = edit->at;
    return true;
}

static void remember(TextField *field, TextfieldEdit edit, const char *removed,
                     const char *inserted)
{
    drop_edits(field, field->edit_done, field->edit_count);
    if (!extend_last(field, &edit, removed, inserted)) {
        if (field->edit_count == field->edit_capacity) {
            field->edit_capacity = field->edit_capacity > 0 ? 2 * field->edit_capacity : 16;
            field->edits =
                mem_grow(field->edits, (size_t)field->edit_capacity, sizeof(*field->edits));
        }
        edit.bytes = mem_alloc(edit_size(&edit), 1);
        if (edit.removed > 0) { memcpy(edit.bytes, removed, edit.removed); }
        if (edit.inserted > 0) { memcpy(edit.bytes + edit.removed, inserted, edit.inserted); }
        field->edits[field->edit_count++] = edit;
        field->edit_bytes += edit_size(&edit);
    }
    field->run = edit.run;
    drop_oldest(field);
}

/* Every change of the text goes through here. */
static void splice(TextField *field, size_t at, size_t removed, const char *bytes, size_t inserted)
{
    Buffer *text = &field->text;
    size_t after = text->length - at - removed;
    field->same_before = min_size(field->same_before, at);
    field->same_after = min_size(field->same_after, after);
    if (inserted > removed) { buffer_add(text, bytes, inserted - removed); } /* makes room */
    if (text->bytes == NULL) { return; }
    memmove(text->bytes + at + inserted, text->bytes + at + removed, after);
    if (bytes != NULL && inserted > 0) { memcpy(text->bytes + at, bytes, inserted); }
    text->length = at + inserted + after;
    text->bytes[text->length] = '\0';
}

static unsigned replace(TextField *field, size_t at, size_t removed, const char *bytes,
                        size_t inserted, TextfieldRun run)
{
    if (removed == 0 && inserted == 0) { return 0; }
    TextfieldEdit edit = {.at = at,
                          .removed = removed,
                          .inserted = inserted,
                          .caret = field->caret,
                          .anchor = field->anchor,
                          .run = run};
    remember(field, edit, textfield_text(field) + at, bytes);
    splice(field, at, removed, bytes, inserted);
    field->caret = field->anchor = cluster_end(&field->text, at + inserted);
    return TEXTFIELD_CHANGED;
}

unsigned textfield_undo(TextField *field)
{
    field->run = TEXTFIELD_ALONE;
    if (field->edit_done == 0) { return 0; }
    const TextfieldEdit *edit = &field->edits[--field->edit_done];
    splice(field, edit->at, edit->inserted, edit->bytes, edit->removed);
    field->caret = edit->caret;
    field->anchor = edit->anchor;
    return TEXTFIELD_CHANGED;
}

unsigned textfield_redo(TextField *field)
{
    field->run = TEXTFIELD_ALONE;
    if (field->edit_done == field->edit_count) { return 0; }
    const TextfieldEdit *edit = &field->edits[field->edit_done++];
    splice(field, edit->at, edit->removed, edit->bytes + edit->removed, edit->inserted);
    field->caret = field->anchor = cluster_end(&field->text, edit->at + edit->inserted);
    return TEXTFIELD_CHANGED;
}

/* What comes from outside. */

/* Newlines, tabs and separators of lines become one space each, a return before a newline none;
 * control characters and byte order marks go. Joiners stay: emoji are made with them. */
static void add_clean(Buffer *clean, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t used = unicode_decode(bytes + at, length - at, &code);
        bool return_newline = code == '\r' && at + 1 < length && bytes[at + 1] == '\n';
        bool control = code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xFEFF;
        if (code == '\n' || code == '\t' || (code == '\r' && !return_newline) || code == 0x0B ||
            code == 0x0C || code == 0x85 || code == 0x2028 || code == 0x2029) {
            buffer_add(clean, " ", 1);
        } else if (!control) {
            buffer_add(clean, bytes + at, used);
        }
        at += used;
    }
}

/* The part that fits into `room` bytes, cut between clusters. */
static size_t fitting(const Buffer *clean, size_t room)
{
    if (clean->length <= room) { return clean->length; }
    size_t at = 0, next = 0;
    while ((next = unicode_next_cluster(clean->bytes, clean->length, at)) <= room) { at = next; }
    return at;
}

/* Replaces bytes [start, end) by what may be kept of `text`. */
static unsigned take_in(TextField *field, size_t start, size_t end, const char *text, size_t length,
                        TextfieldRun run)
{
    size_t limit = limit_of(field), kept = field->text.length - (end - start);
    size_t room = limit > kept ? limit - kept : 0;
    unsigned did = 0;
    /* No more is looked at than could ever fit: a clipboard may hold a film. */
    if (length > 8 * limit) {
        length = 8 * limit;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) { length--; }
        did = TEXTFIELD_OVERLONG;
    }
    Buffer repaired = {0}, clean = {0};
    unicode_repair(text, length, &repaired);
    if (repaired.length > 0) { add_clean(&clean, repaired.bytes, repaired.length); }
    size_t fits = fitting(&clean, room);
    if (fits < clean.length) { did |= TEXTFIELD_OVERLONG; }
    bool same = fits == end - start && (fits == 0 || clean.bytes == NULL ||
                                        memcmp(clean.bytes, field->text.bytes + start, fits) == 0);
    if (!same) { did |= replace(field, start, end - start, clean.bytes, fits, run); }
    if (same) { field->caret = field->anchor = end; }
    buffer_free(&repaired);
    buffer_free(&clean);
    return did;
}

unsigned textfield_insert(TextField *field, const char *text, size_t length, TextfieldRun run)
{
    size_t start, end;
    textfield_selection(field, &start, &end);
    return take_in(field, start, end, text, length, run);
}

unsigned textfield_set(TextField *field, const char *text)
{
    return take_in(field, 0, field->text.length, text, strlen(text), TEXTFIELD_ALONE);
}

unsigned textfield_erase(TextField *field, size_t start, size_t end, TextfieldRun run)
{
    start = code_start(&field->text, start);
    end = code_start(&field->text, end);
    if (start >= end) { return 0; }
    return replace(field, start, end - start, NULL, 0, run);
}

void textfield_reset(TextField *field, const char *text)
{
    textfield_set(field, text);
    drop_edits(field, 0, field->edit_count);
    field->edit_done = 0;
    field->run = TEXTFIELD_ALONE;
    field->scroll = 0;
}

/* Selection. */

void textfield_select(TextField *field, size_t anchor, size_t caret)
{
    field->anchor = code_start(&field->text, anchor);
    field->caret = code_start(&field->text, caret);
    field->run = TEXTFIELD_ALONE;
}

void textfield_selection(const TextField *field, size_t *start, size_t *end)
{
    *start = min_size(field->caret, field->anchor);
    *end = field->caret > field->anchor ? field->caret : field->anchor;
}

void textfield_word_at(const TextField *field, size_t at, size_t *start, size_t *end)
{
    const char *text = textfield_text(field);
    size_t length = field->text.length;
    at = min_size(at, length);
    *end = unicode_next_word(text, length, at);
    *start = unicode_previous_word(text, length, *end);
    if (at >= *start && at < *end) { return; }
    /* In the gap before that word, or behind the last one. */
    size_t before = unicode_previous_word(text, length, at);
    size_t word_end = at > 0 ? unicode_next_word(text, length, before) : 0;
    if (at == length && word_end == length) {
        *start = before;
        *end = length;
        return;
    }
    *end = *start > at ? *start : length;
    *start = word_end <= at ? word_end : at;
}

void textfield_free(TextField *field)
{
    drop_edits(field, 0, field->edit_count);
    free(field->edits);
    free(field->chunks);
    buffer_free(&field->text);
    buffer_free(&field->composition);
    memset(field, 0, sizeof(*field));
}
