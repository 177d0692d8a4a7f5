/* walk.h - what the steps of the walk-through have in common: matrices as pictures with their name and
 * dimensions, the number under the pointer and the products that made it, formulas, sentences.
 *
 * A step is a function that places matrices and words into w->body, the same when it is drawn and when
 * the pointer is looked for (then w->drawing is NULL and nothing is drawn). Only the files of the
 * walk-through include this. */
#ifndef VIEW_WALK_H
#define VIEW_WALK_H

#include "view/parts.h"

enum { WALK_MAX_MATRICES = 24, WALK_STEPS = 13 };

/* How a number of a matrix came about: the sum over `terms` of left times right, plus a bias. */
typedef struct WalkSource {
    const float *left, *right;
    int terms;
    size_t left_row, left_step;   /* left[row * left_row + i * left_step] */
    size_t right_col, right_step; /* right[col * right_col + i * right_step] */
    const float *bias;            /* [cols], or NULL */
    const char *how;              /* instead, in words: "word + position + segment"; or NULL */
} WalkSource;

typedef enum WalkColors { WALK_SIGNED, WALK_WEIGHTS } WalkColors;

typedef struct WalkMatrix {
    const char *name;    /* with _ and ^ for what stands lower and higher: "W_Q" */
    const float *values; /* values[row * stride + col] */
    int rows, cols;
    size_t stride;
    WalkColors colors;
    bool row_tokens, col_tokens; /* rows, columns stand for tokens */
    int chosen_row;              /* framed; -1: none */
    WalkSource source;
    Rect rect; /* set when it is placed: the cells */
} WalkMatrix;

typedef struct Walk {
    const Trace *trace;
    const ViewState *state;
    Drawing *drawing; /* NULL: only places are wanted */
    Arena *arena;
    Rect body;  /* for the step */
    float text; /* size of body text, points */
    int layer, head, query, T, d, H;
    const float *q, *k, *v;  /* [T, d] of the head; NULL where the trace has none */
    const float *weights;    /* [T, T] of the head */
    const float *x, *above;  /* [T, H] into and out of the layer; or NULL */
    const TraceSteps *steps; /* of this layer; or NULL */
    WalkMatrix matrices[WALK_MAX_MATRICES];
    int count;
    const char *missing; /* set by a step that the trace has not enough for */
} Walk;

typedef struct WalkStep {
    const char *name;     /* for commands: "scores" */
    const char *title;    /* "Scores" */
    const char *formula;  /* with _ and ^ */
    const char *sentence; /* what happens, and why */
    void (*place)(Walk *w);
} WalkStep;

extern const WalkStep walk_steps[WALK_STEPS + 1]; /* ends with name == NULL */

/* Places a matrix in `rect` (name above, dimensions below, cells between), draws it if w->drawing is
 * there, and keeps it for the pointer. Cells are square or wide, never taller than wide; the matrix is
 * no larger than it needs. Returns the rectangle of its cells. */
Rect walk_matrix(Walk *w, Rect rect, WalkMatrix matrix);
/* One value per token as bars with numbers, `most` being a full bar; `mark` is a token to be stressed.
 * `mask`: bars of tokens for which it is set are struck out; may be NULL. */
void walk_bars(Walk *w, Rect rect, const char *name, const float *values, int count, float most,
               int mark, const bool *mask);
/* "+", "=", "x" in the middle of a gap. */
void walk_sign(Walk *w, Rect rect, const char *sign);
/* A line of text; returns its width. */
float walk_text(Walk *w, Vec at, const char *text, float size, Color color, FontWeight weight,
                TextAlign align);
/* Wrapped text, at most `lines` lines; returns the height used. */
float walk_paragraph(Walk *w, Rect rect, const char *text, float size, Color color, int lines);
/* A formula: what follows _ stands lower, what follows ^ higher, one character or {several}. Returns its
 * width; draws nothing where `at` is NULL. */
float walk_formula(Walk *w, const Vec *at, const char *formula, float size, Color color);

const char *walk_token(const Walk *w, int token);
/* Columns of equal width with gaps: column `index` of `count`. */
Rect walk_column(Rect rect, int index, int count, float gap);

/* Cuts a strip off the left. */
Rect walk_cut(Rect *rest, float width);

/* Floats in the arena of the frame. */
float *walk_floats(Walk *w, size_t count);
/* The scores q k^T [T, T]; scaled: divided by sqrt(d). */
float *walk_scores(Walk *w, bool scaled);
/* softmax(scores / temperature) row by row; what is masked gets 0. In place. */
void walk_softmax(float *scores, int T, float temperature, bool causal);

/* The steps: walk_layer.c, walk_attention.c. */
void walk_place_tokens(Walk *w);
void walk_place_input(Walk *w);
void walk_place_vectors(Walk *w);
void walk_place_scores(Walk *w);
void walk_place_scaled(Walk *w);
void walk_place_mask(Walk *w);
void walk_place_softmax(Walk *w);
void walk_place_sum(Walk *w);
void walk_place_heads(Walk *w);
void walk_place_residual(Walk *w);
void walk_place_feed_forward(Walk *w);
void walk_place_layers(Walk *w);
void walk_place_words(Walk *w);

#endif
