/* vocabulary.h - pieces and their ids: a hash table in one direction, an array in the other. */
#ifndef TEXT_VOCABULARY_H
#define TEXT_VOCABULARY_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VOCABULARY_MAX = 4194304 };

typedef struct Vocabulary {
    Arena arena;
    const char **pieces; /* [size]; NULL where an id has no piece */
    int size;            /* one more than the largest id */
    int32_t *slots;      /* ids by hash of the piece; -1: free */
    size_t slot_count;   /* a power of two */
} Vocabulary;

/* One piece a line, its id the number of the line from 0. The file must be valid UTF-8. */
bool vocabulary_read_lines(Vocabulary *vocabulary, const char *path, Error *err);

/* For other formats: begin with the number of ids, put every piece, then look up. */
void vocabulary_begin(Vocabulary *vocabulary, int size);
/* A piece that is there already gets the new id, as in a Python dictionary. */
void vocabulary_put(Vocabulary *vocabulary, const char *piece, size_t length, int id);

void vocabulary_free(Vocabulary *vocabulary);

/* The id of a piece, or -1. `length` in bytes. */
int vocabulary_find(const Vocabulary *vocabulary, const char *piece, size_t length);

#endif
