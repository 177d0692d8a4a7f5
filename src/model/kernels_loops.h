/* kernels_loops.h - the inner loops of kernels.c, which includes this file once for every kind of
 * processor that it knows:
 *
 *     #define VARIANT avx2                                      the name of the kind
 *     #define TARGET __attribute__((target("avx2,fma")))        what the compiler may use
 *     #define FLOATS 8                                          how many fit one register
 *     #define TILE_ROWS 6                                       2 TILE_ROWS + 3 registers are there
 *     #include "model/kernels_loops.h"
 *
 * and gets a const KernelVariant of that name. The loops themselves are the same everywhere. Sums
 * run in FLOATS parallel strands, because a compiler may not reorder float additions by itself. */
#ifndef MODEL_KERNELS_LOOPS_H
#define MODEL_KERNELS_LOOPS_H

#include "base/base.h"
#include "model/config.h"

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* left @ right, where `right` was packed into strips of STRIP columns, [strips][depth][STRIP], and
 * `left` is read as it lies in memory, so that it may be weights that come from memory once. */
#define STRIP 16

#define CACHE_LINE 64 /* bytes */

typedef struct KernelProduct {
    const float *left;  /* [rows, depth] */
    const float *right; /* strips of [depth, columns]; the last one is filled up with zeros */
    float *out;
    int depth, columns;
    size_t left_stride; /* from one row of `left` to the next */
    size_t out_stride;  /* from one row of `out` to the next */
    bool transposed;    /* out: [columns, rows] instead of [rows, columns] */
    int streamed;       /* rows of `left` that come from memory, too many for the cache; or 0 */
} KernelProduct;

typedef struct KernelVariant {
    /* rows `first` to `end` of a product */
    void (*multiply)(const KernelProduct *product, int first, int end);
    /* strips of x [depth, columns]; strips `first` to `end` of x [columns, depth] transposed */
    void (*pack)(const float *x, int columns, int depth, float *strips);
    void (*pack_transposed)(const float *x, int columns, int depth, int first, int end,
                            float *strips);
    /* the functions of kernels.h, for some rows */
    void (*softmax)(float *x, float scale, int rows, int size); /* of scale * x; scale > 0 */
    void (*add_norm)(const float *x, const float *bias, const float *residual, const float *gain,
                     const float *shift, float epsilon, int rows, int size, float *out);
    void (*activate)(float *x, const float *bias, Activation activation, int rows, int size);
} KernelVariant;

/* ---- Functions of one number ---- */

/* e^x to 1e-7 relative for x <= 88; below -87 it stays at e^-87. 2^n is put together from bits, the
 * rest r = x - n ln 2 goes through a polynomial fitted to |r| <= ln(2) / 2. */
INLINE float exp_of(float x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it leaves the nearest whole number */
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 1.44269504f + round;
    float n = shifted - round;
    float r = x - n * 0.693359375f; /* ln 2 in two parts, the first exact in few bits */
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

#endif

/* ---- From here on once for every kind ---- */

#ifndef VARIANT
#define VARIANT plain
#define TARGET
#define FLOATS 4
#define TILE_ROWS 6
#endif

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(name) JOIN(name, VARIANT)
#define Vector NAME(Vector)
#define Mask NAME(Mask)

typedef float Vector __attribute__((vector_size(FLOATS * sizeof(float)), aligned(4), may_alias));
typedef int32_t Mask __attribute__((vector_size(FLOATS * sizeof(float)), aligned(4)));

/* ---- Rows ---- */

TARGET INLINE float NAME(sum_of)(const Vector *vector)
{
    float sum = 0;
    for (int j = 0; j < FLOATS; j++) { sum += (*vector)[j]; }
    return sum;
}

TARGET INLINE float NAME(row_sum)(const float *x, int size)
{
    Vector sums = {0};
    int i = 0;
    for (; i + FLOATS <= size; i += FLOATS) { sums += *(const Vector *)(x + i); }
    float sum = NAME(sum_of)(&sums);
    for (; i < size; i++) { sum += x[i]; }
    return sum;
}

TARGET INLINE float NAME(row_square_distance)(const float *x, float mean, int size)
{
    Vector sums = {0};
    int i = 0;
    for (; i + FLOATS <= size; i += FLOATS) {
        Vector distance = *(const Vector *)(x + i) - mean;
        sums += distance * distance;
    }
    float sum = NAME(sum_of)(&sums);
    for (; i < size; i++) { sum += (x[i] - mean) * (x[i] - mean); }
    return sum;
}

TARGET INLINE float NAME(row_maximum)(const float *x, int size)
{
    float largest = x[0];
    int i = 0;
    if (size >= FLOATS) {
        Vector most = *(const Vector *)x;
        for (i = FLOATS; i + FLOATS <= size; i += FLOATS) {
            Vector next = *(const Vector *)(x + i);
            Mask greater = next > most; /* all bits of a number set, or none */
            most = (Vector)((greater & (Mask)next) | (~greater & (Mask)most));
        }
        for (int j = 0; j < FLOATS; j++) { largest = max_float(most[j], largest); }
    }
    for (; i < size; i++) { largest = max_float(x[i], largest); }
    return largest;
}

TARGET static void NAME(softmax)(float *x, float scale, int rows, int size)
{
    for (; rows > 0; rows--, x += size) {
        float largest = NAME(row_maximum)(x, size);
        for (int i = 0; i < size; i++) { x[i] = exp_of((x[i] - largest) * scale); }
        float share = 1.0f / NAME(row_sum)(x, size);
        for (int i = 0; i < size; i++) { x[i] *= share; }
    }
}

TARGET static void NAME(add_norm)(const float *x, const float *bias, const float *residual,
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
        float mean = NAME(row_sum)(out, size) / (float)size;
        float variance = NAME(row_square_distance)(out, mean, size) / (float)size;
        float scale = 1.0f / sqrtf(variance + epsilon);
        for (int i = 0; i < size; i++) { out[i] = (out[i] - mean) * scale * gain[i] + shift[i]; }
    }
}

TARGET static void NAME(activate)(float *x, const float *restrict bias, Activation activation,
                                  int rows, int size)
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

/* ---- Products ----
 *
 * A tile is some rows of the result, one or two registers wide. It stays in registers while the
 * loop goes through the depth: each number of `left` is read once, spread over a register and
 * multiplied with the registers of `right`. */

/* sums[j][k] to row + j and the k-th register from `column` on, as far as the result goes. */
TARGET INLINE void NAME(store_tile)(const KernelProduct *product, Vector sums[TILE_ROWS][2],
                                    int row, int column, const int rows, const int vectors)
{
    const int width = min_int(product->columns - column, vectors * FLOATS);
    float *out = product->out + (size_t)row * product->out_stride + column;
    if (!product->transposed && width == vectors * FLOATS) {
        for (int j = 0; j < rows; j++, out += product->out_stride) {
            for (int k = 0; k < vectors; k++) { *(Vector *)(out + k * FLOATS) = sums[j][k]; }
        }
        return;
    }
    /* By way of memory: registers can't be indexed by a variable. */
    float numbers[TILE_ROWS][2 * FLOATS];
    for (int j = 0; j < rows; j++) {
        for (int k = 0; k < vectors; k++) { *(Vector *)(numbers[j] + k * FLOATS) = sums[j][k]; }
    }
    if (product->transposed) {
        out = product->out + (size_t)column * product->out_stride + row;
        for (int i = 0; i < width; i++, out += product->out_stride) {
            for (int j = 0; j < rows; j++) { out[j] = numbers[j][i]; }
        }
    } else {
        for (int j = 0; j < rows; j++, out += product->out_stride) {
            memcpy(out, numbers[j], (size_t)width * sizeof *out);
        }
    }
}

/* rows and vectors must be constants, so that `sums` becomes registers. */
TARGET INLINE void NAME(multiply_tile)(const KernelProduct *product, int row, int column,
                                       const int rows, const int vectors)
{
    const size_t depth = (size_t)product->depth, stride = product->left_stride;
    const float *left = product->left + (size_t)row * stride;
    const float *right[2];
    Vector sums[TILE_ROWS][2];
    for (int k = 0; k < vectors; k++) {
        int at = column + k * FLOATS;
        right[k] = product->right + (size_t)(at / STRIP) * depth * STRIP + at % STRIP;
        for (int j = 0; j < rows; j++) { sums[j][k] = (Vector){0}; }
    }
    /* A dozen rows side by side are more than the processor foresees by itself: so while it works
     * on these, it is told to fetch the next. */
    const bool fetch = column == 0 && row + 2 * rows <= product->streamed;
    for (size_t start = 0, end; start < depth; start = end) {
        end = min_size(start + CACHE_LINE / sizeof(float), depth);
        for (int j = 0; j < rows && fetch; j++) {
            __builtin_prefetch(left + (size_t)(j + rows) * stride + start);
        }
        for (size_t i = start; i < end; i++) {
            Vector x[2];
            for (int k = 0; k < vectors; k++) { x[k] = *(const Vector *)(right[k] + i * STRIP); }
            for (int j = 0; j < rows; j++) {
                float y = left[(size_t)j * stride + i];
                for (int k = 0; k < vectors; k++) { sums[j][k] += x[k] * y; }
            }
        }
    }
    NAME(store_tile)(product, sums, row, column, rows, vectors);
}

TARGET static void NAME(multiply)(const KernelProduct *product, int first, int end)
{
    for (int row = first; row < end;) {
        const int rows = end - row >= TILE_ROWS ? TILE_ROWS : end - row >= 4 ? 4 : 1;
        for (int column = 0; column < product->columns; column += 2 * FLOATS) {
            const bool two = product->columns - column > FLOATS;
            if (rows == TILE_ROWS && two) {
                NAME(multiply_tile)(product, row, column, TILE_ROWS, 2);
            } else if (rows == TILE_ROWS) {
                NAME(multiply_tile)(product, row, column, TILE_ROWS, 1);
            } else if (rows == 4 && two) {
                NAME(multiply_tile)(product, row, column, 4, 2);
            } else if (rows == 4) {
                NAME(multiply_tile)(product, row, column, 4, 1);
            } else if (two) {
                NAME(multiply_tile)(product, row, column, 1, 2);
            } else {
                NAME(multiply_tile)(product, row, column, 1, 1);
            }
        }
        row += rows;
    }
}

TARGET static void NAME(pack_transposed)(const float *restrict x, int columns, int depth, int first,
                                         int end, float *restrict strips)
{
    const size_t stride = (size_t)depth;
    for (int strip = first; strip < end; strip++) {
        const float *from = x + (size_t)strip * STRIP * stride;
        float *to = strips + (size_t)strip * STRIP * stride;
        int width = min_int(columns - strip * STRIP, STRIP);
        if (width < STRIP) { memset(to, 0, stride * STRIP * sizeof *to); }
        for (size_t i = 0; i < stride; i++, to += STRIP) {
            for (int j = 0; j < width; j++) { to[j] = from[(size_t)j * stride + i]; }
        }
    }
}

TARGET static void NAME(pack)(const float *restrict x, int columns, int depth,
                              float *restrict strips)
{
    for (int first = 0; first < columns; first += STRIP) {
        int width = min_int(columns - first, STRIP);
        for (int i = 0; i < depth; i++, strips += STRIP) {
            const float *from = x + (size_t)i * (size_t)columns + first;
            for (int j = 0; j < STRIP; j++) { strips[j] = j < width ? from[j] : 0; }
        }
    }
}

static const KernelVariant VARIANT = {NAME(multiply), NAME(pack),     NAME(pack_transposed),
                                      NAME(softmax),  NAME(add_norm), NAME(activate)};

#undef VARIANT
#undef TARGET
#undef FLOATS
#undef TILE_ROWS
#undef JOIN_
#undef JOIN
#undef NAME
#undef Vector
#undef Mask
