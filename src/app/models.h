/* models.h - where models, and the other files that come with the program, are found.
 *
 * In this order: the folder as given; models that ship with the program (beside the build, or in
 * share/headlight of the prefix); the user's own folder ($XDG_DATA_HOME/headlight/models); the cache
 * of the Hugging Face tools ($HF_HUB_CACHE, $HF_HOME/hub or ~/.cache/huggingface/hub). */
#ifndef APP_MODELS_H
#define APP_MODELS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

#define MODELS_DEFAULT "headlight-en"

typedef struct ModelPlace {
    const char *name; /* what --model takes */
    const char *folder;
    const char *where;   /* "shipped", "yours", "Hugging Face cache" */
    const char *problem; /* a sentence: why it can't be opened; NULL: nothing speaks against it */
} ModelPlace;

/* All models that can be found, in the order above; strings and array live in the arena. */
ModelPlace *models_list(Arena *arena, int *count);

/* The user's own folder of models, in the arena, whether it exists or not; NULL without a home. */
const char *models_own_folder(Arena *arena);

/* The folder of a model given by name or path, in the arena (with MODEL_UNTRAINED behind it if the name
 * has that); NULL with a sentence if none is. */
const char *models_find(const char *name, Arena *arena, Error *err);

/* headlight.json of a model folder: where to start, so that the first picture shows something.
 *     {"layer": 3, "head": 4, "word": "it"} */
typedef struct ModelStart {
    int layer, head;
    char word[64]; /* to be pinned; may be empty */
} ModelStart;
bool models_read_start(const char *folder, ModelStart *start); /* false: there is none */

/* A file that ships with the program, e.g. "assets/sentences.txt", in the arena; NULL when absent. */
const char *models_find_asset(const char *name, Arena *arena);

#endif
