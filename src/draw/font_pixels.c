/* Lines of text as pixels. */
#include "draw/font_parts.h"

#include "base/base.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    TTF_Font *font = font_open_size(&from->file, from->index, resolution);
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
    font_copy_run(string, run, text, sizeof text);
    const Face *face = &fonts->faces[run->face];
    TTF_Font *font = face->color ? face->measure : sized_font(fonts, run->face, pixels);
    if (font == NULL) { return NULL; }
    font_set_direction(font, run->right_to_left);
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
    int count = font_find_runs(fonts, string, length, weight, runs);
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
        x += font_run_ems(fonts, string, &runs[i]) * pixels;
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
    if (length > MAX_LINE_BYTES) { length = font_piece_length(string, length, 0); }
    uint64_t key =
        font_hash(string, length, (uint64_t)weight << 32 ^ (uint64_t)lrintf(pixels * 64) << 8);
    ImageEntry *entry = &fonts->images[key % IMAGE_SLOTS];
    fonts->clock++;
    if (entry->key != key) {
        if (entry->pixels != NULL) { drop_image(fonts, entry); }
        limit_cache(fonts);
        Pieces pieces = {.count = 0};
        font_lock(fonts);
        render_pieces(fonts, string, length, weight, pixels, &pieces);
        if (pieces.count > 0) { entry->pixels = join_pieces(&pieces, &entry->image); }
        font_unlock(fonts);
        if (pieces.count == 0) { return false; }
        entry->key = key;
        entry->image.argb = entry->pixels;
        fonts->image_bytes += (size_t)entry->image.width * (size_t)entry->image.height * 4;
    }
    entry->used = fonts->clock;
    *image = entry->image;
    return true;
}
