/* ui_bench.h - a page with a widget of each kind, and what became of them: what the tests of the
 * widgets share.
 *
 * Each frame calls the whole page, as a program would; time passes only where a test says so. What is
 * put into the input counts in the next frame, and key and point end with one. */
#ifndef UNIT_UI_BENCH_H
#define UNIT_UI_BENCH_H

#include "draw/font.h"
#include "ui/textfield.h"
#include "ui/ui.h"

typedef struct UiBench {
    FontSet *fonts;
    Drawing *drawing;
    Input input;
    Ui ui;
    TextField field;
    /* What the page holds, and what became of it. */
    int pressed, other, activated;
    bool on, off, modal, in_modal;
    int segment, choice;
    bool segment_changed, choice_changed, slider_changed;
    float value, scroll;
    int long_list; /* rows of the choice, when not 0 */
    unsigned area;
    bool has_menu;
    int menu_row;
} UiBench;

/* Where things are on the page. */
extern const Rect ui_bench_page, ui_bench_button, ui_bench_other, ui_bench_segments;
extern const Rect ui_bench_slider; /* 100 points for the thumb's middle */
extern const Rect ui_bench_choice, ui_bench_field, ui_bench_area;

/* For cmocka: they make the bench that *state is, and free it. */
int ui_bench_start(void **state);
int ui_bench_stop(void **state);

/* The widgets, for a test that needs what is between ui_begin and ui_end. */
void ui_bench_show_page(UiBench *bench);
/* One frame with what has been put into the input; then nothing is new any more. */
void ui_bench_frame(UiBench *bench);
void ui_bench_key(UiBench *bench, int name, unsigned modifiers);
/* The pointer stands there with these buttons down. */
void ui_bench_point(UiBench *bench, float x, float y, unsigned buttons);
void ui_bench_click(UiBench *bench, float x, float y);
void ui_bench_click_on(UiBench *bench, Rect rect); /* in its middle */

/* Did the last frame draw just this text? */
bool ui_bench_shows(const UiBench *bench, const char *text);

#endif
