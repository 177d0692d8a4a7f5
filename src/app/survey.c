#include "app/survey.h"

#include "app/models.h"
#include "base/file.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LIMIT ((size_t)4 << 20)
#define CACHE_TITLE "headlight heads 1"

const char *survey_find_probe(const Model *model, Arena *arena, Error *err)
{
    const char *path = arena_format(arena, "%s/probe.jsonl", model_folder(model));
    if (file_exists(path)) { return path; }
    const char *shipped = models_find(MODELS_DEFAULT, arena, NULL);
    if (shipped != NULL) {
        path = arena_format(arena, "%s/probe.jsonl", shipped);
        if (file_exists(path)) { return path; }
    }
    error_set(err, "%s has no probe.jsonl, and the shipped one was not found.", model_name(model));
    return NULL;
}

bool survey_item(const Model *model, const ProbeItem *item, const atomic_bool *cancel,
                 PatternScores *scores, bool *right, bool *judged, Error *err)
{
    *judged = false;
    Trace *trace =
        model_run(model, model_encode(model, item->text, item->pair), MODEL_ATTENTION, cancel, err);
    if (trace == NULL) { return false; }
    if (item->candidate_count == 0) {
        if (scores != NULL) { pattern_add_trace(scores, trace); }
    } else {
        size_t heads = (size_t)trace->layers * (size_t)trace->heads;
        bool *mine = right != NULL ? right : mem_zero(heads, sizeof *mine);
        *judged = probe_judge(item, trace, mine);
        if (*judged && scores != NULL) { pattern_add_pronoun(scores, mine); }
        if (mine != right) { free(mine); }
    }
    trace_free(trace);
    return true;
}

PatternScores *survey_run(const Model *model, const ProbeSet *set, const atomic_bool *cancel,
                          SurveyProgress *progress, void *context, Error *err)
{
    const ModelConfig *config = model_config(model);
    PatternScores *scores = pattern_new(config->layers, config->heads);
    for (int i = 0; i < set->count; i++) {
        bool judged;
        if (!survey_item(model, &set->items[i], cancel, scores, NULL, &judged, err)) {
            pattern_free(scores);
            return NULL;
        }
        if (progress != NULL) { progress(context, i + 1, set->count); }
    }
    return scores;
}

/* ---- The cache: a small text file per model ---- */

/* Changes when the model, the probe set or the meaning of the numbers does. */
static const char *make_key(const Model *model, const char *probe, Arena *arena)
{
    static const char *const names[] = {"config.json", "model.safetensors",
                                        "model.safetensors.index.json"};
    const char *key = arena_format(arena, "%s; %s", CACHE_TITLE, model_folder(model));
    for (size_t i = 0; i <= sizeof names / sizeof names[0]; i++) {
        bool last = i == sizeof names / sizeof names[0];
        const char *path =
            last ? probe : arena_format(arena, "%s/%s", model_folder(model), names[i]);
        FileStamp stamp;
        if (!file_stamp(path, &stamp)) { continue; }
        key = arena_format(arena, "%s; %lld %lld %lld", key, stamp.size, stamp.seconds,
                           stamp.nanoseconds);
    }
    return key;
}

/* FNV-1a, 64 bits: folders become file names. */
static unsigned long long hash_string(const char *string)
{
    unsigned long long hash = 0xcbf29ce484222325u;
    for (; *string != '\0'; string++) { hash = (hash ^ (unsigned char)*string) * 0x100000001b3u; }
    return hash;
}

/* NULL without a home. */
static const char *cache_folder(Arena *arena)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache != NULL && cache[0] == '/') {
        return arena_format(arena, "%s/headlight/heads", cache);
    }
    return home != NULL && home[0] == '/' ? arena_format(arena, "%s/.cache/headlight/heads", home)
                                          : NULL;
}

static const char *cache_path(const Model *model, const char *folder, Arena *arena)
{
    return arena_format(arena, "%s/%016llx.txt", folder, hash_string(model_folder(model)));
}

/* One number from the text at *at; NaN when there is none. */
static double read_number(const char **at)
{
    char *end;
    double number = strtod(*at, &end);
    if (end == *at || !isfinite(number) || number < 0) { return NAN; }
    *at = end;
    return number;
}

PatternScores *survey_read_cache(const Model *model, const char *probe)
{
    Arena arena = {0};
    Buffer text = {0};
    PatternScores *scores = NULL;
    const char *folder = cache_folder(&arena), *key = make_key(model, probe, &arena);
    const char *path = folder != NULL ? cache_path(model, folder, &arena) : NULL;
    size_t length = strlen(key);
    if (path != NULL && file_exists(path) && file_read(path, CACHE_LIMIT, &text, NULL) &&
        text.length > length && strncmp(text.bytes, key, length) == 0) {
        const ModelConfig *config = model_config(model);
        scores = pattern_new(config->layers, config->heads);
        const char *at = text.bytes + length;
        bool ok = true;
        size_t heads = (size_t)config->layers * (size_t)config->heads;
        for (size_t pattern = 0; pattern < PATTERNS; pattern++) {
            scores->counts[pattern] = read_number(&at);
            ok = ok && !isnan(scores->counts[pattern]);
            for (size_t head = 0; ok && head < heads; head++) {
                double sum = read_number(&at);
                scores->sums[pattern * heads + head] = sum;
                ok = sum <= scores->counts[pattern] + 1; /* false for NaN too */
            }
        }
        if (!ok) {
            pattern_free(scores);
            scores = NULL;
        }
    }
    buffer_free(&text);
    arena_free(&arena);
    return scores;
}

void survey_write_cache(const Model *model, const char *probe, const PatternScores *scores)
{
    Arena arena = {0};
    const char *folder = cache_folder(&arena);
    if (folder != NULL && file_make_folder(folder, NULL)) {
        Buffer text = {0};
        buffer_format(&text, "%s\n", make_key(model, probe, &arena));
        size_t heads = (size_t)scores->layers * (size_t)scores->heads;
        for (size_t pattern = 0; pattern < PATTERNS; pattern++) {
            buffer_format(&text, "%.17g", scores->counts[pattern]);
            for (size_t head = 0; head < heads; head++) {
                buffer_format(&text, " %.17g", scores->sums[pattern * heads + head]);
            }
            buffer_add_string(&text, "\n");
        }
        file_write(cache_path(model, folder, &arena), text.bytes, text.length, NULL);
        buffer_free(&text);
    }
    arena_free(&arena);
}
