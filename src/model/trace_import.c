#include "model/trace_import.h"

#include "base/base.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "model/config.h"
#include "model/trace_places.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A number takes about ten bytes here and sixty-four in the parser. */
#define FILE_LIMIT ((size_t)256 << 20)
enum { HEAD_BYTES = 512 };

typedef struct Import {
    const char *path;
    Trace *trace;
    Error *err;
    Buffer note;
} Import;

/* ---- The text of the file ---- */

static const char *skip_blanks(const char *at)
{
    if (strncmp(at, "\xEF\xBB\xBF", 3) == 0) { at += 3; }
    return at + strspn(at, " \t\r\n");
}

bool trace_import_knows(const char *path)
{
    char head[HEAD_BYTES + 1] = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) { return false; }
    size_t length = fread(head, 1, HEAD_BYTES, file);
    fclose(file);
    if (length > 8 && memchr(head, '\0', min_size(length, 8)) != NULL) { return false; }
    char first = *skip_blanks(head);
    return first == '{' || first == '<';
}

/* Python writes NaN and Infinity, which are no JSON: outside of strings they become "", as long. */
static void blank_numbers(char *text, size_t length)
{
    static const char *const words[] = {"NaN", "-Infinity", "Infinity"};
    bool quoted = false;
    for (size_t at = 0; at < length; at++) {
        if (text[at] == '\\' && quoted) {
            at++;
        } else if (text[at] == '"') {
            quoted = !quoted;
        } else if (!quoted && (text[at] == 'N' || text[at] == '-' || text[at] == 'I')) {
            for (size_t i = 0; i < COUNTOF(words); i++) {
                size_t size = strlen(words[i]);
                if (length - at < size || memcmp(text + at, words[i], size) != 0) { continue; }
                memset(text + at, ' ', size);
                text[at] = text[at + 1] = '"';
                at += size - 1;
                break;
            }
        }
    }
}

/* The first object in the text that follows one of the marks at which BertViz puts its data. The page
 * holds everything twice, the second time in a comment. */
static const char *find_parameters(const char *text)
{
    static const char *const marks[] = {"params = ", "const params=", "PYTHON_PARAMS = "};
    for (size_t i = 0; i < COUNTOF(marks); i++) {
        const char *at = text;
        while ((at = strstr(at, marks[i])) != NULL) {
            at += strlen(marks[i]);
            if (*skip_blanks(at) == '{') { return skip_blanks(at); }
        }
    }
    return NULL;
}

static cJSON *parse(const Import *in, Buffer *text)
{
    const char *start = skip_blanks(text->length > 0 ? text->bytes : "");
    if (strlen(text->bytes) < text->length || /* a NUL would hide what is behind it */
        unicode_valid_prefix(text->bytes, text->length) < text->length) {
        error_set(in->err, "%s is not valid UTF-8 text.", in->path);
        return NULL;
    }
    if (*start == '<' && (start = find_parameters(start)) == NULL) {
        error_set(in->err, "%s is a web page, but none that BertViz saved: it has no \"params\".",
                  in->path);
        return NULL;
    }
    size_t before = (size_t)(start - text->bytes);
    blank_numbers(text->bytes + before, text->length - before);
    if (!json_fits(start, text->length - before, in->path, in->err)) { return NULL; }
    cJSON *json = cJSON_ParseWithLengthOpts(start, text->length - before, NULL, 0);
    if (json == NULL) {
        error_set(in->err, "%s is broken: its JSON can't be read.", in->path);
    } else if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        json = NULL;
        error_set(in->err, "%s is no trace: it is no JSON object.", in->path);
    }
    return json;
}

/* ---- Tokens ---- */

static bool ends_with_mark(const char *piece)
{
    size_t length = strlen(piece);
    return length > 1 && piece[length - 1] == '_';
}

static bool all_words_marked(const cJSON *array)
{
    const cJSON *item;
    int marked = 0, count = 0;
    cJSON_ArrayForEach(item, array)
    {
        count++;
        marked += cJSON_IsString(item) && ends_with_mark(item->valuestring);
    }
    return count > 0 && 2 * marked >= count;
}

/* BertViz writes a blank for the mark that begins a word; Tensor2Tensor puts "_" behind one. Both
 * become the mark of byte-level pieces, which the rest of the program knows. */
static const char *name_piece(Encoding *encoding, const char *piece, bool behind, bool begins)
{
    if (behind) {
        size_t length = strlen(piece) - (ends_with_mark(piece) ? 1 : 0);
        return arena_format(&encoding->arena, "%s%.*s", begins ? "\u0120" : "", (int)length, piece);
    }
    if (piece[0] == ' ' && piece[1] != '\0') {
        return arena_format(&encoding->arena, "\u0120%s", piece + 1);
    }
    return arena_copy_string(&encoding->arena, piece);
}

/* Tokens of an array of strings, and `more` without a name behind them. NULL with a sentence. */
static Encoding *read_tokens(Import *in, const cJSON *array, int more)
{
    int count = cJSON_GetArraySize(array);
    if (!cJSON_IsArray(array) || count < 1 || count + more > CONFIG_MAX_POSITIONS) {
        error_set(in->err, "%s: a list of tokens must have 1 to %d strings.", in->path,
                  CONFIG_MAX_POSITIONS);
        return NULL;
    }
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->tokens =
        arena_alloc(&encoding->arena, (size_t)count + (size_t)more, sizeof *encoding->tokens);
    bool behind = all_words_marked(array), begins = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item)) {
            error_set(in->err, "%s: token %d is not a string.", in->path, encoding->count);
            encoding_free(encoding);
            return NULL;
        }
        const char *piece = name_piece(encoding, item->valuestring, behind, begins);
        encoding->tokens[encoding->count++] =
            (Token){.piece = piece, .id = -1, .special = trace_places_is_special(piece)};
        begins = ends_with_mark(item->valuestring);
    }
    for (int i = 0; i < more; i++) {
        encoding->tokens[encoding->count] = (Token){
            .piece = arena_format(&encoding->arena, "(%d)", encoding->count),
            .id = -1,
            .special = true,
        };
        encoding->count++;
    }
    return encoding;
}

static void place_tokens(Encoding *encoding)
{
    for (int side = 0; side < 2; side++) {
        bool there = side == 0;
        for (int i = 0; i < encoding->count; i++) { there |= encoding->tokens[i].side == side; }
        if (!there) { continue; }
        encoding->text[side] = trace_places_lay_out(encoding, side);
        trace_places_find(encoding, side);
    }
}

static bool same_pieces(const Encoding *a, const Encoding *b)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++) {
        same = strcmp(a->tokens[i].piece, b->tokens[i].piece) == 0;
    }
    return same;
}

/* ---- Weights ---- */

/* The lengths of nested lists, by their first items. False when they are not `rank` deep. */
static bool read_shape(const cJSON *list, int rank, int *shape)
{
    for (int i = 0; i < rank; i++) {
        if (!cJSON_IsArray(list) || list->child == NULL) { return false; }
        shape[i] = cJSON_GetArraySize(list);
        list = list->child;
    }
    return !cJSON_IsArray(list);
}

/* Numbers of nested lists of that shape; anything else but a number is missing. False when a list has
 * another length than the first of its kind. */
static bool read_nested(const cJSON *list, int rank, const int *shape, float **at)
{
    if (!cJSON_IsArray(list)) { return false; }
    int count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (++count > shape[0]) { return false; }
        if (rank > 1) {
            if (!read_nested(item, rank - 1, shape + 1, at)) { return false; }
        } else {
            *(*at)++ = cJSON_IsNumber(item) ? (float)item->valuedouble : NAN;
        }
    }
    return count == shape[0];
}

/* [rank] nested lists as one array; NULL with a sentence. */
static float *read_numbers(Import *in, const cJSON *list, const char *name, const char *meaning,
                           int *shape)
{
    if (!read_shape(list, 4, shape)) {
        error_set(in->err, "%s: \"%s\" must be four lists inside each other: %s.", in->path, name,
                  meaning);
        return NULL;
    }
    if (shape[0] > CONFIG_MAX_LAYERS || shape[1] > CONFIG_MAX_HEADS ||
        shape[2] > CONFIG_MAX_POSITIONS || shape[3] > CONFIG_MAX_POSITIONS) {
        error_set(in->err,
                  "%s: \"%s\" has the shape [%d, %d, %d, %d], more than %d layers of %d "
                  "heads or %d tokens.",
                  in->path, name, shape[0], shape[1], shape[2], shape[3], CONFIG_MAX_LAYERS,
                  CONFIG_MAX_HEADS, CONFIG_MAX_POSITIONS);
        return NULL;
    }
    size_t count = (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2] * (size_t)shape[3];
    /* The lists are ragged where they do not hold as many numbers as the first ones promise. */
    float *numbers = mem_try_aligned(count, sizeof *numbers), *at = numbers;
    if (numbers == NULL) {
        error_set(in->err, "%s: \"%s\" would take %.1f GB, more than there is memory.", in->path,
                  name, (double)count * sizeof *numbers / 1e9);
        return NULL;
    }
    if (!read_nested(list, 4, shape, &at)) {
        error_set(in->err, "%s: the lists in \"%s\" are not all as long as the first ones: %s.",
                  in->path, name, meaning);
        free(numbers);
        return NULL;
    }
    return numbers;
}

static const cJSON *get(const cJSON *object, const char *a, const char *b, const char *c)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, a);
    if (found == NULL) { found = cJSON_GetObjectItemCaseSensitive(object, b); }
    if (found == NULL && c != NULL) { found = cJSON_GetObjectItemCaseSensitive(object, c); }
    return found;
}

/* One set of weights with its tokens. `encoder` and `decoder` get the tokens if they have none yet. */
static bool read_kind(Import *in, const cJSON *entry, AttentionKind kind, bool upside_down)
{
    static const char meaning[] = "[layer][head][query][key]";
    Trace *trace = in->trace;
    const cJSON *left = get(entry, "left_text", "top_text", "tokens");
    const cJSON *right = get(entry, "right_text", "bot_text", "tokens");
    if (upside_down) { /* Tensor2Tensor draws those that are looked at on top */
        const cJSON *swap = left;
        left = right;
        right = swap;
    }
    int shape[4];
    float *weights =
        read_numbers(in, get(entry, "attn", "att", "attention"), "attn", meaning, shape);
    if (weights == NULL) { return false; }
    Attention *a = &trace->attention[kind];
    a->weights = weights;
    a->layers = shape[0];
    a->heads = shape[1];
    a->queries = shape[2];
    a->keys = shape[3];
    int names[2] = {cJSON_GetArraySize(left), cJSON_GetArraySize(right)};
    /* One position more than names: the end of the text, which Tensor2Tensor does not name. */
    int more[2] = {a->queries - names[0], a->keys - names[1]};
    if (more[0] < 0 || more[0] > 1 || more[1] < 0 || more[1] > 1) {
        return error_set(in->err,
                         "%s: the attention is between %d and %d tokens, but %d and %d are named.",
                         in->path, a->queries, a->keys, names[0], names[1]);
    }
    Encoding **query_home = kind == ATTENTION_SELF ? &trace->encoding : &trace->output;
    Encoding **key_home = kind == ATTENTION_DECODER ? &trace->output : &trace->encoding;
    Encoding **homes[2] = {query_home, key_home};
    for (int i = 0; i < 2; i++) {
        Encoding *tokens = read_tokens(in, i == 0 ? left : right, more[i]);
        if (tokens == NULL) { return false; }
        bool taken = *homes[i] != NULL, same = !taken || same_pieces(*homes[i], tokens);
        if (taken) {
            encoding_free(tokens);
        } else {
            *homes[i] = tokens;
        }
        if (!same) {
            return error_set(in->err, "%s: its kinds of attention are about different tokens.",
                             in->path);
        }
        if (more[i] > 0 && !taken) {
            buffer_format(&in->note, "Position %d of the %s has no name in the file. ",
                          (*homes[i])->count - 1, homes[i] == &trace->output ? "output" : "text");
        }
    }
    a->query_tokens = *query_home;
    a->key_tokens = *key_home;
    return true;
}

/* ---- Layouts ---- */

/* Which kind a name means; -1: none that is needed, the blocks of a pair among them. */
static int kind_of(const char *name)
{
    static const struct {
        const char *name;
        AttentionKind kind;
    } names[] = {{"", ATTENTION_SELF},           {"all", ATTENTION_SELF},
                 {"encoder", ATTENTION_SELF},    {"inp_inp", ATTENTION_SELF},
                 {"decoder", ATTENTION_DECODER}, {"out_out", ATTENTION_DECODER},
                 {"cross", ATTENTION_CROSS},     {"inp_out", ATTENTION_CROSS}};
    for (size_t i = 0; i < COUNTOF(names); i++) {
        if (strcasecmp(name, names[i].name) == 0) { return (int)names[i].kind; }
    }
    return -1;
}

static const char *name_of(const cJSON *entry)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(entry, "name");
    return cJSON_IsString(name) ? name->valuestring : entry->string != NULL ? entry->string : "";
}

/* Where the second sentence begins: the block A to A has the tokens of the first. */
static void split_pair(Import *in, const cJSON *set)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, set)
    {
        const char *name = name_of(entry);
        bool first = strcmp(name, "aa") == 0 || strcmp(name, "Sentence A -> Sentence A") == 0;
        const cJSON *tokens = get(entry, "left_text", "top_text", NULL);
        if (!first || !cJSON_IsArray(tokens)) { continue; }
        for (int i = cJSON_GetArraySize(tokens); i < in->trace->encoding->count; i++) {
            in->trace->encoding->tokens[i].side = 1;
        }
    }
}

/* Everything in a list or object of entries; a dump of Tensor2Tensor has "all" beside its parts. */
static bool read_entries(Import *in, const cJSON *set, bool parts)
{
    const cJSON *entry;
    /* The encoder first, so that its tokens are there for the others. */
    for (int kind = 0; kind < ATTENTION_KINDS; kind++) {
        cJSON_ArrayForEach(entry, set)
        {
            const char *name = name_of(entry);
            if (!cJSON_IsObject(entry) || kind_of(name) != kind ||
                (parts && strcmp(name, "all") == 0) || in->trace->attention[kind].weights != NULL) {
                continue;
            }
            bool upside_down = strcmp(name, "inp_out") == 0;
            if (!read_kind(in, entry, (AttentionKind)kind, upside_down)) { return false; }
        }
    }
    /* A decoder alone: its tokens are the text. */
    Trace *trace = in->trace;
    Attention *decoder = &trace->attention[ATTENTION_DECODER];
    if (trace->encoding == NULL && trace->output != NULL) {
        trace->encoding = trace->output;
        trace->output = NULL;
        trace->attention[ATTENTION_SELF] = *decoder;
        *decoder = (Attention){0};
    }
    if (trace->encoding != NULL) { split_pair(in, set); }
    return true;
}

/* The neuron view's queries and keys [layer][head][token][size]. */
static bool read_vectors(Import *in, const cJSON *object)
{
    static const char meaning[] = "[layer][head][token][size]";
    const struct {
        const char *name;
        float **array;
    } vectors[] = {
        {"queries", &in->trace->query}, {"keys", &in->trace->key}, {"values", &in->trace->value}};
    const Attention *a = &in->trace->attention[ATTENTION_SELF];
    for (size_t i = 0; i < COUNTOF(vectors); i++) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, vectors[i].name);
        int shape[4];
        if (list == NULL || cJSON_IsNull(list)) { continue; }
        *vectors[i].array = read_numbers(in, list, vectors[i].name, meaning, shape);
        if (*vectors[i].array == NULL) { return false; }
        if (shape[0] != a->layers || shape[1] != a->heads || shape[2] != a->queries ||
            a->queries != a->keys ||
            (in->trace->head_size != 0 && in->trace->head_size != shape[3])) {
            return error_set(in->err,
                             "%s: \"%s\" does not fit the attention: it has the shape "
                             "[%d, %d, %d, %d].",
                             in->path, vectors[i].name, shape[0], shape[1], shape[2], shape[3]);
        }
        in->trace->head_size = shape[3];
    }
    return true;
}

/* Which layers of the model these are, where it is a part of them. */
static void note_layers(Import *in, const cJSON *json)
{
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(json, "include_layers"), *item;
    int count = 0, last = -1;
    Buffer names = {0};
    cJSON_ArrayForEach(item, layers)
    {
        if (!cJSON_IsNumber(item)) { continue; }
        if (count == CONFIG_MAX_LAYERS) { break; } /* a trace has no more */
        buffer_format(&names, "%s%d", count++ > 0 ? ", " : "", item->valueint);
        last = item->valueint;
    }
    if (count > 0 && last != count - 1) {
        buffer_format(&in->note, "These are layers %s of the model, here counted from 0. ",
                      names.bytes);
    }
    buffer_free(&names);
}

static bool read_object(Import *in, const cJSON *json)
{
    const cJSON *attention = cJSON_GetObjectItemCaseSensitive(json, "attention");
    const cJSON *source = attention != NULL ? attention : json;
    bool ours = attention != NULL && cJSON_IsArray(attention) && cJSON_IsArray(attention->child);
    bool flat = attention == NULL && get(json, "att", "attn", NULL) != NULL;
    bool ok;
    if (ours || flat) {
        ok = read_kind(in, json, ATTENTION_SELF, false) && read_vectors(in, json);
    } else {
        ok = read_entries(in, source, attention == NULL && cJSON_HasObjectItem(json, "inp_inp"));
        const cJSON *all = cJSON_GetObjectItemCaseSensitive(source, "all");
        if (ok && in->trace->attention[ATTENTION_SELF].weights != NULL) {
            ok = read_vectors(in, all != NULL ? all : json);
        }
    }
    if (ok && in->trace->encoding == NULL) {
        ok = error_set(in->err,
                       "%s is no trace: it is JSON, but holds no attention as BertViz, "
                       "Tensor2Tensor or Headlight save it.",
                       in->path);
    }
    if (ok) { note_layers(in, json); }
    return ok;
}

static void finish(Import *in, const cJSON *json)
{
    Trace *trace = in->trace;
    const Attention *first = &trace->attention[trace_first_kind(trace)];
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(json, "model");
    const char *slash = strrchr(in->path, '/');
    const char *name = cJSON_IsString(model) ? model->valuestring
                       : slash != NULL       ? slash + 1
                                             : in->path;
    trace->model = unicode_repair_string(name);
    trace->layers = first->layers;
    trace->heads = first->heads;
    trace->tokens = trace->encoding->count;
    place_tokens(trace->encoding);
    if (trace->output != NULL) { place_tokens(trace->output); }
    trace->note = in->note.length > 0 ? mem_copy_string(in->note.bytes) : NULL;
    trace_look_over(trace);
}

Trace *trace_import(const char *path, Error *err)
{
    Buffer text = {0};
    buffer_add(&text, "", 0);
    Import in = {.path = path, .err = err, .trace = trace_new()};
    cJSON *json = file_read(path, FILE_LIMIT, &text, err) ? parse(&in, &text) : NULL;
    buffer_free(&text);
    bool ok = json != NULL && read_object(&in, json);
    if (ok) { finish(&in, json); }
    ok = ok && trace_check_texts(in.trace, path, err);
    cJSON_Delete(json);
    buffer_free(&in.note);
    if (ok) { return in.trace; }
    trace_free(in.trace);
    return NULL;
}
