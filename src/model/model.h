/* model.h - a folder with an encoder in it, opened: configuration, tokenizer, weights.
 *
 * Immutable after opening, so one thread may run it while another reads its configuration.
 *
 *     Model *model = model_open("models/headlight-en", 0, &err);
 *     Encoding *encoding = model_encode(model, "The animal ...", NULL);
 *     Trace *trace = model_run(model, encoding, MODEL_LOGITS, NULL, &err);  // takes encoding */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "base/error.h"
#include "model/config.h"
#include "model/trace.h"
#include "text/tokenizer.h"

#include <stdatomic.h>

typedef struct Model Model;

/* NULL on failure: no such folder, an unknown model_type, a tensor missing or of the wrong shape or
 * type, a vocabulary that does not fit, a lying header ... each with its sentence. `threads` work on a
 * pass; 0: one for each processor. */
Model *model_open(const char *folder, int threads, Error *err);
/* What stands behind the folder for the same model with random weights, as before any training. */
#define MODEL_UNTRAINED "@untrained"
void model_free(Model *model); /* accepts NULL */

const char *model_name(const Model *model); /* the folder's last component */
const char *model_folder(const Model *model);
const ModelConfig *model_config(const Model *model);
const Tokenizer *model_tokenizer(const Model *model);
bool model_has_logits(const Model *model); /* is there a masked-word head? */

/* Tokens for this model, cut to its positions. The caller frees it or gives it to model_run. */
Encoding *model_encode(const Model *model, const char *text, const char *pair);

typedef enum ModelWants {
    MODEL_ATTENTION = 0,   /* attention, query, key, value, hidden: always */
    MODEL_LOGITS = 1 << 0, /* and the logits of the masked-word head, if the model has one */
    MODEL_STEPS =
        1 << 1, /* and every step of one layer: MODEL_STEPS | layer << MODEL_LAYER_SHIFT */
} ModelWants;
enum { MODEL_LAYER_SHIFT = 8 };

/* One forward pass. Takes the encoding over (also on failure). `cancel` may be NULL; when another
 * thread sets it, the pass ends between two layers with NULL and an empty err->text. */
Trace *model_run(const Model *model, Encoding *encoding, unsigned wants, const atomic_bool *cancel,
                 Error *err);

/* The same with heads switched off: heads_off [layers, heads], 1 for those that give nothing to the
 * layers above, NULL for none. Their own attention is still computed and recorded. Copied. */
Trace *model_run_without(const Model *model, Encoding *encoding, unsigned wants,
                         const unsigned char *heads_off, const atomic_bool *cancel, Error *err);

#endif
