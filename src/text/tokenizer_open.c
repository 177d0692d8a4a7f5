/* Finding out, from the files of a folder, how a model was taught to cut text. */
#include "text/tokenizer_parts.h"

#include "base/base.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_CHARACTERS 100 /* in a word that is not unknown, as in the reference */
#define MOST_SCORE 1e6      /* log probabilities; sums of them stay finite */
#define SHOWN_BYTES 40      /* of a name from a file in a sentence */

static const char *const role_names[ROLES] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
static const char *const other_names[ROLES] = {"<pad>", "<unk>", "<s>", "</s>", "<mask>"};
static const char *const role_keys[ROLES] = {"pad_token", "unk_token", "cls_token", "sep_token",
                                             "mask_token"};

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
    if (!json_fits(text->bytes, text->length, path, err)) { return NULL; }
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

static void add_whole(Tokenizer *tokenizer, const char *text, bool eats_blanks)
{
    if (tokenizer->whole_count == tokenizer->whole_capacity) {
        tokenizer->whole_capacity = max_int(16, 2 * tokenizer->whole_capacity);
        tokenizer->wholes = mem_grow(tokenizer->wholes, (size_t)tokenizer->whole_capacity,
                                     sizeof *tokenizer->wholes);
    }
    tokenizer->wholes[tokenizer->whole_count++] =
        (Whole){.text = arena_copy_string(&tokenizer->arena, text),
                .length = strlen(text),
                .eats_blanks = eats_blanks};
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
        if (token_text(item) != NULL) { add_whole(tokenizer, token_text(item), false); }
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
        add_whole(tokenizer, text, cJSON_IsTrue(member(item, "lstrip")));
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
        add_whole(tokenizer, text, cJSON_IsTrue(member(item, "lstrip")));
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

/* ---- Byte-level BPE ---- */

static bool add_merge(Tokenizer *tokenizer, const char *left, size_t left_length, const char *right,
                      size_t right_length, int rank, const char *path, Error *err)
{
    if (bpe_add_merge(&tokenizer->bpe, &tokenizer->wordpiece.vocabulary, left, left_length, right,
                      right_length, rank)) {
        return true;
    }
    return error_set(err,
                     "%s: merge %d (\"%.*s\" and \"%.*s\") names pieces that the vocabulary lacks.",
                     path, rank, (int)min_size(left_length, SHOWN_BYTES), left,
                     (int)min_size(right_length, SHOWN_BYTES), right);
}

/* "left right" */
static bool add_merge_line(Tokenizer *tokenizer, const char *line, size_t length, int rank,
                           const char *path, Error *err)
{
    const char *blank = memchr(line, ' ', length);
    size_t left = blank != NULL ? (size_t)(blank - line) : 0;
    if (left == 0 || left + 1 >= length) {
        return error_set(err, "%s: merge %d is not two pieces with a blank between them.", path,
                         rank);
    }
    return add_merge(tokenizer, line, left, blank + 1, length - left - 1, rank, path, err);
}

/* model.merges: ["a b", ...] or [["a", "b"], ...]. */
static bool take_merges(Tokenizer *tokenizer, const cJSON *merges, const char *path, Error *err)
{
    int rank = 0;
    const cJSON *item;
    bpe_begin(&tokenizer->bpe, &tokenizer->wordpiece.vocabulary);
    cJSON_ArrayForEach(item, merges)
    {
        const cJSON *left = cJSON_GetArrayItem(item, 0), *right = cJSON_GetArrayItem(item, 1);
        bool ok = true;
        if (cJSON_IsString(item)) {
            ok = add_merge_line(tokenizer, item->valuestring, strlen(item->valuestring), rank, path,
                                err);
        } else if (cJSON_IsString(left) && cJSON_IsString(right)) {
            ok = add_merge(tokenizer, left->valuestring, strlen(left->valuestring),
                           right->valuestring, strlen(right->valuestring), rank, path, err);
        } else {
            ok = error_set(err, "%s: merge %d is not two pieces.", path, rank);
        }
        if (!ok) { return false; }
        rank++;
    }
    return true;
}

/* A part of a sequence (or the part itself) with that type, or NULL. */
static const cJSON *find_part(const cJSON *json, const char *list, const char *type)
{
    const cJSON *own = member(json, "type"), *item;
    if (cJSON_IsString(own) && strcmp(own->valuestring, type) == 0) { return json; }
    cJSON_ArrayForEach(item, member(json, list))
    {
        const cJSON *name = member(item, "type");
        if (cJSON_IsString(name) && strcmp(name->valuestring, type) == 0) { return item; }
    }
    return NULL;
}

static bool take_bpe(Tokenizer *tokenizer, const cJSON *json, const char *path, Error *err)
{
    const cJSON *model = member(json, "model"), *level;
    level = find_part(member(json, "pre_tokenizer"), "pretokenizers", "ByteLevel");
    if (level == NULL) {
        return error_set(err, "%s: of BPE only the byte-level kind (ByteLevel) can be read.", path);
    }
    tokenizer->kind = TOKENIZER_BPE;
    read_switch(level, "add_prefix_space", &tokenizer->bpe.prefix_space);
    take_special(tokenizer, model, ROLE_UNK);
    return take_vocab(tokenizer, member(model, "vocab"), path, err) &&
           take_added_tokens(tokenizer, member(json, "added_tokens"), path, err) &&
           take_merges(tokenizer, member(model, "merges"), path, err);
}

/* vocab.json and merges.txt, as GPT-2 had them. */
static bool take_old_bpe(Tokenizer *tokenizer, const char *vocab_path, const char *merges_path,
                         Error *err)
{
    cJSON *vocab = read_json(vocab_path, err);
    Buffer text = {0};
    bool ok = vocab != NULL && take_vocab(tokenizer, vocab, vocab_path, err) &&
              file_read(merges_path, VOCABULARY_FILE_BYTES, &text, err);
    cJSON_Delete(vocab);
    if (ok && unicode_valid_prefix(text.length > 0 ? text.bytes : "", text.length) < text.length) {
        ok = error_set(err, "%s is not UTF-8 text; download it again.", merges_path);
    }
    tokenizer->kind = TOKENIZER_BPE;
    bpe_begin(&tokenizer->bpe, &tokenizer->wordpiece.vocabulary);
    int rank = 0;
    for (size_t at = 0; ok && at < text.length;) {
        const char *line = text.bytes + at, *end = memchr(line, '\n', text.length - at);
        size_t length = end != NULL ? (size_t)(end - line) : text.length - at;
        at += length + 1;
        if (length > 0 && line[length - 1] == '\r') { length--; }
        bool comment = rank == 0 && length >= 8 && memcmp(line, "#version", 8) == 0;
        if (length > 0 && !comment) {
            ok = add_merge_line(tokenizer, line, length, rank++, merges_path, err);
        }
    }
    buffer_free(&text);
    return ok;
}

/* ---- Unigram ---- */

/* model.vocab: [["piece", score], ...], the id being the place. */
static bool take_scores(Tokenizer *tokenizer, const cJSON *vocab, const char *path, Error *err)
{
    Unigram *u = &tokenizer->unigram;
    int count = cJSON_GetArraySize(vocab);
    if (!cJSON_IsArray(vocab) || count < 1 || count > VOCABULARY_MAX) {
        return error_set(err, "%s has no vocabulary (model.vocab).", path);
    }
    vocabulary_reserve(&tokenizer->wordpiece.vocabulary, (size_t)count);
    u->scores = mem_alloc((size_t)count, sizeof *u->scores);
    double least = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, vocab)
    {
        const cJSON *piece = cJSON_GetArrayItem(item, 0), *score = cJSON_GetArrayItem(item, 1);
        if (!cJSON_IsString(piece) || !cJSON_IsNumber(score) ||
            !(fabs(score->valuedouble) <= MOST_SCORE)) {
            return error_set(err, "%s: entry %d of model.vocab is not a piece and its score.", path,
                             u->count);
        }
        vocabulary_put(&tokenizer->wordpiece.vocabulary, piece->valuestring,
                       strlen(piece->valuestring), u->count);
        u->scores[u->count++] = score->valuedouble;
        least = score->valuedouble < least ? score->valuedouble : least;
    }
    u->unknown_score = least - 10; /* as SentencePiece has it */
    return true;
}

static void take_normalizer(Tokenizer *tokenizer, const cJSON *item)
{
    static const struct {
        const char *type;
        UnicodeForm form;
    } forms[] = {{"NFC", UNICODE_NFC},   {"NFD", UNICODE_NFD},          {"NFKC", UNICODE_NFKC},
                 {"NFKD", UNICODE_NFKD}, {"Precompiled", UNICODE_NFKC}, {"Nmt", UNICODE_NFKC}};
    Unigram *u = &tokenizer->unigram;
    const cJSON *type = member(item, "type");
    const char *name = cJSON_IsString(type) ? type->valuestring : "";
    for (size_t i = 0; i < COUNTOF(forms); i++) {
        if (strcmp(name, forms[i].type) != 0) { continue; }
        if (u->form == UNICODE_AS_IT_IS) { u->form = forms[i].form; }
        u->clean = u->clean || strcmp(name, "Precompiled") == 0 || strcmp(name, "Nmt") == 0;
    }
    u->lowercase = u->lowercase || strcmp(name, "Lowercase") == 0;
    u->strip_accents = u->strip_accents || strcmp(name, "StripAccents") == 0;
    const cJSON *from = member(member(item, "pattern"), "String"), *to = member(item, "content");
    if (strcmp(name, "Replace") == 0 && cJSON_IsString(from) && cJSON_IsString(to) &&
        u->replacement_count < UNIGRAM_MAX_REPLACEMENTS) {
        u->replacements[u->replacement_count++] =
            (UnigramReplacement){arena_copy_string(&tokenizer->arena, from->valuestring),
                                 arena_copy_string(&tokenizer->arena, to->valuestring)};
    }
}

static bool take_unigram(Tokenizer *tokenizer, const cJSON *json, const char *path, Error *err)
{
    const cJSON *model = member(json, "model"), *unknown = member(model, "unk_id"), *item;
    if (cJSON_IsTrue(member(model, "byte_fallback"))) {
        return error_set(err, "%s: a Unigram model with byte_fallback can't be read.", path);
    }
    if (find_part(member(json, "pre_tokenizer"), "pretokenizers", "Metaspace") == NULL) {
        return error_set(err, "%s: of Unigram only the kind with Metaspace can be read.", path);
    }
    tokenizer->kind = TOKENIZER_UNIGRAM;
    if (!take_scores(tokenizer, member(model, "vocab"), path, err) ||
        !take_added_tokens(tokenizer, member(json, "added_tokens"), path, err)) {
        return false;
    }
    const cJSON *normalizer = member(json, "normalizer");
    take_normalizer(tokenizer, normalizer);
    cJSON_ArrayForEach(item, member(normalizer, "normalizers"))
    {
        take_normalizer(tokenizer, item);
    }
    if (!is_id(unknown) || unknown->valueint >= tokenizer->unigram.count) {
        return error_set(err, "%s: unk_id names no piece.", path);
    }
    tokenizer->unigram.unknown = unknown->valueint;
    tokenizer->special[ROLE_UNK] =
        vocabulary_piece(&tokenizer->wordpiece.vocabulary, unknown->valueint);
    return true;
}

/* ---- Any tokenizer.json ---- */

static bool take_wordpiece(Tokenizer *tokenizer, const cJSON *json, const char *path,
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

static bool take_tokenizer(Tokenizer *tokenizer, const cJSON *json, const char *path,
                           Normalizing *normalizing, Error *err)
{
    const cJSON *type = member(member(json, "model"), "type");
    const char *kind = cJSON_IsString(type) ? type->valuestring : "WordPiece";
    if (strcmp(kind, "BPE") == 0) { return take_bpe(tokenizer, json, path, err); }
    if (strcmp(kind, "Unigram") == 0) { return take_unigram(tokenizer, json, path, err); }
    return take_wordpiece(tokenizer, json, path, normalizing, err);
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
    for (int i = 1; i < kept; i++) { /* one that was named twice is found by its first entry */
        Whole *first = &tokenizer->wholes[i - 1], *again = &tokenizer->wholes[i];
        if (strcmp(first->text, again->text) == 0) {
            first->eats_blanks = again->eats_blanks = first->eats_blanks || again->eats_blanks;
        }
    }
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
        if (tokenizer_find(tokenizer, tokenizer->special[role]) < 0 &&
            tokenizer_find(tokenizer, other_names[role]) >= 0) {
            tokenizer->special[role] = other_names[role];
        }
        tokenizer->special_id[role] = tokenizer_find(tokenizer, tokenizer->special[role]);
        /* So SentencePiece and GPT-2's BPE have it: the blank before belongs to the mask. */
        add_whole(tokenizer, tokenizer->special[role],
                  role == ROLE_MASK && tokenizer->kind != TOKENIZER_WORDPIECE);
    }
    for (size_t i = 0; i < COUNTOF(needed); i++) {
        const char *name = tokenizer->special[needed[i]];
        if (tokenizer->special_id[needed[i]] < 0) {
            return error_set(err, "%s has no piece %.*s; is it the vocabulary of an encoder?", path,
                             shown(name), name);
        }
    }
    wordpiece->clean = normalizing->clean;
    wordpiece->split_cjk = normalizing->split_cjk;
    wordpiece->lowercase = normalizing->lowercase;
    wordpiece->strip_accents = cJSON_IsBool(normalizing->strip_accents)
                                   ? cJSON_IsTrue(normalizing->strip_accents)
                                   : normalizing->lowercase;
    wordpiece->unknown = tokenizer->bpe.unknown = tokenizer->special_id[ROLE_UNK];
    /* All models with these names take <s> A </s></s> B </s>: RoBERTa, XLM-R, CamemBERT, MPNet. */
    tokenizer->two_separators = strcmp(tokenizer->special[ROLE_CLS], "<s>") == 0;
    index_wholes(tokenizer);
    return true;
}

static bool ends_with(const char *string, const char *end)
{
    size_t length = strlen(string), tail = strlen(end);
    return length >= tail && strcmp(string + length - tail, end) == 0;
}

/* vocab.json with the merges.txt beside it. */
static bool take_folder_bpe(Tokenizer *tokenizer, const char *path, Error *err)
{
    Buffer merges = {0};
    buffer_add(&merges, path, strlen(path) - strlen("vocab.json"));
    buffer_add_string(&merges, "merges.txt");
    bool ok = take_old_bpe(tokenizer, path, merges.bytes, err);
    buffer_free(&merges);
    return ok;
}

/* `path`: a vocab.txt, tokenizer.json or vocab.json; `config_path`: of tokenizer_config.json, or NULL. */
static bool read_files(Tokenizer *tokenizer, const char *path, const char *config_path, Error *err)
{
    Normalizing normalizing = {.lowercase = true, .split_cjk = true, .clean = true};
    bool is_json = ends_with(path, ".json");
    cJSON *config = config_path != NULL ? read_json(config_path, err) : NULL;
    cJSON *json = NULL;
    bool ok = config_path == NULL || config != NULL;
    if (ok && is_json && ends_with(path, "vocab.json")) {
        ok = take_folder_bpe(tokenizer, path, err);
    } else if (ok && is_json) {
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

Tokenizer *tokenizer_open_file(const char *path, Error *err) { return open_files(path, NULL, err); }

Tokenizer *tokenizer_open(const char *folder, Error *err)
{
    Tokenizer *tokenizer = NULL;
    char *vocab = file_join(folder, "vocab.txt"), *json = file_join(folder, "tokenizer.json");
    char *config = file_join(folder, "tokenizer_config.json");
    char *old = file_join(folder, "vocab.json"), *merges = file_join(folder, "merges.txt");
    const char *known = file_exists(config) ? config : NULL;
    /* Without a config only tokenizer.json says whether the model knows capitals. */
    if (file_exists(vocab) && (known != NULL || !file_exists(json))) {
        tokenizer = open_files(vocab, known, err);
    } else if (file_exists(json)) {
        tokenizer = open_files(json, known, err);
    } else if (file_exists(old) && file_exists(merges)) {
        tokenizer = open_files(old, known, err);
    } else {
        error_set(err, "%s has no vocab.txt and no tokenizer.json; download one of them too.",
                  folder);
    }
    free(old);
    free(merges);
    free(vocab);
    free(json);
    free(config);
    return tokenizer;
}
