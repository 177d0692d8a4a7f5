/* fetch.h - downloads a model into the user's model folder, so that it can be opened by its name.
 *
 * OWNER/NAME becomes the folder OWNER--NAME. Until everything is there the files lie in the hidden
 * folder .OWNER--NAME.part beside it, which models.h does not list; a download that was stopped is
 * continued from there. Whatever the server says is checked: sizes, names, and the SHA-256 where it
 * tells one. Nothing is printed. */
#ifndef APP_FETCH_H
#define APP_FETCH_H

#include "base/error.h"

#include <stdbool.h>

typedef enum FetchStage {
    FETCH_RECEIVING, /* called about once a second, or more often */
    FETCH_CHECKING,  /* the file is here and its SHA-256 is computed */
    FETCH_FINISHED,  /* the file is here and right */
    FETCH_KEPT       /* it was here already, from a download that was stopped */
} FetchStage;

typedef struct FetchProgress {
    FetchStage stage;
    const char *file;
    long long done, total; /* bytes; total is -1 when the server did not say */
    long long resumed;     /* bytes that were here before this run */
} FetchProgress;

typedef struct FetchJob {
    const char *model;    /* OWNER/NAME */
    const char *revision; /* branch, tag or commit; NULL: main */
    const char *endpoint; /* address of the server; NULL: the usual one */
    const char *token;    /* for models that are not open to everybody, or NULL */
    const char *folder;   /* the user's model folder; is made if needed */
    int stall_seconds;    /* give up when nothing came for that long; 0: 30 */
    bool force;           /* also when the model is there already */
    /* May be NULL. False cancels the download, which can be continued later. */
    bool (*progress)(void *context, const FetchProgress *progress);
    void *context;
} FetchJob;

typedef enum FetchEnd {
    FETCH_FAILED, /* with a sentence */
    FETCH_DONE,
    FETCH_THERE /* nothing was to be done */
} FetchEnd;

/* False with a sentence when model, revision, endpoint or token are not such as can be asked for. */
bool fetch_check(const FetchJob *job, Error *err);
/* Needs a job that passed fetch_check. Blocks until it is done. */
FetchEnd fetch_model(const FetchJob *job, Error *err);

/* The name of a model's folder, OWNER--NAME, in a new string that the caller frees. */
char *fetch_folder_name(const char *model);

#endif
