#include "analysis/probe.h"

#include "base/base.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/unicode.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define FILE_LIMIT ((size_t)256 << 20)
enum { MAX_ITEMS = 1000000, MAX_WORDS = 100000, MAX_CANDIDATES = 10000 };

/* ---- Reading ---- */

/* The texts of words joined by spaces, and where each begins and ends. */
typedef struct Words {
    const char *text;
    int *start, *end;
    int count;
} Words;

static bool join_words(const cJSON *array, Arena *arena, Words *words)
{
    *words = (Words){0};
    int count = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : 0;
    if (count < 1 || count > MAX_WORDS) { return false; }
    words->start = arena_alloc(arena, (size_t)count, sizeof(int));
    words->end = arena_alloc(arena, (size_t)count, sizeof(int));
    Buffer text = {0};
    const cJSON *word;
    cJSON_ArrayForEach(word, array)
    {
        if (!cJSON_IsString(word) || text.length > FILE_LIMIT / 4) { break; }
        if (text.length > 0) { buffer_add_string(&text, " "); }
        words->start[words->count] = (int)text.length;
        buffer_add_string(&text, word->valuestring);
        words->end[words->count++] = (int)text.length;
    }
    if (words->count == count) { words->text = arena_copy(arena, text.bytes, text.length); }
    buffer_free(&text);
    return words->count == count;
}

/* An index below `count`, or -1. */
static int read_index(const cJSON *number, int count)
{
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0) || number->valuedouble >= count) {
        return -1;
    }
    return (int)number->valuedouble;
}

static const char *read_pronoun(const cJSON *line, Arena *arena, ProbeItem *item)
{
    Words words;
    if (!join_words(cJSON_GetObjectItemCaseSensitive(line, "words"), arena, &words)) {
        return "\"words\" is not a list of words";
    }
    int at = read_index(cJSON_GetObjectItemCaseSensitive(line, "at"), words.count);
    if (at < 0) { return "\"at\" is not the index of a word"; }
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(line, "candidates"), *entry;
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (count < 1 || count > MAX_CANDIDATES) { return "\"candidates\" is not a list of words"; }
    const cJSON *source = cJSON_GetObjectItemCaseSensitive(line, "source");
    item->text = words.text;
    item->source = cJSON_IsString(source) ? arena_copy_string(arena, source->valuestring) : "";
    item->start = words.start[at];
    item->end = words.end[at];
    item->candidates = arena_alloc(arena, (size_t)count, sizeof *item->candidates);
    cJSON_ArrayForEach(entry, list)
    {
        int word = read_index(cJSON_GetObjectItemCaseSensitive(entry, "word"), words.count);
        if (word < 0) { return "a candidate's \"word\" is not the index of a word"; }
        bool right = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(entry, "right"));
        item->candidates[item->candidate_count++] =
            (ProbeCandidate){words.start[word], words.end[word], right};
    }
    return NULL;
}

/* What is wrong with the line, or NULL. */
static const char *read_item(const char *line, size_t length, Arena *arena, ProbeItem *item)
{
    if (unicode_valid_prefix(line, length) < length) { return "not valid UTF-8"; }
    cJSON *json = cJSON_ParseWithLength(line, length);
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(json, "text");
    const cJSON *pair = cJSON_GetObjectItemCaseSensitive(json, "pair");
    const char *wrong = NULL;
    *item = (ProbeItem){.source = ""};
    if (!cJSON_IsObject(json)) {
        wrong = "not a JSON object";
    } else if (cJSON_IsString(text)) {
        item->text = arena_copy_string(arena, text->valuestring);
        if (cJSON_IsString(pair)) { item->pair = arena_copy_string(arena, pair->valuestring); }
    } else {
        wrong = read_pronoun(json, arena, item);
    }
    cJSON_Delete(json);
    return wrong;
}

bool probe_read(const char *path, ProbeSet *set, Error *err)
{
    *set = (ProbeSet){0};
    Buffer file = {0};
    bool ok = file_read(path, FILE_LIMIT, &file, err);
    int lines = 1, number = 0;
    for (size_t i = 0; i < file.length; i++) { lines += file.bytes[i] == '\n'; }
    if (ok && lines > MAX_ITEMS) { ok = error_set(err, "%s has more than a million lines.", path); }
    if (ok) { set->items = arena_alloc(&set->arena, (size_t)lines, sizeof *set->items); }
    for (size_t at = 0; ok && at < file.length;) {
        const char *line = file.bytes + at, *end = memchr(line, '\n', file.length - at);
        size_t length = end != NULL ? (size_t)(end - line) : file.length - at;
        at += length + 1;
        number++;
        if (strspn(line, " \t\r") >= length) { continue; }
        const char *wrong = read_item(line, length, &set->arena, &set->items[set->count]);
        if (wrong != NULL) {
            ok = error_set(err, "%s, line %d: %s.", path, number, wrong);
        } else {
            set->count++;
        }
    }
    if (ok && set->count == 0) { ok = error_set(err, "%s is empty.", path); }
    buffer_free(&file);
    if (!ok) { probe_free(set); }
    return ok;
}

void probe_free(ProbeSet *set)
{
    arena_free(&set->arena);
    *set = (ProbeSet){0};
}

/* ---- Judging ---- */

/* The tokens that bytes [start, end) of the first text became: [*first, *last). */
static bool find_tokens(const Encoding *text, int start, int end, int *first, int *last)
{
    *first = *last = -1;
    for (int i = 0; i < text->count; i++) {
        const Token *token = &text->tokens[i];
        if (token->special || token->side != 0 || token->start >= end || token->end <= start) {
            continue;
        }
        if (*first < 0) { *first = i; }
        *last = i + 1;
    }
    return *first >= 0;
}

bool probe_judge(const ProbeItem *item, const Trace *trace, bool *right)
{
    const Attention *a = &trace->attention[ATTENTION_SELF];
    const Encoding *text = a->query_tokens;
    int query, query_end, first, last;
    bool ok =
        item->candidate_count > 0 && find_tokens(text, item->start, item->end, &query, &query_end);
    for (int i = 0; ok && i < item->candidate_count; i++) {
        ok = find_tokens(text, item->candidates[i].start, item->candidates[i].end, &first, &last);
    }
    if (!ok) { return false; }
    size_t heads = (size_t)a->layers * (size_t)a->heads;
    Arena scratch = {0};
    float *best = arena_alloc(&scratch, heads, sizeof *best);
    for (size_t h = 0; h < heads; h++) { best[h] = -1; }
    for (int i = 0; i < item->candidate_count; i++) {
        find_tokens(text, item->candidates[i].start, item->candidates[i].end, &first, &last);
        for (size_t h = 0; h < heads; h++) {
            const float *row =
                a->weights + (h * (size_t)a->queries + (size_t)query) * (size_t)a->keys;
            float weight = 0;
            for (int key = first; key < last; key++) { weight += row[key] > 0 ? row[key] : 0; }
            if (weight > best[h]) {
                best[h] = weight;
                right[h] = item->candidates[i].right;
            }
        }
    }
    arena_free(&scratch);
    return true;
}
