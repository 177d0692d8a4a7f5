/* One file over HTTP: received beside its place, continued where an earlier run stopped, checked.
 *
 * FILE.part holds what came so far, FILE.tag which version of the file that is (the server's tag and
 * the size), so that the rest of another version is never put behind it. Every byte of an answer is
 * taken for hostile: headers are counted, cut and parsed here, sizes are limited by what is really
 * received, and nothing that the server says becomes part of a path or of a sentence. */
#include "app/fetch_parts.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { CONNECT_SECONDS = 15, STALL_SECONDS = 30, MAX_REDIRECTS = 5 };
#define GO_ON "the same command goes on where it stopped"
#define UNSEEN_LIMIT (1 << 20) /* of the text of an error, which nobody gets to see */

struct FetchSession {
    const FetchJob *job;
    char *folder;
    char *revision;
    CURL *curl;
    char commit[FETCH_COMMIT + 1]; /* of the last file */
};

/* One file: what is here, and what the newest answer says. Sizes are -1 when not told. */
typedef struct Transfer {
    FetchSession *session;
    Error *err;
    const char *file;
    char *place, *part, *tag_path;
    long long limit;
    int fd;                        /* of the part; -1 until the answer was found good */
    long long resumed;             /* bytes in the part before this request; 0: asked for all */
    long long have;                /* bytes in the part now */
    long long total;               /* of the whole file */
    bool begun;                    /* the answer was found good */
    bool stopped;                  /* here, with a sentence */
    bool over_again;               /* what is here is of no use: ask for all */
    char here[FETCH_MAX_TAG + 32]; /* the tag of what is in the part */
    FetchHeaders headers;
} Transfer;

/* ---- The session ---- */

FetchSession *fetch_session_new(const FetchJob *job, const char *folder, Error *err)
{
    CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (curl == NULL) {
        error_set(err, "The library that downloads (libcurl) can't be started.");
        return NULL;
    }
    FetchSession *session = mem_zero(1, sizeof *session);
    session->job = job;
    session->curl = curl;
    session->folder = mem_copy_string(folder);
    session->revision = mem_copy_string(job->revision != NULL ? job->revision : "main");
    return session;
}

void fetch_session_free(FetchSession *session)
{
    if (session == NULL) { return; }
    curl_easy_cleanup(session->curl);
    curl_global_cleanup();
    free(session->folder);
    free(session->revision);
    free(session);
}

void fetch_session_pin(FetchSession *session, const char *revision)
{
    char *copy = mem_copy_string(revision);
    free(session->revision);
    session->revision = copy;
}

const char *fetch_session_commit(const FetchSession *session) { return session->commit; }

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    Transfer *transfer = context;
    if (fetch_headers_take(&transfer->headers, bytes, size * count)) { return size * count; }
    transfer->stopped = true;
    error_set(transfer->err, "The server's answer for %s has no end of headers.", transfer->file);
    return 0;
}

/* ---- What is here ---- */

static void read_part(Transfer *transfer)
{
    struct stat info;
    Buffer text = {0};
    transfer->resumed = 0;
    transfer->here[0] = '\0';
    if (lstat(transfer->part, &info) == 0 && S_ISREG(info.st_mode) &&
        file_exists(transfer->tag_path) &&
        file_read(transfer->tag_path, FETCH_MAX_TAG + 31, &text, NULL) && text.length > 0) {
        transfer->resumed = info.st_size;
        snprintf(transfer->here, sizeof transfer->here, "%s", text.bytes);
    }
    buffer_free(&text);
}

static void drop_part(const Transfer *transfer)
{
    unlink(transfer->part);
    unlink(transfer->tag_path);
}

/* Which version of the file the answer is about. */
static void make_tag(const Transfer *transfer, char tag[FETCH_MAX_TAG + 32])
{
    const char *name =
        transfer->headers.linked[0] != '\0' ? transfer->headers.linked : transfer->headers.etag;
    snprintf(tag, FETCH_MAX_TAG + 32, "%s %lld", name, transfer->total);
}

static bool cant_write(const Transfer *transfer, int why)
{
    return error_set(transfer->err, "%s can't be written: %s.%s", transfer->part, strerror(why),
                     why == ENOSPC || why == EDQUOT ? " Free some space; " GO_ON "." : "");
}

/* ---- The answer ---- */

static bool sizes_agree(Transfer *transfer)
{
    const char *file = transfer->file;
    if (transfer->headers.linked_size >= 0) {
        if (transfer->total >= 0 && transfer->total != transfer->headers.linked_size) {
            return error_set(transfer->err,
                             "The server tells two sizes of %s, %lld and %lld bytes; it was not "
                             "downloaded.",
                             file, transfer->total, transfer->headers.linked_size);
        }
        transfer->total = transfer->headers.linked_size;
    }
    if (transfer->total > transfer->limit) {
        return error_set(transfer->err,
                         "%s has %lld bytes; more than %lld are not downloaded for such a file.",
                         file, transfer->total, transfer->limit);
    }
    return true;
}

static bool has_room(const Transfer *transfer)
{
    struct statvfs disk;
    long long missing = transfer->total - transfer->have;
    if (transfer->total < 0 || statvfs(transfer->session->folder, &disk) != 0 ||
        disk.f_frsize == 0 ||
        (unsigned long long)missing / disk.f_frsize < (unsigned long long)disk.f_bavail) {
        return true;
    }
    return error_set(transfer->err, "%s needs %lld MB of space in %s, and less is free.",
                     transfer->file, missing / 1000000 + 1, transfer->session->folder);
}

static bool open_part(Transfer *transfer, const char *tag)
{
    bool all = transfer->have == 0;
    if (all && !file_write(transfer->tag_path, tag, strlen(tag), transfer->err)) { return false; }
    transfer->fd = open(transfer->part,
                        O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (all ? O_TRUNC : 0), 0666);
    if (transfer->fd < 0 || lseek(transfer->fd, transfer->have, SEEK_SET) < 0) {
        return cant_write(transfer, errno);
    }
    return true;
}

/* Judges the headers once the first byte behind them is there. False: the transfer ends, to be begun
 * over again, or with a sentence. */
static bool accept_answer(Transfer *transfer)
{
    long status = 0;
    curl_off_t length = -1;
    curl_easy_getinfo(transfer->session->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->session->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (status == 206 && transfer->resumed > 0) {
        transfer->have = transfer->resumed;
        transfer->total = transfer->headers.range_total;
        bool fits = transfer->headers.range_first == transfer->resumed &&
                    transfer->headers.range_total > 0 &&
                    (length < 0 ||
                     length == transfer->headers.range_last - transfer->headers.range_first + 1);
        if (!fits) {
            transfer->over_again = true;
            return false;
        }
    } else if (status == 200) {
        transfer->have = transfer->resumed = 0;
        transfer->total = length;
    } else {
        return error_set(transfer->err, "The server gave an answer for %s that is none (%ld).",
                         transfer->file, status);
    }
    char tag[FETCH_MAX_TAG + 32];
    if (!sizes_agree(transfer)) { return false; }
    make_tag(transfer, tag);
    if (transfer->have > 0 && strcmp(tag, transfer->here) != 0) {
        transfer->over_again = true;
        return false;
    }
    return has_room(transfer) && open_part(transfer, tag);
}

static bool take_bytes(Transfer *transfer, const char *bytes, size_t length)
{
    if (!transfer->begun && !accept_answer(transfer)) { return false; }
    transfer->begun = true;
    long long most = transfer->total >= 0 ? transfer->total : transfer->limit;
    if ((unsigned long long)length > (unsigned long long)(most - transfer->have)) {
        return error_set(transfer->err,
                         transfer->total >= 0
                             ? "More of %s came than the %lld bytes that the server announced."
                             : "%s is larger than %lld bytes; more are not downloaded for such a "
                               "file.",
                         transfer->file, most);
    }
    if (!file_write_all(transfer->fd, bytes, length)) { return cant_write(transfer, errno); }
    transfer->have += (long long)length;
    return true;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    Transfer *transfer = context;
    if (take_bytes(transfer, bytes, size * count)) { return size * count; }
    transfer->stopped = true;
    return size * count > 0 ? 0 : 1; /* anything else than what was given ends the transfer */
}

static bool tell(const Transfer *transfer, FetchStage stage, long long done)
{
    const FetchJob *job = transfer->session->job;
    FetchProgress progress = {stage, transfer->file, done, transfer->total, transfer->resumed};
    return job->progress == NULL || job->progress(job->context, &progress) ||
           error_set(transfer->err, "%s was stopped; " GO_ON ".", job->model);
}

static int watch(void *context, curl_off_t all, curl_off_t now, curl_off_t up_all, curl_off_t up)
{
    Transfer *transfer = context;
    (void)all, (void)up_all, (void)up;
    if (!tell(transfer, FETCH_RECEIVING, transfer->begun ? transfer->have : 0)) {
        transfer->stopped = true;
    } else if (!transfer->begun && now > UNSEEN_LIMIT) {
        error_set(transfer->err, "The server sent no answer for %s that has an end.",
                  transfer->file);
        transfer->stopped = true;
    }
    return transfer->stopped;
}

/* ---- The request ---- */

static void set_up(Transfer *transfer, const char *address, char range[32])
{
    const FetchJob *job = transfer->session->job;
    CURL *curl = transfer->session->curl;
    bool plain = strncmp(address, "http:", 5) == 0;
    const char *scheme = plain ? "http" : "https";
    long stall = job->stall_seconds > 0 ? job->stall_seconds : STALL_SECONDS;
    curl_easy_reset(curl); /* connections are kept */
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "headlight/" HEADLIGHT_VERSION);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme);
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, scheme);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (fetch_is_loopback(address)) { curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); }
    /* libcurl gives it to no other host; unprotected it only goes to this machine. */
    if (job->token != NULL && (!plain || fetch_is_loopback(address))) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, job->token);
    }
    if (transfer->resumed > 0) {
        snprintf(range, 32, "%lld-", transfer->resumed);
        curl_easy_setopt(curl, CURLOPT_RANGE, range);
    }
}

static bool explain_status(const Transfer *transfer, long status)
{
    const FetchJob *job = transfer->session->job;
    if (status == 401 || status == 403) {
        return error_set(transfer->err,
                         "%s of %s can't be read (status %ld): there is no such model, or it "
                         "needs a token of yours in HF_TOKEN.",
                         transfer->file, job->model, status);
    }
    return error_set(transfer->err, "The server can't send %s now (status %ld); later " GO_ON ".",
                     transfer->file, status);
}

static bool explain(const Transfer *transfer, CURLcode code)
{
    const FetchJob *job = transfer->session->job;
    const char *file = transfer->file;
    long status = 0, redirects = 0;
    curl_easy_getinfo(transfer->session->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->session->curl, CURLINFO_REDIRECT_COUNT, &redirects);
    switch (code) {
    case CURLE_HTTP_RETURNED_ERROR: return explain_status(transfer, status);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return error_set(transfer->err,
                         "The server can't be reached (%s); is there a network? With it, " GO_ON
                         ".",
                         curl_easy_strerror(code));
    case CURLE_OPERATION_TIMEDOUT:
        return error_set(transfer->err, "The server sent nothing of %s for too long; " GO_ON ".",
                         file);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return error_set(transfer->err,
                         "The server's certificate can't be trusted; nothing was downloaded from "
                         "it.");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return redirects > 0 || status >= 300
                   ? error_set(transfer->err,
                               "The server leads %s to another kind of address, which is not "
                               "followed.",
                               file)
                   : error_set(transfer->err, "\"%s\" can't be asked for files.",
                               fetch_endpoint(job));
    case CURLE_TOO_MANY_REDIRECTS:
        return error_set(transfer->err, "The server leads %s from address to address.", file);
    default:
        return error_set(transfer->err, "%s broke off (%s); " GO_ON ".", file,
                         curl_easy_strerror(code));
    }
}

/* ---- The whole file ---- */

/* Tells how far it is, and cancels. */
static bool tell_hashed(void *context, long long done)
{
    return tell(context, FETCH_CHECKING, done);
}

/* The hash that the server tells, or NULL. A plain ETag is believed to be one only where no redirect
 * led to a store with tags of its own. */
static const char *told_hash(const Transfer *transfer)
{
    long redirects = 0;
    curl_easy_getinfo(transfer->session->curl, CURLINFO_REDIRECT_COUNT, &redirects);
    if (transfer->headers.linked[0] != '\0') {
        return fetch_is_hex(transfer->headers.linked, FETCH_SHA256) ? transfer->headers.linked
                                                                    : NULL;
    }
    return redirects == 0 && fetch_is_hex(transfer->headers.etag, FETCH_SHA256)
               ? transfer->headers.etag
               : NULL;
}

static bool complete(Transfer *transfer)
{
    if (transfer->total >= 0 && transfer->have < transfer->total) {
        return error_set(transfer->err, "%s ended after %lld of %lld bytes; " GO_ON ".",
                         transfer->file, transfer->have, transfer->total);
    }
    transfer->total = transfer->have;
    char hex[FETCH_SHA256 + 1];
    const char *told = told_hash(transfer);
    if (told != NULL) {
        if (!fetch_sha256(transfer->part, hex, tell_hashed, transfer, transfer->err)) {
            return false;
        }
        if (strcasecmp(hex, told) != 0) {
            drop_part(transfer);
            return error_set(transfer->err,
                             "%s is not what the server announced (its SHA-256 is wrong) and was "
                             "deleted; the same command downloads it again.",
                             transfer->file);
        }
    }
    if (rename(transfer->part, transfer->place) != 0) { return cant_write(transfer, errno); }
    unlink(transfer->tag_path);
    tell(transfer, FETCH_FINISHED, transfer->have);
    return true;
}

/* Is the whole file here already, so that the server has nothing to send behind it (416)? */
static bool nothing_is_left(Transfer *transfer)
{
    transfer->total = transfer->headers.range_total;
    if (transfer->headers.range_total != transfer->resumed ||
        (transfer->headers.linked_size >= 0 && transfer->headers.linked_size != transfer->total)) {
        return false;
    }
    char tag[FETCH_MAX_TAG + 32];
    make_tag(transfer, tag);
    transfer->have = transfer->resumed;
    return strcmp(tag, transfer->here) == 0;
}

static void forget_answer(Transfer *transfer)
{
    transfer->fd = -1;
    transfer->have = 0;
    transfer->total = -1;
    transfer->begun = transfer->stopped = transfer->over_again = false;
    fetch_headers_init(&transfer->headers);
}

static FetchFile request(Transfer *transfer, const char *address)
{
    CURL *curl = transfer->session->curl;
    char range[32];
    long status = 0;
    forget_answer(transfer);
    set_up(transfer, address, range);
    CURLcode code = curl_easy_perform(curl);
    memcpy(transfer->session->commit, transfer->headers.commit, sizeof transfer->session->commit);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && !transfer->begun && !transfer->stopped) { /* an empty file */
        transfer->stopped = !take_bytes(transfer, "", 0);
    }
    bool ok = code == CURLE_OK && !transfer->stopped;
    if (transfer->fd >= 0) {
        if (fsync(transfer->fd) != 0 && ok) {
            ok = cant_write(transfer, errno);
            transfer->stopped = true;
        }
        close(transfer->fd);
    }
    if (code == CURLE_HTTP_RETURNED_ERROR && status == 404) { return FETCH_FILE_ABSENT; }
    if (code == CURLE_HTTP_RETURNED_ERROR && status == 416 && transfer->resumed > 0) {
        ok = nothing_is_left(transfer);
        transfer->over_again = !ok;
        transfer->stopped = true;
    }
    if (ok) {
        ok = complete(transfer);
    } else if (!transfer->stopped) {
        explain(transfer, code);
    }
    return ok ? FETCH_FILE_HERE : FETCH_FILE_FAILED;
}

FetchFile fetch_file(FetchSession *session, const char *file, long long limit, bool resume,
                     Error *err)
{
    Transfer transfer = {.session = session, .err = err, .file = file, .limit = limit};
    size_t size = strlen(session->folder) + strlen(file) + 16;
    transfer.place = file_join(session->folder, file);
    transfer.part = mem_alloc(size, 1);
    transfer.tag_path = mem_alloc(size, 1);
    snprintf(transfer.part, size, "%s.part", transfer.place);
    snprintf(transfer.tag_path, size, "%s.tag", transfer.place);
    char *address = fetch_address(session->job, session->revision, file);
    if (resume) {
        read_part(&transfer);
    } else {
        drop_part(&transfer);
    }
    FetchFile end = request(&transfer, address);
    if (end == FETCH_FILE_FAILED && transfer.over_again) {
        drop_part(&transfer);
        transfer.resumed = 0;
        end = request(&transfer, address);
    }
    free(address);
    free(transfer.place);
    free(transfer.part);
    free(transfer.tag_path);
    return end;
}
