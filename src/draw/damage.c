#include "base/base.h"
#include "base/memory.h"
#include "draw/raster.h"

#include <math.h>
#include <stdlib.h>

enum { CELL = 64 }; /* pixels */

static uint64_t mix_hash(uint64_t hash, uint64_t more)
{
    hash = (hash ^ more) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 31;
}

/* Adds the command to every cell that it can touch. */
static void touch(uint64_t *cells, int cols, int rows, const DrawCommand *command, float scale)
{
    Rect seen = rect_inset(rect_intersect(command->box, command->clip), -1.5f / scale);
    int left = clamp_int((int)floorf(seen.x * scale / CELL), 0, cols);
    int top = clamp_int((int)floorf(seen.y * scale / CELL), 0, rows);
    int right = clamp_int((int)ceilf((seen.x + seen.w) * scale / CELL), 0, cols);
    int bottom = clamp_int((int)ceilf((seen.y + seen.h) * scale / CELL), 0, rows);
    uint64_t hash = drawing_hash_command(command);
    for (int row = top; row < bottom; row++) {
        for (int col = left; col < right; col++) {
            uint64_t *cell = &cells[(size_t)row * (size_t)cols + (size_t)col];
            *cell = mix_hash(*cell, hash);
        }
    }
}

/* Adds the run of cells to a rectangle above that is as wide, or as a new one; when there are too
 * many, to the last. */
static int add_run(Rect *changed, int count, Rect run)
{
    for (int i = 0; i < count; i++) {
        Rect *r = &changed[i];
        if (r->x == run.x && r->w == run.w && r->y + r->h == run.y) {
            r->h += run.h;
            return count;
        }
    }
    if (count < DAMAGE_MAX) {
        changed[count] = run;
        return count + 1;
    }
    Rect *last = &changed[DAMAGE_MAX - 1];
    float right = max_float(last->x + last->w, run.x + run.w);
    float bottom = max_float(last->y + last->h, run.y + run.h);
    last->x = min_float(last->x, run.x);
    last->y = min_float(last->y, run.y);
    last->w = right - last->x;
    last->h = bottom - last->y;
    return count;
}

int damage_update(Damage *damage, const Drawing *drawing, float scale, int width, int height,
                  Rect changed[DAMAGE_MAX])
{
    int cols = (width + CELL - 1) / CELL, rows = (height + CELL - 1) / CELL, count = 0;
    size_t cells = (size_t)cols * (size_t)rows;
    uint64_t *fresh = mem_alloc(cells, sizeof *fresh);
    const Color *b = &drawing->background;
    uint64_t ground =
        mix_hash(1, (uint64_t)b->r << 24 | (uint64_t)b->g << 16 | (uint64_t)b->b << 8 | b->a);
    for (size_t i = 0; i < cells; i++) { fresh[i] = ground; }
    for (int i = 0; i < drawing->count; i++) {
        if (drawing->commands[i].color.a > 0) {
            touch(fresh, cols, rows, &drawing->commands[i], scale);
        }
    }
    bool all = damage->cells == NULL || damage->cols != cols || damage->rows != rows;
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++) {
            int from = col;
            while (col < cols &&
                   (all || fresh[row * cols + col] != damage->cells[row * cols + col])) {
                col++;
            }
            if (col == from) { continue; }
            Rect run = {(float)(from * CELL), (float)(row * CELL), 0, 0};
            run.w = (float)min_int(col * CELL, width) - run.x;
            run.h = (float)min_int((row + 1) * CELL, height) - run.y;
            count = add_run(changed, count, run);
        }
    }
    free(damage->cells);
    *damage = (Damage){fresh, cols, rows};
    return count;
}

void damage_forget(Damage *damage) { damage_free(damage); }

void damage_free(Damage *damage)
{
    free(damage->cells);
    *damage = (Damage){0};
}
