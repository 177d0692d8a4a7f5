/* The tokenizer on a vocabulary made here: places, words, special tokens, cutting, bad files. */
#include "base/base.h"
#include "base/file.h"
#include "base/unicode.h"
#include "text/tokenizer.h"

#include <limits.h>
#include <pthread.h>
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
    char *path = file_join(folder->path, name);
    FILE *stream = fopen(path, "wb"); /* not file_write, which waits for the disk */
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
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

static void write_text(const Folder *folder, const char *name, const char *text)
{
    write_file(folder, name, text, strlen(text));
}

static Tokenizer *open_folder(const Folder *folder)
{
    Error err = {""};
    Tokenizer *tokenizer = tokenizer_open(folder->path, &err);
    if (tokenizer == NULL) { fail_msg("%s", err.text); }
    return tokenizer;
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

static void added_special_tokens_stand_at_the_ends(void **state)
{
    Tokenizer *tokenizer = open_vocab(*state);
    Encoding *e = tokenizer_encode(tokenizer, " the [SEP] i ", "[CLS]cafe", 64);
    static const struct Wanted {
        const char *piece;
        int side, start, end, word;
        bool special;
    } wanted[] = {{"[CLS]", 0, 0, 0, -1, true},   {"the", 0, 1, 4, 0, false},
                  {"[SEP]", 0, 5, 10, -1, true},  {"i", 0, 11, 12, 1, false},
                  {"[SEP]", 0, 13, 13, -1, true}, {"[CLS]", 1, 0, 5, -1, true},
                  {"cafe", 1, 5, 9, 0, false},    {"[SEP]", 1, 9, 9, -1, true}};
    assert_int_equal(e->count, sizeof wanted / sizeof wanted[0]);
    for (int i = 0; i < e->count; i++) {
        const Token *token = &e->tokens[i];
        assert_string_equal(token->piece, wanted[i].piece);
        assert_int_equal(token->id, tokenizer_find(tokenizer, wanted[i].piece));
        assert_int_equal(token->side, wanted[i].side);
        assert_int_equal(token->start, wanted[i].start);
        assert_int_equal(token->end, wanted[i].end);
        assert_int_equal(token->word, wanted[i].word);
        assert_int_equal(token->special, wanted[i].special);
    }
    encoding_free(e);
    e = tokenizer_encode(tokenizer, "", "", 64);
    assert_int_equal(e->count, 3);
    encoding_free(e);
    encoding_free(NULL);
    tokenizer_free(NULL);
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
    for (int most = -1; most < 9; most++) {
        e = tokenizer_encode(tokenizer, "the the", "cafe", most);
        assert_int_equal(e->count, most < 1 ? 1 : most > 6 ? 6 : most);
        assert_int_equal(e->cut, most < 3 ? 3 : most > 6 ? 0 : 6 - most);
        assert_string_equal(e->tokens[0].piece, "[CLS]");
        if (most > 2) { assert_string_equal(e->tokens[e->count - 1].piece, "[SEP]"); }
        encoding_free(e);
    }
    e = tokenizer_encode(tokenizer, "the", NULL, INT_MIN);
    assert_int_equal(e->count, 1);
    encoding_free(e);
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

static void check_places(const Encoding *e)
{
    int last[2] = {0, 0}, words[2] = {0, 0};
    for (int i = 0; i < e->count; i++) {
        const Token *token = &e->tokens[i];
        const char *text = e->text[token->side];
        assert_true(token->start >= last[token->side] && token->end >= token->start);
        assert_true((size_t)token->end <= strlen(text));
        assert_false((text[token->start] & 0xC0) == 0x80 || (text[token->end] & 0xC0) == 0x80);
        if (token->special) {
            assert_int_equal(token->word, -1);
        } else {
            assert_true(token->end > token->start);
            assert_in_range(token->word, max_int(words[token->side] - 1, 0), words[token->side]);
            words[token->side] = token->word + 1;
        }
        last[token->side] = token->start;
    }
}

/* Any bytes, once repaired, give ordered ranges at code point boundaries within the text. */
static void ranges_hold_for_any_text(void **state)
{
    Tokenizer *tokenizer = open_vocab(*state);
    unsigned seed = 1;
    for (int round = 0; round < 3000; round++) {
        Buffer text[2] = {{0}, {0}};
        for (int side = 0; side < 2; side++) {
            char bytes[80];
            for (size_t i = 0; i < sizeof bytes; i++) {
                seed = seed * 1103515245u + 12345u;
                unsigned pick = seed >> 16;
                bytes[i] = pick % 3 != 0 ? "the cafe[MASK],\xE6\x9D\xB1\xCC\x81 "[pick % 20]
                                         : (char)(pick >> 4);
            }
            unicode_repair(bytes, sizeof bytes, &text[side]);
        }
        Encoding *e = tokenizer_encode_plain(tokenizer, text[0].bytes);
        check_places(e);
        int count = e->count;
        encoding_free(e);
        e = tokenizer_encode(tokenizer, text[0].bytes, text[1].bytes, 40);
        check_places(e);
        assert_true(e->cut == 0 ? e->count <= 40 : e->count == 40);
        assert_true(e->count + e->cut >= count + 3);
        encoding_free(e);
        buffer_free(&text[0]);
        buffer_free(&text[1]);
    }
    tokenizer_free(tokenizer);
}

typedef struct Job {
    const Tokenizer *tokenizer;
    int wrong;
} Job;

static void *encode_often(void *argument)
{
    Job *job = argument;
    for (int i = 0; i < 2000; i++) {
        Encoding *e =
            tokenizer_encode(job->tokenizer, "The [MASK], unaffable caf\u00E9!", NULL, 64);
        job->wrong += e->count != 10 || strcmp(e->tokens[7].piece, "cafe") != 0;
        encoding_free(e);
    }
    return NULL;
}

static void threads_may_share_a_tokenizer(void **state)
{
    Tokenizer *tokenizer = open_vocab(*state);
    pthread_t threads[4];
    Job jobs[4];
    for (int i = 0; i < 4; i++) {
        jobs[i] = (Job){tokenizer, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, encode_often, &jobs[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(jobs[i].wrong, 0);
    }
    tokenizer_free(tokenizer);
}

static void expect_failure(Folder *folder, const char *says)
{
    Error err = {""};
    assert_null(tokenizer_open(folder->path, &err));
    if (strstr(err.text, says) == NULL) { fail_msg("\"%s\" does not say \"%s\"", err.text, says); }
    assert_non_null(strchr(".?", err.text[strlen(err.text) - 1]));
    assert_non_null(strstr(err.text, folder->path));
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
        {"", "is empty"},
        {"[1]", "not valid JSON"},
        {"{\"model\": {\"vocab\": {\"a\": 0}}} and more", "not valid JSON"},
        {"{\"model\": {\"vocab\": {\"a\": 0}}", "not valid JSON"},
        {"{\"model\": {\"vocab\": {\"\xFF\": 0}}}", "not UTF-8"},
        {"{\"model\": 7}", "has no vocabulary"},
        {"{\"model\": {\"vocab\": {}}}", "has no vocabulary"},
        {"{\"model\": {\"vocab\": [0, 1]}}", "has no vocabulary"},
        {"{\"model\": {\"vocab\": {\"a\": 0.5}}}", "is not a whole number from 0"},
        {"{\"model\": {\"vocab\": {\"a\": 4194304}}}", "is not a whole number from 0"},
        {"{\"model\": {\"vocab\": {\"a\": null}}}", "is not a whole number from 0"},
        {"{\"model\": {\"vocab\": {\"a\": 0}}, \"added_tokens\": [5]}", "added_tokens"},
        {"{\"normalizer\": {\"type\": \"Sequence\"}, \"model\": {}}", "Sequence"},
        {"{\"pre_tokenizer\": {\"type\": \"Whitespace\"}, \"model\": {}}", "Whitespace"},
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

static void bad_configs_are_named_too(void **state)
{
    static const char *const bad[] = {
        "",
        "7",
        "{\"added_tokens_decoder\": {\"-1\": \"x\"}}",
        "{\"added_tokens_decoder\": {\"4194304\": \"x\"}}",
        "{\"added_tokens_decoder\": {\"99999999999999999999\": \"x\"}}",
        "{\"added_tokens_decoder\": {\"5x\": \"x\"}}",
        "{\"added_tokens_decoder\": {\"\": \"x\"}}",
        "{\"added_tokens_decoder\": {\"5\": {\"content\": \"\"}}}"};
    Folder *folder = *state;
    write_text(folder, "vocab.txt", vocab);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_text(folder, "tokenizer_config.json", bad[i]);
        expect_failure(folder, "tokenizer_config.json");
    }
    /* What is of no known kind says nothing. */
    write_text(
        folder, "tokenizer_config.json",
        "{\"do_lower_case\": \"no\", \"cls_token\": 5, \"added_tokens_decoder\": 7,"
        " \"additional_special_tokens\": {\"a\": [1]}, \"mask_token\": {\"content\": null}}");
    Tokenizer *tokenizer = open_folder(folder);
    assert_int_equal(tokenizer_mask_id(tokenizer), 4);
    tokenizer_free(tokenizer);
}

/* Files that would fill the memory, or the stack, or never come to an end. */
static void hostile_files_come_to_an_end(void **state)
{
    Folder *folder = *state;
    Buffer text = {0};
    for (int i = 0; i < 100000; i++) { buffer_add_string(&text, "{\"a\":["); }
    write_file(folder, "tokenizer.json", text.bytes, text.length);
    expect_failure(folder, "not valid JSON");
    buffer_clear(&text);
    buffer_add_string(&text, "{\"model\": {\"vocab\": {\"[UNK]\": 0, \"[CLS]\": 1, \"[SEP]\": 2");
    for (int i = 0; i < 5000; i++) { buffer_format(&text, ", \"p%d\": 0", i); }
    buffer_add_string(&text, ", \"q\": 1}}}");
    write_file(folder, "tokenizer.json", text.bytes, text.length);
    Tokenizer *tokenizer = open_folder(folder);
    Encoding *e = tokenizer_encode_plain(tokenizer, "q never p7");
    assert_int_equal(e->count, 3);
    encoding_free(e);
    tokenizer_free(tokenizer);
    remove_file(folder, "tokenizer.json");
    write_text(folder, "vocab.txt", "");
    char *path = file_join(folder->path, "vocab.txt");
    assert_int_equal(truncate(path, (64 << 20) + 1), 0); /* a hole: no room on the disk */
    expect_failure(folder, "larger than");
    buffer_free(&text);
    free(path);
}

/* A good tokenizer.json with a few bytes changed opens or is refused, with a sentence. */
static void damaged_files_are_opened_or_refused(void **state)
{
    static const char good[] =
        "{\"added_tokens\": [{\"id\": 4, \"content\": \"[MASK]\", \"special\": true}],"
        " \"normalizer\": {\"type\": \"BertNormalizer\", \"strip_accents\": null},"
        " \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}, \"model\": {\"type\":"
        " \"WordPiece\", \"unk_token\": \"[UNK]\", \"continuing_subword_prefix\": \"##\","
        " \"max_input_chars_per_word\": 100, \"vocab\": {\"[UNK]\": 0, \"[CLS]\": 1,"
        " \"[SEP]\": 2, \"the\": 3, \"##s\": 5}}}";
    Folder *folder = *state;
    unsigned seed = 7;
    int opened = 0;
    for (int round = 0; round < 1500; round++) {
        char bytes[sizeof good];
        memcpy(bytes, good, sizeof good);
        for (int i = 0; i <= round % 3; i++) {
            seed = seed * 1103515245u + 12345u;
            size_t at = (seed >> 8) % (sizeof good - 1);
            bytes[at] =
                (seed >> 24) % 4 == 0 ? (char)(seed >> 3) : "{}[]\",:019- e"[(seed >> 4) % 14];
        }
        write_file(folder, "tokenizer.json", bytes, sizeof good - 1);
        Error err = {""};
        Tokenizer *tokenizer = tokenizer_open(folder->path, &err);
        if (tokenizer == NULL) {
            assert_non_null(strstr(err.text, folder->path));
            continue;
        }
        Encoding *e = tokenizer_encode(tokenizer, "The thes [MASK] caf\u00E9", "\u6771", 20);
        check_places(e);
        encoding_free(e);
        tokenizer_free(tokenizer);
        opened++;
    }
    assert_in_range(opened, 100, 1400);
}

static void lines_end_in_any_way(void **state)
{
    Folder *folder = *state;
    write_text(folder, "vocab.txt", "[UNK]\r\n[CLS]\r\n[SEP]\r\nthe\r\n\r\nthe\r\nit");
    Tokenizer *tokenizer = open_folder(folder);
    assert_int_equal(tokenizer_vocab_size(tokenizer), 7);
    assert_int_equal(tokenizer_find(tokenizer, "the"), 5); /* the later of two equal lines */
    assert_string_equal(tokenizer_piece(tokenizer, 3), "the");
    assert_string_equal(tokenizer_piece(tokenizer, 4), "");
    assert_int_equal(tokenizer_find(tokenizer, "it"), 6);
    assert_int_equal(tokenizer_mask_id(tokenizer), -1);
    tokenizer_free(tokenizer);
}

static void expect_pieces(const Tokenizer *tokenizer, const char *text, const char *wanted)
{
    Encoding *e = tokenizer_encode_plain(tokenizer, text);
    Buffer got = {0};
    buffer_add_string(&got, "");
    check_places(e);
    for (int i = 0; i < e->count; i++) {
        buffer_format(&got, "%s%s", i > 0 ? " " : "", e->tokens[i].piece);
    }
    assert_string_equal(got.bytes, wanted);
    buffer_free(&got);
    encoding_free(e);
}

static void the_config_says_how_to_normalize(void **state)
{
    static const char words[] = "[UNK]\n[CLS]\n[SEP]\ncafe\ncaf\u00E9\nCafe\nCaf\u00E9\n";
    static const char *const cases[][2] = {
        {"{}", "cafe"},
        {"{\"do_lower_case\": false}", "Caf\u00E9"},
        {"{\"do_lower_case\": false, \"strip_accents\": null}", "Caf\u00E9"},
        {"{\"do_lower_case\": false, \"strip_accents\": true}", "Cafe"},
        {"{\"do_lower_case\": true, \"strip_accents\": false}", "caf\u00E9"},
    };
    Folder *folder = *state;
    write_text(folder, "vocab.txt", words);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_text(folder, "tokenizer_config.json", cases[i][0]);
        Tokenizer *tokenizer = open_folder(folder);
        expect_pieces(tokenizer, "Caf\u00E9", cases[i][1]);
        tokenizer_free(tokenizer);
    }
}

/* Beside a vocab.txt without a config, tokenizer.json knows whether there are capitals. */
static void tokenizer_json_knows_more_than_vocab_txt(void **state)
{
    static const char json[] =
        "{\"normalizer\": {\"type\": \"BertNormalizer\", \"lowercase\": false},"
        " \"model\": {\"vocab\": {\"[UNK]\": 0, \"[CLS]\": 1, \"[SEP]\": 2, \"The\": 3, \"the\": "
        "4}}}";
    Folder *folder = *state;
    write_text(folder, "vocab.txt", "[UNK]\n[CLS]\n[SEP]\nThe\nthe\n");
    write_text(folder, "tokenizer.json", json);
    Tokenizer *tokenizer = open_folder(folder);
    expect_pieces(tokenizer, "The the", "The the");
    tokenizer_free(tokenizer);
    write_text(folder, "tokenizer_config.json", "{\"do_lower_case\": true}");
    tokenizer = open_folder(folder);
    expect_pieces(tokenizer, "The the", "the the");
    tokenizer_free(tokenizer);
    remove_file(folder, "vocab.txt"); /* the config has the last word over tokenizer.json too */
    tokenizer = open_folder(folder);
    expect_pieces(tokenizer, "The the", "the the");
    tokenizer_free(tokenizer);
}

static void added_tokens_stay_whole_and_the_longest_wins(void **state)
{
    Folder *folder = *state;
    write_text(folder, "vocab.txt", vocab);
    write_text(
        folder, "tokenizer_config.json",
        "{\"mask_token\": {\"content\": \"<mask>\"}, \"additional_special_tokens\": [\"[E]\", 5],"
        " \"added_tokens_decoder\": {\"30\": {\"content\": \"[E]\"}, \"31\": \"[E][E]\","
        " \"32\": {\"content\": \"<mask>\"}}}");
    Tokenizer *tokenizer = open_folder(folder);
    assert_int_equal(tokenizer_vocab_size(tokenizer), 33);
    assert_int_equal(tokenizer_mask_id(tokenizer), 32);
    assert_null(tokenizer_piece(tokenizer, 29));
    expect_pieces(tokenizer, "[E]the[E][E][E]<mask>[MASK", "[E] the [E][E] [E] <mask> [ mask");
    Encoding *e = tokenizer_encode_plain(tokenizer, "the [E]");
    check_slice(e, 1, "[E]", "[E]", 1);
    assert_false(e->tokens[1].special); /* of the text, not of the structure */
    encoding_free(e);
    tokenizer_free(tokenizer);
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
        TEST(added_special_tokens_stand_at_the_ends),
        TEST(a_pair_has_two_sides_and_is_cut_at_the_longer),
        TEST(long_words_are_unknown),
        TEST(ranges_hold_for_any_text),
        TEST(threads_may_share_a_tokenizer),
        TEST(bad_files_are_named_in_one_sentence),
        TEST(bad_configs_are_named_too),
        TEST(hostile_files_come_to_an_end),
        TEST(damaged_files_are_opened_or_refused),
        TEST(lines_end_in_any_way),
        TEST(the_config_says_how_to_normalize),
        TEST(tokenizer_json_knows_more_than_vocab_txt),
        TEST(added_tokens_stay_whole_and_the_longest_wins),
        TEST(tokenizer_json_stands_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
