/* fuzz.h - what the targets of the fuzzer share. A target is one kind of bytes that a stranger can hand
 * us; to add one: a function, and a row in fuzz_targets (fuzz_main.c) and in KINDS of the Makefile.
 *
 * A target calls the functions that the program itself calls, on a file in a folder of its own, and
 * aborts when what comes back breaks its promise. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

typedef struct FuzzTarget {
    const char *name;
    const char *file; /* the bytes are written there before `run`; NULL: they are not */
    void (*run)(const uint8_t *bytes, size_t length);
} FuzzTarget;

extern const FuzzTarget fuzz_targets[]; /* ends with name == NULL */

/* The scratch folder, and the path of a file in it (valid until the next call). */
const char *fuzz_folder(void);
const char *fuzz_path(const char *name);
void fuzz_write(const char *name, const void *bytes, size_t length);
/* Removes a file or a folder there, with all that is in it. */
void fuzz_empty(const char *name);
/* A file of the repository, e.g. "tests/data/bert-tiny" (valid until the next call). */
const char *fuzz_source(const char *name);

/* fuzz_main.c: what libFuzzer calls, and replay.c without it. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* fuzz_files.c */
void fuzz_lesson(const uint8_t *bytes, size_t length);
void fuzz_trace(const uint8_t *bytes, size_t length);
void fuzz_safetensors(const uint8_t *bytes, size_t length);
void fuzz_index(const uint8_t *bytes, size_t length);
void fuzz_config(const uint8_t *bytes, size_t length);
void fuzz_tokenizer(const uint8_t *bytes, size_t length);
void fuzz_vocab(const uint8_t *bytes, size_t length);
void fuzz_session(const uint8_t *bytes, size_t length);
void fuzz_history(const uint8_t *bytes, size_t length);
void fuzz_headers(const uint8_t *bytes, size_t length);
/* fuzz_text.c */
void fuzz_text(const uint8_t *bytes, size_t length);
void fuzz_options(const uint8_t *bytes, size_t length);
/* fuzz_whole.c */
void fuzz_model(const uint8_t *bytes, size_t length);
void fuzz_window(const uint8_t *bytes, size_t length);

#endif
