#include "app/models.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/model.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_LIMIT ((size_t)65536)
#define REVISION_LIMIT ((size_t)256)
enum { MAX_MODELS = 256, MAX_ROOTS = 3 };

typedef struct List {
    Arena *arena;
    ModelPlace *places;
    int count;
} List;

/* The folder of the running program, or NULL. */
static const char *program_folder(Arena *arena)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) { return NULL; }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) { return NULL; }
    *slash = '\0';
    return arena_copy_string(arena, path);
}

/* Folders that may hold models/ and assets/: above the build, then the installed one. */
static int find_roots(Arena *arena, const char *roots[MAX_ROOTS])
{
    int count = 0;
    const char *program = program_folder(arena);
    if (program != NULL) {
        roots[count++] = arena_format(arena, "%s/..", program);
        roots[count++] = arena_format(arena, "%s/../share/headlight", program);
    }
    roots[count++] = HEADLIGHT_PREFIX "/share/headlight";
    return count;
}

static bool has_file(const char *folder, const char *name, Arena *arena)
{
    return file_exists(arena_format(arena, "%s/%s", folder, name));
}

/* Why the model can't be opened, as far as a look at the folder and its configuration tells. */
static const char *find_problem(const char *folder, Arena *arena)
{
    ModelConfig config;
    Error err = {""};
    const char *path = arena_format(arena, "%s/config.json", folder);
    if (!file_exists(path)) { return "It has no config.json; was it downloaded to the end?"; }
    if (!file_stays_inside(folder, "config.json", &err) || !config_read(path, &config, &err)) {
        return arena_copy_string(arena, err.text);
    }
    if (!has_file(folder, "model.safetensors", arena) &&
        !has_file(folder, "model.safetensors.index.json", arena)) {
        return has_file(folder, "pytorch_model.bin", arena)
                   ? "Its weights are a PyTorch file (pytorch_model.bin); only safetensors can be "
                     "read."
                   : "It has no weights (model.safetensors); were they downloaded?";
    }
    if (!has_file(folder, "vocab.txt", arena) && !has_file(folder, "tokenizer.json", arena) &&
        !has_file(folder, "vocab.json", arena)) {
        return "It has no vocabulary (vocab.txt or tokenizer.json).";
    }
    return NULL;
}

const char *models_own_folder(Arena *arena)
{
    const char *home = getenv("HOME"), *data = getenv("XDG_DATA_HOME");
    return data != NULL && data[0] == '/' ? arena_format(arena, "%s/headlight/models", data)
           : home != NULL ? arena_format(arena, "%s/.local/share/headlight/models", home)
                          : NULL;
}

static bool is_model(const char *folder, Arena *arena)
{
    return file_exists(arena_format(arena, "%s/config.json", folder));
}

static bool known(const List *list, const char *name)
{
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->places[i].name, name) == 0) { return true; }
    }
    return false;
}

static void add(List *list, const char *name, const char *folder, const char *where)
{
    if (list->count == MAX_MODELS || known(list, name)) { return; }
    char real[PATH_MAX];
    if (realpath(folder, real) != NULL) { folder = real; }
    list->places[list->count++] =
        (ModelPlace){arena_copy_string(list->arena, name), arena_copy_string(list->arena, folder),
                     where, find_problem(folder, list->arena)};
}

static int not_hidden(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* OWNER--NAME, as folders of downloaded models are called, is the model OWNER/NAME. */
static const char *name_of_folder(Arena *arena, const char *folder)
{
    char *name = arena_copy_string(arena, folder);
    char *dashes = strstr(name, "--");
    if (dashes != NULL && dashes != name) {
        *dashes = '/';
        memmove(dashes + 1, dashes + 2, strlen(dashes + 2) + 1);
    }
    return name;
}

/* NAME/checkpoints/STEP: the model as it was while it learned, called NAME@STEP. */
static void add_checkpoints(List *list, const char *name, const char *folder, const char *where)
{
    const char *checkpoints = arena_format(list->arena, "%s/checkpoints", folder);
    struct dirent **entries;
    int count = scandir(checkpoints, &entries, not_hidden, versionsort);
    for (int i = 0; i < count; i++) {
        const char *path = arena_format(list->arena, "%s/%s", checkpoints, entries[i]->d_name);
        if (is_model(path, list->arena)) {
            add(list, arena_format(list->arena, "%s@%s", name, entries[i]->d_name), path, where);
        }
        free(entries[i]);
    }
    if (count >= 0) { free(entries); }
}

static void add_folder(List *list, const char *folder, const char *where)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, not_hidden, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = name_of_folder(list->arena, entries[i]->d_name);
        const char *path = arena_format(list->arena, "%s/%s", folder, entries[i]->d_name);
        if (is_model(path, list->arena)) {
            add(list, name, path, where);
            add_checkpoints(list, name, path, where);
        }
        free(entries[i]);
    }
    if (count >= 0) { free(entries); }
}

/* The name of a revision, in a file of one line; NULL when there is none that is a plain name. */
static const char *read_revision(const char *path, Arena *arena)
{
    Buffer text = {0};
    const char *name = NULL;
    if (file_exists(path) && file_read(path, REVISION_LIMIT, &text, NULL) && text.length > 0) {
        size_t length = strspn(text.bytes, "0123456789abcdefABCDEF");
        if (length > 0) { name = arena_copy(arena, text.bytes, length); }
    }
    buffer_free(&text);
    return name;
}

/* hub/models--OWNER--NAME/snapshots/REVISION: the one that refs/main names, or any that holds a
 * configuration. The files are links into hub/models--OWNER--NAME/blobs. */
static void add_hub_model(List *list, const char *hub, const char *entry)
{
    static const char prefix[] = "models--";
    if (strncmp(entry, prefix, sizeof prefix - 1) != 0) { return; }
    const char *name = name_of_folder(list->arena, entry + sizeof prefix - 1);
    const char *snapshots = arena_format(list->arena, "%s/%s/snapshots", hub, entry);
    const char *main =
        read_revision(arena_format(list->arena, "%s/%s/refs/main", hub, entry), list->arena);
    if (main != NULL) {
        const char *path = arena_format(list->arena, "%s/%s", snapshots, main);
        if (is_model(path, list->arena)) { add(list, name, path, "Hugging Face cache"); }
    }
    struct dirent **entries;
    int count = scandir(snapshots, &entries, not_hidden, alphasort);
    for (int i = 0; i < count; i++) {
        const char *path = arena_format(list->arena, "%s/%s", snapshots, entries[i]->d_name);
        if (is_model(path, list->arena)) { add(list, name, path, "Hugging Face cache"); }
        free(entries[i]);
    }
    if (count >= 0) { free(entries); }
    if (!known(list, name)) { add(list, name, snapshots, "Hugging Face cache"); }
}

static void add_hub(List *list)
{
    const char *home = getenv("HOME"), *hf = getenv("HF_HOME");
    const char *cache = getenv("HF_HUB_CACHE");
    const char *hub = cache != NULL  ? cache
                      : hf != NULL   ? arena_format(list->arena, "%s/hub", hf)
                      : home != NULL ? arena_format(list->arena, "%s/.cache/huggingface/hub", home)
                                     : NULL;
    if (hub == NULL) { return; }
    struct dirent **entries;
    int count = scandir(hub, &entries, not_hidden, alphasort);
    for (int i = 0; i < count; i++) {
        add_hub_model(list, hub, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0) { free(entries); }
}

ModelPlace *models_list(Arena *arena, int *count)
{
    List list = {arena, arena_alloc(arena, MAX_MODELS, sizeof(ModelPlace)), 0};
    const char *roots[MAX_ROOTS];
    int root_count = find_roots(arena, roots);
    for (int i = 0; i < root_count; i++) {
        add_folder(&list, arena_format(arena, "%s/models", roots[i]), "shipped");
    }
    const char *own = models_own_folder(arena);
    if (own != NULL) { add_folder(&list, own, "yours"); }
    add_hub(&list);
    *count = list.count;
    return list.places;
}

const char *models_find(const char *name, Arena *arena, Error *err)
{
    size_t length = strlen(name), suffix = sizeof MODEL_UNTRAINED - 1;
    if (length > suffix && strcmp(name + length - suffix, MODEL_UNTRAINED) == 0) {
        const char *folder = models_find(arena_copy(arena, name, length - suffix), arena, err);
        return folder != NULL ? arena_format(arena, "%s%s", folder, MODEL_UNTRAINED) : NULL;
    }
    if (strchr(name, '/') != NULL && file_is_folder(name)) {
        return arena_copy_string(arena, name);
    }
    int count;
    ModelPlace *places = models_list(arena, &count);
    for (int i = 0; i < count; i++) {
        if (strcmp(places[i].name, name) != 0) { continue; }
        if (places[i].problem == NULL) { return places[i].folder; }
        error_set(err, "%s can't be opened. %s", name, places[i].problem);
        return NULL;
    }
    if (file_is_folder(name)) { return arena_copy_string(arena, name); }
    if (strchr(name, '/') != NULL) {
        error_set(err,
                  "There is no model folder %s; `headlight models` lists those that can be "
                  "opened.",
                  name);
    } else {
        error_set(err,
                  "There is no model called %s; `headlight models` lists those that can be "
                  "opened.",
                  name);
    }
    return NULL;
}

bool models_read_start(const char *folder, ModelStart *start)
{
    char *path = file_join(folder, "headlight.json");
    Buffer text = {0};
    bool ok = file_exists(path) && file_stays_inside(folder, "headlight.json", NULL) &&
              file_read(path, START_LIMIT, &text, NULL) && text.length > 0;
    free(path);
    cJSON *json = ok ? cJSON_ParseWithLength(text.bytes, text.length) : NULL;
    const cJSON *layer = cJSON_GetObjectItemCaseSensitive(json, "layer");
    const cJSON *head = cJSON_GetObjectItemCaseSensitive(json, "head");
    const cJSON *word = cJSON_GetObjectItemCaseSensitive(json, "word");
    ok = cJSON_IsNumber(layer) && cJSON_IsNumber(head) && layer->valueint >= 0 &&
         head->valueint >= 0;
    *start = (ModelStart){0};
    if (ok) {
        start->layer = layer->valueint;
        start->head = head->valueint;
    }
    if (ok && cJSON_IsString(word)) {
        snprintf(start->word, sizeof start->word, "%s", word->valuestring);
    }
    cJSON_Delete(json);
    buffer_free(&text);
    return ok;
}

const char *models_find_asset(const char *name, Arena *arena)
{
    const char *roots[MAX_ROOTS];
    int count = find_roots(arena, roots);
    for (int i = 0; i < count; i++) {
        const char *path = arena_format(arena, "%s/%s", roots[i], name);
        if (file_exists(path)) { return path; }
    }
    return NULL;
}
