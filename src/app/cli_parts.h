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
/* Writes to standard output. */
bool cli_print(const Buffer *out, Error *err);

/* cli_heads.c: probe, heads, rank. Returns the exit status. */
int cli_heads(const Options *options);
/* cli_fill.c: fill. */
int cli_fill(const Options *options);
/* cli_fetch.c: fetch. */
int cli_fetch(const Options *options);

#endif
