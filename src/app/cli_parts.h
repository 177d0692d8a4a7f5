/* cli_parts.h - what the files of the command line share. Only cli.c and the cli_*.c include it. */
#ifndef APP_CLI_PARTS_H
#define APP_CLI_PARTS_H

#include "app/app.h"
#include "app/cli.h"
#include "base/buffer.h"

/* Prints the sentence and returns the status. */
int cli_fail(const Error *err, int status);
/* A text argument, or standard input where it is "-", as one valid line. Owned by the caller; NULL
 * with a sentence when it is empty or no UTF-8. */
char *cli_read_text(const char *argument, Error *err);
/* Opens the model that the options name, or the shipped one. */
bool cli_open_model(App *app, const Options *options, Error *err);
/* Opens the model or trace that the options name and runs the text: app->trace is there then. */
bool cli_prepare(App *app, const Options *options, Error *err);
/* Runs the commands that the options stand for. */
bool cli_run_commands(App *app, const Options *options, Error *err);
/* Is it valid UTF-8 that holds anything? */
bool cli_check_text(const Buffer *text, Error *err);
/* Were tokens of the text left out? Then `note` says how many. */
bool cli_was_cut(const App *app, Error *note);
/* Writes to standard output. */
bool cli_print(const Buffer *out, Error *err);

/* cli_render.c: render, one figure or a batch. Returns the exit status. */
int cli_render(const Options *options);
/* cli_heads.c: probe, heads, rank. */
int cli_heads(const Options *options);
/* cli_fill.c: fill. */
int cli_fill(const Options *options);
/* cli_fetch.c: fetch. */
int cli_fetch(const Options *options);

#endif
