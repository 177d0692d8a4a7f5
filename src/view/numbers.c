#include "view/numbers.h"

#include "analysis/align.h"
#include "analysis/links.h"
#include "analysis/rollout.h"
#include "base/base.h"
#include "base/memory.h"
#include "view/parts.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* More would be files of gigabytes that no spreadsheet opens. */
#define MOST_WEIGHTS ((size_t)40 << 20)
/* What a weight takes while it is written: a line of about 40 bytes, in a buffer that doubles. */
enum { TEXT_BYTES = 96, SMALL = 1 << 20 };

/* ---- CSV (RFC 4180, with line feeds) ---- */

static void csv_field(const char *text, Buffer *out)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        buffer_add_string(out, text);
        return;
    }
    buffer_add_string(out, "\"");
    for (; *text != '\0'; text++) {
        buffer_add(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    }
    buffer_add_string(out, "\"");
}

static void csv_begin(const Trace *trace, const ViewState *state, Buffer *out)
{
    (void)trace, (void)state;
    buffer_add_string(out, "what,layer,head,query,query_token,key,key_token,weight\n");
}

static void csv_index(int index, Buffer *out)
{
    if (index >= 0) { buffer_format(out, "%d", index); }
    buffer_add_string(out, ",");
}

/* Of a million lines all begin and most go on alike: only the weight is formatted for each. */
static void csv_add(const NumberMatrix *matrix, int index, Buffer *out)
{
    (void)index;
    Buffer start = {0}, keys = {0};
    size_t *ends = mem_alloc((size_t)matrix->keys, sizeof *ends);
    for (int key = 0; key < matrix->keys; key++) {
        csv_index(matrix->key_index[key], &keys);
        csv_field(parts_token_text(matrix->key[key]), &keys);
        ends[key] = keys.length;
    }
    for (int query = 0; query < matrix->queries; query++) {
        buffer_clear(&start);
        buffer_format(&start, "%s,", matrix->name);
        csv_index(matrix->layer, &start);
        csv_index(matrix->head, &start);
        csv_index(matrix->query_index[query], &start);
        csv_field(parts_token_text(matrix->query[query]), &start);
        buffer_add_string(&start, ",");
        for (int key = 0; key < matrix->keys; key++) {
            float weight = matrix->weights[(size_t)query * (size_t)matrix->keys + (size_t)key];
            size_t from = key > 0 ? ends[key - 1] : 0;
            buffer_add(out, start.bytes, start.length);
            buffer_add(out, keys.bytes + from, ends[key] - from);
            if (isfinite(weight)) {
                buffer_format(out, ",%.6f\n", (double)weight);
            } else {
                buffer_add_string(out, ",\n");
            }
        }
    }
    buffer_free(&start);
    buffer_free(&keys);
    free(ends);
}

static void csv_end(Buffer *out) { (void)out; }

/* ---- JSON ---- */

static void json_begin(const Trace *trace, const ViewState *state, Buffer *out)
{
    const Encoding *text = trace->encoding;
    buffer_add_string(out, "{\"headlight\": \"" HEADLIGHT_VERSION "\", \"model\": ");
    buffer_add_json_string(out, trace->model != NULL ? trace->model : "");
    buffer_add_string(out, ", \"text\": ");
    buffer_add_json_string(out, text->text[0] != NULL ? text->text[0] : "");
    if (text->text[1] != NULL) {
        buffer_add_string(out, ", \"pair\": ");
        buffer_add_json_string(out, text->text[1]);
    }
    buffer_format(out, ", \"view\": \"%s\", \"matrices\": [", view_table[state->view].name);
}

static void json_tokens(const char *name, const Token **tokens, int count, Buffer *out)
{
    buffer_format(out, "\"%s\": [", name);
    for (int i = 0; i < count; i++) {
        if (i > 0) { buffer_add_string(out, ", "); }
        buffer_add_json_string(out, parts_token_text(tokens[i]));
    }
    buffer_add_string(out, "], ");
}

static void json_index(const char *name, int index, Buffer *out)
{
    if (index >= 0) { buffer_format(out, "\"%s\": %d, ", name, index); }
}

static void json_add(const NumberMatrix *matrix, int index, Buffer *out)
{
    buffer_format(out, "%s\n {\"what\": \"%s\", ", index > 0 ? "," : "", matrix->name);
    json_index("layer", matrix->layer, out);
    json_index("head", matrix->head, out);
    json_tokens("queries", matrix->query, matrix->queries, out);
    json_tokens("keys", matrix->key, matrix->keys, out);
    buffer_add_string(out, "\"weights\": [");
    for (int query = 0; query < matrix->queries; query++) {
        buffer_add_string(out, query > 0 ? ",\n  [" : "\n  [");
        for (int key = 0; key < matrix->keys; key++) {
            float weight = matrix->weights[(size_t)query * (size_t)matrix->keys + (size_t)key];
            const char *comma = key > 0 ? ", " : "";
            if (isfinite(weight)) {
                buffer_format(out, "%s%.6f", comma, (double)weight);
            } else {
                buffer_format(out, "%snull", comma);
            }
        }
        buffer_add_string(out, "]");
    }
    buffer_add_string(out, "]}");
}

static void json_end(Buffer *out) { buffer_add_string(out, "]}\n"); }

const NumberFormat number_formats[] = {
    {"csv", "the numbers, a line each, for spreadsheets", csv_begin, csv_add, csv_end},
    {"json", "the numbers as matrices, for programs", json_begin, json_add, json_end},
    {0},
};

const NumberFormat *numbers_find(const char *extension)
{
    for (const NumberFormat *format = number_formats; format->extension != NULL; format++) {
        if (strcasecmp(extension, format->extension) == 0) { return format; }
    }
    return NULL;
}

/* ---- What a view shows ---- */

typedef struct Numbers {
    const Trace *trace;
    const ViewState *state;
    const NumberFormat *format;
    Buffer *out;
    Error *err;
    Arena *arena;
    Slice slice;
    float *weights; /* [queries, keys] of the slice */
    NumberMatrix matrix;
    Progress *progress;
    int written, most; /* matrices */
} Numbers;

static bool write_matrix(Numbers *n, const char *name, int layer, int head)
{
    if (progress_stopped(n->progress)) {
        return error_set(n->err, "The numbers were not finished.");
    }
    n->matrix.name = name;
    n->matrix.layer = layer;
    n->matrix.head = head;
    n->format->add(&n->matrix, n->written++, n->out);
    progress_set(n->progress, (int)((int64_t)PROGRESS_DONE * n->written / max_int(n->most, 1)));
    return true;
}

static const Token **token_list(Arena *arena, int count)
{
    return arena_alloc(arena, (size_t)count, sizeof(void *));
}

/* Rows and columns of the slice; false when there would be too many weights in `count` matrices. */
static bool take_slice(Numbers *n, Slice slice, size_t count)
{
    size_t cells = (size_t)slice.queries * (size_t)slice.keys;
    if (cells * count > MOST_WEIGHTS) {
        return error_set(n->err,
                         "%zu weights are too many for one file; choose fewer heads, layers or "
                         "tokens, or use `headlight dump`.",
                         cells * count);
    }
    size_t need = cells * count * TEXT_BYTES;
    if (need > SMALL && need > mem_available()) {
        char wanted[MEM_SIZE_TEXT], there[MEM_SIZE_TEXT];
        return error_set(n->err,
                         "%zu weights would take %s, but only %s of memory are free; choose fewer "
                         "heads, layers or tokens.",
                         cells * count, mem_size_text((double)need, wanted),
                         mem_size_text((double)mem_available(), there));
    }
    n->slice = slice;
    n->most = (int)min_size(count, INT_MAX);
    n->weights = arena_alloc(n->arena, cells, sizeof *n->weights);
    const Token **query = token_list(n->arena, slice.queries);
    const Token **key = token_list(n->arena, slice.keys);
    for (int i = 0; i < slice.queries; i++) { query[i] = slice_query(&n->slice, i); }
    for (int i = 0; i < slice.keys; i++) { key[i] = slice_key(&n->slice, i); }
    n->matrix = (NumberMatrix){.queries = slice.queries,
                               .keys = slice.keys,
                               .query = query,
                               .key = key,
                               .query_index = slice.query_index,
                               .key_index = slice.key_index,
                               .weights = n->weights};
    return true;
}

/* Lines and heatmaps: the chosen heads of the layer, each or as one. */
static bool write_heads(Numbers *n)
{
    const ViewState *state = n->state;
    bool lines = view_table[state->view].draw == view_head_draw;
    if (!take_slice(n, parts_slice(n->trace, state, n->arena),
                    (size_t)headset_count(&state->heads))) {
        return false;
    }
    int heads = n->trace->attention[state->attention].heads;
    for (int head = headset_next(&state->heads, -1); head >= 0 && head < heads;
         head = headset_next(&state->heads, head)) {
        bool combined = parts_is_combined(state);
        if (combined) {
            slice_combine(&n->slice, state->layer, &state->heads, state->combine, n->weights);
        } else {
            slice_weights(&n->slice, state->layer, head, n->weights);
        }
        if (lines) { slice_keep_strongest(&n->slice, state->top_k, state->top_p, n->weights); }
        if (!write_matrix(n, combined ? "combined" : "attention", state->layer,
                          combined ? -1 : head)) {
            return false;
        }
        if (combined) { break; }
    }
    return true;
}

/* Every head of every layer that is shown. */
static bool write_model(Numbers *n)
{
    ViewState state = *n->state;
    const Attention *a = &n->trace->attention[state.attention];
    state.words = false;
    Range layers = view_layers(n->trace, &state);
    if (!take_slice(n, parts_slice(n->trace, &state, n->arena),
                    ((size_t)layers.last - (size_t)layers.first + 1) * (size_t)a->heads)) {
        return false;
    }
    for (int layer = layers.first; layer <= layers.last; layer++) {
        for (int head = 0; head < a->heads; head++) {
            slice_weights(&n->slice, layer, head, n->weights);
            if (!write_matrix(n, "attention", layer, head)) { return false; }
        }
    }
    return true;
}

/* Scores before the softmax, and weights, of one head. */
static bool write_neurons(Numbers *n)
{
    ViewState state = *n->state;
    state.words = false;
    int head = headset_next(&state.heads, -1);
    if (head < 0) { return error_set(n->err, "No head is chosen."); }
    if (!take_slice(n, parts_slice(n->trace, &state, n->arena), 2)) { return false; }
    bool known = true;
    for (int query = 0; query < n->slice.queries; query++) {
        for (int key = 0; key < n->slice.keys; key++) {
            float *cell = &n->weights[(size_t)query * (size_t)n->slice.keys + (size_t)key];
            known =
                known && links_score(n->trace, state.attention, state.layer, head,
                                     n->slice.query_index[query], n->slice.key_index[key], cell);
        }
    }
    if (known && !write_matrix(n, "score", state.layer, head)) { return false; }
    slice_weights(&n->slice, state.layer, head, n->weights);
    return write_matrix(n, "attention", state.layer, head);
}

/* matrix [T, T] of the whole trace, cut down to the slice. */
static void cut_out(Numbers *n, const float *matrix)
{
    const Slice *s = &n->slice;
    for (int query = 0; query < s->queries; query++) {
        for (int key = 0; key < s->keys; key++) {
            n->weights[(size_t)query * (size_t)s->keys + (size_t)key] =
                matrix[(size_t)s->query_index[query] * (size_t)s->attention->keys +
                       (size_t)s->key_index[key]];
        }
    }
}

/* matrix [T, T] from layer - 1 to layer, both counted from `first` on; space: [2, T, T]. */
static void roll_out(const ViewState *state, const Trace *trace, int layer, int first,
                     float *matrix, float *space)
{
    size_t T = (size_t)trace->attention[ATTENTION_SELF].queries;
    if (layer == first) {
        rollout_mix(trace, layer, &state->heads, matrix);
        return;
    }
    float *mixed = space, *below = space + T * T;
    rollout_mix(trace, layer, &state->heads, mixed);
    memcpy(below, matrix, T * T * sizeof *below);
    memset(matrix, 0, T * T * sizeof *matrix);
    for (size_t query = 0; query < T; query++) {
        for (size_t middle = 0; middle < T; middle++) {
            for (size_t key = 0; key < T; key++) {
                matrix[query * T + key] += mixed[query * T + middle] * below[middle * T + key];
            }
        }
    }
}

/* What is followed through the layers, as far as each of them. */
static bool write_flow(Numbers *n)
{
    static const char *const names[] = {"mean", "rollout", "flow"};
    ViewState state = *n->state;
    const Trace *trace = n->trace;
    if (trace->attention[ATTENTION_SELF].weights == NULL) {
        return error_set(n->err, "This trace has no self-attention to follow.");
    }
    state.attention = ATTENTION_SELF;
    state.words = false;
    state.pair = PAIR_ALL;
    state.special = SPECIAL_SHOWN;
    int T = trace->attention[ATTENTION_SELF].queries;
    Range layers = view_layers(trace, &state);
    if (!take_slice(n, parts_slice(trace, &state, n->arena),
                    (size_t)layers.last - (size_t)layers.first + 1)) {
        return false;
    }
    float *matrix = arena_alloc(n->arena, (size_t)T * (size_t)T, sizeof *matrix);
    int first = state.flow == FLOW_MAXIMUM ? layers.last : layers.first;
    float *mixed = arena_alloc(n->arena, 2 * (size_t)T * (size_t)T, sizeof *mixed);
    for (int layer = first; layer <= layers.last; layer++) {
        if (state.flow == FLOW_ATTENTION) { rollout_mean(trace, layer, &state.heads, matrix); }
        if (state.flow == FLOW_ROLLOUT) { roll_out(&state, trace, layer, first, matrix, mixed); }
        for (int query = 0; state.flow == FLOW_MAXIMUM && query < T; query++) {
            if (progress_stopped(n->progress)) { break; } /* told by write_matrix */
            progress_set(n->progress, PROGRESS_DONE * query / T);
            if (!rollout_flow(trace, layer, &state.heads, query,
                              matrix + (size_t)query * (size_t)T)) {
                return error_set(n->err, "The largest flow of %d tokens takes too long.", T);
            }
        }
        cut_out(n, matrix);
        if (!write_matrix(n, names[state.flow], layer, -1)) { return false; }
    }
    return true;
}

static float weight_of(const Trace *trace, int layer, int head, int query, int key)
{
    if (query < 0 || key < 0) { return NAN; }
    int keys = trace->attention[ATTENTION_SELF].keys;
    return trace_head(trace, ATTENTION_SELF, layer,
                      head)[(size_t)query * (size_t)keys + (size_t)key];
}

/* A, B and B - A over the tokens of both. */
static bool write_compare(Numbers *n)
{
    const Trace *a = n->trace, *b = n->state->other;
    int head = headset_next(&n->state->heads, -1), layer = n->state->layer;
    if (b == NULL || head < 0 || layer >= b->layers || head >= b->heads ||
        a->attention[ATTENTION_SELF].weights == NULL || n->state->attention != ATTENTION_SELF) {
        return error_set(n->err, "There is nothing to compare with.");
    }
    size_t most = (size_t)a->encoding->count + (size_t)b->encoding->count;
    AlignedToken *tokens = arena_alloc(n->arena, most, sizeof *tokens);
    int count = align_tokens(a->encoding, b->encoding, tokens);
    const Token **names = token_list(n->arena, count);
    int *index = arena_alloc(n->arena, (size_t)count, sizeof *index);
    float *weights = arena_alloc(n->arena, (size_t)count * (size_t)count, sizeof *weights);
    for (int i = 0; i < count; i++) {
        index[i] = i;
        names[i] = tokens[i].a >= 0 ? &a->encoding->tokens[tokens[i].a]
                                    : &b->encoding->tokens[tokens[i].b];
    }
    n->matrix = (NumberMatrix){.queries = count,
                               .keys = count,
                               .query = names,
                               .key = names,
                               .query_index = index,
                               .key_index = index,
                               .weights = weights};
    static const char *const what[] = {"a", "b", "difference"};
    n->most = (int)COUNTOF(what);
    for (int panel = 0; panel < (int)COUNTOF(what); panel++) {
        for (int i = 0; i < count * count; i++) {
            AlignedToken q = tokens[i / count], k = tokens[i % count];
            float left = weight_of(a, layer, head, q.a, k.a);
            float right = weight_of(b, layer, head, q.b, k.b);
            weights[i] = panel == 0 ? left : panel == 1 ? right : right - left;
        }
        if (!write_matrix(n, what[panel], layer, head)) { return false; }
    }
    return true;
}

bool numbers_write(const Trace *trace, const ViewState *state, const NumberFormat *format,
                   Progress *progress, Buffer *out, Error *err)
{
    static const struct {
        const char *view;
        bool (*write)(Numbers *n);
    } writers[] = {{"head", write_heads},     {"heatmap", write_heads}, {"model", write_model},
                   {"neuron", write_neurons}, {"walk", write_neurons},  {"flow", write_flow},
                   {"compare", write_compare}};
    Arena scratch = {0};
    Numbers n = {.trace = trace,
                 .state = state,
                 .format = format,
                 .out = out,
                 .err = err,
                 .arena = &scratch,
                 .progress = progress};
    bool ok = false, found = false;
    format->begin(trace, state, out);
    for (size_t i = 0; i < COUNTOF(writers); i++) {
        if (strcmp(view_table[state->view].name, writers[i].view) == 0) {
            found = true;
            ok = writers[i].write(&n);
        }
    }
    format->end(out);
    arena_free(&scratch);
    return found ? ok : error_set(err, "This view has no numbers.");
}
