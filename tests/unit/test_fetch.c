/* What may be asked for, what the server may name, and what of its headers is believed. */
#include "app/fetch_parts.h"
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONGEST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* half of it */

static void names_of_models(void **state)
{
    (void)state;
    static const char *const good[] = {"a/b", "ann/tiny-bert_2.0", "A1/_", LONGEST LONGEST "/b"};
    static const char *const bad[] = {
        "",
        "/",
        "a",
        "a/",
        "/b",
        "a/b/c",
        "../b",
        "a/..",
        "a/.b",
        ".a/b",
        "a/b.",
        "-a/b",
        "a/b-",
        "a--c/b",
        "a/b..c",
        "a/b c",
        "a/b?c",
        "a/b%2e",
        "a/b\\c",
        "a/\xc3\xa4",
        "a/b\n",
        "https://a/b",
        LONGEST LONGEST "a/b",
    };
    for (size_t i = 0; i < COUNTOF(good); i++) {
        if (!fetch_is_model_name(good[i])) { fail_msg("%s is good", good[i]); }
    }
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        if (fetch_is_model_name(bad[i])) { fail_msg("%s is bad", bad[i]); }
    }
}

static void names_of_revisions(void **state)
{
    (void)state;
    static const char *const good[] = {"main", "v1.0", "refs/pr/1", "0123abc"};
    static const char *const bad[] = {"",  "/",      "a/",   "/a",  "-a",
                                      ".", "a/../b", "a//b", "a b", "a?b"};
    for (size_t i = 0; i < COUNTOF(good); i++) { assert_true(fetch_is_revision(good[i])); }
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        if (fetch_is_revision(bad[i])) { fail_msg("%s is bad", bad[i]); }
    }
}

static void names_of_shards(void **state)
{
    (void)state;
    static const char *const good[] = {"model-00001-of-00002.safetensors", "a.safetensors"};
    static const char *const bad[] = {
        "",
        ".safetensors",
        "../a.safetensors",
        "a/b.safetensors",
        "/a.safetensors",
        "a.json",
        ".a.safetensors",
        "a.safetensors.part",
        "a\\b.safetensors",
        "a .safetensors",
        LONGEST LONGEST ".safetensors",
    };
    for (size_t i = 0; i < COUNTOF(good); i++) { assert_true(fetch_is_shard_name(good[i])); }
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        if (fetch_is_shard_name(bad[i])) { fail_msg("%s is bad", bad[i]); }
    }
}

static void addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"https://host", "http://127.0.0.1:80/", "https://h/a/b",
                                       "http://[::1]:80"};
    static const char *const bad[] = {"",
                                      "host",
                                      "ftp://h",
                                      "https://",
                                      "https:///",
                                      "https://me@host",
                                      "https://h?a",
                                      "https://h#a",
                                      "file:///a",
                                      "https://h/../a",
                                      "https://h a",
                                      "https://h\n"};
    for (size_t i = 0; i < COUNTOF(good); i++) { assert_true(fetch_is_endpoint(good[i])); }
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        if (fetch_is_endpoint(bad[i])) { fail_msg("%s is bad", bad[i]); }
    }
    assert_true(fetch_is_loopback("http://127.0.0.1"));
    assert_true(fetch_is_loopback("http://localhost:80/a"));
    assert_true(fetch_is_loopback("http://[::1]:80"));
    assert_false(fetch_is_loopback("http://127.0.0.1.host"));
    assert_false(fetch_is_loopback("http://localhost-host"));
    assert_false(fetch_is_loopback("http://host"));

    FetchJob job = {.model = "ann/tiny", .endpoint = "http://host:1//"};
    char *address = fetch_address(&job, "refs/pr/1", "config.json");
    assert_string_equal(address, "http://host:1/ann/tiny/resolve/refs%2Fpr%2F1/config.json");
    free(address);
    char *folder = fetch_folder_name("ann/tiny");
    assert_string_equal(folder, "ann--tiny");
    free(folder);
}

static void jobs_are_checked(void **state)
{
    (void)state;
    Error err = {""};
    FetchJob job = {.model = "ann/tiny"};
    assert_true(fetch_check(&job, &err)); /* the usual server, main, no token */
    job.token = "a b";
    assert_false(fetch_check(&job, &err));
    job.token = "a\r\nX: y";
    assert_false(fetch_check(&job, &err));
    job.token = "";
    assert_false(fetch_check(&job, &err));
    job.token = "hf_abc";
    assert_true(fetch_check(&job, &err));
    job.revision = "..";
    assert_false(fetch_check(&job, &err));
}

static FetchHeaders take(const char *const *lines)
{
    FetchHeaders headers;
    fetch_headers_init(&headers);
    for (; *lines != NULL; lines++) {
        /* On the heap and without its end, so that a sanitizer sees a step too far. */
        size_t length = strlen(*lines);
        char *line = malloc(length + 1);
        memcpy(line, *lines, length);
        line = realloc(line, length > 0 ? length : 1);
        assert_true(fetch_headers_take(&headers, line, length));
        free(line);
    }
    return headers;
}

#define TAKE(...) take((const char *const[]){__VA_ARGS__, NULL})

static void headers_are_read(void **state)
{
    (void)state;
    FetchHeaders headers =
        TAKE("HTTP/1.1 302 Found\r\n", "x-linked-etag: \"abc\"\r\n", "X-Linked-Size:  42 \r\n",
             "ETag: \"first\"\r\n", "X-Repo-Commit: 0123456789abcdef0123456789abcdef01234567\r\n",
             "\r\n", "HTTP/2 206\r\n", "content-range: bytes 5-9/10\r\n", "etag: W/\"second\"\r\n");
    assert_string_equal(headers.linked, "abc");
    assert_string_equal(headers.etag, "second");
    assert_string_equal(headers.commit, "0123456789abcdef0123456789abcdef01234567");
    assert_int_equal(headers.linked_size, 42);
    assert_int_equal(headers.range_first, 5);
    assert_int_equal(headers.range_last, 9);
    assert_int_equal(headers.range_total, 10);
    headers = TAKE("Content-Range: bytes */10\r\n");
    assert_int_equal(headers.range_first, -1);
    assert_int_equal(headers.range_total, 10);
    headers = TAKE("Content-Range: bytes 5-9/10\r\n", "HTTP/1.1 200 OK\r\n");
    assert_int_equal(headers.range_first, -1); /* of an answer on the way */
    assert_int_equal(headers.range_total, -1);
}

static void bad_headers_say_nothing(void **state)
{
    (void)state;
    static const char *const ranges[] = {
        "bytes",
        "bytes ",
        "bytes -",
        "bytes 5",
        "bytes 5-",
        "bytes 5-9",
        "bytes 9-5/10",
        "bytes 5-10/10",
        "bytes 5-9/x",
        "bytes -5-9/10",
        "bytes 5-9/10x",
        "bytes  5-9/10",
        "bytes 5-9/99999999999999999999999",
        "bytes 99999999999999999999-9/10",
        "lines 5-9/10",
    };
    for (size_t i = 0; i < COUNTOF(ranges); i++) {
        char line[128];
        snprintf(line, sizeof line, "Content-Range: %s\r\n", ranges[i]);
        FetchHeaders headers = TAKE(line);
        if (headers.range_total != -1 && headers.range_first != -1) {
            fail_msg("\"%s\" is no range", ranges[i]);
        }
    }
    static const char *const sizes[] = {
        "", "-1", "+1", "1e9", "0x10", "1 2", "1000000000000000000"};
    for (size_t i = 0; i < COUNTOF(sizes); i++) {
        char line[128];
        snprintf(line, sizeof line, "X-Linked-Size: %s\r\n", sizes[i]);
        FetchHeaders headers = TAKE(line);
        if (headers.linked_size != -1) { fail_msg("\"%s\" is no size", sizes[i]); }
    }
    FetchHeaders headers = TAKE("ETag: \"\r\n", "X-Linked-ETag: \"a b\"\r\n",
                                "X-Repo-Commit: 12\r\n", "", "\r\n", ":", "ETag", "W/");
    assert_string_equal(headers.linked, "");
    assert_string_equal(headers.commit, "");
    char line[4096];
    memset(line, 'a', sizeof line);
    memcpy(line, "ETag: ", 6);
    assert_true(fetch_headers_take(&headers, line, sizeof line));
    assert_string_equal(headers.etag, ""); /* longer than any */
    bool taken = true;
    for (int i = 0; i < 10000 && taken; i++) {
        taken = fetch_headers_take(&headers, "a: b\r\n", 6);
    }
    assert_false(taken);
}

static bool go_on(void *context, long long done)
{
    (void)done;
    return *(bool *)context;
}

static void hashes_are_right(void **state)
{
    (void)state;
    char hex[FETCH_SHA256 + 1] = "";
    Error err = {""};
    bool going = true;
    assert_true(fetch_sha256("/dev/null", hex, go_on, &going, &err));
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_false(fetch_sha256("/nowhere", hex, go_on, &going, &err));
    assert_non_null(strstr(err.text, "/nowhere"));
    err.text[0] = '\0';
    going = false;
    assert_false(fetch_sha256("README.md", hex, go_on, &going, &err));
    assert_string_equal(err.text, ""); /* who cancelled knows why */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_models),         cmocka_unit_test(names_of_revisions),
        cmocka_unit_test(names_of_shards),         cmocka_unit_test(addresses),
        cmocka_unit_test(jobs_are_checked),        cmocka_unit_test(headers_are_read),
        cmocka_unit_test(bad_headers_say_nothing), cmocka_unit_test(hashes_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
