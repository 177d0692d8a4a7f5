#include "app/command.h"

#include "app/command_actions.h"
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Command command_table[] = {
    {"text:set", "TEXT", "the sentence", NULL, command_text_set},
    {"text:clear", "", "empties the sentence", NULL, command_text_clear},
    {"text:focus", "", "puts the caret into the sentence", NULL, command_text_focus},
    {"text:history", "N", "a sentence that was typed before", NULL, command_history},
    {"text:example", "N", "an example sentence, or the next one", NULL, command_example},
    {"pair:set", "TEXT", "the second sentence of a pair", NULL, command_pair_set},
    {"pair:toggle", "", "a second sentence, or none", NULL, command_pair_toggle},
    {"model:open", "NAME|FOLDER", "opens a model", NULL, command_model_open},
    {"open", "PATH", "a model's folder, a trace or a text, as if it were dropped on the window",
     NULL, command_open},
    {"trace:open", "FILE", "shows the attention in a trace file", NULL, command_trace_open},
    {"view:set", "NAME", "shows a view", NULL, command_view_set},
    {"view:back", "", "the view as it was before the last change", command_has_trace,
     command_view_back},
    {"view:forward", "", "undoes a step back", command_has_trace, command_view_forward},
    {"view:next", "", "the next view", NULL, command_view_next},
    {"layer:set", "N", "shows a layer", command_has_trace, command_layer_set},
    {"layer:next", "", "the next layer", command_has_trace, command_layer_next},
    {"layer:previous", "", "the layer before", command_has_trace, command_layer_previous},
    {"head:set", "N,N|all", "shows these heads", command_has_trace, command_head_set},
    {"head:all", "", "shows all heads", command_has_trace, command_head_all},
    {"head:toggle", "N", "shows or hides a head", command_has_trace, command_head_toggle},
    {"head:isolate", "N", "shows only this head, or all again", command_has_trace,
     command_head_isolate},
    {"head:next", "", "the next head alone", command_has_trace, command_head_next},
    {"head:previous", "", "the head before, alone", command_has_trace, command_head_previous},
    {"words", "pieces|words", "whole words instead of pieces", NULL, command_words},
    {"top:k", "N", "only the N strongest keys of each query; 0: all", NULL, command_top_k},
    {"top:p", "X", "only the strongest keys that make up the share X", NULL, command_top_p},
    {"head:combine", "none|mean|max|layers-mean|layers-max|rollout", "the chosen heads as one",
     NULL, command_combine},
    {"attention", "self|decoder|cross", "the kind of attention, of an encoder and a decoder",
     command_has_trace, command_attention},
    {"filter", "all|aa|ab|ba|bb", "which sentence looks at which", command_has_pair,
     command_filter},
    {"special", "shown|hidden|renormalised", "shows or hides [CLS] and [SEP]", NULL,
     command_special},
    {"threshold:set", "X", "draws lines from this weight on", NULL, command_threshold_set},
    {"threshold:up", "", "fewer lines", NULL, command_threshold_up},
    {"threshold:down", "", "more lines", NULL, command_threshold_down},
    {"contrast", "X", "opacity of a line = weight ^ X", NULL, command_contrast},
    {"heatmap:map", "NAME", "the colour map", NULL, command_map},
    {"heatmap:scale", "linear|log", "linear or logarithmic colours", NULL, command_logarithmic},
    {"zoom:set", "X", "heatmap: X times as large", command_is_heatmap, command_zoom_set},
    {"zoom:reset", "", "heatmap: the whole matrix", command_is_heatmap, command_zoom_reset},
    {"pin:query", "N", "pins what token N looks at", command_has_trace, command_pin_query},
    {"pin:key", "N", "pins who looks at token N", command_has_trace, command_pin_key},
    {"pin:word", "WORD", "pins what the last such word looks at", command_has_trace,
     command_pin_word},
    {"pin:clear", "", "takes all pins out", NULL, command_pin_clear},
    {"enlarge", "L.H", "model view: this head large, or back to all", command_has_trace,
     command_enlarge},
    {"thumbnails", "heatmaps|lines", "model view: what is drawn of each head", NULL,
     command_thumbnails},
    {"flow:kind", "attention|rollout|maximum", "flow: what is followed through the layers", NULL,
     command_flow},
    {"step:set", "N|NAME", "walk-through: goes to a step", NULL, command_step_set},
    {"step:next", "", "walk-through: one step on", NULL, command_step_next},
    {"step:previous", "", "walk-through: one step back", NULL, command_step_previous},
    {"step:first", "", "walk-through: back to the start", NULL, command_step_first},
    {"step:last", "", "walk-through: to the last step", NULL, command_step_last},
    {"step:play", "", "walk-through: goes on by itself, or stops", NULL, command_step_play},
    {"step:example", "", "walk-through: two tokens whose numbers can be checked by hand", NULL,
     command_step_example},
    {"step:zoom", "N", "walk-through: a matrix as large as the view, or all again", NULL,
     command_step_zoom},
    {"step:unscaled", "on|off", "walk-through: what if scores were not divided", NULL,
     command_step_unscaled},
    {"step:causal", "on|off", "walk-through: what if nothing later might be looked at", NULL,
     command_step_causal},
    {"step:temperature", "X", "walk-through: what if scores were divided by X", NULL,
     command_step_temperature},
    {"step:positions", "N", "walk-through: how many position vectors are shown", NULL,
     command_step_positions},
    {"step:dimensions", "N", "walk-through: how many of their numbers are shown", NULL,
     command_step_dimensions},
    {"head:off", "L.H,L.H", "switches heads off, or on again; the chosen ones", command_can_switch,
     command_head_off},
    {"layer:off", "N", "switches all heads of a layer off, or on again", command_can_switch,
     command_layer_off},
    {"head:restore", "", "switches all heads on again", command_can_switch, command_head_restore},
    {"mask:token", "N", "puts [MASK] in the place of a token's word", command_has_trace,
     command_mask_token},
    {"mask:fill", "WORD", "puts a word in the place of the [MASK] that is looked at",
     command_has_trace, command_mask_fill},
    {"compare:text", "TEXT", "compare: the second sentence", NULL, command_compare_text},
    {"compare:model", "NAME", "compare: another model, or none for the second sentence", NULL,
     command_compare_model},
    {"rank:best", "", "the head with the strongest picked link", command_has_trace,
     command_rank_best},
    {"rank:next", "", "the head with the next weaker picked link", command_has_trace,
     command_rank_next},
    {"rank:previous", "", "the head with the next stronger picked link", command_has_trace,
     command_rank_previous},
    {"grid:measure", "entropy|distance|special|link|PATTERN", "what colours the head grid", NULL,
     command_measure},
    {"theme", "light|dark", "the other theme", NULL, command_theme},
    {"interface:larger", "", "everything larger", NULL, command_interface_larger},
    {"interface:smaller", "", "everything smaller", NULL, command_interface_smaller},
    {"interface:reset", "", "everything at 100 %", NULL, command_interface_reset},
    {"only:tokens", "FIRST-LAST|all", "shows only these tokens", command_has_trace,
     command_only_tokens},
    {"only:layers", "FIRST-LAST|all", "shows only these layers, where several are shown",
     command_has_trace, command_only_layers},
    {"figure:preset", "natural|slide|half-slide|column|columns|square", "the size of figures", NULL,
     command_figure_preset},
    {"figure:size", "WxH", "the size of figures in points", NULL, command_figure_size},
    {"figure:scale", "X", "pixels per point of figures", NULL, command_figure_scale},
    {"figure:font", "POINTS", "the size of tokens on paper; 0: as the size makes them", NULL,
     command_figure_font},
    {"figure:title", "TEXT", "a title above the figure", NULL, command_figure_title},
    {"figure:theme", "window|light|dark", "the colours of figures", NULL, command_figure_theme},
    {"figure:transparent", "on|off", "no background", NULL, command_figure_transparent},
    {"figure:caption", "on|off", "model, layer, heads and sentence under the figure", NULL,
     command_figure_caption},
    {"figure:legend", "on|off", "what lines and colours mean", NULL, command_figure_legend},
    {"figure:format", "png|svg|pdf|csv|json", "the kind that is saved next", NULL,
     command_figure_format},
    {"figure:dialog", "", "the figure as it will be, and how", command_has_trace,
     command_figure_dialog},
    {"figure:copy", "", "copies the figure to the clipboard", command_has_trace,
     command_figure_copy},
    {"lesson:open", "FILE", "plays a lesson", NULL, command_lesson_open},
    {"lesson:next", "", "the next step of the lesson", command_has_lesson, command_lesson_next},
    {"lesson:previous", "", "the step before", command_has_lesson, command_lesson_previous},
    {"lesson:first", "", "the first step", command_has_lesson, command_lesson_first},
    {"lesson:last", "", "the last step", command_has_lesson, command_lesson_last},
    {"lesson:close", "", "ends the lesson", command_has_lesson, command_lesson_close},
    {"lesson:record", "FILE", "records a lesson", NULL, command_lesson_record},
    {"lesson:add", "NOTE", "adds what is shown to the recorded lesson", NULL, command_lesson_add},
    {"lesson:stop", "", "ends the recording", NULL, command_lesson_stop},
    {"export", "FILE", "saves the figure", command_has_trace, command_export},
    {"present", "", "full screen, only the picture", NULL, command_present},
    {"help", "", "shows all keys", NULL, command_help},
    {"escape", "",
     "closes help, stops a figure that takes long, takes pins out, leaves full screen", NULL,
     command_escape},
    {"quit", "", "ends Headlight", NULL, command_quit},
    {0},
};

bool command_exists(const char *line)
{
    size_t length = strcspn(line, " ");
    for (const Command *command = command_table; command->name != NULL; command++) {
        if (strlen(command->name) == length && strncmp(command->name, line, length) == 0) {
            return true;
        }
    }
    return false;
}

bool command_is_harmless(const char *line)
{
    /* Whole names, or all of a group ("step:"). */
    static const char *const harmless[] = {
        "text:set", "text:clear",   "pair:set",  "pair:toggle", "view:set",  "view:next",
        "layer:",   "head:",        "words",     "top:",        "attention", "filter",
        "special",  "threshold:",   "contrast",  "heatmap:",    "zoom:",     "pin:",
        "enlarge",  "thumbnails",   "flow:kind", "step:",       "mask:",     "compare:",
        "rank:",    "grid:measure", "theme",     "only:",
    };
    size_t length = strcspn(line, " ");
    for (size_t i = 0; i < COUNTOF(harmless); i++) {
        size_t size = strlen(harmless[i]);
        bool group = harmless[i][size - 1] == ':';
        if ((group ? length > size : length == size) && strncmp(line, harmless[i], size) == 0) {
            return command_exists(line);
        }
    }
    return false;
}

bool command_run(App *app, const char *line, Error *err)
{
    size_t length = strcspn(line, " ");
    const char *argument = line[length] == ' ' ? line + length + 1 : "";
    for (const Command *command = command_table; command->name != NULL; command++) {
        if (strlen(command->name) != length || strncmp(command->name, line, length) != 0) {
            continue;
        }
        if (command->can != NULL && !command->can(app)) {
            return error_set(err, "%s makes no sense here: %s.", command->name, command->help);
        }
        app->changed = true;
        ViewState before = app->view;
        bool ok = command->run(app, argument, err);
        if (command->run != command_view_back && command->run != command_view_forward &&
            app->trace != NULL && app_view_changed(&before, &app->view)) {
            ViewState after = app->view;
            app->view = before;
            app_remember_view(app);
            app->view = after;
        }
        return ok;
    }
    return error_set(err, "There is no command \"%.*s\".", (int)min_size(length, 40), line);
}

void command_do(App *app, const char *line)
{
    Error err = {""};
    if (!command_run(app, line, &err)) { app_say(app, true, "%s", err.text); }
}

void command_do_format(App *app, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = NULL;
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0) { return; }
    command_do(app, line);
    free(line);
}
