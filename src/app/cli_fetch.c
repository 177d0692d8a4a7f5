/* fetch: downloads a model into the user's folder, and tells how far it is. */
#include "app/cli_parts.h"

#include "app/fetch.h"
#include "app/models.h"
#include "base/file.h"
#include "model/model.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PROGRESS_SECONDS 0.2
#define KILOBYTE 1e3
#define MEGABYTE 1e6

typedef struct Watch {
    bool terminal, cancelled;
    const char *file; /* the one that `started` is about, or NULL */
    double started, shown;
    sigset_t interrupt;
} Watch;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void show_line(Watch *watch, const FetchProgress *progress)
{
    double time = now();
    if (watch->file != progress->file) {
        watch->file = progress->file;
        watch->started = watch->shown = time;
    }
    if (time - watch->shown < PROGRESS_SECONDS) { return; }
    watch->shown = time;
    fprintf(stderr, "\r\033[K%s  %.1f", progress->file, (double)progress->done / MEGABYTE);
    if (progress->total >= 0) { fprintf(stderr, " of %.1f", (double)progress->total / MEGABYTE); }
    if (progress->stage == FETCH_CHECKING) {
        fputs(" MB checked", stderr);
    } else {
        long long came = progress->done - progress->resumed;
        double speed = came > 0 ? (double)came / MEGABYTE / (time - watch->started) : 0;
        fprintf(stderr, " MB  %.1f MB/s", speed);
    }
}

/* Ctrl+C is not a call into the middle of something, but waits here until it is asked for. */
static bool show_progress(void *context, const FetchProgress *progress)
{
    Watch *watch = context;
    const struct timespec at_once = {0};
    if (sigtimedwait(&watch->interrupt, NULL, &at_once) == SIGINT) { watch->cancelled = true; }
    const char *start = watch->terminal ? "\r\033[K" : "";
    if (progress->stage == FETCH_FINISHED) {
        bool small = (double)progress->done < MEGABYTE;
        fprintf(stderr, "%s%s  %.1f %s%s\n", start, progress->file,
                (double)progress->done / (small ? KILOBYTE : MEGABYTE), small ? "kB" : "MB",
                progress->resumed > 0 ? ", continued" : "");
        watch->file = NULL;
    } else if (progress->stage == FETCH_KEPT) {
        fprintf(stderr, "%s%s  is here already\n", start, progress->file);
    } else if (watch->terminal) {
        show_line(watch, progress);
    }
    return !watch->cancelled;
}

/* It is here, but can this program show it? */
static void warn_closed(const char *name, const char *folder)
{
    Error why = {""}, err = {""};
    char *path = file_join(folder, "config.json");
    ModelConfig config;
    Model *model = config_read(path, &config, &why) ? model_open(folder, 0, &why) : NULL;
    free(path);
    if (model == NULL) {
        error_set(&err, "%s was downloaded, but can't be opened: %s", name, why.text);
        cli_complain(&err);
    }
    model_free(model);
}

/* SIGINT is to wait until show_progress asks for it, so every thread has to block it; the threads of
 * a library that were there before this do not. Where it arrives in one of them, that thread blocks it
 * from then on, and it is sent on to the others. */
static void pass_on(int signal_number, siginfo_t *info, void *context)
{
    (void)info;
    ucontext_t *thread = context;
    sigaddset(&thread->uc_sigmask, signal_number);
    kill(getpid(), signal_number);
}

typedef struct Signals {
    struct sigaction interrupt;
    sigset_t mask;
} Signals;

static Signals hold_signals(Watch *watch)
{
    Signals before;
    sigset_t blocked;
    struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&watch->interrupt);
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGPIPE); /* a connection that breaks is an error of libcurl's */
    sigaction(SIGINT, NULL, &before.interrupt);
    if (before.interrupt.sa_handler != SIG_IGN) { /* as it is under nohup */
        sigaddset(&watch->interrupt, SIGINT);
        sigaddset(&blocked, SIGINT);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &before.mask);
    if (before.interrupt.sa_handler != SIG_IGN) { sigaction(SIGINT, &action, NULL); }
    return before;
}

static void release_signals(const Signals *before)
{
    sigaction(SIGINT, &before->interrupt, NULL);
    pthread_sigmask(SIG_SETMASK, &before->mask, NULL);
}

static int fetch(const FetchJob *job, const char *folder, Error *err)
{
    Watch *watch = job->context;
    Signals before = hold_signals(watch);
    FetchEnd end = fetch_model(job, err);
    if (watch->terminal && end == FETCH_FAILED) { fputs("\r\033[K", stderr); }
    if (end == FETCH_FAILED) { cli_complain(err); }
    release_signals(&before);
    if (end == FETCH_FAILED) { return CLI_FAILED; }
    if (end == FETCH_THERE) {
        printf("%s is there already, in %s; --force downloads it anew.\n", job->model, folder);
        return CLI_DONE;
    }
    printf("%s is in %s.\n", job->model, folder);
    fflush(stdout);
    warn_closed(job->model, folder);
    return CLI_DONE;
}

static const char *get_setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

int cli_fetch(const Options *options)
{
    Error err = {""};
    if (options->text == NULL) {
        error_set(&err, "fetch needs the name of a model: headlight fetch OWNER/NAME.");
        return cli_fail(&err, CLI_USAGE);
    }
    Watch watch = {.terminal = isatty(STDERR_FILENO) != 0};
    FetchJob job = {.model = options->text,
                    .revision = options->revision,
                    .endpoint =
                        options->endpoint != NULL ? options->endpoint : get_setting("HF_ENDPOINT"),
                    .token = get_setting("HF_TOKEN"),
                    .stall_seconds = options->stall_seconds,
                    .force = options->force,
                    .progress = show_progress,
                    .context = &watch};
    if (!fetch_check(&job, &err)) { return cli_fail(&err, CLI_USAGE); }
    Arena scratch = {0};
    job.folder = models_own_folder(&scratch);
    int status = CLI_FAILED;
    if (job.folder == NULL) {
        error_set(&err, "There is no home folder to put models into; set HOME or XDG_DATA_HOME.");
        cli_complain(&err);
    } else {
        char *name = fetch_folder_name(job.model);
        status = fetch(&job, arena_format(&scratch, "%s/%s", job.folder, name), &err);
        free(name);
    }
    arena_free(&scratch);
    return status;
}
