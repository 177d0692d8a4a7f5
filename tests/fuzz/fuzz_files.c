/* Every file that a stranger can hand us, under libFuzzer: `make fuzz TIME=60`. One program, the kind of
 * file chosen by its name (fuzz_lesson, fuzz_trace, ...), which `make fuzz` makes as links. The bytes go
 * through the functions that the program itself calls, on a file. */
#include "app/lesson.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/trace_file.h"
#include "text/tokenizer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];
static const char *kind;

static void remove_files(void)
{
    unlink(path);
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    const char *slash = strrchr((*argv)[0], '/'), *name = slash != NULL ? slash + 1 : (*argv)[0];
    kind = strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
    snprintf(folder, sizeof folder, "%s/headlight-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(folder) == NULL) { abort(); }
    snprintf(path, sizeof path, "%s/%s", folder,
             strcmp(kind, "tokenizer") == 0 ? "tokenizer.json"
             : strcmp(kind, "vocab") == 0   ? "vocab.txt"
                                            : "file");
    atexit(remove_files);
    return 0;
}

static void try_tokenizer(void)
{
    Tokenizer *tokenizer = tokenizer_open(folder, NULL);
    if (tokenizer == NULL) { return; }
    Encoding *encoding =
        tokenizer_encode(tokenizer, "The caf\xC3\xA9 [MASK]<mask> it's 12\n", "b c", 40);
    encoding_free(encoding);
    tokenizer_free(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    Error err = {""};
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length) { abort(); }
    fclose(file);
    if (strcmp(kind, "lesson") == 0) {
        lesson_free(lesson_read(path, &err));
    } else if (strcmp(kind, "trace") == 0) {
        trace_free(trace_file_read(path, &err));
    } else if (strcmp(kind, "safetensors") == 0) {
        safetensors_free(safetensors_open(path, &err));
    } else if (strcmp(kind, "config") == 0) {
        ModelConfig config;
        config_read(path, &config, &err);
    } else {
        try_tokenizer();
    }
    return 0;
}
