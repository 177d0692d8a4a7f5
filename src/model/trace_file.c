#include "model/trace_file.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/trace_import.h"
#include "model/trace_places.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading: the tokens ---- */

/* A metadata entry that must be a JSON array of `count` items (any number when count < 0). *array
 * is NULL when there is no such entry; the caller deletes it. */
static bool read_array(const Safetensors *file, const char *path, const char *key, int count,
                       cJSON **array, Error *err)
{
    const char *text = safetensors_metadata(file, key);
    *array = text != NULL ? cJSON_Parse(text) : NULL;
    if (text == NULL) { return true; }
    if (!cJSON_IsArray(*array)) {
        cJSON_Delete(*array);
        *array = NULL;
        return error_set(err, "%s: the metadata entry \"%s\" must be a JSON array.", path, key);
    }
    int size = cJSON_GetArraySize(*array);
    if (count >= 0 && size != count) {
        cJSON_Delete(*array);
        *array = NULL;
        return error_set(err, "%s: the metadata entry \"%s\" has %d items for %d tokens.", path,
                         key, size, count);
    }
    return true;
}

static bool read_pieces(const Safetensors *file, const char *path, const char *entry,
                        Encoding *encoding, Error *err)
{
    cJSON *array;
    if (!read_array(file, path, entry, -1, &array, err)) { return false; }
    int count = cJSON_GetArraySize(array);
    if (count < 1 || count > CONFIG_MAX_POSITIONS) {
        cJSON_Delete(array);
        return error_set(err,
                         "%s: the metadata entry \"%s\" must be a JSON array of 1 to %d "
                         "strings.",
                         path, entry, CONFIG_MAX_POSITIONS);
    }
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)count, sizeof *encoding->tokens);
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item)) {
            ok = error_set(err, "%s: token %d is not a string.", path, encoding->count);
            break;
        }
        const char *piece = arena_copy_string(&encoding->arena, item->valuestring);
        encoding->tokens[encoding->count++] = (Token){
            .piece = piece,
            .id = -1,
            .special = trace_places_is_special(piece),
        };
    }
    cJSON_Delete(array);
    return ok;
}

/* One of the arrays beside the tokens: whole numbers (or true and false) from `low` to `high` into
 * out[count], which stays as it is when there is no such entry. */
static bool read_numbers(const Safetensors *file, const char *path, const char *key, int count,
                         int low, int high, int *out, Error *err)
{
    cJSON *array;
    if (!read_array(file, path, key, count, &array, err)) { return false; }
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        double value = cJSON_IsNumber(item) ? item->valuedouble
                       : cJSON_IsBool(item) ? (double)cJSON_IsTrue(item)
                                            : NAN;
        if (!(value >= low && value <= high && value == floor(value))) {
            ok = error_set(err,
                           "%s: the metadata entry \"%s\" must hold whole numbers from %d to "
                           "%d.",
                           path, key, low, high);
            break;
        }
        *out++ = (int)value;
    }
    cJSON_Delete(array);
    return ok;
}

/* ---- Reading: where the tokens are in the text ---- */

/* Is text[at] the start of a character, or the end of the text? */
static bool is_boundary(const char *text, size_t length, int at)
{
    return (size_t)at <= length && ((unsigned char)text[at] & 0xC0) != 0x80;
}

/* Where the file itself says where the tokens are, as ours do, that counts. */
static bool read_places(const Safetensors *file, const char *path, Encoding *encoding, Error *err)
{
    int count = encoding->count;
    int *starts = arena_alloc(&encoding->arena, 3 * (size_t)count, sizeof *starts);
    int *ends = starts + count, *words = ends + count;
    for (int i = 0; i < count; i++) {
        starts[i] = encoding->tokens[i].start;
        ends[i] = encoding->tokens[i].end;
        words[i] = encoding->tokens[i].word;
    }
    if (!read_numbers(file, path, "starts", count, 0, INT32_MAX, starts, err) ||
        !read_numbers(file, path, "ends", count, 0, INT32_MAX, ends, err) ||
        !read_numbers(file, path, "words", count, -1, INT32_MAX, words, err)) {
        return false;
    }
    size_t lengths[2];
    for (int side = 0; side < 2; side++) {
        lengths[side] = encoding->text[side] != NULL ? strlen(encoding->text[side]) : 0;
    }
    for (int i = 0; i < count; i++) {
        Token *token = &encoding->tokens[i];
        const char *text = encoding->text[token->side];
        size_t length = lengths[token->side];
        if (starts[i] > ends[i] || !is_boundary(text, length, ends[i]) ||
            !is_boundary(text, length, starts[i])) {
            return error_set(err,
                             "%s: the place of token %d (\"starts\", \"ends\") is not in the text.",
                             path, i);
        }
        token->start = starts[i];
        token->end = ends[i];
        token->word = words[i];
    }
    return true;
}

/* Segment, special and id of every token. */
static bool read_fields(const Safetensors *file, const char *path, Encoding *encoding, Error *err)
{
    int count = encoding->count;
    int *segments = arena_alloc(&encoding->arena, 3 * (size_t)count, sizeof *segments);
    int *special = segments + count, *ids = special + count;
    for (int i = 0; i < count; i++) {
        special[i] = encoding->tokens[i].special;
        ids[i] = -1;
    }
    if (!read_numbers(file, path, "segments", count, 0, 1, segments, err) ||
        !read_numbers(file, path, "special", count, 0, 1, special, err) ||
        !read_numbers(file, path, "ids", count, -1, INT32_MAX, ids, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        Token *token = &encoding->tokens[i];
        token->side = segments[i];
        token->special = special[i] != 0;
        token->id = ids[i];
    }
    return true;
}

static bool has_side(const Encoding *encoding, int side)
{
    for (int i = 0; i < encoding->count; i++) {
        if (encoding->tokens[i].side == side) { return true; }
    }
    return false;
}

static bool read_encoding(const Safetensors *file, const char *path, Encoding *encoding, Error *err)
{
    static const char *const keys[2] = {"text", "pair"};
    if (safetensors_metadata(file, "tokens") == NULL) {
        return error_set(err,
                         "%s is no trace: its metadata has no \"tokens\" (a JSON array of "
                         "strings).",
                         path);
    }
    if (!read_pieces(file, path, "tokens", encoding, err) ||
        !read_fields(file, path, encoding, err)) {
        return false;
    }
    for (int side = 0; side < 2; side++) {
        const char *text = safetensors_metadata(file, keys[side]);
        if (text != NULL && (side == 0 || text[0] != '\0' || has_side(encoding, 1))) {
            encoding->text[side] = arena_copy_string(&encoding->arena, text);
        } else if (side == 0 || has_side(encoding, 1)) {
            encoding->text[side] = trace_places_lay_out(encoding, side);
        }
        if (encoding->text[side] != NULL) { trace_places_find(encoding, side); }
    }
    return read_places(file, path, encoding, err);
}

/* ---- Reading: the tensors ---- */

/* The shape without a batch of one in front of or behind its first dimension, as Python's
 * outputs.attentions has one; false when that does not leave `rank` dimensions. */
static bool drop_batch(const SafeTensor *tensor, int rank, size_t shape[4])
{
    int drop = -1;
    if (tensor->rank == rank + 1) {
        drop = tensor->shape[0] == 1 ? 0 : tensor->shape[1] == 1 ? 1 : -1;
    }
    if (tensor->rank != rank && drop < 0) { return false; }
    for (int i = 0, at = 0; i < tensor->rank; i++) {
        if (i != drop) { shape[at++] = tensor->shape[i]; }
    }
    return true;
}

/* Converts the tensor `name` into *out, if it is there. shape[rank] holds the sizes that it must
 * have, 0 where any will do, and gets those that it has. `meaning` explains the shape. */
static bool read_tensor(const Safetensors *file, const char *path, const char *name,
                        const char *meaning, int rank, size_t shape[4], float **out, Error *err)
{
    const SafeTensor *tensor = safetensors_find(file, name);
    if (tensor == NULL) { return true; }
    size_t found[4] = {0};
    bool fits = drop_batch(tensor, rank, found);
    for (int i = 0; fits && i < rank; i++) {
        fits =
            found[i] > 0 && found[i] <= CONFIG_MAX_VOCAB && (shape[i] == 0 || shape[i] == found[i]);
    }
    char text[SAFETENSORS_SHAPE_TEXT];
    safetensors_shape_text(tensor, text);
    if (!fits) {
        return error_set(err, "%s: the tensor %s has the shape %s, which does not fit %s.", path,
                         name, text, meaning);
    }
    if (!safetensors_is_float(tensor)) {
        return error_set(err,
                         "%s: the tensor %s has the type %s; it must be F32, F16, BF16 or "
                         "F64.",
                         path, name, safetensors_type_name(tensor->type));
    }
    memcpy(shape, found, sizeof found);
    const float *mapped = safetensors_floats(tensor);
    if (mapped != NULL) { /* nothing is read that nobody looks at; nothing writes into a trace */
        *out = (float *)(uintptr_t)mapped;
        return true;
    }
    *out = mem_try_aligned(tensor->count, sizeof **out);
    if (*out == NULL) {
        return error_set(err, "%s: the tensor %s would take %.1f GB, more than there is memory.",
                         path, name, (double)tensor->count * sizeof **out / 1e9);
    }
    safetensors_to_floats(tensor, *out);
    return true;
}

/* The kinds of attention, the tensors they are in, and whether their tokens are those of the decoder. */
static const struct {
    const char *name, *shape;
    bool queries_out, keys_out;
} kinds[ATTENTION_KINDS] = {
    [ATTENTION_SELF] = {"attention", "[layers, heads, tokens, tokens]", false, false},
    [ATTENTION_DECODER] = {"decoder_attention", "[layers, heads, output tokens, output tokens]",
                           true, true},
    [ATTENTION_CROSS] = {"cross_attention", "[layers, heads, output tokens, tokens]", true, false},
};

static bool read_kind(const Safetensors *file, const char *path, AttentionKind kind, Trace *trace,
                      Error *err)
{
    const char *name = kinds[kind].name;
    Attention *attention = &trace->attention[kind];
    size_t shape[4] = {0};
    const SafeTensor *tensor = safetensors_find(file, name);
    if (tensor == NULL) { return true; }
    if ((kinds[kind].queries_out || kinds[kind].keys_out) && trace->output == NULL) {
        return error_set(err,
                         "%s has a tensor \"%s\", but its metadata has no \"output_tokens\" (a "
                         "JSON array of strings).",
                         path, name);
    }
    if (!read_tensor(file, path, name, kinds[kind].shape, 4, shape, &attention->weights, err)) {
        return false;
    }
    attention->query_tokens = kinds[kind].queries_out ? trace->output : trace->encoding;
    attention->key_tokens = kinds[kind].keys_out ? trace->output : trace->encoding;
    size_t queries = (size_t)attention->query_tokens->count;
    size_t keys = (size_t)attention->key_tokens->count;
    char text[SAFETENSORS_SHAPE_TEXT];
    bool square = kinds[kind].queries_out == kinds[kind].keys_out;
    if (shape[0] > CONFIG_MAX_LAYERS || shape[1] > CONFIG_MAX_HEADS ||
        (square && shape[2] != shape[3])) {
        return error_set(err,
                         "%s: the tensor %s has the shape %s; it must be %s, at most %d layers of "
                         "%d heads.",
                         path, name, safetensors_shape_text(tensor, text), kinds[kind].shape,
                         CONFIG_MAX_LAYERS, CONFIG_MAX_HEADS);
    }
    if (square && shape[2] != queries) {
        return error_set(err, "%s: the attention is between %zu tokens, but \"%s\" has %zu.", path,
                         shape[2], kinds[kind].queries_out ? "output_tokens" : "tokens", queries);
    }
    if (shape[2] != queries || shape[3] != keys) {
        return error_set(err,
                         "%s: the tensor %s is between %zu and %zu tokens, but the file names %zu "
                         "and %zu.",
                         path, name, shape[2], shape[3], queries, keys);
    }
    attention->layers = (int)shape[0];
    attention->heads = (int)shape[1];
    attention->queries = (int)queries;
    attention->keys = (int)keys;
    return true;
}

static bool read_attention(const Safetensors *file, const char *path, Trace *trace, Error *err)
{
    for (int kind = 0; kind < ATTENTION_KINDS; kind++) {
        if (!read_kind(file, path, (AttentionKind)kind, trace, err)) { return false; }
    }
    const Attention *first = &trace->attention[trace_first_kind(trace)];
    if (first->weights == NULL) {
        return error_set(err,
                         "%s is no trace: it has no tensor \"attention\" [layers, heads, tokens, "
                         "tokens].",
                         path);
    }
    trace->layers = first->layers;
    trace->heads = first->heads;
    trace->tokens = trace->encoding->count;
    return true;
}

static bool read_vectors(const Safetensors *file, const char *path, Trace *trace, Error *err)
{
    const struct {
        const char *name;
        float **array;
    } vectors[] = {{"query", &trace->query}, {"key", &trace->key}, {"value", &trace->value}};
    size_t L = (size_t)trace->layers, A = (size_t)trace->heads, T = (size_t)trace->tokens;
    size_t shape[4] = {L, A, T, 0};
    if (trace->attention[ATTENTION_SELF].weights == NULL) { return true; }
    for (size_t i = 0; i < COUNTOF(vectors); i++) {
        if (!read_tensor(file, path, vectors[i].name,
                         "[layers, heads, tokens, size] of attention and the other vectors", 4,
                         shape, vectors[i].array, err)) {
            return false;
        }
    }
    trace->head_size = (int)shape[3];
    size_t hidden[4] = {L + 1, T, 0}, logits[4] = {T, 0};
    if (!read_tensor(file, path, "hidden", "[layers + 1, tokens, size]", 3, hidden, &trace->hidden,
                     err) ||
        !read_tensor(file, path, "logits", "[tokens, vocabulary]", 2, logits, &trace->logits,
                     err)) {
        return false;
    }
    trace->hidden_size = (int)hidden[2];
    trace->vocab_size = (int)logits[1];
    return true;
}

/* Which heads had been switched off, if the file says so. */
static bool read_heads_off(const Safetensors *file, const char *path, Trace *trace, Error *err)
{
    cJSON *array = NULL;
    if (safetensors_metadata(file, "heads_off") == NULL) { return true; }
    if (!read_array(file, path, "heads_off", -1, &array, err)) { return false; }
    trace->heads_off = mem_zero((size_t)trace->layers * (size_t)trace->heads, 1);
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        int layer, head, used = 0;
        ok = cJSON_IsString(item) &&
             sscanf(item->valuestring, "%4d.%4d%n", &layer, &head, &used) == 2 &&
             item->valuestring[used] == '\0' && layer >= 0 && layer < trace->layers && head >= 0 &&
             head < trace->heads;
        if (!ok) {
            error_set(err,
                      "%s: the metadata entry \"heads_off\" must name heads of the trace, "
                      "[\"LAYER.HEAD\"].",
                      path);
            break;
        }
        trace->heads_off[layer * trace->heads + head] = 1;
    }
    cJSON_Delete(array);
    return ok;
}

/* The decoder's tokens, where there is a decoder. */
static bool read_output(const Safetensors *file, const char *path, Trace *trace, Error *err)
{
    if (safetensors_metadata(file, "output_tokens") == NULL) { return true; }
    trace->output = mem_zero(1, sizeof *trace->output);
    if (!read_pieces(file, path, "output_tokens", trace->output, err)) { return false; }
    const char *text = safetensors_metadata(file, "output");
    trace->output->text[0] = text != NULL ? arena_copy_string(&trace->output->arena, text)
                                          : trace_places_lay_out(trace->output, 0);
    trace_places_find(trace->output, 0);
    return true;
}

Trace *trace_file_read(const char *path, Error *err)
{
    /* A pipe would keep us waiting for as long as nobody writes into it. */
    if (!file_is_regular(path)) {
        return file_exists(path)
                   ? (error_set(err, "%s is not a regular file.", path), NULL)
                   : (error_set(err, "%s can't be opened: %s.", path, strerror(errno)), NULL);
    }
    if (trace_import_knows(path)) { return trace_import(path, err); }
    Safetensors *file = safetensors_open(path, err);
    if (file == NULL) { return NULL; }
    Trace *trace = trace_new();
    trace->encoding = mem_zero(1, sizeof *trace->encoding);
    const char *model = safetensors_metadata(file, "model");
    trace->model = mem_copy_string(model != NULL ? model : "");
    trace->file = file;
    bool ok = read_encoding(file, path, trace->encoding, err) &&
              read_output(file, path, trace, err) && read_attention(file, path, trace, err) &&
              read_vectors(file, path, trace, err) && read_heads_off(file, path, trace, err) &&
              trace_check_texts(trace, path, err);
    if (ok) {
        trace_look_over(trace);
        return trace;
    }
    trace_free(trace);
    return NULL;
}
