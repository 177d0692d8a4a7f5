#include "text/encoding.h"

#include "base/memory.h"

#include <stdlib.h>

void encoding_free(Encoding *encoding)
{
    if (encoding == NULL) { return; }
    arena_free(&encoding->arena);
    free(encoding);
}

Encoding *encoding_copy(const Encoding *encoding)
{
    Encoding *copy = mem_zero(1, sizeof *copy);
    copy->count = encoding->count;
    copy->cut = encoding->cut;
    for (int side = 0; side < 2; side++) {
        const char *text = encoding->text[side];
        copy->text[side] = text != NULL ? arena_copy_string(&copy->arena, text) : NULL;
    }
    copy->tokens = arena_alloc(&copy->arena, (size_t)encoding->count, sizeof(Token));
    for (int i = 0; i < encoding->count; i++) {
        copy->tokens[i] = encoding->tokens[i];
        copy->tokens[i].piece = arena_copy_string(&copy->arena, encoding->tokens[i].piece);
    }
    return copy;
}
