/* hub_server.c - a server of models on this machine that can be told to behave badly.
 *
 *     hub_server FOLDER
 *
 * prints its port and serves /OWNER/NAME/resolve/REVISION/FILE from FOLDER/OWNER/NAME/FILE, and the
 * same file under /store/OWNER/NAME/FILE. Every request becomes a line of FOLDER/log: its path, its
 * Range (or -), and "token" when one came. FOLDER/rules is read anew for every request; a line
 *
 *     END KIND [VALUE]
 *
 * holds for the paths that end in END:
 *
 *     status N       that status and nothing else
 *     stall N        sends N bytes, then nothing, and stays
 *     cut N          sends N bytes and hangs up
 *     length N       announces N bytes more than there are (or fewer)
 *     endless        sends zeros without an end or a length
 *     headers        sends headers without an end
 *     etag TEXT      ETag: "TEXT"
 *     linked TEXT    X-Linked-ETag: "TEXT"
 *     size N         X-Linked-Size: N
 *     commit HEX     X-Repo-Commit: HEX
 *     norange        always sends everything
 *     wrongrange     sends another part than was asked for
 *     redirect URL   leads there; PORT in it becomes the port */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_TEXT = 16384, MAX_PATH = 1024, CHUNK = 65536, STAY_MS = 20000 };

typedef struct Rules {
    int status; /* 0: none */
    long stall, cut, length;
    int endless, headers, norange, wrongrange;
    char etag[128], linked[128], size[32], commit[64], redirect[256];
} Rules;

typedef struct Request {
    char path[MAX_PATH], range[64];
    int token;
} Request;

static void quit(const char *why)
{
    perror(why);
    exit(2);
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static Rules read_rules(const char *folder, const char *path)
{
    Rules rules = {.stall = -1, .cut = -1};
    char name[MAX_PATH], line[512];
    snprintf(name, sizeof name, "%s/rules", folder);
    FILE *file = fopen(name, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char end[128] = "", kind[32] = "", value[256] = "";
        sscanf(line, "%127s %31s %255s", end, kind, value);
        if (!ends_with(path, end)) { continue; }
        if (strcmp(kind, "status") == 0) { rules.status = atoi(value); }
        if (strcmp(kind, "stall") == 0) { rules.stall = atol(value); }
        if (strcmp(kind, "cut") == 0) { rules.cut = atol(value); }
        if (strcmp(kind, "length") == 0) { rules.length = atol(value); }
        if (strcmp(kind, "endless") == 0) { rules.endless = 1; }
        if (strcmp(kind, "headers") == 0) { rules.headers = 1; }
        if (strcmp(kind, "norange") == 0) { rules.norange = 1; }
        if (strcmp(kind, "wrongrange") == 0) { rules.wrongrange = 1; }
        if (strcmp(kind, "etag") == 0) { snprintf(rules.etag, 128, "%.127s", value); }
        if (strcmp(kind, "linked") == 0) { snprintf(rules.linked, 128, "%.127s", value); }
        if (strcmp(kind, "size") == 0) { snprintf(rules.size, 32, "%.31s", value); }
        if (strcmp(kind, "commit") == 0) { snprintf(rules.commit, 64, "%.63s", value); }
        if (strcmp(kind, "redirect") == 0) { snprintf(rules.redirect, 256, "%s", value); }
    }
    if (file != NULL) { fclose(file); }
    return rules;
}

static void send_text(int client, const char *text)
{
    if (send(client, text, strlen(text), MSG_NOSIGNAL) < 0) { _exit(0); }
}

static void read_request(int client, Request *request)
{
    char text[MAX_TEXT];
    size_t length = 0;
    while (length < sizeof text - 1) {
        ssize_t got = recv(client, text + length, sizeof text - 1 - length, 0);
        if (got <= 0) { _exit(0); }
        length += (size_t)got;
        text[length] = '\0';
        if (strstr(text, "\r\n\r\n") != NULL) { break; }
    }
    *request = (Request){.range = "-"};
    if (sscanf(text, "GET %1023s", request->path) != 1) { _exit(0); }
    const char *range = strcasestr(text, "\nRange: bytes=");
    if (range != NULL) { sscanf(range + 14, "%63[0-9-]", request->range); }
    request->token = strcasestr(text, "\nAuthorization: Bearer ") != NULL;
}

static void write_log(const char *folder, const Request *request)
{
    char name[MAX_PATH], line[MAX_PATH + 128];
    snprintf(name, sizeof name, "%s/log", folder);
    snprintf(line, sizeof line, "%s %s%s\n", request->path, request->range,
             request->token ? " token" : "");
    FILE *file = fopen(name, "a");
    if (file == NULL) { quit(name); }
    fputs(line, file);
    fclose(file);
}

/* The file behind a path; NULL when there is none. */
static FILE *open_file(const char *folder, const char *path)
{
    char name[2 * MAX_PATH], model[MAX_PATH], file[MAX_PATH];
    const char *resolve = strstr(path, "/resolve/");
    if (strstr(path, "..") != NULL) { return NULL; }
    if (strncmp(path, "/store/", 7) == 0) {
        snprintf(name, sizeof name, "%s/%s", folder, path + 7);
    } else if (resolve != NULL && sscanf(resolve, "/resolve/%*[^/]/%1023s", file) == 1) {
        snprintf(model, sizeof model, "%.*s", (int)(resolve - path), path);
        snprintf(name, sizeof name, "%s%.900s/%.900s", folder, model, file);
    } else {
        return NULL;
    }
    return fopen(name, "rb");
}

/* Until the other side hangs up, or for too long. */
static void stay(int client)
{
    struct pollfd wait = {client, POLLRDHUP, 0};
    poll(&wait, 1, STAY_MS);
    _exit(0);
}

static void send_tags(int client, const Rules *rules, int port)
{
    char text[MAX_TEXT];
    if (rules->etag[0] != '\0') {
        snprintf(text, sizeof text, "ETag: W/\"%s\"\r\n", rules->etag);
        send_text(client, text);
    }
    if (rules->linked[0] != '\0') {
        snprintf(text, sizeof text, "X-Linked-ETag: \"%s\"\r\n", rules->linked);
        send_text(client, text);
    }
    if (rules->size[0] != '\0') {
        snprintf(text, sizeof text, "X-Linked-Size: %s\r\n", rules->size);
        send_text(client, text);
    }
    if (rules->commit[0] != '\0') {
        snprintf(text, sizeof text, "X-Repo-Commit: %s\r\n", rules->commit);
        send_text(client, text);
    }
    if (rules->redirect[0] != '\0') {
        const char *at = strstr(rules->redirect, "PORT");
        if (at == NULL) {
            snprintf(text, sizeof text, "Location: %s\r\n", rules->redirect);
        } else {
            snprintf(text, sizeof text, "Location: %.*s%d%s\r\n", (int)(at - rules->redirect),
                     rules->redirect, port, at + 4);
        }
        send_text(client, text);
    }
}

static void send_file(int client, const Rules *rules, const Request *request, FILE *file, int port)
{
    char text[MAX_TEXT];
    fseek(file, 0, SEEK_END);
    long size = ftell(file), first = 0;
    if (request->range[0] != '-' && !rules->norange) { first = atol(request->range); }
    if (first > 0 && first >= size) {
        send_text(client, "HTTP/1.1 416 Range Not Satisfiable\r\nConnection: close\r\n");
        send_tags(client, rules, port);
        snprintf(text, sizeof text, "Content-Range: bytes */%ld\r\nContent-Length: 0\r\n\r\n",
                 size);
        send_text(client, text);
        return;
    }
    if (first > 0) {
        snprintf(text, sizeof text,
                 "HTTP/1.1 206 Partial Content\r\nConnection: close\r\n"
                 "Content-Range: bytes %ld-%ld/%ld\r\n",
                 first - rules->wrongrange, size - 1, size);
    } else {
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nConnection: close\r\n");
    }
    send_text(client, text);
    send_tags(client, rules, port);
    snprintf(text, sizeof text, "Content-Length: %ld\r\n\r\n", size - first + rules->length);
    send_text(client, text);
    fseek(file, first, SEEK_SET);
    long sent = 0, most = rules->stall >= 0 ? rules->stall : rules->cut;
    static char chunk[CHUNK];
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;) {
        if (most >= 0 && sent + (long)got > most) { got = (size_t)(most - sent); }
        if (got == 0) { break; }
        if (send(client, chunk, got, MSG_NOSIGNAL) < 0) { _exit(0); }
        sent += (long)got;
    }
    if (rules->stall >= 0) { stay(client); }
}

static void answer(int client, const char *folder, int port)
{
    Request request;
    read_request(client, &request);
    write_log(folder, &request);
    Rules rules = read_rules(folder, request.path);
    FILE *file = open_file(folder, request.path);
    char text[256];
    int status = rules.status != 0           ? rules.status
                 : rules.redirect[0] != '\0' ? 302
                 : file == NULL              ? 404
                                             : 0;
    if (status != 0) {
        snprintf(text, sizeof text, "HTTP/1.1 %d Status\r\nConnection: close\r\n", status);
        send_text(client, text);
        send_tags(client, &rules, port);
        send_text(client, "Content-Length: 6\r\n\r\nnone.\n");
    } else if (rules.endless || rules.headers) {
        static const char zeros[CHUNK];
        send_text(client, "HTTP/1.1 200 OK\r\nConnection: close\r\n");
        if (rules.endless) { send_text(client, "\r\n"); }
        for (;;) {
            if (rules.headers) { send_text(client, "X-More: more\r\n"); }
            if (rules.endless && send(client, zeros, sizeof zeros, MSG_NOSIGNAL) < 0) { _exit(0); }
        }
    } else {
        send_file(client, &rules, &request, file, port);
    }
    if (file != NULL) { fclose(file); }
    shutdown(client, SHUT_WR); /* what was sent arrives before the end */
    struct pollfd wait = {client, POLLIN, 0};
    poll(&wait, 1, 1000);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("hub_server FOLDER\n", stderr);
        return 2;
    }
    signal(SIGCHLD, SIG_IGN);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || bind(server, (struct sockaddr *)&address, length) != 0 ||
        listen(server, 16) != 0 || getsockname(server, (struct sockaddr *)&address, &length) != 0) {
        quit("hub_server");
    }
    int port = ntohs(address.sin_port);
    printf("%d\n", port);
    fflush(stdout);
    for (;;) {
        int client = accept(server, NULL, NULL);
        if (client < 0) { continue; }
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            close(server);
            answer(client, argv[1], port);
            _exit(0);
        }
        close(client);
    }
}
