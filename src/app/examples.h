/* examples.h - sentences to try, each with what it shows and in which head: assets/sentences.txt.
 *
 * A line is
 *     TITLE <tab> L.H <tab> VIEW <tab> WORD <tab> SENTENCE [<tab> SECOND SENTENCE]
 * L.H is a head of the shipped model, VIEW a view of view_table, WORD the word to be pinned; "-" says
 * nothing. "#" begins a comment. */
#ifndef APP_EXAMPLES_H
#define APP_EXAMPLES_H

#include "base/arena.h"
#include "base/error.h"

typedef struct Example {
    const char *title;       /* what there is to see, for the menu */
    int layer, head;         /* of the shipped model; -1: no head in particular */
    const char *view;        /* NULL: the one that is shown */
    const char *word;        /* NULL: none */
    const char *text, *pair; /* pair is NULL where there is none */
} Example;

/* All of a file, in the arena. A line that is not as above is left out and told in `err`. */
Example *examples_read(const char *path, Arena *arena, int *count, Error *err);

#endif
