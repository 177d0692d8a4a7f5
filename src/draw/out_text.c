#include "draw/out.h"

static void write_geometry(const DrawCommand *c, Buffer *out)
{
    static const char *const names[] = {"rect",    "frame", "line", "curve",
                                        "polygon", "text",  "image"};
    buffer_format(out, "%s #%02x%02x%02x%02x box %.1f %.1f %.1f %.1f", names[c->kind], c->color.r,
                  c->color.g, c->color.b, c->color.a, (double)c->box.x, (double)c->box.y,
                  (double)c->box.w, (double)c->box.h);
    if (c->kind == DRAW_LINE || c->kind == DRAW_CURVE) {
        buffer_format(out, " width %.2f", (double)c->width);
        for (int i = 0; i < (c->kind == DRAW_LINE ? 2 : 4); i++) {
            buffer_format(out, " %.1f,%.1f", (double)c->p[i].x, (double)c->p[i].y);
        }
    }
}

bool out_text(const Drawing *drawing, const OutOptions *options, Buffer *out, Error *err)
{
    (void)options, (void)err;
    buffer_format(out, "page %.1f %.1f\n", (double)drawing->page.w, (double)drawing->page.h);
    for (int i = 0; i < drawing->count; i++) {
        const DrawCommand *c = &drawing->commands[i];
        write_geometry(c, out);
        if (c->kind == DRAW_TEXT) {
            buffer_format(out, " size %.1f angle %.0f ", (double)c->width, (double)c->u.text.angle);
            buffer_add_json_string(out, c->u.text.string);
        } else if (c->kind == DRAW_IMAGE) {
            buffer_format(out, " cells %dx%d", c->u.image.rows, c->u.image.cols);
        }
        if (c->hit != 0) { buffer_format(out, " hit %llx", (unsigned long long)c->hit); }
        buffer_add_string(out, "\n");
    }
    return true;
}
