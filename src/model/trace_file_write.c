#include "model/trace_file.h"

#include "base/base.h"
#include "model/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef enum TokenField {
    FIELD_PIECE,
    FIELD_SIDE,
    FIELD_SPECIAL,
    FIELD_ID,
    FIELD_START,
    FIELD_END,
    FIELD_WORD,
    FIELDS
} TokenField;

static const char *const field_keys[FIELDS] = {"tokens", "segments", "special", "ids",
                                               "starts", "ends",     "words"};

/* One field of all tokens as a JSON array. */
static void add_field(const Encoding *encoding, TokenField field, Buffer *out)
{
    for (int i = 0; i < encoding->count; i++) {
        const Token *token = &encoding->tokens[i];
        buffer_add_string(out, i == 0 ? "[" : ",");
        switch (field) {
        case FIELD_PIECE: buffer_add_json_string(out, token->piece); break;
        case FIELD_SIDE: buffer_format(out, "%d", token->side); break;
        case FIELD_SPECIAL: buffer_format(out, "%d", token->special); break;
        case FIELD_ID: buffer_format(out, "%d", token->id); break;
        case FIELD_START: buffer_format(out, "%d", token->start); break;
        case FIELD_END: buffer_format(out, "%d", token->end); break;
        case FIELD_WORD: buffer_format(out, "%d", token->word); break;
        case FIELDS: break;
        }
    }
    buffer_add_string(out, "]");
}

/* Adds one tensor to tensors[*count], if the trace has it. */
static void add_tensor(SafeTensor *tensors, size_t *count, const char *name, const float *array,
                       int rank, size_t a, size_t b, size_t c, size_t d)
{
    if (array == NULL) { return; }
    size_t floats = a * b * c * d;
    tensors[(*count)++] = (SafeTensor){
        .name = name,
        .type = SAFE_F32,
        .rank = rank,
        .shape = {a, b, c, d},
        .count = floats,
        .bytes = (const unsigned char *)array,
        .length = floats * sizeof *array,
    };
}

static void add_kind(SafeTensor *tensors, size_t *count, const char *name, const Attention *a)
{
    add_tensor(tensors, count, name, a->weights, 4, (size_t)a->layers, (size_t)a->heads,
               (size_t)a->queries, (size_t)a->keys);
}

/* ["1.5", ...], or nothing at all when all heads were on. */
static void add_heads_off(const Trace *trace, Buffer *out)
{
    int heads = trace->layers * trace->heads, written = 0;
    if (trace->heads_off == NULL) { return; }
    for (int i = 0; i < heads; i++) {
        if (trace->heads_off[i] == 0) { continue; }
        buffer_format(out, "%s\"%d.%d\"", written++ > 0 ? "," : "[", i / trace->heads,
                      i % trace->heads);
    }
    buffer_add_string(out, written > 0 ? "]" : "[]");
}

void trace_file_write(const Trace *trace, Buffer *out)
{
    const Encoding *encoding = trace->encoding;
    size_t L = (size_t)trace->layers, A = (size_t)trace->heads, T = (size_t)trace->tokens;
    size_t d = (size_t)trace->head_size, H = (size_t)trace->hidden_size;
    const float *weights = trace->attention[ATTENTION_SELF].weights;
    SafeTensor tensors[8];
    size_t count = 0;
    add_tensor(tensors, &count, "attention", weights, 4, L, A, T, T);
    add_kind(tensors, &count, "decoder_attention", &trace->attention[ATTENTION_DECODER]);
    add_kind(tensors, &count, "cross_attention", &trace->attention[ATTENTION_CROSS]);
    add_tensor(tensors, &count, "query", trace->query, 4, L, A, T, d);
    add_tensor(tensors, &count, "key", trace->key, 4, L, A, T, d);
    add_tensor(tensors, &count, "value", trace->value, 4, L, A, T, d);
    add_tensor(tensors, &count, "hidden", trace->hidden, 3, L + 1, T, H, 1);
    add_tensor(tensors, &count, "logits", trace->logits, 2, T, (size_t)trace->vocab_size, 1, 1);

    Buffer fields[FIELDS] = {0};
    Buffer off = {0};
    add_heads_off(trace, &off);
    Buffer output = {0};
    if (trace->output != NULL) { add_field(trace->output, FIELD_PIECE, &output); }
    SafeMetadata metadata[FIELDS + 7] = {{"headlight", TRACE_FILE_VERSION},
                                         {"model", trace->model},
                                         {"text", encoding->text[0]},
                                         {"pair", encoding->text[1]}};
    for (int i = 0; i < FIELDS; i++) {
        add_field(encoding, (TokenField)i, &fields[i]);
        metadata[4 + i] = (SafeMetadata){field_keys[i], fields[i].bytes};
    }
    metadata[FIELDS + 4] = (SafeMetadata){"heads_off", off.bytes};
    metadata[FIELDS + 5] = (SafeMetadata){"output_tokens", output.bytes};
    metadata[FIELDS + 6] =
        (SafeMetadata){"output", trace->output != NULL ? trace->output->text[0] : NULL};
    safetensors_write(tensors, count, metadata, COUNTOF(metadata), out);
    buffer_free(&off);
    buffer_free(&output);
    for (int i = 0; i < FIELDS; i++) { buffer_free(&fields[i]); }
}

/* Six significant digits; null where JSON has no number. A locale may have changed the point. */
static void add_number(float value, Buffer *out)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", (double)value);
    char *comma = strchr(text, ',');
    if (comma != NULL) { *comma = '.'; }
    buffer_add_string(out, isfinite(value) ? text : "null");
}

/* rank nested arrays of shape[rank]; returns what comes after them. */
static const float *add_nested(const float *x, int rank, const int *shape, Buffer *out)
{
    for (int i = 0; i < shape[0]; i++) {
        buffer_add_string(out, i == 0 ? "[" : ",");
        if (rank > 1) {
            x = add_nested(x, rank - 1, shape + 1, out);
        } else {
            add_number(*x++, out);
        }
    }
    buffer_add_string(out, "]");
    return x;
}

static void add_text(const char *key, const char *text, Buffer *out)
{
    buffer_format(out, ",\"%s\":", key);
    if (text != NULL) {
        buffer_add_json_string(out, text);
    } else {
        buffer_add_string(out, "null");
    }
}

void trace_file_write_json(const Trace *trace, Buffer *out)
{
    const Attention *attention = &trace->attention[ATTENTION_SELF];
    buffer_add_string(out, "{\"tokens\":");
    add_field(trace->encoding, FIELD_PIECE, out);
    add_text("text", trace->encoding->text[0], out);
    add_text("pair", trace->encoding->text[1], out);
    add_text("model", trace->model, out);
    buffer_format(out, ",\"layers\":%d,\"heads\":%d,\"attention\":", trace->layers, trace->heads);
    const int shape[4] = {attention->layers, attention->heads, attention->queries, attention->keys};
    if (attention->weights != NULL) {
        add_nested(attention->weights, 4, shape, out);
    } else {
        buffer_add_string(out, "null");
    }
    buffer_add_string(out, "}\n");
}
