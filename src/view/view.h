/* view.h - what the user chose to see, and the table of views that turn a trace into a drawing.
 *
 * A view is pure: same trace, state, area and fonts, same drawing. It reads the trace, appends to
 * the drawing and marks what it draws with hit ids (view_target_pack), so that the window knows what
 * is under the pointer. To add a view: one file, one function, one row in view_table. */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "analysis/pattern.h"
#include "analysis/rollout.h"
#include "analysis/slice.h"
#include "analysis/thumbnail.h"
#include "draw/drawing.h"
#include "draw/palette.h"
#include "model/trace.h"

typedef enum TargetKind {
    TARGET_NONE,
    TARGET_QUERY,  /* a token in the column or axis of those who look */
    TARGET_KEY,    /* a token in the column or axis of those looked at */
    TARGET_LINK,   /* one cell: query, key, and the head it belongs to */
    TARGET_HEAD,   /* a head itself: its chip or its matrix */
    TARGET_NEURON, /* one number in a strip of the neuron view; see there what the fields carry */
    TARGET_STEP /* one number of a matrix of the walk-through: `layer` is the matrix, `query` and `key`
                    * are row and column */
} TargetKind;

/* One thing in a picture. Token indices are those of the trace; -1 where they mean nothing. */
typedef struct Target {
    TargetKind kind;
    int layer, head;
    int query, key;
} Target;

/* Which strip the number of a TARGET_NEURON is in. Such a target carries it in `layer` and the
 * index of the number in `head`; both are those of the state. `key` is -1 in the strip of q. */
typedef enum NeuronStrip { NEURON_QUERY, NEURON_KEY, NEURON_PRODUCT } NeuronStrip;
enum { NEURON_MAX_INDEX = 1022 }; /* the last that target_pack has room for */

uint64_t target_pack(Target target); /* never 0 but for TARGET_NONE */
Target target_unpack(uint64_t hit);
bool target_equal(Target a, Target b);

enum { VIEW_MAX_PINS = 8 };

/* What the flow view follows from column to column. */
typedef enum FlowKind {
    FLOW_ATTENTION, /* the weights as they are, mean over the chosen heads */
    FLOW_ROLLOUT,   /* what reaches a token, through all layers between (rollout.h) */
    FLOW_MAXIMUM,   /* the largest flow that fits through all paths (rollout.h) */
    FLOW_KINDS
} FlowKind;

/* Both ends count; a last one beyond what there is means the end. */
typedef struct Range {
    int first, last;
} Range;

typedef struct ViewState {
    int view; /* row of view_table */
    AttentionKind attention;
    Range tokens; /* only these are shown, and their weights are as they were */
    Range layers; /* only these: of the views that show several */
    int layer;
    HeadSet heads;
    Combine combine; /* heatmap: several heads side by side, or as one */
    PairFilter pair;
    SpecialTokens special;
    float threshold; /* weights below it are not drawn as lines */
    float contrast;  /* exponent of weight -> opacity; 1 is proportional */
    ColorMap map;
    bool logarithmic;       /* heatmap colours by log10, from 0.001 to 1 */
    bool words;             /* whole words instead of pieces: queries averaged, keys summed */
    int top_k;              /* per query only the k strongest keys; 0: all */
    float top_p;            /* per query the strongest keys that make up this share; 1: all */
    bool thumbnail_lines;   /* model view: thumbnails of lines, not of heatmaps */
    Target enlarged;        /* model view: TARGET_HEAD that was clicked, or TARGET_NONE */
    float enlarged_part;    /* model view: 0 in its place, 1 fills the area, between: on the way */
    Thumbnails *thumbnails; /* model view: kept between frames by whoever owns the state, or NULL */
    RolloutCache *rollout;  /* the same of the rollout */
    const PatternScores *patterns; /* what heads habitually do, lent, or NULL; not for figures */
    const Trace *other; /* compare: the second text, or the same in another model; lent, or NULL */
    FlowKind flow;
    int step;                      /* walk-through: row of walk_steps */
    float step_part;               /* how much of the step's animation is done, 0 to 1 */
    int step_zoom;                 /* the matrix that fills the view; -1: none */
    float temperature;             /* of the softmax, as "what if"; 1: as the model has it */
    bool unscaled;                 /* "what if": the softmax without the division by sqrt(d) */
    bool causal;                   /* "what if": a decoder's mask on this text */
    int walk_positions, walk_dims; /* how many of the position vectors are shown */
    Target hover;
    Target pins[VIEW_MAX_PINS];
    int pin_count;
    float scroll;    /* points that the content is moved up, where it is taller than the area */
    float zoom;      /* heatmap: 1 fits the area */
    Vec pan;         /* heatmap: points, with zoom */
    float text_size; /* of tokens at natural size, points */
    bool figure;     /* for a file: no hover, no chips that only make sense under a pointer */
    bool caption, legend;
    const Theme *theme;
} ViewState;

/* What a fresh program shows: head view, layer 0, all heads, light theme. */
ViewState view_state_default(void);

typedef struct View {
    const char *name;  /* for the command line and commands: "head" */
    const char *title; /* for buttons: "Lines" */
    const char *help;
    /* Draws into `area`; shrinks, scrolls or thins out what does not fit. */
    void (*draw)(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
    /* The size in points at which the view is at its best, for a figure. */
    Vec (*measure)(const Trace *trace, const ViewState *state, const Drawing *drawing);
    /* What lies under a point where no hit id says it: the cell of a large matrix. May be NULL. */
    Target (*locate)(const Trace *trace, const ViewState *state, Rect area, const Drawing *drawing,
                     Vec point);
    /* How far state->scroll may go in this area, in points. May be NULL: not at all. */
    float (*scroll_limit)(const Trace *trace, const ViewState *state, Rect area,
                          const Drawing *drawing);
} View;

extern const View view_table[]; /* ends with name == NULL */
int view_count(void);
int view_find(const char *name); /* -1 when there is none */

void view_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
Vec view_measure(const Trace *trace, const ViewState *state, const Drawing *drawing);
float view_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                        const Drawing *drawing);
/* The target under a point of a drawing made by view_draw with the same arguments. */
Target view_locate(const Trace *trace, const ViewState *state, Rect area, const Drawing *drawing,
                   Vec point);

/* The layers that are shown, of those that the trace has: at least one. */
Range view_layers(const Trace *trace, const ViewState *state);
/* The same of the tokens that are looked from (at). */
Range view_tokens(const Trace *trace, const ViewState *state);

bool view_is_pinned(const ViewState *state, Target target);
/* Is the target pinned or under the pointer? A figure knows no pointer. */
bool view_is_active(const ViewState *state, Target target);
/* What other views understand of a target: a number of the neuron view becomes the link (or the
 * query) that it belongs to, of the first chosen head; one of the walk-through nothing; everything else
 * stays what it is. */
Target view_plain_target(const ViewState *state, Target target);
/* Puts the pin (view_plain_target of it) in, or takes it out if it was there; the oldest gives way
 * when all are taken. */
void view_toggle_pin(ViewState *state, Target target);

/* The views. */
void view_head_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
Vec view_head_measure(const Trace *trace, const ViewState *state, const Drawing *drawing);
float view_head_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                             const Drawing *drawing);
void view_heatmap_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
Vec view_heatmap_measure(const Trace *trace, const ViewState *state, const Drawing *drawing);
Target view_heatmap_locate(const Trace *trace, const ViewState *state, Rect area,
                           const Drawing *drawing, Vec point);
void view_model_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
Vec view_model_measure(const Trace *trace, const ViewState *state, const Drawing *drawing);
Target view_model_locate(const Trace *trace, const ViewState *state, Rect area,
                         const Drawing *drawing, Vec point);
float view_model_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                              const Drawing *drawing);
void view_neuron_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
Vec view_neuron_measure(const Trace *trace, const ViewState *state, const Drawing *drawing);
Target view_neuron_locate(const Trace *trace, const ViewState *state, Rect area,
                          const Drawing *drawing, Vec point);
float view_neuron_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                               const Drawing *drawing);
void view_flow_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
Vec view_flow_measure(const Trace *trace, const ViewState *state, const Drawing *drawing);
float view_flow_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                             const Drawing *drawing);
void view_walk_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
Vec view_walk_measure(const Trace *trace, const ViewState *state, const Drawing *drawing);
Target view_walk_locate(const Trace *trace, const ViewState *state, Rect area,
                        const Drawing *drawing, Vec point);
void view_compare_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);
Vec view_compare_measure(const Trace *trace, const ViewState *state, const Drawing *drawing);
Target view_compare_locate(const Trace *trace, const ViewState *state, Rect area,
                           const Drawing *drawing, Vec point);

#endif
