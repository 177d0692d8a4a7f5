/* parts.h - what views have in common: how a token is written, the row of head chips, the legend of
 * line strengths, the colour bar, the caption. */
#ifndef VIEW_PARTS_H
#define VIEW_PARTS_H

#include "view/view.h"

/* Heights of the parts, and the margin around every view, in points. */
#define PARTS_HEADER 34.0f
#define PARTS_CAPTION 40.0f
#define PARTS_LEGEND 30.0f
#define PARTS_MARGIN 20.0f

/* The piece as a reader expects it: byte-level marks of other tokenizers become spaces. */
const char *parts_token_text(const Token *token);
Color parts_token_color(const ViewState *state, const Token *token);

/* What the state lets through, by tokens or by words. */
Slice parts_slice(const Trace *trace, const ViewState *state, Arena *arena);
/* The same, by tokens whatever the state says. */
Slice parts_slice_tokens(const Trace *trace, const ViewState *state, Arena *arena);
/* Are the chosen heads shown as one? (Of a single one the mean is itself.) */
bool parts_is_combined(const ViewState *state);
/* "mean of 3 heads", "rollout to layer 3" ...; "" when heads are shown one by one. In the arena. */
const char *parts_combined_name(const ViewState *state, Arena *arena);

/* The head's colour, head -1 being several as one, if several are told apart by it. */
Color parts_head_color(const Trace *trace, const ViewState *state, int head);
/* Is the head drawn? Chosen, and not pushed aside by another one under the pointer. */
bool parts_head_shown(const Trace *trace, const ViewState *state, int head);

/* What the head habitually does, "previous token"; "" where nothing is known or it is a figure,
 * which must be the same for everybody. */
const char *parts_head_name(const ViewState *state, int layer, int head);

/* "Layer 3" and a numbered chip per head in `area`, one line high. In a figure only the chosen. */
void parts_header(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);

/* Opacity of a line of this weight: weight ^ contrast. */
float parts_opacity(const ViewState *state, float weight);
/* Sample lines with their weights, and from which weight on lines are drawn. */
void parts_line_legend(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);

/* From which value on the colours of a heatmap mean nothing more: the maximum, rounded up. */
float parts_nice_maximum(float maximum);
/* Where a weight lies on the colour scale, 0 to 1: linear up to `maximum`, or log10 from 0.001. */
float parts_scale(const ViewState *state, float weight, float maximum);
/* The colour scale with its numbers, upright in `area`. */
void parts_color_bar(const ViewState *state, float maximum, Rect area, Drawing *drawing);

/* Model, layer, heads, what is hidden; and the sentence. Two lines. */
void parts_caption(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing);

/* One quiet sentence in the middle, where a view has nothing to draw. */
void parts_notice(const ViewState *state, Rect area, Drawing *drawing, const char *sentence);

#endif
