/* command_actions.h - what the rows of command_table call: one function per action, each with the
 * argument of its command ("" when there was none), and what they share to read arguments. Only
 * command.c and the command_*.c files include this. */
#ifndef APP_COMMAND_ACTIONS_H
#define APP_COMMAND_ACTIONS_H

#include "app/command.h"

/* False with a sentence that names the argument and what was expected. */
bool command_read_number(const char *argument, float low, float high, float *number, Error *err);
/* 0 to count - 1; `what` is the thing counted, "layer". */
bool command_read_index(const char *argument, int count, const char *what, int *index, Error *err);
bool command_read_choice(const char *argument, const char *const *names, int count, int *choice,
                         Error *err);

/* When a command makes sense. */
bool command_has_trace(const App *app);
bool command_has_pair(const App *app);
bool command_is_heatmap(const App *app);
bool command_can_switch(const App *app); /* heads on and off: there is a model behind the trace */

/* Of the kind of attention that is shown. */
int command_head_count(const App *app);
int command_layer_count(const App *app);

typedef bool CommandAction(App *app, const char *argument, Error *err);

/* command_text.c: sentences, models, traces */
CommandAction command_text_set;
CommandAction command_text_clear;
CommandAction command_text_focus;
CommandAction command_example;
CommandAction command_history;
CommandAction command_pair_set;
CommandAction command_pair_toggle;
CommandAction command_mask_token;
CommandAction command_mask_fill;
CommandAction command_model_open;
CommandAction command_trace_open;
CommandAction command_open;

/* command_view.c: what is shown */
CommandAction command_view_set;
CommandAction command_view_next;
CommandAction command_view_back;
CommandAction command_view_forward;
CommandAction command_layer_set;
CommandAction command_layer_next;
CommandAction command_layer_previous;
CommandAction command_head_all;
CommandAction command_head_toggle;
CommandAction command_head_isolate;
CommandAction command_head_set;
CommandAction command_head_next;
CommandAction command_head_previous;
CommandAction command_combine;
CommandAction command_attention;
CommandAction command_filter;
CommandAction command_special;
CommandAction command_words;
CommandAction command_top_k;
CommandAction command_top_p;
CommandAction command_threshold_set;
CommandAction command_threshold_up;
CommandAction command_threshold_down;
CommandAction command_contrast;
CommandAction command_map;
CommandAction command_logarithmic;
CommandAction command_zoom_set;
CommandAction command_zoom_reset;
CommandAction command_pin_query;
CommandAction command_pin_key;
CommandAction command_pin_word;
CommandAction command_pin_clear;
CommandAction command_enlarge;
CommandAction command_thumbnails;
CommandAction command_flow;
CommandAction command_head_off;
CommandAction command_layer_off;
CommandAction command_head_restore;
CommandAction command_compare_model;
CommandAction command_compare_text;
CommandAction command_rank_best;
CommandAction command_rank_next;
CommandAction command_rank_previous;

/* command_walk.c: the walk-through */
CommandAction command_step_set;
CommandAction command_step_next;
CommandAction command_step_previous;
CommandAction command_step_first;
CommandAction command_step_last;
CommandAction command_step_play;
CommandAction command_step_example;
CommandAction command_step_zoom;
CommandAction command_step_unscaled;
CommandAction command_step_causal;
CommandAction command_step_temperature;
CommandAction command_step_positions;
CommandAction command_step_dimensions;

/* command_lesson.c: lessons */
bool command_has_lesson(const App *app);
CommandAction command_lesson_open;
CommandAction command_lesson_next;
CommandAction command_lesson_previous;
CommandAction command_lesson_first;
CommandAction command_lesson_last;
CommandAction command_lesson_close;
CommandAction command_lesson_record;
CommandAction command_lesson_add;
CommandAction command_lesson_stop;

/* command_figure.c: figures */
CommandAction command_only_tokens;
CommandAction command_only_layers;
CommandAction command_figure_preset;
CommandAction command_figure_size;
CommandAction command_figure_scale;
CommandAction command_figure_font;
CommandAction command_figure_title;
CommandAction command_figure_theme;
CommandAction command_figure_transparent;
CommandAction command_figure_caption;
CommandAction command_figure_legend;
CommandAction command_figure_format;
CommandAction command_figure_dialog;
CommandAction command_figure_copy;
CommandAction command_export;

/* command_window.c: the program around the picture */
CommandAction command_theme;
CommandAction command_interface_larger;
CommandAction command_interface_smaller;
CommandAction command_interface_reset;
CommandAction command_measure;
CommandAction command_help;
CommandAction command_present;
CommandAction command_escape;
CommandAction command_quit;

#endif
