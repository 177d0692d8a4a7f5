/* PNG by stb_image_write and zlib, which is faster than its own and makes files smaller, with chunks that
 * it does not write: pHYs (how large a pixel is on paper) and iTXt (title and notes). */
#include "draw/out_pixels.h"

#include "base/base.h"
#include "base/memory.h"
#include "draw/raster.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Higher levels take twice as long for 4 % less (measured on head views of 250 tokens). */
enum { LEVEL = 4 };
/* Rows of pixels that are painted in one go; thousandths of the work that painting is. */
enum { BAND = 256, PAINTED = 900 };
enum { COPIES = 3, SMALL = 1 << 20 };

/* What stb calls for the level that it would take itself. */
static unsigned char *compress_bytes(unsigned char *bytes, int count, int *length, int level)
{
    (void)level;
    uLongf room = compressBound((uLong)count);
    unsigned char *out = mem_alloc(room, 1);
    bool ok = compress2(out, &room, bytes, (uLong)count, LEVEL) == Z_OK && room <= INT_MAX;
    *length = (int)room;
    if (ok) { return out; }
    free(out);
    return NULL;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STBIW_MALLOC(size) mem_alloc(size, 1) /* stb asserts that there is memory */
#define STBIW_REALLOC(block, size) mem_grow(block, size, 1)
#define STBIW_FREE(block) free(block)
#define STBIW_ZLIB_COMPRESS compress_bytes
#define STBIW_CRC32(bytes, count) ((unsigned)crc32(0, bytes, (uInt)(count)))
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop
/* Told at the end of the file: functions for formats that are not asked for. */
#pragma GCC diagnostic ignored "-Wunused-function"

#define POINTS_PER_METRE (72 / 0.0254)
enum { HEADER_END = 8 + 25 }; /* the signature and IHDR: other chunks may follow from here */

static void add_number(Buffer *out, uint32_t number)
{
    unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                              (unsigned char)(number >> 8), (unsigned char)number};
    buffer_add(out, bytes, sizeof bytes);
}

static void add_chunk(Buffer *out, const char *type, const Buffer *data)
{
    add_number(out, (uint32_t)data->length);
    size_t start = out->length;
    buffer_add(out, type, 4);
    buffer_add(out, data->bytes, data->length);
    add_number(
        out, (uint32_t)crc32(0, (unsigned char *)out->bytes + start, (uInt)(out->length - start)));
}

static void add_resolution(Buffer *out, float scale)
{
    Buffer data = {0};
    uint32_t per_metre = (uint32_t)lrint((double)scale * POINTS_PER_METRE);
    add_number(&data, per_metre);
    add_number(&data, per_metre);
    buffer_add(&data, "\1", 1); /* the unit is the metre */
    add_chunk(out, "pHYs", &data);
    buffer_free(&data);
}

static void add_note(Buffer *out, const char *key, const char *value)
{
    Buffer data = {0};
    if (value == NULL || value[0] == '\0') { return; }
    buffer_add_string(&data, key);
    /* The keyword's end; not compressed; no language, no translated keyword; then UTF-8 text. */
    buffer_add(&data, "\0\0\0\0\0", 5);
    buffer_add_string(&data, value);
    add_chunk(out, "iTXt", &data);
    buffer_free(&data);
}

/* stb ends the program where there is no memory. It takes as much as the pixels three times: filtered,
 * compressed, and the file. */
static bool room_for(size_t bytes)
{
    size_t need;
    return mem_multiply(bytes, COPIES, &need) && (need < SMALL || need <= mem_available());
}

/* Red, green, blue and, where anything is transparent, alpha, as stb wants them; NULL: too many for the
 * memory that there is. */
static unsigned char *to_bytes(const uint32_t *argb, size_t count, int channels)
{
    unsigned char *bytes = mem_try_aligned(count, (size_t)channels), *to = bytes;
    for (size_t i = 0; bytes != NULL && i < count; i++) {
        uint32_t pixel = argb[i];
        *to++ = (unsigned char)(pixel >> 16);
        *to++ = (unsigned char)(pixel >> 8);
        *to++ = (unsigned char)pixel;
        if (channels == 4) { *to++ = (unsigned char)(pixel >> 24); }
    }
    return bytes;
}

bool out_png_pixels(const uint32_t *argb, int width, int height, bool opaque,
                    const OutOptions *options, Buffer *out)
{
    int channels = opaque ? 3 : 4, length = 0;
    size_t pixels = (size_t)width * (size_t)height;
    unsigned char *bytes = to_bytes(argb, pixels, channels), *png = NULL;
    if (bytes != NULL && room_for(pixels * (size_t)channels)) {
        png = stbi_write_png_to_mem(bytes, width * channels, width, height, channels, &length);
    }
    free(bytes);
    if (png == NULL || length <= HEADER_END) {
        free(png);
        return false;
    }
    buffer_add(out, png, HEADER_END);
    if (options != NULL) {
        add_resolution(out, options->scale);
        add_note(out, "Title", options->title);
        for (int i = 0; i < options->note_count; i++) {
            add_note(out, options->notes[i].key, options->notes[i].value);
        }
    }
    buffer_add(out, png + HEADER_END, (size_t)length - HEADER_END);
    free(png);
    return true;
}

/* A band at a time, so that it can be stopped; false then. */
static bool draw_bands(Raster *raster, const Drawing *drawing, float scale, Progress *progress)
{
    for (int top = 0; top < raster->height; top += BAND) {
        Rect band = {0, (float)top, (float)raster->width, BAND};
        raster_draw(raster, drawing, scale, band);
        progress_set(progress, PAINTED * min_int(top + BAND, raster->height) / raster->height);
        if (progress_stopped(progress)) { return false; }
    }
    return true;
}

bool out_png(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err)
{
    Raster raster = {0};
    float scale = options->scale * options->zoom;
    float width = ceilf(drawing->page.w * scale - 0.01f),
          height = ceilf(drawing->page.h * scale - 0.01f);
    if (!(width <= RASTER_MAX_SIDE && height <= RASTER_MAX_SIDE)) { /* NaN too */
        return error_set(
            err,
            "A picture of %.0f x %.0f pixels is too large; up to %d x %d are possible, "
            "so choose a smaller scale or size.",
            (double)width, (double)height, RASTER_MAX_SIDE, RASTER_MAX_SIDE);
    }
    bool ok = raster_resize(&raster, (int)width, (int)height);
    if (ok && !draw_bands(&raster, drawing, scale, options->progress)) {
        raster_free(&raster);
        return error_set(err, "The picture was not finished.");
    }
    if (ok) {
        ok = out_png_pixels(raster.pixels, raster.width, raster.height,
                            drawing->background.a == 255, options, out);
        raster_free(&raster);
    }
    return ok ||
           error_set(err,
                     "There is not enough memory for a picture of %.0f x %.0f pixels. Choose a "
                     "smaller scale or size.",
                     (double)width, (double)height);
}
