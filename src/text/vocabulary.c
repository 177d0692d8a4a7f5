#include "text/vocabulary.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 1024
#define PIECES_FIRST 512

/* FNV-1a, with the high half folded in because only low bits choose the slot. */
static size_t hash_piece(const char *piece, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)piece[i]) * 0x100000001b3u;
    }
    return (size_t)(hash ^ hash >> 32);
}

/* The slot that holds the piece, or the free one where it belongs. There is always a free one. */
static VocabularySlot *find_slot(const Vocabulary *vocabulary, const char *piece, size_t length)
{
    size_t mask = vocabulary->slot_count - 1, at = hash_piece(piece, length) & mask;
    while (true) {
        VocabularySlot *slot = &vocabulary->slots[at];
        if (slot->piece == NULL ||
            (slot->length == length && memcmp(slot->piece, piece, length) == 0)) {
            return slot;
        }
        at = (at + 1) & mask;
    }
}

/* Slots are counted by pieces, not by ids: a hostile file may give one id to
 * a million pieces. */
void vocabulary_reserve(Vocabulary *vocabulary, size_t pieces)
{
    if (2 * pieces <= vocabulary->slot_count) { return; }
    VocabularySlot *old = vocabulary->slots;
    size_t old_count = vocabulary->slot_count;
    vocabulary->slot_count = SLOTS_FIRST;
    while (vocabulary->slot_count < 2 * pieces) { vocabulary->slot_count *= 2; }
    vocabulary->slots = mem_zero(vocabulary->slot_count, sizeof *vocabulary->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].piece != NULL) { *find_slot(vocabulary, old[i].piece, old[i].length) = old[i]; }
    }
    free(old);
}

static void grow_pieces(Vocabulary *vocabulary, int size)
{
    if (size > vocabulary->capacity) {
        int capacity = max_int(max_int(size, PIECES_FIRST), 2 * vocabulary->capacity);
        vocabulary->pieces =
            mem_grow(vocabulary->pieces, (size_t)capacity, sizeof *vocabulary->pieces);
        for (int id = vocabulary->capacity; id < capacity; id++) { vocabulary->pieces[id] = NULL; }
        vocabulary->capacity = capacity;
    }
    vocabulary->size = max_int(vocabulary->size, size);
}

void vocabulary_put(Vocabulary *vocabulary, const char *piece, size_t length, int id)
{
    assert(id >= 0 && id < VOCABULARY_MAX && length <= VOCABULARY_FILE_BYTES);
    vocabulary_reserve(vocabulary, vocabulary->used + 1);
    grow_pieces(vocabulary, id + 1);
    VocabularySlot *slot = find_slot(vocabulary, piece, length);
    if (slot->piece == NULL) {
        slot->piece = arena_copy(&vocabulary->arena, piece, length);
        slot->length = (uint32_t)length;
        vocabulary->used++;
        if (length > vocabulary->longest) { vocabulary->longest = length; }
    }
    slot->id = id;
    vocabulary->pieces[id] = slot->piece;
}

int vocabulary_find(const Vocabulary *vocabulary, const char *piece, size_t length)
{
    if (vocabulary->slot_count == 0) { return -1; }
    const VocabularySlot *slot = find_slot(vocabulary, piece, length);
    return slot->piece != NULL ? slot->id : -1;
}

const char *vocabulary_piece(const Vocabulary *vocabulary, int id)
{
    return id >= 0 && id < vocabulary->size ? vocabulary->pieces[id] : NULL;
}

void vocabulary_free(Vocabulary *vocabulary)
{
    free(vocabulary->slots);
    free(vocabulary->pieces);
    arena_free(&vocabulary->arena);
    *vocabulary = (Vocabulary){0};
}

static int count_lines(const Buffer *file)
{
    size_t lines = 0;
    for (size_t i = 0; i < file->length; i++) { lines += file->bytes[i] == '\n'; }
    if (file->length > 0 && file->bytes[file->length - 1] != '\n') { lines++; }
    return (int)min_size(lines, (size_t)VOCABULARY_MAX + 1);
}

/* Whole lines, but for the end of line itself: a piece may hold blanks that only look like one. */
static void put_lines(Vocabulary *vocabulary, const Buffer *file, int count)
{
    const char *at = file->bytes, *end = at + file->length;
    vocabulary_reserve(vocabulary, (size_t)count);
    for (int id = 0; id < count; id++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL) { stop = end; }
        size_t length = (size_t)(stop - at);
        if (length > 0 && at[length - 1] == '\r') { length--; }
        vocabulary_put(vocabulary, at, length, id);
        at = stop < end ? stop + 1 : end;
    }
}

bool vocabulary_read_lines(Vocabulary *vocabulary, const char *path, Error *err)
{
    Buffer file = {0};
    bool ok = file_read(path, VOCABULARY_FILE_BYTES, &file, err);
    int count = count_lines(&file);
    if (ok && count == 0) {
        ok = error_set(err, "%s is empty; a vocabulary has one piece a line.", path);
    } else if (ok && count > VOCABULARY_MAX) {
        ok = error_set(err, "%s has more than %d lines; is it a vocabulary?", path, VOCABULARY_MAX);
    } else if (ok && (unicode_valid_prefix(file.bytes, file.length) < file.length ||
                      memchr(file.bytes, '\0', file.length) != NULL)) {
        ok =
            error_set(err, "%s is not UTF-8 text; is it a vocabulary with one piece a line?", path);
    } else if (ok) {
        put_lines(vocabulary, &file, count);
    }
    buffer_free(&file);
    return ok;
}
