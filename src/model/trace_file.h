/* trace_file.h - a trace as a file: safetensors with float32 tensors and metadata. What other programs
 * save (trace_import.h) opens here too.
 *
 * Tensors: attention [L,A,T,T] (row = query, after the softmax), and where known query, key, value
 * [L,A,T,d], hidden [L+1,T,H], logits [T,V]; of encoder-decoder models also decoder_attention
 * [L,A,T_out,T_out] and cross_attention [L,A,T_out,T] with the metadata entry output_tokens. Metadata: tokens (a JSON array), text, pair, model,
 * headlight (format version), and as JSON arrays with a number for every token: segments, special,
 * ids, starts, ends (bytes in the text), words. Only attention and tokens are required, so that a
 * few lines of Python make one from any model; a batch of one before or after the first dimension
 * may stay. What is missing is made up: without a text the tokens are the text, and the places of
 * tokens are found by looking for them. */
#ifndef MODEL_TRACE_FILE_H
#define MODEL_TRACE_FILE_H

#include "base/buffer.h"
#include "base/error.h"
#include "model/trace.h"

#define TRACE_FILE_VERSION "1"

/* NULL on failure, with a sentence. Every size in the file is checked before it is believed. Arrays of
 * float32 stay in the file, mapped; what is not looked at is never read. */
Trace *trace_file_read(const char *path, Error *err);
/* Adds the whole file to `out`: safetensors, or JSON for small traces. */
void trace_file_write(const Trace *trace, Buffer *out);
void trace_file_write_json(const Trace *trace, Buffer *out);

#endif
