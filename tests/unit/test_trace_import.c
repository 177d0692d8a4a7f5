/* What other programs have saved opens as a trace, number by number; what is broken is refused with a
 * sentence; what is missing is said. */
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/safetensors.h"
#include "model/trace_file.h"
#include "model/trace_import.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
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

static Trace *read_text(void **state, const char *text, Error *err)
{
    assert_true(file_write(*state, text, strlen(text), NULL));
    return trace_file_read(*state, err);
}

static Trace *read_good(void **state, const char *text)
{
    Error err = {""};
    Trace *trace = read_text(state, text, &err);
    assert_string_equal(err.text, "");
    assert_non_null(trace);
    return trace;
}

#define ONE                                                                                 \
    "\"attn\": [[[[0.25, 0.75], [1, 0]]]], \"left_text\": [\"a\", \"b\"], \"right_text\": " \
    "[\"a\", \"b\"]"

static void a_page_of_bertviz_holds_its_data_twice(void **state)
{
    /* The second copy, in the comment, has other numbers: only the first counts. */
    Trace *trace = read_good(
        state, "<html><script>\n const params = {\"attention\": {\"all\": {" ONE "}}}; // HACK: "
               "{\"attention\": {\"all\": {\"attn\": [[[[9]]]]}}} is a marker\n</script>");
    assert_int_equal(trace->layers, 1);
    assert_int_equal(trace->tokens, 2);
    assert_float_equal(trace_head(trace, ATTENTION_SELF, 0, 0)[1], 0.75, 0);
    assert_string_equal(trace->encoding->tokens[1].piece, "b");
    assert_string_equal(trace->encoding->text[0], "a b");
    assert_null(trace->note);
    trace_free(trace);
    trace =
        read_good(state, "{\"attention\": [{\"name\": null, " ONE "}], \"include_layers\": [4]}");
    assert_non_null(strstr(trace->note, "layers 4 of the model"));
    trace_free(trace);
}

static void the_blocks_of_a_pair_say_where_it_is_split(void **state)
{
    static const char *const texts[] = {
        "{\"attention\": {\"all\": {" ONE "}, \"aa\": {\"left_text\": [\"a\"]}}}",
        "{\"attention\": [{\"name\": \"All\", " ONE
        "}, {\"name\": \"Sentence A -> Sentence A\", \"left_text\": [\"a\"]}]}",
    };
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        Trace *trace = read_good(state, texts[i]);
        assert_int_equal(trace->encoding->tokens[0].side, 0);
        assert_int_equal(trace->encoding->tokens[1].side, 1);
        assert_string_equal(trace->encoding->text[1], "b");
        trace_free(trace);
    }
}

static void encoder_decoder_and_cross_attention(void **state)
{
    Trace *trace = read_good(
        state,
        "{\"attention\": [{\"name\": \"Cross\", \"attn\": [[[[0.5, 0.25, 0.25]]]], \"left_text\": "
        "[\"x\"], \"right_text\": [\"a\", \"b\", \"c\"]}, {\"name\": \"Decoder\", \"attn\": "
        "[[[[1]]]], "
        "\"left_text\": [\"x\"], \"right_text\": [\"x\"]}]}");
    const Attention *cross = &trace->attention[ATTENTION_CROSS];
    assert_int_equal(cross->queries, 1);
    assert_int_equal(cross->keys, 3);
    assert_string_equal(cross->query_tokens->tokens[0].piece, "x");
    assert_string_equal(cross->key_tokens->tokens[2].piece, "c");
    assert_null(trace->attention[ATTENTION_SELF].weights);
    assert_int_equal(trace_first_kind(trace), ATTENTION_DECODER);
    assert_int_equal(trace->tokens, 3);

    /* And it survives being saved and read again. */
    Buffer out = {0};
    trace_file_write(trace, &out);
    assert_true(file_write(*state, out.bytes, out.length, NULL));
    Error err = {""};
    Trace *again = trace_file_read(*state, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(again->attention[ATTENTION_CROSS].keys, 3);
    assert_float_equal(trace_head(again, ATTENTION_CROSS, 0, 0)[0], 0.5, 0);
    assert_string_equal(again->output->tokens[0].piece, "x");
    trace_free(again);
    buffer_free(&out);
    trace_free(trace);
}

static void a_decoder_alone_is_the_text(void **state)
{
    Trace *trace = read_good(state, "{\"attention\": [{\"name\": \"Decoder\", " ONE "}]}");
    assert_non_null(trace->attention[ATTENTION_SELF].weights);
    assert_null(trace->attention[ATTENTION_DECODER].weights);
    assert_null(trace->output);
    trace_free(trace);
}

static void tensor2tensor_turns_cross_attention_upside_down(void **state)
{
    Trace *trace = read_good(
        state,
        "{\"inp_inp\": {\"att\": [[[[0.5, NaN], [1, 0]]]], \"top_text\": [\"tire\"], \"bot_text\": "
        "[\"tire\"]}, \"inp_out\": {\"att\": [[[[0.1, 0.9], [0.2, 0.8], [1, 0]]]], \"top_text\": "
        "[\"tire\"], \"bot_text\": [\"m\xC3\xBC\", \"de_\"]}}");
    const Attention *cross = &trace->attention[ATTENTION_CROSS];
    assert_int_equal(cross->queries, 3);
    assert_int_equal(cross->keys, 2);
    assert_string_equal(trace->output->tokens[0].piece, "\xC4\xA0m\xC3\xBC");
    assert_true(trace->output->tokens[2].special);
    assert_true(isnan(trace_head(trace, ATTENTION_SELF, 0, 0)[1]));
    assert_non_null(strstr(trace->note, "Position 1 of the text has no name"));
    assert_non_null(strstr(trace->note, "missing (NaN)"));
    trace_free(trace);
}

static void words_are_told_by_their_marks(void **state)
{
    Trace *trace = read_good(
        state, "{\"attention\": [[[[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]]], "
               "\"tokens\": [\"<s>\", \"The\", \" ani\", \"mal\"], \"model\": \"mine\"}");
    const Encoding *e = trace->encoding;
    assert_string_equal(trace->model, "mine");
    assert_true(e->tokens[0].special);
    assert_string_equal(e->tokens[2].piece, "\xC4\xA0"
                                            "ani");
    assert_int_equal(e->tokens[1].word, 0);
    assert_int_equal(e->tokens[2].word, 1);
    assert_int_equal(e->tokens[3].word, 1);
    assert_string_equal(e->text[0], "The animal");
    trace_free(trace);
}

static void our_own_json_comes_back(void **state)
{
    Trace *trace = read_good(state, "{\"attention\": {\"all\": {" ONE "}}}");
    Buffer out = {0};
    trace_file_write_json(trace, &out);
    Trace *again = read_good(state, out.bytes);
    assert_int_equal(again->tokens, 2);
    assert_memory_equal(trace_head(again, ATTENTION_SELF, 0, 0),
                        trace_head(trace, ATTENTION_SELF, 0, 0), 4 * sizeof(float));
    buffer_free(&out);
    trace_free(again);
    trace_free(trace);
}

static void rows_that_do_not_sum_to_one_are_told(void **state)
{
    Trace *trace =
        read_good(state, "{\"attention\": [[[[0.5, 0.25], [1, 0]]]], \"tokens\": [\"a\", \"b\"]}");
    assert_non_null(strstr(trace->note, "1 of 2 rows the weights do not sum to 1 (but to 0.75"));
    trace_free(trace);
}

static void what_is_no_trace_is_refused(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"{}", "holds no attention"},
        {"{\"attention\": {}}", "holds no attention"},
        {"{\"attention\": 3}", "holds no attention"},
        {"{\"attention\": [", "can't be read"},
        {"<html></html>", "none that BertViz saved"},
        {"<html>params = {", "can't be read"},
        {"{\"a\": \"\xFF\"}", "not valid UTF-8"},
        {"{\"attention\": {\"all\": {\"attn\": [[[0.5]]], \"left_text\": [\"a\"], \"right_text\": "
         "[\"a\"]}}}",
         "four lists inside each other"},
        {"{\"attention\": {\"all\": {\"attn\": [[[[]]]], \"left_text\": [\"a\"], \"right_text\": "
         "[\"a\"]}}}",
         "four lists inside each other"},
        {"{\"attention\": {\"all\": {\"attn\": [[[[1, 0], [1]]]], \"left_text\": [\"a\", \"b\"], "
         "\"right_text\": [\"a\", \"b\"]}}}",
         "not all as long"},
        {"{\"attention\": {\"all\": {\"attn\": [[[[1, 0], 5]]], \"left_text\": [\"a\", \"b\"], "
         "\"right_text\": [\"a\", \"b\"]}}}",
         "not all as long"},
        {"{\"attention\": {\"all\": {\"attn\": [[[[1]]]], \"left_text\": [1], \"right_text\": "
         "[\"a\"]}}}",
         "token 0 is not a string"},
        {"{\"attention\": {\"all\": {\"attn\": [[[[1]]]]}}}", "must have 1 to"},
        {"{\"attention\": {\"all\": {\"attn\": [[[[1]]]], \"left_text\": [\"a\", \"b\", \"c\"], "
         "\"right_text\": [\"a\"]}}}",
         "between 1 and 1 tokens, but 3 and 1"},
        {"{\"attention\": {\"all\": {\"attn\": [[[[1]]]], \"left_text\": [\"a\"], \"right_text\": "
         "[\"b\"]}}}",
         "different tokens"},
        {"{\"att\": [[[[1]]]], \"left_text\": [\"a\"], \"right_text\": [\"a\"], \"queries\": "
         "[[[[1], [2]]]]}",
         "does not fit the attention"},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        Error err = {""};
        Trace *trace = read_text(state, cases[i].text, &err);
        if (trace != NULL || strstr(err.text, cases[i].sentence) == NULL) {
            print_error("case %zu: \"%s\" is not in: %s\n", i, cases[i].sentence, err.text);
        }
        assert_null(trace);
        assert_non_null(strstr(err.text, cases[i].sentence));
    }
}

/* Cut off anywhere, a file is refused or read, and nothing else happens. */
static void cut_files_do_no_harm(void **state)
{
    static const char text[] =
        "<script>params = {\"attention\": [{\"name\": \"All\", " ONE "}, {\"name\": "
        "\"Sentence A -> Sentence A\", \"left_text\": [\"a\"]}]};";
    for (size_t length = 0; length < sizeof text; length++) {
        assert_true(file_write(*state, text, length, NULL));
        trace_free(trace_file_read(*state, NULL));
    }
}

/* 48 layers of 64 heads on 1,024 tokens are 12.9 GB: only what is looked at may be read. */
static void a_huge_trace_is_not_loaded(void **state)
{
    enum { LAYERS = 48, HEADS = 64, TOKENS = 1024 };
    Buffer header = {0};
    unsigned long long bytes = 4ull * LAYERS * HEADS * TOKENS * TOKENS;
    buffer_format(
        &header,
        "{\"attention\": {\"dtype\": \"F32\", \"shape\": [%d, %d, %d, %d], \"data_offsets\": "
        "[0, %llu]}, \"__metadata__\": {\"tokens\": \"[",
        LAYERS, HEADS, TOKENS, TOKENS, bytes);
    for (int i = 0; i < TOKENS; i++) {
        buffer_format(&header, "%s\\\"t%d\\\"", i > 0 ? "," : "", i);
    }
    buffer_add_string(&header, "]\"}}");
    while (header.length % 8 != 0) { buffer_add_string(&header, " "); }
    uint64_t length = header.length;
    FILE *file = fopen(*state, "wb");
    fwrite(&length, sizeof length, 1, file);
    fwrite(header.bytes, 1, header.length, file);
    bool sparse = fflush(file) == 0 &&
                  ftruncate(fileno(file), (off_t)(sizeof length + header.length + bytes)) == 0;
    fclose(file);
    buffer_free(&header);
    if (!sparse) { skip(); } /* this file system has no files with holes, or no room */
    Error err = {""};
    Trace *trace = trace_file_read(*state, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(trace->tokens, TOKENS);
    assert_float_equal(
        trace_head(trace, ATTENTION_SELF, LAYERS - 1, HEADS - 1)[TOKENS * TOKENS - 1], 0, 0);
    long pages = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    assert_non_null(statm);
    assert_int_equal(fscanf(statm, "%ld %ld", &pages, &resident), 2);
    fclose(statm);
    assert_true(resident * sysconf(_SC_PAGESIZE) < 1l << 30);
    trace_free(trace);
}

static void real_pages_of_other_tools(void **state)
{
    static const struct {
        const char *name;
        int layers, heads, tokens;
        const char *piece; /* of token 2 */
        const char *note;  /* part of it, or NULL */
        float first;       /* weight 0 of layer 0, head 0, query 0 */
    } files[] = {
        {"bert-base-uncased.cat-mat.bertviz.json", 12, 12, 8, "cat", NULL, 0.06315485f},
        {"bert-base-uncased.rabbit-turtle.bertviz.json", 12, 12, 11, "rabbit", NULL, 0.05846945f},
        {"distilbert.cat-mat.bertviz.json", 6, 12, 8, "cat", NULL, 0.06386919f},
        {"roberta-base.cat-mat.bertviz.json", 12, 12, 16,
         "\xC4\xA0"
         "cat",
         NULL, 0.91647428f},
        {"gpt2.john-smith.bertviz-neuron.json", 12, 12, 9, "\xC4\xA0is", NULL, 1},
        {"t2t-en-de.animal-street.json", 6, 8, 15,
         "\xC4\xA0"
         "didn",
         "missing (NaN)", 0},
    };
    (void)state;
    const char *shared = getenv("HEADLIGHT_SHARED");
    char *folder = file_join(shared != NULL ? shared : "../shared", "traces");
    bool there = file_is_folder(folder);
    for (size_t i = 0; there && i < COUNTOF(files); i++) {
        Error err = {""};
        char *path = file_join(folder, files[i].name);
        Trace *trace = trace_file_read(path, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(trace->layers, files[i].layers);
        assert_int_equal(trace->heads, files[i].heads);
        assert_int_equal(trace->tokens, files[i].tokens);
        if (strncmp(files[i].name, "gpt2", 4) != 0) {
            assert_string_equal(trace->encoding->tokens[2].piece, files[i].piece);
        }
        assert_true((files[i].note == NULL) == (trace->note == NULL));
        if (files[i].note != NULL) { assert_non_null(strstr(trace->note, files[i].note)); }
        if (files[i].first > 0) {
            assert_float_equal(trace_head(trace, ATTENTION_SELF, 0, 0)[0], files[i].first, 1e-7);
        }
        trace_free(trace);
        free(path);
    }
    free(folder);
    if (!there) { skip(); }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_file, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_of_bertviz_holds_its_data_twice),
        TEST(the_blocks_of_a_pair_say_where_it_is_split),
        TEST(encoder_decoder_and_cross_attention),
        TEST(a_decoder_alone_is_the_text),
        TEST(tensor2tensor_turns_cross_attention_upside_down),
        TEST(words_are_told_by_their_marks),
        TEST(our_own_json_comes_back),
        TEST(rows_that_do_not_sum_to_one_are_told),
        TEST(what_is_no_trace_is_refused),
        TEST(cut_files_do_no_harm),
        TEST(a_huge_trace_is_not_loaded),
        TEST(real_pages_of_other_tools),
    };
    return cmocka_run_group_tests_name("trace_import", tests, NULL, NULL);
}
