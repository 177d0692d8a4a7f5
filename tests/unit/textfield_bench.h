/* textfield_bench.h - a text field alone on a page: what the tests of the text field share.
 *
 * The field has the focus when a test starts; time passes only where a test says so. What is put into
 * the input counts in the next frame, and key, type and point end with one. */
#ifndef UNIT_TEXTFIELD_BENCH_H
#define UNIT_TEXTFIELD_BENCH_H

#include "draw/font.h"
#include "ui/textfield.h"

/* "Crème 👩‍💻 x́y", the first accent as one code point, the second as a mark of its own. */
#define TEXTFIELD_BENCH_CREME "Cr\u00E8me \U0001F469\u200D\U0001F4BB x\u0301y"

typedef struct TextfieldBench {
    FontSet *fonts;
    Drawing *drawing;
    Input input;
    Ui ui;
    TextField field;
    char *clipboard, *primary;
} TextfieldBench;

extern const Rect textfield_bench_place; /* of the field on the page */

/* For cmocka: they make the bench that *state is, and free it. */
int textfield_bench_start(void **state);
int textfield_bench_stop(void **state);

/* One frame with what has been put into the input; then nothing is new any more. Returns what
 * textfield_show does, and so do key, type and point. */
unsigned textfield_bench_frame(TextfieldBench *bench);
unsigned textfield_bench_key(TextfieldBench *bench, int name, unsigned modifiers);
unsigned textfield_bench_type(TextfieldBench *bench, const char *text);
/* The pointer stands at `x` with these buttons down. */
unsigned textfield_bench_point(TextfieldBench *bench, float x, unsigned buttons, int clicks);
void textfield_bench_click(TextfieldBench *bench, float x, int clicks);

/* Where the caret stands before byte `at`, on the page. */
float textfield_bench_page_x(TextfieldBench *bench, size_t at);
/* The command that draws just this text, or NULL. */
const DrawCommand *textfield_bench_find_text(const TextfieldBench *bench, const char *text);
/* Puts a copy of `text` into one of the two clipboards. */
void textfield_bench_keep(char **slot, const char *text);

/* Named like those of cmocka, which they need. */
#define assert_text(bench, text) assert_string_equal(textfield_text(&(bench)->field), text)
#define assert_caret(bench, at) assert_int_equal((bench)->field.caret, at)
void textfield_bench_assert_selected(const TextfieldBench *bench, const char *wanted);

#endif
