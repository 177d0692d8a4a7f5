#include "draw/font.h"

#include "base/arena.h"
#include "base/base.h"
#include "base/mapped.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <SDL_ttf.h>
#include <fontconfig/fontconfig.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Widths are measured at one large size and scaled, so that a layout does not depend on the output.
 * SDL_ttf takes whole point sizes only: at 2 points a step of the resolution is 1/36 pixel. */
#define MEASURE_PIXELS 128.0f
#define POINT_SIZE 2
#define RESOLUTION_PER_PIXEL 36.0f
#define MAX_PIXELS 400.0f
enum {
    MAX_FACES = 64,
    MAX_SIZED = 32,
    MAX_RUNS = 64,
    MAX_LINE_BYTES =
        2048, /* of one line that is rendered; the rest would lie outside any picture */
    WIDTH_SLOTS = 4096,
    IMAGE_SLOTS = 1024,
    CODE_SLOTS = 2048,
    CACHE_BYTES = 48 << 20
};

typedef struct Face {
    char *path;
    MappedFile file;   /* fonts of every size read from here */
    int index;         /* of the face in the file */
    bool color;        /* bitmaps with colours of their own, in one size */
    TTF_Font *measure; /* at MEASURE_PIXELS; also says which glyphs there are */
} Face;

typedef struct SizedFont {
    TTF_Font *font;
    int face, resolution;
    uint64_t used;
} SizedFont;

typedef struct WidthEntry {
    uint64_t key;
    float ems;
} WidthEntry;

typedef struct ImageEntry {
    uint64_t key, used;
    uint32_t *pixels;
    TextImage image;
} ImageEntry;

typedef struct CodeEntry {
    uint32_t code; /* plus one, 0: empty */
    int face;
    FontWeight weight;
} CodeEntry;

struct FontSet {
    FcConfig *config;
    Face faces[MAX_FACES];
    int face_count;
    int primary[FONT_WEIGHTS];
    char *family[FONT_WEIGHTS];
    SizedFont sized[MAX_SIZED];
    int sized_count;
    uint64_t clock;
    FcFontSet *sorted[FONT_WEIGHTS]; /* all fonts, the most alike first; NULL: not asked for yet */
    CodeEntry codes[CODE_SLOTS];
    WidthEntry widths[WIDTH_SLOTS];
    ImageEntry images[IMAGE_SLOTS];
    size_t image_bytes;
};

/* A stretch of a line in one font and one direction. */
typedef struct Run {
    int face;
    size_t start, end;
    bool right_to_left;
} Run;

/* --- faces ------------------------------------------------------------------------------------- */

static TTF_Font *open_size(const MappedFile *file, int index, int resolution)
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
    TTF_Font *font = open_size(&file, index, (int)(MEASURE_PIXELS * RESOLUTION_PER_PIXEL));
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

FontSet *font_open(Error *err)
{
    FontSet *fonts = mem_zero(1, sizeof *fonts);
    SDL_SetMemoryFunctions(mem_lend, mem_lend_zero, mem_lend_more, free);
    bool ok = TTF_Init() == 0;
    if (!ok) {
        free(fonts);
        error_set(err, "Fonts can't be used: %s.", TTF_GetError());
        return NULL;
    }
    fonts->config = FcInitLoadConfigAndFonts();
    for (int weight = 0; ok && weight < FONT_WEIGHTS; weight++) {
        ok = fonts->config != NULL && find_primary(fonts, (FontWeight)weight);
    }
    if (!ok) {
        font_close(fonts);
        error_set(err,
                  "No font is installed; install one, for example the package fonts-dejavu-core.");
        return NULL;
    }
    return fonts;
}

void font_close(FontSet *fonts)
{
    if (fonts == NULL) { return; }
    for (int i = 0; i < fonts->sized_count; i++) { TTF_CloseFont(fonts->sized[i].font); }
    for (int i = 0; i < fonts->face_count; i++) {
        TTF_CloseFont(fonts->faces[i].measure);
        mapped_close(&fonts->faces[i].file);
        free(fonts->faces[i].path);
    }
    for (int i = 0; i < FONT_WEIGHTS; i++) {
        free(fonts->family[i]);
        if (fonts->sorted[i] != NULL) { FcFontSetDestroy(fonts->sorted[i]); }
    }
    for (int i = 0; i < IMAGE_SLOTS; i++) { free(fonts->images[i].pixels); }
    if (fonts->config != NULL) { FcConfigDestroy(fonts->config); }
    TTF_Quit();
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
static int find_runs(FontSet *fonts, const char *string, size_t length, FontWeight weight,
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

static uint64_t hash_string(const char *string, size_t length, uint64_t seed)
{
    uint64_t hash = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)string[i]) * 0x100000001b3u;
    }
    return hash != 0 ? hash : 1;
}

static void copy_run(const char *string, const Run *run, char *text, size_t size)
{
    size_t length = min_size(run->end - run->start, size - 1);
    memcpy(text, string + run->start, length);
    text[length] = '\0';
}

static void set_direction(TTF_Font *font, bool right_to_left)
{
    TTF_SetFontDirection(font, right_to_left ? TTF_DIRECTION_RTL : TTF_DIRECTION_LTR);
}

static float run_ems(FontSet *fonts, const char *string, const Run *run)
{
    char text[MAX_LINE_BYTES + 1];
    int width = 0, height;
    Face *face = &fonts->faces[run->face];
    copy_run(string, run, text, sizeof text);
    set_direction(face->measure, run->right_to_left);
    TTF_SizeUTF8(face->measure, text, &width, &height);
    if (face->color) {
        return (float)width / (float)max_int(TTF_FontHeight(face->measure), 1) * 1.17f;
    }
    return (float)width / MEASURE_PIXELS;
}

static float line_ems(FontSet *fonts, const char *string, size_t length, FontWeight weight)
{
    Run runs[MAX_RUNS];
    int count = find_runs(fonts, string, length, weight, runs);
    float ems = 0;
    for (int i = 0; i < count; i++) { ems += run_ems(fonts, string, &runs[i]); }
    return ems;
}

/* Long lines are measured in pieces: SDL_ttf can't hold a line wider than 32,767 pixels. */
static size_t piece_length(const char *string, size_t length, size_t at)
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
        size_t piece = piece_length(string, length, at);
        uint64_t key = hash_string(string + at, piece, (uint64_t)weight);
        WidthEntry *entry = &fonts->widths[key % WIDTH_SLOTS];
        if (entry->key != key) {
            *entry = (WidthEntry){key, line_ems(fonts, string + at, piece, weight)};
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

/* --- pixels ------------------------------------------------------------------------------------ */

static TTF_Font *sized_font(FontSet *fonts, int face, float pixels)
{
    int resolution = max_int((int)lrintf(pixels * RESOLUTION_PER_PIXEL), 36);
    SizedFont *oldest = NULL;
    fonts->clock++;
    for (int i = 0; i < fonts->sized_count; i++) {
        SizedFont *sized = &fonts->sized[i];
        if (sized->face == face && sized->resolution == resolution) {
            sized->used = fonts->clock;
            return sized->font;
        }
        if (oldest == NULL || sized->used < oldest->used) { oldest = sized; }
    }
    if (fonts->sized_count < MAX_SIZED) {
        oldest = &fonts->sized[fonts->sized_count];
    } else {
        TTF_CloseFont(oldest->font);
    }
    const Face *from = &fonts->faces[face];
    TTF_Font *font = open_size(&from->file, from->index, resolution);
    if (font == NULL) {
        if (fonts->sized_count == MAX_SIZED) { *oldest = fonts->sized[--fonts->sized_count]; }
        return NULL;
    }
    TTF_SetFontHinting(font, TTF_HINTING_LIGHT_SUBPIXEL);
    *oldest = (SizedFont){font, face, resolution, fonts->clock};
    if (oldest == &fonts->sized[fonts->sized_count]) { fonts->sized_count++; }
    return font;
}

/* Box average: emoji come in one large size. */
static SDL_Surface *shrink(SDL_Surface *from, float factor)
{
    int width = max_int((int)lrintf((float)from->w * factor), 1);
    int height = max_int((int)lrintf((float)from->h * factor), 1);
    SDL_Surface *to =
        SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    for (int y = 0; to != NULL && y < height; y++) {
        uint32_t *row = (uint32_t *)((char *)to->pixels + y * to->pitch);
        int top = y * from->h / height, bottom = max_int((y + 1) * from->h / height, top + 1);
        for (int x = 0; x < width; x++) {
            int left = x * from->w / width, right = max_int((x + 1) * from->w / width, left + 1);
            uint64_t a = 0, r = 0, g = 0, b = 0;
            for (int v = top; v < bottom; v++) {
                const uint32_t *pixels =
                    (const uint32_t *)((const char *)from->pixels + v * from->pitch);
                for (int u = left; u < right; u++) {
                    uint32_t p = pixels[u], alpha = p >> 24;
                    a += alpha;
                    r += (p >> 16 & 255) * alpha;
                    g += (p >> 8 & 255) * alpha;
                    b += (p & 255) * alpha;
                }
            }
            uint64_t n = (uint64_t)(bottom - top) * (uint64_t)(right - left);
            row[x] = a == 0 ? 0 : (uint32_t)(a / n << 24 | r / a << 16 | g / a << 8 | b / a);
        }
    }
    SDL_FreeSurface(from);
    return to;
}

static SDL_Surface *render_run(FontSet *fonts, const char *string, const Run *run, float pixels,
                               int *ascent)
{
    char text[MAX_LINE_BYTES + 1];
    copy_run(string, run, text, sizeof text);
    const Face *face = &fonts->faces[run->face];
    TTF_Font *font = face->color ? face->measure : sized_font(fonts, run->face, pixels);
    if (font == NULL) { return NULL; }
    set_direction(font, run->right_to_left);
    SDL_Surface *surface = TTF_RenderUTF8_Blended(font, text, (SDL_Color){255, 255, 255, 255});
    if (surface == NULL) { return NULL; }
    *ascent = TTF_FontAscent(font);
    if (!face->color) { return surface; }
    float factor = pixels * 1.17f / (float)max_int(TTF_FontHeight(font), 1);
    *ascent = (int)lrintf((float)*ascent * factor);
    return shrink(surface, factor);
}

typedef struct Pieces {
    SDL_Surface *surface[MAX_RUNS];
    int x[MAX_RUNS], ascent[MAX_RUNS], count;
    bool colored;
} Pieces;

static void render_pieces(FontSet *fonts, const char *string, size_t length, FontWeight weight,
                          float pixels, Pieces *pieces)
{
    Run runs[MAX_RUNS];
    int count = find_runs(fonts, string, length, weight, runs);
    float x = 0;
    for (int i = 0; i < count; i++) {
        int ascent = 0;
        SDL_Surface *surface = render_run(fonts, string, &runs[i], pixels, &ascent);
        if (surface != NULL) {
            pieces->surface[pieces->count] = surface;
            pieces->x[pieces->count] = (int)lrintf(x);
            pieces->ascent[pieces->count++] = ascent;
            pieces->colored |= fonts->faces[runs[i].face].color;
        }
        x += run_ems(fonts, string, &runs[i]) * pixels;
    }
}

/* Puts the pieces beside each other on one baseline, and frees them. */
static uint32_t *join_pieces(Pieces *pieces, TextImage *image)
{
    int ascent = 0, descent = 0, width = 0;
    for (int i = 0; i < pieces->count; i++) {
        ascent = max_int(ascent, pieces->ascent[i]);
        descent = max_int(descent, pieces->surface[i]->h - pieces->ascent[i]);
        width = max_int(width, pieces->x[i] + pieces->surface[i]->w);
    }
    image->width = width;
    image->height = ascent + descent;
    image->left = 0;
    image->top = -ascent;
    image->colored = pieces->colored;
    uint32_t *pixels = mem_zero((size_t)width * (size_t)image->height + 1, sizeof *pixels);
    for (int i = 0; i < pieces->count; i++) {
        SDL_Surface *from = pieces->surface[i];
        for (int y = 0; y < from->h; y++) {
            const uint32_t *row = (const uint32_t *)((const char *)from->pixels + y * from->pitch);
            uint32_t *to =
                pixels + (size_t)(y + ascent - pieces->ascent[i]) * (size_t)width + pieces->x[i];
            for (int x = 0; x < from->w; x++) {
                if (row[x] >> 24 > to[x] >> 24) { to[x] = row[x]; }
            }
        }
        SDL_FreeSurface(from);
    }
    return pixels;
}

static void drop_image(FontSet *fonts, ImageEntry *entry)
{
    fonts->image_bytes -= (size_t)entry->image.width * (size_t)entry->image.height * 4;
    free(entry->pixels);
    *entry = (ImageEntry){0};
}

/* Beyond the bound, the half that was used longest ago goes. */
static void limit_cache(FontSet *fonts)
{
    if (fonts->image_bytes <= CACHE_BYTES) { return; }
    for (int i = 0; i < IMAGE_SLOTS; i++) {
        ImageEntry *entry = &fonts->images[i];
        if (entry->pixels != NULL && fonts->clock - entry->used > IMAGE_SLOTS / 2) {
            drop_image(fonts, entry);
        }
    }
}

bool font_render(FontSet *fonts, const char *string, float size, FontWeight weight, float scale,
                 TextImage *image)
{
    float pixels = clamp_float(size * scale, 1, MAX_PIXELS);
    size_t length = strlen(string);
    if (length > MAX_LINE_BYTES) { length = piece_length(string, length, 0); }
    uint64_t key =
        hash_string(string, length, (uint64_t)weight << 32 ^ (uint64_t)lrintf(pixels * 64) << 8);
    ImageEntry *entry = &fonts->images[key % IMAGE_SLOTS];
    fonts->clock++;
    if (entry->key != key) {
        if (entry->pixels != NULL) { drop_image(fonts, entry); }
        limit_cache(fonts);
        Pieces pieces = {.count = 0};
        render_pieces(fonts, string, length, weight, pixels, &pieces);
        if (pieces.count == 0) { return false; }
        entry->key = key;
        entry->pixels = join_pieces(&pieces, &entry->image);
        entry->image.argb = entry->pixels;
        fonts->image_bytes += (size_t)entry->image.width * (size_t)entry->image.height * 4;
    }
    entry->used = fonts->clock;
    *image = entry->image;
    return true;
}
