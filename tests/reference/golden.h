/* golden.h - one model against reference outputs: what test_bert_golden and test_bert_own share.
 *
 * expected_N.safetensors holds ids [T] (I64) and some of attention, query, key, value, hidden,
 * logits (as in trace.h), mlm_top5_ids, mlm_top5_prob [T, 5]; its metadata the tokens. */
#ifndef REFERENCE_GOLDEN_H
#define REFERENCE_GOLDEN_H

#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/model.h"
#include "model/safetensors.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct GoldenLimits {
    double attention, vectors, hidden, probability; /* largest absolute differences */
} GoldenLimits;

/* The tokens that the reference was run on. All after the first [SEP] is the second text. */
static inline Encoding *golden_encoding(const Safetensors *expected)
{
    const SafeTensor *ids = safetensors_find(expected, "ids");
    cJSON *tokens = cJSON_Parse(safetensors_metadata(expected, "tokens"));
    assert_non_null(ids);
    assert_int_equal(ids->type, SAFE_I64);
    assert_int_equal(cJSON_GetArraySize(tokens), (int)ids->count);
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->text[0] = "";
    encoding->count = (int)ids->count;
    encoding->tokens = arena_alloc(&encoding->arena, ids->count, sizeof *encoding->tokens);
    int side = 0;
    const cJSON *piece = tokens->child;
    for (int i = 0; i < encoding->count; i++, piece = piece->next) {
        int64_t id;
        memcpy(&id, ids->bytes + 8 * i, sizeof id);
        encoding->tokens[i] = (Token){
            .piece = arena_copy_string(&encoding->arena, piece->valuestring),
            .id = (int32_t)id,
            .side = side,
        };
        if (strcmp(piece->valuestring, "[SEP]") == 0) { side = 1; }
    }
    cJSON_Delete(tokens);
    return encoding;
}

/* The largest difference to the tensor `name`; infinite with a NaN, 0 without the tensor. */
static inline double golden_distance(const Safetensors *expected, const char *name,
                                     const float *found, size_t count)
{
    const SafeTensor *tensor = safetensors_find(expected, name);
    if (tensor == NULL) { return 0; }
    assert_int_equal(tensor->count, count);
    float *wanted = mem_alloc(count, sizeof *wanted);
    safetensors_to_floats(tensor, wanted);
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double distance = fabs((double)wanted[i] - (double)found[i]);
        largest = distance <= largest ? largest : isnan(distance) ? INFINITY : distance;
    }
    free(wanted);
    return largest;
}

static inline double golden_probability(const float *logits, int size, int id)
{
    double sum = 0;
    for (int i = 0; i < size; i++) { sum += exp((double)logits[i] - (double)logits[id]); }
    return 1 / sum;
}

/* Are the five best words those of the reference? Returns the largest difference of probability. */
static inline double golden_check_top5(const Safetensors *expected, const Trace *trace)
{
    const SafeTensor *ids = safetensors_find(expected, "mlm_top5_ids");
    const SafeTensor *probabilities = safetensors_find(expected, "mlm_top5_prob");
    double largest = 0;
    for (int t = 0; ids != NULL && t < trace->tokens; t++) {
        const float *logits = trace->logits + (size_t)t * (size_t)trace->vocab_size;
        int best[5] = {-1, -1, -1, -1, -1};
        for (int rank = 0; rank < 5; rank++) {
            for (int i = 0; i < trace->vocab_size; i++) {
                bool taken = false;
                for (int k = 0; k < rank; k++) { taken = taken || best[k] == i; }
                bool better = best[rank] < 0 || logits[i] > logits[best[rank]];
                if (better && !taken) { best[rank] = i; }
            }
            int64_t id;
            float probability;
            memcpy(&id, ids->bytes + 8 * (5 * t + rank), sizeof id);
            memcpy(&probability, probabilities->bytes + 4 * (5 * t + rank), sizeof probability);
            assert_int_equal(best[rank], id);
            double found = golden_probability(logits, trace->vocab_size, best[rank]);
            largest = fmax(largest, fabs(found - (double)probability));
        }
    }
    return largest;
}

/* Runs `model` on the tokens of `expected` and compares all that is there. */
static inline void golden_check(const Model *model, const char *path, GoldenLimits limits)
{
    Error err = {""};
    Safetensors *expected = safetensors_open(path, &err);
    assert_string_equal(err.text, "");
    Trace *trace = model_run(model, golden_encoding(expected), MODEL_LOGITS, NULL, &err);
    assert_string_equal(err.text, "");
    size_t L = (size_t)trace->layers, A = (size_t)trace->heads, T = (size_t)trace->tokens;
    size_t d = (size_t)trace->head_size, H = (size_t)trace->hidden_size;
    const Attention *attention = &trace->attention[ATTENTION_SELF];
    double weights = golden_distance(expected, "attention", attention->weights, L * A * T * T);
    double query = golden_distance(expected, "query", trace->query, L * A * T * d);
    double key = golden_distance(expected, "key", trace->key, L * A * T * d);
    double value = golden_distance(expected, "value", trace->value, L * A * T * d);
    double hidden = golden_distance(expected, "hidden", trace->hidden, (L + 1) * T * H);
    double logits =
        golden_distance(expected, "logits", trace->logits, T * (size_t)trace->vocab_size);
    double probability = golden_check_top5(expected, trace);
    print_message("%s: %zu tokens; attention %.1e, query %.1e, key %.1e, value %.1e, hidden %.1e, "
                  "logits %.1e, probability %.1e\n",
                  path, T, weights, query, key, value, hidden, logits, probability);
    assert_true(weights <= limits.attention);
    assert_true(fmax(query, fmax(key, value)) <= limits.vectors);
    assert_true(fmax(hidden, logits) <= limits.hidden);
    assert_true(probability <= limits.probability);
    trace_free(trace);
    safetensors_free(expected);
}

/* Does the tokenizer make the reference's tokens out of its text? */
static inline void golden_check_text(const Model *model, const char *path)
{
    Error err = {""};
    Safetensors *expected = safetensors_open(path, &err);
    assert_string_equal(err.text, "");
    Encoding *wanted = golden_encoding(expected);
    const char *pair = safetensors_metadata(expected, "text_b");
    Encoding *found = model_encode(model, safetensors_metadata(expected, "text_a"),
                                   pair[0] != '\0' ? pair : NULL);
    assert_int_equal(found->count, wanted->count);
    for (int i = 0; i < found->count; i++) {
        assert_int_equal(found->tokens[i].id, wanted->tokens[i].id);
        assert_int_equal(found->tokens[i].side, wanted->tokens[i].side);
    }
    encoding_free(found);
    encoding_free(wanted);
    safetensors_free(expected);
}

/* Opens the model in `folder` and calls `check` with each expected_N.safetensors beside it. */
static inline void golden_check_folder(const char *folder,
                                       void (*check)(const Model *model, const char *path))
{
    Error err = {""};
    Model *model = model_open(folder, 0, &err);
    assert_string_equal(err.text, "");
    for (int i = 0;; i++) {
        char name[64];
        snprintf(name, sizeof name, "expected_%d.safetensors", i);
        char *path = file_join(folder, name);
        bool there = file_exists(path);
        assert_true(there || i > 0);
        if (there) { check(model, path); }
        free(path);
        if (!there) { break; }
    }
    model_free(model);
}

#endif
