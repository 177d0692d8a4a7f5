/* The fast kernels against plain loops in double precision: sizes around every width that a loop
 * may be cut into, and values where the formulas are delicate. */
#include "base/base.h"
#include "model/kernels.h"

#include <cblas.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Numbers from -1 to 1, the same in every run. */
static void fill(float *x, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

static float *filled(size_t count, uint32_t seed)
{
    float *x = malloc(count * sizeof *x);
    fill(x, count, seed);
    return x;
}

static float *space_for(int hidden, int heads, int tokens)
{
    ModelConfig config = {.hidden_size = hidden,
                          .intermediate_size = hidden,
                          .heads = heads,
                          .head_size = hidden / heads};
    return malloc(kernels_space(&config, tokens) * sizeof(float));
}

static void near(double wanted, double found, double limit, const char *what, int size)
{
    if (!(fabs(wanted - found) <= limit)) {
        fail_msg("%s, size %d: wanted %.9g, found %.9g", what, size, wanted, found);
    }
}

/* ---- The loops of every kind of processor, as far as this one has them ---- */

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

/* The kinds that can run here, ended by NULL. */
static void find_variants(const KernelVariant *variants[4])
{
    int count = 0;
    variants[count++] = &plain;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        variants[count++] = &avx2;
    }
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        variants[count++] = &avx512;
    }
#endif
    variants[count] = NULL;
}

static void each_variant(void (*check)(const KernelVariant *variant))
{
    const KernelVariant *variants[4];
    find_variants(variants);
    for (int i = 0; variants[i] != NULL; i++) { check(variants[i]); }
}

static void check_product(const KernelVariant *variant)
{
    enum { LARGEST = 50, DEPTH = 19 };
    float *left = filled(LARGEST * DEPTH, 1), *right = filled(LARGEST * DEPTH, 2);
    float out[LARGEST * LARGEST], strips[64 * DEPTH], other[LARGEST * DEPTH];
    for (int rows = 1; rows <= LARGEST; rows++) {
        for (int columns = 1; columns <= LARGEST; columns++) {
            bool transposed = (rows + columns) % 2 == 1;
            KernelProduct product = {.left = left,
                                     .right = strips,
                                     .out = out,
                                     .depth = DEPTH,
                                     .columns = columns,
                                     .left_stride = DEPTH,
                                     .out_stride = (size_t)(transposed ? rows : columns),
                                     .transposed = transposed};
            if (rows % 2 == 1) { /* right as [columns, DEPTH] or as [DEPTH, columns] */
                variant->pack_transposed(right, columns, DEPTH, 0, (columns + 15) / 16, strips);
            } else {
                for (int i = 0; i < columns * DEPTH; i++) {
                    other[i % DEPTH * columns + i / DEPTH] = right[i];
                }
                variant->pack(other, columns, DEPTH, strips);
            }
            memset(out, 0, sizeof out);
            variant->multiply(&product, 0, rows / 2);
            variant->multiply(&product, rows / 2, rows);
            for (int i = 0; i < rows * columns; i++) {
                int row = i / columns, column = i % columns;
                double sum = 0;
                for (int k = 0; k < DEPTH; k++) {
                    sum += (double)left[row * DEPTH + k] * (double)right[column * DEPTH + k];
                }
                near(sum, (double)out[transposed ? column * rows + row : i], 3e-6, "product", rows);
            }
        }
    }
    free(left);
    free(right);
}

static void check_softmax(const KernelVariant *variant)
{
    float x[200], y[200];
    for (int size = 1; size <= 200; size++) {
        fill(x, (size_t)size, (uint32_t)size);
        double sum = 0, total = 0;
        for (int i = 0; i < size; i++) { x[i] *= 40; }
        memcpy(y, x, sizeof y);
        variant->softmax(y, 0.5f, 1, size);
        for (int i = 0; i < size; i++) { sum += exp((double)x[i] / 2 - 20); }
        for (int i = 0; i < size; i++) {
            double wanted = exp((double)x[i] / 2 - 20) / sum;
            near(wanted, (double)y[i], 3e-6 * wanted + 1e-37, "softmax", size);
            total += (double)y[i];
        }
        near(1, total, 1e-6, "softmax sum", size);
    }
}

/* Scores far from zero and far apart must neither overflow nor vanish into NaN. */
static void check_softmax_extremes(const KernelVariant *variant)
{
    float x[3] = {1e30f, -1e30f, 1e30f};
    variant->softmax(x, 1, 1, 3);
    near(0.5, (double)x[0], 1e-6, "softmax of huge scores", 3);
    near(0, (double)x[1], 1e-30, "softmax of huge scores", 3);
    float rows[2][20];
    for (int i = 0; i < 20; i++) {
        rows[0][i] = i == 5 ? NAN : 0;
        rows[1][i] = -3e38f;
    }
    variant->softmax(rows[0], 1, 2, 20);
    assert_true(isnan(rows[0][0]));
    near(0.05, (double)rows[1][7], 1e-7, "softmax of equal scores", 20);
}

static void check_norm(const KernelVariant *variant)
{
    enum { ROWS = 3, LARGEST = 150 };
    float *x = filled(ROWS * LARGEST, 1), *residual = filled(ROWS * LARGEST, 2);
    float *bias = filled(LARGEST, 3), *gain = filled(LARGEST, 4), *shift = filled(LARGEST, 5);
    float out[ROWS * LARGEST], bare[ROWS * LARGEST];
    for (int size = 2; size <= LARGEST; size++) {
        variant->add_norm(x, bias, residual, gain, shift, 1e-5f, ROWS, size, out);
        variant->add_norm(x, NULL, NULL, gain, shift, 1e-5f, ROWS, size, bare);
        for (int row = 0; row < 2 * ROWS; row++) {
            bool both = row < ROWS;
            int start = row % ROWS * size;
            double v[LARGEST], mean = 0, variance = 0;
            for (int i = 0; i < size; i++) {
                v[i] = (double)x[start + i];
                if (both) { v[i] += (double)bias[i] + (double)residual[start + i]; }
                mean += v[i] / size;
            }
            for (int i = 0; i < size; i++) { variance += (v[i] - mean) * (v[i] - mean) / size; }
            for (int i = 0; i < size; i++) {
                double wanted =
                    (v[i] - mean) / sqrt(variance + 1e-5) * (double)gain[i] + (double)shift[i];
                near(wanted, (double)(both ? out : bare)[start + i], 5e-6, "norm", size);
            }
        }
    }
    free(x);
    free(residual);
    free(bias);
    free(gain);
    free(shift);
}

/* Small variance around a large mean: the sum of squares must be taken around the mean. */
static void check_norm_of_large_mean(const KernelVariant *variant)
{
    float x[64], gain[64], shift[64] = {0}, out[64];
    for (int i = 0; i < 64; i++) {
        x[i] = 1000 + (float)(i % 2);
        gain[i] = 1;
    }
    variant->add_norm(x, NULL, NULL, gain, shift, 1e-12f, 1, 64, out);
    for (int i = 0; i < 64; i++) { near(i % 2 ? 1 : -1, (double)out[i], 1e-4, "norm", 64); }
}

static double activation_of(Activation activation, double x)
{
    double u = sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
    switch (activation) {
    case ACTIVATION_GELU: return x * 0.5 * erfc(-x / sqrt(2));
    case ACTIVATION_GELU_NEW: return 0.5 * x * (1 + tanh(u));
    case ACTIVATION_RELU: return x > 0 ? x : 0;
    }
    return NAN;
}

static void check_activation(const KernelVariant *variant, Activation activation)
{
    enum { COUNT = 4001 };
    float x[COUNT], zero[COUNT] = {0};
    for (int i = 0; i < COUNT; i++) { x[i] = (float)(i - COUNT / 2) * 0.01f; }
    variant->activate(x, zero, activation, 1, COUNT);
    for (int i = 0; i < COUNT; i++) {
        double at = (double)((float)(i - COUNT / 2) * 0.01f);
        near(activation_of(activation, at), (double)x[i], 1e-6 + 3e-7 * fabs(at), "activation", i);
    }
    float row[6] = {1, 2, 3, -1, -2, -3}, bias[3] = {0.5f, -1, 1};
    variant->activate(row, bias, activation, 2, 3);
    near(activation_of(activation, 1.5), (double)row[0], 1e-6, "bias", 3);
    near(activation_of(activation, -3), (double)row[4], 1e-6, "bias", 3);
    float far[4] = {1e6f, -1e6f, 1e30f, -1e30f};
    variant->activate(far, zero, activation, 1, 4);
    near(1e6, (double)far[0], 1, "far from zero", 4);
    near(0, (double)far[1], 1e-3, "far from zero", 4);
    near(1e30, (double)far[2], 1e24, "far from zero", 4);
    near(0, (double)far[3], 1e-3, "far from zero", 4);
}

static void check_activations(const KernelVariant *variant)
{
    check_activation(variant, ACTIVATION_GELU);
    check_activation(variant, ACTIVATION_GELU_NEW);
    check_activation(variant, ACTIVATION_RELU);
}

static void test_loops(void **state)
{
    (void)state;
    each_variant(check_product);
    each_variant(check_softmax);
    each_variant(check_softmax_extremes);
    each_variant(check_norm);
    each_variant(check_norm_of_large_mean);
    each_variant(check_activations);
}

/* ---- The kernels themselves, cut into pieces for a team ---- */

static void test_linear(void **state)
{
    Team *team = *state;
    static const int rows[] = {1, 2, 3, 4, 5, 7, 8, 12, 17, 31, 32, 33, 64, 100};
    static const int sizes[] = {1, 8, 31, 64, 144, 256};
    float *x = filled(100 * 256, 1), *weight = filled(256 * 256, 2);
    float *out = malloc(sizeof *out * 3 * 100 * 256), *space = space_for(256, 1, 100);
    for (size_t k = 0; k < COUNTOF(rows) * COUNTOF(sizes) * COUNTOF(sizes); k++) {
        int inputs = sizes[k % COUNTOF(sizes)],
            outputs = sizes[k / COUNTOF(sizes) % COUNTOF(sizes)];
        int count = rows[k / COUNTOF(sizes) / COUNTOF(sizes)], all = count * outputs;
        kernels_linear(team, x, weight, count, inputs, outputs, space, out);
        kernels_linear_tiles(team, x, weight, count, inputs, outputs, space, out + all);
        kernels_linear_blas(team, x, weight, count, inputs, outputs, out + 2 * all);
        for (int i = 0; i < all; i++) {
            double sum = 0;
            for (int j = 0; j < inputs; j++) {
                sum +=
                    (double)x[i / outputs * inputs + j] * (double)weight[i % outputs * inputs + j];
            }
            near(sum, (double)out[i], 2e-5, "linear", inputs);
            near(sum, (double)out[all + i], 2e-5, "tiles", inputs);
            near(sum, (double)out[2 * all + i], 2e-5, "OpenBLAS", inputs);
        }
    }
    free(x);
    free(weight);
    free(space);
    free(out);
}

/* Rows that are many enough for several pieces give what they give one by one. */
static void test_pieces(void **state)
{
    Team *team = *state;
    enum { ROWS = 70, SIZE = 1000 };
    const size_t count = (size_t)ROWS * SIZE;
    float *x = filled(count, 1), *residual = filled(count, 2), *bias = filled(SIZE, 3);
    float *gain = filled(SIZE, 4), *shift = filled(SIZE, 5), *whole = malloc(count * sizeof *whole);
    float *single = malloc(count * sizeof *single);
    kernels_add_norm(team, x, bias, residual, gain, shift, 1e-12f, ROWS, SIZE, whole);
    for (size_t i = 0; i < ROWS; i++) {
        kernels_add_norm(NULL, x + i * SIZE, bias, residual + i * SIZE, gain, shift, 1e-12f, 1,
                         SIZE, single + i * SIZE);
    }
    assert_memory_equal(whole, single, count * sizeof *whole);
    kernels_activate(team, whole, bias, ACTIVATION_GELU, ROWS, SIZE);
    kernels_add_bias(team, whole, shift, ROWS, SIZE);
    for (size_t i = 0; i < ROWS; i++) {
        kernels_activate(NULL, single + i * SIZE, bias, ACTIVATION_GELU, 1, SIZE);
        kernels_add_bias(NULL, single + i * SIZE, shift, 1, SIZE);
    }
    assert_memory_equal(whole, single, count * sizeof *whole);
    kernels_softmax(whole, ROWS, SIZE);
    double sum = 0;
    for (int i = 0; i < SIZE; i++) { sum += (double)whole[i]; }
    near(1, sum, 1e-5, "softmax sum", SIZE);
    free(x);
    free(residual);
    free(bias);
    free(gain);
    free(shift);
    free(whole);
    free(single);
}

static void test_split_heads(void **state)
{
    Team *team = *state;
    enum { TOKENS = 3, HEADS = 2, SIZE = 5 };
    float x[TOKENS * HEADS * SIZE], bias[HEADS * SIZE], out[TOKENS * HEADS * SIZE];
    fill(x, COUNTOF(x), 1);
    fill(bias, COUNTOF(bias), 2);
    kernels_split_heads(team, x, bias, TOKENS, HEADS, SIZE, out);
    for (int i = 0; i < TOKENS * HEADS * SIZE; i++) {
        int head = i / (TOKENS * SIZE), token = i / SIZE % TOKENS, at = head * SIZE + i % SIZE;
        assert_true(out[i] == x[token * HEADS * SIZE + at] + bias[at]);
    }
    kernels_add_bias(team, x, bias, TOKENS, HEADS * SIZE);
    assert_true(out[SIZE] == x[HEADS * SIZE]);
}

static void test_attention(void **state)
{
    Team *team = *state;
    static const int sizes[][3] = {{1, 1, 1},   {2, 3, 4},   {3, 17, 12},
                                   {2, 64, 16}, {1, 33, 64}, {4, 64, 48}};
    for (size_t s = 0; s < COUNTOF(sizes); s++) {
        int A = sizes[s][0], T = sizes[s][1], d = sizes[s][2];
        size_t count = (size_t)(A * T * d);
        float *query = filled(count, 1), *key = filled(count, 2), *value = filled(count, 3);
        float *weights = filled((size_t)(A * T * T), 4), *context = filled(count, 5);
        float *space = space_for(A * d, A, T);
        kernels_attention(team, query, key, value, A, T, d, space, weights, context);
        for (int row = 0; row < A * T; row++) {
            int head = row / T;
            double scores[64], sum = 0;
            for (int k = 0; k < T; k++) {
                double score = 0;
                for (int i = 0; i < d; i++) {
                    score += (double)query[row * d + i] * (double)key[(head * T + k) * d + i];
                }
                sum += scores[k] = exp(score / sqrt(d));
            }
            for (int k = 0; k < T; k++) {
                near(scores[k] / sum, (double)weights[row * T + k], 1e-6, "attention", T);
            }
            for (int i = 0; i < d; i++) {
                double wanted = 0;
                for (int k = 0; k < T; k++) {
                    wanted += scores[k] / sum * (double)value[(head * T + k) * d + i];
                }
                near(wanted, (double)context[(row % T) * A * d + head * d + i], 2e-6, "context", T);
            }
        }
        free(query);
        free(key);
        free(value);
        free(weights);
        free(context);
        free(space);
    }
}

/* With a team and alone: the pieces must fit together. */
static int make_team(void **state)
{
    *state = team_new(3);
    return 0;
}

static int free_team(void **state)
{
    team_free(*state);
    return 0;
}

/* Two sets of threads, OpenBLAS's and ours, starve each other on a busy machine. */
static void test_threads_are_ours(void **state)
{
    (void)state;
    openblas_set_num_threads(2);
    assert_int_equal(kernels_claim_threads(3), 3);
    assert_int_equal(openblas_get_num_threads(), 1);
    assert_in_range(kernels_claim_threads(0), 1, 1 << 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_split_heads),
        cmocka_unit_test(test_attention),
    };
    const struct CMUnitTest loops[] = {cmocka_unit_test(test_loops),
                                       cmocka_unit_test(test_threads_are_ours)};
    int failed = cmocka_run_group_tests_name("loops", loops, NULL, NULL);
    failed += cmocka_run_group_tests_name("alone", tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("team", tests, make_team, free_team);
}
