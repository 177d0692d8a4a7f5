/* command.h - every action of a user, by name, in one table.
 *
 * Keys, buttons, the command line and the tests only name commands: "layer:set 3",
 * "head:isolate 5", "export out.png". To add one: a function and a row in command.c. */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "app/app.h"

typedef struct Command {
    const char *name;
    const char *argument;        /* what it takes, for the help: "N", "FILE", or "" */
    const char *help;            /* one line */
    bool (*can)(const App *app); /* NULL: always */
    bool (*run)(App *app, const char *argument, Error *err);
} Command;

extern const Command command_table[]; /* ends with name == NULL */

/* Runs "name argument". False with a sentence for an unknown name, a bad argument, a failure, or
 * when the command makes no sense now. */
bool command_run(App *app, const char *line, Error *err);
/* Is there a command of the line's name? */
bool command_exists(const char *line);
/* Does the line only change what is shown? Only such commands are run from files (lessons, sessions), which
 * may come from strangers: nothing that opens, saves, copies, records or ends anything. */
bool command_is_harmless(const char *line);
/* The same, with the failure shown in the message line. */
void command_do(App *app, const char *line);
void command_do_format(App *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
