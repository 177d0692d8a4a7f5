#include "model/trace_file.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "model/config.h"
#include "model/safetensors.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SKIP 128 /* code points between two tokens that no token stands for */

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

/* The part of a piece that stands in the text: without the marks by which tokenizers say that it
 * continues a word ("##" of WordPiece) or starts one (U+0120 of BPE, U+2581 of SentencePiece). */
static const char *bare_piece(const char *piece)
{
    static const char *const marks[] = {"##", "\xC4\xA0", "\xE2\x96\x81"};
    for (size_t i = 0; i < COUNTOF(marks); i++) {
        size_t length = strlen(marks[i]);
        bool marked = strncmp(piece, marks[i], length) == 0;
        if (marked && piece[length] != '\0') { return piece + length; }
    }
    return piece;
}

static bool continues_word(const Token *token) { return strncmp(token->piece, "##", 2) == 0; }

/* ---- Reading: where the tokens are in the text ---- */

/* A text read as lower-case base letters without accents: so pieces of a lower-casing tokenizer
 * are found in the text as it was typed. */
typedef struct Folded {
    const char *text;
    size_t length, at;  /* `at`: the next byte that was not decoded yet */
    uint32_t codes[54]; /* 18 code points of a decomposition, each up to 3 in lower case */
    int count, next;    /* codes[next..count) were not given out yet */
} Folded;

/* Decodes one character into `codes`: none when it is a combining mark. */
static void fold_character(Folded *folded)
{
    uint32_t code, parts[18], lower[3];
    folded->at += unicode_decode(folded->text + folded->at, folded->length - folded->at, &code);
    folded->count = folded->next = 0;
    int part_count = unicode_decompose(code, parts);
    for (int i = 0; i < part_count; i++) {
        if (unicode_is_mark(parts[i])) { continue; }
        int lower_count = unicode_lower(parts[i], lower);
        for (int k = 0; k < lower_count; k++) { folded->codes[folded->count++] = lower[k]; }
    }
}

/* The next code point, 0 at the end. */
static uint32_t next_folded(Folded *folded)
{
    while (folded->next == folded->count) {
        if (folded->at >= folded->length) { return 0; }
        fold_character(folded);
    }
    return folded->codes[folded->next++];
}

/* The end of `piece` when it stands at text[at], else `at`. */
static size_t match_piece(const char *text, size_t length, size_t at, const char *piece)
{
    Folded here = {.text = text, .length = length, .at = at};
    Folded wanted = {.text = piece, .length = strlen(piece)};
    uint32_t code;
    while ((code = next_folded(&wanted)) != 0) {
        if (next_folded(&here) != code) { return at; }
    }
    if (here.next != here.count) { return at; } /* ends within a character such as a ligature */
    return here.at;
}

/* The end of the word that an unknown token stands for: a run of letters, or one sign. */
static size_t word_end(const char *text, size_t length, size_t at)
{
    size_t end = at;
    while (end < length) {
        uint32_t code;
        size_t bytes = unicode_decode(text + end, length - end, &code);
        bool sign = unicode_is_punctuation(code);
        if (unicode_is_space(code) || (sign && end > at)) { break; }
        end += bytes;
        if (sign) { break; }
    }
    return end;
}

/* Sets start and end of one token at or after text[at]; both at `at` when it is not found. */
static void place_token(const char *text, size_t length, size_t at, Token *token)
{
    const char *piece = bare_piece(token->piece);
    bool unknown = strcmp(piece, "[UNK]") == 0 || strcmp(piece, "<unk>") == 0;
    size_t start = at, end = at;
    for (int skipped = 0; start < length && skipped < MAX_SKIP; skipped++) {
        uint32_t code;
        size_t bytes = unicode_decode(text + start, length - start, &code);
        end = match_piece(text, length, start, piece);
        if (end == start && unknown && !unicode_is_space(code)) {
            end = word_end(text, length, start);
        }
        if (end > start) { break; }
        start += bytes;
    }
    bool found = end > start;
    token->start = (int)(found ? start : at);
    token->end = (int)(found ? end : at);
}

/* Without a source text: the tokens one after another, which is a text as good as any. */
static const char *lay_out_text(Encoding *encoding, int side)
{
    Buffer text = {0};
    for (int i = 0; i < encoding->count; i++) {
        const Token *token = &encoding->tokens[i];
        if (token->side != side || token->special) { continue; }
        if (text.length > 0 && !continues_word(token)) { buffer_add_string(&text, " "); }
        buffer_add_string(&text, bare_piece(token->piece));
    }
    const char *copy = arena_copy(&encoding->arena, text.bytes, text.length);
    buffer_free(&text);
    return copy;
}

/* Start, end and word of every token of one side. */
static void place_tokens(Encoding *encoding, int side)
{
    const char *text = encoding->text[side];
    size_t length = strlen(text), at = 0;
    int word = -1;
    for (int i = 0; i < encoding->count; i++) {
        Token *token = &encoding->tokens[i];
        if (token->side != side) { continue; }
        token->start = token->end = (int)at;
        token->word = -1;
        if (token->special) { continue; }
        place_token(text, length, at, token);
        at = (size_t)token->end;
        if (!continues_word(token) || word < 0) { word++; }
        token->word = word;
    }
}

/* Is text[at] the start of a character, or the end of the text? */
static bool is_boundary(const char *text, int at)
{
    return (size_t)at <= strlen(text) && ((unsigned char)text[at] & 0xC0) != 0x80;
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
    for (int i = 0; i < count; i++) {
        Token *token = &encoding->tokens[i];
        const char *text = encoding->text[token->side];
        if (starts[i] > ends[i] || !is_boundary(text, ends[i]) || !is_boundary(text, starts[i])) {
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
            encoding->text[side] = lay_out_text(encoding, side);
        }
        if (encoding->text[side] != NULL) { place_tokens(encoding, side); }
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
              read_attention(file, path, trace, err) && read_vectors(file, path, trace, err);
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
    SafeMetadata metadata[FIELDS + 4] = {{"headlight", TRACE_FILE_VERSION},
                                         {"model", trace->model},
                                         {"text", encoding->text[0]},
                                         {"pair", encoding->text[1]}};
    for (int i = 0; i < FIELDS; i++) {
        add_field(encoding, (TokenField)i, &fields[i]);
        metadata[4 + i] = (SafeMetadata){field_keys[i], fields[i].bytes};
    }
    safetensors_write(tensors, count, metadata, COUNTOF(metadata), out);
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
