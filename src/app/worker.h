/* worker.h - the one thread beside the window: opens models and runs forward passes.
 *
 * The newest request wins: it cancels an older pass between two layers. Answers are collected with
 * worker_poll on the window's thread after `wake` was called (from the worker's thread). */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "model/model.h"

typedef struct Worker Worker;

/* What came out. Whoever polls it owns model, trace. */
typedef struct WorkerAnswer {
    Model *model; /* a newly opened one, or NULL */
    Trace *trace; /* NULL: see failed; if not that either, the text must be asked for again */
    bool failed;  /* error.text says why */
    Error error;
} WorkerAnswer;

Worker *worker_new(void (*wake)(void *data), void *data);
void worker_free(Worker *worker); /* cancels, waits, frees; accepts NULL */

/* Runs the text (and pair, may be NULL) through `model`, or, when folder is not NULL, opens that
 * folder first and runs it through the new model. Strings are copied. With neither model nor folder
 * it only takes the place of an older request. */
void worker_request(Worker *worker, const Model *model, const char *folder, const char *text,
                    const char *pair, unsigned wants);
/* The answer to the newest finished request, if there is one that was not polled yet. */
bool worker_poll(Worker *worker, WorkerAnswer *answer);
bool worker_busy(Worker *worker);
/* Frees a model on the worker's thread, once nothing runs on it any more. Ask for something else
 * first: a request that waits must not name it. */
void worker_retire(Worker *worker, Model *model);

#endif
