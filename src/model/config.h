/* config.h - config.json of a Hugging Face folder, checked. */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "base/error.h"
#include "model/family.h"

#include <stdbool.h>

typedef enum Activation { ACTIVATION_GELU, ACTIVATION_GELU_NEW, ACTIVATION_RELU } Activation;

typedef struct ModelConfig {
    const Family *family; /* what its fields and tensors are called */
    int layers;           /* num_hidden_layers */
    int heads;            /* num_attention_heads */
    int hidden_size;
    int head_size;         /* hidden_size / heads */
    int intermediate_size; /* of the feed-forward layer */
    int embedding_size;    /* of words, positions and segments; mostly hidden_size */
    int positions;         /* tokens at most: max_position_embeddings, less `first_position` */
    int first_position;    /* the row of the position table that the first token takes */
    int segments;          /* type_vocab_size; 0: there are no segment embeddings */
    int groups;            /* different layers; others are these again: layers, or fewer */
    int distances;         /* buckets of relative positions; 0: none */
    int vocab_size;
    Activation activation;      /* hidden_act: gelu (with erf), gelu_new (with tanh), relu */
    Activation head_activation; /* of the masked-word head */
    float norm_epsilon;         /* layer_norm_eps */
} ModelConfig;

/* Limits that every size is checked against before anything is computed from it. */
enum {
    CONFIG_MAX_LAYERS = 128,
    CONFIG_MAX_HEADS = 256,
    CONFIG_MAX_SIZE = 65536, /* hidden and intermediate */
    CONFIG_MAX_POSITIONS = 65536,
    CONFIG_MAX_VOCAB = 4194304
};

/* Reads and checks `path`; the sentence names the field that is wrong. */
bool config_read(const char *path, ModelConfig *config, Error *err);

#endif
