/* Tokens and ids against those of the reference tokenizer, in the files golden/wordpiece-*.jsonl
 * beside the project (HEADLIGHT_SHARED, else ../shared). Without them this test says so and is
 * skipped; tests/unit/test_tokenizer.c always runs. */
#include "base/file.h"
#include "base/unicode.h"
#include "text/tokenizer.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CASES = 1372 };

static char *shared_path(const char *name)
{
    const char *shared = getenv("HEADLIGHT_SHARED");
    char *path = file_join(shared != NULL ? shared : "../shared", name);
    if (!file_exists(path)) {
        print_message("SKIPPED: there is no %s (set HEADLIGHT_SHARED).\n", path);
        free(path);
        skip();
    }
    return path;
}

/* cJSON ends a string at a NUL; the clean-up drops it anyway, so it is dropped before. */
static void drop_nul(char *line)
{
    for (char *at; (at = strstr(line, "\\u0000")) != NULL;) {
        memmove(at, at + 6, strlen(at + 6) + 1);
    }
}

static bool agrees(const Encoding *encoding, const cJSON *tokens, const cJSON *ids)
{
    if (encoding->count != cJSON_GetArraySize(ids)) { return false; }
    const cJSON *piece = tokens->child, *id = ids->child;
    for (int i = 0; i < encoding->count; i++, piece = piece->next, id = id->next) {
        const Token *token = &encoding->tokens[i];
        if (token->id != id->valueint || strcmp(token->piece, piece->valuestring) != 0) {
            return false;
        }
    }
    return true;
}

/* Every place lies within the text, between characters, and not before that of the last one. */
static bool places_hold(const Encoding *encoding)
{
    const char *text = encoding->text[0];
    int last = 0;
    for (int i = 0; i < encoding->count; i++) {
        const Token *token = &encoding->tokens[i];
        if (token->start < last || token->end <= token->start ||
            (size_t)token->end > strlen(text) || (text[token->start] & 0xC0) == 0x80 ||
            (text[token->end] & 0xC0) == 0x80) {
            return false;
        }
        last = token->start;
    }
    return true;
}

static void check_file(Tokenizer *tokenizer, const char *path)
{
    FILE *stream = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    int cases = 0, wrong = 0;
    assert_non_null(tokenizer);
    assert_non_null(stream);
    while (getline(&line, &size, stream) > 0) {
        drop_nul(line);
        cJSON *json = cJSON_Parse(line);
        const char *text = cJSON_GetObjectItemCaseSensitive(json, "text")->valuestring;
        Encoding *encoding = tokenizer_encode_plain(tokenizer, text);
        if (!agrees(encoding, cJSON_GetObjectItemCaseSensitive(json, "tokens"),
                    cJSON_GetObjectItemCaseSensitive(json, "ids")) ||
            !places_hold(encoding)) {
            if (wrong++ < 5) { print_error("disagrees: %s", line); }
        }
        encoding_free(encoding);
        cJSON_Delete(json);
        cases++;
    }
    free(line);
    fclose(stream);
    tokenizer_free(tokenizer);
    assert_int_equal(cases, CASES);
    assert_int_equal(wrong, 0);
}

static void uncased_from_vocab_txt(void **state)
{
    (void)state;
    Error err = {""};
    char *golden = shared_path("golden/wordpiece-bert-base-uncased.jsonl");
    char *vocab = shared_path("golden/vocab/bert-base-uncased.txt");
    check_file(tokenizer_open_file(vocab, &err), golden);
    free(golden);
    free(vocab);
}

static void uncased_from_tokenizer_json(void **state)
{
    (void)state;
    Error err = {""};
    char *golden = shared_path("golden/wordpiece-bert-base-uncased.jsonl");
    char *json = shared_path("golden/vocab/bert-base-uncased.tokenizer.json");
    check_file(tokenizer_open_file(json, &err), golden);
    free(golden);
    free(json);
}

/* The Chinese model keeps capitals and accents, which its tokenizer_config.json says. */
static void chinese_is_cased(void **state)
{
    (void)state;
    Error err = {""};
    char *golden = shared_path("golden/wordpiece-bert-base-chinese.jsonl");
    char *vocab = shared_path("golden/vocab/bert-base-chinese.txt");
    char folder[] = "/tmp/headlight-test.XXXXXX";
    assert_non_null(mkdtemp(folder));
    Buffer bytes = {0};
    assert_true(file_read(vocab, 1 << 24, &bytes, &err));
    char *copy = file_join(folder, "vocab.txt"),
         *config = file_join(folder, "tokenizer_config.json");
    static const char settings[] = "{\"do_lower_case\": false}";
    assert_true(file_write(copy, bytes.bytes, bytes.length, &err));
    assert_true(file_write(config, settings, sizeof settings - 1, &err));
    check_file(tokenizer_open(folder, &err), golden);
    remove(copy);
    remove(config);
    remove(folder);
    buffer_free(&bytes);
    free(copy);
    free(config);
    free(golden);
    free(vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uncased_from_vocab_txt),
        cmocka_unit_test(uncased_from_tokenizer_json),
        cmocka_unit_test(chinese_is_cased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
