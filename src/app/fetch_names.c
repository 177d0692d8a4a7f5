/* Names and addresses: what may be asked for, and what the server may name. */
#include "app/fetch_parts.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The only place where the server is named. */
#define FETCH_ENDPOINT "https://huggingface.co"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NAME_BYTES LETTERS DIGITS "._-"
#define WEIGHTS_END ".safetensors"

enum { MAX_ADDRESS = 512, MAX_TOKEN = 512 };

static bool is_name_part(const char *name, size_t length)
{
    if (length == 0 || length > FETCH_MAX_NAME || strspn(name, NAME_BYTES) < length) {
        return false;
    }
    const char *ends = ".-";
    if (strchr(ends, name[0]) != NULL || strchr(ends, name[length - 1]) != NULL) { return false; }
    for (size_t i = 0; i + 1 < length; i++) {
        if (name[i] == name[i + 1] && strchr(ends, name[i]) != NULL) { return false; }
    }
    return true;
}

bool fetch_is_model_name(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash != NULL && is_name_part(name, (size_t)(slash - name)) &&
           is_name_part(slash + 1, strlen(slash + 1));
}

bool fetch_is_revision(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= FETCH_MAX_REVISION && strspn(name, NAME_BYTES "/") == length &&
           strchr("./-", name[0]) == NULL && name[length - 1] != '/' &&
           strstr(name, "..") == NULL && strstr(name, "//") == NULL;
}

bool fetch_is_shard_name(const char *name)
{
    size_t length = strlen(name), end = sizeof WEIGHTS_END - 1;
    return length > end && length <= FETCH_MAX_NAME && strspn(name, NAME_BYTES) == length &&
           name[0] != '.' && strcmp(name + length - end, WEIGHTS_END) == 0;
}

bool fetch_is_hex(const char *text, int count)
{
    return strlen(text) == (size_t)count && strspn(text, DIGITS "abcdefABCDEF") == (size_t)count;
}

/* What comes after "https://" or "http://"; NULL when it is neither. */
static const char *after_scheme(const char *address)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(schemes[i]);
        if (strncmp(address, schemes[i], length) == 0) { return address + length; }
    }
    return NULL;
}

bool fetch_is_endpoint(const char *address)
{
    const char *host = after_scheme(address);
    return host != NULL && strlen(address) <= MAX_ADDRESS && host[0] != '\0' && host[0] != '/' &&
           strspn(host, NAME_BYTES ":/[]~") == strlen(host) && strstr(host, "..") == NULL;
}

bool fetch_is_loopback(const char *endpoint)
{
    static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(hosts[i]);
        if (strncmp(endpoint, hosts[i], length) == 0 && strchr(":/", endpoint[length]) != NULL) {
            return true; /* strchr also finds the end of the string */
        }
    }
    return false;
}

const char *fetch_endpoint(const FetchJob *job)
{
    return job->endpoint != NULL ? job->endpoint : FETCH_ENDPOINT;
}

static bool is_token(const char *token)
{
    size_t length = strlen(token);
    for (size_t i = 0; i < length; i++) {
        if (token[i] <= ' ' || token[i] > '~') { return false; }
    }
    return length > 0 && length <= MAX_TOKEN;
}

bool fetch_check(const FetchJob *job, Error *err)
{
    if (!fetch_is_model_name(job->model)) {
        return error_set(err,
                         "\"%s\" is not a model's name; it has the form OWNER/NAME, of letters, "
                         "digits, '.', '_' and '-'.",
                         job->model);
    }
    if (job->revision != NULL && !fetch_is_revision(job->revision)) {
        return error_set(err, "\"%s\" is not the name of a revision, such as main.", job->revision);
    }
    if (!fetch_is_endpoint(fetch_endpoint(job))) {
        return error_set(err,
                         "\"%s\" is not the address of a server; it starts with https:// and has "
                         "no user, question mark or blank in it.",
                         fetch_endpoint(job));
    }
    if (job->token != NULL && !is_token(job->token)) {
        return error_set(err, "The token in HF_TOKEN has a character that none can have.");
    }
    return true;
}

char *fetch_folder_name(const char *model)
{
    const char *slash = strchr(model, '/');
    size_t size = strlen(model) + 2;
    char *name = mem_alloc(size, 1);
    snprintf(name, size, "%.*s--%s", (int)(slash - model), model, slash + 1);
    return name;
}

char *fetch_address(const FetchJob *job, const char *revision, const char *file)
{
    const char *endpoint = fetch_endpoint(job);
    size_t end = strlen(endpoint);
    while (end > 0 && endpoint[end - 1] == '/') { end--; }
    char one_step[3 * FETCH_MAX_REVISION + 1], *to = one_step; /* a '/' in it is no step down */
    for (const char *from = revision; *from != '\0' && from < revision + FETCH_MAX_REVISION;
         from++) {
        if (*from == '/') {
            memcpy(to, "%2F", 3);
            to += 3;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    size_t size = end + strlen(job->model) + strlen(one_step) + strlen(file) + 16;
    char *address = mem_alloc(size, 1);
    snprintf(address, size, "%.*s/%s/resolve/%s/%s", (int)end, endpoint, job->model, one_step,
             file);
    return address;
}
