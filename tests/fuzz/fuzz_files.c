/* Every file that a stranger can hand us, each to the function that reads it in the program. */
#include "fuzz.h"

#include "app/app.h"
#include "app/command.h"
#include "app/fetch_parts.h"
#include "app/lesson.h"
#include "app/session.h"
#include "model/config.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "model/trace_file.h"
#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

/* A failure has a sentence, success has none to show. */
static void check_error(bool ok, const Error *err)
{
    if (!ok && err->text[0] == '\0') { abort(); }
}

void fuzz_lesson(const uint8_t *bytes, size_t length)
{
    (void)bytes, (void)length;
    Error err = {""};
    Lesson *lesson = lesson_read(fuzz_path("file.lesson"), &err);
    check_error(lesson != NULL, &err);
    if (lesson == NULL) { return; }
    LessonLine *lines = calloc((size_t)lesson_most_lines(lesson) + 1, sizeof *lines);
    for (int step = 0; step < lesson->count; step++) {
        Arena arena = {0};
        int count = lesson_lines_at(lesson, step, lines);
        if (count > lesson_most_lines(lesson)) { abort(); }
        for (int i = 0; i < count; i++) { lesson_command(&lines[i], &arena); }
        arena_free(&arena);
    }
    free(lines);
    lesson_free(lesson);
}

void fuzz_trace(const uint8_t *bytes, size_t length)
{
    (void)bytes, (void)length;
    Error err = {""};
    Trace *trace = trace_file_read(fuzz_path("file"), &err);
    check_error(trace != NULL, &err);
    if (trace == NULL) { return; }
    /* What was read is written and read again: as large, with the same tokens. */
    Buffer out = {0};
    trace_file_write(trace, &out);
    fuzz_write("again", out.bytes, out.length);
    buffer_free(&out);
    Trace *again = trace_file_read(fuzz_path("again"), &err);
    if (again == NULL || again->tokens != trace->tokens || again->layers != trace->layers ||
        again->heads != trace->heads) {
        abort();
    }
    trace_free(again);
    trace_free(trace);
}

static volatile unsigned char seen; /* so that every byte is really read */

static void use_tensors(Safetensors *file)
{
    for (size_t i = 0; i < safetensors_count(file); i++) {
        const SafeTensor *tensor = safetensors_at(file, i);
        for (size_t byte = 0; byte < tensor->length; byte += 64) { seen = tensor->bytes[byte]; }
        if (tensor->length > 0) { seen = tensor->bytes[tensor->length - 1]; }
        char shape[SAFETENSORS_SHAPE_TEXT];
        safetensors_shape_text(tensor, shape);
        if (safetensors_is_float(tensor) && tensor->count < 1 << 16) {
            float *out = calloc(tensor->count + 1, sizeof *out);
            safetensors_to_floats(tensor, out);
            free(out);
        }
        if (safetensors_find(file, tensor->name) != tensor) { abort(); }
    }
    safetensors_free(file);
}

void fuzz_safetensors(const uint8_t *bytes, size_t length)
{
    (void)bytes, (void)length;
    Error err = {""};
    Safetensors *file = safetensors_open(fuzz_path("file.safetensors"), &err);
    check_error(file != NULL, &err);
    if (file != NULL) { use_tensors(file); }
}

/* Beside the index lies one good file, "a", so that it can be right about something. */
void fuzz_index(const uint8_t *bytes, size_t length)
{
    (void)bytes, (void)length;
    static bool written;
    if (!written) {
        float one[2] = {1, 2};
        SafeTensor tensor = {.name = "w",
                             .type = SAFE_F32,
                             .rank = 1,
                             .shape = {2},
                             .count = 2,
                             .bytes = (const unsigned char *)one,
                             .length = sizeof one};
        Buffer out = {0};
        safetensors_write(&tensor, 1, NULL, 0, &out);
        fuzz_write("a", out.bytes, out.length);
        buffer_free(&out);
        written = true;
    }
    Error err = {""};
    Safetensors *file = safetensors_open_folder(fuzz_folder(), &err);
    check_error(file != NULL, &err);
    if (file != NULL) { use_tensors(file); }
}

void fuzz_config(const uint8_t *bytes, size_t length)
{
    (void)bytes, (void)length;
    Error err = {""};
    ModelConfig config;
    bool ok = config_read(fuzz_path("config.json"), &config, &err);
    check_error(ok, &err);
    if (ok && (config.layers < 1 || config.layers > CONFIG_MAX_LAYERS || config.heads < 1 ||
               config.heads > CONFIG_MAX_HEADS || config.hidden_size < 1 ||
               config.hidden_size > CONFIG_MAX_SIZE || config.positions < 1)) {
        abort();
    }
}

static void use_tokenizer(void)
{
    Error err = {""};
    Tokenizer *tokenizer = tokenizer_open(fuzz_folder(), &err);
    check_error(tokenizer != NULL, &err);
    if (tokenizer == NULL) { return; }
    Encoding *encoding = tokenizer_encode(tokenizer,
                                          "The caf\xC3\xA9 [MASK]<mask> it's 12\n\xE4\xBD\xA0"
                                          "\xE5\xA5\xBD",
                                          "b c", 40);
    for (int i = 0; i < encoding->count; i++) {
        if (encoding->tokens[i].id >= tokenizer_vocab_size(tokenizer)) { abort(); }
    }
    encoding_free(encoding);
    tokenizer_free(tokenizer);
}

void fuzz_tokenizer(const uint8_t *bytes, size_t length)
{
    (void)bytes, (void)length;
    use_tokenizer();
}

void fuzz_vocab(const uint8_t *bytes, size_t length)
{
    (void)bytes, (void)length;
    use_tokenizer();
}

/* The state files of the window; the one that is not tried is not there. */
static void use_session(bool asked)
{
    App *app = calloc(1, sizeof *app);
    app_init(app, NULL);
    session_open(app, asked);
    for (int i = 0; i < app->start_count; i++) { command_do(app, app->start[i]); }
    session_close(app);
    app_free(app);
    free(app);
    fuzz_empty("headlight/session.damaged");
    fuzz_empty("headlight/history.damaged");
}

void fuzz_session(const uint8_t *bytes, size_t length)
{
    (void)bytes;
    use_session(length % 8 == 7);
}

void fuzz_history(const uint8_t *bytes, size_t length)
{
    (void)bytes;
    use_session(length % 8 == 7);
}

/* What a server says about a file, a line each. */
void fuzz_headers(const uint8_t *bytes, size_t length)
{
    FetchHeaders headers;
    fetch_headers_init(&headers);
    for (size_t at = 0; at < length;) {
        const uint8_t *end = memchr(bytes + at, '\n', length - at);
        size_t line = end != NULL ? (size_t)(end - bytes) + 1 - at : length - at;
        fetch_headers_take(&headers, (const char *)bytes + at, line);
        at += line;
    }
    char *text = calloc(length + 1, 1);
    memcpy(text, bytes, length);
    if (fetch_is_shard_name(text) && (strchr(text, '/') != NULL || text[0] == '.')) { abort(); }
    if (fetch_is_model_name(text) && strstr(text, "..") != NULL) { abort(); }
    fetch_is_revision(text);
    fetch_is_endpoint(text);
    fetch_is_loopback(text);
    free(text);
}
