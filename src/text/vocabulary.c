#include "text/vocabulary.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <stdlib.h>
#include <string.h>

static size_t hash_piece(const char *piece, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) { hash = (hash ^ (unsigned char)piece[i]) * 0x100000001b3u; }
    return (size_t)(hash ^ hash >> 32);
}

/* The slot that holds the piece, or the free one where it belongs. */
static size_t find_slot(const Vocabulary *vocabulary, const char *piece, size_t length)
{
    size_t slot = hash_piece(piece, length) & (vocabulary->slot_count - 1);
    while (vocabulary->slots[slot] >= 0) {
        const char *there = vocabulary->pieces[vocabulary->slots[slot]];
        if (strncmp(there, piece, length) == 0 && there[length] == '\0') { break; }
        slot = (slot + 1) & (vocabulary->slot_count - 1);
    }
    return slot;
}

void vocabulary_begin(Vocabulary *vocabulary, int size)
{
    *vocabulary = (Vocabulary){.size = size, .slot_count = 64};
    while (vocabulary->slot_count < 2 * (size_t)size) { vocabulary->slot_count *= 2; }
    vocabulary->pieces = arena_alloc(&vocabulary->arena, (size_t)size, sizeof *vocabulary->pieces);
    vocabulary->slots = mem_alloc(vocabulary->slot_count, sizeof *vocabulary->slots);
    for (size_t i = 0; i < vocabulary->slot_count; i++) { vocabulary->slots[i] = -1; }
}

void vocabulary_put(Vocabulary *vocabulary, const char *piece, size_t length, int id)
{
    assert(id >= 0 && id < vocabulary->size);
    vocabulary->pieces[id] = arena_copy(&vocabulary->arena, piece, length);
    vocabulary->slots[find_slot(vocabulary, piece, length)] = id;
}

int vocabulary_find(const Vocabulary *vocabulary, const char *piece, size_t length)
{
    return vocabulary->slots[find_slot(vocabulary, piece, length)];
}

void vocabulary_free(Vocabulary *vocabulary)
{
    free(vocabulary->slots);
    arena_free(&vocabulary->arena);
    *vocabulary = (Vocabulary){0};
}

static int count_lines(const MappedFile *file)
{
    size_t lines = 0;
    for (size_t i = 0; i < file->length; i++) { lines += file->bytes[i] == '\n'; }
    if (file->length > 0 && file->bytes[file->length - 1] != '\n') { lines++; }
    return (int)min_size(lines, (size_t)VOCABULARY_MAX + 1);
}

/* Whole lines, but for the end of line itself: a piece may hold blanks that only look like one. */
static void put_lines(Vocabulary *vocabulary, const MappedFile *file, int count)
{
    const char *at = (const char *)file->bytes, *end = at + file->length;
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
    *vocabulary = (Vocabulary){0};
    MappedFile file;
    if (!file_map(path, &file, err)) { return false; }
    int count = count_lines(&file);
    const char *bytes = (const char *)file.bytes;
    size_t valid = unicode_valid_prefix(bytes, file.length);
    bool ok = true;
    if (count == 0) {
        ok = error_set(err, "%s is empty; a vocabulary has one piece a line.", path);
    } else if (count > VOCABULARY_MAX) {
        ok = error_set(err, "%s has more than %d lines; is it a vocabulary?", path, VOCABULARY_MAX);
    } else if (valid < file.length || memchr(bytes, '\0', file.length) != NULL) {
        ok = error_set(err, "%s is not UTF-8 text; is it a vocabulary with one piece a line?", path);
    } else {
        vocabulary_begin(vocabulary, count);
        put_lines(vocabulary, &file, count);
    }
    file_unmap(&file);
    return ok;
}
