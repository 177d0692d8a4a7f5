/* Arbitrary bytes as a sentence, through each kind of tokenizer; and as a command line. */
#include "fuzz.h"

#include "app/options.h"
#include "base/unicode.h"
#include "text/tokenizer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What every encoding promises: known pieces, places inside its text, in order within a word. */
static void check(const Tokenizer *tokenizer, const Encoding *encoding, int most)
{
    if (encoding->count > most) { abort(); }
    for (int i = 0; i < encoding->count; i++) {
        const Token *token = &encoding->tokens[i];
        if (token->id < 0 || token->id >= tokenizer_vocab_size(tokenizer)) { abort(); }
        if (token->side < 0 || token->side > 1) { abort(); }
        const char *text = encoding->text[token->side];
        if (text == NULL || token->start < 0 || token->start > token->end ||
            (size_t)token->end > strlen(text)) {
            abort();
        }
    }
}

void fuzz_text(const uint8_t *bytes, size_t length)
{
    static Tokenizer *tokenizers[4];
    static const char *const places[] = {
        "tests/data/bert-tiny/vocab.txt", "tests/data/tokenizers/bpe/tokenizer.json",
        "tests/data/tokenizers/unigram/tokenizer.json", "models/headlight-en/vocab.txt"};
    Buffer text = {0};
    unicode_repair((const char *)bytes, length, &text);
    if (text.length == 0) { buffer_add(&text, "", 0); }
    const char *first = text.bytes != NULL ? text.bytes : "";
    const char *tab = strchr(first, '\t');
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        Error err = {""};
        if (tokenizers[i] == NULL) {
            tokenizers[i] = tokenizer_open_file(fuzz_source(places[i]), &err);
        }
        if (tokenizers[i] == NULL) { abort(); }
        const int limits[] = {1, 3, 24, 512};
        for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++) {
            Encoding *encoding =
                tokenizer_encode(tokenizers[i], first, tab != NULL ? tab + 1 : NULL, limits[k]);
            check(tokenizers[i], encoding, limits[k] < 5 ? 5 : limits[k]);
            encoding_free(encoding);
        }
        Encoding *plain = tokenizer_encode_plain(tokenizers[i], first);
        check(tokenizers[i], plain, 1 << 30);
        encoding_free(plain);
    }
    /* Moving through the text by clusters and words arrives. */
    size_t end = strlen(first);
    for (size_t at = 0; at < end;) {
        size_t next = unicode_next_cluster(first, end, at);
        if (next <= at || next > end || unicode_previous_cluster(first, end, next) >= next) {
            abort();
        }
        at = next;
    }
    for (size_t at = end; at > 0;) {
        size_t before = unicode_previous_word(first, end, at);
        if (before >= at) { abort(); }
        at = before;
    }
    buffer_free(&text);
}

/* Words are separated by newlines. */
void fuzz_options(const uint8_t *bytes, size_t length)
{
    char *line = calloc(length + 1, 1), *words[66] = {(char *)(uintptr_t) "headlight"},
         *rest = line;
    memcpy(line, bytes, length);
    int count = 1;
    for (char *word; count < 65 && (word = strsep(&rest, "\n")) != NULL;) { words[count++] = word; }
    Options options;
    Error err = {""};
    bool ok = options_parse(&options, count, words, &err);
    if (!ok && err.text[0] == '\0') { abort(); }
    if (ok && (options.command_count > OPTIONS_MAX_COMMANDS || options.width < 0 ||
               options.threads > OPTIONS_MAX_THREADS || options.top > OPTIONS_MAX_TOP)) {
        abort();
    }
    options_free(&options);
    free(line);
}
