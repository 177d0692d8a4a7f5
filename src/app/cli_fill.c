/* fill: the model's best words for each [MASK]. */
#include "app/cli_parts.h"

#include "analysis/guess.h"
#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>

enum { FILL_TOP = 10 };

/* One [MASK]: its guesses, best first. `nth` counts the masks from 0. */
static void print_mask(const App *app, const Trace *trace, int token, int nth, int most, bool json,
                       Buffer *out)
{
    Arena arena = {0};
    Guess *guesses = arena_alloc(&arena, (size_t)most, sizeof *guesses);
    int count = guess_top(trace, token, guesses, most);
    if (json) {
        buffer_format(out, "%s{\"token\": %d, \"guesses\": [", nth > 0 ? ",\n " : "", token);
    } else {
        buffer_format(out, "%s[MASK] at token %d\n", nth > 0 ? "\n" : "", token);
    }
    for (int i = 0; i < count; i++) {
        const char *piece = tokenizer_piece(model_tokenizer(app->model), guesses[i].id);
        if (piece == NULL) { piece = "[UNK]"; }
        if (!json) {
            buffer_format(out, "%8.4f  %s\n", (double)guesses[i].probability, piece);
            continue;
        }
        buffer_add_string(out, i > 0 ? ", {\"word\": " : "{\"word\": ");
        buffer_add_json_string(out, piece);
        buffer_format(out, ", \"id\": %d, \"probability\": %.6f}", guesses[i].id,
                      (double)guesses[i].probability);
    }
    if (json) { buffer_add_string(out, "]}"); }
    arena_free(&arena);
}

static bool fill(App *app, const Options *options, Buffer *out, Error *err)
{
    char *text = NULL, *pair = NULL;
    bool ok = cli_open_model(app, options, err) &&
              (text = cli_read_text(options->text, err)) != NULL &&
              (options->pair == NULL || (pair = cli_read_text(options->pair, err)) != NULL);
    if (ok && !model_has_logits(app->model)) {
        ok = error_set(err, "%s has no masked-word head; it can't guess words.",
                       model_name(app->model));
    }
    Trace *trace = NULL;
    if (ok) {
        Encoding *encoding = model_encode(app->model, text, pair);
        trace = model_run(app->model, encoding, MODEL_LOGITS, NULL, err);
        ok = trace != NULL;
    }
    int masks = 0, mask = ok ? tokenizer_mask_id(model_tokenizer(app->model)) : -1;
    if (ok && options->json) { buffer_add_string(out, "["); }
    for (int token = 0; ok && token < trace->tokens; token++) {
        if (mask < 0 || trace->encoding->tokens[token].id != mask) { continue; }
        print_mask(app, trace, token, masks++, options->top > 0 ? options->top : FILL_TOP,
                   options->json, out);
    }
    if (ok && options->json) { buffer_add_string(out, "]\n"); }
    if (ok && masks == 0) {
        ok = error_set(err, "There is no [MASK] in the text; write one where a word is wanted.");
    }
    trace_free(trace);
    free(text);
    free(pair);
    return ok;
}

int cli_fill(const Options *options)
{
    Error err = {""};
    if (options->text == NULL) {
        error_set(&err, "fill needs a text with a [MASK] in it, in quotes.");
        return cli_fail(&err, CLI_USAGE);
    }
    App *app = mem_zero(1, sizeof *app);
    app_init(app, NULL);
    Buffer out = {0};
    bool ok = fill(app, options, &out, &err) && cli_print(&out, &err);
    buffer_free(&out);
    app_free(app);
    free(app);
    return ok ? CLI_DONE : cli_fail(&err, CLI_FAILED);
}
