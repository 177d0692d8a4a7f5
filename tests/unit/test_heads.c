/* What heads are asked: patterns, pronouns, and which head links two words. Traces are made by hand, so
 * that every score can be worked out on paper. */
#include "analysis/pattern.h"
#include "analysis/probe.h"
#include "analysis/rank.h"
#include "base/file.h"
#include "base/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEADS = 4 };

/* [CLS] the cat saw the cat . [SEP] it sat [SEP]; the words of each side are numbered from 0. */
typedef struct Word {
    const char *piece;
    int side, start, end, word;
} Word;
static const Word words[] = {
    {"[CLS]", 0, 0, 0, -1}, {"the", 0, 0, 3, 0},   {"cat", 0, 4, 7, 1},    {"saw", 0, 8, 11, 2},
    {"the", 0, 12, 15, 3},  {"cat", 0, 16, 19, 4}, {".", 0, 19, 20, 5},    {"[SEP]", 0, 20, 20, -1},
    {"cat", 1, 0, 3, 0},    {"##s", 1, 3, 4, 0},   {"[SEP]", 1, 4, 4, -1},
};
enum { TOKENS = sizeof words / sizeof words[0] };

/* Head 0: the token before. Head 1: everything alike. Head 2: "." Head 3: [CLS], with a NaN. */
static Trace *make_trace(void)
{
    Trace *trace = trace_new();
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->tokens = arena_alloc(&encoding->arena, TOKENS, sizeof(Token));
    encoding->count = TOKENS;
    encoding->text[0] = "the cat saw the cat.";
    encoding->text[1] = "cats";
    for (int i = 0; i < TOKENS; i++) {
        const Word *w = &words[i];
        encoding->tokens[i] = (Token){w->piece, i, w->side, w->start, w->end, w->word, w->word < 0};
    }
    trace->encoding = encoding;
    trace->layers = 1;
    trace->heads = HEADS;
    trace->tokens = TOKENS;
    float *weights = mem_zero(HEADS * TOKENS * TOKENS, sizeof *weights);
    for (int query = 0; query < TOKENS; query++) {
        float *row = weights + (size_t)query * TOKENS;
        row[query > 0 ? query - 1 : 0] = 1;
        for (int key = 0; key < TOKENS; key++) {
            row[TOKENS * TOKENS + key] = 1.0f / (float)TOKENS;
        }
        row[2 * TOKENS * TOKENS + 6] = 1;
        row[3 * TOKENS * TOKENS] = 1;
    }
    weights[3 * TOKENS * TOKENS + 2 * TOKENS + 5] = NAN;
    trace->attention[ATTENTION_SELF] =
        (Attention){encoding, encoding, 1, HEADS, TOKENS, TOKENS, weights};
    return trace;
}

static void test_patterns(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    PatternScores *scores = pattern_new(1, HEADS);
    assert_true(isnan(pattern_score(scores, PATTERN_NEXT, 0, 0)));
    assert_int_equal(pattern_of_head(scores, 0, 0), -1);
    int layer = -1, head = -1;
    assert_false(pattern_best(scores, PATTERN_NEXT, &layer, &head));

    pattern_add_trace(scores, trace);
    /* A first word has no token before it in its own text, a last one none behind. */
    assert_float_equal(pattern_score(scores, PATTERN_PREVIOUS, 0, 0), 1, 1e-6);
    assert_float_equal(pattern_score(scores, PATTERN_NEXT, 0, 0), 0, 1e-6);
    assert_float_equal(pattern_score(scores, PATTERN_PREVIOUS, 0, 1), 1.0 / TOKENS, 1e-6);
    assert_float_equal(pattern_score(scores, PATTERN_BROAD, 0, 1), 1, 1e-6);
    assert_float_equal(pattern_score(scores, PATTERN_BROAD, 0, 0), 0, 1e-6);
    /* the, cat, the, cat of A and cat of B come again: 1, 2, 1, 2 and 2 other places. */
    assert_float_equal(pattern_score(scores, PATTERN_SAME_WORD, 0, 1), 8.0 / 5 / TOKENS, 1e-6);
    /* Across the texts: both cats of A see one, that of B sees two. */
    assert_float_equal(pattern_score(scores, PATTERN_OTHER_TEXT, 0, 1), 4.0 / 3 / TOKENS, 1e-6);
    /* Of 8 words one is the full stop itself, which doesn't count. */
    assert_float_equal(pattern_score(scores, PATTERN_PUNCTUATION, 0, 2), 1, 1e-6);
    assert_float_equal(pattern_score(scores, PATTERN_ITSELF, 0, 2), 1.0 / 8, 1e-6);
    assert_float_equal(pattern_score(scores, PATTERN_FIRST, 0, 3), 1, 1e-6);
    assert_float_equal(pattern_score(scores, PATTERN_SAME_WORD, 0, 3), 0, 1e-6); /* NaN is 0 */
    assert_float_equal(pattern_score(scores, PATTERN_DELIMITER, 0, 1), 2.0 / TOKENS, 1e-6);

    assert_int_equal(pattern_of_head(scores, 0, 0), PATTERN_PREVIOUS);
    assert_int_equal(pattern_of_head(scores, 0, 1), PATTERN_BROAD);
    assert_int_equal(pattern_of_head(scores, 0, 2), PATTERN_PUNCTUATION);
    assert_int_equal(pattern_of_head(scores, 0, 3), PATTERN_FIRST);
    assert_true(pattern_best(scores, PATTERN_FIRST, &layer, &head));
    assert_int_equal(layer, 0);
    assert_int_equal(head, 3);

    bool right[HEADS] = {true, false, false, true}, wrong[HEADS] = {true};
    pattern_add_pronoun(scores, right);
    pattern_add_pronoun(scores, wrong);
    assert_float_equal(pattern_score(scores, PATTERN_PRONOUN, 0, 0), 1, 1e-6);
    assert_float_equal(pattern_score(scores, PATTERN_PRONOUN, 0, 3), 0.5, 1e-6);
    assert_int_equal(pattern_find("same-word"), PATTERN_SAME_WORD);
    assert_int_equal(pattern_find("nonsense"), -1);
    pattern_free(scores);
    pattern_free(NULL);

    /* A trace of another shape is not for these scores. */
    PatternScores *other = pattern_new(2, HEADS);
    pattern_add_trace(other, trace);
    assert_true(isnan(pattern_score(other, PATTERN_PREVIOUS, 0, 0)));
    pattern_free(other);
    trace_free(trace);
}

static void test_rank(void **state)
{
    (void)state;
    Trace *trace = make_trace();
    TokenSpan span = {-1, -1};
    assert_true(rank_find_word(trace->encoding, "CAT", &span));
    assert_int_equal(span.first, 5); /* the last that is a whole word */
    assert_true(rank_find_word(trace->encoding, "cat#1", &span));
    assert_int_equal(span.first, 2);
    assert_int_equal(span.last, 3);
    assert_true(rank_find_word(trace->encoding, "cats", &span)); /* two pieces */
    assert_int_equal(span.first, 8);
    assert_int_equal(span.last, 10);
    assert_true(rank_find_word(trace->encoding, "[SEP]#1", &span));
    assert_int_equal(span.first, 7);
    assert_false(rank_find_word(trace->encoding, "cat#3", &span));
    assert_false(rank_find_word(trace->encoding, "dog", &span));
    assert_false(rank_find_word(trace->encoding, "", &span));
    assert_false(rank_find_word(trace->encoding, "#", &span));

    RankedHead ranked[HEADS];
    assert_int_equal(
        rank_heads(trace, ATTENTION_SELF, (TokenSpan){8, 10}, (TokenSpan){7, 9}, ranked), HEADS);
    assert_int_equal(ranked[0].head, 0); /* both pieces look at one of the two */
    assert_float_equal(ranked[0].weight, 1, 1e-6);
    assert_int_equal(ranked[1].head, 1);
    assert_float_equal(ranked[1].weight, 2.0 / TOKENS, 1e-6);
    assert_int_equal(ranked[2].head, 2); /* of equals the lower one first */
    assert_float_equal(ranked[3].weight, 0, 0);
    rank_heads(trace, ATTENTION_SELF, (TokenSpan){2, 3}, (TokenSpan){5, 6}, ranked);
    assert_float_equal(ranked[HEADS - 1].weight, 0, 0); /* NaN */
    trace_free(trace);
}

/* ---- Probe sets ---- */

static bool read_lines(const char *lines, ProbeSet *set, Error *err)
{
    char path[] = "/tmp/headlight-probe-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
    close(fd);
    bool ok = probe_read(path, set, err);
    unlink(path);
    return ok;
}

static void test_probe(void **state)
{
    (void)state;
    ProbeSet set;
    Error err = {""};
    assert_true(read_lines("{\"text\": \"One.\", \"pair\": \"Two.\"}\n\n"
                           "{\"source\": \"s\", \"words\": [\"the\", \"cat\", \"saw\", \"the\", "
                           "\"cat\", \".\"], \"at\": 4, \"candidates\": [{\"word\": 3, \"right\": "
                           "false}, {\"word\": 1, \"right\": true}]}",
                           &set, &err));
    assert_int_equal(set.count, 2);
    assert_string_equal(set.items[0].text, "One.");
    assert_string_equal(set.items[0].pair, "Two.");
    assert_int_equal(set.items[0].candidate_count, 0);
    const ProbeItem *item = &set.items[1];
    assert_string_equal(item->text, "the cat saw the cat .");
    assert_string_equal(item->source, "s");
    assert_int_equal(item->start, 16);
    assert_int_equal(item->end, 19);
    assert_int_equal(item->candidates[1].start, 4);
    assert_true(item->candidates[1].right);

    Trace *trace = make_trace(); /* the same places but for the full stop */
    bool right[HEADS] = {false, true, true, false};
    assert_false(probe_judge(&set.items[0], trace, right));
    assert_true(probe_judge(item, trace, right));
    assert_false(right[0]); /* the token before "cat" is the wrong candidate */
    assert_false(right[1]); /* all alike: the first of the list counts */

    /* A text that was cut before a candidate is not judged. */
    trace->encoding->count = 4;
    assert_false(probe_judge(item, trace, right));
    trace->encoding->count = TOKENS;
    trace_free(trace);
    probe_free(&set);
}

static void test_probe_errors(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "is empty"},
        {"\n \n", "is empty"},
        {"{\"text\": \"a\"}\nnonsense\n", "line 2: not a JSON object"},
        {"[1]", "line 1: not a JSON object"},
        {"{}", "\"words\""},
        {"{\"words\": []}", "\"words\""},
        {"{\"words\": [\"a\", 3]}", "\"words\""},
        {"{\"words\": [\"a\"], \"at\": 1}", "\"at\""},
        {"{\"words\": [\"a\"], \"at\": -1}", "\"at\""},
        {"{\"words\": [\"a\"], \"at\": \"0\"}", "\"at\""},
        {"{\"words\": [\"a\"], \"at\": 0}", "\"candidates\""},
        {"{\"words\": [\"a\"], \"at\": 0, \"candidates\": []}", "\"candidates\""},
        {"{\"words\": [\"a\"], \"at\": 0, \"candidates\": [{\"word\": 1e300}]}", "candidate's"},
        {"{\"words\": [\"a\"], \"at\": 0, \"candidates\": [7]}", "candidate's"},
        {"{\"text\": \"\xff\"}", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ProbeSet set;
        Error err = {""};
        assert_false(read_lines(bad[i][0], &set, &err));
        if (strstr(err.text, bad[i][1]) == NULL) {
            fail_msg("\"%s\" gave \"%s\", not \"%s\"", bad[i][0], err.text, bad[i][1]);
        }
        assert_int_equal(set.count, 0);
    }
    ProbeSet set;
    Error err = {""};
    assert_false(probe_read("/nonexistent/probe.jsonl", &set, &err));
    assert_non_null(strstr(err.text, "/nonexistent/probe.jsonl"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_rank),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_probe_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
