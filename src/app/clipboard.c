#include "app/clipboard.h"

#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts the tool with `in` as its standard input. What it leaves running to serve the clipboard must
 * not hold our standard output open. */
static bool start(char *const *argv, int in, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool ok = posix_spawnp(child, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return ok;
}

static bool write_all(int to, const Buffer *data)
{
    size_t at = 0;
    while (at < data->length) {
        ssize_t wrote = write(to, data->bytes + at, data->length - at);
        if (wrote < 0 && errno == EINTR) { continue; }
        if (wrote <= 0) { return false; }
        at += (size_t)wrote;
    }
    return true;
}

static bool hand_over(char *const *argv, const Buffer *png, bool *found)
{
    int ends[2];
    pid_t child;
    if (pipe2(ends, O_CLOEXEC) != 0) { return false; }
    *found = start(argv, ends[0], &child);
    close(ends[0]);
    bool ok = false;
    if (*found) {
        /* A tool that dies early must not take us with it. */
        struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
        sigaction(SIGPIPE, &ignore, &before);
        ok = write_all(ends[1], png);
        sigaction(SIGPIPE, &before, NULL);
    }
    close(ends[1]);
    int status = 0;
    while (*found && waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool clipboard_put_png(const Buffer *png, Error *err)
{
    static char *const wayland[] = {"wl-copy", "--type", "image/png", NULL};
    static char *const x11[] = {"xclip", "-selection", "clipboard", "-t", "image/png", NULL};
    bool on_wayland = getenv("WAYLAND_DISPLAY") != NULL, found = false;
    if (!on_wayland && getenv("DISPLAY") == NULL) {
        return error_set(err, "There is no display, and so no clipboard; save a file instead.");
    }
    if (hand_over(on_wayland ? wayland : x11, png, &found)) { return true; }
    if (!found) {
        return error_set(err,
                         "Copying pictures needs the program %s (Debian's package %s); saving a "
                         "file works without.",
                         on_wayland ? "wl-copy" : "xclip", on_wayland ? "wl-clipboard" : "xclip");
    }
    return error_set(err, "The clipboard did not take the picture; save a file instead.");
}
