/* Where in the line of a text field things are. The line is cut into chunks; each is measured once,
 * and again only when an edit touches it. Within a chunk, positions are widths of its prefixes. */
#include "ui/textfield.h"

#include "base/base.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <string.h>

enum { CHUNK_LEAST = 256 }; /* a long text is cut at the first blank after so many bytes */

float textfield_type_size(const TextField *field)
{
    return field->size > 0 ? field->size : UI_TEXT;
}

static float measure(const TextField *field, const Drawing *drawing, size_t begin, size_t end)
{
    char copy[TEXTFIELD_CHUNK_BYTES + 1];
    if (begin >= end) { return 0; }
    size_t length = min_size(end - begin, TEXTFIELD_CHUNK_BYTES);
    memcpy(copy, field->text.bytes + begin, length);
    copy[length] = '\0';
    float size = textfield_type_size(field);
    return drawing_text_width(drawing, copy, size, FONT_REGULAR);
}

/* Where a chunk that begins at `begin` ends: after a blank, else between clusters, else (a cluster
 * without end) between code points. */
static size_t chunk_end(const Buffer *text, size_t begin, size_t end)
{
    if (end - begin <= TEXTFIELD_CHUNK_BYTES) { return end; }
    const char *from = text->bytes + begin + CHUNK_LEAST;
    size_t window = TEXTFIELD_CHUNK_BYTES - CHUNK_LEAST - 1;
    const char *blank = memchr(from, ' ', window);
    if (blank != NULL) { return (size_t)(blank - text->bytes) + 1; }
    size_t at = begin + TEXTFIELD_CHUNK_BYTES;
    while (((unsigned char)text->bytes[at] & 0xC0) == 0x80) { at--; }
    size_t cluster = unicode_previous_cluster(text->bytes, text->length, at);
    return cluster > begin ? cluster : at;
}

static void add_chunk(TextField *field, int index, TextfieldChunk chunk)
{
    if (field->chunk_count == field->chunk_capacity) {
        field->chunk_capacity = field->chunk_capacity > 0 ? 2 * field->chunk_capacity : 4;
        field->chunks =
            mem_grow(field->chunks, (size_t)field->chunk_capacity, sizeof(*field->chunks));
    }
    memmove(field->chunks + index + 1, field->chunks + index,
            (size_t)(field->chunk_count - index) * sizeof(*field->chunks));
    field->chunks[index] = chunk;
    field->chunk_count++;
}

/* Brings the chunks up to date: those wholly before or after what was edited are kept. */
static void lay_out(TextField *field, const Drawing *drawing)
{
    const size_t length = field->text.length, old = field->laid_out;
    float size = textfield_type_size(field);
    if (field->laid_out_size < size || field->laid_out_size > size) {
        field->chunk_count = 0;
        field->same_before = field->same_after = 0;
    } else if (old == length && field->same_before == length && field->same_after == length) {
        return;
    }
    int kept = 0, after = field->chunk_count;
    while (kept < field->chunk_count && field->chunks[kept].end < field->same_before) { kept++; }
    while (after > kept && field->chunks[after - 1].begin > old - field->same_after) { after--; }
    size_t begin = kept > 0 ? field->chunks[kept - 1].end : 0;
    size_t end = after < field->chunk_count ? length - (old - field->chunks[after].begin) : length;
    for (int i = after; i < field->chunk_count; i++) {
        field->chunks[i].begin = field->chunks[i].begin + length - old;
        field->chunks[i].end = field->chunks[i].end + length - old;
    }
    if (after > kept) {
        memmove(field->chunks + kept, field->chunks + after,
                (size_t)(field->chunk_count - after) * sizeof(*field->chunks));
        field->chunk_count -= after - kept;
    }
    for (int index = kept; begin < end; index++) {
        TextfieldChunk chunk = {.begin = begin, .end = chunk_end(&field->text, begin, end)};
        chunk.width = measure(field, drawing, chunk.begin, chunk.end);
        add_chunk(field, index, chunk);
        begin = chunk.end;
    }
    float x = 0;
    for (int i = 0; i < field->chunk_count; i++) {
        field->chunks[i].x = x;
        x += field->chunks[i].width;
    }
    field->laid_out = field->same_before = field->same_after = length;
    field->laid_out_size = size;
}

float textfield_x(TextField *field, const Drawing *drawing, size_t at)
{
    lay_out(field, drawing);
    at = min_size(at, field->text.length);
    for (int i = 0; i < field->chunk_count; i++) {
        const TextfieldChunk *chunk = &field->chunks[i];
        if (at == chunk->end) { return chunk->x + chunk->width; }
        if (at < chunk->end) { return chunk->x + measure(field, drawing, chunk->begin, at); }
    }
    return 0;
}

size_t textfield_at(TextField *field, const Drawing *drawing, float x)
{
    lay_out(field, drawing);
    int index = 0;
    if (field->chunk_count == 0 || x <= 0) { return 0; }
    while (index + 1 < field->chunk_count && x >= field->chunks[index + 1].x) { index++; }
    const TextfieldChunk *chunk = &field->chunks[index];
    x -= chunk->x;
    size_t stops[TEXTFIELD_CHUNK_BYTES + 1];
    int count = 0;
    for (size_t at = chunk->begin; at < chunk->end && count < TEXTFIELD_CHUNK_BYTES;) {
        stops[count++] = at;
        at = unicode_next_cluster(field->text.bytes, chunk->end, at);
    }
    stops[count] = chunk->end;
    /* Widths of prefixes grow: the first stop to the right of x, by halves. */
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        bool right = measure(field, drawing, chunk->begin, stops[middle]) > x;
        if (right) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (low == 0) { return stops[0]; }
    float left = measure(field, drawing, chunk->begin, stops[low - 1]);
    float right = measure(field, drawing, chunk->begin, stops[low]);
    return x - left < right - x ? stops[low - 1] : stops[low];
}
