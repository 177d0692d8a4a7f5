/* fetch_parts.h - what the files of the downloader share. Only fetch*.c and its test include it. */
#ifndef APP_FETCH_PARTS_H
#define APP_FETCH_PARTS_H

#include "app/fetch.h"

#include <stdbool.h>
#include <stddef.h>

enum { FETCH_MAX_NAME = 96, FETCH_MAX_REVISION = 128, FETCH_COMMIT = 40, FETCH_SHA256 = 64 };

/* ---- fetch_names.c ---- */

/* OWNER/NAME: each of letters, digits, '.', '_', '-', at most FETCH_MAX_NAME; no ".." or "--" (which
 * the folder's name is cut at), no '.' or '-' at either end. */
bool fetch_is_model_name(const char *name);
/* A branch, tag or commit; may hold '/', as in refs/pr/1. */
bool fetch_is_revision(const char *name);
/* A file of weights that an index names: letters, digits, '.', '_', '-', ending in .safetensors; never
 * a path, never hidden. */
bool fetch_is_shard_name(const char *name);
/* Exactly `count` hexadecimal digits. */
bool fetch_is_hex(const char *text, int count);
bool fetch_is_endpoint(const char *address);
/* Is it http to this very machine? */
bool fetch_is_loopback(const char *endpoint);
/* The address of a file in a new string that the caller frees. */
char *fetch_address(const FetchJob *job, const char *revision, const char *file);
/* The endpoint of the job, or the usual one. */
const char *fetch_endpoint(const FetchJob *job);

/* ---- fetch_headers.c: what the server says about a file ---- */

enum { FETCH_MAX_TAG = 96 };

typedef struct FetchHeaders {
    int count;                  /* of all answers together */
    char etag[FETCH_MAX_TAG];   /* of the newest answer, without quotes; "" when not told */
    char linked[FETCH_MAX_TAG]; /* X-Linked-ETag, the SHA-256 of weights, of any answer */
    long long linked_size;      /* X-Linked-Size; this and the others are -1 when not told */
    long long range_first, range_last, range_total; /* Content-Range of the newest answer */
    char commit[FETCH_COMMIT + 1];                  /* X-Repo-Commit; "" when not told */
} FetchHeaders;

void fetch_headers_init(FetchHeaders *headers);
/* One line, not NUL-terminated. False when there are more than any honest server sends. */
bool fetch_headers_take(FetchHeaders *headers, const char *bytes, size_t count);

/* ---- fetch_hash.c ---- */

/* `tell` gets the bytes done so far and returns false to cancel, which says nothing in err. */
bool fetch_sha256(const char *path, char hex[FETCH_SHA256 + 1], bool (*tell)(void *, long long),
                  void *context, Error *err);

/* ---- fetch_file.c: one file over HTTP; the door to libcurl ---- */

typedef struct FetchSession FetchSession;

/* Files land in `folder`. NULL with a sentence when libcurl can't be started. */
FetchSession *fetch_session_new(const FetchJob *job, const char *folder, Error *err);
void fetch_session_free(FetchSession *session); /* accepts NULL */
/* From now on this revision is asked for; copied. */
void fetch_session_pin(FetchSession *session, const char *revision);
/* The commit that the last file came from, as the server says; "" when it did not. */
const char *fetch_session_commit(const FetchSession *session);

typedef enum FetchFile {
    FETCH_FILE_FAILED, /* with a sentence */
    FETCH_FILE_HERE,   /* complete and, where the server tells its hash, right */
    FETCH_FILE_ABSENT  /* the server has no such file */
} FetchFile;

/* Into FILE.part, continued if it is there and `resume`, and renamed to FILE when it is complete.
 * More than `limit` bytes are refused, whatever the server announced. */
FetchFile fetch_file(FetchSession *session, const char *file, long long limit, bool resume,
                     Error *err);

#endif
