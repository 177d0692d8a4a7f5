#include "text/tokenizer.h"

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "text/wordpiece.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define JSON_LIMIT ((size_t)64 << 20)
#define WORD_LIMIT 100 /* characters of a word, as in the reference */

enum { SPECIAL_PAD, SPECIAL_UNK, SPECIAL_CLS, SPECIAL_SEP, SPECIAL_MASK, SPECIALS };

struct Tokenizer {
    WordPiece wordpiece;
    char *special[SPECIALS]; /* how they are written; owned */
    int special_id[SPECIALS]; /* -1: not in the vocabulary */
};

static void begin(Tokenizer *tokenizer)
{
    static const char *const names[SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (int i = 0; i < SPECIALS; i++) { tokenizer->special[i] = mem_copy_string(names[i]); }
    tokenizer->wordpiece = (WordPiece){.clean = true, .split_cjk = true, .strip_accents = true,
                                       .lowercase = true, .prefix = "##", .max_characters = WORD_LIMIT};
}

void tokenizer_free(Tokenizer *tokenizer)
{
    if (tokenizer == NULL) { return; }
    vocabulary_free(&tokenizer->wordpiece.vocabulary);
    for (int i = 0; i < SPECIALS; i++) { free(tokenizer->special[i]); }
    free(tokenizer);
}

static cJSON *read_json(const char *path, Error *err)
{
    Buffer text = {0};
    cJSON *json = NULL;
    if (file_read(path, JSON_LIMIT, &text, err)) {
        json = cJSON_ParseWithLength(text.length > 0 ? text.bytes : "", text.length);
        if (!cJSON_IsObject(json)) {
            error_set(err, "%s is not valid JSON; download it again.", path);
            cJSON_Delete(json);
            json = NULL;
        }
    }
    buffer_free(&text);
    return json;
}

static bool read_switch(const cJSON *json, const char *name, bool otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : otherwise;
}

/* A special token is a string, or an object with the string as "content". */
static void read_special(Tokenizer *tokenizer, const cJSON *json, const char *name, int which)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    if (cJSON_IsObject(item)) { item = cJSON_GetObjectItemCaseSensitive(item, "content"); }
    if (!cJSON_IsString(item) || item->valuestring[0] == '\0') { return; }
    free(tokenizer->special[which]);
    tokenizer->special[which] = mem_copy_string(item->valuestring);
}

/* strip_accents that is not said follows do_lower_case, as in the reference. */
static bool read_settings(Tokenizer *tokenizer, const char *path, Error *err)
{
    cJSON *json = read_json(path, err);
    if (json == NULL) { return false; }
    WordPiece *wordpiece = &tokenizer->wordpiece;
    wordpiece->lowercase = read_switch(json, "do_lower_case", true);
    wordpiece->strip_accents = read_switch(json, "strip_accents", wordpiece->lowercase);
    wordpiece->split_cjk = read_switch(json, "tokenize_chinese_chars", true);
    read_special(tokenizer, json, "pad_token", SPECIAL_PAD);
    read_special(tokenizer, json, "unk_token", SPECIAL_UNK);
    read_special(tokenizer, json, "cls_token", SPECIAL_CLS);
    read_special(tokenizer, json, "sep_token", SPECIAL_SEP);
    read_special(tokenizer, json, "mask_token", SPECIAL_MASK);
    cJSON_Delete(json);
    return true;
}

static bool is_id(const cJSON *item)
{
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < VOCABULARY_MAX &&
           item->valuedouble == (double)item->valueint;
}

/* model.vocab and added_tokens of tokenizer.json: pieces and ids. */
static bool read_pieces(Vocabulary *vocabulary, const cJSON *vocab, const cJSON *added, const char *path,
                        Error *err)
{
    int size = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, vocab)
    {
        if (!is_id(item)) { return error_set(err, "%s: the id of \"%s\" is not a number from 0 to %d.", path,
                                             item->string, VOCABULARY_MAX - 1); }
        size = max_int(size, item->valueint + 1);
    }
    cJSON_ArrayForEach(item, added)
    {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(item, "id");
        const cJSON *content = cJSON_GetObjectItemCaseSensitive(item, "content");
        if (!is_id(id) || !cJSON_IsString(content)) {
            return error_set(err, "%s: an entry of added_tokens has no id or no content.", path);
        }
        size = max_int(size, id->valueint + 1);
    }
    if (size == 0) { return error_set(err, "%s has no vocabulary (model.vocab).", path); }
    vocabulary_begin(vocabulary, size);
    cJSON_ArrayForEach(item, vocab)
    {
        vocabulary_put(vocabulary, item->string, strlen(item->string), item->valueint);
    }
    cJSON_ArrayForEach(item, added)
    {
        const char *content = cJSON_GetObjectItemCaseSensitive(item, "content")->valuestring;
        vocabulary_put(vocabulary, content, strlen(content),
                       cJSON_GetObjectItemCaseSensitive(item, "id")->valueint);
    }
    return true;
}

static bool take_json(Tokenizer *tokenizer, const cJSON *json, const char *path, Error *err)
{
    WordPiece *wordpiece = &tokenizer->wordpiece;
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(json, "model");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(model, "type");
    const cJSON *normalizer = cJSON_GetObjectItemCaseSensitive(json, "normalizer");
    if (cJSON_IsString(type) && strcmp(type->valuestring, "WordPiece") != 0) {
        return error_set(err, "%s is a tokenizer of the kind %s; only WordPiece can be read so far.", path,
                         type->valuestring);
    }
    if (cJSON_IsObject(normalizer)) {
        wordpiece->clean = read_switch(normalizer, "clean_text", true);
        wordpiece->split_cjk = read_switch(normalizer, "handle_chinese_chars", true);
        wordpiece->lowercase = read_switch(normalizer, "lowercase", true);
        wordpiece->strip_accents = read_switch(normalizer, "strip_accents", wordpiece->lowercase);
    }
    const cJSON *prefix = cJSON_GetObjectItemCaseSensitive(model, "continuing_subword_prefix");
    if (cJSON_IsString(prefix)) {
        if (strlen(prefix->valuestring) >= sizeof wordpiece->prefix) {
            return error_set(err, "%s: continuing_subword_prefix is too long.", path);
        }
        memcpy(wordpiece->prefix, prefix->valuestring, strlen(prefix->valuestring) + 1);
    }
    const cJSON *most = cJSON_GetObjectItemCaseSensitive(model, "max_input_chars_per_word");
    if (cJSON_IsNumber(most)) { wordpiece->max_characters = clamp_int(most->valueint, 1, WORD_LIMIT); }
    read_special(tokenizer, model, "unk_token", SPECIAL_UNK);
    return read_pieces(&wordpiece->vocabulary, cJSON_GetObjectItemCaseSensitive(model, "vocab"),
                       cJSON_GetObjectItemCaseSensitive(json, "added_tokens"), path, err);
}

static bool read_tokenizer_json(Tokenizer *tokenizer, const char *path, Error *err)
{
    cJSON *json = read_json(path, err);
    bool ok = json != NULL && take_json(tokenizer, json, path, err);
    cJSON_Delete(json);
    return ok;
}

static bool finish(Tokenizer *tokenizer, const char *path, Error *err)
{
    static const int needed[] = {SPECIAL_UNK, SPECIAL_CLS, SPECIAL_SEP};
    for (int i = 0; i < SPECIALS; i++) {
        tokenizer->special_id[i] = vocabulary_find(&tokenizer->wordpiece.vocabulary, tokenizer->special[i],
                                                   strlen(tokenizer->special[i]));
    }
    for (size_t i = 0; i < COUNTOF(needed); i++) {
        if (tokenizer->special_id[needed[i]] < 0) {
            return error_set(err, "%s has no piece %s; is it the vocabulary of a BERT model?", path,
                             tokenizer->special[needed[i]]);
        }
    }
    tokenizer->wordpiece.unknown = tokenizer->special_id[SPECIAL_UNK];
    return true;
}

static bool ends_with(const char *string, const char *end)
{
    size_t length = strlen(string), tail = strlen(end);
    return length >= tail && strcmp(string + length - tail, end) == 0;
}

/* `settings` may be NULL. */
static Tokenizer *open_files(const char *path, const char *settings, Error *err)
{
    Tokenizer *tokenizer = mem_zero(1, sizeof *tokenizer);
    begin(tokenizer);
    bool ok = settings == NULL || read_settings(tokenizer, settings, err);
    if (ok && ends_with(path, ".json")) {
        ok = read_tokenizer_json(tokenizer, path, err);
    } else if (ok) {
        ok = vocabulary_read_lines(&tokenizer->wordpiece.vocabulary, path, err);
    }
    if (!ok || !finish(tokenizer, path, err)) {
        tokenizer_free(tokenizer);
        return NULL;
    }
    return tokenizer;
}

Tokenizer *tokenizer_open_file(const char *path, Error *err) { return open_files(path, NULL, err); }

Tokenizer *tokenizer_open(const char *folder, Error *err)
{
    Tokenizer *tokenizer = NULL;
    char *vocab = file_join(folder, "vocab.txt"), *json = file_join(folder, "tokenizer.json");
    char *settings = file_join(folder, "tokenizer_config.json");
    const char *known = file_exists(settings) ? settings : NULL;
    if (file_exists(vocab)) {
        tokenizer = open_files(vocab, known, err);
    } else if (file_exists(json)) {
        tokenizer = open_files(json, known, err);
    } else {
        error_set(err, "%s has no vocab.txt and no tokenizer.json; download one of them too.", folder);
    }
    free(vocab);
    free(json);
    free(settings);
    return tokenizer;
}

int tokenizer_vocab_size(const Tokenizer *tokenizer) { return tokenizer->wordpiece.vocabulary.size; }

const char *tokenizer_piece(const Tokenizer *tokenizer, int id)
{
    const Vocabulary *vocabulary = &tokenizer->wordpiece.vocabulary;
    return id >= 0 && id < vocabulary->size ? vocabulary->pieces[id] : NULL;
}

int tokenizer_find(const Tokenizer *tokenizer, const char *piece)
{
    return vocabulary_find(&tokenizer->wordpiece.vocabulary, piece, strlen(piece));
}

int tokenizer_mask_id(const Tokenizer *tokenizer) { return tokenizer->special_id[SPECIAL_MASK]; }

/* The special token that is written at text[at], or -1. */
static int special_at(const Tokenizer *tokenizer, const char *text, size_t at)
{
    for (int i = 0; i < SPECIALS; i++) {
        if (tokenizer->special_id[i] >= 0 &&
            strncmp(text + at, tokenizer->special[i], strlen(tokenizer->special[i])) == 0) {
            return i;
        }
    }
    return -1;
}

static Token special_token(const Tokenizer *tokenizer, int which)
{
    bool structure = which == SPECIAL_PAD || which == SPECIAL_CLS || which == SPECIAL_SEP;
    int id = tokenizer->special_id[which];
    return (Token){.piece = tokenizer->wordpiece.vocabulary.pieces[id], .id = id, .word = -1,
                   .special = structure};
}

/* Special tokens that the user has typed stay whole; what stands between them is split. */
static void split_text(const Tokenizer *tokenizer, const char *text, TokenList *list)
{
    size_t length = min_size(strlen(text), INT_MAX / 2), start = 0;
    int word = 0;
    for (size_t at = 0; at < length;) {
        int which = special_at(tokenizer, text, at);
        if (which < 0) {
            at++;
            continue;
        }
        wordpiece_split(&tokenizer->wordpiece, text, start, at, &word, list);
        Token token = special_token(tokenizer, which);
        token.start = (int)at;
        at += strlen(tokenizer->special[which]);
        token.end = (int)at;
        if (!token.special) { token.word = word++; }
        wordpiece_add_token(list, token);
        start = at;
    }
    wordpiece_split(&tokenizer->wordpiece, text, start, length, &word, list);
}

/* Pieces are copied: an encoding outlives the model that it came from. */
static void append(Encoding *encoding, const Token *tokens, int count, int side)
{
    for (int i = 0; i < count; i++) {
        Token *to = &encoding->tokens[encoding->count++];
        *to = tokens[i];
        to->piece = arena_copy_string(&encoding->arena, tokens[i].piece);
        to->side = side;
    }
}

static void append_special(const Tokenizer *tokenizer, Encoding *encoding, int which, int side)
{
    Token token = special_token(tokenizer, which);
    int length = side < 2 && encoding->text[side] != NULL ? (int)strlen(encoding->text[side]) : 0;
    token.start = token.end = which == SPECIAL_CLS ? 0 : length;
    append(encoding, &token, 1, side);
}

Encoding *tokenizer_encode(const Tokenizer *tokenizer, const char *text, const char *pair, int max_tokens)
{
    TokenList lists[2] = {{0}, {0}};
    split_text(tokenizer, text, &lists[0]);
    if (pair != NULL) { split_text(tokenizer, pair, &lists[1]); }
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->text[0] = arena_copy_string(&encoding->arena, text);
    if (pair != NULL) { encoding->text[1] = arena_copy_string(&encoding->arena, pair); }
    int room = max_int(max_tokens - (pair != NULL ? 3 : 2), 0);
    int keep[2] = {lists[0].count, lists[1].count};
    while (keep[0] + keep[1] > room) {
        keep[keep[0] >= keep[1] ? 0 : 1]--;
        encoding->cut++;
    }
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)(keep[0] + keep[1]) + 3, sizeof(Token));
    append_special(tokenizer, encoding, SPECIAL_CLS, 0);
    append(encoding, lists[0].tokens, keep[0], 0);
    append_special(tokenizer, encoding, SPECIAL_SEP, 0);
    if (pair != NULL) {
        append(encoding, lists[1].tokens, keep[1], 1);
        append_special(tokenizer, encoding, SPECIAL_SEP, 1);
    }
    encoding->count = min_int(encoding->count, max_int(max_tokens, 1));
    free(lists[0].tokens);
    free(lists[1].tokens);
    return encoding;
}

Encoding *tokenizer_encode_plain(const Tokenizer *tokenizer, const char *text)
{
    TokenList list = {0};
    split_text(tokenizer, text, &list);
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->text[0] = arena_copy_string(&encoding->arena, text);
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)list.count, sizeof(Token));
    append(encoding, list.tokens, list.count, 0);
    free(list.tokens);
    return encoding;
}
