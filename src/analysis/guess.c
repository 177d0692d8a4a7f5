#include "analysis/guess.h"

#include "base/base.h"

#include <math.h>

static const float *row_of(const Trace *trace, int token)
{
    return trace->logits + (size_t)token * (size_t)trace->vocab_size;
}

/* The largest logit, and the sum of exp(logit - largest): the denominator of the softmax. */
static double denominator(const float *row, int size, float *largest)
{
    *largest = -INFINITY;
    for (int id = 0; id < size; id++) {
        if (row[id] > *largest) { *largest = row[id]; }
    }
    double sum = 0;
    for (int id = 0; id < size; id++) {
        if (row[id] >= -INFINITY) { sum += exp((double)row[id] - (double)*largest); }
    }
    return sum;
}

int guess_top(const Trace *trace, int token, Guess *guesses, int most)
{
    if (trace->logits == NULL || most <= 0) { return 0; }
    const float *row = row_of(trace, token);
    float largest;
    double sum = denominator(row, trace->vocab_size, &largest);
    if (!isfinite(sum) || !(sum > 0)) { return 0; }
    int count = 0;
    for (int id = 0; id < trace->vocab_size; id++) {
        if (!(row[id] >= -INFINITY)) { continue; }
        if (count == most && row[id] <= row[guesses[most - 1].id]) { continue; }
        int at = count < most ? count++ : most - 1;
        for (; at > 0 && row[guesses[at - 1].id] < row[id]; at--) { guesses[at] = guesses[at - 1]; }
        guesses[at].id = id;
    }
    for (int i = 0; i < count; i++) {
        guesses[i].probability = (float)(exp((double)row[guesses[i].id] - (double)largest) / sum);
    }
    return count;
}

float guess_probability(const Trace *trace, int token, int id)
{
    if (trace->logits == NULL || id < 0 || id >= trace->vocab_size) { return 0; }
    const float *row = row_of(trace, token);
    float largest;
    double sum = denominator(row, trace->vocab_size, &largest);
    if (!isfinite(sum) || !(sum > 0) || !(row[id] >= -INFINITY)) { return 0; }
    return (float)(exp((double)row[id] - (double)largest) / sum);
}
