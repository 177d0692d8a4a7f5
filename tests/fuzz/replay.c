/* Runs a target on kept inputs, without libFuzzer: FUZZ_KIND=KIND replay FOLDER... Ends with how many. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t read_file(const char *path, uint8_t **bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    size_t length = 0, capacity = 1 << 16;
    *bytes = malloc(capacity);
    for (size_t got; (got = fread(*bytes + length, 1, capacity - length, file)) > 0;) {
        length += got;
        if (length == capacity) { *bytes = realloc(*bytes, capacity *= 2); }
    }
    fclose(file);
    /* Exactly as large as it is, so that the sanitizer sees a byte too many. */
    uint8_t *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, *bytes, length);
    free(*bytes);
    *bytes = exact;
    return length;
}

int main(int argc, char **argv)
{
    LLVMFuzzerInitialize(&argc, &argv);
    int count = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent **entries;
        int found = scandir(argv[i], &entries, NULL, alphasort);
        if (found < 0) {
            perror(argv[i]);
            return 2;
        }
        for (int k = 0; k < found; k++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], entries[k]->d_name);
            if (entries[k]->d_name[0] != '.') {
                fprintf(stderr, "# %s\n", path);
                uint8_t *bytes;
                size_t length = read_file(path, &bytes);
                LLVMFuzzerTestOneInput(bytes, length);
                free(bytes);
                count++;
            }
            free(entries[k]);
        }
        free(entries);
    }
    printf("%d\n", count);
    return count > 0 ? 0 : 2;
}
