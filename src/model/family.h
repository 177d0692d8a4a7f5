/* family.h - the encoders that are BERT in all but names and a few details: one row each. To add one is a
 * row here and, where it calculates something new, a field that the encoder asks for.
 *
 * Names are those of the Hugging Face folders. "%d" in a layer's name is its number. */
#ifndef MODEL_FAMILY_H
#define MODEL_FAMILY_H

#include <stdbool.h>

typedef struct Family {
    const char *type;   /* model_type in config.json */
    const char *prefix; /* of tensors; files of the encoder alone go without */
    /* config.json; NULL: there is no such field */
    const char *layers_field, *heads_field, *hidden_field, *inner_field, *segments_field;
    const char *activation_field;
    const char *activation; /* where the field is missing; NULL: gelu */
    /* tensors of a layer */
    const char *layer;
    const char *query, *key, *value, *output, *attention_norm;
    const char *up, *down, *norm;
    /* the masked-word head: full names, ".weight" and ".bias" behind the first two */
    const char *transform, *head_norm, *decoder, *decoder_bias, *other_bias;
    /* what is different */
    bool fixed_head_gelu;  /* the head's activation is gelu, whatever hidden_act says */
    bool after_padding;    /* positions count from pad_token_id + 1 (RoBERTa) */
    bool shared_layers;    /* num_hidden_groups layers are used again and again (ALBERT) */
    const char *project;   /* the linear layer from embedding_size to hidden_size, or NULL */
    const char *distances; /* a bias per distance and head, added to all scores (MPNet), or NULL */
} Family;

extern const Family family_table[]; /* ends with type == NULL */

/* NULL when there is none of that model_type. */
const Family *family_find(const char *type);

#endif
