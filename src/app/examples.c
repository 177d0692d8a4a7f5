#include "app/examples.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/unicode.h"

#include <stdio.h>
#include <string.h>

#define FILE_LIMIT ((size_t)1 << 20)

static const char *or_null(const char *field)
{
    return field == NULL || strcmp(field, "-") == 0 || field[0] == '\0' ? NULL : field;
}

static bool read_line(char *line, Example *example)
{
    const char *title = strsep(&line, "\t"), *head = strsep(&line, "\t");
    const char *view = strsep(&line, "\t"), *word = strsep(&line, "\t");
    const char *text = strsep(&line, "\t"), *pair = strsep(&line, "\t");
    if (or_null(text) == NULL || title[0] == '\0') { return false; }
    *example = (Example){.title = title,
                         .layer = -1,
                         .head = -1,
                         .view = or_null(view),
                         .word = or_null(word),
                         .text = text,
                         .pair = or_null(pair)};
    int used = 0;
    if (or_null(head) == NULL) { return true; }
    return sscanf(head, "%4d.%4d%n", &example->layer, &example->head, &used) == 2 &&
           head[used] == '\0' && example->layer >= 0 && example->head >= 0;
}

Example *examples_read(const char *path, Arena *arena, int *count, Error *err)
{
    Buffer file = {0};
    *count = 0;
    if (!file_read(path, FILE_LIMIT, &file, err) || file.length == 0) {
        buffer_free(&file);
        return NULL;
    }
    size_t lines = 1;
    for (size_t i = 0; i < file.length; i++) { lines += file.bytes[i] == '\n'; }
    Example *examples = arena_alloc(arena, lines, sizeof *examples);
    Buffer text = {0};
    unicode_repair(file.bytes, file.length, &text);
    char *rest = arena_copy_string(arena, text.bytes);
    int number = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        number++;
        if (line[0] == '\0' || line[0] == '#') { continue; }
        if (read_line(line, &examples[*count])) {
            ++*count;
        } else {
            error_set(err, "%s, line %d: title, head, view, word and sentence were expected.", path,
                      number);
        }
    }
    buffer_free(&text);
    buffer_free(&file);
    return examples;
}
