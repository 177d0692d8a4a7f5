/* pattern.h - what a head habitually looks at, as scores: the previous token, the same word
 * elsewhere, the delimiters ... (Clark et al. 2019, "What Does BERT Look At?", sections 3 and 4).
 *
 * A score is the mean over many tokens of the weight that a head gives to what the pattern names,
 * so 1 is "always and only". Scores are gathered text by text:
 *
 *     PatternScores *scores = pattern_new(trace->layers, trace->heads);
 *     pattern_add_trace(scores, trace);                 // as often as there are texts
 *     float previous = pattern_score(scores, PATTERN_PREVIOUS, 1, 6);
 *     pattern_free(scores); */
#ifndef ANALYSIS_PATTERN_H
#define ANALYSIS_PATTERN_H

#include "model/trace.h"

typedef enum Pattern {
    PATTERN_PREVIOUS,    /* the token before, of the same text */
    PATTERN_NEXT,        /* the token behind, of the same text */
    PATTERN_ITSELF,      /* the token itself */
    PATTERN_SAME_WORD,   /* other places of the same word */
    PATTERN_OTHER_TEXT,  /* places of the same word in the other text of a pair */
    PATTERN_FIRST,       /* the first token, [CLS] */
    PATTERN_DELIMITER,   /* [SEP] */
    PATTERN_PUNCTUATION, /* commas, full stops and the like */
    PATTERN_BROAD,       /* everything a little: entropy of a row / its maximum, log T */
    PATTERN_PRONOUN,     /* share of pronouns that look most at what they stand for (probe.h) */
    PATTERNS
} Pattern;

typedef struct PatternInfo {
    const char *name;  /* for the command line: "previous" */
    const char *title; /* for people: "previous token" */
    float clear;       /* from this score on a head is said to show the pattern */
} PatternInfo;

extern const PatternInfo pattern_table[PATTERNS];
int pattern_find(const char *name); /* -1 when there is none */

typedef struct PatternScores {
    int layers, heads;
    double *sums; /* [PATTERNS, layers, heads] */
    double counts[PATTERNS];
} PatternScores;

PatternScores *pattern_new(int layers, int heads);
void pattern_free(PatternScores *scores); /* accepts NULL */

/* Counts all patterns but PATTERN_PRONOUN in the self-attention of a trace, which must have as many
 * layers and heads as the scores. Special tokens do not count as those who look. NaN counts as 0. */
void pattern_add_trace(PatternScores *scores, const Trace *trace);
/* One pronoun; right [layers, heads] says which heads found what it stands for. */
void pattern_add_pronoun(PatternScores *scores, const bool *right);

/* 0 to 1; NaN where the texts had no place for the pattern. */
float pattern_score(const PatternScores *scores, Pattern pattern, int layer, int head);
/* The head with the highest score of a pattern; false when it was nowhere measured. */
bool pattern_best(const PatternScores *scores, Pattern pattern, int *layer, int *head);
/* The pattern that a head shows most clearly, measured against pattern_table[].clear; -1: none. */
int pattern_of_head(const PatternScores *scores, int layer, int head);

#endif
