/* view_neuron_parts.h - what the neuron view shows of one query token of one head, as numbers; and
 * the strips, signed bars, formulas and the card that it draws them with. */
#ifndef VIEW_VIEW_NEURON_PARTS_H
#define VIEW_VIEW_NEURON_PARTS_H

#include "view/view.h"

/* From the smallest to the largest number of a kind, zero always between. */
typedef struct NeuronRange {
    float low, high;
} NeuronRange;

/* Scaled dot-product attention of one query over the keys of a slice, step by step: equation 1 of
 * "Attention Is All You Need" (Vaswani et al. 2017), softmax(q k^T / sqrt(d_k)).
 * What is not a finite number counts as missing: NaN here, and nothing is drawn for it. */
typedef struct NeuronNumbers {
    int size;           /* d_k: numbers of a vector; 0 when the trace has no vectors of this kind */
    int keys;           /* of the slice */
    const float *query; /* [size]; lent by the trace */
    const float **key;  /* [keys][size]; lent by the trace */
    float *dot;         /* [keys]: q . k */
    float *score;       /* [keys]: q . k / sqrt(d_k) */
    bool *masked;       /* [keys]: is the score replaced by minus infinity? (decoder) */
    float *weight;      /* [keys]: what the trace says, not what follows from `score` */
    NeuronRange query_range, key_range, product_range, dot_range; /* over all keys of the slice */
} NeuronNumbers;

/* Does the trace have query and key vectors of this kind of attention? */
bool view_neuron_has_vectors(const Trace *trace, AttentionKind kind);
/* The numbers of row `query` of the slice. The arrays belong to `arena`. */
NeuronNumbers view_neuron_numbers(const Trace *trace, AttentionKind kind, const Slice *slice,
                                  int layer, int head, int query, Arena *arena);
/* The product q_i k_i for all i. products [size]. */
void view_neuron_products(const NeuronNumbers *numbers, int key, float *products);

float view_neuron_largest(NeuronRange range); /* the largest magnitude */
/* "0.52", with a true minus, as many decimals as numbers up to `largest` need; an en dash for what
 * is missing. Returns `out`. */
const char *view_neuron_number(float value, float largest, char out[24]);
/* The colour of positive or of negative numbers. */
Color view_neuron_sign_color(const ViewState *state, bool positive);

/* A vector: a bar per number on one scale, up from zero what is positive, down what is negative,
 * the range as high as `rect`; cells of a diverging colour where bars would be too thin. */
void view_neuron_strip(const ViewState *state, const float *values, int count, NeuronRange range,
                       Rect rect, float opacity, Drawing *drawing);
bool view_neuron_strip_has_bars(int count, float width);
/* One number as a lying bar from zero to one side, the range as wide as `rect`. */
void view_neuron_bar(const ViewState *state, float value, NeuronRange range, Rect rect,
                     float opacity, Drawing *drawing);

/* A line of text in which "_k" is a k set low, as in "d_k". Returns its width. */
float view_neuron_formula(Drawing *drawing, Vec at, const char *formula, const TextStyle *style);
float view_neuron_formula_width(const Drawing *drawing, const char *formula, float size,
                                FontWeight weight);

/* A small card with a title and a line below, beside `cell` and inside `area`. */
void view_neuron_card(const ViewState *state, const char *title, const char *line, Rect cell,
                      Rect area, Drawing *drawing);

#endif
