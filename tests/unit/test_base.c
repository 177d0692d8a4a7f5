/* Memory, buffers, files: also those that can't be written. */
#include "base/arena.h"
#include "base/base.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/mapped.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void an_arena_keeps_what_it_gave(void **state)
{
    (void)state;
    Arena arena = {0};
    char *strings[500];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 500; i++) { strings[i] = arena_format(&arena, "%0*d", i % 100 + 1, i); }
        char *large = arena_alloc(&arena, 100000, 1);
        for (int i = 0; i < 100000; i++) { assert_int_equal(large[i], 0); }
        memset(large, 1, 100000);
        for (int i = 0; i < 500; i++) { assert_int_equal(atoi(strings[i]), i); }
        assert_int_equal((uintptr_t)arena_alloc(&arena, 3, 1) % 16, 0);
        arena_reset(&arena);
    }
    assert_string_equal(arena_copy(&arena, "animal", 3), "ani");
    arena_free(&arena);
}

static void sizes_are_multiplied_with_care(void **state)
{
    (void)state;
    size_t product = 7;
    assert_true(mem_multiply(3, 4, &product));
    assert_int_equal(product, 12);
    assert_false(mem_multiply(SIZE_MAX / 2, 3, &product));
    assert_int_equal(product, 12);
    assert_null(mem_try_aligned(SIZE_MAX / 4, 8));
    float *block = mem_try_aligned(3, sizeof *block);
    assert_int_equal((uintptr_t)block % 64, 0);
    free(block);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    Buffer out = {0};
    buffer_add_json_bytes(&out, "a\"\\\n\0\u00E9", 7);
    assert_string_equal(out.bytes, "\"a\\\"\\\\\\u000a\\u0000\u00E9\"");
    buffer_clear(&out);
    buffer_format(&out, "%d %s", 5, "heads");
    assert_string_equal(out.bytes, "5 heads");
    for (int length = 0; length < 700;
         length++) { /* on both sides of every size that it grows by */
        buffer_format(&out, "%*d", length, 1);
        buffer_clear(&out);
        buffer_format(&out, "<%s>", "");
        buffer_format(&out, "%*s", length, "x");
        int wide = length > 1 ? length : 1;
        assert_int_equal(out.length, 2 + wide);
        assert_int_equal(strlen(out.bytes), 2 + wide);
        assert_int_equal(out.bytes[1 + wide], 'x');
        if (length % 50 == 0) { buffer_free(&out); }
    }
    buffer_format(&out, "%s", "");
    buffer_free(&out);
}

static void errors_are_whole_sentences(void **state)
{
    (void)state;
    Error err;
    char longer[2000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(error_set(&err, "%s", longer));
    assert_string_equal(err.text + strlen(err.text) - 3, "...");
    for (int i = 0; i < 4; i++) { /* cut between two characters, wherever they lie */
        strcpy(longer, &"xxx"[i % 3]);
        for (int k = 0; k < 300; k++) { strcat(longer, i == 3 ? "\U0001F600" : "\u6771"); }
        error_set(&err, "%s", longer);
        size_t length = strlen(err.text);
        assert_in_range(length, sizeof err.text - 5, sizeof err.text - 1);
        assert_int_equal(unicode_valid_prefix(err.text, length), length);
        assert_string_equal(err.text + length - 3, "...");
    }
    assert_false(error_set(NULL, "nobody wants to know"));
}

static int entries(const char *folder)
{
    DIR *stream = opendir(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(stream);
    return count;
}

typedef struct Folder {
    char path[64];
} Folder;

static int make_folder(void **state)
{
    Folder *folder = calloc(1, sizeof *folder);
    strcpy(folder->path, "/tmp/headlight-test.XXXXXX");
    *state = folder;
    return mkdtemp(folder->path) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    Folder *folder = *state;
    char *file = file_join(folder->path, "a.txt");
    unlink(file);
    free(file);
    int status = rmdir(folder->path);
    free(folder);
    return status;
}

static void a_file_is_written_whole_and_keeps_its_permissions(void **state)
{
    Folder *folder = *state;
    Error err = {""};
    char *path = file_join(folder->path, "a.txt");
    assert_true(file_write(path, "one", 3, &err));
    chmod(path, 0640);
    assert_true(file_write(path, "longer", 6, &err));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    Buffer back = {0};
    assert_true(file_read(path, 100, &back, &err));
    assert_string_equal(back.bytes, "longer");
    assert_false(file_read(path, 3, &back, &err));
    assert_non_null(strstr(err.text, "larger than"));
    MappedFile file;
    assert_true(mapped_open(path, &file, &err));
    assert_int_equal(file.length, 6);
    mapped_close(&file);
    assert_true(file_write(path, "", 0, &err));
    assert_true(mapped_open(path, &file, &err)); /* an empty file is a file */
    assert_int_equal(file.length, 0);
    mapped_close(&file);
    buffer_free(&back);
    free(path);
}

static void a_new_file_has_the_permissions_of_the_user(void **state)
{
    Folder *folder = *state;
    Error err = {""};
    struct stat info;
    char *path = file_join(folder->path, "a.txt");
    mode_t before = umask(027);
    assert_true(file_write(path, "one", 3, &err));
    umask(before);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(entries(folder->path), 1);
    free(path);
}

static void a_link_stays_a_link(void **state)
{
    Folder *folder = *state;
    Error err = {""};
    struct stat info;
    char *path = file_join(folder->path, "a.txt"), *link = file_join(folder->path, "link");
    assert_true(file_write(path, "old", 3, &err));
    assert_int_equal(symlink("a.txt", link), 0);
    assert_true(file_write(link, "new", 3, &err));
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    Buffer back = {0};
    assert_true(file_read(path, 100, &back, &err));
    assert_string_equal(back.bytes, "new");
    assert_int_equal(entries(folder->path), 2);
    unlink(link);
    buffer_free(&back);
    free(path);
    free(link);
}

/* What an earlier run left beside the target, killed while it wrote, does not stand in the way. */
static void a_leftover_does_not_stand_in_the_way(void **state)
{
    Folder *folder = *state;
    Error err = {""};
    char *path = file_join(folder->path, "a.txt");
    char leftover[128];
    snprintf(leftover, sizeof leftover, "%s.%ld-0", path, (long)getpid());
    assert_true(file_write(leftover, "half", 4, &err));
    assert_true(file_write(path, "whole", 5, &err));
    assert_int_equal(entries(folder->path), 2);
    unlink(leftover);
    free(path);
}

/* A disk that is full in the middle of a write: the old file stays, and nothing else does. */
static void a_write_that_fails_leaves_the_old_file(void **state)
{
    Folder *folder = *state;
    Error err = {""};
    char *path = file_join(folder->path, "a.txt");
    assert_true(file_write(path, "old", 3, &err));
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    char bytes[5000] = {0};
    bool ok = file_write(path, bytes, sizeof bytes, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(ok);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(entries(folder->path), 1);
    Buffer back = {0};
    assert_true(file_read(path, 100, &back, &err));
    assert_string_equal(back.bytes, "old");
    buffer_free(&back);
    free(path);
}

static void what_cannot_be_opened_is_named(void **state)
{
    Folder *folder = *state;
    Error err = {""};
    MappedFile file;
    assert_false(mapped_open("/nowhere/at/all", &file, &err));
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
    assert_false(mapped_open(folder->path, &file, &err));
    assert_non_null(strstr(err.text, "not a regular file"));
    assert_false(file_write("/nowhere/at/all", "x", 1, &err));
    assert_false(file_write(folder->path, "x", 1, &err));
    assert_false(file_write("/proc/self/new", "x", 1, &err)); /* where nobody may write */
    assert_non_null(strstr(err.text, "/proc/self/new can't be written"));
    assert_false(file_write("/dev/full", "x", 1, &err));
    assert_non_null(strstr(err.text, "space"));
    assert_true(file_write("/dev/null", "x", 1, &err));
}

static void folders_are_made_with_those_above(void **state)
{
    Folder *folder = *state;
    Error err = {""};
    char *deep = file_join(folder->path, "one/two/three");
    assert_true(file_make_folder(deep, &err));
    assert_true(file_is_folder(deep));
    assert_true(file_make_folder(deep, &err));
    assert_false(file_make_folder("/dev/null/x", &err));
    assert_false(file_make_folder("", &err));
    assert_true(file_make_folder("/", &err));
    static const char *const parts[] = {"one/two/three", "one/two", "one"};
    for (size_t i = 0; i < COUNTOF(parts); i++) {
        char *path = file_join(folder->path, parts[i]);
        assert_int_equal(rmdir(path), 0);
        free(path);
    }
    free(deep);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

/* ---- No memory ---- */

enum { ASKED = 7 };
static volatile sig_atomic_t asked;

static void take_wish(int number)
{
    (void)number;
    asked = 1;
}

static void *need_too_much(void *data)
{
    (void)data;
    return mem_alloc(SIZE_MAX, 2);
}

/* What a child ends with in which memory runs out on the first or on another thread. */
static int end_of_child(bool on_thread, bool has_handler)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct sigaction wish = {.sa_handler = take_wish};
        pthread_t thread;
        if (has_handler) { sigaction(SIGTERM, &wish, NULL); }
        if (!on_thread) { need_too_much(NULL); }
        if (pthread_create(&thread, NULL, need_too_much, NULL) != 0) { _exit(99); }
        for (;;) { /* the first thread works on */
            if (asked) { _exit(ASKED); }
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status)); /* by no signal */
    return WEXITSTATUS(status);
}

static void a_thread_without_memory_lets_the_first_one_end_the_program(void **state)
{
    (void)state;
    assert_int_equal(end_of_child(false, true), 1);
    assert_int_equal(end_of_child(true, false), 1);
    assert_int_equal(end_of_child(true, true), ASKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_keeps_what_it_gave),
        cmocka_unit_test(sizes_are_multiplied_with_care),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(errors_are_whole_sentences),
        cmocka_unit_test(a_thread_without_memory_lets_the_first_one_end_the_program),
        IN_FOLDER(a_file_is_written_whole_and_keeps_its_permissions),
        IN_FOLDER(a_new_file_has_the_permissions_of_the_user),
        IN_FOLDER(a_link_stays_a_link),
        IN_FOLDER(a_leftover_does_not_stand_in_the_way),
        IN_FOLDER(a_write_that_fails_leaves_the_old_file),
        IN_FOLDER(what_cannot_be_opened_is_named),
        IN_FOLDER(folders_are_made_with_those_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
