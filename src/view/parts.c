#include "view/parts.h"

#include "base/base.h"
#include "base/buffer.h"

#include <math.h>
#include <string.h>

#define SMALL_TEXT 11.5f
#define CHIP_SIZE 21.0f
#define CHIP_GAP 3.0f

const char *parts_token_text(const Token *token)
{
    static const char *const marks[] = {"\u0120", "\u2581"}; /* byte-level BPE, SentencePiece */
    for (size_t i = 0; i < COUNTOF(marks); i++) {
        size_t length = strlen(marks[i]);
        if (strncmp(token->piece, marks[i], length) == 0 && token->piece[length] != '\0') {
            return token->piece + length;
        }
    }
    return token->piece;
}

Color parts_token_color(const ViewState *state, const Token *token)
{
    return token->special ? state->theme->muted : state->theme->ink;
}

Slice parts_slice_tokens(const Trace *trace, const ViewState *state, Arena *arena)
{
    Slice slice = slice_make(trace, state->attention, state->pair, state->special, arena);
    slice_keep_range(&slice, state->tokens.first, state->tokens.last);
    slice.rollout = state->rollout;
    return slice;
}

Slice parts_slice(const Trace *trace, const ViewState *state, Arena *arena)
{
    Slice slice = parts_slice_tokens(trace, state, arena);
    if (state->words) { slice_group_words(&slice, arena); }
    return slice;
}

bool parts_is_combined(const ViewState *state)
{
    switch (state->combine) {
    case COMBINE_NONE: return false;
    case COMBINE_MEAN:
    case COMBINE_MAX: return headset_count(&state->heads) > 1;
    case COMBINE_ROLLOUT: return state->attention == ATTENTION_SELF;
    default: return true;
    }
}

const char *parts_combined_name(const ViewState *state, Arena *arena)
{
    if (!parts_is_combined(state)) { return ""; }
    int heads = headset_count(&state->heads);
    const char *plural = heads == 1 ? "" : "s";
    switch (state->combine) {
    case COMBINE_MEAN: return arena_format(arena, "mean of %d heads", heads);
    case COMBINE_MAX: return arena_format(arena, "maximum of %d heads", heads);
    case COMBINE_LAYERS_MEAN:
        return arena_format(arena, "mean of %d head%s of all layers", heads, plural);
    case COMBINE_LAYERS_MAX:
        return arena_format(arena, "maximum of %d head%s of all layers", heads, plural);
    default: return arena_format(arena, "rollout from the input to layer %d", state->layer);
    }
}

Color parts_head_color(const Trace *trace, const ViewState *state, int head)
{
    if (head < 0) { return state->theme->accent; }
    return palette_head(head, trace->attention[state->attention].heads, state->theme->dark);
}

bool parts_head_shown(const Trace *trace, const ViewState *state, int head)
{
    if (head >= trace->attention[state->attention].heads) { return false; }
    const Target *hover = &state->hover;
    if (!state->figure && hover->kind == TARGET_HEAD && hover->layer == state->layer) {
        return head == hover->head;
    }
    return headset_has(&state->heads, head);
}

const char *parts_head_name(const ViewState *state, int layer, int head)
{
    const PatternScores *scores = state->patterns;
    if (scores == NULL || state->figure || layer >= scores->layers || head >= scores->heads) {
        return "";
    }
    int pattern = pattern_of_head(scores, layer, head);
    return pattern >= 0 ? pattern_table[pattern].title : "";
}

static void draw_chip(const Trace *trace, const ViewState *state, int head, Rect rect,
                      Drawing *drawing)
{
    const Theme *theme = state->theme;
    Color color = parts_head_color(trace, state, head);
    bool on = headset_has(&state->heads, head);
    Target target = {TARGET_HEAD, state->layer, head, -1, -1};
    drawing_set_hit(drawing, target_pack(target));
    drawing_rect(drawing, rect, 5, on ? color : color_fade(color, 0.16f));
    if (!state->figure && target_equal(state->hover, target)) {
        drawing_frame(drawing, rect_inset(rect, -1.5f), 6, 1.5f, theme->ink);
    }
    drawing_set_hit(drawing, 0);
    Color text =
        on ? (theme->dark ? theme->background : (Color){255, 255, 255, 255}) : theme->muted;
    drawing_text_format(
        drawing, (Vec){rect.x + rect.w / 2, rect.y + rect.h / 2 + 4},
        &(TextStyle){.size = 11, .color = text, .weight = FONT_BOLD, .align = TEXT_CENTER}, "%d",
        head);
}

/* Chips shrink in width until all of them fit; beyond that the rest is said in words. */
void parts_header(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    const Theme *theme = state->theme;
    int heads = trace->attention[state->attention].heads;
    TextStyle bold = {.size = 14, .color = theme->ink, .weight = FONT_BOLD};
    float x = area.x, middle = area.y + area.h / 2;
    x += drawing_text_format(drawing, (Vec){x, middle + 5}, &bold, "Layer %d", state->layer);
    TextStyle quiet = {.size = 13, .color = theme->muted};
    x += 14;
    x +=
        drawing_text(drawing, (Vec){x, middle + 5},
                     headset_count(&state->heads) == 1 && state->figure ? "head" : "heads", &quiet);
    x += 8;
    for (int head = 0; head < heads; head++) {
        if (state->figure && !headset_has(&state->heads, head)) { continue; }
        if (x + CHIP_SIZE > area.x + area.w - 24 && head < heads - 1) {
            drawing_text(drawing, (Vec){x, middle + 5}, "\u2026", &quiet);
            break;
        }
        Rect chip = {x, middle - CHIP_SIZE / 2, CHIP_SIZE, CHIP_SIZE};
        draw_chip(trace, state, head, chip, drawing);
        x += CHIP_SIZE + CHIP_GAP;
    }
    if (parts_is_combined(state)) {
        Arena scratch = {0};
        quiet.max_width = max_float(area.x + area.w - x - 10, 10);
        drawing_text(drawing, (Vec){x + 10, middle + 5}, parts_combined_name(state, &scratch),
                     &quiet);
        arena_free(&scratch);
        return;
    }
    if (headset_count(&state->heads) != 1) { return; }
    quiet.max_width = area.x + area.w - x - 10;
    const char *name = parts_head_name(state, state->layer, headset_next(&state->heads, -1));
    if (quiet.max_width > 80) { drawing_text(drawing, (Vec){x + 10, middle + 5}, name, &quiet); }
}

float parts_opacity(const ViewState *state, float weight)
{
    return weight > 0 ? powf(min_float(weight, 1), state->contrast) : 0;
}

void parts_line_legend(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    static const float samples[] = {0.05f, 0.2f, 0.5f, 1.0f};
    const Theme *theme = state->theme;
    TextStyle quiet = {.size = SMALL_TEXT, .color = theme->muted};
    bool single = headset_count(&state->heads) == 1;
    Color color = parts_is_combined(state) ? theme->accent
                  : single ? parts_head_color(trace, state, headset_next(&state->heads, -1))
                           : theme->ink;
    float x = area.x, middle = area.y + area.h / 2, base = middle + 4;
    x += drawing_text(drawing, (Vec){x, base}, "weight", &quiet) + 10;
    for (size_t i = 0; i < COUNTOF(samples); i++) {
        float w = samples[i];
        if (w < state->threshold) { continue; }
        drawing_line(drawing, (Vec){x, middle}, (Vec){x + 26, middle}, 1.2f + 2.4f * sqrtf(w),
                     color_fade(color, parts_opacity(state, w)));
        x += 32;
        x += drawing_text_format(drawing, (Vec){x, base}, &quiet, "%.3g", (double)w) + 14;
    }
    TextStyle rest = quiet;
    rest.max_width = area.x + area.w - x - 4;
    if (rest.max_width < 60) { return; }
    Arena scratch = {0};
    const char *from = state->threshold > 0 ? arena_format(&scratch, "lines from %.3g on, ",
                                                           (double)state->threshold)
                                            : "";
    const char *top = state->top_k == 1 ? "the strongest key of each query, "
                      : state->top_k > 1
                          ? arena_format(&scratch, "the %d strongest of each query, ", state->top_k)
                          : "";
    const char *part =
        state->top_p < 1
            ? arena_format(&scratch, "the strongest up to %.2g of a row, ", (double)state->top_p)
            : "";
    drawing_text_format(drawing, (Vec){x + 4, base}, &rest, "%s%s%sopacity = weight^%.2g", from,
                        top, part, (double)state->contrast);
    arena_free(&scratch);
}

#define LOG_FLOOR 0.001f
#define BAR_WIDTH 12.0f

float parts_nice_maximum(float maximum)
{
    static const float steps[] = {0.001f, 0.002f, 0.005f, 0.01f, 0.02f, 0.05f, 0.1f, 0.2f, 0.5f};
    for (size_t i = 0; i < COUNTOF(steps); i++) {
        if (maximum <= steps[i]) { return steps[i]; }
    }
    return maximum <= 1 ? 1 : maximum;
}

float parts_scale(const ViewState *state, float weight, float maximum)
{
    if (!state->logarithmic) { return weight / maximum; }
    float floor_log = log10f(LOG_FLOOR);
    float log_weight = log10f(max_float(weight, LOG_FLOOR));
    return (log_weight - floor_log) / (log10f(max_float(maximum, 2 * LOG_FLOOR)) - floor_log);
}

void parts_color_bar(const ViewState *state, float maximum, Rect area, Drawing *drawing)
{
    enum { STEPS = 64, TICKS = 4 };
    Rect bar = {area.x, area.y, BAR_WIDTH, area.h};
    Color *cells = drawing_image(drawing, bar, STEPS, 1, true);
    for (int step = 0; step < STEPS; step++) {
        float value = 1 - (float)step / (STEPS - 1);
        cells[step] = palette_map(state->map, value, state->theme->dark);
    }
    drawing_frame(drawing, bar, 0, 0.75f, state->theme->border);
    TextStyle style = {.size = SMALL_TEXT, .color = state->theme->muted};
    float lowest = state->logarithmic ? LOG_FLOOR : 0;
    for (int tick = 0; tick <= TICKS; tick++) {
        float share = (float)tick / TICKS;
        float value = state->logarithmic ? lowest * powf(maximum / lowest, share) : maximum * share;
        float y = area.y + area.h * (1 - share);
        drawing_line(drawing, (Vec){bar.x + BAR_WIDTH, y}, (Vec){bar.x + BAR_WIDTH + 3, y}, 0.75f,
                     state->theme->muted);
        drawing_text_format(drawing, (Vec){bar.x + BAR_WIDTH + 6, y + 4}, &style, "%s%.2g",
                            state->logarithmic && tick == 0 ? "\u2264" : "", (double)value);
    }
}

static void describe_heads(const Trace *trace, const ViewState *state, Buffer *out)
{
    int heads = trace->attention[state->attention].heads, shown = 0, count = 0;
    for (int head = 0; head < heads; head++) { count += headset_has(&state->heads, head); }
    if (count == heads && heads > 1) {
        buffer_format(out, "all %d heads", heads);
        return;
    }
    buffer_add_string(out, count == 1 ? "head" : "heads");
    for (int head = 0; head < heads; head++) {
        if (!headset_has(&state->heads, head)) { continue; }
        buffer_format(out, "%s%d", shown > 0 ? ", " : " ", head);
        if (++shown == 16 && count > 16) {
            buffer_add_string(out, " ...");
            break;
        }
    }
    if (count == 0) { buffer_add_string(out, " none"); }
}

static void describe_filters(const Trace *trace, const ViewState *state, Buffer *out)
{
    static const char *const pairs[] = {"", "A to A", "A to B", "B to A", "B to B"};
    static const char *const special[] = {"", "special tokens hidden",
                                          "special tokens hidden, rows renormalised"};
    static const char *const kinds[] = {"", "decoder attention", "cross attention"};
    Arena scratch = {0};
    const char *const parts[] = {
        kinds[state->attention],
        trace->encoding->text[1] != NULL ? pairs[state->pair] : "",
        special[state->special],
        parts_combined_name(state, &scratch),
        state->words ? "words: queries averaged, keys summed" : "",
    };
    for (size_t i = 0; i < COUNTOF(parts); i++) {
        if (parts[i][0] != '\0') { buffer_format(out, " \u00B7 %s", parts[i]); }
    }
    arena_free(&scratch);
    char off[160];
    if (trace->heads_off != NULL) {
        buffer_format(out, " \u00B7 heads off: %s", trace_name_off(trace, off, sizeof off));
    }
    if (trace->encoding->cut > 0) {
        buffer_format(out, " \u00B7 text cut: %d tokens too long", trace->encoding->cut);
    }
}

void parts_caption(const Trace *trace, const ViewState *state, Rect area, Drawing *drawing)
{
    const Theme *theme = state->theme;
    Buffer line = {0};
    buffer_format(&line, "%s \u00B7 layer %d \u00B7 ", trace->model, state->layer);
    describe_heads(trace, state, &line);
    describe_filters(trace, state, &line);
    TextStyle style = {.size = SMALL_TEXT, .color = theme->muted, .max_width = area.w};
    drawing_text(drawing, (Vec){area.x, area.y + 14}, line.bytes, &style);
    buffer_clear(&line);
    const char *a = trace->encoding->text[0], *b = trace->encoding->text[1];
    buffer_format(&line, "\u201C%s\u201D", a != NULL ? a : "");
    if (b != NULL) { buffer_format(&line, "  \u201C%s\u201D", b); }
    drawing_text(drawing, (Vec){area.x, area.y + 31}, line.bytes, &style);
    buffer_free(&line);
}

void parts_notice(const ViewState *state, Rect area, Drawing *drawing, const char *sentence)
{
    drawing_text(drawing, (Vec){area.x + area.w / 2, area.y + area.h / 2}, sentence,
                 &(TextStyle){.size = 15,
                              .color = state->theme->muted,
                              .align = TEXT_CENTER,
                              .max_width = area.w - 20});
}
