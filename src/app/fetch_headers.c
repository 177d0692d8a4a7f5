/* The headers of the answers to one request, of which there is more than one where the server leads on
 * to another address. Taken for hostile: counted, cut, parsed strictly. */
#include "app/fetch_parts.h"

#include "base/base.h"

#include <string.h>

enum { MAX_HEADERS = 512, MAX_LINE = 512 };

/* A number of digits only, below 10^18; -1 for anything else. *end is behind it. */
static long long parse_size(const char *text, const char **end)
{
    long long size = 0;
    int digits = 0;
    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 18; digits++) {
        size = size * 10 + (text[digits] - '0');
    }
    *end = text + digits;
    return digits > 0 && (text[digits] < '0' || text[digits] > '9') ? size : -1;
}

static long long parse_whole_size(const char *text)
{
    const char *end;
    long long size = parse_size(text, &end);
    return *end == '\0' ? size : -1;
}

static void forget_range(FetchHeaders *headers)
{
    headers->range_first = headers->range_last = headers->range_total = -1;
}

/* "bytes 100-199/200", "bytes 100-199/" and a star, or, when nothing is left to send, "bytes " with a
 * star, "/200". */
static void parse_range(FetchHeaders *headers, const char *text)
{
    forget_range(headers);
    if (strncasecmp(text, "bytes ", 6) != 0) { return; }
    const char *at = text + 6;
    long long first = -1, last = -1;
    if (*at == '*') {
        at++;
    } else {
        first = parse_size(at, &at);
        if (*at != '-') { return; }
        last = parse_size(at + 1, &at);
        if (first < 0 || last < first) { return; }
    }
    if (*at != '/') { return; }
    long long total = strcmp(at + 1, "*") == 0 ? -1 : parse_whole_size(at + 1);
    if (total >= 0 && last >= total) { return; }
    headers->range_first = first;
    headers->range_last = last;
    headers->range_total = total;
}

/* W/"abc" and "abc" are abc; "" when it is too long or has bytes that do not belong there. */
static void parse_tag(const char *text, char tag[FETCH_MAX_TAG])
{
    tag[0] = '\0';
    if (strncmp(text, "W/", 2) == 0) { text += 2; }
    size_t length = strlen(text);
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        text++;
        length -= 2;
    }
    if (length >= FETCH_MAX_TAG) { return; }
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') { return; }
    }
    memcpy(tag, text, length);
    tag[length] = '\0';
}

/* Returns the value of the header if the line has that name. */
static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':') { return NULL; }
    line += length + 1;
    return line + strspn(line, " \t");
}

void fetch_headers_init(FetchHeaders *headers)
{
    *headers =
        (FetchHeaders){.linked_size = -1, .range_first = -1, .range_last = -1, .range_total = -1};
}

bool fetch_headers_take(FetchHeaders *headers, const char *bytes, size_t count)
{
    char line[MAX_LINE];
    size_t length = min_size(count, sizeof line - 1);
    memcpy(line, bytes, length);
    while (length > 0 && strchr("\r\n \t", line[length - 1]) != NULL) { length--; }
    line[length] = '\0';
    const char *value;
    if (strncmp(line, "HTTP/", 5) == 0) { /* the next answer on the way */
        headers->etag[0] = '\0';
        forget_range(headers);
    } else if ((value = value_of(line, "ETag")) != NULL) {
        parse_tag(value, headers->etag);
    } else if ((value = value_of(line, "X-Linked-ETag")) != NULL) {
        parse_tag(value, headers->linked);
    } else if ((value = value_of(line, "X-Linked-Size")) != NULL) {
        headers->linked_size = parse_whole_size(value);
    } else if ((value = value_of(line, "Content-Range")) != NULL) {
        parse_range(headers, value);
    } else if ((value = value_of(line, "X-Repo-Commit")) != NULL) {
        if (fetch_is_hex(value, FETCH_COMMIT)) { memcpy(headers->commit, value, FETCH_COMMIT + 1); }
    }
    return ++headers->count <= MAX_HEADERS;
}
