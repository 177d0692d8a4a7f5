/* main.c - arguments to the window, or to a job without one. */
#include "app/cli.h"
#include "app/window.h"
#include "base/json.h"
#include "base/mapped.h"

#include <signal.h>
#include <stdio.h>

/* SDL ends the window on SIGTERM, after everything was saved; a terminal that is closed sends this. */
static void hang_up(int number)
{
    (void)number;
    raise(SIGTERM);
}

/* What the world may do to a program, as errors that can be told instead of its end. */
static void prepare_for_the_worst(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, end = {.sa_handler = hang_up}, now;
    sigaction(SIGXFSZ, &ignore, NULL); /* a file larger than allowed is an error of write() */
    if (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_DFL) { /* not under nohup */
        sigaction(SIGHUP, &end, NULL);
    }
    mapped_guard();
    json_prepare();
}

int main(int argc, char **argv)
{
    prepare_for_the_worst();
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
