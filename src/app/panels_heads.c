/* What heads do: the patterns of the chosen one, and all of them by the picked link. */
#include "analysis/guess.h"
#include "app/command.h"
#include "app/panels.h"
#include "base/base.h"
#include "view/parts.h"

#include <math.h>
#include <stdio.h>

#define ROW 25.0f
#define LEAST_SCORE 0.15f /* weaker patterns are not worth a line */
enum { MOST_PATTERNS = 3, MOST_RANKED = 8, MOST_GUESSES = 10 };

/* A number with a bar under the line, as long as it is. */
static void show_bar(App *app, Rect row, const char *words, float value, Color color)
{
    Ui *ui = &app->ui;
    char number[16];
    snprintf(number, sizeof number, "%.2f", (double)value);
    Rect bar = {row.x, row.y + row.h - 4, row.w, 2.5f};
    drawing_rect(ui->drawing, bar, 1, app->view.theme->faint);
    bar.w *= clamp_float(value, 0, 1);
    drawing_rect(ui->drawing, bar, 1, color);
    ui_label(ui, ui_cut_right(&row, 40), number, UI_TONE_NUMBER, TEXT_RIGHT);
    ui_label(ui, row, words, UI_TONE_INK, TEXT_LEFT);
}

/* The strongest patterns of a head, by how clearly they are shown; returns how many. */
static int choose_patterns(const PatternScores *scores, int layer, int head, int chosen[])
{
    int count = 0;
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
        float score = pattern_score(scores, (Pattern)pattern, layer, head);
        if (!(score >= LEAST_SCORE)) { continue; }
        /* Every head is a little broad, and by chance right about pronouns. */
        bool common = pattern == PATTERN_BROAD || pattern == PATTERN_PRONOUN;
        if (common && score < pattern_table[pattern].clear) { continue; }
        int at = count < MOST_PATTERNS ? count++ : MOST_PATTERNS;
        while (at > 0 && pattern_score(scores, (Pattern)chosen[at - 1], layer, head) /
                                 pattern_table[chosen[at - 1]].clear <
                             score / pattern_table[pattern].clear) {
            if (at < MOST_PATTERNS) { chosen[at] = chosen[at - 1]; }
            at--;
        }
        if (at < MOST_PATTERNS) { chosen[at] = pattern; }
    }
    return count;
}

void panels_patterns(App *app, Rect *rest)
{
    Ui *ui = &app->ui;
    int layer = app->view.layer, head = headset_next(&app->view.heads, -1);
    if (app->model == NULL || headset_count(&app->view.heads) != 1 || rest->h < 220) { return; }
    char text[120];
    if (app->patterns == NULL) {
        if (app->survey_count == 0) { return; }
        snprintf(text, sizeof text, "Finding out what heads do: %d of %d", app->survey_done,
                 app->survey_count);
        ui_label(ui, ui_cut_top(rest, ROW), text, UI_TONE_SMALL, TEXT_LEFT);
        return;
    }
    if (layer >= app->patterns->layers || head >= app->patterns->heads) { return; }
    int chosen[MOST_PATTERNS], count = choose_patterns(app->patterns, layer, head, chosen);
    snprintf(text, sizeof text, "What head %d.%d does", layer, head);
    ui_label(ui, ui_cut_top(rest, 26), text, UI_TONE_HEADING, TEXT_LEFT);
    for (int i = 0; i < count; i++) {
        show_bar(app, ui_cut_top(rest, ROW), pattern_table[chosen[i]].title,
                 pattern_score(app->patterns, (Pattern)chosen[i], layer, head),
                 parts_head_color(app->trace, &app->view, head));
    }
    if (count == 0) {
        ui_label(ui, ui_cut_top(rest, ROW), "no simple pattern", UI_TONE_MUTED, TEXT_LEFT);
    }
    ui_cut_top(rest, PANELS_GAP);
}

void panels_ranking(App *app, Rect *rest)
{
    Ui *ui = &app->ui;
    Arena scratch = {0};
    int count, query, key;
    const RankedHead *ranked = app_ranking(app, &scratch, &count);
    if (ranked != NULL && rest->h > 26 + 3 * ROW) {
        const Attention *a = &app->trace->attention[app->view.attention];
        app_link(app, &query, &key);
        char text[200];
        snprintf(text, sizeof text, "Heads by %s \u2192 %s",
                 parts_token_text(&a->query_tokens->tokens[query]),
                 parts_token_text(&a->key_tokens->tokens[key]));
        ui_label(ui, ui_cut_top(rest, 26), text, UI_TONE_HEADING, TEXT_LEFT);
        ui_push_id(ui, "ranking");
        for (int i = 0; i < min_int(count, MOST_RANKED); i++) {
            int layer = ranked[i].layer, head = ranked[i].head;
            Rect row = ui_cut_top(rest, ROW);
            ui_push_index(ui, i);
            unsigned did = ui_area(ui, ui_id(ui, "row"), row, 0);
            ui_pop_id(ui);
            bool shown = layer == app->view.layer && headset_has(&app->view.heads, head);
            if ((did & UI_HOVERED) != 0 || shown) {
                drawing_rect(ui->drawing, row, 4,
                             shown ? app->view.theme->highlight : app->view.theme->hover);
            }
            snprintf(text, sizeof text, "layer %d, head %d", layer, head);
            show_bar(app, (Rect){row.x + 3, row.y, row.w - 6, row.h}, text, ranked[i].weight,
                     app->view.theme->accent);
            if ((did & UI_PRESSED) != 0) {
                command_do_format(app, "layer:set %d", layer);
                command_do_format(app, "head:set %d", head);
            }
        }
        ui_pop_id(ui);
        ui_cut_top(rest, PANELS_GAP);
    }
    arena_free(&scratch);
}

void panels_guesses(App *app, Rect *rest)
{
    Ui *ui = &app->ui;
    int token = app_mask(app);
    if (token < 0 || app->model == NULL || app->trace->logits == NULL) { return; }
    Guess guesses[MOST_GUESSES];
    int room = (int)((rest->h - 26) / ROW);
    int count = guess_top(app->trace, token, guesses, clamp_int(room, 0, MOST_GUESSES));
    char text[120];
    snprintf(text, sizeof text, "Guesses for [MASK] at token %d", token);
    ui_label(ui, ui_cut_top(rest, 26), text, UI_TONE_HEADING, TEXT_LEFT);
    ui_push_id(ui, "guesses");
    for (int i = 0; i < count; i++) {
        const char *piece = tokenizer_piece(model_tokenizer(app->model), guesses[i].id);
        if (piece == NULL) { continue; }
        Rect row = ui_cut_top(rest, ROW);
        ui_push_index(ui, i);
        unsigned did = ui_area(ui, ui_id(ui, "guess"), row, 0);
        ui_pop_id(ui);
        if ((did & UI_HOVERED) != 0) {
            drawing_rect(ui->drawing, row, 4, app->view.theme->hover);
            ui->cursor = UI_CURSOR_HAND;
        }
        show_bar(app, (Rect){row.x + 3, row.y, row.w - 6, row.h}, piece, guesses[i].probability,
                 app->view.theme->accent);
        if ((did & UI_PRESSED) != 0) { command_do_format(app, "mask:fill %s", piece); }
    }
    ui_pop_id(ui);
    ui_cut_top(rest, PANELS_GAP);
}
