/* vocabulary.h - pieces and their ids: a hash table in one direction, an array in the other.
 * A zeroed Vocabulary is an empty one. */
#ifndef TEXT_VOCABULARY_H
#define TEXT_VOCABULARY_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ids are below this; the largest vocabularies in use have about a million. */
enum { VOCABULARY_MAX = 4194304 };
/* Of a file; the largest tokenizer.json in use have half of that. */
enum { VOCABULARY_FILE_BYTES = 64 << 20 };

typedef struct VocabularySlot {
    const char *piece; /* NULL: the slot is free */
    uint32_t length;
    int32_t id;
} VocabularySlot;

typedef struct Vocabulary {
    Arena arena;         /* the pieces */
    const char **pieces; /* [size]; NULL where an id has no piece */
    int size, capacity;  /* size: one more than the largest id */
    VocabularySlot *slots;
    size_t slot_count; /* a power of two, at least twice `used` */
    size_t used;
    size_t longest; /* bytes of the longest piece */
} Vocabulary;

/* Puts one piece a line, its id the number of the line from 0. The file must be valid UTF-8. */
bool vocabulary_read_lines(Vocabulary *vocabulary, const char *path, Error *err);

/* id: 0 to VOCABULARY_MAX - 1. A piece that is there already gets the new id, as in a Python
 * dictionary. Of two pieces with one id both are found; the later one is the piece of that id. */
void vocabulary_put(Vocabulary *vocabulary, const char *piece, size_t length, int id);

/* Makes room for so many pieces at once; not needed, but quicker when the number is known. */
void vocabulary_reserve(Vocabulary *vocabulary, size_t pieces);

/* The id of a piece, or -1. `length` in bytes. */
int vocabulary_find(const Vocabulary *vocabulary, const char *piece, size_t length);
/* The piece with that id, lent; NULL when there is none. */
const char *vocabulary_piece(const Vocabulary *vocabulary, int id);

void vocabulary_free(Vocabulary *vocabulary);

#endif
