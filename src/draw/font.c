#include "draw/font.h"

#include "base/arena.h"
#include "base/base.h"
#include "base/mapped.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "draw/font_parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* --- faces ------------------------------------------------------------------------------------- */

TTF_Font *font_open_size(const MappedFile *file, int index, int resolution)
{
    SDL_RWops *bytes = SDL_RWFromConstMem(file->bytes, (int)min_size(file->length, INT_MAX));
    return TTF_OpenFontIndexDPIRW(bytes, 1, POINT_SIZE, index, (unsigned)resolution,
                                  (unsigned)resolution);
}

static int add_face(FontSet *fonts, const FcPattern *pattern)
{
    FcChar8 *path = NULL;
    int index = 0;
    FcBool color = FcFalse;
    if (FcPatternGetString(pattern, FC_FILE, 0, &path) != FcResultMatch) { return -1; }
    FcPatternGetInteger(pattern, FC_INDEX, 0, &index);
    FcPatternGetBool(pattern, FC_COLOR, 0, &color);
    index &= 0xFFFF; /* the upper half names an instance of a variable font */
    for (int i = 0; i < fonts->face_count; i++) {
        if (fonts->faces[i].index == index && strcmp(fonts->faces[i].path, (char *)path) == 0) {
            return i;
        }
    }
    if (fonts->face_count == MAX_FACES) { return -1; }
    MappedFile file;
    if (!mapped_open((char *)path, &file, NULL)) { return -1; }
    TTF_Font *font = font_open_size(&file, index, (int)(MEASURE_PIXELS * RESOLUTION_PER_PIXEL));
    if (font == NULL) {
        mapped_close(&file);
        return -1;
    }
    TTF_SetFontHinting(font, TTF_HINTING_NONE);
    fonts->faces[fonts->face_count] = (Face){.path = mem_copy_string((char *)path),
                                             .file = file,
                                             .index = index,
                                             .color = color == FcTrue,
                                             .measure = font};
    return fonts->face_count++;
}

static FcPattern *make_pattern(FontSet *fonts, const char *const *families, FontWeight weight)
{
    FcPattern *pattern = FcPatternCreate();
    for (int i = 0; families[i] != NULL; i++) {
        FcPatternAddString(pattern, FC_FAMILY, (const FcChar8 *)families[i]);
    }
    FcPatternAddInteger(pattern, FC_WEIGHT,
                        weight == FONT_BOLD ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR);
    FcPatternAddInteger(pattern, FC_SLANT, FC_SLANT_ROMAN);
    FcConfigSubstitute(fonts->config, pattern, FcMatchPattern);
    FcDefaultSubstitute(pattern);
    return pattern;
}

/* Calm faces with figures of one width first; "sans-serif" is whatever the system prefers. */
static const char *const *families_of(FontWeight weight)
{
    static const char *const sans[] = {"Inter",       "Noto Sans",  "Open Sans",
                                       "DejaVu Sans", "sans-serif", NULL};
    static const char *const mono[] = {"Noto Sans Mono", "DejaVu Sans Mono", "monospace", NULL};
    return weight == FONT_MONO ? mono : sans;
}

static bool find_primary(FontSet *fonts, FontWeight weight)
{
    FcPattern *pattern = make_pattern(fonts, families_of(weight), weight);
    FcResult result;
    FcPattern *match = FcFontMatch(fonts->config, pattern, &result);
    FcPatternDestroy(pattern);
    if (match == NULL) { return false; }
    FcChar8 *family = NULL;
    FcPatternGetString(match, FC_FAMILY, 0, &family);
    fonts->primary[weight] = add_face(fonts, match);
    fonts->family[weight] = mem_copy_string(family != NULL ? (char *)family : "sans-serif");
    FcPatternDestroy(match);
    return fonts->primary[weight] >= 0;
}

/* Once the library is there. */
static FontSet *open_set(FontSet *fonts, Error *err)
{
    fonts->config = FcInitLoadConfigAndFonts();
    font_lock(fonts);
    bool ok = fonts->config != NULL;
    for (int weight = 0; ok && weight < FONT_WEIGHTS; weight++) {
        ok = find_primary(fonts, (FontWeight)weight);
    }
    font_unlock(fonts);
    if (!ok) {
        font_close(fonts);
        error_set(err,
                  "No font is installed; install one, for example the package fonts-dejavu-core.");
        return NULL;
    }
    return fonts;
}

FontSet *font_open(Error *err)
{
    SDL_SetMemoryFunctions(mem_lend, mem_lend_zero, mem_lend_more, free);
    if (TTF_Init() != 0) {
        error_set(err, "Fonts can't be used: %s.", TTF_GetError());
        return NULL;
    }
    FontSet *fonts = mem_zero(1, sizeof *fonts);
    fonts->library = mem_zero(1, sizeof *fonts->library);
    fonts->owns_library = true;
    pthread_mutex_init(fonts->library, NULL);
    return open_set(fonts, err);
}

FontSet *font_open_beside(FontSet *fonts, Error *err)
{
    FontSet *beside = mem_zero(1, sizeof *beside);
    beside->library = fonts->library;
    return open_set(beside, err);
}

static void close_library(pthread_mutex_t *library)
{
    TTF_Quit();
    pthread_mutex_destroy(library);
    free(library);
}

void font_close(FontSet *fonts)
{
    if (fonts == NULL) { return; }
    font_lock(fonts);
    for (int i = 0; i < fonts->sized_count; i++) { TTF_CloseFont(fonts->sized[i].font); }
    for (int i = 0; i < fonts->face_count; i++) {
        TTF_CloseFont(fonts->faces[i].measure);
        mapped_close(&fonts->faces[i].file);
        free(fonts->faces[i].path);
    }
    font_unlock(fonts);
    for (int i = 0; i < FONT_WEIGHTS; i++) {
        free(fonts->family[i]);
        if (fonts->sorted[i] != NULL) { FcFontSetDestroy(fonts->sorted[i]); }
    }
    for (int i = 0; i < IMAGE_SLOTS; i++) { free(fonts->images[i].pixels); }
    if (fonts->config != NULL) { FcConfigDestroy(fonts->config); }
    if (fonts->owns_library) { close_library(fonts->library); }
    free(fonts);
}

const char *font_family(FontSet *fonts, FontWeight weight) { return fonts->family[weight]; }
const char *font_path(FontSet *fonts, FontWeight weight)
{
    return fonts->faces[fonts->primary[weight]].path;
}

/* --- which font shows which character ---------------------------------------------------------- */

static bool has_glyph(const FontSet *fonts, int face, uint32_t code)
{
    return TTF_GlyphIsProvided32(fonts->faces[face].measure, code) != 0;
}

/* The first font with this character, of those that fontconfig finds alike. It is asked once: sorting takes
 * milliseconds, and a Chinese text has a thousand characters. */
static int search_face(FontSet *fonts, uint32_t code, FontWeight weight)
{
    if (fonts->sorted[weight] == NULL) {
        FcPattern *pattern = make_pattern(fonts, families_of(weight), weight);
        FcResult result;
        fonts->sorted[weight] = FcFontSort(fonts->config, pattern, FcTrue, NULL, &result);
        FcPatternDestroy(pattern);
    }
    const FcFontSet *sorted = fonts->sorted[weight];
    int found = -1;
    for (int i = 0; sorted != NULL && found < 0 && i < sorted->nfont; i++) {
        FcCharSet *has = NULL;
        if (FcPatternGetCharSet(sorted->fonts[i], FC_CHARSET, 0, &has) != FcResultMatch) {
            continue;
        }
        if (!FcCharSetHasChar(has, code)) { continue; }
        int face = add_face(fonts, sorted->fonts[i]);
        if (face >= 0 && has_glyph(fonts, face, code)) { found = face; }
    }
    return found >= 0 ? found : fonts->primary[weight];
}

static int face_of(FontSet *fonts, uint32_t code, FontWeight weight)
{
    if (has_glyph(fonts, fonts->primary[weight], code)) { return fonts->primary[weight]; }
    CodeEntry *entry = &fonts->codes[(code * 3 + (uint32_t)weight) % CODE_SLOTS];
    if (entry->code != code + 1 || entry->weight != weight) {
        *entry = (CodeEntry){code + 1, search_face(fonts, code, weight), weight};
    }
    return entry->face;
}

/* Marks, joiners and variation selectors belong to what they stand on. */
static bool stays(uint32_t code)
{
    return unicode_is_mark(code) || code == 0x200D || code == 0x200C ||
           (code >= 0xFE00 && code <= 0xFE0F) || (code >= 0x1F3FB && code <= 0x1F3FF) ||
           (code >= 0xE0020 && code <= 0xE007F);
}

/* Is the next character that is no blank one of a script that runs from right to left? */
static bool goes_left(const char *string, size_t length)
{
    uint32_t code = ' ';
    for (size_t at = 0; at < length && unicode_is_space(code);) {
        at += unicode_decode(string + at, length - at, &code);
    }
    return unicode_is_right_to_left(code);
}

/* Runs in the order in which they stand on the line: neighbours from right to left are turned. */
int font_find_runs(FontSet *fonts, const char *string, size_t length, FontWeight weight,
                   Run runs[MAX_RUNS])
{
    int count = 0;
    bool joined = false;
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t step = unicode_decode(string + at, length - at, &code);
        Run *last = count > 0 ? &runs[count - 1] : NULL;
        bool rtl = unicode_is_right_to_left(code), space = unicode_is_space(code);
        /* A blank belongs to what is before it, unless the direction changes behind it. */
        bool turns = space && last != NULL && last->right_to_left &&
                     !goes_left(string + at + step, length - at - step);
        bool same = last != NULL && (stays(code) || joined || (space && !turns));
        int face = same ? last->face : face_of(fonts, code, weight);
        if (last != NULL &&
            (same || (face == last->face && rtl == last->right_to_left) || count == MAX_RUNS)) {
            last->end = at + step;
        } else {
            runs[count++] = (Run){face, at, at + step, rtl};
        }
        joined = code == 0x200D;
        at += step;
    }
    for (int first = 0; first < count;) {
        int end = first;
        while (end < count && runs[end].right_to_left) { end++; }
        for (int a = first, b = end - 1; a < b; a++, b--) {
            Run swap = runs[a];
            runs[a] = runs[b];
            runs[b] = swap;
        }
        first = end > first ? end : first + 1;
    }
    return count;
}

/* --- widths ------------------------------------------------------------------------------------ */

uint64_t font_hash(const char *string, size_t length, uint64_t seed)
{
    uint64_t hash = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)string[i]) * 0x100000001b3u;
    }
    return hash != 0 ? hash : 1;
}

void font_copy_run(const char *string, const Run *run, char *text, size_t size)
{
    size_t length = min_size(run->end - run->start, size - 1);
    memcpy(text, string + run->start, length);
    text[length] = '\0';
}

void font_set_direction(TTF_Font *font, bool right_to_left)
{
    TTF_SetFontDirection(font, right_to_left ? TTF_DIRECTION_RTL : TTF_DIRECTION_LTR);
}

float font_run_ems(FontSet *fonts, const char *string, const Run *run)
{
    char text[MAX_LINE_BYTES + 1];
    int width = 0, height;
    Face *face = &fonts->faces[run->face];
    font_copy_run(string, run, text, sizeof text);
    font_set_direction(face->measure, run->right_to_left);
    TTF_SizeUTF8(face->measure, text, &width, &height);
    if (face->color) {
        return (float)width / (float)max_int(TTF_FontHeight(face->measure), 1) * 1.17f;
    }
    return (float)width / MEASURE_PIXELS;
}

static float line_ems(FontSet *fonts, const char *string, size_t length, FontWeight weight)
{
    Run runs[MAX_RUNS];
    int count = font_find_runs(fonts, string, length, weight, runs);
    float ems = 0;
    for (int i = 0; i < count; i++) { ems += font_run_ems(fonts, string, &runs[i]); }
    return ems;
}

/* Long lines are measured in pieces: SDL_ttf can't hold a line wider than 32,767 pixels. */
size_t font_piece_length(const char *string, size_t length, size_t at)
{
    if (length - at <= MAX_LINE_BYTES / 16) { return length - at; }
    size_t end = at + MAX_LINE_BYTES / 16;
    while (end > at && ((unsigned char)string[end] & 0xC0) == 0x80) { end--; }
    return end > at ? end - at : MAX_LINE_BYTES / 16;
}

float font_text_width(FontSet *fonts, const char *string, float size, FontWeight weight)
{
    size_t length = strlen(string);
    float ems = 0;
    for (size_t at = 0; at < length;) {
        size_t piece = font_piece_length(string, length, at);
        uint64_t key = font_hash(string + at, piece, (uint64_t)weight);
        WidthEntry *entry = &fonts->widths[key % WIDTH_SLOTS];
        if (entry->key != key) {
            font_lock(fonts);
            *entry = (WidthEntry){key, line_ems(fonts, string + at, piece, weight)};
            font_unlock(fonts);
        }
        ems += entry->ems;
        at += piece;
    }
    return ems * size;
}

float font_ascent(FontSet *fonts, float size, FontWeight weight)
{
    return (float)TTF_FontAscent(fonts->faces[fonts->primary[weight]].measure) / MEASURE_PIXELS *
           size;
}

float font_descent(FontSet *fonts, float size, FontWeight weight)
{
    return (float)-TTF_FontDescent(fonts->faces[fonts->primary[weight]].measure) / MEASURE_PIXELS *
           size;
}
