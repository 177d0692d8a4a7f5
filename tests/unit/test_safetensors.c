/* Tensor files: what is written is read again, and every lie in a header is found. */
#include "base/base.h"
#include "base/file.h"
#include "model/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/headlight-test-XXXXXX");
    *state = mkdtemp(folder);
    return *state == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"a.safetensors", "b.safetensors", "model.safetensors",
                                        "model.safetensors.index.json", "pytorch_model.bin"};
    for (size_t i = 0; i < COUNTOF(names); i++) {
        char *path = file_join(*state, names[i]);
        unlink(path);
        free(path);
    }
    int left = rmdir(*state);
    free(*state);
    return left;
}

/* folder/name with the header `json` and `data_length` bytes of data; `claimed` is the length
 * of the header as the file tells it, or -1 for the true one. */
static char *write_file(const char *folder, const char *name, const char *json, size_t data_length,
                        long long claimed)
{
    Buffer out = {0};
    uint64_t length = claimed >= 0 ? (uint64_t)claimed : strlen(json);
    buffer_add(&out, &length, sizeof length);
    buffer_add_string(&out, json);
    for (size_t i = 0; i < data_length; i++) { buffer_add(&out, "\0", 1); }
    char *path = file_join(folder, name);
    assert_true(file_write(path, out.bytes, out.length, NULL));
    buffer_free(&out);
    return path;
}

/* The file must be refused with a sentence that has `part` in it. */
static void refuse(void **state, const char *json, size_t data_length, long long claimed,
                   const char *part)
{
    Error err = {""};
    char *path = write_file(*state, "a.safetensors", json, data_length, claimed);
    Safetensors *file = safetensors_open(path, &err);
    assert_null(file);
    if (strstr(err.text, part) == NULL) { fail_msg("\"%s\" is not in: %s", part, err.text); }
    assert_non_null(strstr(err.text, path));
    assert_int_equal(err.text[strlen(err.text) - 1], '.');
    free(path);
}

static void test_round_trip(void **state)
{
    static const float matrix[6] = {1, -2, 3.5f, 0, 1e-30f, 7};
    static const uint16_t halves[2] = {0x3C00, 0xC000};
    const SafeTensor tensors[] = {
        {.name = "z \"quoted\"",
         .type = SAFE_F32,
         .rank = 2,
         .shape = {2, 3},
         .bytes = (const unsigned char *)matrix,
         .length = sizeof matrix},
        {.name = "a",
         .type = SAFE_F16,
         .rank = 1,
         .shape = {2},
         .bytes = (const unsigned char *)halves,
         .length = sizeof halves},
        {.name = "empty",
         .type = SAFE_F32,
         .rank = 2,
         .shape = {0, 3},
         .bytes = (const unsigned char *)"",
         .length = 0},
    };
    const SafeMetadata metadata[] = {{"text", "It\n\"is\" \xC3\xA9"}, {"pair", NULL}, {"x", ""}};
    Buffer out = {0};
    safetensors_write(tensors, COUNTOF(tensors), metadata, COUNTOF(metadata), &out);
    char *path = file_join(*state, "a.safetensors");
    assert_true(file_write(path, out.bytes, out.length, NULL));

    Error err = {""};
    Safetensors *file = safetensors_open(path, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(safetensors_count(file), 3);
    assert_string_equal(safetensors_at(file, 0)->name, "a");
    assert_null(safetensors_at(file, 3));
    assert_null(safetensors_find(file, "b"));
    const SafeTensor *found = safetensors_find(file, "z \"quoted\"");
    char shape[SAFETENSORS_SHAPE_TEXT];
    assert_string_equal(safetensors_shape_text(found, shape), "[2, 3]");
    assert_int_equal(found->count, 6);
    assert_memory_equal(safetensors_floats(found), matrix, sizeof matrix);
    assert_null(safetensors_floats(safetensors_find(file, "a")));
    float widened[2];
    safetensors_to_floats(safetensors_find(file, "a"), widened);
    assert_true(widened[0] == 1 && widened[1] == -2);
    assert_int_equal(safetensors_find(file, "empty")->count, 0);
    assert_string_equal(safetensors_metadata(file, "text"), "It\n\"is\" \xC3\xA9");
    assert_string_equal(safetensors_metadata(file, "x"), "");
    assert_null(safetensors_metadata(file, "pair"));
    safetensors_free(file);
    free(path);
    buffer_free(&out);
}

/* Every half-precision number against the definition, and bfloat16 and double. */
static void test_conversions(void **state)
{
    (void)state;
    uint16_t halves[65536];
    float *floats = malloc(sizeof *floats * 65536);
    for (int i = 0; i < 65536; i++) { halves[i] = (uint16_t)i; }
    SafeTensor tensor = {.type = SAFE_F16, .count = 65536, .bytes = (const unsigned char *)halves};
    safetensors_to_floats(&tensor, floats);
    for (int i = 0; i < 65536; i++) {
        int exponent = i >> 10 & 31, fraction = i & 1023;
        double size = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
        if (exponent == 31 && fraction != 0) {
            assert_true(isnan(floats[i]));
        } else {
            size = exponent == 31 ? HUGE_VAL : size;
            assert_true((double)floats[i] == (i >> 15 ? -size : size));
        }
    }
    tensor.type = SAFE_BF16;
    safetensors_to_floats(&tensor, floats);
    assert_true(floats[0x3F80] == 1 && floats[0xC040] == -3 && isnan(floats[0x7FC0]));
    const double doubles[2] = {0.5, -1e300};
    tensor = (SafeTensor){.type = SAFE_F64, .count = 2, .bytes = (const unsigned char *)doubles};
    safetensors_to_floats(&tensor, floats);
    assert_true(floats[0] == 0.5f && isinf(floats[1]));
    free(floats);
}

/* A header whose length is odd leaves the data unaligned: readable, but not in place. */
static void test_unaligned(void **state)
{
    const char *json = "{ \"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    char *path = write_file(*state, "a.safetensors", json, 8, -1);
    assert_int_not_equal(strlen(json) % 4, 0);
    Safetensors *file = safetensors_open(path, NULL);
    const SafeTensor *tensor = safetensors_find(file, "a");
    float floats[2] = {1, 1};
    assert_null(safetensors_floats(tensor));
    safetensors_to_floats(tensor, floats);
    assert_true(floats[0] == 0 && floats[1] == 0);
    safetensors_free(file);
    free(path);
}

#define ONE(type, shape, offsets) \
    "{\"a\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second)                                                \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first "}," \
    "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"

static void test_bad_length(void **state)
{
    refuse(state, "{}", 0, 3, "header would take 3 bytes");
    refuse(state, "{}", 0, 1ll << 40, "cut off");
    refuse(state, "{}", 0, 0x7FFFFFFFFFFFFFFFll, "cut off");
    refuse(state, "{}", 0, 0, "broken header");
    refuse(state, "", 0, -1, "broken header");
    refuse(state, "[1]", 0, -1, "broken header");
    refuse(state, "{\"a\":", 0, -1, "broken header");
    refuse(state, "{} x", 0, -1, "broken header");
    refuse(state, "{\"\xFF\":{}}", 0, -1, "broken header");
    Error err = {""};
    char *path = file_join(*state, "a.safetensors");
    assert_true(file_write(path, "abc", 3, NULL));
    assert_null(safetensors_open(path, &err));
    assert_non_null(strstr(err.text, "only 3 bytes"));
    assert_true(file_write(path, "", 0, NULL));
    assert_null(safetensors_open(path, &err));
    const char *lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n";
    assert_true(file_write(path, lfs, strlen(lfs), NULL));
    assert_null(safetensors_open(path, &err));
    assert_non_null(strstr(err.text, "git lfs pull"));
    unlink(path);
    assert_null(safetensors_open(path, &err));
    assert_non_null(strstr(err.text, path));
    free(path);
}

static void test_bad_tensors(void **state)
{
    refuse(state, ONE("F32", "[2]", "[0,8]"), 4, -1, "would end at byte 8");
    refuse(state, ONE("F32", "[2]", "[0,4]"), 4, -1, "does not fit its shape [2]");
    refuse(state, ONE("F32", "[-1]", "[0,4]"), 4, -1, "no usable shape");
    refuse(state, ONE("F32", "[1.5]", "[0,4]"), 4, -1, "no usable shape");
    refuse(state, ONE("F32", "\"1\"", "[0,4]"), 4, -1, "no usable shape");
    refuse(state, ONE("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, -1, "no usable shape");
    refuse(state, ONE("F32", "[9007199254740992,9007199254740992]", "[0,0]"), 0, -1,
           "usable shape");
    refuse(state, ONE("F64", "[4611686018427387904]", "[0,0]"), 0, -1, "usable shape");
    refuse(state, ONE("F64", "[2305843009213693,4096]", "[0,0]"), 0, -1, "does not fit");
    refuse(state, ONE("F32", "[1]", "[4,0]"), 4, -1, "no usable place");
    refuse(state, ONE("F32", "[1]", "[0]"), 4, -1, "no usable place");
    refuse(state, ONE("F32", "[1]", "[-4,0]"), 4, -1, "no usable place");
    refuse(state, ONE("F32", "[1]", "[1e300,1e301]"), 4, -1, "no usable place");
    refuse(state, ONE("Q4", "[1]", "[0,4]"), 4, -1, "type that is not known here (Q4)");
    refuse(state, "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, -1, "(none)");
    refuse(state, "{\"a\":7}", 0, -1, "type that is not known");
    refuse(state, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, -1, "no usable place");
    refuse(state, "{\"__metadata__\":{\"a\":1}}", 0, -1, "must hold strings");
    refuse(state, "{\"__metadata__\":[\"a\"]}", 0, -1, "must hold strings");
}

static void test_bad_places(void **state)
{
    refuse(state, TWO("[0,4]", "[2,6]"), 6, -1, "overlaps");
    refuse(state, TWO("[0,4]", "[0,4]"), 4, -1, "overlaps");
    refuse(state, TWO("[0,4]", "[5,9]"), 9, -1, "gap");
    refuse(state, TWO("[0,4]", "[4,8]"), 12, -1, "use only 8");
    refuse(state,
           "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
           "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
           2, -1, "twice");
}

/* The folder must be refused with a sentence that has `part` in it. */
static void refuse_folder(void **state, const char *index, const char *part)
{
    Error err = {""};
    char *path = file_join(*state, "model.safetensors.index.json");
    assert_true(file_write(path, index, strlen(index), NULL));
    assert_null(safetensors_open_folder(*state, &err));
    if (strstr(err.text, part) == NULL) { fail_msg("\"%s\" is not in: %s", part, err.text); }
    free(path);
}

static void test_folder(void **state)
{
    Error err = {""};
    assert_null(safetensors_open_folder(*state, &err));
    assert_non_null(strstr(err.text, "has no weights"));
    char *pickle = file_join(*state, "pytorch_model.bin");
    assert_true(file_write(pickle, "x", 1, NULL));
    assert_null(safetensors_open_folder(*state, &err));
    assert_non_null(strstr(err.text, "pytorch_model.bin"));
    free(pickle);

    free(write_file(*state, "a.safetensors", ONE("U8", "[1]", "[0,1]"), 1, -1));
    free(write_file(*state, "b.safetensors",
                    "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, -1));
    refuse_folder(state, "", "weight_map");
    refuse_folder(state, "{\"weight_map\":{}}", "weight_map");
    refuse_folder(state, "{\"weight_map\":[]}", "weight_map");
    refuse_folder(state, "{\"weight_map\":{\"a\":1}}", "name of a file");
    refuse_folder(state, "{\"weight_map\":{\"a\":\"../a.safetensors\"}}", "name of a file");
    refuse_folder(state, "{\"weight_map\":{\"a\":\"..\"}}", "name of a file");
    refuse_folder(state, "{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "name of a file");
    refuse_folder(state, "{\"weight_map\":{\"a\":\"\"}}", "name of a file");
    refuse_folder(state, "{\"weight_map\":{\"a\":\"c.safetensors\"}}", "c.safetensors");
    refuse_folder(state, "{\"weight_map\":{\"a\":\"b.safetensors\"}}", "but it is not");
    refuse_folder(state, "{\"weight_map\":{\"a\":\"a.safetensors\",\"b\":\"a.safetensors\"}}",
                  "but it is not");

    char *index = file_join(*state, "model.safetensors.index.json");
    const char *good = "{\"weight_map\":{\"a\":\"a.safetensors\",\"b\":\"b.safetensors\"}}";
    assert_true(file_write(index, good, strlen(good), NULL));
    Safetensors *file = safetensors_open_folder(*state, &err);
    assert_non_null(file);
    assert_int_equal(safetensors_count(file), 2);
    assert_non_null(strstr(safetensors_find(file, "b")->file, "/b.safetensors"));
    safetensors_free(file);

    free(write_file(*state, "b.safetensors", ONE("U8", "[1]", "[0,1]"), 1, -1));
    assert_null(safetensors_open_folder(*state, &err));
    assert_non_null(strstr(err.text, "twice"));
    free(index);

    free(write_file(*state, "model.safetensors", ONE("U8", "[1]", "[0,1]"), 1, -1));
    file = safetensors_open_folder(*state, &err);
    assert_int_equal(safetensors_count(file), 1); /* a single file goes before an index */
    safetensors_free(file);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),  cmocka_unit_test(test_conversions),
        TEST(test_unaligned),   TEST(test_bad_length),
        TEST(test_bad_tensors), TEST(test_bad_places),
        TEST(test_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
