#include "view/view.h"

#include "base/base.h"

#include <limits.h>
#include <string.h>

/* A target in 64 bits: kind 4, layer 8, head 10, query 21, key 21; indices are stored plus one. */
enum { LAYER_BITS = 8, HEAD_BITS = 10, TOKEN_BITS = 21 };

static uint64_t field(int value, int bits)
{
    return (uint64_t)(unsigned)(value + 1) & (((uint64_t)1 << bits) - 1);
}

uint64_t target_pack(Target target)
{
    if (target.kind == TARGET_NONE) { return 0; }
    uint64_t hit = (uint64_t)target.kind;
    hit = hit << LAYER_BITS | field(target.layer, LAYER_BITS);
    hit = hit << HEAD_BITS | field(target.head, HEAD_BITS);
    hit = hit << TOKEN_BITS | field(target.query, TOKEN_BITS);
    return hit << TOKEN_BITS | field(target.key, TOKEN_BITS);
}

static int take(uint64_t *hit, int bits)
{
    int value = (int)(*hit & (((uint64_t)1 << bits) - 1)) - 1;
    *hit >>= bits;
    return value;
}

Target target_unpack(uint64_t hit)
{
    Target target;
    target.key = take(&hit, TOKEN_BITS);
    target.query = take(&hit, TOKEN_BITS);
    target.head = take(&hit, HEAD_BITS);
    target.layer = take(&hit, LAYER_BITS);
    target.kind = hit <= TARGET_STEP ? (TargetKind)hit : TARGET_NONE;
    return target;
}

bool target_equal(Target a, Target b)
{
    return a.kind == b.kind && a.layer == b.layer && a.head == b.head && a.query == b.query &&
           a.key == b.key;
}

const View view_table[] = {
    {"head", "Lines", "who looks at whom, a line per pair of tokens, a colour per head",
     view_head_draw, view_head_measure, NULL, view_head_scroll_limit},
    {"heatmap", "Heatmap", "weights as a matrix, one head or several side by side",
     view_heatmap_draw, view_heatmap_measure, view_heatmap_locate, NULL},
    {"model", "Heads", "every head of every layer, small; a click enlarges one", view_model_draw,
     view_model_measure, view_model_locate, view_model_scroll_limit},
    {"neuron", "Neurons", "how one token's weights come about: q, k, q \u00B7 k, softmax",
     view_neuron_draw, view_neuron_measure, view_neuron_locate, view_neuron_scroll_limit},
    {"flow", "Flow", "all layers at once: where what is in a token comes from", view_flow_draw,
     view_flow_measure, NULL, view_flow_scroll_limit},
    {"compare", "Compare", "two sentences or two models, and their difference", view_compare_draw,
     view_compare_measure, view_compare_locate, NULL},
    {"walk", "Steps", "how attention is calculated, step by step, on this text", view_walk_draw,
     view_walk_measure, view_walk_locate, NULL},
    {0},
};

int view_count(void) { return (int)COUNTOF(view_table) - 1; }

int view_find(const char *name)
{
    for (int view = 0; view < view_count(); view++) {
        if (strcmp(view_table[view].name, name) == 0) { return view; }
    }
    return -1;
}

ViewState view_state_default(void)
{
    ViewState state = {
        .attention = ATTENTION_SELF,
        .tokens = {0, INT_MAX},
        .layers = {0, INT_MAX},
        .threshold = 0.02f,
        .contrast = 0.7f,
        .map = COLORMAP_BLUES,
        .zoom = 1,
        .top_p = 1,
        .flow = FLOW_ROLLOUT,
        .step_part = 1,
        .step_zoom = -1,
        .temperature = 1,
        .walk_positions = 10,
        .walk_dims = 64,
        .text_size = 15,
        .caption = true,
        .legend = true,
        .theme = palette_theme(false),
    };
    headset_fill(&state.heads, SLICE_MAX_HEADS);
    return state;
}

void view_draw(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    view_table[state->view].draw(trace, state, area, drawing);
}

Vec view_measure(const Trace *trace, const ViewState *state, const Drawing *drawing)
{
    return view_table[state->view].measure(trace, state, drawing);
}

float view_scroll_limit(const Trace *trace, const ViewState *state, Rect area,
                        const Drawing *drawing)
{
    const View *view = &view_table[state->view];
    return view->scroll_limit != NULL ? view->scroll_limit(trace, state, area, drawing) : 0;
}

Target view_locate(const Trace *trace, const ViewState *state, Rect area, const Drawing *drawing,
                   Vec point)
{
    const View *view = &view_table[state->view];
    Target target = target_unpack(drawing_hit(drawing, point));
    if (target.kind == TARGET_NONE && view->locate != NULL) {
        target = view->locate(trace, state, area, drawing, point);
    }
    return target;
}

static Range cut(Range range, int count)
{
    int first = clamp_int(range.first, 0, max_int(count - 1, 0));
    return (Range){first, clamp_int(range.last, first, max_int(count - 1, first))};
}

Range view_layers(const Trace *trace, const ViewState *state)
{
    return cut(state->layers, trace->attention[state->attention].layers);
}

Range view_tokens(const Trace *trace, const ViewState *state)
{
    return cut(state->tokens, trace->attention[state->attention].queries);
}

static int find_pin(const ViewState *state, Target target)
{
    for (int pin = 0; pin < state->pin_count; pin++) {
        if (target_equal(state->pins[pin], target)) { return pin; }
    }
    return -1;
}

bool view_is_pinned(const ViewState *state, Target target) { return find_pin(state, target) >= 0; }

bool view_is_active(const ViewState *state, Target target)
{
    return view_is_pinned(state, target) || (!state->figure && target_equal(state->hover, target));
}

Target view_plain_target(const ViewState *state, Target target)
{
    if (target.kind == TARGET_STEP) { return (Target){TARGET_NONE, -1, -1, -1, -1}; }
    if (target.kind != TARGET_NEURON) { return target; }
    if (target.key < 0) { return (Target){TARGET_QUERY, -1, -1, target.query, -1}; }
    return (Target){TARGET_LINK, state->layer, headset_next(&state->heads, -1), target.query,
                    target.key};
}

void view_toggle_pin(ViewState *state, Target target)
{
    target = view_plain_target(state, target);
    int pin = find_pin(state, target);
    bool was_there = pin >= 0;
    if (!was_there && state->pin_count == VIEW_MAX_PINS) { pin = 0; }
    if (pin >= 0) {
        memmove(&state->pins[pin], &state->pins[pin + 1],
                (size_t)(state->pin_count - pin - 1) * sizeof state->pins[0]);
        state->pin_count--;
    }
    if (!was_there) { state->pins[state->pin_count++] = target; }
}
