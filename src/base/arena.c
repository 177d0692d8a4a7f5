#include "base/arena.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384
#define ALIGNMENT 16

struct ArenaBlock {
    ArenaBlock *next;
    size_t used, capacity;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

static ArenaBlock *new_block(size_t capacity)
{
    ArenaBlock *block = mem_alloc(1, sizeof *block + capacity);
    block->next = NULL;
    block->used = 0;
    block->capacity = capacity;
    return block;
}

/* The block that has `bytes` left: the current one, a kept one after it, or a new one. */
static ArenaBlock *find_block(Arena *arena, size_t bytes)
{
    ArenaBlock **link = arena->current != NULL ? &arena->current : &arena->first;
    while (*link != NULL && (*link)->capacity - (*link)->used < bytes) { link = &(*link)->next; }
    if (*link == NULL) { *link = new_block(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES); }
    return *link;
}

void *arena_alloc(Arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!mem_multiply(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        bytes = SIZE_MAX / 2; /* let mem_alloc say that there is no such memory */
    }
    size_t padded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ArenaBlock *block = find_block(arena, padded);
    if (arena->first == NULL) { arena->first = block; }
    arena->current = block;
    void *result = block->bytes + block->used;
    block->used += padded;
    memset(result, 0, padded);
    return result;
}

char *arena_copy(Arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1, 1);
    if (length > 0) { memcpy(copy, bytes, length); }
    return copy;
}

char *arena_copy_string(Arena *arena, const char *string)
{
    return arena_copy(arena, string, strlen(string));
}

char *arena_format(Arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(arena, (size_t)max_int(length, 0) + 1, 1);
    if (length > 0) { vsnprintf(text, (size_t)length + 1, format, again); }
    va_end(again);
    return text;
}

void arena_reset(Arena *arena)
{
    for (ArenaBlock *block = arena->first; block != NULL; block = block->next) { block->used = 0; }
    arena->current = arena->first;
}

void arena_free(Arena *arena)
{
    for (ArenaBlock *block = arena->first; block != NULL;) {
        ArenaBlock *next = block->next;
        free(block);
        block = next;
    }
    arena->first = arena->current = NULL;
}
