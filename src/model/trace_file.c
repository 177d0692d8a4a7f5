#include "model/trace_file.h"

#include "base/base.h"
#include "base/memory.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/trace_places.h"

#include <cjson/cJSON.h>
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

static bool is_special_piece(const char *piece)
{
    static const char *const special[] = {"[CLS]", "[SEP]", "[PAD]", "<s>", "</s>", "<pad>"};
    for (size_t i = 0; i < COUNTOF(special); i++) {
        if (strcmp(piece, special[i]) == 0) { return true; }
    }
    return false;
}

static bool read_pieces(const Safetensors *file, const char *path, Encoding *encoding, Error *err)
{
    cJSON *array;
    if (!read_array(file, path, "tokens", -1, &array, err)) { return false; }
    int count = cJSON_GetArraySize(array);
    if (count < 1 || count > CONFIG_MAX_POSITIONS) {
        cJSON_Delete(array);
        return error_set(err,
                         "%s: the metadata entry \"tokens\" must be a JSON array of 1 to %d "
                         "strings.",
                         path, CONFIG_MAX_POSITIONS);
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
            .special = is_special_piece(piece),
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
    if (!read_pieces(file, path, encoding, err) || !read_fields(file, path, encoding, err)) {
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
    *out = mem_try_aligned(tensor->count, sizeof **out);
    if (*out == NULL) {
        return error_set(err, "%s: the tensor %s would take %.1f GB, more than there is memory.",
                         path, name, (double)tensor->count * sizeof **out / 1e9);
    }
    safetensors_to_floats(tensor, *out);
    memcpy(shape, found, sizeof found);
    return true;
}

static bool read_attention(const Safetensors *file, const char *path, Trace *trace, Error *err)
{
    const SafeTensor *tensor = safetensors_find(file, "attention");
    Attention *attention = &trace->attention[ATTENTION_SELF];
    size_t shape[4] = {0};
    if (tensor == NULL) {
        return error_set(err,
                         "%s is no trace: it has no tensor \"attention\" [layers, heads, "
                         "tokens, tokens].",
                         path);
    }
    if (!read_tensor(file, path, "attention", "[layers, heads, tokens, tokens]", 4, shape,
                     &attention->weights, err)) {
        return false;
    }
    size_t tokens = (size_t)trace->encoding->count;
    if (shape[2] != shape[3] || shape[0] > CONFIG_MAX_LAYERS || shape[1] > CONFIG_MAX_HEADS) {
        char text[SAFETENSORS_SHAPE_TEXT];
        return error_set(err,
                         "%s: the tensor attention has the shape %s; it must be [layers, "
                         "heads, tokens, tokens], at most %d layers of %d heads.",
                         path, safetensors_shape_text(tensor, text), CONFIG_MAX_LAYERS,
                         CONFIG_MAX_HEADS);
    }
    if (shape[2] != tokens) {
        return error_set(err, "%s: the attention is between %zu tokens, but \"tokens\" has %zu.",
                         path, shape[2], tokens);
    }
    trace->layers = attention->layers = (int)shape[0];
    trace->heads = attention->heads = (int)shape[1];
    trace->tokens = attention->queries = attention->keys = (int)tokens;
    attention->query_tokens = attention->key_tokens = trace->encoding;
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

Trace *trace_file_read(const char *path, Error *err)
{
    Safetensors *file = safetensors_open(path, err);
    if (file == NULL) { return NULL; }
    Trace *trace = trace_new();
    trace->encoding = mem_zero(1, sizeof *trace->encoding);
    const char *model = safetensors_metadata(file, "model");
    trace->model = mem_copy_string(model != NULL ? model : "");
    /* cross_attention and decoder_attention may be there too: nothing reads them yet. */
    bool ok = read_encoding(file, path, trace->encoding, err) &&
              read_attention(file, path, trace, err) && read_vectors(file, path, trace, err) &&
              read_heads_off(file, path, trace, err);
    safetensors_free(file);
    if (ok) { return trace; }
    trace_free(trace);
    return NULL;
}

/* ---- Writing ---- */

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
    SafeTensor tensors[6];
    size_t count = 0;
    add_tensor(tensors, &count, "attention", weights, 4, L, A, T, T);
    add_tensor(tensors, &count, "query", trace->query, 4, L, A, T, d);
    add_tensor(tensors, &count, "key", trace->key, 4, L, A, T, d);
    add_tensor(tensors, &count, "value", trace->value, 4, L, A, T, d);
    add_tensor(tensors, &count, "hidden", trace->hidden, 3, L + 1, T, H, 1);
    add_tensor(tensors, &count, "logits", trace->logits, 2, T, (size_t)trace->vocab_size, 1, 1);

    Buffer fields[FIELDS] = {0};
    Buffer off = {0};
    add_heads_off(trace, &off);
    SafeMetadata metadata[FIELDS + 5] = {{"headlight", TRACE_FILE_VERSION},
                                         {"model", trace->model},
                                         {"text", encoding->text[0]},
                                         {"pair", encoding->text[1]}};
    for (int i = 0; i < FIELDS; i++) {
        add_field(encoding, (TokenField)i, &fields[i]);
        metadata[4 + i] = (SafeMetadata){field_keys[i], fields[i].bytes};
    }
    metadata[FIELDS + 4] = (SafeMetadata){"heads_off", off.bytes};
    safetensors_write(tensors, count, metadata, COUNTOF(metadata), out);
    buffer_free(&off);
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
