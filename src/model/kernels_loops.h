/* kernels_loops.h - the inner loops of kernels.c. They are written once, on plain arrays, as INLINE
 * functions, and compiled several times there: for any machine, for AVX2 and for AVX-512.
 *
 * Sums run in LANES parallel strands, because a compiler may not reorder float additions by itself;
 * a Lanes is one AVX-512 register, two of AVX or four of SSE. */
#ifndef MODEL_KERNELS_LOOPS_H
#define MODEL_KERNELS_LOOPS_H

#include "base/base.h"
#include "model/config.h"

#include <math.h>
#include <string.h>

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

/* x = softmax(scale * x), row by row; scale > 0 */
INLINE void softmax_rows(float *x, float scale, int rows, int size)
{
    for (; rows > 0; rows--, x += size) {
        float largest = row_maximum(x, size);
        for (int i = 0; i < size; i++) { x[i] = exp_of((x[i] - largest) * scale); }
        float share = 1.0f / row_sum(x, size);
        for (int i = 0; i < size; i++) { x[i] *= share; }
    }
}

INLINE void add_norm_rows(const float *x, const float *bias, const float *residual,
                          const float *gain, const float *shift, float epsilon, int rows, int size,
                          float *restrict out)
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

/* ---- Products ----
 *
 * left @ right, where `right` was packed into strips of LANES columns, [strips][depth][LANES], and
 * `left` is read as it lies in memory. A tile holds some rows of one or two strips of the result in
 * registers while it goes through the depth: each number of `left` is read once, spread over the
 * lanes, and multiplied by one or two registers of the strip. Nothing of `left` is packed or
 * copied, so that it may be weights that are streamed from memory once. */

typedef struct Product {
    const float *left; /* [rows, depth] */
    const float *strips;
    float *out;
    int depth, columns;    /* columns: of the result; the last strip is filled up with zeros */
    size_t left_stride;    /* from one row of `left` to the next */
    size_t out_stride;     /* from one row of `out` to the next */
    bool transposed;       /* out: [columns, rows] instead of [rows, columns] */
} Product;

enum { TILE_ROWS = 12, TILE_STRIPS = 2 };

/* sums[j][k] to row + j, strip + k of the result, as far as it goes. */
INLINE void store_tile(const Product *product, Lanes sums[TILE_ROWS][TILE_STRIPS], int row,
                       int strip, const int rows, const int strips)
{
    const int first = strip * LANES, width = min_int(product->columns - first, strips * LANES);
    float *out = product->out + (size_t)row * product->out_stride + first;
    if (!product->transposed && width == strips * LANES) {
        for (int j = 0; j < rows; j++, out += product->out_stride) {
            for (int k = 0; k < strips; k++) { *(Lanes *)(out + k * LANES) = sums[j][k]; }
        }
        return;
    }
    /* By way of memory: the registers can't be indexed by a variable. */
    float numbers[TILE_ROWS][TILE_STRIPS * LANES];
    for (int j = 0; j < rows; j++) {
        for (int k = 0; k < strips; k++) { *(Lanes *)(numbers[j] + k * LANES) = sums[j][k]; }
    }
    if (product->transposed) {
        out = product->out + (size_t)first * product->out_stride + row;
        for (int i = 0; i < width; i++, out += product->out_stride) {
            for (int j = 0; j < rows; j++) { out[j] = numbers[j][i]; }
        }
    } else {
        for (int j = 0; j < rows; j++, out += product->out_stride) {
            memcpy(out, numbers[j], (size_t)width * sizeof *out);
        }
    }
}

/* rows and strips must be constants, so that `sums` becomes registers. */
INLINE void multiply_tile(const Product *product, int row, int strip, const int rows,
                          const int strips)
{
    const size_t length = (size_t)product->depth * LANES;
    const float *left = product->left + (size_t)row * product->left_stride;
    const float *right = product->strips + (size_t)strip * length;
    Lanes sums[TILE_ROWS][TILE_STRIPS];
    for (int j = 0; j < rows; j++) {
        for (int k = 0; k < strips; k++) { sums[j][k] = (Lanes){0}; }
    }
    for (int i = 0; i < product->depth; i++, left++, right += LANES) {
        Lanes x[TILE_STRIPS];
        for (int k = 0; k < strips; k++) { x[k] = *(const Lanes *)(right + (size_t)k * length); }
        for (int j = 0; j < rows; j++) {
            float y = left[(size_t)j * product->left_stride];
            for (int k = 0; k < strips; k++) { sums[j][k] += x[k] * y; }
        }
    }
    store_tile(product, sums, row, strip, rows, strips);
}

/* Rows `first` to `end` of the product. most_rows x most_strips registers, and one or two more, must
 * be there: constants of the variant. */
INLINE void multiply_rows(const Product *product, int first, int end, const int most_rows,
                          const int most_strips)
{
    const int strips = (product->columns + LANES - 1) / LANES;
    for (int row = first; row < end;) {
        const int rows = end - row >= most_rows ? most_rows : end - row >= 4 ? 4 : 1;
        for (int strip = 0; strip < strips;) {
            const bool two = most_strips == 2 && strips - strip >= 2;
            if (rows == most_rows && two) {
                multiply_tile(product, row, strip, most_rows, 2);
            } else if (rows == most_rows) {
                multiply_tile(product, row, strip, most_rows, 1);
            } else if (rows == 4) {
                multiply_tile(product, row, strip, 4, 1);
            } else {
                multiply_tile(product, row, strip, 1, 1);
            }
            strip += rows == most_rows && two ? 2 : 1;
        }
        row += rows;
    }
}

/* x [columns, depth] to strips: the strips of x transposed. */
INLINE void pack_strips_transposed(const float *restrict x, int columns, int depth, int first_strip,
                            int end_strip, float *restrict strips)
{
    for (int strip = first_strip; strip < end_strip; strip++) {
        const float *from = x + (size_t)strip * LANES * (size_t)depth;
        float *to = strips + (size_t)strip * LANES * (size_t)depth;
        int width = min_int(columns - strip * LANES, LANES);
        if (width < LANES) { memset(to, 0, (size_t)depth * LANES * sizeof *to); }
        for (int i = 0; i < depth; i++, to += LANES) {
            for (int j = 0; j < width; j++) { to[j] = from[(size_t)j * (size_t)depth + (size_t)i]; }
        }
    }
}

/* x [depth, columns] to strips. */
INLINE void pack_strips(const float *restrict x, int columns, int depth, float *restrict strips)
{
    for (int first = 0; first < columns; first += LANES) {
        int width = min_int(columns - first, LANES);
        for (int i = 0; i < depth; i++, strips += LANES) {
            const float *from = x + (size_t)i * (size_t)columns + first;
            for (int j = 0; j < LANES; j++) { strips[j] = j < width ? from[j] : 0; }
        }
    }
}

#endif
