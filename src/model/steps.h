/* steps.h - one layer of a trace calculated again, with everything in between kept: the same kernels on
 * the same numbers as in encoder_run, so that each step can be looked at and checked by hand. */
#ifndef MODEL_STEPS_H
#define MODEL_STEPS_H

#include "model/encoder.h"

enum { STEPS_POSITIONS = 64 }; /* rows of position_table at most */

/* The piece with that id, or NULL. */
typedef const char *StepsName(const void *vocabulary, int id);

/* Sets trace->steps for `layer`, which must exist; with guesses if the encoder has a masked-word head,
 * their pieces named by `name`. False with a sentence when there is no memory; the trace stays whole. */
bool steps_record(const Encoder *encoder, Team *team, StepsName *name, const void *vocabulary,
                  Trace *trace, int layer, Error *err);

#endif
