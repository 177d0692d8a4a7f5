/* What is dropped on the window, and the folders that the program writes into. */
#include "monkey.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- What is dropped ---- */

static char *in_scratch(const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", monkey.scratch, name) < 0) { abort(); }
    return path;
}

static void add_drop(const char *path)
{
    if (monkey.drop_count < MONKEY_DROPS) { monkey.drops[monkey.drop_count++] = strdup(path); }
}

static char *make_file(const char *name, const void *bytes, size_t length)
{
    char *path = in_scratch(name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
    add_drop(path);
    return path;
}

/* The start of a file, as after a download that broke off. */
static void make_truncated(const char *from, const char *name, double share)
{
    static char bytes[1 << 20];
    FILE *file = fopen(from, "rb");
    size_t length = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL) { fclose(file); }
    free(make_file(name, bytes, (size_t)((double)length * share)));
}

static void add_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        char path[600];
        if (entry->d_name[0] == '.') { continue; }
        snprintf(path, sizeof path, "%.300s/%.255s", folder, entry->d_name);
        add_drop(path);
    }
    if (entries != NULL) { closedir(entries); }
}

void monkey_make_folder(const char *name, const char *variable)
{
    char *path = in_scratch(name);
    mkdir(path, 0777);
    if (variable != NULL) { setenv(variable, path, 1); }
    free(path);
}

void monkey_make_drops(void)
{
    static const char *const there[] = {"tests/data/bert-tiny",
                                        "tests/data/bert-tiny/expected_1.safetensors",
                                        "tests/data/bert-tiny-f16",
                                        "tests/data/bert-tiny/vocab.txt",
                                        "tests/data/bert-tiny/config.json",
                                        "assets/thinking-machines.json",
                                        "models/headlight-en",
                                        "assets/sentences.txt",
                                        "tests/data",
                                        "/dev/null",
                                        "/dev/zero",
                                        "",
                                        "/",
                                        "no/such/file",
                                        "no-such-file.safetensors",
                                        "invalid\xFF\xC0/\xE2\x82",
                                        "two\nlines\r%s%n.lesson"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) { add_drop(there[i]); }
    add_folder("tests/data/families");
    add_folder("assets/lessons");
    static char rubbish[MONKEY_LONG_TEXT];
    for (size_t i = 0; i < sizeof rubbish; i++) { rubbish[i] = (char)monkey_pick(256); }
    free(make_file("files/rubbish", rubbish, 5000));
    free(make_file("files/rubbish.safetensors", rubbish, 5000));
    free(make_file("files/\xFF\xFEname\nwith lines", rubbish, 100));
    rubbish[0] = '{';
    free(make_file("files/rubbish.json", rubbish, 5000));
    for (size_t i = 0; i < sizeof rubbish; i++) {
        rubbish[i] = i % 7 == 6 ? ' ' : (char)('a' + monkey_pick(26));
    }
    free(make_file("files/long.txt", rubbish, sizeof rubbish));
    free(make_file("files/short.txt", "It was raining,\n and \xF0\x9F\x98\x80 came.\n", 28));
    free(make_file("files/empty", "", 0));
    make_truncated("tests/data/bert-tiny/expected_1.safetensors", "files/half.safetensors", 0.5);
    make_truncated("assets/thinking-machines.json", "files/half.json", 0.9);
    make_truncated("tests/data/bert-tiny/config.json", "files/model/config.json", 1);
    make_truncated("tests/data/bert-tiny/vocab.txt", "files/model/vocab.txt", 0.5);
    make_truncated("tests/data/bert-tiny/model.safetensors", "files/model/model.safetensors", 0.7);
    char *folder = in_scratch("files/model"), *pipe = in_scratch("files/pipe");
    add_drop(folder);
    if (mkfifo(pipe, 0600) == 0) { add_drop(pipe); }
    free(folder);
    free(pipe);
}

/* Exports get numbered names: the folder would fill up. */
void monkey_empty_folder(const char *name)
{
    char *folder = in_scratch(name), path[900];
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        snprintf(path, sizeof path, "%.600s/%.255s", folder, entry->d_name);
        unlink(path);
    }
    if (entries != NULL) { closedir(entries); }
    free(folder);
}
