/* The fast kernels against plain loops in double precision: sizes around every width that a loop
 * may be cut into, and values where the formulas are delicate. */
#include "base/base.h"
#include "model/kernels.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
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
    ModelConfig config = {.hidden_size = hidden, .intermediate_size = hidden, .heads = heads,
                          .head_size = hidden / heads};
    return malloc(kernels_space(&config, tokens) * sizeof(float));
}

static void near(double wanted, double found, double limit, const char *what, int size)
{
    if (!(fabs(wanted - found) <= limit)) {
        fail_msg("%s, size %d: wanted %.9g, found %.9g", what, size, wanted, found);
    }
}

static void test_linear(void **state)
{
    Team *team = *state;
    static const int rows[] = {1, 2, 3, 4, 5, 7, 8, 12, 17, 31, 32, 33, 64, 100};
    static const int sizes[] = {1, 8, 24, 31, 64, 100, 144, 256};
    float *x = filled(100 * 256, 1), *weight = filled(256 * 256, 2);
    float *space = space_for(256, 1, 100);
    float *out = malloc(sizeof *out * 100 * 256);
    for (size_t r = 0; r < COUNTOF(rows); r++) {
        for (size_t k = 0; k < COUNTOF(sizes) * COUNTOF(sizes); k++) {
            int inputs = sizes[k / COUNTOF(sizes)], outputs = sizes[k % COUNTOF(sizes)];
            kernels_linear(team, x, weight, rows[r], inputs, outputs, space, out);
            for (int i = 0; i < rows[r] * outputs; i++) {
                int row = i / outputs, column = i % outputs;
                double sum = 0;
                for (int j = 0; j < inputs; j++) {
                    sum += (double)x[row * inputs + j] * (double)weight[column * inputs + j];
                }
                near(sum, (double)out[i], 2e-5, "linear", inputs);
            }
        }
    }
    free(x);
    free(weight);
    free(space);
    free(out);
}

static void test_softmax(void **state)
{
    (void)state;
    float x[200], y[200];
    for (int size = 1; size <= 200; size++) {
        fill(x, (size_t)size, (uint32_t)size);
        double sum = 0, total = 0;
        for (int i = 0; i < size; i++) { x[i] *= 20; }
        memcpy(y, x, sizeof y);
        kernels_softmax(y, 1, size);
        for (int i = 0; i < size; i++) { sum += exp((double)x[i] - 20); }
        for (int i = 0; i < size; i++) {
            double wanted = exp((double)x[i] - 20) / sum;
            near(wanted, (double)y[i], 3e-6 * wanted + 1e-37, "softmax", size);
            total += (double)y[i];
        }
        near(1, total, 1e-6, "softmax sum", size);
    }
}

/* Scores far from zero and far apart must neither overflow nor vanish into NaN. */
static void test_softmax_extremes(void **state)
{
    (void)state;
    float x[3] = {1e30f, -1e30f, 1e30f};
    kernels_softmax(x, 1, 3);
    near(0.5, (double)x[0], 1e-6, "softmax of huge scores", 3);
    near(0, (double)x[1], 1e-30, "softmax of huge scores", 3);
    float rows[2][20];
    for (int i = 0; i < 20; i++) {
        rows[0][i] = i == 5 ? NAN : 0;
        rows[1][i] = -3e38f;
    }
    kernels_softmax(rows[0], 2, 20);
    assert_true(isnan(rows[0][0]));
    near(0.05, (double)rows[1][7], 1e-7, "softmax of equal scores", 20);
}

static void test_add_norm(void **state)
{
    Team *team = *state;
    enum { ROWS = 3, LARGEST = 150 };
    float *x = filled(ROWS * LARGEST, 1), *residual = filled(ROWS * LARGEST, 2);
    float *bias = filled(LARGEST, 3), *gain = filled(LARGEST, 4), *shift = filled(LARGEST, 5);
    float out[ROWS * LARGEST], bare[ROWS * LARGEST];
    for (int size = 2; size <= LARGEST; size++) {
        kernels_add_norm(team, x, bias, residual, gain, shift, 1e-5f, ROWS, size, out);
        kernels_add_norm(team, x, NULL, NULL, gain, shift, 1e-5f, ROWS, size, bare);
        for (int both = 0; both < 2; both++) {
            for (int row = 0; row < ROWS; row++) {
                double v[LARGEST], mean = 0, variance = 0;
                for (int i = 0; i < size; i++) {
                    v[i] = (double)x[row * size + i];
                    if (both) { v[i] += (double)bias[i] + (double)residual[row * size + i]; }
                    mean += v[i] / size;
                }
                for (int i = 0; i < size; i++) { variance += (v[i] - mean) * (v[i] - mean) / size; }
                for (int i = 0; i < size; i++) {
                    double wanted = (v[i] - mean) / sqrt(variance + 1e-5) * (double)gain[i] +
                                    (double)shift[i];
                    near(wanted, (double)(both ? out : bare)[row * size + i], 5e-6, "norm", size);
                }
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
static void test_norm_of_large_mean(void **state)
{
    Team *team = *state;
    float x[64], gain[64], shift[64] = {0}, out[64];
    for (int i = 0; i < 64; i++) {
        x[i] = 1000 + (float)(i % 2);
        gain[i] = 1;
    }
    kernels_add_norm(team, x, NULL, NULL, gain, shift, 1e-12f, 1, 64, out);
    for (int i = 0; i < 64; i++) { near(i % 2 ? 1 : -1, (double)out[i], 1e-4, "norm", 64); }
}

static double activate(Activation activation, double x)
{
    switch (activation) {
    case ACTIVATION_GELU: return x * 0.5 * erfc(-x / sqrt(2));
    case ACTIVATION_GELU_NEW: return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case ACTIVATION_RELU: return x > 0 ? x : 0;
    }
    return NAN;
}

static void test_activate(void **state)
{
    Team *team = *state;
    enum { COUNT = 4001 };
    static float x[COUNT], zero[COUNT];
    for (int activation = ACTIVATION_GELU; activation <= ACTIVATION_RELU; activation++) {
        for (int i = 0; i < COUNT; i++) { x[i] = (float)(i - COUNT / 2) * 0.01f; }
        kernels_activate(team, x, zero, (Activation)activation, 1, COUNT);
        for (int i = 0; i < COUNT; i++) {
            double at = (double)((float)(i - COUNT / 2) * 0.01f);
            double limit = 1e-6 + 3e-7 * fabs(at);
            near(activate((Activation)activation, at), (double)x[i], limit, "activation", i);
        }
        float row[6] = {1, 2, 3, -1, -2, -3}, bias[3] = {0.5f, -1, 1};
        kernels_activate(team, row, bias, (Activation)activation, 2, 3);
        near(activate((Activation)activation, 1.5), (double)row[0], 1e-6, "bias", 3);
        near(activate((Activation)activation, -3), (double)row[4], 1e-6, "bias", 3);
        float far[2] = {1e6f, -1e6f}, none[2] = {0, 0};
        kernels_activate(team, far, none, (Activation)activation, 1, 2);
        near(1e6, (double)far[0], 1, "far from zero", 2);
        near(0, (double)far[1], 1e-3, "far from zero", 2);
    }
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
    static const int sizes[][3] = {{1, 1, 1}, {2, 3, 4}, {3, 17, 12}, {2, 64, 16}, {1, 33, 64}, {4, 64, 48}};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_softmax_extremes),
        cmocka_unit_test(test_add_norm),
        cmocka_unit_test(test_norm_of_large_mean),
        cmocka_unit_test(test_activate),
        cmocka_unit_test(test_split_heads),
        cmocka_unit_test(test_attention),
    };
    int failed = cmocka_run_group_tests_name("alone", tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("team", tests, make_team, free_team);
}
