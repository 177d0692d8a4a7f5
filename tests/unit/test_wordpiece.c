/* WordPiece on vocabularies made here: clean-up, case, accents, splits, longest match, places. */
#include "base/base.h"
#include "base/unicode.h"
#include "text/wordpiece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A WordPiece with pieces that are parted by blanks; the first is [UNK]. */
static WordPiece make(const char *pieces)
{
    WordPiece wordpiece = {.clean = true,
                           .split_cjk = true,
                           .strip_accents = true,
                           .lowercase = true,
                           .prefix = "##",
                           .max_characters = 100};
    vocabulary_put(&wordpiece.vocabulary, "[UNK]", 5, 0);
    for (int id = 1; *pieces != '\0'; id++) {
        size_t length = strcspn(pieces, " ");
        vocabulary_put(&wordpiece.vocabulary, pieces, length, id);
        pieces += length + strspn(pieces + length, " ");
    }
    return wordpiece;
}

static TokenList split(const WordPiece *wordpiece, const char *text)
{
    TokenList list = {0};
    int word = 0;
    wordpiece_split(wordpiece, text, 0, strlen(text), &word, &list);
    assert_int_equal(word, list.count > 0 ? list.tokens[list.count - 1].word + 1 : 0);
    return list;
}

/* The tokens as "piece|source piece|source ...", words parted by two blanks. */
static void expect(const WordPiece *wordpiece, const char *text, const char *wanted)
{
    TokenList list = split(wordpiece, text);
    Buffer got = {0};
    buffer_add_string(&got, "");
    for (int i = 0; i < list.count; i++) {
        const Token *token = &list.tokens[i];
        bool same = i > 0 && token->word == token[-1].word;
        buffer_format(&got, "%s%s|%.*s",
                      i == 0 ? ""
                      : same ? " "
                             : "  ",
                      token->piece, token->end - token->start, text + token->start);
    }
    assert_string_equal(got.bytes, wanted);
    buffer_free(&got);
    free(list.tokens);
}

static void the_longest_piece_wins_and_a_missing_one_spoils_the_word(void **state)
{
    (void)state;
    WordPiece w = make("un ##aff ##able run ##un");
    expect(&w, "unaffable", "un|un ##aff|aff ##able|able");
    expect(&w, "unun run", "un|un ##un|un  run|run");
    expect(&w, "able run", "[UNK]|able  run|run"); /* ##able does not begin a word */
    expect(&w, "unx\trun\n", "[UNK]|unx  run|run");
    vocabulary_put(&w.vocabulary, "una", 3, 90); /* leads astray, and there is no going back */
    expect(&w, "unaffable", "[UNK]|unaffable");
    expect(&w, "", "");
    expect(&w, " \t\r\n\u00A0\u3000\u2028", "");
    vocabulary_free(&w.vocabulary);
}

static void punctuation_and_ideographs_stand_alone(void **state)
{
    (void)state;
    WordPiece w = make("don ' t $ . \u6771 \u4EAC \u304B ##\u306A ; a");
    expect(&w, "don't...", "don|don  '|'  t|t  .|.  .|.  .|.");
    expect(&w, "$\u20AC", "$|$  [UNK]|\u20AC"); /* the euro is no punctuation, the dollar is */
    expect(&w, "\u6771\u4EAC\u304B\u306A",
           "\u6771|\u6771  \u4EAC|\u4EAC  \u304B|\u304B ##\u306A|\u306A");
    expect(&w, "a\u037Ea", "a|a  ;|\u037E  a|a"); /* the Greek question mark becomes a semicolon */
    w.split_cjk = false;
    expect(&w, "\u6771\u4EAC", "[UNK]|\u6771\u4EAC");
    vocabulary_free(&w.vocabulary);
}

static void what_cannot_be_seen_is_dropped(void **state)
{
    (void)state;
    WordPiece w = make("soft ##hy a b ab");
    expect(&w, "soft\u00ADhy", "soft|soft ##hy|hy");
    expect(&w, "\uFEFFa\u200B \uFFFD b\a", "a|a  b|b");
    expect(&w, "a\uD7FFb a\uFADAb", "ab|a\uD7FFb  ab|a\uFADAb"); /* unassigned, also among CJK */
    w.clean = false;
    expect(&w, "a\u200Bb", "[UNK]|a\u200Bb");
    vocabulary_free(&w.vocabulary);
}

static void accents_go_with_their_letter(void **state)
{
    (void)state;
    WordPiece w = make("cafe ##s i CAFE caf\u00E9 i\u0307");
    expect(&w, "CAF\u00C9S", "cafe|CAF\u00C9 ##s|S");
    expect(&w, "cafe\u0301s", "cafe|cafe\u0301 ##s|s");
    expect(&w, "cafe\u0301\u0323 \u0301 \u0130", "cafe|cafe\u0301\u0323  i|\u0130");
    w.lowercase = false;
    expect(&w, "CAF\u00C9 caf\u00E9", "CAFE|CAF\u00C9  cafe|caf\u00E9");
    w.strip_accents = false;
    expect(&w, "CAF\u00C9 caf\u00E9", "[UNK]|CAF\u00C9  caf\u00E9|caf\u00E9");
    w.lowercase = true; /* the one letter whose lower case is longer */
    expect(&w, "CAF\u00C9 \u0130", "caf\u00E9|CAF\u00C9  i\u0307|\u0130");
    vocabulary_free(&w.vocabulary);
}

static void a_sigma_that_ends_a_word_is_a_final_one(void **state)
{
    (void)state;
    WordPiece w = make("\u03BF\u03B4\u03BF\u03C2 \u03BF\u03C3\u03BF \u03C3 ' . "
                       "\u03BF\u03C2 \u03BF\u03C3 ##\u03B1");
    expect(&w, "\u039F\u0394\u039F\u03A3", "\u03BF\u03B4\u03BF\u03C2|\u039F\u0394\u039F\u03A3");
    expect(&w, "\u039F\u03A3\u039F", "\u03BF\u03C3\u03BF|\u039F\u03A3\u039F");
    expect(&w, "\u03A3", "\u03C3|\u03A3");
    expect(&w, "\u039F\u03A3.", "\u03BF\u03C2|\u039F\u03A3  .|.");
    /* Marks and apostrophes do not end a word, as far as case is concerned. */
    expect(&w, "\u039F\u0301\u03A3\u0301", "\u03BF\u03C2|\u039F\u0301\u03A3\u0301");
    expect(&w, "\u039F\u03A3\u0301\u0391", "\u03BF\u03C3|\u039F\u03A3\u0301 ##\u03B1|\u0391");
    vocabulary_free(&w.vocabulary);
}

/* Marks of other categories than Mn are not dropped, and come in the order of their classes. */
static void marks_that_stay_are_put_in_order(void **state)
{
    (void)state;
    WordPiece w = make("a\u302E\U0001D165");
    expect(&w, "a\u302E\U0001D165", "[UNK]|a\u302E\U0001D165");
    vocabulary_free(&w.vocabulary);
    w = make("a\U0001D165\u302E a ##\U0001D165 ##\u302E");
    expect(&w, "a\u302E\U0001D165", "a\U0001D165\u302E|a\u302E\U0001D165");
    expect(&w, "a\u302E\u0301\U0001D165\u0323", "a\U0001D165\u302E|a\u302E\u0301\U0001D165\u0323");
    vocabulary_free(&w.vocabulary);
    w = make("a ##\U0001D165 ##\u302E"); /* apart, they share one place: places never go back */
    expect(&w, "a\u302E\U0001D165", "a|a ##\U0001D165|\u302E\U0001D165 ##\u302E|\u302E\U0001D165");
    vocabulary_free(&w.vocabulary);
}

static void a_syllable_that_comes_apart_has_one_place(void **state)
{
    (void)state;
    WordPiece w = make("\u1112 ##\u1161 ##\u11AB");
    expect(&w, "\uD55C", "\u1112|\uD55C ##\u1161|\uD55C ##\u11AB|\uD55C");
    vocabulary_free(&w.vocabulary);
}

static void a_word_has_its_most_characters(void **state)
{
    (void)state;
    WordPiece w = make("\U00010400 ##\U00010428 \U00010428");
    for (int most = 1; most <= WORDPIECE_MAX_CHARACTERS; most += 133) {
        w.max_characters = most;
        for (int count = most; count <= most + 1; count++) {
            Buffer text = {0};
            for (int i = 0; i < count; i++) { buffer_add_string(&text, "\U00010400"); }
            TokenList list = split(&w, text.bytes);
            assert_int_equal(list.count, count == most ? most : 1);
            assert_int_equal(list.tokens[0].id, count == most ? 3 : 0);
            assert_int_equal(list.tokens[list.count - 1].end, 4 * count);
            free(list.tokens);
            buffer_free(&text);
        }
    }
    vocabulary_free(&w.vocabulary);
}

/* A megabyte of what costs most: no step may take time that grows with the square. */
static void long_runs_take_no_longer_than_others(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "\u302E\U0001D165", "\u0301\u0323", "\u03A3\u0301", "a", "\uD55C", "[", "' \u03A3"};
    WordPiece w = make("a ##a [");
    for (size_t p = 0; p < COUNTOF(parts); p++) {
        Buffer text = {0};
        buffer_add_string(&text, "a");
        while (text.length < 1 << 20) { buffer_add_string(&text, parts[p]); }
        TokenList list = split(&w, text.bytes);
        assert_int_equal(list.tokens[0].start, 0);
        free(list.tokens);
        buffer_free(&text);
    }
    vocabulary_free(&w.vocabulary);
}

static void a_prefix_may_be_anything_short(void **state)
{
    (void)state;
    WordPiece w = make("play ing @@s");
    strcpy(w.prefix, "");
    expect(&w, "playing", "play|play ing|ing");
    strcpy(w.prefix, "@@");
    expect(&w, "plays", "play|play @@s|s");
    vocabulary_free(&w.vocabulary);
}

static void a_vocabulary_finds_the_last_of_equals(void **state)
{
    (void)state;
    Vocabulary v = {0};
    assert_int_equal(vocabulary_find(&v, "the", 3), -1);
    assert_null(vocabulary_piece(&v, 0));
    vocabulary_put(&v, "the", 3, 3);
    vocabulary_put(&v, "it", 2, 1);
    vocabulary_put(&v, "the", 3, 5);
    assert_int_equal(v.size, 6);
    assert_int_equal(vocabulary_find(&v, "the", 3), 5);
    assert_int_equal(vocabulary_find(&v, "th", 2), -1);
    assert_int_equal(vocabulary_find(&v, "", 0), -1);
    assert_string_equal(vocabulary_piece(&v, 3), "the");
    assert_null(vocabulary_piece(&v, 2));
    assert_null(vocabulary_piece(&v, 6));
    assert_null(vocabulary_piece(&v, -1));
    vocabulary_free(&v);
}

/* More pieces than ids: the table has to grow with the pieces. */
static void a_thousand_pieces_may_have_one_id(void **state)
{
    (void)state;
    Vocabulary v = {0};
    char piece[16];
    for (int i = 0; i < 5000; i++) {
        int length = snprintf(piece, sizeof piece, "p%d", i);
        vocabulary_put(&v, piece, (size_t)length, i % 2);
    }
    assert_int_equal(v.size, 2);
    assert_int_equal(vocabulary_find(&v, "p7", 2), 1);
    assert_int_equal(vocabulary_find(&v, "p4998", 5), 0);
    assert_int_equal(vocabulary_find(&v, "none", 4), -1);
    assert_string_equal(vocabulary_piece(&v, 1), "p4999");
    vocabulary_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_piece_wins_and_a_missing_one_spoils_the_word),
        cmocka_unit_test(punctuation_and_ideographs_stand_alone),
        cmocka_unit_test(what_cannot_be_seen_is_dropped),
        cmocka_unit_test(accents_go_with_their_letter),
        cmocka_unit_test(a_sigma_that_ends_a_word_is_a_final_one),
        cmocka_unit_test(marks_that_stay_are_put_in_order),
        cmocka_unit_test(a_syllable_that_comes_apart_has_one_place),
        cmocka_unit_test(a_word_has_its_most_characters),
        cmocka_unit_test(long_runs_take_no_longer_than_others),
        cmocka_unit_test(a_prefix_may_be_anything_short),
        cmocka_unit_test(a_vocabulary_finds_the_last_of_equals),
        cmocka_unit_test(a_thousand_pieces_may_have_one_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
