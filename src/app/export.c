#include "app/export.h"

#include "app/app_lesson.h"
#include "app/clipboard.h"
#include "app/press.h"
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "draw/out.h"
#include "view/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRS_LIMIT ((size_t)65536)
#define ZOOM_LEAST 0.3f
#define ZOOM_MOST 3.0f
#define DENSER 1.3f
#define TITLE_HEIGHT 40.0f
#define SLIDE_WIDTH 900.0f /* points at the size at which a lesson is laid out */
#define SLIDE_HEIGHT 506.0f
#define SLIDE_SMALLEST 0.45f /* what a picture may be shrunk to, so that nothing is cut off */
#define TITLE_SIZE 19.0f
#define TITLE_MARGIN 20.0f
enum { NOTES = 7, NAME_WORDS = 3, NAME_BYTES = 48, MAX_NUMBERED = 10000 };

struct ExportJob {
    char *path;              /* NULL: the clipboard */
    const OutFormat *format; /* of a picture: then this is it */
    Drawing *drawing;
    OutOptions options;
    OutNote notes[NOTES];
    const NumberFormat *numbers; /* of numbers: then this is what they are taken from */
    ViewState state;
    Trace *trace, *other; /* shared */
    Progress progress;
    Arena strings; /* of the notes */
    Buffer bytes;
};

/* ---- Drawing ---- */

static ViewState figure_state(const App *app)
{
    const Figure *figure = &app->figure;
    ViewState state = app->view;
    state.figure = true;
    state.hover = (Target){TARGET_NONE, -1, -1, -1, -1};
    state.scroll = 0;
    state.thumbnails = NULL; /* those of the window have its size */
    if (state.enlarged_part > 0) { state.enlarged_part = 1; }
    if (figure->no_caption) { state.caption = false; }
    if (figure->no_legend) { state.legend = false; }
    if (figure->theme != FIGURE_AS_WINDOW) {
        state.theme = palette_theme(figure->theme == FIGURE_DARK);
    }
    return state;
}

/* How much the natural size is enlarged or shrunk so that it fills the paper. Where height is short, rows
 * move together before type gets small, as long as the view shows all of them. */
static float fit_paper(const App *app, const ViewState *state, Vec natural, Vec paper, float title,
                       const Drawing *drawing)
{
    float wide = paper.x / natural.x, high = paper.y > 0 ? paper.y / natural.y : wide;
    float zoom = min_float(wide, high), dense = min_float(wide, high * DENSER);
    if (dense > zoom && view_table[state->view].scroll_limit != NULL) {
        Rect area = {0, 0, paper.x / dense, paper.y / dense - title};
        if (!(view_scroll_limit(app->trace, state, area, drawing) > 0)) { zoom = dense; }
    }
    return clamp_float(zoom, ZOOM_LEAST, ZOOM_MOST);
}

/* The page in points of the drawing, and how large such a point is on paper. A size given in numbers
 * is a page of that size; a preset enlarges or shrinks the picture so that it fills the paper. */
static Vec choose_page(const App *app, const ViewState *state, float title, const Drawing *drawing,
                       float *zoom)
{
    const Figure *figure = &app->figure;
    Vec natural = view_measure(app->trace, state, drawing);
    natural.y += title;
    bool given = figure->size.x > 0 && figure->size.y > 0;
    Vec paper = given ? figure->size : figure_presets[figure->preset].size;
    *zoom = 1;
    if (figure->font_size > 0) {
        *zoom = figure->font_size / app->view.text_size;
    } else if (!given && paper.x > 0) {
        *zoom = fit_paper(app, state, natural, paper, title, drawing);
    }
    if (!(paper.x > 0)) { return natural; }
    return (Vec){paper.x / *zoom, paper.y > 0 ? paper.y / *zoom : natural.y};
}

static void draw_title(const Figure *figure, const ViewState *state, Vec page, Drawing *drawing)
{
    drawing_text(drawing, (Vec){TITLE_MARGIN, TITLE_HEIGHT - 4}, figure->title,
                 &(TextStyle){.size = TITLE_SIZE,
                              .color = state->theme->ink,
                              .weight = FONT_BOLD,
                              .max_width = max_float(page.x - 2 * TITLE_MARGIN, 10)});
}

/* A step of a lesson, as it is played: 16:9 unless the figure has a size of its own. */
static float draw_slide(const App *app, ViewState *state, Drawing *drawing)
{
    const Figure *figure = &app->figure;
    Vec paper = figure->size.x > 0 ? figure->size : figure_presets[figure->preset].size;
    if (!(paper.x > 0) || !(paper.y > 0)) { paper = (Vec){960, 540}; }
    float zoom = min_float(paper.x / SLIDE_WIDTH, paper.y / SLIDE_HEIGHT);
    Rect page = {0, 0, paper.x / zoom, paper.y / zoom};
    drawing_begin(drawing, page, state->theme->background);
    Rect area = app_lesson_frame(app, page, drawing);
    float over = view_scroll_limit(app->trace, state, area, drawing), small = 1;
    while (over > 0 && small > SLIDE_SMALLEST) { /* nobody can scroll on paper */
        small -= 0.05f;
        over = view_scroll_limit(app->trace, state, (Rect){0, 0, area.w / small, area.h / small},
                                 drawing);
    }
    Drawing *picture = drawing_new(app->fonts);
    Rect whole = {0, 0, area.w / small, area.h / small};
    drawing_begin(picture, whole, state->theme->background);
    view_draw(app->trace, state, whole, picture);
    drawing_append_scaled(drawing, picture, (Vec){area.x, area.y}, small);
    drawing_free(picture);
    return zoom;
}

float export_draw(const App *app, Drawing *drawing)
{
    const Figure *figure = &app->figure;
    ViewState state = figure_state(app);
    if (app->lesson != NULL) { return draw_slide(app, &state, drawing); }
    float title = figure->title[0] != '\0' ? TITLE_HEIGHT : 0, zoom;
    Vec page = choose_page(app, &state, title, drawing, &zoom);
    Color background = state.theme->background;
    if (figure->transparent) { background.a = 0; }
    drawing_begin(drawing, (Rect){0, 0, page.x, page.y}, background);
    if (title > 0) { draw_title(figure, &state, page, drawing); }
    view_draw(app->trace, &state, (Rect){0, title, page.x, max_float(page.y - title, 1)}, drawing);
    return zoom;
}

/* ---- Files ---- */

bool export_knows(const char *path, Error *err)
{
    const char *dot = strrchr(path, '.');
    if (out_find(path) != NULL || (dot != NULL && numbers_find(dot + 1) != NULL)) { return true; }
    return error_set(err,
                     "%s: the file name must end in .png, .svg or .pdf, or in .csv or .json for "
                     "the numbers.",
                     path);
}

/* "3", "0, 2" or "all 8". */
static void name_heads(const App *app, char *text, size_t size)
{
    const Attention *a = &app->trace->attention[app->view.attention];
    int count = headset_count(&app->view.heads);
    size_t used = 0;
    if (count >= a->heads) {
        snprintf(text, size, "all %d", a->heads);
        return;
    }
    text[0] = '\0';
    for (int head = headset_next(&app->view.heads, -1); head >= 0 && used + 8 < size;
         head = headset_next(&app->view.heads, head)) {
        used += (size_t)snprintf(text + used, size - used, "%s%d", used > 0 ? ", " : "", head);
    }
}

static const char *copy_text(Arena *arena, const char *text)
{
    return text != NULL ? arena_copy_string(arena, text) : NULL;
}

static void note_what_it_shows(const App *app, ExportJob *job)
{
    const Encoding *text = app->trace->encoding;
    const Figure *figure = &app->figure;
    char heads[128];
    name_heads(app, heads, sizeof heads);
    const OutNote notes[NOTES] = {
        {"Software", APP_TITLE " " HEADLIGHT_VERSION},
        {"Second sentence", copy_text(&job->strings, text->text[1])},
        {"Sentence", copy_text(&job->strings, text->text[0])},
        {"Model", copy_text(&job->strings, app->trace->model)},
        {"View", view_table[app->view.view].name},
        {"Layer", arena_format(&job->strings, "%d", app->view.layer)},
        {"Heads", arena_copy_string(&job->strings, heads)},
    };
    memcpy(job->notes, notes, sizeof notes);
    job->options =
        (OutOptions){.scale = figure->scale,
                     .title = figure->title[0] != '\0' ? copy_text(&job->strings, figure->title)
                                                       : notes[2].value,
                     .notes = job->notes,
                     .note_count = NOTES,
                     .progress = &job->progress};
}

/* A job without a place to go to. */
static ExportJob *begin(const App *app, const char *extension, Error *err)
{
    if (app->trace == NULL) {
        error_set(err, "There is nothing to save yet.");
        return NULL;
    }
    char name[16];
    snprintf(name, sizeof name, ".%s", extension);
    const OutFormat *format = out_find(name);
    const NumberFormat *numbers = format == NULL ? numbers_find(extension) : NULL;
    if (format == NULL && numbers == NULL) {
        error_set(err, "There is no format \"%s\".", extension);
        return NULL;
    }
    ExportJob *job = mem_zero(1, sizeof *job);
    job->format = format;
    job->numbers = numbers;
    if (format != NULL) {
        note_what_it_shows(app, job);
        job->drawing = drawing_new(app->fonts);
        job->options.zoom = export_draw(app, job->drawing);
    } else {
        job->state = figure_state(app);
        job->state.rollout = NULL; /* the window's own */
        job->trace = trace_share(app->trace);
        job->other = trace_share(app->view.other);
        job->state.other = job->other;
    }
    return job;
}

ExportJob *export_begin(const App *app, const char *path, Error *err)
{
    if (path != NULL && !export_knows(path, err)) { return NULL; }
    ExportJob *job = begin(app, path != NULL ? strrchr(path, '.') + 1 : "png", err);
    if (job != NULL && path != NULL) { job->path = mem_copy_string(path); }
    return job;
}

static bool make_bytes(ExportJob *job, Error *err)
{
    return job->format != NULL ? job->format->write(job->drawing, &job->options, &job->bytes, err)
                               : numbers_write(job->trace, &job->state, job->numbers,
                                               &job->progress, &job->bytes, err);
}

bool export_finish(ExportJob *job, Error *err)
{
    if (!make_bytes(job, err)) { return false; }
    if (progress_stopped(&job->progress)) { return error_set(err, "The figure was not wanted."); }
    progress_set(&job->progress, PROGRESS_DONE); /* from here on it can't be stopped */
    return job->path != NULL ? file_write(job->path, job->bytes.bytes, job->bytes.length, err)
                             : clipboard_put_png(&job->bytes, err);
}

void export_job_free(ExportJob *job)
{
    if (job == NULL) { return; }
    drawing_free(job->drawing);
    trace_free(job->trace);
    trace_free(job->other);
    buffer_free(&job->bytes);
    arena_free(&job->strings);
    free(job->path);
    free(job);
}

const char *export_job_path(const ExportJob *job) { return job->path; }
Progress *export_job_progress(ExportJob *job) { return &job->progress; }

void export_job_use_fonts(ExportJob *job, FontSet *fonts)
{
    if (job->drawing != NULL) { job->drawing->fonts = fonts; }
}

bool export_make(const App *app, const char *extension, Buffer *out, Error *err)
{
    ExportJob *job = begin(app, extension, err);
    bool ok = job != NULL && make_bytes(job, err);
    if (ok) { buffer_add(out, job->bytes.bytes, job->bytes.length); }
    export_job_free(job);
    return ok;
}

bool export_write(const App *app, const char *path, Error *err)
{
    ExportJob *job = export_begin(app, path, err);
    bool ok = job != NULL && export_finish(job, err);
    export_job_free(job);
    return ok;
}

/* ---- Names ---- */

/* Adds the first words with at least `letters` letters, joined by dashes; returns how many. */
static int add_words(const char *text, int letters, Buffer *name)
{
    size_t length = strlen(text), at = 0;
    int words = 0;
    while (at < length && words < NAME_WORDS && name->length < NAME_BYTES) {
        size_t start = at, next = at;
        uint32_t code = 0;
        int count = 0;
        while (next < length) {
            size_t step = unicode_decode(text + next, length - next, &code);
            if (!unicode_is_letter(code) && !unicode_is_mark(code)) { break; }
            next += step;
            count++;
        }
        if (count >= letters && next - start < NAME_BYTES) {
            if (words++ > 0) { buffer_add(name, "-", 1); }
            for (size_t i = start; i < next; i++) {
                char byte = text[i];
                char lower = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
                buffer_add(name, &lower, 1);
            }
        }
        at = next > start ? next : start + unicode_decode(text + start, length - start, &code);
    }
    return words;
}

/* What the sentence is about: its first long words. */
static void name_sentence(const char *text, Buffer *name)
{
    for (int letters = 5; letters > 0; letters -= 2) {
        if (add_words(text, letters, name) > 0) { return; }
    }
    buffer_add_string(name, "headlight");
}

/* What the desktop calls the folder for pictures, in the language of its user: the line
 *     XDG_PICTURES_DIR="$HOME/Bilder"
 * of user-dirs.dirs. NULL when there is none. */
static const char *desktop_pictures(Arena *arena, const char *home)
{
    static const char key[] = "\nXDG_PICTURES_DIR=\"";
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *path = config != NULL ? arena_format(arena, "%s/user-dirs.dirs", config)
                                      : arena_format(arena, "%s/.config/user-dirs.dirs", home);
    Buffer text = {0};
    buffer_add_string(&text, "\n");
    const char *folder = NULL;
    if (file_exists(path) && file_read(path, DIRS_LIMIT, &text, NULL)) {
        const char *line = strstr(text.bytes, key);
        const char *value = line != NULL ? line + sizeof key - 1 : "";
        size_t length = strcspn(value, "\"\n");
        if (strncmp(value, "$HOME/", 6) == 0) {
            folder = arena_format(arena, "%s/%.*s", home, (int)length - 6, value + 6);
        } else if (value[0] == '/') {
            folder = arena_copy(arena, value, length);
        }
    }
    buffer_free(&text);
    return folder;
}

static const char *pictures_folder(Arena *arena)
{
    const char *named = getenv("XDG_PICTURES_DIR"), *home = getenv("HOME");
    if (named != NULL && file_is_folder(named)) { return named; }
    if (home == NULL || !file_is_folder(home)) { return "."; }
    const char *desktop = desktop_pictures(arena, home);
    if (desktop != NULL && file_is_folder(desktop)) { return desktop; }
    const char *pictures = arena_format(arena, "%s/Pictures", home);
    return file_is_folder(pictures) ? pictures : home;
}

static bool is_taken(const App *app, const char *path)
{
    return file_exists(path) || press_has(app->press, path);
}

char *export_free_path(const App *app, const char *path)
{
    Arena scratch = {0};
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    if (dot == NULL || (slash != NULL && dot < slash)) { dot = path + strlen(path); }
    const char *found = path;
    for (int number = 2; is_taken(app, found) && number < MAX_NUMBERED; number++) {
        found = arena_format(&scratch, "%.*s-%d%s", (int)(dot - path), path, number, dot);
    }
    char *copy = mem_copy_string(found);
    arena_free(&scratch);
    return copy;
}

char *export_default_path(const App *app, const char *extension)
{
    Arena scratch = {0};
    Buffer name = {0};
    name_sentence(app_text(app), &name);
    buffer_format(&name, ".%s-L%d", view_table[app->view.view].name, app->view.layer);
    if (headset_count(&app->view.heads) == 1) {
        buffer_format(&name, "H%d", headset_next(&app->view.heads, -1));
    }
    const char *folder = pictures_folder(&scratch);
    char *path =
        export_free_path(app, arena_format(&scratch, "%s/%s.%s", folder, name.bytes, extension));
    buffer_free(&name);
    arena_free(&scratch);
    return path;
}
