/* steps.h - one layer of a trace calculated again, with everything in between kept: the same kernels on
 * the same numbers as in encoder_run, so that each step can be looked at and checked by hand. */
#ifndef MODEL_STEPS_H
#define MODEL_STEPS_H

#include "model/encoder.h"
#include "text/tokenizer.h"

enum { STEPS_POSITIONS = 64 }; /* rows of position_table at most */

/* Sets trace->steps for `layer`, which must exist; with guesses if the encoder has a masked-word head and
 * `tokenizer` is not NULL. False with a sentence when there is no memory; the trace stays whole. */
bool steps_record(const Encoder *encoder, Team *team, const Tokenizer *tokenizer, Trace *trace,
                  int layer, Error *err);

#endif
