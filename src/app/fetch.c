/* A whole model: which files, in which order, and when it may be listed.
 *
 * config.json comes first and is always asked for anew: it tells whether the model is there, and from
 * which commit. The other files are taken from that very commit; what lies here from another one is
 * thrown away. The weights come last. */
#include "app/fetch_parts.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TEXT_LIMIT ((long long)64 << 20)
#define INDEX_LIMIT ((long long)8 << 20) /* parsed, it takes many times that */
#define WEIGHTS_LIMIT 20000000000LL      /* of all files of weights together */
#define VERSION ".version"               /* revision and commit of what is in the hidden folder */
#define WEIGHTS "model.safetensors"
#define INDEX "model.safetensors.index.json"

enum { MAX_SHARDS = 256, MAX_TENSORS = 100000, MAX_OPEN = 16 };

typedef struct Work {
    const FetchJob *job;
    FetchSession *session;
    char *place;  /* where the model will be */
    char *hidden; /* where it is until then */
    char *old;    /* where a model goes that is replaced */
    Error *err;
} Work;

/* ---- Folders ---- */

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static void remove_folder(const char *path)
{
    nftw(path, remove_entry, MAX_OPEN, FTW_DEPTH | FTW_PHYS);
}

static bool has(const char *folder, const char *file)
{
    char *path = file_join(folder, file);
    bool found = file_exists(path);
    free(path);
    return found;
}

/* So that two runs do not write into one file. The descriptor, or -1 with a sentence. */
static int lock_folder(const Work *work)
{
    int fd = open(work->hidden, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            error_set(work->err, "%s is being downloaded already.", work->job->model);
        } else {
            error_set(work->err, "%s can't be opened: %s.", work->hidden, strerror(errno));
        }
        if (fd >= 0) { close(fd); }
        return -1;
    }
    return fd;
}

/* Does a name end so? */
static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Of the hidden folder: what only a download needs, or everything but config.json. */
static void drop_files(const Work *work, bool everything)
{
    DIR *folder = opendir(work->hidden);
    if (folder == NULL) { return; }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        bool goes = everything ? strcmp(name, "config.json") != 0
                               : strcmp(name, VERSION) == 0 || ends_with(name, ".part") ||
                                     ends_with(name, ".tag");
        if (goes && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            unlinkat(dirfd(folder), name, 0);
        }
    }
    closedir(folder);
}

/* What is in the way and no model is somebody's, and stays. */
static bool place_is_free(const Work *work)
{
    if (work->job->force || !file_exists(work->place) || rmdir(work->place) == 0) { return true; }
    return error_set(work->err,
                     "%s is there, but is not a model; move it away, or replace it with --force.",
                     work->place);
}

/* The step that makes the model appear, whole. */
static bool publish(const Work *work)
{
    drop_files(work, false);
    bool replaces = file_exists(work->place);
    if (replaces) {
        remove_folder(work->old);
        if (rename(work->place, work->old) != 0) {
            return error_set(work->err, "%s can't be replaced: %s.", work->place, strerror(errno));
        }
    }
    if (rename(work->hidden, work->place) != 0) {
        int why = errno;
        if (replaces && rename(work->old, work->place) != 0) {
            return error_set(work->err, "%s can't be replaced; what was there is now %s.",
                             work->place, work->old);
        }
        return error_set(work->err, "%s can't be made: %s.", work->place, strerror(why));
    }
    if (replaces) { remove_folder(work->old); }
    return true;
}

/* ---- Versions ---- */

/* Holds on to the commit of config.json, and throws away what is here of another version. */
static bool keep_to_version(const Work *work)
{
    const char *revision = work->job->revision != NULL ? work->job->revision : "main";
    const char *commit = fetch_session_commit(work->session);
    char line[FETCH_MAX_REVISION + FETCH_COMMIT + 4];
    snprintf(line, sizeof line, "%s %s\n", revision, commit);
    char *path = file_join(work->hidden, VERSION);
    Buffer text = {0};
    bool same = file_exists(path) && file_read(path, sizeof line, &text, NULL) && text.length > 0 &&
                strcmp(text.bytes, line) == 0;
    buffer_free(&text);
    bool ok = true;
    if (!same) {
        drop_files(work, true);
        ok = file_write(path, line, strlen(line), work->err);
    }
    free(path);
    if (commit[0] != '\0') { fetch_session_pin(work->session, commit); }
    return ok;
}

/* ---- Files ---- */

static FetchFile get(const Work *work, const char *file, long long limit)
{
    const FetchJob *job = work->job;
    if (!has(work->hidden, file)) {
        return fetch_file(work->session, file, limit, true, work->err);
    }
    FetchProgress progress = {.stage = FETCH_KEPT, .file = file, .total = -1};
    if (job->progress != NULL && !job->progress(job->context, &progress)) {
        error_set(work->err, "%s was stopped; the same command goes on where it stopped.",
                  job->model);
        return FETCH_FILE_FAILED;
    }
    return FETCH_FILE_HERE;
}

static bool get_config(const Work *work)
{
    switch (fetch_file(work->session, "config.json", TEXT_LIMIT, false, work->err)) {
    case FETCH_FILE_HERE: return keep_to_version(work);
    case FETCH_FILE_ABSENT:
        return error_set(work->err, "The server has no model %s%s%s, or it has no config.json.",
                         work->job->model, work->job->revision != NULL ? " at revision " : "",
                         work->job->revision != NULL ? work->job->revision : "");
    default: return false;
    }
}

static bool get_texts(const Work *work)
{
    static const struct {
        const char *name;
        bool is_vocabulary;
    } files[] = {
        {"tokenizer_config.json", false},
        {"vocab.txt", true},
        {"tokenizer.json", true},
        {"vocab.json", true},
        {"merges.txt", false},
        {"special_tokens_map.json", false},
    };
    bool vocabulary = false;
    for (size_t i = 0; i < COUNTOF(files); i++) {
        FetchFile end = get(work, files[i].name, TEXT_LIMIT);
        if (end == FETCH_FILE_FAILED) { return false; }
        vocabulary = vocabulary || (end == FETCH_FILE_HERE && files[i].is_vocabulary);
    }
    return vocabulary ||
           error_set(work->err, "%s has no vocabulary: neither vocab.txt nor tokenizer.json.",
                     work->job->model);
}

/* ---- Weights ---- */

typedef struct Shards {
    char names[MAX_SHARDS][FETCH_MAX_NAME + 1];
    int count;
} Shards;

static bool add_shard(Shards *shards, const char *name)
{
    for (int i = shards->count - 1; i >= 0; i--) { /* the same as the one before, mostly */
        if (strcmp(shards->names[i], name) == 0) { return true; }
    }
    if (shards->count == MAX_SHARDS || !fetch_is_shard_name(name)) { return false; }
    snprintf(shards->names[shards->count++], FETCH_MAX_NAME + 1, "%s", name);
    return true;
}

/* {"weight_map": {"TENSOR": "FILE", ...}}. The names are the server's: never part of a sentence. */
static bool read_index(const Work *work, Shards *shards)
{
    char *path = file_join(work->hidden, INDEX);
    Buffer text = {0};
    bool ok = file_read(path, (size_t)INDEX_LIMIT, &text, work->err);
    free(path);
    if (!ok) { return false; }
    cJSON *json = text.length > 0 ? cJSON_ParseWithLength(text.bytes, text.length) : NULL;
    buffer_free(&text);
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(json, "weight_map");
    int tensors = 0;
    for (const cJSON *item = cJSON_IsObject(map) ? map->child : NULL; item != NULL && ok;
         item = item->next) {
        ok = ++tensors <= MAX_TENSORS && cJSON_IsString(item) &&
             add_shard(shards, item->valuestring);
    }
    cJSON_Delete(json);
    if (!ok) {
        return error_set(work->err,
                         "The index of %s names a file of weights that is none: only plain names "
                         "that end in .safetensors are accepted, and not more than %d.",
                         work->job->model, MAX_SHARDS);
    }
    return shards->count > 0 ||
           error_set(work->err, "The index of %s names no weights.", work->job->model);
}

static bool get_shards(const Work *work, const Shards *shards)
{
    long long left = WEIGHTS_LIMIT;
    for (int i = 0; i < shards->count; i++) {
        FetchFile end = get(work, shards->names[i], left);
        if (end == FETCH_FILE_ABSENT) {
            return error_set(work->err, "%s has an index, but not the weights that it names.",
                             work->job->model);
        }
        if (end == FETCH_FILE_FAILED) { return false; }
        char *path = file_join(work->hidden, shards->names[i]);
        FileStamp stamp = {0};
        if (file_stamp(path, &stamp)) { left -= stamp.size; }
        free(path);
        if (left < 0) { left = 0; }
    }
    return true;
}

static bool get_weights(const Work *work)
{
    FetchFile end = get(work, WEIGHTS, WEIGHTS_LIMIT);
    if (end != FETCH_FILE_ABSENT) { return end == FETCH_FILE_HERE; }
    end = get(work, INDEX, INDEX_LIMIT);
    if (end == FETCH_FILE_ABSENT) {
        return error_set(work->err, "%s has no safetensors weights.", work->job->model);
    }
    Shards *shards = mem_zero(1, sizeof *shards);
    bool ok = end == FETCH_FILE_HERE && read_index(work, shards) && get_shards(work, shards);
    free(shards);
    return ok;
}

/* ---- The model ---- */

static bool get_model(Work *work)
{
    if (!place_is_free(work) || !file_make_folder(work->hidden, work->err)) { return false; }
    int lock = lock_folder(work);
    if (lock < 0) { return false; }
    work->session = fetch_session_new(work->job, work->hidden, work->err);
    bool ok = work->session != NULL && get_config(work) && get_texts(work) && get_weights(work) &&
              publish(work);
    fetch_session_free(work->session);
    if (!ok) { rmdir(work->hidden); } /* goes only when nothing is in it */
    close(lock);
    return ok;
}

static char *beside(const FetchJob *job, const char *before, const char *after)
{
    char *name = fetch_folder_name(job->model);
    size_t size = strlen(job->folder) + strlen(name) + 16;
    char *path = mem_alloc(size, 1);
    snprintf(path, size, "%s/%s%s%s", job->folder, before, name, after);
    free(name);
    return path;
}

FetchEnd fetch_model(const FetchJob *job, Error *err)
{
    Work work = {.job = job,
                 .err = err,
                 .place = beside(job, "", ""),
                 .hidden = beside(job, ".", ".part"),
                 .old = beside(job, ".", ".old")};
    FetchEnd end = FETCH_THERE;
    if (job->force || !has(work.place, "config.json")) {
        end = get_model(&work) ? FETCH_DONE : FETCH_FAILED;
    }
    free(work.place);
    free(work.hidden);
    free(work.old);
    return end;
}
