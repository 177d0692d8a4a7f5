/* encoder.h - the Transformer encoder of BERT: its weights, and the forward pass that records all
 * of it.
 *
 * Vaswani et al. 2017, "Attention Is All You Need" (the encoder of figure 1); Devlin et al. 2019,
 * "BERT" (embeddings of token, position and segment; the masked-word head). Weights are pointers
 * into the mapped file; only what is not float32 there is widened, once, into one block. */
#ifndef MODEL_ENCODER_H
#define MODEL_ENCODER_H

#include "base/error.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/team.h"
#include "model/trace.h"

#include <stdatomic.h>
#include <stdbool.h>

/* H = hidden size, I = intermediate size, E = embedding size (mostly H), V = vocabulary, as in
 * config.h. A linear layer is stored [outputs, inputs]. */
typedef struct EncoderLayer {
    const float *query, *query_bias;               /* [H, H], [H] */
    const float *key, *key_bias;                   /* [H, H], [H] */
    const float *value, *value_bias;               /* [H, H], [H] */
    const float *output, *output_bias;             /* [H, H], [H] */
    const float *attention_gain, *attention_shift; /* [H], [H]: layer norm after attention */
    const float *up, *up_bias;                     /* [I, H], [I]: feed-forward, first half */
    const float *down, *down_bias;                 /* [H, I], [H]: feed-forward, second half */
    const float *gain, *shift;                     /* [H], [H]: layer norm after feed-forward */
} EncoderLayer;

typedef struct Encoder {
    ModelConfig config;
    const float *words;                  /* [V, E] */
    const float *positions;              /* [first_position + positions, E] */
    const float *segments;               /* [segments, E], or NULL */
    const float *gain, *shift;           /* [E], [E]: layer norm of the embeddings */
    const float *project, *project_bias; /* [H, E], [H]: where E is not H; or NULL */
    const float *distances;              /* [distances, heads]: added to scores; or NULL */
    EncoderLayer *layers;                /* [config.layers]; some may be the same weights */
    /* The masked-word head; all NULL when the model has none. */
    const float *transform, *transform_bias; /* [E, H], [E] */
    const float *head_gain, *head_shift;     /* [E], [E] */
    const float *decoder, *decoder_bias;     /* [V, E] (often the same as words), [V] */
    float *widened;                          /* the weights that were not float32 */
    bool mapped;                             /* some weights lie in the file itself */
    float *random;                           /* all weights, of an untrained encoder; or NULL */
} Encoder;

/* Finds every weight in `file`, which must outlive the encoder, and checks its shape. `where` names
 * the model in error sentences. On failure nothing needs to be freed. */
bool encoder_load(Encoder *encoder, const ModelConfig *config, const Safetensors *file,
                  const char *where, Error *err);
/* For a BERT only: puts random numbers in the place of all weights, as before any training (Devlin et al. 2019):
 * matrices and embeddings normal with deviation 0.02, gains 1, biases and shifts 0. The same numbers
 * every time. False when there is no memory. */
bool encoder_forget(Encoder *encoder, Error *err);
void encoder_free(Encoder *encoder); /* what it points to, not the struct */

/* How far apart two tokens are, as one of `buckets`: both directions, single distances first, then more
 * and more in one (Raffel et al. 2020, section 2.1). `distance` = key - query. */
int encoder_bucket(int distance, int buckets);

/* One forward pass over trace->encoding, whose ids and count must fit the configuration, into the
 * arrays of `trace`, which the caller has allocated (logits only if wanted). False with an empty
 * err->text when `cancel` (may be NULL) was set, with a sentence when there is no memory. */
bool encoder_run(const Encoder *encoder, Team *team, Trace *trace, const atomic_bool *cancel,
                 Error *err);

#endif
