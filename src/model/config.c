#include "model/config.h"

#include "base/base.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/unicode.h"

#include <cjson/cJSON.h>
#include <stddef.h>
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

/* The whole numbers of the configuration; `fallback` 0 means that the field must be there. */
static const struct {
    const char *name;
    size_t offset;
    int largest, fallback;
} numbers[] = {
    {"num_hidden_layers", offsetof(ModelConfig, layers), CONFIG_MAX_LAYERS, 0},
    {"num_attention_heads", offsetof(ModelConfig, heads), CONFIG_MAX_HEADS, 0},
    {"hidden_size", offsetof(ModelConfig, hidden_size), CONFIG_MAX_SIZE, 0},
    {"intermediate_size", offsetof(ModelConfig, intermediate_size), CONFIG_MAX_SIZE, 0},
    {"max_position_embeddings", offsetof(ModelConfig, positions), CONFIG_MAX_POSITIONS, 0},
    {"type_vocab_size", offsetof(ModelConfig, segments), CONFIG_MAX_SIZE, 2},
    {"vocab_size", offsetof(ModelConfig, vocab_size), CONFIG_MAX_VOCAB, 0},
};

static bool read_number(const cJSON *root, size_t index, const char *path, ModelConfig *config,
                        Error *err)
{
    const char *name = numbers[index].name;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    int value = numbers[index].fallback;
    if (item == NULL && value == 0) { return error_set(err, "%s does not say %s.", path, name); }
    if (item != NULL) {
        double found = cJSON_IsNumber(item) ? item->valuedouble : 0;
        if (!(found >= 1 && found <= numbers[index].largest && found == (int)found)) {
            return error_set(err, "%s: %s must be a whole number from 1 to %d.", path, name,
                             numbers[index].largest);
        }
        value = (int)found;
    }
    memcpy((char *)config + numbers[index].offset, &value, sizeof value);
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
static bool check_family(const cJSON *root, const char *path, Error *err)
{
    const char *type = read_string(root, "model_type", "bert", path, err);
    if (type == NULL) { return false; }
    if (strcmp(type, "bert") != 0) {
        return error_set(err,
                         "%s: models of the type \"%s\" can't be opened; supported is "
                         "\"bert\".",
                         path, type);
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
                         "%s: this BERT is a decoder (is_decoder); only encoders are "
                         "supported.",
                         path);
    }
    return true;
}

static bool read_activation(const cJSON *root, const char *path, ModelConfig *config, Error *err)
{
    const char *name = read_string(root, "hidden_act", "gelu", path, err);
    if (name == NULL) { return false; }
    for (size_t i = 0; i < COUNTOF(activations); i++) {
        if (strcmp(name, activations[i].name) == 0) {
            config->activation = activations[i].activation;
            return true;
        }
    }
    return error_set(err,
                     "%s: the activation \"%s\" (hidden_act) is not known; known are gelu, "
                     "gelu_new and relu.",
                     path, name);
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
    if (!check_family(root, path, err)) { return false; }
    for (size_t i = 0; i < COUNTOF(numbers); i++) {
        if (!read_number(root, i, path, config, err)) { return false; }
    }
    if (config->hidden_size % config->heads != 0) {
        return error_set(err,
                         "%s: hidden_size %d can't be divided among %d heads "
                         "(num_attention_heads).",
                         path, config->hidden_size, config->heads);
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
