/* The inspector at the right, the status line, the tooltip: what is shown, in numbers. */
#include "analysis/links.h"
#include "app/command.h"
#include "app/panels.h"
#include "base/base.h"
#include "view/parts.h"

#include <stdio.h>
#include <string.h>

#define LINK_ROW 25.0f
enum { MAX_LINKS = 12 };

Target panels_subject(const App *app)
{
    if (app->view.hover.kind != TARGET_NONE && app->view.hover.kind != TARGET_HEAD) {
        return view_plain_target(&app->view, app->view.hover);
    }
    if (app->view.pin_count > 0) { return app->view.pins[app->view.pin_count - 1]; }
    return (Target){TARGET_NONE, -1, -1, -1, -1};
}

/* A token, or the word that it is a piece of where words are shown. */
static const char *query_text(const Slice *slice, int token)
{
    int row = slice_find_query(slice, token);
    const Token *tokens = slice->attention->query_tokens->tokens;
    return parts_token_text(row >= 0 ? slice_query(slice, row) : &tokens[token]);
}

static const char *key_text(const Slice *slice, int token)
{
    int column = slice_find_key(slice, token);
    const Token *tokens = slice->attention->key_tokens->tokens;
    return parts_token_text(column >= 0 ? slice_key(slice, column) : &tokens[token]);
}

static float link_weight(const App *app, int head, int query, int key)
{
    const Attention *a = &app->trace->attention[app->view.attention];
    return trace_head(app->trace, app->view.attention, app->view.layer,
                      head)[(size_t)query * (size_t)a->keys + (size_t)key];
}

static bool is_combined(const App *app)
{
    const char *view = view_table[app->view.view].name;
    return (strcmp(view, "heatmap") == 0 || strcmp(view, "head") == 0) &&
           parts_is_combined(&app->view);
}

/* The number as it is drawn: of one head or of the chosen ones as one, renormalised if asked for. */
static float shown_weight(const App *app, const Slice *slice, int head, int query, int key)
{
    Arena scratch = {0};
    float *weights =
        arena_alloc(&scratch, (size_t)slice->queries * (size_t)slice->keys, sizeof *weights);
    if (is_combined(app)) {
        slice_combine(slice, app->view.layer, &app->view.heads, app->view.combine, weights);
    } else {
        slice_weights(slice, app->view.layer, head, weights);
    }
    int row = slice_find_query(slice, query), col = slice_find_key(slice, key);
    float weight =
        row >= 0 && col >= 0 ? weights[(size_t)row * (size_t)slice->keys + (size_t)col] : 0;
    arena_free(&scratch);
    return weight;
}

static void name_head(const App *app, int head, char *text, size_t size)
{
    if (is_combined(app)) {
        Arena scratch = {0};
        bool one = app->view.combine == COMBINE_MEAN || app->view.combine == COMBINE_MAX;
        const char *name = parts_combined_name(&app->view, &scratch);
        if (one) {
            snprintf(text, size, "layer %d, %s", app->view.layer, name);
        } else {
            snprintf(text, size, "%s", name);
        }
        arena_free(&scratch);
    } else {
        snprintf(text, size, "layer %d, head %d", app->view.layer, head);
    }
}

/* The head that a link is about: its own, or the chosen one that gives it most. */
static int link_head(const App *app, const Target *link)
{
    if (link->head >= 0) { return link->head; }
    int best = -1, heads = app->trace->attention[app->view.attention].heads;
    for (int head = 0; head < heads; head++) {
        if (!headset_has(&app->view.heads, head)) { continue; }
        if (best < 0 || link_weight(app, head, link->query, link->key) >
                            link_weight(app, best, link->query, link->key)) {
            best = head;
        }
    }
    return best;
}

static void fact(App *app, Rect *rest, const char *name, const char *value)
{
    Rect row = ui_cut_top(rest, 21);
    ui_label(&app->ui, ui_cut_left(&row, 82), name, UI_TONE_MUTED, TEXT_LEFT);
    ui_label(&app->ui, row, value, UI_TONE_INK, TEXT_LEFT);
}

static void show_link(App *app, Rect *rest, const Slice *slice, const Target *link)
{
    int head = link_head(app, link);
    if (head < 0) { return; }
    char text[160];
    fact(app, rest, "query", query_text(slice, link->query));
    fact(app, rest, "key", key_text(slice, link->key));
    name_head(app, head, text, sizeof text);
    fact(app, rest, "where", text);
    snprintf(text, sizeof text, "%.6f",
             (double)shown_weight(app, slice, head, link->query, link->key));
    fact(app, rest, "weight", text);
    if (is_combined(app) || app->view.words) {
        ui_cut_top(rest, 12);
        return;
    }
    snprintf(text, sizeof text, "%d of %d",
             links_rank(slice, app->view.layer, head, link->query, link->key), slice->keys);
    fact(app, rest, "rank", text);
    float score;
    if (links_score(app->trace, app->view.attention, app->view.layer, head, link->query, link->key,
                    &score)) {
        snprintf(text, sizeof text, "%.4f", (double)score);
        fact(app, rest, "q\u00B7k / \u221Ad", text);
    }
    ui_cut_top(rest, 12);
}

static void show_link_row(App *app, Rect row, const Slice *slice, const Link *link, float strongest)
{
    Ui *ui = &app->ui;
    const Theme *theme = app->view.theme;
    Color color = parts_head_color(app->trace, &app->view, link->head);
    Rect bar = {row.x, row.y + row.h - 4, row.w * clamp_float(link->weight / strongest, 0, 1),
                2.5f};
    drawing_rect(ui->drawing, (Rect){row.x, bar.y, row.w, bar.h}, 1, theme->faint);
    drawing_rect(ui->drawing, bar, 1, color);
    char text[32];
    if (headset_count(&app->view.heads) > 1 && link->head >= 0) {
        snprintf(text, sizeof text, "H%d", link->head);
        Rect head = ui_cut_right(&row, 30);
        ui_label(ui, head, text, UI_TONE_SMALL, TEXT_RIGHT);
    }
    snprintf(text, sizeof text, "%.3f", (double)link->weight);
    ui_label(ui, ui_cut_right(&row, 48), text, UI_TONE_NUMBER, TEXT_RIGHT);
    char words[160];
    snprintf(words, sizeof words, "%s \u2192 %s", query_text(slice, link->query),
             key_text(slice, link->key));
    ui_label(ui, row, words, UI_TONE_INK, TEXT_LEFT);
}

static void show_links(App *app, Rect *rest, const Slice *slice, const Target *subject)
{
    char title[120];
    int query = -1, key = -1;
    if (subject->kind == TARGET_QUERY || subject->kind == TARGET_LINK) {
        query = subject->query;
        snprintf(title, sizeof title, "\u201C%s\u201D looks at", query_text(slice, query));
    } else if (subject->kind == TARGET_KEY) {
        key = subject->key;
        snprintf(title, sizeof title, "\u201C%s\u201D is looked at by", key_text(slice, key));
    } else {
        snprintf(title, sizeof title, "Strongest links");
    }
    ui_label(&app->ui, ui_cut_top(rest, 26), title, UI_TONE_HEADING, TEXT_LEFT);
    Link links[MAX_LINKS];
    int room = clamp_int((int)(rest->h / LINK_ROW), 0, MAX_LINKS);
    int count = is_combined(app)
                    ? links_top_combined(slice, app->view.layer, &app->view.heads,
                                         app->view.combine, query, key, links, room)
                    : links_top(slice, app->view.layer, &app->view.heads, query, key, links, room);
    for (int i = 0; i < count; i++) {
        show_link_row(app, ui_cut_top(rest, LINK_ROW), slice, &links[i],
                      max_float(links[0].weight, 1e-9f));
    }
    if (count == 0 && room > 0) {
        ui_label(&app->ui, ui_cut_top(rest, LINK_ROW), "none", UI_TONE_MUTED, TEXT_LEFT);
    }
}

void panels_inspector(App *app, Rect rect)
{
    ui_panel(&app->ui, rect);
    ui_separator(&app->ui, (Rect){rect.x, rect.y, 1, rect.h});
    if (app->trace == NULL) { return; }
    Rect rest = rect_inset(rect, PANELS_PAD + 2);
    if (app->trace->note != NULL) {
        ui_label(&app->ui, ui_cut_top(&rest, 26), "This file", UI_TONE_HEADING, TEXT_LEFT);
        ui_cut_top(&rest, ui_paragraph(&app->ui, rest, app->trace->note, UI_TONE_SMALL) + 12);
    }
    panels_guesses(app, &rest);
    panels_patterns(app, &rest);
    panels_ranking(app, &rest);
    /* Only now: a click above may have brought another trace. */
    Arena scratch = {0};
    Slice slice = parts_slice(app->trace, &app->view, &scratch);
    Target subject = panels_subject(app);
    if (subject.kind == TARGET_LINK) { show_link(app, &rest, &slice, &subject); }
    show_links(app, &rest, &slice, &subject);
    arena_free(&scratch);
}

void panels_status(App *app, Rect rect)
{
    Ui *ui = &app->ui;
    bool warn = app->message_until != 0 && app->message_is_error;
    ui_panel(ui, rect);
    if (warn) { drawing_rect(ui->drawing, rect, 0, app->view.theme->warning); }
    ui_separator(ui, (Rect){rect.x, rect.y, rect.w, 1});
    Rect inner = {rect.x + PANELS_PAD, rect.y, rect.w - 2 * PANELS_PAD, rect.h};
    if (app->message_until != 0) {
        ui_label(ui, inner, app->message, UI_TONE_INK, TEXT_LEFT);
        return;
    }
    int saved = app_figure_progress(app);
    if (saved >= 0) {
        char text[64];
        snprintf(text, sizeof text, "Saving the figure \u2026 %d %%   Esc stops it", saved);
        ui_label(ui, inner, text, UI_TONE_INK, TEXT_LEFT);
        return;
    }
    if (app->asked != 0 && app->now >= app->asked + APP_PATIENCE_MS) {
        ui_label(ui, inner,
                 app->trace == NULL ? "Opening \u2026" : "Working \u2026 type on to start over",
                 UI_TONE_INK, TEXT_LEFT);
        return;
    }
    ui_label(ui, ui_cut_right(&inner, 250), "F1 keys   Ctrl+S save   Ctrl+E example", UI_TONE_SMALL,
             TEXT_RIGHT);
    if (app->trace == NULL) { return; }
    const Encoding *encoding = app->trace->encoding;
    Buffer text = {0};
    buffer_format(&text, "%s   %d tokens", app->trace->model, encoding->count);
    if (app->trace->seconds > 0) {
        buffer_format(&text, "   pass %.1f ms", app->trace->seconds * 1000);
    }
    char off[100];
    if (app->trace->heads_off != NULL) {
        buffer_format(&text, "   heads off: %s (Shift+O: all on)",
                      trace_name_off(app->trace, off, sizeof off));
    }
    if (encoding->cut > 0) {
        buffer_format(&text, "   %d tokens too long for the model were left out", encoding->cut);
    }
    ui_label(ui, inner, text.bytes, encoding->cut > 0 ? UI_TONE_INK : UI_TONE_SMALL, TEXT_LEFT);
    buffer_free(&text);
}

void panels_tooltip(App *app)
{
    const Target *hover = &app->view.hover;
    if (hover->kind != TARGET_LINK || app->chip_hover.kind != TARGET_NONE || app_comparing(app)) {
        return; /* the compare view says it all itself */
    }
    int head = link_head(app, hover);
    if (head < 0) { return; }
    Arena scratch = {0};
    Slice slice = parts_slice(app->trace, &app->view, &scratch);
    char where[96], text[400];
    name_head(app, head, where, sizeof where);
    int used = snprintf(text, sizeof text, "%s \u2192 %s  %.4f\n%s",
                        query_text(&slice, hover->query), key_text(&slice, hover->key),
                        (double)shown_weight(app, &slice, head, hover->query, hover->key), where);
    if (!is_combined(app) && !app->view.words && used > 0 && (size_t)used < sizeof text) {
        snprintf(text + used, sizeof text - (size_t)used, ", rank %d of %d",
                 links_rank(&slice, app->view.layer, head, hover->query, hover->key), slice.keys);
    }
    ui_tooltip_now(&app->ui, text);
    arena_free(&scratch);
}
