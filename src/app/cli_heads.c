/* probe, heads, rank: the subcommands that ask what the heads of a model do. */
#include "app/cli_parts.h"

#include "analysis/rank.h"
#include "app/survey.h"
#include "base/base.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROGRESS_MS = 100 };

/* ---- Progress on a terminal ---- */

typedef struct Progress {
    const char *what;
    double shown; /* seconds, of the last line */
    bool terminal;
} Progress;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void show_progress(void *context, int done, int count)
{
    Progress *progress = context;
    if (!progress->terminal) { return; }
    if (done == count) {
        fputs("\r\033[K", stderr);
    } else if (now() - progress->shown > PROGRESS_MS * 1e-3) {
        fprintf(stderr, "\r%s %d of %d", progress->what, done, count);
        progress->shown = now();
    }
}

static Progress start_progress(const char *what)
{
    return (Progress){what, now(), isatty(STDERR_FILENO) != 0};
}

/* ---- probe ---- */

/* What every head answered, item by item. */
typedef struct Answers {
    int layers, heads, count; /* items that were judged */
    bool *right;              /* [count, layers, heads] */
    const ProbeItem **items;  /* [count] */
    bool *second_half;        /* [count]: of every two items of the file the second */
    int left_out;             /* longer than the model's positions */
} Answers;

static bool gather(const Model *model, const ProbeSet *set, const char *source, Arena *arena,
                   Answers *answers, Error *err)
{
    const ModelConfig *config = model_config(model);
    size_t heads = (size_t)config->layers * (size_t)config->heads;
    *answers = (Answers){.layers = config->layers, .heads = config->heads};
    answers->right = arena_alloc(arena, (size_t)set->count * heads, sizeof(bool));
    answers->items = arena_alloc(arena, (size_t)set->count, sizeof(ProbeItem *));
    answers->second_half = arena_alloc(arena, (size_t)set->count, sizeof(bool));
    Progress progress = start_progress("pronoun");
    for (int i = 0; i < set->count; i++) {
        const ProbeItem *item = &set->items[i];
        show_progress(&progress, i + 1, set->count);
        if (item->candidate_count == 0) { continue; }
        if (source != NULL && strcmp(source, item->source) != 0) { continue; }
        bool judged;
        size_t at = (size_t)answers->count;
        if (!survey_item(model, item, NULL, NULL, answers->right + at * heads, &judged, err)) {
            return false;
        }
        answers->left_out += !judged;
        if (!judged) { continue; }
        answers->items[at] = item;
        answers->second_half[at] = i % 2 == 1;
        answers->count++;
    }
    if (answers->count > 0) { return true; }
    return source != NULL
               ? error_set(err, "There are no pronouns of the source \"%s\" in it.", source)
               : error_set(err, "There are no pronouns in it that fit into %s.", model_name(model));
}

/* Share of right answers of one head; half: 0 first, 1 second, -1 both. */
static double accuracy(const Answers *answers, int head, int half)
{
    size_t heads = (size_t)answers->layers * (size_t)answers->heads;
    int right = 0, count = 0;
    for (int i = 0; i < answers->count; i++) {
        if (half >= 0 && answers->second_half[i] != (half == 1)) { continue; }
        right += answers->right[(size_t)i * heads + (size_t)head];
        count++;
    }
    return count > 0 ? (double)right / count : 0;
}

static int best_head(const Answers *answers, int half)
{
    int best = 0;
    for (int head = 1; head < answers->layers * answers->heads; head++) {
        if (accuracy(answers, head, half) > accuracy(answers, best, half)) { best = head; }
    }
    return best;
}

typedef struct Baselines {
    double nearest, first, any;
} Baselines;

static Baselines measure_baselines(const Answers *answers)
{
    Baselines sums = {0};
    for (int i = 0; i < answers->count; i++) {
        const ProbeItem *item = answers->items[i];
        int right = 0;
        for (int c = 0; c < item->candidate_count; c++) { right += item->candidates[c].right; }
        sums.nearest += item->candidates[item->candidate_count - 1].right;
        sums.first += item->candidates[0].right;
        sums.any += (double)right / item->candidate_count;
    }
    double share = 1.0 / answers->count;
    return (Baselines){sums.nearest * share, sums.first * share, sums.any * share};
}

static void print_matrix(const Answers *answers, Buffer *out)
{
    buffer_add_string(out, "right in % per head (rows are layers):\n     ");
    for (int head = 0; head < answers->heads; head++) { buffer_format(out, "%6d", head); }
    buffer_add_string(out, "\n");
    for (int layer = 0; layer < answers->layers; layer++) {
        buffer_format(out, "%4d ", layer);
        for (int head = 0; head < answers->heads; head++) {
            buffer_format(out, "%6.1f", 100 * accuracy(answers, layer * answers->heads + head, -1));
        }
        buffer_add_string(out, "\n");
    }
}

static void print_probe(const Answers *answers, Buffer *out)
{
    Baselines base = measure_baselines(answers);
    int heads = answers->heads, one = best_head(answers, 0), two = best_head(answers, 1);
    int best = best_head(answers, -1);
    double judged = (accuracy(answers, one, 1) + accuracy(answers, two, 0)) / 2;
    buffer_format(out, "%d pronouns", answers->count);
    if (answers->left_out > 0) {
        buffer_format(out, ", %d more are longer than the model's positions", answers->left_out);
    }
    buffer_format(out,
                  "\nalways the nearest candidate %.1f %%, always the first %.1f %%, any %.1f %%\n",
                  100 * base.nearest, 100 * base.first, 100 * base.any);
    print_matrix(answers, out);
    buffer_format(out, "best head %d.%d: %.1f %%\n", best / heads, best % heads,
                  100 * accuracy(answers, best, -1));
    buffer_format(out,
                  "chosen on one half of the pronouns (%d.%d, %d.%d), judged on the other: "
                  "%.1f %%\n",
                  one / heads, one % heads, two / heads, two % heads, 100 * judged);
}

static void print_probe_json(const Answers *answers, Buffer *out)
{
    Baselines base = measure_baselines(answers);
    int heads = answers->heads, one = best_head(answers, 0), two = best_head(answers, 1);
    int best = best_head(answers, -1);
    buffer_format(out,
                  "{\"items\": %d, \"left_out\": %d,\n \"nearest\": %.4f, \"first\": %.4f, "
                  "\"any\": %.4f,\n",
                  answers->count, answers->left_out, base.nearest, base.first, base.any);
    buffer_format(out,
                  " \"best\": {\"layer\": %d, \"head\": %d, \"right\": %.4f},\n \"judged\": "
                  "%.4f,\n \"right\": [",
                  best / heads, best % heads, accuracy(answers, best, -1),
                  (accuracy(answers, one, 1) + accuracy(answers, two, 0)) / 2);
    for (int layer = 0; layer < answers->layers; layer++) {
        buffer_add_string(out, layer > 0 ? ",\n  [" : "\n  [");
        for (int head = 0; head < heads; head++) {
            buffer_format(out, "%s%.4f", head > 0 ? ", " : "",
                          accuracy(answers, layer * heads + head, -1));
        }
        buffer_add_string(out, "]");
    }
    buffer_add_string(out, "]}\n");
}

static bool read_head(const char *argument, const Answers *answers, int *head, Error *err)
{
    int layer, number, used = 0;
    if (sscanf(argument, "%d.%d%n", &layer, &number, &used) != 2 || argument[used] != '\0' ||
        layer < 0 || layer >= answers->layers || number < 0 || number >= answers->heads) {
        return error_set(err, "--head takes LAYER.HEAD, up to %d.%d here, not \"%s\".",
                         answers->layers - 1, answers->heads - 1, argument);
    }
    *head = layer * answers->heads + number;
    return true;
}

static bool probe(App *app, const Options *options, Buffer *out, Error *err)
{
    ProbeSet set;
    if (!cli_open_model(app, options, err) || !probe_read(options->text, &set, err)) {
        return false;
    }
    Arena arena = {0};
    Answers answers;
    int head = 0;
    bool ok = gather(app->model, &set, options->source, &arena, &answers, err) &&
              (options->head == NULL || read_head(options->head, &answers, &head, err));
    if (ok && options->head != NULL) {
        buffer_format(out,
                      options->json ? "{\"layer\": %d, \"head\": %d, \"right\": %.4f, "
                                      "\"items\": %d}\n"
                                    : "%d.%d  %.4f of %d pronouns\n",
                      head / answers.heads, head % answers.heads, accuracy(&answers, head, -1),
                      answers.count);
    } else if (ok && options->json) {
        print_probe_json(&answers, out);
    } else if (ok) {
        print_probe(&answers, out);
    }
    arena_free(&arena);
    probe_free(&set);
    return ok;
}

/* ---- heads ---- */

static void print_heads(const PatternScores *scores, Buffer *out)
{
    buffer_add_string(out, "head ");
    for (int p = 0; p < PATTERNS; p++) { buffer_format(out, " %11s", pattern_table[p].name); }
    buffer_add_string(out, "  shows\n");
    for (int layer = 0; layer < scores->layers; layer++) {
        for (int head = 0; head < scores->heads; head++) {
            int used = snprintf(NULL, 0, "%d.%d", layer, head);
            buffer_format(out, "%d.%d%*s", layer, head, max_int(5 - used, 0), "");
            for (int p = 0; p < PATTERNS; p++) {
                float score = pattern_score(scores, (Pattern)p, layer, head);
                if (isnan(score)) {
                    buffer_format(out, " %11s", "-");
                } else {
                    buffer_format(out, " %11.2f", (double)score);
                }
            }
            int shows = pattern_of_head(scores, layer, head);
            buffer_format(out, "  %s\n", shows >= 0 ? pattern_table[shows].title : "");
        }
    }
    buffer_add_string(out, "\nbest of each pattern:\n");
    for (int p = 0; p < PATTERNS; p++) {
        int layer, head;
        if (!pattern_best(scores, (Pattern)p, &layer, &head)) { continue; }
        float score = pattern_score(scores, (Pattern)p, layer, head);
        buffer_format(out, "  %-30s %d.%d  %.2f%s\n", pattern_table[p].title, layer, head,
                      (double)score, score >= pattern_table[p].clear ? "" : "  (not clearly)");
    }
}

static void print_heads_json(const PatternScores *scores, Buffer *out)
{
    buffer_add_string(out, "[");
    for (int layer = 0; layer < scores->layers; layer++) {
        for (int head = 0; head < scores->heads; head++) {
            int shows = pattern_of_head(scores, layer, head);
            buffer_format(out, "%s{\"layer\": %d, \"head\": %d, \"shows\": ",
                          layer + head > 0 ? ",\n " : "", layer, head);
            buffer_add_string(out, shows >= 0 ? "\"" : "null");
            if (shows >= 0) { buffer_format(out, "%s\"", pattern_table[shows].name); }
            for (int p = 0; p < PATTERNS; p++) {
                float score = pattern_score(scores, (Pattern)p, layer, head);
                if (isnan(score)) { continue; }
                buffer_format(out, ", \"%s\": %.4f", pattern_table[p].name, (double)score);
            }
            buffer_add_string(out, "}");
        }
    }
    buffer_add_string(out, "]\n");
}

/* On a sentence or a trace if one is given, else on the probe set that comes with the model. */
static PatternScores *survey(App *app, const Options *options, Error *err)
{
    if (options->text != NULL || options->trace != NULL) {
        if (!cli_prepare(app, options, err)) { return NULL; }
        PatternScores *scores = pattern_new(app->trace->layers, app->trace->heads);
        pattern_add_trace(scores, app->trace);
        return scores;
    }
    ProbeSet set;
    const char *path = NULL;
    if (!cli_open_model(app, options, err) ||
        (path = survey_find_probe(app->model, &app->arena, err)) == NULL ||
        !probe_read(path, &set, err)) {
        return NULL;
    }
    Progress progress = start_progress("text");
    PatternScores *scores = survey_run(app->model, &set, NULL, show_progress, &progress, err);
    probe_free(&set);
    return scores;
}

static bool heads(App *app, const Options *options, Buffer *out, Error *err)
{
    PatternScores *scores = survey(app, options, err);
    if (scores == NULL) { return false; }
    if (options->json) {
        print_heads_json(scores, out);
    } else {
        print_heads(scores, out);
    }
    pattern_free(scores);
    return true;
}

/* ---- rank ---- */

static bool find_word(const Trace *trace, const char *word, TokenSpan *span, Error *err)
{
    return rank_find_word(trace->encoding, word, span) ||
           error_set(err, "The text has no word \"%s\".", word);
}

static bool rank(App *app, const Options *options, Buffer *out, Error *err)
{
    TokenSpan from, to;
    if (!cli_prepare(app, options, err) || !find_word(app->trace, options->from, &from, err) ||
        !find_word(app->trace, options->to, &to, err)) {
        return false;
    }
    Arena arena = {0};
    const Trace *trace = app->trace;
    RankedHead *ranked =
        arena_alloc(&arena, (size_t)trace->layers * (size_t)trace->heads, sizeof *ranked);
    int count = rank_heads(trace, ATTENTION_SELF, from, to, ranked);
    if (options->json) { buffer_add_string(out, "["); }
    for (int i = 0; i < count; i++) {
        buffer_format(out,
                      options->json ? "%s{\"layer\": %d, \"head\": %d, \"weight\": %.6f}"
                                    : "%s%d.%d  %.4f\n",
                      options->json && i > 0 ? ",\n " : "", ranked[i].layer, ranked[i].head,
                      (double)ranked[i].weight);
    }
    if (options->json) { buffer_add_string(out, "]\n"); }
    arena_free(&arena);
    return true;
}

/* ---- Which one ---- */

int cli_heads(const Options *options)
{
    Error err = {""};
    if (options->mode == FOR_PROBE && options->text == NULL) {
        error_set(&err, "probe needs a file of pronouns: headlight probe FILE.jsonl.");
        return cli_fail(&err, CLI_USAGE);
    }
    if (options->mode == FOR_RANK && (options->from == NULL || options->to == NULL ||
                                      (options->text == NULL && options->trace == NULL))) {
        error_set(&err, "rank needs a text and two words: headlight rank TEXT --from it --to cat.");
        return cli_fail(&err, CLI_USAGE);
    }
    App *app = mem_zero(1, sizeof *app);
    app_init(app, NULL);
    Buffer out = {0};
    bool ok = options->mode == FOR_PROBE  ? probe(app, options, &out, &err)
              : options->mode == FOR_RANK ? rank(app, options, &out, &err)
                                          : heads(app, options, &out, &err);
    ok = ok && cli_print(&out, &err);
    buffer_free(&out);
    app_free(app);
    free(app);
    return ok ? CLI_DONE : cli_fail(&err, CLI_FAILED);
}
