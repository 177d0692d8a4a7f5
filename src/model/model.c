#include "model/model.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "model/encoder.h"
#include "model/kernels.h"
#include "model/safetensors.h"
#include "model/steps.h"
#include "model/team.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct Model {
    char *folder, *name;
    Tokenizer *tokenizer;
    Safetensors *weights; /* the mapping that the encoder points into */
    Encoder encoder;
    Team *team; /* as many threads as OpenBLAS may use */
};

/* The last component of a path, without slashes after it. */
static char *last_component(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') { end--; }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') { start--; }
    char *name = mem_alloc(end - start + 1, 1);
    memcpy(name, path + start, end - start);
    name[end - start] = '\0';
    return name;
}

static int is_read(const struct dirent *entry)
{
    static const char *const ends[] = {".json", ".jsonl", ".txt", ".safetensors"};
    const char *dot = strrchr(entry->d_name, '.');
    for (size_t i = 0; dot != NULL && i < COUNTOF(ends); i++) {
        if (strcmp(dot, ends[i]) == 0) { return 1; }
    }
    return 0;
}

/* Nothing in the folder may lead the program out of it. */
static bool check_entries(const char *folder, Error *err)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_read, alphasort);
    if (count < 0) { return error_set(err, "%s can't be read: %s.", folder, strerror(errno)); }
    bool ok = true;
    for (int i = 0; i < count; i++) {
        ok = ok && file_stays_inside(folder, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static bool open_parts(Model *model, const char *folder, Error *err)
{
    if (!file_is_folder(folder)) {
        return error_set(err,
                         file_exists(folder)
                             ? "%s is not a folder. A model is a folder with config.json, "
                               "vocab.txt and model.safetensors in it."
                             : "There is no model folder %s.",
                         folder);
    }
    ModelConfig config;
    char *path = file_join(folder, "config.json");
    bool ok = check_entries(folder, err) && config_read(path, &config, err);
    free(path);
    ok = ok && (model->weights = safetensors_open_folder(folder, err)) != NULL &&
         encoder_load(&model->encoder, &config, model->weights, folder, err) &&
         (model->tokenizer = tokenizer_open(folder, err)) != NULL &&
         safetensors_intact(model->weights, err);
    if (ok && tokenizer_vocab_size(model->tokenizer) > config.vocab_size) {
        ok = error_set(err,
                       "%s: the vocabulary has %d entries, but config.json says vocab_size "
                       "%d. The vocabulary belongs to another model.",
                       folder, tokenizer_vocab_size(model->tokenizer), config.vocab_size);
    }
    return ok;
}

Model *model_open(const char *folder, int threads, Error *err)
{
    Model *model = mem_zero(1, sizeof *model);
    model->folder = mem_copy_string(folder);
    char *name = last_component(folder);
    model->name = unicode_repair_string(name);
    free(name);
    size_t length = strlen(folder), suffix = sizeof MODEL_UNTRAINED - 1;
    bool untrained = length > suffix && strcmp(folder + length - suffix, MODEL_UNTRAINED) == 0;
    char *place = mem_copy_string(folder);
    if (untrained) { place[length - suffix] = '\0'; }
    bool ok = open_parts(model, place, err) && (!untrained || encoder_forget(&model->encoder, err));
    free(place);
    if (ok) {
        model->team = team_new(kernels_claim_threads(threads));
        return model;
    }
    model_free(model);
    return NULL;
}

void model_free(Model *model)
{
    if (model == NULL) { return; }
    team_free(model->team);
    encoder_free(&model->encoder);
    safetensors_free(model->weights);
    tokenizer_free(model->tokenizer);
    free(model->folder);
    free(model->name);
    free(model);
}

const char *model_name(const Model *model) { return model->name; }
const char *model_folder(const Model *model) { return model->folder; }
const ModelConfig *model_config(const Model *model) { return &model->encoder.config; }
const Tokenizer *model_tokenizer(const Model *model) { return model->tokenizer; }
bool model_has_logits(const Model *model) { return model->encoder.transform != NULL; }

Encoding *model_encode(const Model *model, const char *text, const char *pair)
{
    return tokenizer_encode(model->tokenizer, text, pair, model->encoder.config.positions);
}

/* ---- One pass ---- */

static bool check_encoding(const Model *model, const Encoding *encoding, Error *err)
{
    const ModelConfig *config = &model->encoder.config;
    if (encoding->count < 1 || encoding->count > config->positions) {
        return error_set(err, "%s takes 1 to %d tokens, not %d.", model->name, config->positions,
                         encoding->count);
    }
    for (int i = 0; i < encoding->count; i++) {
        const Token *token = &encoding->tokens[i];
        if (token->id < 0 || token->id >= config->vocab_size || token->side < 0) {
            return error_set(err, "The token %s is not in the vocabulary of %s.", token->piece,
                             model->name);
        }
    }
    return true;
}

/* Asks for pages of 2 MB where a block is large: the first touch of many small ones costs up to a
 * fifth of a pass over 512 tokens. It is only a wish. */
static void prefer_large_pages(void *block, size_t bytes)
{
    const uintptr_t page = (uintptr_t)2 << 20;
    uintptr_t first = ((uintptr_t)block + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)block + bytes) / page * page;
    if (first < end) { madvise((void *)first, end - first, MADV_HUGEPAGE); }
}

/* *array = a * b * c * d floats; false when there is no such memory. */
static bool take_floats(size_t a, size_t b, size_t c, size_t d, float **array)
{
    size_t floats;
    if (!mem_multiply(a, b, &floats) || !mem_multiply(floats, c, &floats) ||
        !mem_multiply(floats, d, &floats)) {
        return false;
    }
    *array = mem_try_aligned(floats, sizeof **array);
    if (*array != NULL) { prefer_large_pages(*array, floats * sizeof **array); }
    return *array != NULL;
}

static bool too_large(size_t tokens, double bytes, Error *err)
{
    char need[MEM_SIZE_TEXT], have[MEM_SIZE_TEXT];
    return error_set(err,
                     "The trace of %zu tokens would take %s, but only %s of memory are free. Use a "
                     "shorter text or a smaller model.",
                     tokens, mem_size_text(bytes, need),
                     mem_size_text((double)mem_available(), have));
}

/* The arrays of the trace. The system promises more memory than it has and ends whoever takes its word;
 * so the size is compared with what is free first. All are written in full by the encoder, so none is cleared. */
static bool allocate(const ModelConfig *config, bool logits, Trace *trace, Error *err)
{
    const size_t L = (size_t)config->layers, A = (size_t)config->heads, T = (size_t)trace->tokens;
    const size_t d = (size_t)config->head_size, H = (size_t)config->hidden_size;
    const size_t V = logits ? (size_t)config->vocab_size : 0;
    const double bytes =
        sizeof(float) * ((double)L * (double)A * (double)T * (double)(T + 3 * d) +
                         (double)(L + 1) * (double)T * (double)H + (double)T * (double)V);
    if (bytes > (double)mem_available()) { return too_large(T, bytes, err); }
    if (take_floats(L, A, T, T, &trace->attention[ATTENTION_SELF].weights) &&
        take_floats(L, A, T, d, &trace->query) && take_floats(L, A, T, d, &trace->key) &&
        take_floats(L, A, T, d, &trace->value) && take_floats(1, L + 1, T, H, &trace->hidden) &&
        (!logits || take_floats(1, 1, T, V, &trace->logits))) {
        return true;
    }
    return too_large(T, bytes, err);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static const char *name_piece(const void *tokenizer, int id)
{
    return tokenizer_piece(tokenizer, id);
}

/* A layer that there is not is taken for the last one. */
static bool record_steps(const Model *model, Trace *trace, unsigned wants, Error *err)
{
    if ((wants & MODEL_STEPS) == 0) { return true; }
    int layer = min_int((int)(wants >> MODEL_LAYER_SHIFT), trace->layers - 1);
    return steps_record(&model->encoder, model->team, name_piece, model->tokenizer, trace, layer,
                        err);
}

Trace *model_run(const Model *model, Encoding *encoding, unsigned wants, const atomic_bool *cancel,
                 Error *err)
{
    return model_run_without(model, encoding, wants, NULL, cancel, err);
}

Trace *model_run_without(const Model *model, Encoding *encoding, unsigned wants,
                         const unsigned char *heads_off, const atomic_bool *cancel, Error *err)
{
    const ModelConfig *config = &model->encoder.config;
    bool logits = (wants & MODEL_LOGITS) != 0 && model_has_logits(model);
    double start = seconds_now();
    Trace *trace = trace_new();
    trace->model = mem_copy_string(model->name);
    trace->encoding = encoding;
    trace->layers = config->layers;
    trace->heads = config->heads;
    trace->tokens = encoding->count;
    trace->head_size = config->head_size;
    trace->hidden_size = config->hidden_size;
    trace->vocab_size = logits ? config->vocab_size : 0;
    if (heads_off != NULL) {
        size_t heads = (size_t)config->layers * (size_t)config->heads;
        trace->heads_off = mem_alloc(heads, 1);
        memcpy(trace->heads_off, heads_off, heads);
    }
    Attention *attention = &trace->attention[ATTENTION_SELF];
    attention->query_tokens = attention->key_tokens = encoding;
    attention->layers = config->layers;
    attention->heads = config->heads;
    attention->queries = attention->keys = encoding->count;

    if (check_encoding(model, encoding, err) && allocate(config, logits, trace, err) &&
        encoder_run(&model->encoder, model->team, trace, cancel, err) &&
        record_steps(model, trace, wants, err) &&
        (!model->encoder.mapped || safetensors_intact(model->weights, err))) {
        trace->seconds = seconds_now() - start;
        return trace;
    }
    trace_free(trace);
    return NULL;
}
