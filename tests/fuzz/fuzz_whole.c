/* The whole way: a model's folder or events of a user, to tokens, trace, view, drawing and file. */
#include "fuzz.h"

#include "app/app.h"
#include "app/command.h"
#include "app/export.h"
#include "app/keymap.h"
#include "base/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTIONS = 7, MOST_DATA = 1 << 18, MOST_TEXT = 200, MOST_EVENTS = 60 };

static FontSet *fonts;

static App *new_app(void)
{
    Error err = {""};
    if (fonts == NULL && (fonts = font_open(&err)) == NULL) { abort(); }
    App *app = calloc(1, sizeof *app);
    app_init(app, fonts);
    return app;
}

static void free_app(App *app)
{
    if (app->last_export != NULL) { fuzz_empty("headlight"); }
    app_free(app);
    free(app);
}

/* All but those that would reach beyond the scratch folder. */
static void do_command(App *app, const char *line)
{
    static const char *const not_here[] = {
        "export",     "figure:copy", "lesson:record", "lesson:open",   "open",
        "trace:open", "model:open",  "quit",          "compare:model", "figure:scale"};
    size_t name = strcspn(line, " ");
    for (size_t i = 0; i < sizeof not_here / sizeof not_here[0]; i++) {
        if (strlen(not_here[i]) == name && strncmp(line, not_here[i], name) == 0) { return; }
    }
    Error err = {""};
    if (!command_run(app, line, &err) && err.text[0] == '\0') { abort(); }
}

/* ---- A model's folder ---- */

typedef struct Section {
    const char *bytes;
    size_t length;
} Section;

static void split(const uint8_t *bytes, size_t length, Section *sections)
{
    const char *at = (const char *)bytes, *end = at + length;
    for (int i = 0; i < SECTIONS; i++) {
        const char *mark = i + 1 < SECTIONS ? memmem(at, (size_t)(end - at), "\n%%\n", 4) : NULL;
        sections[i] = (Section){at, (size_t)((mark != NULL ? mark : end) - at)};
        at = mark != NULL ? mark + 4 : end;
    }
}

/* The header as it is, and as much data behind it as its largest number says. */
static void write_weights(const Section *header, const Section *pattern)
{
    unsigned long data = 0;
    for (size_t i = 0; i < header->length; i++) {
        unsigned long number = 0;
        for (; i < header->length && header->bytes[i] >= '0' && header->bytes[i] <= '9'; i++) {
            number = number < MOST_DATA ? number * 10 + (unsigned long)(header->bytes[i] - '0')
                                        : MOST_DATA;
        }
        if (number > data && number < MOST_DATA) { data = number; }
    }
    uint8_t *file = calloc(8 + header->length + data, 1);
    for (int byte = 0; byte < 8; byte++) {
        file[byte] = (uint8_t)((uint64_t)header->length >> (8 * byte));
    }
    memcpy(file + 8, header->bytes, header->length);
    for (unsigned long i = 0; pattern->length > 0 && i < data; i++) {
        file[8 + header->length + i] = (uint8_t)pattern->bytes[i % pattern->length];
    }
    fuzz_write("model.safetensors", file, 8 + header->length + data);
    free(file);
}

static char *text_of(const Section *section, size_t most)
{
    Buffer text = {0};
    unicode_repair(section->bytes, section->length < most ? section->length : most, &text);
    buffer_add(&text, "", 1);
    return text.bytes;
}

static void draw(App *app, unsigned choice)
{
    static const char *const formats[] = {"png", "svg", "pdf", "csv", "json"};
    char line[64];
    snprintf(line, sizeof line, "view:set %s", view_table[choice % (unsigned)view_count()].name);
    do_command(app, line);
    Input input = {0};
    app_frame(app, &input, (Vec){900, 700});
    input.mouse = (Vec){300, 300};
    input.mouse_inside = true;
    app_frame(app, &input, (Vec){500, 333});
    input_free(&input);
    if (app->trace == NULL) { return; }
    Buffer out = {0};
    Error err = {""};
    app->figure.scale = 1;
    if (app->figure.size.x <= 0) {
        app->figure.size = (Vec){240, 180};
    } /* packing pixels is slow */
    bool ok = export_make(app, formats[choice / (unsigned)view_count() % 5], &out, &err);
    if (ok ? out.length == 0 : err.text[0] == '\0') { abort(); }
    buffer_free(&out);
}

/* Sections, separated by lines of "%%": config.json, the header of the weights, bytes that the weights
 * are made of, vocab.txt or tokenizer.json, a sentence, a second one, commands. */
void fuzz_model(const uint8_t *bytes, size_t length)
{
    Section sections[SECTIONS];
    split(bytes, length, sections);
    bool json = sections[3].length > 0 && sections[3].bytes[0] == '{';
    fuzz_empty(json ? "vocab.txt" : "tokenizer.json");
    fuzz_write("config.json", sections[0].bytes, sections[0].length);
    fuzz_write(json ? "tokenizer.json" : "vocab.txt", sections[3].bytes, sections[3].length);
    write_weights(&sections[1], &sections[2]);

    App *app = new_app();
    Error err = {""};
    char *text = text_of(&sections[4], MOST_TEXT), *pair = text_of(&sections[5], MOST_TEXT);
    char *commands = text_of(&sections[6], MOST_TEXT), *rest = commands;
    bool ok = app_open_model(app, fuzz_folder(), &err) &&
              app_show(app, text, pair[0] != '\0' ? pair : NULL, &err);
    if (!ok && err.text[0] == '\0') { abort(); }
    if (ok) {
        for (char *line; (line = strsep(&rest, "\n")) != NULL;) { do_command(app, line); }
        unsigned choice = 0;
        for (size_t i = 0; i < length; i++) { choice = choice * 31 + bytes[i]; }
        draw(app, choice);
    }
    free(text);
    free(pair);
    free(commands);
    free_app(app);
}

/* ---- A user ---- */

typedef struct Events {
    const uint8_t *at, *end;
} Events;

static unsigned take(Events *events) { return events->at < events->end ? *events->at++ : 0; }

static void take_text(Events *events, char *text, size_t size)
{
    size_t length = take(events) % size;
    if (length > (size_t)(events->end - events->at)) {
        length = (size_t)(events->end - events->at);
    }
    memcpy(text, events->at, length);
    text[length] = '\0';
    events->at += length;
}

static char *get_clipboard(void *user) { return strdup(user); }

static void set_clipboard(void *user, const char *text) { snprintf(user, 256, "%s", text); }

static void do_event(App *app, Input *input, Events *events, Vec *size)
{
    char text[64], line[160];
    unsigned key;
    switch (take(events) % 8) {
    case 0: /* a key */
        key = take(events);
        input_add_key(input, key < 128 ? (int)key : KEY_ENTER + (int)(key - 128) % 28,
                      take(events) % 8, false);
        break;
    case 1:
        take_text(events, text, sizeof text);
        input_add_text(input, text);
        break;
    case 2:
        input->mouse =
            (Vec){(float)take(events) / 255 * size->x, (float)take(events) / 255 * size->y};
        input->mouse_inside = true;
        break;
    case 3: /* click */
        key = 1u << take(events) % 3;
        input->pressed |= key;
        input->buttons |= key;
        input->clicks = 1 + (int)(take(events) % 3);
        break;
    case 4:
        input->released |= input->buttons;
        input->buttons = 0;
        break;
    case 5:
        input->wheel = (Vec){0, (float)((int)take(events) - 128) / 8};
        input->modifiers = take(events) % 8;
        break;
    case 6: *size = (Vec){(float)(1 + take(events) * 16), (float)(1 + take(events) * 12)}; break;
    default:
        key = take(events);
        int count = 0;
        while (command_table[count].name != NULL) { count++; }
        take_text(events, text, sizeof text);
        Buffer repaired = {0};
        unicode_repair(text, strlen(text), &repaired);
        snprintf(line, sizeof line, "%s %.90s", command_table[(int)key % count].name,
                 repaired.length > 0 ? repaired.bytes : "");
        line[unicode_valid_prefix(line, strlen(line))] = '\0';
        do_command(app, line);
        buffer_free(&repaired);
    }
}

/* Keys, text, pointer, wheel, sizes and commands, a frame after each. */
void fuzz_window(const uint8_t *bytes, size_t length)
{
    App *app = new_app();
    Error err = {""};
    static char clipboard[256];
    snprintf(clipboard, sizeof clipboard, "the\tdog\xFF\n");
    app->ui.clipboard =
        (UiClipboard){clipboard, get_clipboard, set_clipboard, get_clipboard, set_clipboard};
    if (!app_open_model(app, fuzz_source("tests/data/bert-tiny"), &err) ||
        !app_show(app, "the cat sat on it", NULL, &err)) {
        abort();
    }
    Input input = {0};
    Events events = {bytes, bytes + length};
    Vec size = {1000, 700};
    for (int i = 0; i < MOST_EVENTS && events.at < events.end && !app->quit; i++) {
        do_event(app, &input, &events, &size);
        input.time += 40;
        app_frame(app, &input, size);
    }
    input_free(&input);
    free_app(app);
}
