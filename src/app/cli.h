/* cli.h - the subcommands that do a job without a display. Errors go to standard error as
 * "headlight: <sentence>". */
#ifndef APP_CLI_H
#define APP_CLI_H

#include "app/options.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* Runs options->mode, which is not the window. Returns the exit status. */
int cli_run(const Options *options);
/* Prints the sentence as the command line does. */
void cli_complain(const Error *err);

#endif
