/* The tokenizer on a vocabulary made here: byte ranges, words, special tokens, cutting, bad files. */
#include "base/file.h"
#include "base/unicode.h"
#include "text/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncafe\nun\n##aff\n##able\n,\n.\n!\n"
    "\xE6\x9D\xB1\n\xE4\xBA\xAC\ntower\n[\n]\nmask\n'\ndon\nt\ni\n##s\n";

typedef struct Folder {
    char path[64];
} Folder;

static void write_file(const Folder *folder, const char *name, const char *bytes, size_t length)
{
    Error err = {""};
    char *path = file_join(folder->path, name);
    assert_true(file_write(path, bytes, length, &err));
    free(path);
}

static void remove_file(const Folder *folder, const char *name)
{
    char *path = file_join(folder->path, name);
    unlink(path);
    free(path);
}

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
    remove_file(folder, "vocab.txt");
    remove_file(folder, "tokenizer.json");
    remove_file(folder, "tokenizer_config.json");
    rmdir(folder->path);
    free(folder);
    return 0;
}

static Tokenizer *open_vocab(Folder *folder)
{
    Error err = {""};
    write_file(folder, "vocab.txt", vocab, sizeof vocab - 1);
    Tokenizer *tokenizer = tokenizer_open(folder->path, &err);
    assert_non_null(tokenizer);
    return tokenizer;
}

static void check_slice(const Encoding *encoding, int index, const char *piece, const char *source,
                        int word)
{
    const Token *token = &encoding->tokens[index];
    char slice[64];
    snprintf(slice, sizeof slice, "%.*s", token->end - token->start,
             encoding->text[token->side] + token->start);
    assert_string_equal(token->piece, piece);
    assert_string_equal(slice, source);
    assert_int_equal(token->word, word);
}

static void every_piece_knows_its_bytes_and_its_word(void **state)
{
    Tokenizer *tokenizer = open_vocab(*state);
    Encoding *e = tokenizer_encode(
        tokenizer, "The  CAF\xC3\x89, unaffable\xE6\x9D\xB1\xE4\xBA\xAC!", NULL, 64);
    assert_int_equal(e->count, 11);
    check_slice(e, 0, "[CLS]", "", -1);
    check_slice(e, 1, "the", "The", 0);
    check_slice(e, 2, "cafe", "CAF\xC3\x89", 1);
    check_slice(e, 3, ",", ",", 2);
    check_slice(e, 4, "un", "un", 3);
    check_slice(e, 5, "##aff", "aff", 3);
    check_slice(e, 6, "##able", "able", 3);
    check_slice(e, 7, "\xE6\x9D\xB1", "\xE6\x9D\xB1", 4);
    check_slice(e, 8, "\xE4\xBA\xAC", "\xE4\xBA\xAC", 5);
    check_slice(e, 9, "!", "!", 6);
    check_slice(e, 10, "[SEP]", "", -1);
    assert_true(e->tokens[0].special && e->tokens[10].special && !e->tokens[1].special);
    encoding_free(e);
    tokenizer_free(tokenizer);
}

static void special_tokens_in_the_text_stay_whole(void **state)
{
    Tokenizer *tokenizer = open_vocab(*state);
    Encoding *e = tokenizer_encode_plain(tokenizer, "the [MASK], [mask][SEP]");
    assert_int_equal(e->count, 7);
    check_slice(e, 1, "[MASK]", "[MASK]", 1);
    assert_false(e->tokens[1].special);
    check_slice(e, 3, "[", "[", 3);
    check_slice(e, 6, "[SEP]", "[SEP]", -1);
    assert_true(e->tokens[6].special);
    encoding_free(e);
    tokenizer_free(tokenizer);
}

static void a_pair_has_two_sides_and_is_cut_at_the_longer(void **state)
{
    Tokenizer *tokenizer = open_vocab(*state);
    Encoding *e = tokenizer_encode(tokenizer, "the the the the", "cafe", 6);
    assert_int_equal(e->count, 6);
    assert_int_equal(e->cut, 2);
    assert_int_equal(e->tokens[3].side, 0); /* the first [SEP] belongs to A */
    assert_int_equal(e->tokens[4].side, 1);
    check_slice(e, 4, "cafe", "cafe", 0);
    encoding_free(e);
    for (int most = -1; most < 4; most++) {
        e = tokenizer_encode(tokenizer, "the the", "cafe", most);
        assert_true(e->count <= (most > 1 ? most : 1));
        encoding_free(e);
    }
    tokenizer_free(tokenizer);
}

static void long_words_are_unknown(void **state)
{
    Tokenizer *tokenizer = open_vocab(*state);
    char word[202];
    memset(word, 'i', 200);
    word[200] = '\0';
    Encoding *e = tokenizer_encode_plain(tokenizer, word);
    assert_int_equal(e->count, 1);
    assert_string_equal(e->tokens[0].piece, "[UNK]");
    assert_int_equal(e->tokens[0].end, 200);
    encoding_free(e);
    tokenizer_free(tokenizer);
}

/* Any bytes, once repaired, give ordered ranges at code point boundaries within the text. */
static void ranges_hold_for_any_text(void **state)
{
    Tokenizer *tokenizer = open_vocab(*state);
    unsigned seed = 1;
    for (int round = 0; round < 3000; round++) {
        char bytes[80];
        Buffer text = {0};
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245u + 12345u;
            unsigned pick = seed >> 16;
            bytes[i] = pick % 3 != 0 ? "the cafe[MASK],\xE6\x9D\xB1\xCC\x81 "[pick % 20]
                                     : (char)(pick >> 4);
        }
        unicode_repair(bytes, sizeof bytes, &text);
        Encoding *e = tokenizer_encode_plain(tokenizer, text.bytes);
        int last = 0;
        for (int i = 0; i < e->count; i++) {
            const Token *token = &e->tokens[i];
            assert_true(token->start >= last && token->end > token->start);
            assert_true((size_t)token->end <= text.length);
            assert_false((text.bytes[token->start] & 0xC0) == 0x80);
            last = token->start;
        }
        encoding_free(e);
        buffer_free(&text);
    }
    tokenizer_free(tokenizer);
}

static void expect_failure(Folder *folder, const char *says)
{
    Error err = {""};
    assert_null(tokenizer_open(folder->path, &err));
    if (strstr(err.text, says) == NULL) { fail_msg("\"%s\" does not say \"%s\"", err.text, says); }
    assert_non_null(strchr(".?", err.text[strlen(err.text) - 1]));
}

static void bad_files_are_named_in_one_sentence(void **state)
{
    Folder *folder = *state;
    expect_failure(folder, "no vocab.txt");
    write_file(folder, "vocab.txt", "", 0);
    expect_failure(folder, "is empty");
    write_file(folder, "vocab.txt", "the\n[UNK]\n", 10);
    expect_failure(folder, "[CLS]");
    write_file(folder, "vocab.txt", "a\n\xFF\n", 4);
    expect_failure(folder, "not UTF-8");
    write_file(folder, "vocab.txt", vocab, sizeof vocab - 1);
    write_file(folder, "tokenizer_config.json", "{", 1);
    expect_failure(folder, "not valid JSON");
    remove_file(folder, "tokenizer_config.json");
    remove_file(folder, "vocab.txt");
    static const char *const bad[][2] = {
        {"[1]", "not valid JSON"},
        {"{\"model\": {\"type\": \"BPE\"}}", "BPE"},
        {"{\"model\": {\"vocab\": {\"a\": -1}}}", "is not a whole number from 0"},
        {"{\"model\": {\"vocab\": {\"a\": 1e300}}}", "is not a whole number from 0"},
        {"{\"model\": {\"vocab\": {\"a\": \"b\"}}}", "is not a whole number from 0"},
        {"{\"model\": {}}", "has no vocabulary"},
        {"{\"model\": {\"vocab\": {\"a\": 0}}, \"added_tokens\": [{\"id\": 3}]}", "added_tokens"},
        {"{\"model\": {\"vocab\": {\"a\": 0}, \"continuing_subword_prefix\": "
         "\"0123456789abcdef\"}}",
         "too long"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_file(folder, "tokenizer.json", bad[i][0], strlen(bad[i][0]));
        expect_failure(folder, bad[i][1]);
    }
}

static void tokenizer_json_stands_for_itself(void **state)
{
    static const char json[] =
        "{\"normalizer\": {\"lowercase\": false}, \"model\": {\"type\": \"WordPiece\", "
        "\"unk_token\": \"[UNK]\","
        " \"vocab\": {\"[UNK]\": 0, \"[CLS]\": 1, \"[SEP]\": 2, \"The\": 5}},"
        " \"added_tokens\": [{\"id\": 9, \"content\": \"[MASK]\"}]}";
    Error err = {""};
    write_file(*state, "tokenizer.json", json, sizeof json - 1);
    Tokenizer *tokenizer = tokenizer_open(((Folder *)*state)->path, &err);
    assert_non_null(tokenizer);
    assert_int_equal(tokenizer_vocab_size(tokenizer), 10);
    assert_int_equal(tokenizer_mask_id(tokenizer), 9);
    assert_null(tokenizer_piece(tokenizer, 7));
    assert_null(tokenizer_piece(tokenizer, 10));
    Encoding *e = tokenizer_encode_plain(tokenizer, "The the");
    assert_int_equal(e->tokens[0].id, 5);
    assert_int_equal(e->tokens[1].id, 0);
    Encoding *copy = encoding_copy(e);
    encoding_free(e);
    tokenizer_free(tokenizer);
    assert_string_equal(copy->tokens[0].piece, "The");
    encoding_free(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_piece_knows_its_bytes_and_its_word),
        TEST(special_tokens_in_the_text_stay_whole),
        TEST(a_pair_has_two_sides_and_is_cut_at_the_longer),
        TEST(long_words_are_unknown),
        TEST(ranges_hold_for_any_text),
        TEST(bad_files_are_named_in_one_sentence),
        TEST(tokenizer_json_stands_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
