/* token_list.h - tokens that a tokenizer adds one by one. A zeroed list is empty, free(tokens) ends it. */
#ifndef TEXT_TOKEN_LIST_H
#define TEXT_TOKEN_LIST_H

#include "text/encoding.h"

typedef struct TokenList {
    Token *tokens;
    int count, capacity;
} TokenList;

void token_list_add(TokenList *list, Token token);

#endif
