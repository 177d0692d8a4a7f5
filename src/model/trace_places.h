/* trace_places.h - where the tokens of a trace are in its text, when the file does not say:
 * somebody saved pieces and a text, and the views want to know which bytes a piece stands for. */
#ifndef MODEL_TRACE_PLACES_H
#define MODEL_TRACE_PLACES_H

#include "text/encoding.h"

/* Is the piece one of the marks that tokenizers put around texts: [CLS], </s> ...? */
bool trace_places_is_special(const char *piece);

/* Sets start, end and word of every token of that side by looking for the pieces in text[side], one
 * after another, without regard to case and accents. A piece that is not found gets an empty place
 * after the one before it. */
void trace_places_find(Encoding *encoding, int side);

/* Without a source text: the pieces of that side one after another, which is a text as good as any.
 * It lies in the encoding's arena. */
const char *trace_places_lay_out(Encoding *encoding, int side);

#endif
