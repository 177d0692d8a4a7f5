/* worker.h - the one thread beside the window: opens models, runs forward passes, and, when nobody
 * asks for anything, tries the model on its probe set (survey.h).
 *
 * The newest request wins: it cancels an older pass between two layers. Answers are collected with
 * worker_poll on the window's thread after `wake` was called (from the worker's thread). */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "analysis/pattern.h"
#include "analysis/probe.h"
#include "model/model.h"

typedef struct Worker Worker;

/* What came out. Whoever polls it owns model, trace. */
typedef struct WorkerAnswer {
    Model *model; /* a newly opened one, or NULL */
    Trace *trace; /* NULL: see failed; if not that either, the text must be asked for again */
    bool opened;  /* the trace comes from a file, not from a pass */
    bool failed;  /* error.text says why */
    Error error;
} WorkerAnswer;

/* `threads`: see model_open. */
Worker *worker_new(int threads, void (*wake)(void *data), void *data);
void worker_free(Worker *worker); /* cancels, waits, frees; accepts NULL */

/* Runs the text (and pair, may be NULL) through `model`, or, when folder is not NULL, opens that
 * folder first and runs it through the new model. heads_off [layers, heads] is as for
 * model_run_without and only for `model`. Strings and heads are copied. With neither model nor folder
 * it only takes the place of an older request. */
void worker_request(Worker *worker, const Model *model, const char *folder, const char *text,
                    const char *pair, unsigned wants, const unsigned char *heads_off);
/* Whatever was asked for is not wanted any more: what waits is dropped, what runs is cancelled, an answer
 * that nobody took is freed. */
void worker_forget(Worker *worker);
/* Opens a trace file; nothing that was asked for before is wanted any more. */
void worker_open_trace(Worker *worker, const char *path);
/* The answer to the newest finished request, if there is one that was not polled yet. */
bool worker_poll(Worker *worker, WorkerAnswer *answer);
bool worker_busy(Worker *worker);
/* Tries the model on a probe set, item by item, whenever there is nothing else to do; an older survey
 * ends. Takes the set over. */
void worker_survey(Worker *worker, const Model *model, const ProbeSet *set);
/* How far the survey is, items of items; both 0 when there is none. When it has just ended, *scores
 * is what it found, owned by whoever polls; else NULL. */
void worker_poll_survey(Worker *worker, int *done, int *count, PatternScores **scores);
/* Frees a model on the worker's thread, once nothing runs on it any more. A request that waits and names it
 * is dropped. */
void worker_retire(Worker *worker, Model *model);

#endif
