/* probe.h - sentences that heads are tried on: plain ones and pairs, on which patterns are counted
 * (pattern.h), and pronouns with the words that they may stand for.
 *
 * A probe set is a file of JSON Lines. A plain line is {"text": "...", "pair": "..."}, the pair being
 * optional. A pronoun line is
 *     {"source": "...", "words": ["The", "dog", ...], "at": 9,
 *      "candidates": [{"word": 1, "right": true}, ...]}
 * where `at` is the pronoun's index in words, and candidates are the words that may be meant, of
 * which one or more are right. The answer of a head is the candidate that the pronoun attends to
 * most. */
#ifndef ANALYSIS_PROBE_H
#define ANALYSIS_PROBE_H

#include "base/arena.h"
#include "base/error.h"
#include "model/trace.h"

typedef struct ProbeCandidate {
    int start, end; /* bytes [start, end) of the text */
    bool right;
} ProbeCandidate;

typedef struct ProbeItem {
    const char *text, *pair; /* pair is NULL where there is none */
    const char *source;      /* of pronoun items; "" when the line does not say */
    int start, end;          /* the pronoun, bytes of the text; equal in a plain item */
    ProbeCandidate *candidates;
    int candidate_count; /* 0 in a plain item */
} ProbeItem;

typedef struct ProbeSet {
    Arena arena; /* owns everything below */
    ProbeItem *items;
    int count;
} ProbeSet;

/* "-" is standard input. A line that is not as above is an error with its number. On failure the set
 * is empty and needs no freeing. */
bool probe_read(const char *path, ProbeSet *set, Error *err);
void probe_free(ProbeSet *set);

/* right [layers, heads]: does the head's answer name a right candidate? The trace is one of the item's
 * text. False when the text was cut before the pronoun or a candidate; then nothing is written. */
bool probe_judge(const ProbeItem *item, const Trace *trace, bool *right);

#endif
