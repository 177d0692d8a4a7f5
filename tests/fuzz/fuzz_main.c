/* The targets by name, and the folder that they work in. One program: the target is chosen by the name it
 * is called by (fuzz_lesson, fuzz_trace, ...), which `make fuzz` makes as links, or by $FUZZ_KIND. */
#include "fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const FuzzTarget fuzz_targets[] = {
    {"lesson", "file.lesson", fuzz_lesson},
    {"trace", "file", fuzz_trace},
    {"safetensors", "file.safetensors", fuzz_safetensors},
    {"index", "model.safetensors.index.json", fuzz_index},
    {"config", "config.json", fuzz_config},
    {"tokenizer", "tokenizer.json", fuzz_tokenizer},
    {"vocab", "vocab.txt", fuzz_vocab},
    {"session", "headlight/session", fuzz_session},
    {"history", "headlight/history", fuzz_history},
    {"headers", NULL, fuzz_headers},
    {"text", NULL, fuzz_text},
    {"options", NULL, fuzz_options},
    {"model", NULL, fuzz_model},
    {"window", NULL, fuzz_window},
    {NULL, NULL, NULL},
};

static char folder[64];
static const FuzzTarget *target;

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static void remove_files(void) { nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

void fuzz_empty(const char *name)
{
    if (access(fuzz_path(name), F_OK) == 0) {
        nftw(fuzz_path(name), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
}

const char *fuzz_folder(void) { return folder; }

const char *fuzz_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

const char *fuzz_source(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", FUZZ_ROOT, name);
    return path;
}

void fuzz_write(const char *name, const void *bytes, size_t length)
{
    FILE *file = fopen(fuzz_path(name), "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length) { abort(); }
    fclose(file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    const char *slash = strrchr((*argv)[0], '/'), *name = slash != NULL ? slash + 1 : (*argv)[0];
    const char *kind = getenv("FUZZ_KIND");
    if (kind == NULL) { kind = strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name; }
    for (target = fuzz_targets; target->name != NULL && strcmp(target->name, kind) != 0;) {
        target++;
    }
    if (target->name == NULL) {
        fprintf(stderr, "%s is not a target.\n", kind);
        exit(2);
    }
    snprintf(folder, sizeof folder, "%s/headlight-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(folder) == NULL || mkdir(fuzz_path("headlight"), 0777) != 0) { abort(); }
    /* What the program would write for its user, and what it could reach on this machine. */
    const char *const homes[] = {"HOME",           "XDG_STATE_HOME",  "XDG_DATA_HOME",
                                 "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_PICTURES_DIR"};
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) { setenv(homes[i], folder, 1); }
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    atexit(remove_files);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (target->file != NULL) { fuzz_write(target->file, bytes, length); }
    target->run(bytes, length);
    return 0;
}
