#include "app/export.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "draw/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRS_LIMIT ((size_t)65536)
enum { NAME_WORDS = 5, NAME_BYTES = 48, MAX_NUMBERED = 10000 };

void export_draw(const App *app, const FigureOptions *options, Drawing *drawing)
{
    ViewState state = app->view;
    state.figure = true;
    state.hover = (Target){TARGET_NONE, -1, -1, -1, -1};
    state.scroll = 0;
    state.thumbnails = NULL; /* those of the window have its size */
    if (state.enlarged_part > 0) { state.enlarged_part = 1; }
    if (options->no_caption) { state.caption = false; }
    Vec size = options->size;
    if (!(size.x > 0) || !(size.y > 0)) { size = view_measure(app->trace, &state, drawing); }
    Color background = state.theme->background;
    if (options->transparent) { background.a = 0; }
    Rect page = {0, 0, size.x, size.y};
    drawing_begin(drawing, page, background);
    view_draw(app->trace, &state, page, drawing);
}

bool export_write(const App *app, const FigureOptions *options, const char *path, Error *err)
{
    if (app->trace == NULL) { return error_set(err, "There is nothing to save yet."); }
    const OutFormat *format = out_find(path, err);
    if (format == NULL) { return false; }
    Drawing *drawing = drawing_new(app->fonts);
    export_draw(app, options, drawing);
    Buffer out = {0};
    OutOptions out_options = {.scale = options->scale, .title = app->trace->encoding->text[0]};
    bool ok = format->write(drawing, &out_options, &out, err) &&
              file_write(path, out.bytes, out.length, err);
    buffer_free(&out);
    drawing_free(drawing);
    return ok;
}

/* Letters and digits of the longer words, joined by dashes: what the sentence is about. */
static void name_sentence(const char *text, Buffer *name)
{
    size_t length = strlen(text), at = 0;
    int words = 0;
    while (at < length && words < NAME_WORDS && name->length < NAME_BYTES) {
        size_t start = at, next = at;
        uint32_t code = 0;
        while (next < length) {
            size_t step = unicode_decode(text + next, length - next, &code);
            if (!unicode_is_letter(code) && !unicode_is_mark(code)) { break; }
            next += step;
        }
        if (next - start > 3 && next - start < NAME_BYTES) {
            if (words++ > 0) { buffer_add(name, "-", 1); }
            for (size_t i = start; i < next; i++) {
                char byte = text[i];
                char lower = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
                buffer_add(name, &lower, 1);
            }
        }
        at = next > start ? next : start + unicode_decode(text + start, length - start, &code);
    }
    if (words == 0) { buffer_add_string(name, "headlight"); }
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
    const char *path = arena_format(&scratch, "%s/%s.%s", folder, name.bytes, extension);
    for (int number = 2; file_exists(path) && number < MAX_NUMBERED; number++) {
        path = arena_format(&scratch, "%s/%s-%d.%s", folder, name.bytes, number, extension);
    }
    char *copy = mem_copy_string(path);
    buffer_free(&name);
    arena_free(&scratch);
    return copy;
}
