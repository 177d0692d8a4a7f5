/* Byte-level BPE and Unigram against a plain implementation of their papers' rules (make_tokenizers.py), to
 * the id; templates; places; hostile files. */
#include "base/base.h"
#include "base/file.h"
#include "text/tokenizer.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DATA "tests/data/tokenizers/"

static Tokenizer *open_good(const char *folder)
{
    Error err = {""};
    Tokenizer *tokenizer = tokenizer_open(folder, &err);
    assert_string_equal(err.text, "");
    return tokenizer;
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

/* Within the text, between characters, never back. */
static bool places_hold(const Encoding *encoding)
{
    const char *text = encoding->text[0];
    int last = 0;
    for (int i = 0; i < encoding->count; i++) {
        const Token *token = &encoding->tokens[i];
        if (token->start < last || token->end < token->start || (size_t)token->end > strlen(text) ||
            (text[token->start] & 0xC0) == 0x80 || (text[token->end] & 0xC0) == 0x80) {
            return false;
        }
        last = token->start;
    }
    return true;
}

static void check_folder(const char *folder)
{
    char path[128];
    snprintf(path, sizeof path, "%s/expected.jsonl", folder);
    Tokenizer *tokenizer = open_good(folder);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    char *line = NULL;
    size_t size = 0;
    int cases = 0, wrong = 0;
    while (getline(&line, &size, stream) > 0) {
        cJSON *json = cJSON_Parse(line);
        Encoding *encoding =
            tokenizer_encode_plain(tokenizer, cJSON_GetObjectItem(json, "text")->valuestring);
        bool same =
            agrees(encoding, cJSON_GetObjectItem(json, "tokens"), cJSON_GetObjectItem(json, "ids"));
        bool placed = places_hold(encoding);
        if ((!same || !placed) && wrong++ < 6) {
            print_error("%s%s: %s  got:", same ? "" : "pieces ", placed ? "" : "places", line);
            for (int i = 0; i < encoding->count; i++) {
                print_error(" %s(%d-%d)", encoding->tokens[i].piece, encoding->tokens[i].start,
                            encoding->tokens[i].end);
            }
            print_error("\n");
        }
        encoding_free(encoding);
        cJSON_Delete(json);
        cases++;
    }
    free(line);
    fclose(stream);
    tokenizer_free(tokenizer);
    assert_true(cases > 50);
    assert_int_equal(wrong, 0);
}

static void byte_level_bpe(void **state)
{
    (void)state;
    check_folder(DATA "bpe");
    check_folder(DATA "bpe-old");
}

static void unigram(void **state)
{
    (void)state;
    check_folder(DATA "unigram");
}

static void pairs_have_two_separators(void **state)
{
    (void)state;
    static const char *const folders[] = {DATA "bpe", DATA "unigram"};
    for (size_t f = 0; f < COUNTOF(folders); f++) {
        Tokenizer *tokenizer = open_good(folders[f]);
        Encoding *e = tokenizer_encode(tokenizer, "the", "lamp <mask>", 64);
        int marks = 0, sides[2] = {0, 0};
        for (int i = 0; i < e->count; i++) {
            marks += e->tokens[i].special;
            sides[e->tokens[i].side]++;
        }
        assert_string_equal(e->tokens[0].piece, "<s>");
        assert_string_equal(e->tokens[e->count - 1].piece, "</s>");
        assert_int_equal(marks, 4);
        assert_true(sides[0] >= 4 && sides[1] >= 3);
        assert_true(tokenizer_mask_id(tokenizer) >= 0);
        assert_string_equal(tokenizer_piece(tokenizer, tokenizer_mask_id(tokenizer)), "<mask>");
        encoding_free(e);
        /* Cut to what the model has room for, with its marks. */
        e = tokenizer_encode(tokenizer, "the lamp the lamp the lamp", "the lamp", 9);
        assert_int_equal(e->count, 9);
        assert_true(e->cut > 0);
        encoding_free(e);
        for (int room = 0; room < 5; room++) {
            encoding_free(tokenizer_encode(tokenizer, "a", "b", room));
        }
        tokenizer_free(tokenizer);
    }
}

static void words_and_places(void **state)
{
    (void)state;
    Tokenizer *tokenizer = open_good(DATA "bpe");
    const char *text = "  the lighthouse's caf\xC3\xA9, 1874";
    Encoding *e = tokenizer_encode_plain(tokenizer, text);
    int last = -1;
    char together[200] = "";
    for (int i = 0; i < e->count; i++) {
        const Token *t = &e->tokens[i];
        assert_true(t->word >= last);
        last = t->word;
        strncat(together, text + t->start, (size_t)(t->end - t->start));
    }
    assert_non_null(strstr(together, "thelighthouse'scaf"));
    assert_true(last >= 4 && last <= 8);
    encoding_free(e);
    tokenizer_free(tokenizer);
}

static void refuse(const char *folder, const char *name, const char *content, const char *sentence)
{
    Error err = {""};
    char *path = file_join(folder, name);
    assert_true(file_write(path, content, strlen(content), NULL));
    Tokenizer *tokenizer = tokenizer_open(folder, &err);
    if (tokenizer != NULL || strstr(err.text, sentence) == NULL) {
        print_error("%s: \"%s\" is not in: %s\n", content, sentence, err.text);
    }
    assert_null(tokenizer);
    assert_non_null(strstr(err.text, sentence));
    unlink(path);
    free(path);
}

static void broken_files_are_refused(void **state)
{
    (void)state;
    char folder[] = "/tmp/headlight-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
#define LEVEL "\"pre_tokenizer\": {\"type\": \"ByteLevel\"}, "
#define META "\"pre_tokenizer\": {\"type\": \"Metaspace\"}, "
    static const struct {
        const char *content, *sentence;
    } cases[] = {
        {"{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}",
         "only the byte-level kind"},
        {"{" LEVEL "\"model\": {\"type\": \"BPE\", \"merges\": []}}", "has no vocabulary"},
        {"{" LEVEL "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}}",
         "that the vocabulary lacks"},
        {"{" LEVEL "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"ab\"]}}",
         "with a blank between"},
        {"{" LEVEL "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\" a\"]}}",
         "with a blank between"},
        {"{" LEVEL "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [[\"a\"]]}}",
         "is not two pieces"},
        {"{" LEVEL "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}",
         "not a whole number"},
        {"{" LEVEL "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}",
         "vocabulary of an encoder"},
        {"{" META "\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": {}}}",
         "has no vocabulary"},
        {"{" META "\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"a\"]]}}",
         "entry 0 of model.vocab"},
        {"{" META "\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"a\", 1e999]]}}",
         "entry 0 of model.vocab"},
        {"{" META "\"model\": {\"type\": \"Unigram\", \"unk_id\": 4, \"vocab\": [[\"a\", 0]]}}",
         "unk_id names no piece"},
        {"{" META "\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"byte_fallback\": true, "
         "\"vocab\": [[\"a\", 0]]}}",
         "byte_fallback"},
        {"{\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"a\", 0]]}}",
         "only the kind with Metaspace"},
        {"{\"model\": {\"type\": \"Magic\"}}", "only WordPiece"},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        refuse(folder, "tokenizer.json", cases[i].content, cases[i].sentence);
    }
    char *merges = file_join(folder, "merges.txt");
    assert_true(file_write(merges, "#version\na b\n", 13, NULL));
    refuse(folder, "vocab.json", "{\"a\": 0}", "that the vocabulary lacks");
    assert_true(file_write(merges, "\xFF\xFE", 2, NULL));
    refuse(folder, "vocab.json", "{\"a\": 0}", "not UTF-8");
    unlink(merges);
    free(merges);
    rmdir(folder);
}

/* Long runs without a blank end in good time. */
static void long_words(void **state)
{
    (void)state;
    static const char *const folders[] = {DATA "bpe", DATA "unigram"};
    size_t length = 60000;
    char *text = malloc(length + 1);
    for (size_t i = 0; i < length; i++) { text[i] = "the"[i % 3]; }
    text[length] = '\0';
    for (size_t f = 0; f < COUNTOF(folders); f++) {
        Tokenizer *tokenizer = open_good(folders[f]);
        Encoding *e = tokenizer_encode_plain(tokenizer, text);
        assert_true(places_hold(e) && e->count > 1000);
        encoding_free(e);
        tokenizer_free(tokenizer);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_level_bpe),
        cmocka_unit_test(unigram),
        cmocka_unit_test(pairs_have_two_separators),
        cmocka_unit_test(words_and_places),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(long_words),
    };
    return cmocka_run_group_tests_name("tokenizers", tests, NULL, NULL);
}
