/* survey.h - a model tried on a probe set: what its heads habitually do.
 *
 * A model brings its own probe set, probe.jsonl in its folder; for those that have none the shipped
 * model's is taken. Plain lines are counted as patterns, pronoun lines as PATTERN_PRONOUN. */
#ifndef APP_SURVEY_H
#define APP_SURVEY_H

#include "analysis/pattern.h"
#include "analysis/probe.h"
#include "model/model.h"

/* The probe set for a model, in the arena; NULL with a sentence when there is none. */
const char *survey_find_probe(const Model *model, Arena *arena, Error *err);

/* Runs one item. `scores` and `right` [layers, heads] may be NULL. *judged says whether `right` was
 * written: not for plain items and those longer than the model's positions. False with a sentence
 * when the pass failed, with an empty one when it was cancelled. */
bool survey_item(const Model *model, const ProbeItem *item, const atomic_bool *cancel,
                 PatternScores *scores, bool *right, bool *judged, Error *err);

/* Told how far a survey is; may be NULL. */
typedef void SurveyProgress(void *context, int done, int count);

/* All items. The caller frees the result; NULL as for survey_item. */
PatternScores *survey_run(const Model *model, const ProbeSet *set, const atomic_bool *cancel,
                          SurveyProgress *progress, void *context, Error *err);

/* What a survey found is kept in the user's cache folder ($XDG_CACHE_HOME/headlight/heads) for as
 * long as the model's files and the probe set stay as they are. NULL: there is none that fits. */
PatternScores *survey_read_cache(const Model *model, const char *probe);
/* Keeps it, if it can: without a cache folder the next survey is only slower. */
void survey_write_cache(const Model *model, const char *probe, const PatternScores *scores);

#endif
