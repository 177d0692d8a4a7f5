#include "model/kernels.h"

#include "base/base.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* The loops below are written once, as INLINE functions on plain arrays, and compiled three times:
 * for any x86-64, for AVX2 and for AVX-512 (Variant). Sums and maxima run in LANES parallel
 * strands, because a compiler may not reorder float additions by itself. */
#define INLINE static inline __attribute__((always_inline))
#define LANES 16

typedef float Lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
typedef int32_t LaneMask __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

/* ---- Functions of one number ---- */

/* e^x to 1e-7 relative for x <= 88; below -87 it stays at e^-87. 2^n is put together from bits, the
 * rest r = x - n ln 2 goes through a polynomial fitted to |r| <= ln(2) / 2. */
INLINE float exp_of(float x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it leaves the nearest whole number */
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 1.44269504f + round;
    float n = shifted - round;
    float r = x - n * 0.693359375f;   /* ln 2 in two parts, the first exact in few bits */
    r = r + n * 2.12194440e-4f;
    float p = 0.00138131446f;
    p = p * r + 0.00836941893f;
    p = p * r + 0.0416684568f;
    p = p * r + 0.166665148f;
    p = p * r + 0.499999931f;
    p = p * r * r + r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23; /* the low bits of `shifted` are n */
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* erf(x) to 4e-7: x P(x^2) / Q(x^2), fitted to |x| <= 4, beyond which erf is 1 in a float. It must
 * be exactly so: gelu multiplies what is left of 1 + erf(x) by a number of any size. */
INLINE float erf_of(float x)
{
    float s = x * x;
    float p = 1.97478621e-06f;
    p = p * s + 0.000288038804f;
    p = p * s + 0.00400366865f;
    p = p * s + 0.0534675601f;
    p = p * s + 0.196249969f;
    p = p * s + 1.12837898f;
    float q = 3.74802596e-05f;
    q = q * s + 0.00121635907f;
    q = q * s + 0.015444478f;
    q = q * s + 0.11647679f;
    q = q * s + 0.507253166f;
    q = q * s + 1.0f;
    float inside = x * p / q;
    float below = x < -4.0f ? -1.0f : inside;
    return x > 4.0f ? 1.0f : below;
}

/* Hendrycks and Gimpel 2016: x times the probability that a normal variable is below x. */
INLINE float gelu_of(float x) { return 0.5f * x * (1.0f + erf_of(x * 0.707106781f)); }

/* The same paper's approximation, 0.5 x (1 + tanh(u)), as x / (1 + e^-2u). */
INLINE float gelu_new_of(float x)
{
    float u = 0.797884561f * (x + 0.044715f * x * x * x);
    float exponent = -2.0f * u;
    exponent = exponent > 87.0f ? 87.0f : exponent;
    return x / (1.0f + exp_of(exponent));
}

/* ---- Rows ---- */

INLINE float sum_lanes(const Lanes *lanes)
{
    float sum = 0;
    for (int j = 0; j < LANES; j++) { sum += (*lanes)[j]; }
    return sum;
}

INLINE float row_sum(const float *x, int size)
{
    Lanes lanes = {0};
    int i = 0;
    for (; i + LANES <= size; i += LANES) { lanes += *(const Lanes *)(x + i); }
    float sum = sum_lanes(&lanes);
    for (; i < size; i++) { sum += x[i]; }
    return sum;
}

INLINE float row_square_distance(const float *x, float mean, int size)
{
    Lanes lanes = {0};
    int i = 0;
    for (; i + LANES <= size; i += LANES) {
        Lanes distance = *(const Lanes *)(x + i) - mean;
        lanes += distance * distance;
    }
    float sum = sum_lanes(&lanes);
    for (; i < size; i++) { sum += (x[i] - mean) * (x[i] - mean); }
    return sum;
}

INLINE float row_maximum(const float *x, int size)
{
    float largest = x[0];
    int i = 0;
    if (size >= LANES) {
        Lanes lanes = *(const Lanes *)x;
        for (i = LANES; i + LANES <= size; i += LANES) {
            Lanes next = *(const Lanes *)(x + i);
            LaneMask greater = next > lanes;
            lanes = (Lanes)((greater & (LaneMask)next) | (~greater & (LaneMask)lanes));
        }
        for (int j = 0; j < LANES; j++) { largest = lanes[j] > largest ? lanes[j] : largest; }
    }
    for (; i < size; i++) { largest = x[i] > largest ? x[i] : largest; }
    return largest;
}

INLINE void softmax_rows(float *x, int rows, int size)
{
    for (; rows > 0; rows--, x += size) {
        float largest = row_maximum(x, size);
        for (int i = 0; i < size; i++) { x[i] = exp_of(x[i] - largest); }
        float scale = 1.0f / row_sum(x, size);
        for (int i = 0; i < size; i++) { x[i] *= scale; }
    }
}

INLINE void add_norm_rows(const float *x, const float *bias, const float *residual,
                          const float *gain, const float *shift, float epsilon, int rows,
                          int size, float *restrict out)
{
    for (int row = 0; row < rows; row++, x += size, out += size) {
        if (residual != NULL) {
            for (int i = 0; i < size; i++) { out[i] = x[i] + bias[i] + residual[i]; }
            residual += size;
        } else {
            memcpy(out, x, (size_t)size * sizeof *out);
        }
        float mean = row_sum(out, size) / (float)size;
        float variance = row_square_distance(out, mean, size) / (float)size;
        float scale = 1.0f / sqrtf(variance + epsilon);
        for (int i = 0; i < size; i++) { out[i] = (out[i] - mean) * scale * gain[i] + shift[i]; }
    }
}

INLINE void activate_rows(float *x, const float *restrict bias, Activation activation, int rows,
                          int size)
{
    for (; rows > 0; rows--, x += size) {
        switch (activation) {
        case ACTIVATION_GELU:
            for (int i = 0; i < size; i++) { x[i] = gelu_of(x[i] + bias[i]); }
            break;
        case ACTIVATION_GELU_NEW:
            for (int i = 0; i < size; i++) { x[i] = gelu_new_of(x[i] + bias[i]); }
            break;
        case ACTIVATION_RELU:
            for (int i = 0; i < size; i++) { x[i] = max_float(x[i] + bias[i], 0); }
            break;
        }
    }
}

/* ---- The same for several generations of x86 ---- */

typedef struct Variant {
    void (*softmax)(float *x, int rows, int size);
    void (*add_norm)(const float *x, const float *bias, const float *residual, const float *gain,
                     const float *shift, float epsilon, int rows, int size, float *out);
    void (*activate)(float *x, const float *bias, Activation activation, int rows, int size);
} Variant;

#define VARIANT(name, TARGET)                                                                     \
    TARGET static void softmax_##name(float *x, int rows, int size)                               \
    {                                                                                             \
        softmax_rows(x, rows, size);                                                              \
    }                                                                                             \
    TARGET static void add_norm_##name(const float *x, const float *bias, const float *residual,  \
                                       const float *gain, const float *shift, float epsilon,      \
                                       int rows, int size, float *out)                            \
    {                                                                                             \
        add_norm_rows(x, bias, residual, gain, shift, epsilon, rows, size, out);                  \
    }                                                                                             \
    TARGET static void activate_##name(float *x, const float *bias, Activation activation,        \
                                       int rows, int size)                                        \
    {                                                                                             \
        activate_rows(x, bias, activation, rows, size);                                           \
    }                                                                                             \
    static const Variant name = {softmax_##name, add_norm_##name, activate_##name};

VARIANT(plain, )
#ifdef __x86_64__
VARIANT(avx2, __attribute__((target("avx2,fma"))))
VARIANT(avx512, __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))))
#endif

static const Variant *best_variant(void)
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

void kernels_softmax(float *x, int rows, int size) { best_variant()->softmax(x, rows, size); }

void kernels_add_norm(const float *x, const float *bias, const float *residual, const float *gain,
                      const float *shift, float epsilon, int rows, int size, float *out)
{
    best_variant()->add_norm(x, bias, residual, gain, shift, epsilon, rows, size, out);
}

void kernels_activate(float *x, const float *bias, Activation activation, int rows, int size)
{
    best_variant()->activate(x, bias, activation, rows, size);
}

void kernels_add_bias(float *x, const float *bias, int rows, int size)
{
    for (; rows > 0; rows--, x += size) {
        for (int i = 0; i < size; i++) { x[i] += bias[i]; }
    }
}

/* ---- Products ---- */

void kernels_set_threads(int threads)
{
    if (threads > 0) { openblas_set_num_threads(threads); }
}

void kernels_linear(const float *x, const float *weight, int rows, int inputs, int outputs,
                    float *out)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1.0f, x, inputs,
                weight, inputs, 0.0f, out, outputs);
}

void kernels_split_heads(const float *x, const float *bias, int tokens, int heads, int size,
                         float *out)
{
    for (int head = 0; head < heads; head++) {
        const float *head_bias = bias + head * size;
        for (int token = 0; token < tokens; token++, out += size) {
            const float *from = x + ((size_t)token * (size_t)heads + (size_t)head) * (size_t)size;
            for (int i = 0; i < size; i++) { out[i] = from[i] + head_bias[i]; }
        }
    }
}

void kernels_attention(const float *query, const float *key, const float *value, int heads,
                       int tokens, int size, float *weights, float *context)
{
    float scale = 1.0f / sqrtf((float)size);
    size_t vectors = (size_t)tokens * (size_t)size, square = (size_t)tokens * (size_t)tokens;
    for (int head = 0; head < heads; head++) {
        /* scores [tokens, tokens] = query @ key^T / sqrt(size) */
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, tokens, tokens, size, scale, query,
                    size, key, size, 0.0f, weights, tokens);
        kernels_softmax(weights, tokens, tokens);
        /* context [tokens, size] = weights @ value, into the columns of this head */
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, tokens, size, tokens, 1.0f, weights,
                    tokens, value, size, 0.0f, context + head * size, heads * size);
        query += vectors;
        key += vectors;
        value += vectors;
        weights += square;
    }
}
