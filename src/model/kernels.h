/* kernels.h - the arithmetic of a Transformer layer, and the only door to OpenBLAS.
 *
 * All matrices are row-major floats. Each function is one equation of the paper, with the cheap
 * steps around it (bias, scaling, residual) done in the same pass over the data. The work is shared
 * out to a team of threads where there is enough of it; `team` may be NULL. The loops are compiled
 * for several generations of x86 and the best one that the machine has is taken. */
#ifndef MODEL_KERNELS_H
#define MODEL_KERNELS_H

#include "model/config.h"
#include "model/team.h"

#include <stddef.h>

/* How many floats of space kernels_linear and kernels_attention need for that model and length. */
size_t kernels_space(const ModelConfig *config, int tokens);

/* out = x @ weight^T; x: [rows, inputs], weight: [outputs, inputs] (as PyTorch stores a linear
 * layer), out: [rows, outputs]. The bias is added by whoever reads `out` next. */
void kernels_linear(Team *team, const float *x, const float *weight, int rows, int inputs,
                    int outputs, float *space, float *out);

/* The two ways in which kernels_linear does it, for tests and measurements: our own tiles for few
 * rows, where the weights are read only once and nothing should come between; OpenBLAS for many,
 * unless it has no kernels for this processor (tests/bench/SPEED.md has the figures). */
void kernels_linear_tiles(Team *team, const float *x, const float *weight, int rows, int inputs,
                          int outputs, float *space, float *out);
void kernels_linear_blas(Team *team, const float *x, const float *weight, int rows, int inputs,
                         int outputs, float *out);

/* out[h, t, :] = x[t, h, :] + bias[h, :]; x: [tokens, heads * size], bias: [heads * size],
 * out: [heads, tokens, size]. */
void kernels_split_heads(Team *team, const float *x, const float *bias, int tokens, int heads,
                         int size, float *out);

/* Scaled dot-product attention of every head (Vaswani et al. 2017, equation 1):
 *     weights[h] = softmax(query[h] @ key[h]^T / sqrt(size)); context[:, h] = weights[h] @ value[h]
 * query, key, value: [heads, tokens, size], weights: [heads, tokens, tokens], row = query,
 * context: [tokens, heads * size], the heads side by side as the output projection wants them. */
void kernels_attention(Team *team, const float *query, const float *key, const float *value,
                       int heads, int tokens, int size, float *space, float *weights,
                       float *context);

/* The same with bias [heads, tokens, tokens] added to the scores (Raffel et al. 2020, section 2.1). */
void kernels_attention_biased(Team *team, const float *query, const float *key, const float *value,
                              const float *bias, int heads, int tokens, int size, float *space,
                              float *weights, float *context);

/* out = LayerNorm(x + bias + residual), row by row (Ba et al. 2016):
 *     (v - mean(v)) / sqrt(variance(v) + epsilon) * gain + shift
 * x, residual, out: [rows, size], `out` apart from the others; bias, gain, shift: [size]. bias and
 * residual may both be NULL. */
void kernels_add_norm(Team *team, const float *x, const float *bias, const float *residual,
                      const float *gain, const float *shift, float epsilon, int rows, int size,
                      float *out);

/* x = activation(x + bias), in place; x: [rows, size], bias: [size]. */
void kernels_activate(Team *team, float *x, const float *bias, Activation activation, int rows,
                      int size);

/* x = x + bias, in place; x: [rows, size], bias: [size]. */
void kernels_add_bias(Team *team, float *x, const float *bias, int rows, int size);

/* x = softmax(x), row by row, in place; x: [rows, size]. */
void kernels_softmax(float *x, int rows, int size);

/* How many threads a model gets that wants so many; 0: as many as there are processors for us. OpenBLAS
 * gets none of its own from then on: its threads wait for each other by giving up their turn, which on a
 * busy machine was measured to cost ten times what they do, and two sets of threads are one too many. */
int kernels_claim_threads(int wanted);

#endif
