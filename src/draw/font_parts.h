/* font_parts.h - what the parts of font.h share: what a set of fonts is, and how a line is cut into runs. */
#ifndef DRAW_FONT_PARTS_H
#define DRAW_FONT_PARTS_H

#include "base/base.h"
#include "base/mapped.h"
#include "draw/font.h"

#include <SDL_ttf.h>
#include <fontconfig/fontconfig.h>
#include <pthread.h>

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
    /* Sets of several threads share the library (SDL_ttf), which opens, measures and paints for one at a
     * time. */
    pthread_mutex_t *library;
    bool owns_library;
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

static inline void font_lock(FontSet *fonts) { pthread_mutex_lock(fonts->library); }
static inline void font_unlock(FontSet *fonts) { pthread_mutex_unlock(fonts->library); }

/* A stretch of a line in one font and one direction. */
typedef struct Run {
    int face;
    size_t start, end;
    bool right_to_left;
} Run;

/* In `resolution` dots per inch at POINT_SIZE; NULL when it can't be opened. */
TTF_Font *font_open_size(const MappedFile *file, int index, int resolution);
/* Runs in the order in which they stand on the line; how many. */
int font_find_runs(FontSet *fonts, const char *string, size_t length, FontWeight weight,
                   Run runs[MAX_RUNS]);
/* The run's text, cut where it does not fit. */
void font_copy_run(const char *string, const Run *run, char *text, size_t size);
void font_set_direction(TTF_Font *font, bool right_to_left);
/* Its width in units of the font's size. */
float font_run_ems(FontSet *fonts, const char *string, const Run *run);
/* How much of the line, from `at` on, can be dealt with in one go. */
size_t font_piece_length(const char *string, size_t length, size_t at);
/* Never 0. */
uint64_t font_hash(const char *string, size_t length, uint64_t seed);

#endif
