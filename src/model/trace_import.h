/* trace_import.h - attention that other programs have saved, as a trace: the JSON inside a page of
 * BertViz (head, model and neuron view), the page itself, the dump of the Tensor2Tensor notebook, and
 * our own JSON.
 *
 * BertViz writes {"attention": {"all": {"attn": [layer][head][query][key], "left_text": [...],
 * "right_text": [...]}, "aa": ...}} or, since version 1.1, a list of such entries with names ("All",
 * "Encoder", "Decoder", "Cross"); its neuron view adds "queries" and "keys". Tensor2Tensor writes
 * "inp_inp", "out_out", "inp_out" with "att", "top_text", "bot_text". What a file holds beyond tokens
 * and weights is not looked at. Numbers may be NaN. */
#ifndef MODEL_TRACE_IMPORT_H
#define MODEL_TRACE_IMPORT_H

#include "base/error.h"
#include "model/trace.h"

/* Does the file begin like JSON or HTML? False also when it can't be read: that is told elsewhere. */
bool trace_import_knows(const char *path);
/* NULL on failure, with a sentence. trace->note says what the file lacks. */
Trace *trace_import(const char *path, Error *err);

#endif
