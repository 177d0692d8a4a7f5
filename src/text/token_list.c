#include "text/token_list.h"

#include "base/memory.h"

void token_list_add(TokenList *list, Token token)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        list->tokens = mem_grow(list->tokens, (size_t)list->capacity, sizeof *list->tokens);
    }
    list->tokens[list->count++] = token;
}
