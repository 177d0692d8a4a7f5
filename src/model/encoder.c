/* The encoder of BERT and its family. Reading order: encoder_run is the paper, the rest finds the weights.
 *
 * Easy to get wrong:
 *   - linear layers are stored [outputs, inputs], so a product is x @ W^T;
 *   - layer norm comes after the residual sum (post-norm), and once after the embeddings;
 *   - the masked-word head has an activation and a layer norm of its own before the decoder, whose
 *     matrix is the word embedding unless the file has another one;
 *   - old files call the gain and shift of a layer norm gamma and beta. */
#include "model/encoder.h"

#include "base/base.h"
#include "base/memory.h"
#include "model/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 160

/* ---- Finding the weights ---- */

typedef struct Pending {
    const float **slot;
    const SafeTensor *tensor;
} Pending;

typedef struct Loader {
    const Safetensors *file;
    const char *where;
    const char *prefix; /* "bert." or "" */
    const char *type;   /* of the family, for sentences */
    Pending *pending;   /* tensors that are not float32 in memory yet */
    size_t pending_count;
    bool mapped; /* a tensor is used as it lies in the file */
    Error *err;
} Loader;

/* Is the tensor [rows, columns] (columns == 0: a vector) of floats? A sentence when not. */
static bool check_shape(const Loader *loader, const SafeTensor *tensor, int rows, int columns)
{
    bool fits = columns == 0 ? tensor->rank == 1 && tensor->shape[0] == (size_t)rows
                             : tensor->rank == 2 && tensor->shape[0] == (size_t)rows &&
                                   tensor->shape[1] == (size_t)columns;
    if (!fits) {
        char found[SAFETENSORS_SHAPE_TEXT], wanted[32] = "";
        if (columns > 0) { snprintf(wanted, sizeof wanted, ", %d", columns); }
        return error_set(loader->err,
                         "%s: the tensor %s has the shape %s, but config.json asks "
                         "for [%d%s].",
                         loader->where, tensor->name, safetensors_shape_text(tensor, found), rows,
                         wanted);
    }
    return safetensors_is_float(tensor) ||
           error_set(loader->err,
                     "%s: the tensor %s has the type %s; weights must be F32, F16 or "
                     "BF16.",
                     loader->where, tensor->name, safetensors_type_name(tensor->type));
}

/* Points *slot at the weights of the tensor `name`, or of `other` (may be NULL) if that is not
 * there: now, when they can be used as they lie in the file, or in widen_pending. */
static bool bind(Loader *loader, const float **slot, const char *name, const char *other, int rows,
                 int columns)
{
    const SafeTensor *tensor = safetensors_find(loader->file, name);
    if (tensor == NULL && other != NULL) { tensor = safetensors_find(loader->file, other); }
    if (tensor == NULL) {
        return error_set(loader->err,
                         "%s: the tensor %s is missing. The weights are not those of "
                         "%s as config.json describes it.",
                         loader->where, name, loader->type);
    }
    if (!check_shape(loader, tensor, rows, columns)) { return false; }
    *slot = safetensors_floats(tensor);
    loader->mapped = loader->mapped || *slot != NULL;
    if (*slot == NULL) {
        loader->pending =
            mem_grow(loader->pending, loader->pending_count + 1, sizeof *loader->pending);
        loader->pending[loader->pending_count++] = (Pending){slot, tensor};
    }
    return true;
}

/* prefix + `layer` + name + ".weight" and ".bias": a linear layer [outputs, inputs], [outputs]. */
static bool bind_linear(Loader *loader, const char *layer, const char *name, int outputs,
                        int inputs, const float **weight, const float **bias)
{
    char full[NAME_BYTES], full_bias[NAME_BYTES];
    snprintf(full, sizeof full, "%s%s%s.weight", loader->prefix, layer, name);
    snprintf(full_bias, sizeof full_bias, "%s%s%s.bias", loader->prefix, layer, name);
    return bind(loader, weight, full, NULL, outputs, inputs) &&
           bind(loader, bias, full_bias, NULL, outputs, 0);
}

/* The same for a layer norm [size], [size], by its new or its old names. */
static bool bind_norm(Loader *loader, const char *layer, const char *name, int size,
                      const float **gain, const float **shift)
{
    char full[NAME_BYTES], old[NAME_BYTES];
    snprintf(full, sizeof full, "%s%s%s.weight", loader->prefix, layer, name);
    snprintf(old, sizeof old, "%s%s%s.gamma", loader->prefix, layer, name);
    if (!bind(loader, gain, full, old, size, 0)) { return false; }
    snprintf(full, sizeof full, "%s%s%s.bias", loader->prefix, layer, name);
    snprintf(old, sizeof old, "%s%s%s.beta", loader->prefix, layer, name);
    return bind(loader, shift, full, old, size, 0);
}

static bool bind_embedding(Loader *loader, const char *name, int rows, int size, const float **slot)
{
    char full[NAME_BYTES];
    snprintf(full, sizeof full, "%sembeddings.%s.weight", loader->prefix, name);
    return bind(loader, slot, full, NULL, rows, size);
}

static bool bind_layer(Loader *loader, int index, const ModelConfig *config, EncoderLayer *w)
{
    const Family *f = config->family;
    const int H = config->hidden_size, I = config->intermediate_size;
    char layer[80];
    const char *number = strstr(f->layer, "%d");
    snprintf(layer, sizeof layer, "%.*s%d%s", (int)(number - f->layer), f->layer, index,
             number + 2);
    return bind_linear(loader, layer, f->query, H, H, &w->query, &w->query_bias) &&
           bind_linear(loader, layer, f->key, H, H, &w->key, &w->key_bias) &&
           bind_linear(loader, layer, f->value, H, H, &w->value, &w->value_bias) &&
           bind_linear(loader, layer, f->output, H, H, &w->output, &w->output_bias) &&
           bind_norm(loader, layer, f->attention_norm, H, &w->attention_gain,
                     &w->attention_shift) &&
           bind_linear(loader, layer, f->up, I, H, &w->up, &w->up_bias) &&
           bind_linear(loader, layer, f->down, H, I, &w->down, &w->down_bias) &&
           bind_norm(loader, layer, f->norm, H, &w->gain, &w->shift);
}

/* The masked-word head, if the file has one. A decoder of its own is rare: usually the word
 * embedding is used the other way round (Press and Wolf 2017). */
static bool bind_head(Loader *loader, Encoder *encoder)
{
    const Family *f = encoder->config.family;
    const int H = encoder->config.hidden_size, V = encoder->config.vocab_size;
    const int E = encoder->config.embedding_size;
    char weight[NAME_BYTES];
    snprintf(weight, sizeof weight, "%s.weight", f->transform);
    loader->prefix = "";
    if (safetensors_find(loader->file, weight) == NULL) { return true; }
    encoder->decoder = encoder->words;
    return bind_linear(loader, "", f->transform, E, H, &encoder->transform,
                       &encoder->transform_bias) &&
           bind_norm(loader, "", f->head_norm, E, &encoder->head_gain, &encoder->head_shift) &&
           bind(loader, &encoder->decoder_bias, f->decoder_bias, f->other_bias, V, 0) &&
           (safetensors_find(loader->file, f->decoder) == NULL ||
            bind(loader, &encoder->decoder, f->decoder, NULL, V, E));
}

/* What lies before the layers. */
static bool bind_input(Loader *loader, Encoder *encoder)
{
    const ModelConfig *config = &encoder->config;
    const Family *f = config->family;
    const int E = config->embedding_size, H = config->hidden_size;
    char name[NAME_BYTES];
    bool ok = bind_embedding(loader, "word_embeddings", config->vocab_size, E, &encoder->words) &&
              bind_embedding(loader, "position_embeddings",
                             config->first_position + config->positions, E, &encoder->positions) &&
              (config->segments == 0 || bind_embedding(loader, "token_type_embeddings",
                                                       config->segments, E, &encoder->segments)) &&
              bind_norm(loader, "embeddings.", "LayerNorm", E, &encoder->gain, &encoder->shift);
    /* ELECTRA leaves it out where both sizes are the same, ALBERT does not. */
    snprintf(name, sizeof name, "%s%s.weight", loader->prefix,
             f->project != NULL ? f->project : "");
    if (ok && f->project != NULL && (E != H || safetensors_find(loader->file, name) != NULL)) {
        ok = bind_linear(loader, "", f->project, H, E, &encoder->project, &encoder->project_bias);
    }
    if (ok && f->distances != NULL) {
        snprintf(name, sizeof name, "%s%s", loader->prefix, f->distances);
        ok = bind(loader, &encoder->distances, name, NULL, config->distances, config->heads);
    }
    return ok;
}

static bool bind_all(Loader *loader, Encoder *encoder)
{
    const ModelConfig *config = &encoder->config;
    char first[NAME_BYTES];
    snprintf(first, sizeof first, "%sembeddings.word_embeddings.weight", config->family->prefix);
    loader->prefix = safetensors_find(loader->file, first) != NULL ? config->family->prefix : "";
    bool ok = bind_input(loader, encoder);
    for (int i = 0; ok && i < config->groups; i++) {
        ok = bind_layer(loader, i, config, &encoder->layers[i]);
    }
    return ok && bind_head(loader, encoder);
}

/* Lan et al. 2020: layer l is group l / (layers / groups); done when all weights have their place. From the
 * top down, so that no group is overwritten before it was used. */
static void share_layers(Encoder *encoder)
{
    const ModelConfig *config = &encoder->config;
    for (int layer = config->layers - 1; config->groups < config->layers && layer >= 0; layer--) {
        int group = (int)((long long)layer * config->groups / config->layers);
        encoder->layers[layer] = encoder->layers[group];
    }
}

/* Widens what is not float32 into one block, each tensor on a cache line of its own. */
static bool widen_pending(Loader *loader, Encoder *encoder)
{
    size_t floats = 0;
    for (size_t i = 0; i < loader->pending_count; i++) {
        floats += (loader->pending[i].tensor->count + 15) / 16 * 16;
    }
    if (floats == 0) { return true; }
    float *next = encoder->widened = mem_try_aligned(floats, sizeof *next);
    if (next == NULL) {
        return error_set(loader->err,
                         "%s: there is not enough memory for its weights (%.1f GB as "
                         "float32).",
                         loader->where, (double)floats * sizeof *next / 1e9);
    }
    for (size_t i = 0; i < loader->pending_count; i++) {
        const Pending *pending = &loader->pending[i];
        safetensors_to_floats(pending->tensor, next);
        *pending->slot = next;
        next += (pending->tensor->count + 15) / 16 * 16;
    }
    return true;
}

bool encoder_load(Encoder *encoder, const ModelConfig *config, const Safetensors *file,
                  const char *where, Error *err)
{
    *encoder = (Encoder){.config = *config};
    encoder->layers = mem_zero((size_t)config->layers, sizeof *encoder->layers);
    Loader loader = {.file = file, .where = where, .type = config->family->type, .err = err};
    bool ok = bind_all(&loader, encoder) && widen_pending(&loader, encoder);
    /* A tied decoder is the word embedding, which may only now have its place. */
    if (ok && encoder->transform != NULL && encoder->decoder == NULL) {
        encoder->decoder = encoder->words;
    }
    if (ok) { share_layers(encoder); }
    encoder->mapped = loader.mapped;
    free(loader.pending);
    if (!ok) { encoder_free(encoder); }
    return ok;
}

/* ---- Untrained ---- */

#define START_DEVIATION 0.02 /* initializer_range of BERT */

/* splitmix64 (Steele, Lea and Flood 2014), as a number in (0, 1]. */
static double next_uniform(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53 + 0x1p-53;
}

typedef enum Start { START_ZERO, START_ONE, START_NORMAL } Start;

/* The next `count` numbers of the block become what *slot points to. */
static void start(float **block, uint64_t *seed, const float **slot, size_t count, Start how)
{
    if (*slot == NULL) { return; }
    float *out = *block;
    for (size_t i = 0; i < count; i++) {
        if (how != START_NORMAL) {
            out[i] = how == START_ONE ? 1 : 0;
            continue;
        }
        double radius = sqrt(-2 * log(next_uniform(seed))); /* Box and Muller 1958 */
        out[i] = (float)(START_DEVIATION * radius * cos(6.283185307179586 * next_uniform(seed)));
    }
    *slot = out;
    *block += count;
}

bool encoder_forget(Encoder *encoder, Error *err)
{
    const ModelConfig *c = &encoder->config;
    if (strcmp(c->family->type, "bert") != 0) {
        return error_set(err, "Only models of the type bert can be made untrained, not %s.",
                         c->family->type);
    }
    size_t H = (size_t)c->hidden_size, I = (size_t)c->intermediate_size, V = (size_t)c->vocab_size;
    size_t P = (size_t)c->positions, S = (size_t)c->segments, L = (size_t)c->layers;
    bool tied = encoder->decoder == encoder->words;
    size_t total = (V + P + S + 2) * H + L * (4 * H * H + 2 * H * I + 9 * H + I) + H * H + 3 * H +
                   V + (tied ? 0 : V * H);
    float *block = encoder->random = mem_try_aligned(total, sizeof *block);
    if (block == NULL) { return error_set(err, "There is no memory for random weights."); }
    encoder->mapped = false;
    uint64_t seed = 1;
    start(&block, &seed, &encoder->words, V * H, START_NORMAL);
    start(&block, &seed, &encoder->positions, P * H, START_NORMAL);
    start(&block, &seed, &encoder->segments, S * H, START_NORMAL);
    start(&block, &seed, &encoder->gain, H, START_ONE);
    start(&block, &seed, &encoder->shift, H, START_ZERO);
    for (size_t layer = 0; layer < L; layer++) {
        EncoderLayer *w = &encoder->layers[layer];
        start(&block, &seed, &w->query, H * H, START_NORMAL);
        start(&block, &seed, &w->query_bias, H, START_ZERO);
        start(&block, &seed, &w->key, H * H, START_NORMAL);
        start(&block, &seed, &w->key_bias, H, START_ZERO);
        start(&block, &seed, &w->value, H * H, START_NORMAL);
        start(&block, &seed, &w->value_bias, H, START_ZERO);
        start(&block, &seed, &w->output, H * H, START_NORMAL);
        start(&block, &seed, &w->output_bias, H, START_ZERO);
        start(&block, &seed, &w->attention_gain, H, START_ONE);
        start(&block, &seed, &w->attention_shift, H, START_ZERO);
        start(&block, &seed, &w->up, I * H, START_NORMAL);
        start(&block, &seed, &w->up_bias, I, START_ZERO);
        start(&block, &seed, &w->down, H * I, START_NORMAL);
        start(&block, &seed, &w->down_bias, H, START_ZERO);
        start(&block, &seed, &w->gain, H, START_ONE);
        start(&block, &seed, &w->shift, H, START_ZERO);
    }
    start(&block, &seed, &encoder->transform, H * H, START_NORMAL);
    start(&block, &seed, &encoder->transform_bias, H, START_ZERO);
    start(&block, &seed, &encoder->head_gain, H, START_ONE);
    start(&block, &seed, &encoder->head_shift, H, START_ZERO);
    start(&block, &seed, &encoder->decoder_bias, V, START_ZERO);
    if (tied) {
        encoder->decoder = encoder->words;
    } else {
        start(&block, &seed, &encoder->decoder, V * H, START_NORMAL);
    }
    assert((size_t)(block - encoder->random) <= total);
    return true;
}

void encoder_free(Encoder *encoder)
{
    free(encoder->random);
    free(encoder->layers);
    free(encoder->widened);
    *encoder = (Encoder){0};
}

/* ---- The forward pass ---- */

/* Devlin et al. 2019, figure 2: the sum of three embeddings, then layer norm; then, where embeddings
 * have another size than the layers, a linear layer (Lan et al. 2020, section 3.1). sum: [T, E], space for the
 * kernels; out: [T, H] */
static void embed(const Encoder *encoder, Team *team, const Encoding *encoding, float *sum,
                  float *space, float *out)
{
    const ModelConfig *config = &encoder->config;
    const int E = config->embedding_size, H = config->hidden_size, T = encoding->count;
    const size_t width = (size_t)E;
    for (size_t t = 0; t < (size_t)T; t++) {
        const Token *token = &encoding->tokens[t];
        const float *word = encoder->words + (size_t)token->id * width;
        const float *place = encoder->positions + (t + (size_t)config->first_position) * width;
        float *row = sum + t * width;
        for (size_t i = 0; i < width; i++) { row[i] = word[i] + place[i]; }
        if (encoder->segments == NULL) { continue; }
        int segment = min_int(token->side, config->segments - 1);
        const float *part = encoder->segments + (size_t)segment * width;
        for (size_t i = 0; i < width; i++) { row[i] += part[i]; }
    }
    bool project = encoder->project != NULL;
    float *normed = project ? sum + (size_t)T * width : out;
    kernels_add_norm(NULL, sum, NULL, NULL, encoder->gain, encoder->shift, config->norm_epsilon, T,
                     E, normed);
    if (project) {
        kernels_linear(team, normed, encoder->project, T, E, H, space, out);
        kernels_add_bias(team, out, encoder->project_bias, T, H);
    }
}

int encoder_bucket(int distance, int buckets)
{
    const int farthest = 128;
    int half = buckets / 2, exact = half / 2, back = distance > 0 ? half : 0;
    int apart = distance < 0 ? -distance : distance;
    if (apart < exact || exact < 1 || exact >= farthest) {
        return back + min_int(apart, max_int(half - 1, 0));
    }
    float part = logf((float)apart / (float)exact) / logf((float)farthest / (float)exact);
    return back + min_int(exact + (int)(part * (float)(half - exact)), half - 1);
}

/* bias[A, T, T] of relative positions (Song et al. 2020), the same in every layer. */
static void fill_distances(const Encoder *encoder, int T, float *bias)
{
    const int A = encoder->config.heads;
    for (int query = 0; query < T; query++) {
        for (int key = 0; key < T; key++) {
            const float *row =
                encoder->distances + encoder_bucket(key - query, encoder->config.distances) * A;
            for (int head = 0; head < A; head++) {
                bias[((size_t)head * (size_t)T + (size_t)query) * (size_t)T + (size_t)key] =
                    row[head];
            }
        }
    }
}

/* Devlin et al. 2019, task 1: which word stands here? hidden: [T, H]; scratch, normed: [T, E];
 * logits: [T, V] */
static void predict_words(const Encoder *encoder, Team *team, const float *hidden, int T,
                          float *space, float *scratch, float *normed, float *logits)
{
    const ModelConfig *config = &encoder->config;
    const int H = config->hidden_size, E = config->embedding_size, V = config->vocab_size;
    kernels_linear(team, hidden, encoder->transform, T, H, E, space, scratch);
    kernels_activate(team, scratch, encoder->transform_bias, config->head_activation, T, E);
    kernels_add_norm(team, scratch, NULL, NULL, encoder->head_gain, encoder->head_shift,
                     config->norm_epsilon, T, E, normed);
    kernels_linear(team, normed, encoder->decoder, T, E, V, space, logits);
    kernels_add_bias(team, logits, encoder->decoder_bias, T, V);
}

/* What a head that is off has gathered is nothing: its columns of context [T, A * d] are zero
 * (Michel et al. 2019, "Are Sixteen Heads Really Better than One?", section 2.3). */
static void silence_heads(const unsigned char *off, int T, int A, int d, float *context)
{
    for (int t = 0; t < T; t++) {
        for (int head = 0; head < A; head++) {
            float *part = context + ((size_t)t * (size_t)A + (size_t)head) * (size_t)d;
            if (off[head] != 0) { memset(part, 0, (size_t)d * sizeof *part); }
        }
    }
}

static bool is_cancelled(const atomic_bool *cancel)
{
    return cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed);
}

bool encoder_run(const Encoder *encoder, Team *team, Trace *trace, const atomic_bool *cancel,
                 Error *err)
{
    const ModelConfig *config = &encoder->config;
    const int T = trace->tokens, H = config->hidden_size, I = config->intermediate_size;
    const int A = config->heads, d = config->head_size;
    const size_t TH = (size_t)T * (size_t)H, TI = (size_t)T * (size_t)I;
    const size_t ATT = (size_t)A * (size_t)T * (size_t)T;
    const size_t TE =
        2 * (size_t)T * (size_t)config->embedding_size; /* embed's sum, and its norm */
    /* The word head works in the space of the layers, and embeddings may be wider (the generators of
     * ELECTRA base and large): TW is the larger of [T, H] and [T, E]. */
    const size_t TW = TE / 2 > TH ? TE / 2 : TH;
    const size_t most = TI > TE ? TI : TE, biased = encoder->distances != NULL ? ATT : 0;

    float *scratch =
        mem_try_aligned(3 * TW + most + biased + kernels_space(config, T), sizeof *scratch);
    if (scratch == NULL) {
        return error_set(err,
                         "There is not enough memory to run the model on %d tokens. Use a "
                         "shorter text.",
                         T);
    }
    float *projected = scratch;      /* [T, H] what a product gives, before its bias */
    float *context = projected + TW; /* [T, H] what the heads gathered, side by side */
    float *attended = context + TW;  /* [T, H] after attention, residual and norm */
    float *inner = attended + TW;    /* [T, I] inside the feed-forward network */
    float *bias = inner + most;      /* [A, T, T] of relative positions */
    float *space = bias + biased;    /* for the kernels */

    float *x = trace->hidden;    /* [T, H] of the layer below */
    float *query = trace->query; /* [A, T, d] of this layer, as key and value */
    float *key = trace->key;
    float *value = trace->value;
    float *weights = trace->attention[ATTENTION_SELF].weights; /* [A, T, T] */
    embed(encoder, team, trace->encoding, inner, space, x);
    if (biased > 0) { fill_distances(encoder, T, bias); }

    int layer = 0;
    for (; layer < config->layers && !is_cancelled(cancel); layer++) {
        const EncoderLayer *w = &encoder->layers[layer];

        /* 3.2.2: the vectors of every head, q = x Wq + bq, and so on */
        kernels_linear(team, x, w->query, T, H, H, space, projected);
        kernels_split_heads(team, projected, w->query_bias, T, A, d, query);
        kernels_linear(team, x, w->key, T, H, H, space, projected);
        kernels_split_heads(team, projected, w->key_bias, T, A, d, key);
        kernels_linear(team, x, w->value, T, H, H, space, projected);
        kernels_split_heads(team, projected, w->value_bias, T, A, d, value);

        /* 3.2.1, equation 1: softmax(q k^T / sqrt(d)) v */
        if (biased == 0) {
            kernels_attention(team, query, key, value, A, T, d, space, weights, context);
        } else {
            kernels_attention_biased(team, query, key, value, bias, A, T, d, space, weights,
                                     context);
        }
        if (trace->heads_off != NULL) {
            silence_heads(trace->heads_off + (size_t)layer * (size_t)A, T, A, d, context);
        }

        /* 3.2.2: the heads mixed by Wo; 3.1: LayerNorm(x + Sublayer(x)) */
        kernels_linear(team, context, w->output, T, H, H, space, projected);
        kernels_add_norm(team, projected, w->output_bias, x, w->attention_gain, w->attention_shift,
                         config->norm_epsilon, T, H, attended);

        /* 3.3, equation 2: two linear layers with an activation between them; 3.1 again */
        kernels_linear(team, attended, w->up, T, H, I, space, inner);
        kernels_activate(team, inner, w->up_bias, config->activation, T, I);
        kernels_linear(team, inner, w->down, T, I, H, space, projected);
        x += TH;
        kernels_add_norm(team, projected, w->down_bias, attended, w->gain, w->shift,
                         config->norm_epsilon, T, H, x);

        query += TH;
        key += TH;
        value += TH;
        weights += ATT;
    }
    bool done = layer == config->layers;
    if (done && trace->logits != NULL) {
        predict_words(encoder, team, x, T, space, projected, attended, trace->logits);
    }
    free(scratch);
    if (!done && err != NULL) { err->text[0] = '\0'; }
    return done;
}
