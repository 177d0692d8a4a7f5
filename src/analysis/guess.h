/* guess.h - the words that the masked-word head puts at one place, from the logits of a trace. */
#ifndef ANALYSIS_GUESS_H
#define ANALYSIS_GUESS_H

#include "model/trace.h"

typedef struct Guess {
    int id;            /* in the vocabulary */
    float probability; /* softmax over the whole vocabulary */
} Guess;

/* The likeliest pieces at token `token`, best first, at most `most` of them. Returns how many: 0 when
 * the trace has no logits. NaN counts as impossible. */
int guess_top(const Trace *trace, int token, Guess *guesses, int most);
/* What guess_top would say of one piece; 0 when there are no logits. */
float guess_probability(const Trace *trace, int token, int id);

#endif
