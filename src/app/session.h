/* session.h - what the window remembers: how it was left, and the last sentences.
 *
 * A session is a text file of commands, one a line, as command.h runs them, in the user's state folder
 * ($XDG_STATE_HOME/headlight/session, by default ~/.local/state/headlight/session). Reading it back
 * is running them, with the same checks as when a user types them; only those of a list of harmless
 * names are run. The history beside it has a sentence a line, the newest first, a tab before a second
 * sentence. A damaged file is put aside as NAME.damaged. */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "app/app.h"

/* Reads both files into the app, before its first trace: model and sentence are returned for the
 * caller to open (NULL where the file does not say), the rest becomes commands that run with the
 * first trace. A sentence for the message line when something was put aside.
 * asked: somebody has said what to open. Then only theme and size of the interface are as they were, the
 * sentence goes into the history, and app->start stays the caller's; what is done from here on is
 * remembered all the same. */
typedef struct SessionStart {
    char *model, *text, *pair; /* owned by the session; NULL where there is none */
} SessionStart;
SessionStart session_open(App *app, bool asked);

/* Writes what has changed, at most every few seconds; called with every frame. */
void session_poll(App *app);
/* The time in ms at which session_poll wants to be called again; 0: not before something happens. */
uint64_t session_due(const App *app);
/* Writes what has changed, now, and frees what session_open made. */
void session_close(App *app);

#endif
