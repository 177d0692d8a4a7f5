#include "app/options.h"

#include "base/base.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALE_MAX 4.0f
enum { SIZE_MAX_POINTS = 16000 };

typedef struct Option {
    char letter; /* 0: only the long name */
    const char *name;
    const char *argument; /* NULL: it is a switch */
    int modes;
    const char *command; /* the command that the argument is given to, or NULL: see set_field */
    const char *help;
} Option;

enum {
    FIGURE = FOR_WINDOW | FOR_RENDER,
    RUN = FIGURE | FOR_DUMP | FOR_HEADS | FOR_RANK,
    ALL = RUN | FOR_TOKENIZE | FOR_MODELS | FOR_PROBE | FOR_FILL | FOR_FETCH
};

static const Option option_table[] = {
    {'m', "model", "DIR|NAME", RUN | FOR_TOKENIZE | FOR_PROBE | FOR_FILL, NULL,
     "a model folder, or a name of `headlight models`"},
    {'p', "pair", "TEXT", RUN | FOR_FILL, NULL, "a second sentence"},
    {'v', "view", "NAME", FIGURE, "view:set",
     "head (lines), heatmap, model, neuron, flow, compare, walk (steps)"},
    {'l', "layer", "N", FIGURE, "layer:set", "the layer, from 0"},
    {'H', "head", "N[,N...]|all", FIGURE, "head:set", "the heads, from 0"},
    {0, "combine", "HOW", FIGURE, "head:combine",
     "the chosen heads as one: mean, max, layers-mean, layers-max, rollout"},
    {0, "words", NULL, FIGURE, "words words", "whole words: queries averaged, keys summed"},
    {0, "top-k", "N", FIGURE, "top:k", "only the N strongest keys of each query"},
    {0, "top-p", "X", FIGURE, "top:p", "only the strongest keys that make up the share X"},
    {0, "attention", "self|decoder|cross", FIGURE, "attention", "the kind of attention of a trace"},
    {0, "filter", "all|aa|ab|ba|bb", FIGURE, "filter", "which sentence of a pair looks at which"},
    {0, "hide-special", NULL, FIGURE, "special hidden", "leaves out [CLS] and [SEP]"},
    {0, "renormalise", NULL, FIGURE, "special renormalised",
     "and makes the other weights sum to 1"},
    {0, "threshold", "X", FIGURE, "threshold:set", "draws lines from this weight on (0.02)"},
    {0, "contrast", "X", FIGURE, "contrast", "opacity of a line = weight ^ X (0.7)"},
    {0, "pin", "WORD", FIGURE, "pin:word", "shows what the last such word looks at"},
    {0, "map", "NAME", FIGURE, "heatmap:map", "blues, viridis, cividis, magma, grey"},
    {0, "log", NULL, FIGURE, "heatmap:scale log", "logarithmic colours"},
    {0, "off", "L.H[,L.H]", FIGURE | FOR_DUMP, "head:off", "switches heads off"},
    {0, "compare", "TEXT", FIGURE, "compare:text", "compare: the second sentence"},
    {0, "compare-model", "NAME", FIGURE, "compare:model", "compare: the other model"},
    {0, "flow", "KIND", FIGURE, "flow:kind", "flow: attention, rollout, maximum"},
    {0, "do", "COMMAND", FIGURE, "", "runs a command, e.g. --do \"pin:query 9\""},
    {0, "trace", "FILE", RUN, NULL, "a trace file instead of a model"},
    {0, "theme", "light|dark", FIGURE, "theme", "colours"},
    {'o', "output", "FILE", FOR_RENDER | FOR_DUMP, NULL, "the file to write; - is standard output"},
    {0, "only-tokens", "N-M", FIGURE, "only:tokens", "only tokens N to M, from 0"},
    {0, "only-layers", "N-M", FIGURE, "only:layers",
     "only layers N to M, in views that show several"},
    {0, "size", "WxH", FOR_WINDOW, NULL, "size of the window in points"},
    {0, "scale", "1..4", FOR_WINDOW, NULL, "pixels per point"},
    {0, "batch", "FILE", FOR_RENDER, NULL,
     "a figure per line of the file, e.g. -o 'out-%04d.png'; a tab begins a second sentence"},
    {0, "lesson", "FILE", FOR_RENDER, NULL,
     "a slide per step of a lesson, e.g. -o 'step-%02d.png'"},
    {0, "preset", "NAME", FOR_RENDER, "figure:preset",
     "size: natural, slide, half-slide, column, columns, square"},
    {0, "size", "WxH", FOR_RENDER, "figure:size", "size in points"},
    {0, "scale", "1..4", FOR_RENDER, "figure:scale", "pixels per point (2)"},
    {0, "font-size", "N", FOR_RENDER, "figure:font", "size of the tokens in points"},
    {0, "title", "TEXT", FOR_RENDER, "figure:title", "a title above the figure"},
    {0, "fresh", NULL, FOR_WINDOW, NULL,
     "as if started for the first time, and nothing is remembered"},
    {0, "transparent", NULL, FOR_RENDER, "figure:transparent on", "no background"},
    {0, "no-caption", NULL, FOR_RENDER, "figure:caption off", "no caption under the figure"},
    {0, "no-legend", NULL, FOR_RENDER, "figure:legend off", "no legend"},
    {0, "source", "NAME", FOR_PROBE, NULL, "only pronouns of this source"},
    {'H', "head", "L.H", FOR_PROBE, NULL, "only this head"},
    {0, "from", "WORD", FOR_RANK, NULL, "the word that looks; the last such word, or WORD#2"},
    {0, "to", "WORD", FOR_RANK, NULL, "the word that is looked at"},
    {0, "json", NULL, FOR_MODELS | FOR_PROBE | FOR_HEADS | FOR_RANK | FOR_FILL, NULL, "as JSON"},
    {'n', "top", "N", FOR_FILL, NULL, "how many words (10)"},
    {0, "threads", "N", RUN | FOR_PROBE | FOR_FILL, NULL, "threads for matrix products"},
    {0, "revision", "REV", FOR_FETCH, NULL, "a branch, a tag or a commit (main)"},
    {0, "endpoint", "URL", FOR_FETCH, NULL, "another server; else that of HF_ENDPOINT"},
    {0, "stall-seconds", "N", FOR_FETCH, NULL, "gives up when nothing comes for so long (30)"},
    {0, "force", NULL, FOR_FETCH, NULL, "downloads it anew although it is there"},
    {'h', "help", NULL, ALL, NULL, "this help"},
    {'V', "version", NULL, ALL, NULL, "the version"},
};

typedef struct Mode {
    const char *name, *usage, *help;
    int mode;
} Mode;

static const Mode mode_table[] = {
    {"", "headlight [TEXT] [options]", "opens the window", FOR_WINDOW},
    {"render", "headlight render TEXT -o FILE.png|svg|pdf|csv|json [options]",
     "draws one figure, or one per line of a file, without a display", FOR_RENDER},
    {"dump", "headlight dump TEXT -o FILE.safetensors|FILE.json",
     "writes attention, query, key, value and hidden states", FOR_DUMP},
    {"tokenize", "headlight tokenize [-m MODEL] < LINES",
     "one text a line to one JSON object a line: text, tokens, ids", FOR_TOKENIZE},
    {"probe", "headlight probe FILE.jsonl [options]",
     "how often each head finds what a pronoun stands for", FOR_PROBE},
    {"heads", "headlight heads [TEXT] [options]",
     "what each head does: its patterns and their scores, on a text or on the probe set",
     FOR_HEADS},
    {"rank", "headlight rank TEXT --from WORD --to WORD",
     "all heads ordered by the attention between two words", FOR_RANK},
    {"fill", "headlight fill TEXT [options]", "the model's best words for each [MASK]", FOR_FILL},
    {"fetch", "headlight fetch OWNER/NAME [options]",
     "downloads a model into your folder; goes on where it was stopped", FOR_FETCH},
    {"models", "headlight models [--json]", "lists the models that can be opened", FOR_MODELS},
};

static const Mode *find_mode(int mode)
{
    for (size_t i = 0; i < COUNTOF(mode_table); i++) {
        if (mode_table[i].mode == mode) { return &mode_table[i]; }
    }
    return &mode_table[0];
}

static bool set_size(Options *options, const char *argument, Error *err)
{
    char *middle, *end;
    long width = strtol(argument, &middle, 10);
    long height = *middle == 'x' ? strtol(middle + 1, &end, 10) : 0;
    if (*middle != 'x' || *end != '\0' || width < 1 || height < 1 || width > SIZE_MAX_POINTS ||
        height > SIZE_MAX_POINTS) {
        return error_set(err, "--size takes a width and a height like 960x720, not \"%s\".",
                         argument);
    }
    options->width = (int)width;
    options->height = (int)height;
    return true;
}

static bool set_number(const char *name, const char *argument, float low, float high, float *number,
                       Error *err)
{
    char *end;
    *number = strtof(argument, &end);
    if (end == argument || *end != '\0' || !isfinite(*number) || *number < low || *number > high) {
        return error_set(err, "--%s takes a number from %g to %g, not \"%s\".", name, (double)low,
                         (double)high, argument);
    }
    return true;
}

static bool set_field(Options *options, const Option *option, const char *argument, Error *err)
{
    const struct {
        const char *name;
        const char **field;
    } strings[] = {
        {"model", &options->model},       {"pair", &options->pair},
        {"trace", &options->trace},       {"output", &options->output},
        {"source", &options->source},     {"head", &options->head},
        {"from", &options->from},         {"to", &options->to},
        {"revision", &options->revision}, {"endpoint", &options->endpoint},
        {"batch", &options->batch},       {"lesson", &options->lesson},
    };
    const struct {
        const char *name;
        bool *field;
    } switches[] = {
        {"json", &options->json},       {"fresh", &options->fresh}, {"help", &options->help},
        {"version", &options->version}, {"force", &options->force},
    };
    for (size_t i = 0; i < COUNTOF(strings); i++) {
        if (strcmp(option->name, strings[i].name) == 0) {
            *strings[i].field = argument;
            return true;
        }
    }
    for (size_t i = 0; i < COUNTOF(switches); i++) {
        if (strcmp(option->name, switches[i].name) == 0) {
            *switches[i].field = true;
            return true;
        }
    }
    if (strcmp(option->name, "size") == 0) { return set_size(options, argument, err); }
    if (strcmp(option->name, "scale") == 0) {
        return set_number("scale", argument, 0.5f, SCALE_MAX, &options->scale, err);
    }
    if (strcmp(option->name, "stall-seconds") == 0) {
        float seconds = 0;
        bool fits = set_number(option->name, argument, 1, OPTIONS_MAX_STALL, &seconds, err);
        options->stall_seconds = fits ? (int)seconds : 0; /* what does not fit is no int either */
        return fits;
    }
    bool is_top = strcmp(option->name, "top") == 0;
    float number = 0;
    bool ok = set_number(option->name, argument, 1, is_top ? OPTIONS_MAX_TOP : OPTIONS_MAX_THREADS,
                         &number, err);
    *(is_top ? &options->top : &options->threads) = ok ? (int)number : 0;
    return ok;
}

static bool add_command(Options *options, const Option *option, const char *argument, Error *err)
{
    if (options->command_count == OPTIONS_MAX_COMMANDS) {
        return error_set(err, "More than %d options that change the picture were given.",
                         OPTIONS_MAX_COMMANDS);
    }
    if (option->letter == 'l' || option->letter == 'H') { options->placed = true; }
    size_t size = strlen(option->command) + strlen(argument != NULL ? argument : "") + 2;
    char *line = mem_alloc(size, 1);
    const char *space = argument != NULL && option->command[0] != '\0' ? " " : "";
    snprintf(line, size, "%s%s%s", option->command, space, argument != NULL ? argument : "");
    options->commands[options->command_count++] = line;
    return true;
}

static const Option *find_option(const char *word, size_t length, int mode)
{
    for (size_t i = 0; i < COUNTOF(option_table); i++) {
        const Option *option = &option_table[i];
        bool is_long = strncmp(word, "--", 2) == 0 && strlen(option->name) == length - 2 &&
                       strncmp(word + 2, option->name, length - 2) == 0;
        bool is_short = length == 2 && option->letter != 0 && word[1] == option->letter;
        if ((is_long || is_short) && (option->modes & mode) != 0) { return option; }
    }
    return NULL;
}

/* One option word, and the next word if it takes an argument that "=" did not give. */
static bool parse_option(Options *options, int argc, char **argv, int *at, Error *err)
{
    const char *word = argv[*at], *equals = strchr(word, '=');
    bool is_long = strncmp(word, "--", 2) == 0;
    size_t length = is_long && equals != NULL ? (size_t)(equals - word) : strlen(word);
    const Option *option = find_option(word, length, options->mode);
    if (option == NULL) {
        const Mode *mode = find_mode(options->mode);
        return error_set(err, "%s is not an option here; `headlight%s%s --help` lists them.", word,
                         mode->name[0] != '\0' ? " " : "", mode->name);
    }
    const char *argument = NULL;
    if (option->argument != NULL) {
        if (is_long && equals != NULL) {
            argument = equals + 1;
        } else if (*at + 1 < argc) {
            argument = argv[++*at];
        } else {
            return error_set(err, "%s needs an argument: %s.", word, option->argument);
        }
    } else if (is_long && equals != NULL) {
        return error_set(err, "--%s takes no argument.", option->name);
    }
    return option->command != NULL ? add_command(options, option, argument, err)
                                   : set_field(options, option, argument, err);
}

bool options_parse(Options *options, int argc, char **argv, Error *err)
{
    *options = (Options){.mode = FOR_WINDOW};
    int at = 1;
    for (size_t i = 1; argc > 1 && i < COUNTOF(mode_table); i++) {
        if (strcmp(argv[1], mode_table[i].name) == 0) {
            options->mode = mode_table[i].mode;
            at = 2;
        }
    }
    bool only_text = false;
    for (; at < argc; at++) {
        const char *word = argv[at];
        if (!only_text && strcmp(word, "--") == 0) {
            only_text = true;
        } else if (!only_text && word[0] == '-' && word[1] != '\0') {
            if (!parse_option(options, argc, argv, &at, err)) { return false; }
        } else if ((options->mode & (RUN | FOR_PROBE | FOR_FILL | FOR_FETCH)) == 0) {
            return error_set(err, "\"%s\" is not needed here; texts come from standard input.",
                             word);
        } else if (options->text != NULL) {
            return error_set(err,
                             "More than one text was given; put quotes around the sentence, and "
                             "use --pair for a second one.");
        } else {
            options->text = word;
        }
    }
    return true;
}

void options_free(Options *options)
{
    for (int i = 0; i < options->command_count; i++) { free(options->commands[i]); }
    options->command_count = 0;
}

static void print_options(int mode)
{
    for (size_t i = 0; i < COUNTOF(option_table); i++) {
        const Option *option = &option_table[i];
        if ((option->modes & mode) == 0) { continue; }
        char left[64];
        snprintf(left, sizeof left, "%c%c%c --%s%s%s", option->letter != 0 ? '-' : ' ',
                 option->letter != 0 ? option->letter : ' ', option->letter != 0 ? ',' : ' ',
                 option->name, option->argument != NULL ? " " : "",
                 option->argument != NULL ? option->argument : "");
        printf("  %-30s %s\n", left, option->help);
    }
}

void options_print_help(int mode)
{
    if (mode != FOR_WINDOW) {
        const Mode *found = find_mode(mode);
        printf("%s\n  %s.\n\n", found->usage, found->help);
        print_options(mode);
        return;
    }
    puts("Headlight shows what every attention head of a Transformer is looking at.\n");
    for (size_t i = 0; i < COUNTOF(mode_table); i++) {
        printf("  %s\n      %s\n", mode_table[i].usage, mode_table[i].help);
    }
    puts("\nOptions of the window (`headlight SUBCOMMAND --help` lists those of the others):");
    print_options(FOR_WINDOW);
    puts("\nLayers and heads are numbered from 0. TEXT may be -, for standard input. Exit status: "
         "0\n"
         "done, 1 the job failed, 2 wrong usage.");
}
