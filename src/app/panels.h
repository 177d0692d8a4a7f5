/* panels.h - what stands around the picture. Each draws into its rectangle and acts by commands. */
#ifndef APP_PANELS_H
#define APP_PANELS_H

#include "app/app.h"

#define PANELS_LEFT 226.0f
#define PANELS_RIGHT 252.0f
#define PANELS_STATUS 27.0f
#define PANELS_PAD 12.0f
#define PANELS_HEADING 22.0f /* a line with a title, and the space between sections */
#define PANELS_GAP 12.0f

/* Sentence, pair, buttons, token chips; as high as panels_top_height says. */
float panels_top_height(const App *app);
void panels_top(App *app, Rect rect);
/* Model, view, head grid, filters. */
void panels_left(App *app, Rect rect);
/* All heads as cells coloured by a measure or a pattern (panels_grid.c). */
void panels_grid(App *app, Rect *rest);
/* What is under the pointer, in numbers, and the strongest links (panels_inspector.c). */
void panels_inspector(App *app, Rect rect);
/* What the chosen head habitually does, and all heads by the picked link (panels_heads.c). Each takes
 * its rows from the top of `rest`, or none. */
void panels_patterns(App *app, Rect *rest);
void panels_ranking(App *app, Rect *rest);
/* The model's best words for the [MASK] that is looked at; a click fills one in. */
void panels_guesses(App *app, Rect *rest);
void panels_status(App *app, Rect rect);
/* All keys, over everything. */
void panels_help(App *app, Rect window);
/* The step of the walk-through and its "what if"s (panels_step.c). */
void panels_step(App *app, Rect *rest);
/* The figure as it will be, and how, over everything (panels_figure.c). */
void panels_figure(App *app, Rect window);
/* The exact weight beside the pointer. */
void panels_tooltip(App *app);

/* The link or token that the user is asking about: under the pointer, else the newest pin. */
Target panels_subject(const App *app);

#endif
