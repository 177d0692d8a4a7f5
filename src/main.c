/* main.c - arguments to the window, or to a job without one. */
#include "app/cli.h"
#include "app/window.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    Options options;
    Error err = {""};
    int status = CLI_DONE;
    if (!options_parse(&options, argc, argv, &err)) {
        cli_complain(&err);
        status = CLI_USAGE;
    } else if (options.help) {
        options_print_help(options.mode);
    } else if (options.version) {
        puts("headlight " HEADLIGHT_VERSION);
    } else if (options.mode != FOR_WINDOW) {
        status = cli_run(&options);
    } else if (!window_run(&options, &err)) {
        cli_complain(&err);
        status = CLI_FAILED;
    }
    options_free(&options);
    return status;
}
