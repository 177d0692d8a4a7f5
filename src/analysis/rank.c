#include "analysis/rank.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where the word that token `first` begins ends. */
static int word_end(const Encoding *text, int first)
{
    const Token *token = &text->tokens[first];
    int last = first + 1;
    while (token->word >= 0 && last < text->count && text->tokens[last].word == token->word &&
           text->tokens[last].side == token->side) {
        last++;
    }
    return last;
}

/* Do the pieces [first, last) spell the word? As in the text, or as the model has it. */
static bool spells(const Encoding *text, int first, int last, const char *word, size_t length)
{
    const Token *token = &text->tokens[first];
    const char *source = text->text[token->side];
    int start = token->start, end = text->tokens[last - 1].end;
    if (source != NULL && end > start && (size_t)(end - start) == length &&
        strncasecmp(source + start, word, length) == 0) {
        return true;
    }
    return last == first + 1 && strlen(token->piece) == length &&
           strncasecmp(token->piece, word, length) == 0;
}

bool rank_find_word(const Encoding *text, const char *word, TokenSpan *span)
{
    const char *mark = strrchr(word, '#');
    char *end = NULL;
    long wanted = mark != NULL && mark > word ? strtol(mark + 1, &end, 10) : 0;
    bool numbered = wanted > 0 && end != NULL && *end == '\0';
    size_t length = numbered ? (size_t)(mark - word) : strlen(word);
    bool found = false;
    long seen = 0;
    for (int first = 0, last; first < text->count; first = last) {
        last = word_end(text, first);
        if (!spells(text, first, last, word, length)) { continue; }
        seen++;
        if (!numbered || seen == wanted) {
            *span = (TokenSpan){first, last};
            found = true;
        }
    }
    return found;
}

static float span_weight(const Attention *a, const float *weights, TokenSpan from, TokenSpan to)
{
    double sum = 0;
    for (int query = from.first; query < from.last; query++) {
        for (int key = to.first; key < to.last; key++) {
            float weight = weights[(size_t)query * (size_t)a->keys + (size_t)key];
            if (weight > 0) { sum += (double)weight; }
        }
    }
    return (float)(sum / max_int(from.last - from.first, 1));
}

/* Stronger first; of equals the lower layer, then the lower head. */
static int compare(const void *left, const void *right)
{
    const RankedHead *a = left, *b = right;
    if (a->weight != b->weight) { return a->weight > b->weight ? -1 : 1; }
    return a->layer != b->layer ? a->layer - b->layer : a->head - b->head;
}

int rank_heads(const Trace *trace, AttentionKind kind, TokenSpan from, TokenSpan to,
               RankedHead *ranked)
{
    const Attention *a = &trace->attention[kind];
    int count = 0;
    for (int layer = 0; layer < a->layers; layer++) {
        for (int head = 0; head < a->heads; head++) {
            float weight = span_weight(a, trace_head(trace, kind, layer, head), from, to);
            ranked[count++] = (RankedHead){layer, head, weight};
        }
    }
    qsort(ranked, (size_t)count, sizeof *ranked, compare);
    return count;
}
