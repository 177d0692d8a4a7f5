/* options.h - the command line as data: one table of options, what was given, and the help text. */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>

/* Which subcommands take an option. */
enum {
    FOR_WINDOW = 1 << 0,
    FOR_RENDER = 1 << 1,
    FOR_DUMP = 1 << 2,
    FOR_TOKENIZE = 1 << 3,
    FOR_MODELS = 1 << 4,
    FOR_PROBE = 1 << 5,
    FOR_HEADS = 1 << 6,
    FOR_RANK = 1 << 7,
    FOR_FILL = 1 << 8,
    FOR_FETCH = 1 << 9
};

enum {
    OPTIONS_MAX_COMMANDS = 64,
    OPTIONS_MAX_THREADS = 64,
    OPTIONS_MAX_TOP = 1000,
    OPTIONS_MAX_STALL = 3600
};

typedef struct Options {
    int mode; /* one of FOR_... */
    bool help, version;
    const char *text; /* NULL when none was given; of probe the file, of fetch the model */
    const char *pair;
    const char *model; /* name or folder; NULL: the shipped one */
    const char *trace; /* a file instead of a model, or NULL */
    const char *output;
    const char *lesson;    /* render: a lesson whose steps are drawn, or NULL */
    const char *batch;     /* render: a file with a text a line, or NULL */
    const char *source;    /* probe: only pronouns of this source, or NULL */
    const char *head;      /* probe: only this head, "L.H", or NULL */
    const char *from, *to; /* rank: two words, or NULL */
    const char *revision;  /* fetch: branch, tag or commit, or NULL */
    const char *endpoint;  /* fetch: address of the server, or NULL */
    int stall_seconds;     /* fetch: give up when nothing comes; 0: not given */
    bool force;            /* fetch: although it is there */
    int width, height;     /* points; 0: not given */
    float scale;           /* of the window; 0: not given */
    int top;               /* fill: how many words; 0: not given */
    int threads;           /* 0: not given */
    bool json;
    bool fresh;  /* nothing is remembered from the last time, nor for the next */
    bool placed; /* layer or heads were given: nothing is chosen for the user */
    char *commands[OPTIONS_MAX_COMMANDS]; /* command lines to run once there is a trace; owned */
    int command_count;
} Options;

/* False with a sentence for what can't be understood: exit status 2. */
bool options_parse(Options *options, int argc, char **argv, Error *err);
void options_free(Options *options);
/* Prints the help of one subcommand, or of all, on standard output. */
void options_print_help(int mode);

#endif
