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

#define WORD_CHARACTERS 100      /* in a word that is not unknown, as in the reference */
#define TEXT_BYTES (INT_MAX / 2) /* of a text that are looked at: places in it are ints */
#define SHOWN_BYTES 40           /* of a name from a file in a sentence */

typedef enum Role { ROLE_PAD, ROLE_UNK, ROLE_CLS, ROLE_SEP, ROLE_MASK, ROLES } Role;

static const char *const role_names[ROLES] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
static const char *const role_keys[ROLES] = {"pad_token", "unk_token", "cls_token", "sep_token",
                                             "mask_token"};

/* A piece that stays whole where it is written in a text, whatever stands around it. */
typedef struct Whole {
    const char *text;
    size_t length;
    int id;
} Whole;

struct Tokenizer {
    Arena arena; /* strings */
    WordPiece wordpiece;
    const char *special[ROLES]; /* how they are written */
    int special_id[ROLES];      /* -1: not in the vocabulary */
    Whole *wholes;              /* sorted by first byte, then longest first */
    int whole_count, whole_capacity;
    int first_whole[257]; /* those that begin with byte b: from [b] to before [b + 1] */
};

/* ---- Reading JSON ---------------------------------------------------------------------------- */

static cJSON *parse_json(const Buffer *text, const char *path, Error *err)
{
    if (text->length == 0) {
        error_set(err, "%s is empty; download it again.", path);
        return NULL;
    }
    /* cJSON does not look at what is in a string, and ends it at a NUL. */
    if (unicode_valid_prefix(text->bytes, text->length) < text->length ||
        memchr(text->bytes, '\0', text->length) != NULL) {
        error_set(err, "%s is not UTF-8 text; download it again.", path);
        return NULL;
    }
    cJSON *json = cJSON_ParseWithLengthOpts(text->bytes, text->length + 1, NULL, true);
    if (!cJSON_IsObject(json)) {
        error_set(err, "%s is not valid JSON; download it again.", path);
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

static cJSON *read_json(const char *path, Error *err)
{
    Buffer text = {0};
    cJSON *json = NULL;
    if (file_read(path, VOCABULARY_FILE_BYTES, &text, err)) { json = parse_json(&text, path, err); }
    buffer_free(&text);
    return json;
}

static const cJSON *member(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

/* *value becomes 1 or 0; what is neither true nor false says nothing. */
static void read_switch(const cJSON *json, const char *name, bool *value)
{
    const cJSON *item = member(json, name);
    if (cJSON_IsBool(item)) { *value = cJSON_IsTrue(item); }
}

/* A token is a string, or an object with the string as "content". NULL when it is neither. */
static const char *token_text(const cJSON *item)
{
    if (cJSON_IsObject(item)) { item = member(item, "content"); }
    return cJSON_IsString(item) && item->valuestring[0] != '\0' ? item->valuestring : NULL;
}

static bool is_id(const cJSON *item)
{
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < VOCABULARY_MAX &&
           item->valuedouble == (double)item->valueint;
}

/* How many bytes of a name from a file go into a sentence: whole characters. */
static int shown(const char *name)
{
    return (int)unicode_valid_prefix(name, min_size(strlen(name), SHOWN_BYTES));
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void add_whole(Tokenizer *tokenizer, const char *text)
{
    if (tokenizer->whole_count == tokenizer->whole_capacity) {
        tokenizer->whole_capacity = max_int(16, 2 * tokenizer->whole_capacity);
        tokenizer->wholes = mem_grow(tokenizer->wholes, (size_t)tokenizer->whole_capacity,
                                     sizeof *tokenizer->wholes);
    }
    tokenizer->wholes[tokenizer->whole_count++] =
        (Whole){.text = arena_copy_string(&tokenizer->arena, text), .length = strlen(text)};
}

static void take_special(Tokenizer *tokenizer, const cJSON *json, Role role)
{
    const char *text = token_text(member(json, role_keys[role]));
    if (text != NULL) { tokenizer->special[role] = arena_copy_string(&tokenizer->arena, text); }
}

/* What the files say about normalising. strip_accents that is not said follows lowercase, as in the
 * reference. */
typedef struct Normalizing {
    bool lowercase, split_cjk, clean;
    const cJSON *strip_accents;
} Normalizing;

/* tokenizer_config.json; `json` may be NULL. It has the last word where it says something. */
static void take_config(Tokenizer *tokenizer, const cJSON *json, Normalizing *normalizing)
{
    read_switch(json, "do_lower_case", &normalizing->lowercase);
    read_switch(json, "tokenize_chinese_chars", &normalizing->split_cjk);
    if (cJSON_IsBool(member(json, "strip_accents"))) {
        normalizing->strip_accents = member(json, "strip_accents");
    }
    for (int role = 0; role < ROLES; role++) { take_special(tokenizer, json, (Role)role); }
    const cJSON *item;
    cJSON_ArrayForEach(item, member(json, "additional_special_tokens"))
    {
        if (token_text(item) != NULL) { add_whole(tokenizer, token_text(item)); }
    }
}

/* Tokens that were added to a vocab.txt: {"30522": {"content": "[NAME]", ...}, ...}. */
static bool take_added(Tokenizer *tokenizer, const cJSON *json, const char *path, Error *err)
{
    const cJSON *item, *added = member(json, "added_tokens_decoder");
    if (!cJSON_IsObject(added)) { return true; }
    cJSON_ArrayForEach(item, added)
    {
        char *end;
        const char *text = token_text(item);
        long id = strtol(item->string, &end, 10);
        if (text == NULL || end == item->string || *end != '\0' || id < 0 || id >= VOCABULARY_MAX) {
            return error_set(err,
                             "%s: \"%.*s\" in added_tokens_decoder is not a token with an id "
                             "from 0 to %d; download the file again.",
                             path, shown(item->string), item->string, VOCABULARY_MAX - 1);
        }
        vocabulary_put(&tokenizer->wordpiece.vocabulary, text, strlen(text), (int)id);
        add_whole(tokenizer, text);
    }
    return true;
}

/* model.vocab of tokenizer.json: pieces and ids. */
static bool take_vocab(Tokenizer *tokenizer, const cJSON *vocab, const char *path, Error *err)
{
    const cJSON *item;
    if (!cJSON_IsObject(vocab) || vocab->child == NULL) {
        return error_set(err, "%s has no vocabulary (model.vocab).", path);
    }
    vocabulary_reserve(&tokenizer->wordpiece.vocabulary, (size_t)cJSON_GetArraySize(vocab));
    cJSON_ArrayForEach(item, vocab)
    {
        if (!is_id(item)) {
            return error_set(err, "%s: the id of \"%.*s\" is not a whole number from 0 to %d.",
                             path, shown(item->string), item->string, VOCABULARY_MAX - 1);
        }
        vocabulary_put(&tokenizer->wordpiece.vocabulary, item->string, strlen(item->string),
                       item->valueint);
    }
    return true;
}

/* added_tokens of tokenizer.json: [{"id": 103, "content": "[MASK]", ...}, ...]. */
static bool take_added_tokens(Tokenizer *tokenizer, const cJSON *added, const char *path,
                              Error *err)
{
    const cJSON *item;
    if (!cJSON_IsArray(added)) { return true; }
    cJSON_ArrayForEach(item, added)
    {
        const cJSON *id = member(item, "id");
        const char *text = token_text(item);
        if (!is_id(id) || text == NULL) {
            return error_set(err, "%s: an entry of added_tokens has no id or no content.", path);
        }
        vocabulary_put(&tokenizer->wordpiece.vocabulary, text, strlen(text), id->valueint);
        add_whole(tokenizer, text);
    }
    return true;
}

/* A part of tokenizer.json must be of the kind that is implemented, or else not be there. */
static bool check_kind(const cJSON *json, const char *part, const char *kind, const char *path,
                       Error *err)
{
    const cJSON *type = member(member(json, part), "type");
    if (!cJSON_IsString(type) || strcmp(type->valuestring, kind) == 0) { return true; }
    return error_set(err, "%s has a %s of the kind %.*s; only %s can be read so far.", path, part,
                     shown(type->valuestring), type->valuestring, kind);
}

static bool take_model(Tokenizer *tokenizer, const cJSON *model, const char *path, Error *err)
{
    WordPiece *wordpiece = &tokenizer->wordpiece;
    const cJSON *prefix = member(model, "continuing_subword_prefix");
    if (cJSON_IsString(prefix)) {
        size_t length = strlen(prefix->valuestring);
        if (length >= sizeof wordpiece->prefix) {
            return error_set(err, "%s: continuing_subword_prefix is too long.", path);
        }
        memcpy(wordpiece->prefix, prefix->valuestring, length + 1);
    }
    const cJSON *most = member(model, "max_input_chars_per_word");
    if (cJSON_IsNumber(most)) {
        wordpiece->max_characters = clamp_int(most->valueint, 1, WORDPIECE_MAX_CHARACTERS);
    }
    take_special(tokenizer, model, ROLE_UNK);
    return take_vocab(tokenizer, member(model, "vocab"), path, err);
}

static bool take_tokenizer(Tokenizer *tokenizer, const cJSON *json, const char *path,
                           Normalizing *normalizing, Error *err)
{
    if (!check_kind(json, "model", "WordPiece", path, err) ||
        !check_kind(json, "normalizer", "BertNormalizer", path, err) ||
        !check_kind(json, "pre_tokenizer", "BertPreTokenizer", path, err)) {
        return false;
    }
    const cJSON *normalizer = member(json, "normalizer");
    if (!cJSON_IsObject(normalizer)) { *normalizing = (Normalizing){0}; }
    read_switch(normalizer, "lowercase", &normalizing->lowercase);
    read_switch(normalizer, "handle_chinese_chars", &normalizing->split_cjk);
    read_switch(normalizer, "clean_text", &normalizing->clean);
    normalizing->strip_accents = member(normalizer, "strip_accents");
    return take_model(tokenizer, member(json, "model"), path, err) &&
           take_added_tokens(tokenizer, member(json, "added_tokens"), path, err);
}

static int compare_wholes(const void *a, const void *b)
{
    const Whole *x = a, *y = b;
    int first = (unsigned char)x->text[0] - (unsigned char)y->text[0];
    if (first != 0) { return first; }
    return x->length != y->length ? (x->length < y->length ? 1 : -1) : strcmp(x->text, y->text);
}

/* Looks up what stays whole, and sorts it so that the longest one at a place is found first. */
static void index_wholes(Tokenizer *tokenizer)
{
    int kept = 0;
    for (int i = 0; i < tokenizer->whole_count; i++) {
        Whole whole = tokenizer->wholes[i];
        whole.id = vocabulary_find(&tokenizer->wordpiece.vocabulary, whole.text, whole.length);
        if (whole.id >= 0) { tokenizer->wholes[kept++] = whole; }
    }
    tokenizer->whole_count = kept;
    qsort(tokenizer->wholes, (size_t)kept, sizeof *tokenizer->wholes, compare_wholes);
    for (int i = 0; i < kept; i++) {
        tokenizer->first_whole[(unsigned char)tokenizer->wholes[i].text[0] + 1]++;
    }
    for (int byte = 0; byte < 256; byte++) {
        tokenizer->first_whole[byte + 1] += tokenizer->first_whole[byte];
    }
}

static bool finish(Tokenizer *tokenizer, const Normalizing *normalizing, const char *path,
                   Error *err)
{
    static const Role needed[] = {ROLE_UNK, ROLE_CLS, ROLE_SEP};
    WordPiece *wordpiece = &tokenizer->wordpiece;
    for (int role = 0; role < ROLES; role++) {
        tokenizer->special_id[role] = tokenizer_find(tokenizer, tokenizer->special[role]);
        add_whole(tokenizer, tokenizer->special[role]);
    }
    for (size_t i = 0; i < COUNTOF(needed); i++) {
        const char *name = tokenizer->special[needed[i]];
        if (tokenizer->special_id[needed[i]] < 0) {
            return error_set(err, "%s has no piece %.*s; is it the vocabulary of a BERT model?",
                             path, shown(name), name);
        }
    }
    wordpiece->clean = normalizing->clean;
    wordpiece->split_cjk = normalizing->split_cjk;
    wordpiece->lowercase = normalizing->lowercase;
    wordpiece->strip_accents = cJSON_IsBool(normalizing->strip_accents)
                                   ? cJSON_IsTrue(normalizing->strip_accents)
                                   : normalizing->lowercase;
    wordpiece->unknown = tokenizer->special_id[ROLE_UNK];
    index_wholes(tokenizer);
    return true;
}

static bool ends_with(const char *string, const char *end)
{
    size_t length = strlen(string), tail = strlen(end);
    return length >= tail && strcmp(string + length - tail, end) == 0;
}

/* `path`: a vocab.txt or tokenizer.json; `config_path`: of tokenizer_config.json, or NULL. */
static bool read_files(Tokenizer *tokenizer, const char *path, const char *config_path, Error *err)
{
    Normalizing normalizing = {.lowercase = true, .split_cjk = true, .clean = true};
    bool is_json = ends_with(path, ".json");
    cJSON *config = config_path != NULL ? read_json(config_path, err) : NULL;
    cJSON *json = NULL;
    bool ok = config_path == NULL || config != NULL;
    if (ok && is_json) {
        json = read_json(path, err);
        ok = json != NULL && take_tokenizer(tokenizer, json, path, &normalizing, err);
    } else if (ok) {
        ok = vocabulary_read_lines(&tokenizer->wordpiece.vocabulary, path, err) &&
             take_added(tokenizer, config, config_path, err);
    }
    if (ok) {
        take_config(tokenizer, config, &normalizing);
        ok = finish(tokenizer, &normalizing, path, err);
    }
    cJSON_Delete(json);
    cJSON_Delete(config);
    return ok;
}

static Tokenizer *open_files(const char *path, const char *config_path, Error *err)
{
    Tokenizer *tokenizer = mem_zero(1, sizeof *tokenizer);
    tokenizer->wordpiece =
        (WordPiece){.prefix = "##", .max_characters = WORD_CHARACTERS, .unknown = -1};
    for (int role = 0; role < ROLES; role++) { tokenizer->special[role] = role_names[role]; }
    if (!read_files(tokenizer, path, config_path, err)) {
        tokenizer_free(tokenizer);
        return NULL;
    }
    return tokenizer;
}

void tokenizer_free(Tokenizer *tokenizer)
{
    if (tokenizer == NULL) { return; }
    vocabulary_free(&tokenizer->wordpiece.vocabulary);
    arena_free(&tokenizer->arena);
    free(tokenizer->wholes);
    free(tokenizer);
}

Tokenizer *tokenizer_open_file(const char *path, Error *err) { return open_files(path, NULL, err); }

Tokenizer *tokenizer_open(const char *folder, Error *err)
{
    Tokenizer *tokenizer = NULL;
    char *vocab = file_join(folder, "vocab.txt"), *json = file_join(folder, "tokenizer.json");
    char *config = file_join(folder, "tokenizer_config.json");
    const char *known = file_exists(config) ? config : NULL;
    /* Without a config only tokenizer.json says whether the model knows capitals. */
    if (file_exists(vocab) && (known != NULL || !file_exists(json))) {
        tokenizer = open_files(vocab, known, err);
    } else if (file_exists(json)) {
        tokenizer = open_files(json, known, err);
    } else {
        error_set(err, "%s has no vocab.txt and no tokenizer.json; download one of them too.",
                  folder);
    }
    free(vocab);
    free(json);
    free(config);
    return tokenizer;
}

int tokenizer_vocab_size(const Tokenizer *tokenizer)
{
    return tokenizer->wordpiece.vocabulary.size;
}

const char *tokenizer_piece(const Tokenizer *tokenizer, int id)
{
    return vocabulary_piece(&tokenizer->wordpiece.vocabulary, id);
}

int tokenizer_find(const Tokenizer *tokenizer, const char *piece)
{
    return vocabulary_find(&tokenizer->wordpiece.vocabulary, piece, strlen(piece));
}

int tokenizer_mask_id(const Tokenizer *tokenizer) { return tokenizer->special_id[ROLE_MASK]; }

/* ---- Encoding -------------------------------------------------------------------------------- */

static bool is_structure(const Tokenizer *tokenizer, int id)
{
    return id == tokenizer->special_id[ROLE_CLS] || id == tokenizer->special_id[ROLE_SEP] ||
           id == tokenizer->special_id[ROLE_PAD];
}

/* The bytes of a text that are looked at: all of them, unless there is more than a gigabyte. */
static size_t text_length(const char *text)
{
    size_t length = strlen(text);
    if (length <= TEXT_BYTES) { return length; }
    length = TEXT_BYTES;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) { length--; }
    return length;
}

static const Whole *whole_at(const Tokenizer *tokenizer, const char *text)
{
    unsigned char byte = (unsigned char)text[0];
    for (int i = tokenizer->first_whole[byte]; i < tokenizer->first_whole[byte + 1]; i++) {
        const Whole *whole = &tokenizer->wholes[i];
        if (strncmp(text, whole->text, whole->length) == 0) { return whole; }
    }
    return NULL;
}

/* What stays whole is taken out first; what stands between is split. */
static void split_text(const Tokenizer *tokenizer, const char *text, TokenList *list)
{
    size_t length = text_length(text), start = 0;
    int word = 0;
    for (size_t at = 0; at < length;) {
        const Whole *whole = whole_at(tokenizer, text + at);
        if (whole == NULL) {
            at++;
            continue;
        }
        wordpiece_split(&tokenizer->wordpiece, text, start, at, &word, list);
        bool structure = is_structure(tokenizer, whole->id);
        start = at + whole->length;
        wordpiece_add_token(list, (Token){.piece = tokenizer_piece(tokenizer, whole->id),
                                          .id = whole->id,
                                          .start = (int)at,
                                          .end = (int)start,
                                          .word = structure ? -1 : word++,
                                          .special = structure});
        at = start;
    }
    if (start < length) {
        wordpiece_split(&tokenizer->wordpiece, text, start, length, &word, list);
    }
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

/* [CLS] stands before the text of its side, [SEP] behind it. */
static void append_special(const Tokenizer *tokenizer, Encoding *encoding, Role role, int side)
{
    int id = tokenizer->special_id[role];
    int place = role == ROLE_CLS ? 0 : (int)text_length(encoding->text[side]);
    Token token = {.piece = tokenizer_piece(tokenizer, id),
                   .id = id,
                   .start = place,
                   .end = place,
                   .word = -1,
                   .special = true};
    append(encoding, &token, 1, side);
}

static Encoding *new_encoding(const char *text, const char *pair, int most)
{
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->text[0] = arena_copy_string(&encoding->arena, text);
    if (pair != NULL) { encoding->text[1] = arena_copy_string(&encoding->arena, pair); }
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)most, sizeof(Token));
    return encoding;
}

Encoding *tokenizer_encode(const Tokenizer *tokenizer, const char *text, const char *pair,
                           int max_tokens)
{
    TokenList lists[2] = {{0}, {0}};
    split_text(tokenizer, text, &lists[0]);
    if (pair != NULL) { split_text(tokenizer, pair, &lists[1]); }
    int added = pair != NULL ? 3 : 2, keep[2] = {lists[0].count, lists[1].count};
    int room = max_int(max_int(max_tokens, 0) - added, 0);
    while (keep[0] + keep[1] > room) { keep[keep[0] >= keep[1] ? 0 : 1]--; }

    Encoding *encoding = new_encoding(text, pair, keep[0] + keep[1] + added);
    encoding->cut = lists[0].count + lists[1].count - keep[0] - keep[1];
    append_special(tokenizer, encoding, ROLE_CLS, 0);
    append(encoding, lists[0].tokens, keep[0], 0);
    append_special(tokenizer, encoding, ROLE_SEP, 0);
    if (pair != NULL) {
        append(encoding, lists[1].tokens, keep[1], 1);
        append_special(tokenizer, encoding, ROLE_SEP, 1);
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
    Encoding *encoding = new_encoding(text, NULL, list.count);
    append(encoding, list.tokens, list.count, 0);
    free(list.tokens);
    return encoding;
}
