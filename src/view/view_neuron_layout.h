/* view_neuron_layout.h - where everything is in the neuron view: its columns, and how they share
 * the width; what is left out in a small area is left out whole. */
#ifndef VIEW_VIEW_NEURON_LAYOUT_H
#define VIEW_VIEW_NEURON_LAYOUT_H

#include "view/view_neuron_parts.h"

#define NEURON_TITLE_TEXT 12.0f
#define NEURON_SUB_TEXT 11.0f
#define NEURON_TOKEN_PAD 8.0f
#define NEURON_GAP 16.0f /* between columns of numbers */

typedef enum NeuronColumn {
    COLUMN_QUERY, /* tokens that look */
    COLUMN_LINES,
    COLUMN_KEY,     /* tokens that are looked at */
    COLUMN_VECTOR,  /* k, and q above it */
    COLUMN_PRODUCT, /* q_i k_i */
    COLUMN_DOT,     /* q . k: bar and number */
    COLUMN_SCORE,   /* q . k / sqrt(d_k) */
    COLUMN_MASK,
    COLUMN_WEIGHT, /* after the softmax: bar and number */
    COLUMNS
} NeuronColumn;

typedef struct NeuronPlace {
    bool shown;
    float x, w;
    float min, max; /* between which w lies */
    float gap;      /* before it */
} NeuronPlace;

typedef struct NeuronLayout {
    Rect header, query, headings, rows, legend, caption;
    NeuronPlace columns[COLUMNS];
    float row_height, text_size, number_size;
    float content; /* height of all rows */
    float number;  /* width of the widest number of q . k */
    bool fits;     /* else there is no room for this view */
} NeuronLayout;

/* All that the drawing of one picture needs to know. */
typedef struct Neurons {
    const Trace *trace;
    const ViewState *state;
    Slice slice;
    NeuronNumbers numbers;
    NeuronLayout layout;
    int head, query; /* query: row of the slice */
    float scroll;    /* points that the rows are moved up */
    Drawing *drawing;
    Arena *scratch;
} Neurons;

/* `drawing` only measures texts. */
NeuronLayout view_neuron_layout(const ViewState *state, const Slice *slice,
                                const NeuronNumbers *numbers, Rect area, const Drawing *drawing);
/* The size at which nothing is left out and nothing scrolls. */
Vec view_neuron_natural_size(const ViewState *state, const Slice *slice,
                             const NeuronNumbers *numbers, const Drawing *drawing);

const NeuronPlace *view_neuron_place(const Neurons *n, NeuronColumn column);
Rect view_neuron_query_strip(const Neurons *n);

/* What stands around the rows: q and what the head does with it above, the headings, the legend;
 * and in a window where in the rows we are. */
void view_neuron_frame(const Neurons *n);

/* Title of a column and the formula or word below it, for view_neuron_formula; either may be "". */
void view_neuron_words(const NeuronNumbers *numbers, NeuronColumn column, char title[40],
                       char below[40]);

#endif
