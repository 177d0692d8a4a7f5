#include "app/survey.h"

#include "app/models.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdlib.h>

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
