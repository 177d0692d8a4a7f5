/* trace.h - the record of one forward pass, and the only thing that analysis and views know.
 *
 * A trace comes from a model (model_run) or from a file (trace_file_read); nobody downstream can
 * tell which. What a trace does not have is NULL, and a view that needs it says so.
 * Immutable once made, and so fit to be shared between threads. Whoever got it, or a share of it
 * (trace_share), gives it back with trace_free; it goes with the last. */
#ifndef MODEL_TRACE_H
#define MODEL_TRACE_H

#include "base/error.h"
#include "text/encoding.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum AttentionKind {
    ATTENTION_SELF,    /* every token sees every token (encoder) */
    ATTENTION_DECODER, /* masked self-attention: a token sees those before it */
    ATTENTION_CROSS,   /* decoder tokens look at encoder tokens */
    ATTENTION_KINDS
} AttentionKind;

/* Attention of one kind: softmax(Q K^T / sqrt(d)) of "Attention Is All You Need", equation 1. */
typedef struct Attention {
    const Encoding *query_tokens; /* [queries]; lent by the trace */
    const Encoding *key_tokens;   /* [keys]; the same pointer in self-attention */
    int layers, heads, queries, keys;
    float *weights; /* [layers, heads, queries, keys], after the softmax; row = query */
} Attention;

/* A guess of the masked-word head. */
typedef struct TraceGuess {
    const char *piece; /* in the trace's encoding's arena */
    float probability;
} TraceGuess;

enum { TRACE_GUESSES = 8 };

/* How one layer comes about, step by step, for those who want to look at the calculation (the rest of
 * a trace is what every layer leaves behind). H = hidden size, I = inner size of the feed-forward
 * network, T = tokens; a linear layer is stored [outputs, inputs]. Equations of Vaswani et al. 2017. */
typedef struct TraceSteps {
    int layer;
    int inner_size;                                  /* I */
    int positions;                                   /* P: rows of position_table */
    float epsilon;                                   /* of layer norm */
    float *word, *position, *segment;                /* [T, H]: what is added up at the input; NULL:
                                                    * the model has none, or of another size */
    float *position_table;                           /* [P, H]: the model's first positions */
    float *query_weight, *key_weight, *value_weight; /* [H, H]: section 3.2.2 */
    float *query_bias, *key_bias, *value_bias;       /* [H] */
    float *context;                                  /* [T, H]: the heads' z side by side */
    float *output_weight, *output_bias;              /* [H, H], [H]: W^O */
    float *projected;                                /* [T, H]: context W^O + bias */
    float *added;                                    /* [T, H]: x + projected, section 3.1 */
    float *attention_gain, *attention_shift;         /* [H] of the layer norm that follows */
    float *attended;                                 /* [T, H]: after it */
    float *inner;        /* [T, I]: feed-forward, after the activation */
    float *update;       /* [T, H]: feed-forward, equation 2 */
    float *updated;      /* [T, H]: attended + update */
    float *gain, *shift; /* [H] of the layer norm that gives hidden */
    TraceGuess *guesses; /* [T, TRACE_GUESSES], best first; NULL without a masked-word head */
    float *own;          /* [T]: the probability of the piece that stands there */
    int *rank;           /* [T]: its rank among all pieces, from 1 */
    float *block;        /* what the arrays are cut from */
} TraceSteps;

typedef struct Trace {
    char *model;                          /* name for captions, e.g. "headlight-en" */
    Encoding *encoding;                   /* the tokens of the (encoder) text */
    Encoding *output;                     /* the tokens of the decoder, or NULL */
    Attention attention[ATTENTION_KINDS]; /* weights == NULL where there is none */
    int layers, heads, tokens;            /* L, A, T of the encoder side */
    int head_size;                        /* d: size of one query, key or value; 0 when unknown */
    int hidden_size;                      /* H; 0 when unknown */
    int vocab_size;                       /* V; 0 when there are no logits */
    float *query;                         /* [L, A, T, d] or NULL */
    float *key;                           /* [L, A, T, d] or NULL */
    float *value;                         /* [L, A, T, d] or NULL */
    float *hidden;                        /* [L + 1, T, H], embedding output first, or NULL */
    float *logits;                        /* [T, V] of the masked-word head, or NULL */
    unsigned char *heads_off; /* [L, A]: 1 where a head was switched off; NULL: all were on */
    TraceSteps *steps;        /* of one layer, if they were asked for; or NULL */
    double seconds;           /* how long the pass took; 0 when it came from a file */
    char *note; /* what its user should know, whole sentences: weights that are missing; or NULL */
    struct Safetensors
        *file;         /* arrays may lie in its mapping instead of memory of their own; or NULL */
    atomic_int shares; /* that were given out beside the first */
} Trace;

Trace *trace_new(void);        /* zeroed */
void trace_free(Trace *trace); /* accepts NULL */
/* The same trace, for one more who frees it; accepts NULL. It is not to be changed by anybody. */
Trace *trace_share(const Trace *trace);

void trace_steps_free(TraceSteps *steps); /* accepts NULL */

/* "1.5, 2.0": the heads that were switched off; "" when all were on. Written into text[size], what
 * does not fit ends in "...". */
const char *trace_name_off(const Trace *trace, char *text, size_t size);

/* Looks for weights that are missing or do not sum to 1, and adds what it finds to the note. Of a trace
 * of gigabytes only the first heads are read. */
void trace_look_over(Trace *trace);

/* Texts and pieces longer than these are refused when a trace is read: nobody could see them, and every
 * frame would measure them. Bytes. */
enum { TRACE_MAX_TEXT = 1 << 20, TRACE_MAX_PIECE = 1024 };
bool trace_check_texts(const Trace *trace, const char *path, Error *err);

/* The first kind of attention that there is; every trace has one. */
AttentionKind trace_first_kind(const Trace *trace);
/* How many weights a kind has in all. */
size_t trace_weight_count(const Trace *trace, AttentionKind kind);

/* [queries, keys] of one head, lent. The kind must be present and the indices in range. */
const float *trace_head(const Trace *trace, AttentionKind kind, int layer, int head);
/* [T, d] of one head of query, key or value; `vectors` is trace->query, ->key or ->value. */
const float *trace_vectors(const Trace *trace, const float *vectors, int layer, int head);

#endif
