/* picture.c - what the window tests ask about a picture: a PNG that the program wrote, or the frame
 * buffer of Xvfb (an XWD file), so that no package of image tools is needed.
 *
 *     picture size FILE                              width and height
 *     picture colors FILE [X Y W H]                  how many different colours there are
 *     picture count FILE RRGGBB TOLERANCE [X Y W H]  how many pixels are about that colour
 *     picture box FILE RRGGBB TOLERANCE [X Y W H]    X Y W H around them; nothing when there are none
 *     picture differ A B [X Y W H]                   how many pixels are not the same in both
 *     picture distance A B                           how many of a thousand patches look different
 *     picture save FILE OUT.png                      for a person to look at
 *
 * X Y W H restrict the question to a part of the picture. */
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATCH = 8, PATCH_LEVELS = 20 };

typedef struct Picture {
    int width, height;
    uint32_t *pixels; /* 0xAARRGGBB, [height, width] */
} Picture;

typedef struct Part {
    int left, top, right, bottom;
} Part;

/* It answers one question and ends: the system takes the memory back, and that is no mistake. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

static void quit(const char *why, const char *what)
{
    fprintf(stderr, "picture: %s: %s\n", what, why);
    exit(2);
}

static unsigned char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) { quit("can't be opened", path); }
    size_t capacity = (size_t)1 << 26;
    unsigned char *bytes = malloc(capacity);
    *length = bytes != NULL ? fread(bytes, 1, capacity, file) : 0;
    fclose(file);
    return bytes;
}

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* X11's XWDFile.h: a header of big-endian words, the colour map (12 bytes an entry), the pixels. */
static Picture read_xwd(const unsigned char *bytes, size_t length, const char *path)
{
    enum { HEADER_SIZE, VERSION, WIDTH = 4, HEIGHT, BITS = 11, LINE_BYTES, MAP_ENTRIES = 19 };
    const unsigned char *words = bytes;
    Picture picture = {(int)big_endian(words + 4 * WIDTH), (int)big_endian(words + 4 * HEIGHT),
                       NULL};
    size_t start =
        big_endian(words + 4 * HEADER_SIZE) + 12 * (size_t)big_endian(words + 4 * MAP_ENTRIES);
    size_t line = big_endian(words + 4 * LINE_BYTES);
    if (big_endian(words + 4 * BITS) != 32 || start + line * (size_t)picture.height > length) {
        quit("is not a whole XWD file of 32 bits", path);
    }
    picture.pixels = calloc((size_t)picture.width * (size_t)picture.height, sizeof *picture.pixels);
    for (int y = 0; picture.pixels != NULL && y < picture.height; y++) {
        const unsigned char *row = bytes + start + (size_t)y * line;
        for (int x = 0; x < picture.width; x++) {
            picture.pixels[(size_t)y * (size_t)picture.width + (size_t)x] =
                0xFF000000u | (uint32_t)row[4 * x + 2] << 16 | (uint32_t)row[4 * x + 1] << 8 |
                row[4 * x];
        }
    }
    return picture;
}

static Picture read_picture(const char *path)
{
    size_t length;
    unsigned char *bytes = read_file(path, &length);
    if (length >= 100 && big_endian(bytes + 4) == 7) { return read_xwd(bytes, length, path); }
    Picture picture = {0};
    unsigned char *rgba =
        stbi_load_from_memory(bytes, (int)length, &picture.width, &picture.height, NULL, 4);
    if (rgba == NULL) { quit(stbi_failure_reason(), path); }
    size_t count = (size_t)picture.width * (size_t)picture.height;
    picture.pixels = calloc(count, sizeof *picture.pixels);
    for (size_t i = 0; picture.pixels != NULL && i < count; i++) {
        const unsigned char *p = rgba + 4 * i;
        picture.pixels[i] =
            (uint32_t)p[3] << 24 | (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    }
    return picture;
}

static Part part_of(const Picture *picture, int count, char **numbers)
{
    Part part = {0, 0, picture->width, picture->height};
    if (count < 4) { return part; }
    part.left = atoi(numbers[0]);
    part.top = atoi(numbers[1]);
    part.right = part.left + atoi(numbers[2]);
    part.bottom = part.top + atoi(numbers[3]);
    if (part.left < 0) { part.left = 0; }
    if (part.top < 0) { part.top = 0; }
    if (part.right > picture->width) { part.right = picture->width; }
    if (part.bottom > picture->height) { part.bottom = picture->height; }
    return part;
}

static uint32_t at(const Picture *picture, int x, int y)
{
    return picture->pixels[(size_t)y * (size_t)picture->width + (size_t)x];
}

/* Are all channels at most `tolerance` apart? Transparent pixels are about no colour. */
static int is_about(uint32_t pixel, uint32_t color, int tolerance)
{
    if (pixel >> 24 == 0) { return 0; }
    for (int shift = 0; shift <= 16; shift += 8) {
        if (abs((int)(pixel >> shift & 255) - (int)(color >> shift & 255)) > tolerance) {
            return 0;
        }
    }
    return 1;
}

static void find(const Picture *picture, Part part, const char *color, int tolerance, int want_box)
{
    uint32_t wanted = (uint32_t)strtoul(color, NULL, 16);
    Part box = {part.right, part.bottom, part.left - 1, part.top - 1};
    long count = 0;
    for (int y = part.top; y < part.bottom; y++) {
        for (int x = part.left; x < part.right; x++) {
            if (!is_about(at(picture, x, y), wanted, tolerance)) { continue; }
            count++;
            if (x < box.left) { box.left = x; }
            if (y < box.top) { box.top = y; }
            if (x > box.right) { box.right = x; }
            if (y > box.bottom) { box.bottom = y; }
        }
    }
    if (!want_box) {
        printf("%ld\n", count);
    } else if (count > 0) {
        printf("%d %d %d %d\n", box.left, box.top, box.right - box.left + 1,
               box.bottom - box.top + 1);
    }
}

static int compare_pixels(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void count_colors(const Picture *picture, Part part)
{
    size_t wide = (size_t)(part.right - part.left), count = 0, different = 0;
    uint32_t *all = calloc(wide * (size_t)(part.bottom - part.top) + 1, sizeof *all);
    for (int y = part.top; all != NULL && y < part.bottom; y++) {
        for (int x = part.left; x < part.right; x++) { all[count++] = at(picture, x, y); }
    }
    if (count > 0) { qsort(all, count, sizeof *all, compare_pixels); }
    for (size_t i = 0; i < count; i++) { different += i == 0 || all[i] != all[i - 1]; }
    printf("%zu\n", different);
    free(all);
}

static void count_differences(const Picture *a, const Picture *b, Part part)
{
    if (a->width != b->width || a->height != b->height) {
        printf("size\n");
        return;
    }
    long count = 0;
    for (int y = part.top; y < part.bottom; y++) {
        for (int x = part.left; x < part.right; x++) { count += at(a, x, y) != at(b, x, y); }
    }
    printf("%ld\n", count);
}

/* The mean of a channel over a patch: what the eye sees of it from the back of a room. */
static int patch(const Picture *picture, int left, int top, int shift)
{
    long sum = 0, count = 0;
    for (int y = top; y < top + PATCH && y < picture->height; y++) {
        for (int x = left; x < left + PATCH && x < picture->width; x++, count++) {
            sum += at(picture, x, y) >> shift & 255;
        }
    }
    return count > 0 ? (int)(sum / count) : 0;
}

/* Edges of letters may lie elsewhere with another font library; a line that is gone or another colour
 * may not. */
static void measure_distance(const Picture *a, const Picture *b)
{
    long patches = 0, different = 0;
    if (a->width != b->width || a->height != b->height) {
        printf("1000\n");
        return;
    }
    for (int y = 0; y < a->height; y += PATCH) {
        for (int x = 0; x < a->width; x += PATCH, patches++) {
            int most = 0;
            for (int shift = 0; shift <= 16; shift += 8) {
                int off = abs(patch(a, x, y, shift) - patch(b, x, y, shift));
                if (off > most) { most = off; }
            }
            different += most > PATCH_LEVELS;
        }
    }
    printf("%ld\n", (different * 1000 + patches - 1) / (patches > 0 ? patches : 1));
}

static void save(const Picture *picture, const char *path)
{
    size_t count = (size_t)picture->width * (size_t)picture->height;
    unsigned char *bytes = malloc(count * 3), *to = bytes;
    if (bytes == NULL) { quit("no memory", path); }
    for (size_t i = 0; i < count; i++) {
        for (int shift = 16; shift >= 0; shift -= 8) {
            *to++ = (unsigned char)(picture->pixels[i] >> shift & 255);
        }
    }
    int written =
        stbi_write_png(path, picture->width, picture->height, 3, bytes, 3 * picture->width);
    free(bytes);
    if (written == 0) { quit("can't be written", path); }
}

int main(int argc, char **argv)
{
    if (argc < 3) { quit("see the top of tests/ui/picture.c", "usage"); }
    const char *job = argv[1];
    Picture picture = read_picture(argv[2]);
    if (picture.pixels == NULL) { quit("no memory", argv[2]); }
    if (strcmp(job, "size") == 0) {
        printf("%d %d\n", picture.width, picture.height);
    } else if (strcmp(job, "colors") == 0) {
        count_colors(&picture, part_of(&picture, argc - 3, argv + 3));
    } else if (strcmp(job, "count") == 0 && argc >= 5) {
        find(&picture, part_of(&picture, argc - 5, argv + 5), argv[3], atoi(argv[4]), 0);
    } else if (strcmp(job, "box") == 0 && argc >= 5) {
        find(&picture, part_of(&picture, argc - 5, argv + 5), argv[3], atoi(argv[4]), 1);
    } else if (strcmp(job, "differ") == 0 && argc >= 4) {
        Picture other = read_picture(argv[3]);
        if (other.pixels == NULL) { quit("no memory", argv[3]); }
        count_differences(&picture, &other, part_of(&picture, argc - 4, argv + 4));
    } else if (strcmp(job, "distance") == 0 && argc >= 4) {
        Picture other = read_picture(argv[3]);
        if (other.pixels == NULL) { quit("no memory", argv[3]); }
        measure_distance(&picture, &other);
    } else if (strcmp(job, "save") == 0 && argc >= 4) {
        save(&picture, argv[3]);
    } else {
        quit("see the top of tests/ui/picture.c", job);
    }
    return 0;
}
