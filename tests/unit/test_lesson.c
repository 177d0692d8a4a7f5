/* Lessons as files: what is good is read, what is broken is refused with the number of its line and what was
 * expected, and nothing that a file holds does harm. */
#include "app/lesson.h"
#include "base/base.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int make_file(void **state)
{
    char *path = strdup("/tmp/headlight-test-XXXXXX");
    int fd = mkstemp(path);
    *state = path;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    unlink(*state);
    free(*state);
    return 0;
}

static Lesson *read_bytes(void **state, const char *text, size_t length, Error *err)
{
    assert_true(file_write(*state, text, length, NULL));
    return lesson_read(*state, err);
}

static const char good[] =
    "# comment\nlesson: A title: with a colon\nmodel: headlight-en\n\n"
    "title: One\nnote: First\nnote:   and second.\ntext: It's here: the text.\nview: head\n"
    "head: 0,3\n\n\n# between\n  title: Two\r\ntoken: it\r\ndo: words words\n\nlayer: 2\ndo: top:k "
    "1";

static void a_good_lesson_is_read(void **state)
{
    Error err = {""};
    Lesson *lesson = read_bytes(state, good, strlen(good), &err);
    assert_string_equal(err.text, "");
    assert_string_equal(lesson->title, "A title: with a colon");
    assert_int_equal(lesson->count, 3);
    assert_string_equal(lesson->steps[0].note, "First and second.");
    assert_int_equal(lesson->steps[0].line_count, 4); /* the model too */
    assert_string_equal(lesson->steps[1].title, "Two");
    assert_string_equal(lesson->steps[2].title, "");
    assert_int_equal(lesson->steps[1].lines[0].line, 15);
    lesson_free(lesson);
}

static void steps_keep_what_was_said_before(void **state)
{
    Error err = {""};
    Arena arena = {0};
    Lesson *lesson = read_bytes(state, good, strlen(good), &err);
    LessonLine *lines = arena_alloc(&arena, (size_t)lesson_most_lines(lesson), sizeof *lines);
    static const char *const wanted[] = {"model:open headlight-en",
                                         "text:set It's here: the text.",
                                         "view:set head",
                                         "layer:set 2",
                                         "head:set 0,3",
                                         "pin:word it",
                                         "words words",
                                         "top:k 1"};
    int count = lesson_lines_at(lesson, 2, lines);
    assert_int_equal(count, COUNTOF(wanted));
    for (int i = 0; i < count; i++) {
        assert_string_equal(lesson_command(&lines[i], &arena), wanted[i]);
    }
    assert_int_equal(lesson_lines_at(lesson, 0, lines), 4);
    assert_int_equal(lesson_lines_at(lesson, 99, lines), count);
    arena_free(&arena);
    lesson_free(lesson);
}

static void broken_lessons_name_the_line(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "a lesson needs at least one step"},
        {"text: hello\n", "line 1: expected \"lesson:\" or \"model:\""},
        {"model: x\n\ntext: a\n", "line 2: expected \"lesson: TITLE\""},
        {"lesson: a\n", "at least one step"},
        {"lesson:\n\ntext: a\n", "line 1: expected the lesson's title"},
        {"lesson: a\ntext: b\n", "line 2: expected \"lesson:\" or \"model:\", and a blank line"},
        {"lesson: a\n\ntext a\n", "line 3: expected a key and a colon"},
        {"lesson: a\n\nwhat: a\n", "line 3: expected title, note, text"},
        {"lesson: a\n\ntext:\n", "line 3: expected something behind the colon"},
        {"lesson: a\n\ntext: x\nview: nosuch\n", "line 4: expected the name of a view"},
        {"lesson: a\n\nlayer: two\n", "line 3: expected the number of a layer, not \"two\""},
        {"lesson: a\n\nhead: 1-2\n", "line 3: expected heads like 3 or 0,5, or all"},
        {"lesson: a\n\ndo: nosuch 1\n", "line 3: expected a command"},
        {"lesson: a\n\nlesson: b\n", "line 3: a lesson is named once"},
        {"lesson: a\n\ntext: \xFF\n", "not UTF-8"},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        Error err = {""};
        Lesson *lesson = read_bytes(state, cases[i].text, strlen(cases[i].text), &err);
        if (lesson != NULL || strstr(err.text, cases[i].sentence) == NULL) {
            print_error("case %zu: \"%s\" is not in: %s\n", i, cases[i].sentence, err.text);
        }
        assert_null(lesson);
        assert_non_null(strstr(err.text, cases[i].sentence));
    }
    Error err = {""};
    assert_null(read_bytes(state, "lesson: a\0\n\ntext: b", 19, &err));
    assert_non_null(strstr(err.text, "not UTF-8"));
}

static void there_are_limits(void **state)
{
    Error err = {""};
    Buffer text = {0};
    buffer_add_string(&text, "lesson: many\n");
    for (int i = 0; i < 500; i++) { buffer_format(&text, "\ntitle: %d\n", i); }
    Lesson *lesson = read_bytes(state, text.bytes, text.length, &err);
    assert_int_equal(lesson->count, 500);
    lesson_free(lesson);
    buffer_add_string(&text, "\ntitle: one more\n");
    assert_null(read_bytes(state, text.bytes, text.length, &err));
    assert_non_null(strstr(err.text, "at most 500 steps"));
    buffer_clear(&text);
    buffer_add_string(&text, "lesson: long\n\n");
    for (int i = 0; i < 65; i++) { buffer_add_string(&text, "do: words words\n"); }
    assert_null(read_bytes(state, text.bytes, text.length, &err));
    assert_non_null(strstr(err.text, "line 67: too many lines"));
    buffer_free(&text);
}

/* Cut off or changed anywhere, a lesson is read or refused, and nothing else happens. */
static void damaged_lessons_do_no_harm(void **state)
{
    char bytes[sizeof good];
    unsigned seed = 7;
    for (size_t length = 0; length < sizeof good; length++) {
        lesson_free(read_bytes(state, good, length, NULL));
    }
    for (int round = 0; round < 400; round++) {
        memcpy(bytes, good, sizeof good);
        for (int i = 0; i < 4; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[(seed >> 8) % (sizeof good - 1)] = (char)(seed >> 24);
        }
        lesson_free(read_bytes(state, bytes, sizeof good - 1, NULL));
    }
}

static void what_is_written_is_read_again(void **state)
{
    Error err = {""};
    Buffer out = {0};
    lesson_write_line(&out, "lesson", "One\nline");
    buffer_add_string(&out, "\n");
    lesson_write_line(&out, "text", "caf\xC3\xA9: it's");
    lesson_write_line(&out, "pair", "");
    lesson_write_line(&out, "pair", NULL);
    Lesson *lesson = read_bytes(state, out.bytes, out.length, &err);
    assert_string_equal(lesson->title, "One line");
    assert_int_equal(lesson->steps[0].line_count, 1);
    assert_string_equal(lesson->steps[0].lines[0].value, "caf\xC3\xA9: it's");
    lesson_free(lesson);
    buffer_free(&out);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_file, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_lesson_is_read),        TEST(steps_keep_what_was_said_before),
        TEST(broken_lessons_name_the_line), TEST(there_are_limits),
        TEST(damaged_lessons_do_no_harm),   TEST(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests_name("lesson", tests, NULL, NULL);
}
