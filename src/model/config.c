#include "model/config.h"

#include "base/base.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/unicode.h"

#include <cjson/cJSON.h>
#include <string.h>

#define MAX_CONFIG_BYTES ((size_t)4 << 20)

/* Names that the configurations on the hub use, and what they mean. */
static const struct {
    const char *name;
    Activation activation;
} activations[] = {
    {"gelu", ACTIVATION_GELU},
    {"gelu_python", ACTIVATION_GELU},
    {"gelu_new", ACTIVATION_GELU_NEW},
    {"gelu_fast", ACTIVATION_GELU_NEW},
    {"gelu_pytorch_tanh", ACTIVATION_GELU_NEW},
    {"relu", ACTIVATION_RELU},
};

/* A whole number from 1 on; without a `fallback` (0) the field must be there. */
static bool read_number(const cJSON *root, const char *name, int largest, int fallback, int *value,
                        const char *path, Error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    *value = fallback;
    if (item == NULL || (fallback > 0 && cJSON_IsNull(item))) {
        return fallback > 0 || error_set(err, "%s does not say %s.", path, name);
    }
    double found = cJSON_IsNumber(item) ? item->valuedouble : 0;
    if (!(found >= 1 && found <= largest && found == (int)found)) {
        return error_set(err, "%s: %s must be a whole number from 1 to %d.", path, name, largest);
    }
    *value = (int)found;
    return true;
}

/* A string field, `fallback` when it is missing; NULL with a sentence when it is something else. */
static const char *read_string(const cJSON *root, const char *name, const char *fallback,
                               const char *path, Error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    if (item == NULL || cJSON_IsNull(item)) { return fallback; }
    if (!cJSON_IsString(item)) {
        error_set(err, "%s: %s must be a string.", path, name);
        return NULL;
    }
    return item->valuestring;
}

/* What the weights mean. The first BERT configurations had no model_type yet. */
static bool read_family(const cJSON *root, const char *path, ModelConfig *config, Error *err)
{
    const char *type = read_string(root, "model_type", "bert", path, err);
    if (type == NULL) { return false; }
    config->family = family_find(type);
    if (config->family == NULL) {
        Buffer known = {0};
        for (const Family *family = family_table; family->type != NULL; family++) {
            buffer_format(&known, "%s%s", family == family_table ? "" : ", ", family->type);
        }
        error_set(err, "%s: models of the type \"%s\" can't be opened; supported are %s.", path,
                  type, known.bytes);
        buffer_free(&known);
        return false;
    }
    const char *position = read_string(root, "position_embedding_type", "absolute", path, err);
    if (position == NULL) { return false; }
    if (strcmp(position, "absolute") != 0) {
        return error_set(err,
                         "%s: position_embedding_type \"%s\" is not supported, only "
                         "\"absolute\".",
                         path, position);
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "is_decoder"))) {
        return error_set(err,
                         "%s: this model is a decoder (is_decoder); only encoders are "
                         "supported.",
                         path);
    }
    return true;
}

/* Positions of RoBERTa begin behind the one of the padding. */
static bool read_positions(const cJSON *root, const char *path, ModelConfig *config, Error *err)
{
    int rows;
    if (!read_number(root, "max_position_embeddings", CONFIG_MAX_POSITIONS, 0, &rows, path, err)) {
        return false;
    }
    config->first_position = 0;
    if (config->family->after_padding) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "pad_token_id");
        double pad = item == NULL || cJSON_IsNull(item) ? 1
                     : cJSON_IsNumber(item)             ? item->valuedouble
                                                        : -1;
        if (!(pad >= 0 && pad < rows - 1 && pad == (int)pad)) {
            return error_set(err, "%s: pad_token_id must be a whole number below %d.", path,
                             rows - 1);
        }
        config->first_position = (int)pad + 1;
    }
    config->positions = rows - config->first_position;
    return true;
}

/* What only some families have. */
static bool read_special(const cJSON *root, const char *path, ModelConfig *config, Error *err)
{
    const Family *family = config->family;
    config->embedding_size = config->hidden_size;
    config->groups = config->layers;
    if (family->segments_field != NULL &&
        !read_number(root, family->segments_field, CONFIG_MAX_SIZE, 2, &config->segments, path,
                     err)) {
        return false;
    }
    if (family->project != NULL && !read_number(root, "embedding_size", CONFIG_MAX_SIZE, 128,
                                                &config->embedding_size, path, err)) {
        return false;
    }
    if (family->distances != NULL && !read_number(root, "relative_attention_num_buckets", 508, 32,
                                                  &config->distances, path, err)) {
        return false;
    }
    int inner = 1;
    if (family->shared_layers &&
        (!read_number(root, "num_hidden_groups", CONFIG_MAX_LAYERS, 1, &config->groups, path,
                      err) ||
         !read_number(root, "inner_group_num", CONFIG_MAX_LAYERS, 1, &inner, path, err))) {
        return false;
    }
    if (inner != 1 || config->groups > config->layers) {
        return error_set(err,
                         "%s: %d groups of %d layers each for %d layers (num_hidden_groups, "
                         "inner_group_num) can't be opened.",
                         path, config->groups, inner, config->layers);
    }
    return true;
}

static bool read_activation(const cJSON *root, const char *path, ModelConfig *config, Error *err)
{
    const Family *family = config->family;
    const char *usual = family->activation != NULL ? family->activation : "gelu";
    const char *name = read_string(root, family->activation_field, usual, path, err);
    if (name == NULL) { return false; }
    for (size_t i = 0; i < COUNTOF(activations); i++) {
        if (strcmp(name, activations[i].name) == 0) {
            config->activation = activations[i].activation;
            config->head_activation =
                family->fixed_head_gelu ? ACTIVATION_GELU : config->activation;
            return true;
        }
    }
    return error_set(err,
                     "%s: the activation \"%s\" (%s) is not known; known are gelu, gelu_new and "
                     "relu.",
                     path, name, family->activation_field);
}

static bool read_epsilon(const cJSON *root, const char *path, ModelConfig *config, Error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "layer_norm_eps");
    double value = item == NULL ? 1e-12 : cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(value >= 0 && value < 1)) {
        return error_set(err, "%s: layer_norm_eps must be a number from 0 to 1.", path);
    }
    config->norm_epsilon = (float)value;
    return true;
}

static bool read_fields(const cJSON *root, const char *path, ModelConfig *config, Error *err)
{
    if (!read_family(root, path, config, err)) { return false; }
    const Family *f = config->family;
    if (!read_number(root, f->layers_field, CONFIG_MAX_LAYERS, 0, &config->layers, path, err) ||
        !read_number(root, f->heads_field, CONFIG_MAX_HEADS, 0, &config->heads, path, err) ||
        !read_number(root, f->hidden_field, CONFIG_MAX_SIZE, 0, &config->hidden_size, path, err) ||
        !read_number(root, f->inner_field, CONFIG_MAX_SIZE, 0, &config->intermediate_size, path,
                     err) ||
        !read_number(root, "vocab_size", CONFIG_MAX_VOCAB, 0, &config->vocab_size, path, err) ||
        !read_positions(root, path, config, err) || !read_special(root, path, config, err)) {
        return false;
    }
    if (config->heads < 1 || config->hidden_size % config->heads != 0) {
        return error_set(err, "%s: %s %d can't be divided among %d heads (%s).", path,
                         f->hidden_field, config->hidden_size, config->heads, f->heads_field);
    }
    config->head_size = config->hidden_size / config->heads;
    return read_activation(root, path, config, err) && read_epsilon(root, path, config, err);
}

bool config_read(const char *path, ModelConfig *config, Error *err)
{
    Buffer text = {0};
    cJSON *root = NULL;
    *config = (ModelConfig){0};
    bool ok = file_read(path, MAX_CONFIG_BYTES, &text, err);
    if (ok) {
        if (unicode_valid_prefix(text.bytes, text.length) == text.length) {
            root = cJSON_ParseWithLength(text.bytes, text.length);
        }
        ok = cJSON_IsObject(root) ? read_fields(root, path, config, err)
                                  : error_set(err, "%s is broken: it is no JSON object.", path);
    }
    cJSON_Delete(root);
    buffer_free(&text);
    return ok;
}
