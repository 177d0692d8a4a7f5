#include "model/family.h"

#include <string.h>

/* What most of them call the fields of config.json. */
#define BERT_FIELDS                                                            \
    .layers_field = "num_hidden_layers", .heads_field = "num_attention_heads", \
    .hidden_field = "hidden_size", .inner_field = "intermediate_size",         \
    .activation_field = "hidden_act"
#define BERT_LAYER                                                                              \
    .layer = "encoder.layer.%d.", .query = "attention.self.query", .key = "attention.self.key", \
    .value = "attention.self.value", .output = "attention.output.dense",                        \
    .attention_norm = "attention.output.LayerNorm", .up = "intermediate.dense",                 \
    .down = "output.dense", .norm = "output.LayerNorm"
#define ROBERTA                                                                         \
    .prefix = "roberta.", BERT_FIELDS, BERT_LAYER, .segments_field = "type_vocab_size", \
    .transform = "lm_head.dense", .head_norm = "lm_head.layer_norm",                    \
    .decoder = "lm_head.decoder.weight", .decoder_bias = "lm_head.bias",                \
    .other_bias = "lm_head.decoder.bias", .fixed_head_gelu = true, .after_padding = true

const Family family_table[] = {
    /* Devlin et al. 2019; MiniLM (Wang et al. 2020) is one of these */
    {.type = "bert",
     .prefix = "bert.",
     BERT_FIELDS,
     BERT_LAYER,
     .segments_field = "type_vocab_size",
     .transform = "cls.predictions.transform.dense",
     .head_norm = "cls.predictions.transform.LayerNorm",
     .decoder = "cls.predictions.decoder.weight",
     .decoder_bias = "cls.predictions.bias",
     .other_bias = "cls.predictions.decoder.bias"},
    /* Sanh et al. 2019: half the layers, no segments */
    {.type = "distilbert",
     .prefix = "distilbert.",
     .layers_field = "n_layers",
     .heads_field = "n_heads",
     .hidden_field = "dim",
     .inner_field = "hidden_dim",
     .activation_field = "activation",
     .layer = "transformer.layer.%d.",
     .query = "attention.q_lin",
     .key = "attention.k_lin",
     .value = "attention.v_lin",
     .output = "attention.out_lin",
     .attention_norm = "sa_layer_norm",
     .up = "ffn.lin1",
     .down = "ffn.lin2",
     .norm = "output_layer_norm",
     .transform = "vocab_transform",
     .head_norm = "vocab_layer_norm",
     .decoder = "vocab_projector.weight",
     .decoder_bias = "vocab_projector.bias"},
    /* Liu et al. 2019; Conneau et al. 2020; Martin et al. 2020 */
    {.type = "roberta", ROBERTA},
    {.type = "xlm-roberta", ROBERTA},
    {.type = "camembert", ROBERTA},
    /* Clark et al. 2020: embeddings smaller than the layers; a word head in generators only */
    {.type = "electra",
     .prefix = "electra.",
     BERT_FIELDS,
     BERT_LAYER,
     .segments_field = "type_vocab_size",
     .transform = "generator_predictions.dense",
     .head_norm = "generator_predictions.LayerNorm",
     .decoder = "generator_lm_head.weight",
     .decoder_bias = "generator_lm_head.bias",
     .fixed_head_gelu = true,
     .project = "embeddings_project"},
    /* Lan et al. 2020, section 3.1: factorised embeddings, one layer used again and again */
    {.type = "albert",
     .prefix = "albert.",
     BERT_FIELDS,
     .activation = "gelu_new",
     .segments_field = "type_vocab_size",
     .layer = "encoder.albert_layer_groups.%d.albert_layers.0.",
     .query = "attention.query",
     .key = "attention.key",
     .value = "attention.value",
     .output = "attention.dense",
     .attention_norm = "attention.LayerNorm",
     .up = "ffn",
     .down = "ffn_output",
     .norm = "full_layer_layer_norm",
     .transform = "predictions.dense",
     .head_norm = "predictions.LayerNorm",
     .decoder = "predictions.decoder.weight",
     .decoder_bias = "predictions.bias",
     .other_bias = "predictions.decoder.bias",
     .shared_layers = true,
     .project = "encoder.embedding_hidden_mapping_in"},
    /* Song et al. 2020: a bias per distance (Raffel et al. 2020, section 2.1), no segments */
    {.type = "mpnet",
     .prefix = "mpnet.",
     BERT_FIELDS,
     .layer = "encoder.layer.%d.",
     .query = "attention.attn.q",
     .key = "attention.attn.k",
     .value = "attention.attn.v",
     .output = "attention.attn.o",
     .attention_norm = "attention.LayerNorm",
     .up = "intermediate.dense",
     .down = "output.dense",
     .norm = "output.LayerNorm",
     .transform = "lm_head.dense",
     .head_norm = "lm_head.layer_norm",
     .decoder = "lm_head.decoder.weight",
     .decoder_bias = "lm_head.bias",
     .other_bias = "lm_head.decoder.bias",
     .fixed_head_gelu = true,
     .after_padding = true,
     .distances = "encoder.relative_attention_bias.weight"},
    {0},
};

const Family *family_find(const char *type)
{
    for (const Family *family = family_table; family->type != NULL; family++) {
        if (strcmp(family->type, type) == 0) { return family; }
    }
    return NULL;
}
