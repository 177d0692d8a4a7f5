/* a * b + c may be one rounding instead of two, as clang has it anyway; twice the speed. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=fast")
#endif

#include "model/kernels.h"

#include "base/base.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#define FEW_ROWS 64          /* up to here our tiles are faster than OpenBLAS, see bench/SPEED.md */
#define PIECE_FLOATS 16384   /* of a row-wise loop that are worth another thread, some 5 us */
#define PIECE_OPERATIONS 1e6 /* of a product, the same */
#define PIECE_ROWS 48        /* of the weights that one thread takes at a time */
#define PIECE_BLAS 128       /* the most for OpenBLAS, which rearranges `x` for each piece anew */
#define STEP_BLAS 16         /* what its kernels take at a time, or a multiple of that */
#define CACHE_BYTES 1000000  /* weights larger than this come from memory in every pass */

/* ---- The loops for several kinds of processor ---- */

#include "model/kernels_loops.h" /* plain */

#ifdef __x86_64__
#define VARIANT avx2
#define TARGET __attribute__((target("avx2,fma")))
#define FLOATS 8
#define TILE_ROWS 6
#include "model/kernels_loops.h"

#define VARIANT avx512
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#define FLOATS 16
#define TILE_ROWS 12
#include "model/kernels_loops.h"
#endif

static const KernelVariant *best_variant(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        return &avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) { return &avx2; }
#endif
    return &plain;
}

/* ---- Rows ---- */

/* Calls the task for pieces of `per` rows: as many as make one piece worth a thread. */
static int rows_per_piece(int size) { return max_int(1, PIECE_FLOATS / size); }

static void share_rows(Team *team, int rows, int size, TeamTask *task, void *data)
{
    int per = rows_per_piece(size);
    team_run(team, (rows + per - 1) / per, task, data);
}

typedef struct Rows {
    const float *x, *bias, *residual, *gain, *shift;
    float epsilon;
    Activation activation;
    int rows, size;
    float *out;
} Rows;

/* How many rows the piece has; *start is where its first one lies. */
static int piece_rows(const Rows *rows, int piece, size_t *start)
{
    int per = rows_per_piece(rows->size), first = piece * per;
    *start = (size_t)first * (size_t)rows->size;
    return min_int(per, rows->rows - first);
}

static void add_norm_piece(void *data, int piece)
{
    const Rows *rows = data;
    size_t start;
    int count = piece_rows(rows, piece, &start);
    const float *residual = rows->residual != NULL ? rows->residual + start : NULL;
    best_variant()->add_norm(rows->x + start, rows->bias, residual, rows->gain, rows->shift,
                             rows->epsilon, count, rows->size, rows->out + start);
}

void kernels_add_norm(Team *team, const float *x, const float *bias, const float *residual,
                      const float *gain, const float *shift, float epsilon, int rows, int size,
                      float *out)
{
    Rows all = {.x = x,
                .bias = bias,
                .residual = residual,
                .gain = gain,
                .shift = shift,
                .epsilon = epsilon,
                .rows = rows,
                .size = size,
                .out = out};
    share_rows(team, rows, size, add_norm_piece, &all);
}

static void activate_piece(void *data, int piece)
{
    const Rows *rows = data;
    size_t start;
    int count = piece_rows(rows, piece, &start);
    best_variant()->activate(rows->out + start, rows->bias, rows->activation, count, rows->size);
}

void kernels_activate(Team *team, float *x, const float *bias, Activation activation, int rows,
                      int size)
{
    Rows all = {.bias = bias, .activation = activation, .rows = rows, .size = size, .out = x};
    share_rows(team, rows, size, activate_piece, &all);
}

static void add_bias_piece(void *data, int piece)
{
    const Rows *rows = data;
    size_t start;
    int count = piece_rows(rows, piece, &start);
    float *out = rows->out + start;
    for (; count > 0; count--, out += rows->size) {
        for (int i = 0; i < rows->size; i++) { out[i] += rows->bias[i]; }
    }
}

void kernels_add_bias(Team *team, float *x, const float *bias, int rows, int size)
{
    Rows all = {.bias = bias, .rows = rows, .size = size, .out = x};
    share_rows(team, rows, size, add_bias_piece, &all);
}

void kernels_softmax(float *x, int rows, int size) { best_variant()->softmax(x, 1, rows, size); }

/* ---- Linear layers ---- */

static int strips_of(int columns) { return (columns + STRIP - 1) / STRIP; }

int kernels_claim_threads(int wanted)
{
    openblas_set_num_threads(1);
    return wanted > 0 ? wanted : max_int(1, openblas_get_num_procs());
}

/* OpenBLAS does not know every processor: where it makes do with kernels for AVX2 on a machine that
 * has AVX-512, our tiles are faster at any number of rows. */
static bool is_blas_behind(void)
{
#ifdef __x86_64__
    static const char *const wide[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    if (best_variant() != &avx512) { return false; }
    for (size_t i = 0; i < COUNTOF(wide); i++) {
        if (strcmp(openblas_get_corename(), wide[i]) == 0) { return false; }
    }
    return true;
#else
    return false;
#endif
}

typedef struct Linear {
    KernelProduct product;
    const float *x;
    float *strips;
    int outputs;
    int piece; /* outputs that one thread takes at a time */
} Linear;

static void pack_piece(void *data, int piece)
{
    const Linear *linear = data;
    best_variant()->pack_transposed(linear->x, linear->product.columns, linear->product.depth,
                                    piece, piece + 1, linear->strips);
}

static void multiply_piece(void *data, int piece)
{
    const Linear *linear = data;
    int first = piece * PIECE_ROWS;
    best_variant()->multiply(&linear->product, first, min_int(first + PIECE_ROWS, linear->outputs));
}

/* weight @ x^T, transposed on the way to `out`: so the weights are read as they lie in memory. */
void kernels_linear_tiles(Team *team, const float *x, const float *weight, int rows, int inputs,
                          int outputs, float *space, float *out)
{
    size_t weight_bytes = (size_t)inputs * (size_t)outputs * sizeof *weight;
    Linear linear = {
        .product = {.left = weight,
                    .right = space,
                    .out = out,
                    .depth = inputs,
                    .columns = rows,
                    .left_stride = (size_t)inputs,
                    .out_stride = (size_t)outputs,
                    .transposed = true,
                    .streamed = weight_bytes > CACHE_BYTES ? outputs : 0},
        .x = x,
        .strips = space,
        .outputs = outputs,
    };
    bool shared = 2.0 * rows * inputs * outputs >= PIECE_OPERATIONS;
    bool large = (size_t)rows * (size_t)inputs >= 2 * PIECE_FLOATS;
    team_run(large ? team : NULL, strips_of(rows), pack_piece, &linear);
    team_run(shared ? team : NULL, (outputs + PIECE_ROWS - 1) / PIECE_ROWS, multiply_piece,
             &linear);
}

static void blas_piece(void *data, int piece)
{
    const Linear *linear = data;
    const KernelProduct *product = &linear->product;
    int first = piece * linear->piece, count = min_int(linear->piece, linear->outputs - first);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, product->columns, count, product->depth,
                1.0f, linear->x, product->depth,
                product->left + (size_t)first * product->left_stride, product->depth, 0.0f,
                product->out + first, linear->outputs);
}

/* The pieces don't depend on how many threads there are, so neither does any bit of the result. Their
 * number is even, lest one of two threads waits for the last. */
void kernels_linear_blas(Team *team, const float *x, const float *weight, int rows, int inputs,
                         int outputs, float *out)
{
    int pieces = 2 * ((outputs + 2 * PIECE_BLAS - 1) / (2 * PIECE_BLAS));
    int piece = (outputs + pieces - 1) / pieces;
    piece = (piece + STEP_BLAS - 1) / STEP_BLAS * STEP_BLAS;
    Linear linear = {
        .product = {.left = weight,
                    .out = out,
                    .depth = inputs,
                    .columns = rows,
                    .left_stride = (size_t)inputs},
        .x = x,
        .outputs = outputs,
        .piece = piece,
    };
    team_run(team, (outputs + piece - 1) / piece, blas_piece, &linear);
}

void kernels_linear(Team *team, const float *x, const float *weight, int rows, int inputs,
                    int outputs, float *space, float *out)
{
    if (rows <= FEW_ROWS || is_blas_behind()) {
        kernels_linear_tiles(team, x, weight, rows, inputs, outputs, space, out);
    } else {
        kernels_linear_blas(team, x, weight, rows, inputs, outputs, out);
    }
}

/* ---- Attention ---- */

typedef struct Heads {
    const float *query, *key, *value, *bias;
    int heads, tokens, size;
    float *space, *weights, *context;
} Heads;

static void split_piece(void *data, int head)
{
    const Heads *heads = data;
    const size_t size = (size_t)heads->size, row = (size_t)heads->heads * size;
    const float *x = heads->query + (size_t)head * size, *bias = heads->bias + (size_t)head * size;
    float *out = heads->context + (size_t)head * (size_t)heads->tokens * size;
    for (int token = 0; token < heads->tokens; token++, x += row, out += size) {
        for (size_t i = 0; i < size; i++) { out[i] = x[i] + bias[i]; }
    }
}

void kernels_split_heads(Team *team, const float *x, const float *bias, int tokens, int heads,
                         int size, float *out)
{
    Heads all = {
        .query = x, .bias = bias, .heads = heads, .tokens = tokens, .size = size, .context = out};
    bool shared = (size_t)tokens * (size_t)(heads * size) >= 2 * PIECE_FLOATS;
    team_run(shared ? team : NULL, heads, split_piece, &all);
}

/* The strips of the keys of one head, [tokens] columns, or of its values, [size] columns. */
static size_t key_floats(int tokens, int size)
{
    return (size_t)strips_of(tokens) * STRIP * (size_t)size;
}

static size_t value_floats(int tokens, int size)
{
    return (size_t)strips_of(size) * STRIP * (size_t)tokens;
}

static void attend_piece(void *data, int head)
{
    const Heads *all = data;
    const KernelVariant *variant = best_variant();
    const int T = all->tokens, d = all->size;
    const size_t start = (size_t)head * (size_t)T * (size_t)d;
    float *weights = all->weights + (size_t)head * (size_t)T * (size_t)T;
    float *keys = all->space + (size_t)head * (key_floats(T, d) + value_floats(T, d));
    float *values = keys + key_floats(T, d);

    /* scores [T, T] = query @ key^T; then the weights, in the same place */
    variant->pack_transposed(all->key + start, T, d, 0, strips_of(T), keys);
    KernelProduct scores = {.left = all->query + start,
                            .right = keys,
                            .out = weights,
                            .depth = d,
                            .columns = T,
                            .left_stride = (size_t)d,
                            .out_stride = (size_t)T};
    variant->multiply(&scores, 0, T);
    float scale = 1.0f / sqrtf((float)d);
    if (all->bias != NULL) {
        const size_t count = (size_t)T * (size_t)T;
        const float *bias = all->bias + (size_t)head * count;
        for (size_t i = 0; i < count; i++) { weights[i] = weights[i] * scale + bias[i]; }
        scale = 1;
    }
    variant->softmax(weights, scale, T, T);

    /* context [T, d] = weights @ value, into the columns of this head */
    variant->pack(all->value + start, d, T, values);
    KernelProduct context = {.left = weights,
                             .right = values,
                             .out = all->context + head * d,
                             .depth = T,
                             .columns = d,
                             .left_stride = (size_t)T,
                             .out_stride = (size_t)(all->heads * d)};
    variant->multiply(&context, 0, T);
}

void kernels_attention(Team *team, const float *query, const float *key, const float *value,
                       int heads, int tokens, int size, float *space, float *weights,
                       float *context)
{
    kernels_attention_biased(team, query, key, value, NULL, heads, tokens, size, space, weights,
                             context);
}

void kernels_attention_biased(Team *team, const float *query, const float *key, const float *value,
                              const float *bias, int heads, int tokens, int size, float *space,
                              float *weights, float *context)
{
    Heads all = {.query = query,
                 .key = key,
                 .value = value,
                 .bias = bias,
                 .heads = heads,
                 .tokens = tokens,
                 .size = size,
                 .space = space,
                 .weights = weights,
                 .context = context};
    bool shared = 4.0 * heads * tokens * tokens * size >= PIECE_OPERATIONS;
    team_run(shared ? team : NULL, heads, attend_piece, &all);
}

size_t kernels_space(const ModelConfig *config, int tokens)
{
    int widest = max_int(config->hidden_size, config->intermediate_size);
    widest = max_int(widest, config->embedding_size); /* an input too, and may be the widest */
    size_t linear = key_floats(tokens, widest);
    size_t heads = (size_t)config->heads * (key_floats(tokens, config->head_size) +
                                            value_floats(tokens, config->head_size));
    return linear > heads ? linear : heads;
}
