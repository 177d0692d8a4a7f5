/* arena.h - memory for many small things that die together: a trace, an encoding, a drawing.
 *
 *     Arena arena = {0};
 *     char *name = arena_copy_string(&arena, "it");
 *     arena_reset(&arena);            // everything gone, the blocks are kept for the next round
 *     arena_free(&arena);             // everything gone, the blocks too
 *
 * A zeroed Arena is an empty one. Pointers stay valid until reset or free. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *first; /* in order of use; those after `current` are empty */
    ArenaBlock *current;
} Arena;

/* count * size bytes, zeroed, aligned to 16. Never NULL (see memory.h). */
void *arena_alloc(Arena *arena, size_t count, size_t size);
/* A NUL-terminated copy of `length` bytes, or of a whole string. */
char *arena_copy(Arena *arena, const char *bytes, size_t length);
char *arena_copy_string(Arena *arena, const char *string);
char *arena_format(Arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));

void arena_reset(Arena *arena);
void arena_free(Arena *arena);

#endif
