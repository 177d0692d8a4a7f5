#!/usr/bin/python3
"""Makes tests/data/families/*: random encoders of a few kilobytes, one of each family that is not plain
BERT, with what a plain float64 computation of their papers' equations gives. Names of tensors and fields
are those that the published models use. test_families compares ours with it.

    python3 tests/reference/make_families.py         from the repository root; needs python3-numpy

DistilBERT: Sanh et al. 2019. RoBERTa: Liu et al. 2019. ELECTRA: Clark et al. 2020. ALBERT: Lan et al. 2020.
MPNet: Song et al. 2020, with the relative positions of Raffel et al. 2020. MiniLM: Wang et al. 2020.
"""
import json
import math
import os

import numpy as np

from make_reference import PIECES, activation, tokenize, to_bytes, write_safetensors

POSITIONS, V = 40, len(PIECES)
BERT_NAMES = dict(layer="encoder.layer.%d.", q="attention.self.query", k="attention.self.key",
                  v="attention.self.value", o="attention.output.dense", n1="attention.output.LayerNorm",
                  up="intermediate.dense", down="output.dense", n2="output.LayerNorm")
ROBERTA_HEAD = dict(transform="lm_head.dense", head_norm="lm_head.layer_norm", head_bias="lm_head.bias")

FAMILIES = [
    dict(folder="distilbert", type="distilbert", prefix="distilbert.", layers=2, heads=2, H=16, E=16, I=32, segments=0,
         act="gelu", head_act="gelu", offset=0,
         names=dict(layer="transformer.layer.%d.", q="attention.q_lin", k="attention.k_lin", v="attention.v_lin",
                    o="attention.out_lin", n1="sa_layer_norm", up="ffn.lin1", down="ffn.lin2", n2="output_layer_norm"),
         head=dict(transform="vocab_transform", head_norm="vocab_layer_norm", head_bias="vocab_projector.bias"),
         fields=dict(n_layers=2, n_heads=2, dim=16, hidden_dim=32, activation="gelu", max_position_embeddings=POSITIONS)),
    dict(folder="roberta", type="roberta", prefix="roberta.", layers=2, heads=4, H=16, E=16, I=40, segments=1,
         act="gelu", head_act="gelu", offset=2, names=BERT_NAMES, head=ROBERTA_HEAD, epsilon=1e-5,
         fields=dict(hidden_act="gelu", pad_token_id=1, max_position_embeddings=POSITIONS + 2)),
    dict(folder="xlm-roberta", type="xlm-roberta", prefix="", layers=1, heads=2, H=16, E=16, I=32, segments=1,
         act="gelu_new", head_act="gelu", offset=5, names=BERT_NAMES, head=ROBERTA_HEAD, epsilon=1e-5,
         fields=dict(hidden_act="gelu_new", pad_token_id=4, max_position_embeddings=POSITIONS + 5)),
    dict(folder="electra", type="electra", prefix="electra.", layers=2, heads=2, H=24, E=10, I=32, segments=2,
         act="gelu", head_act="gelu", offset=0, names=BERT_NAMES, project="embeddings_project",
         head=dict(transform="generator_predictions.dense", head_norm="generator_predictions.LayerNorm",
                   head_bias="generator_lm_head.bias"),
         fields=dict(hidden_act="gelu", embedding_size=10, max_position_embeddings=POSITIONS)),
    dict(folder="electra-discriminator", type="electra", prefix="electra.", layers=1, heads=2, H=16, E=16, I=32,
         segments=2, act="gelu", head_act="gelu", offset=0, names=BERT_NAMES, head=None,
         fields=dict(hidden_act="gelu", embedding_size=16, max_position_embeddings=POSITIONS)),
    dict(folder="albert", type="albert", prefix="albert.", layers=3, heads=2, H=16, E=8, I=32, segments=2,
         act="gelu_new", head_act="gelu_new", offset=0, groups=1, project="encoder.embedding_hidden_mapping_in",
         names=dict(layer="encoder.albert_layer_groups.%d.albert_layers.0.", q="attention.query", k="attention.key",
                    v="attention.value", o="attention.dense", n1="attention.LayerNorm", up="ffn", down="ffn_output",
                    n2="full_layer_layer_norm"),
         head=dict(transform="predictions.dense", head_norm="predictions.LayerNorm", head_bias="predictions.bias"),
         fields=dict(hidden_act="gelu_new", embedding_size=8, num_hidden_groups=1, inner_group_num=1,
                     max_position_embeddings=POSITIONS)),
    dict(folder="albert-groups", type="albert", prefix="albert.", layers=4, heads=2, H=16, E=16, I=24, segments=2,
         act="relu", head_act="relu", offset=0, groups=2, project="encoder.embedding_hidden_mapping_in",
         names=dict(layer="encoder.albert_layer_groups.%d.albert_layers.0.", q="attention.query", k="attention.key",
                    v="attention.value", o="attention.dense", n1="attention.LayerNorm", up="ffn", down="ffn_output",
                    n2="full_layer_layer_norm"), head=None,
         fields=dict(hidden_act="relu", embedding_size=16, num_hidden_groups=2, inner_group_num=1,
                     max_position_embeddings=POSITIONS)),
    dict(folder="mpnet", type="mpnet", prefix="mpnet.", layers=2, heads=4, H=16, E=16, I=32, segments=0,
         act="gelu", head_act="gelu", offset=2, distances=32, epsilon=1e-5,
         names=dict(layer="encoder.layer.%d.", q="attention.attn.q", k="attention.attn.k", v="attention.attn.v",
                    o="attention.attn.o", n1="attention.LayerNorm", up="intermediate.dense", down="output.dense",
                    n2="output.LayerNorm"), head=ROBERTA_HEAD,
         fields=dict(hidden_act="gelu", pad_token_id=1, relative_attention_num_buckets=32,
                     max_position_embeddings=POSITIONS + 2)),
    dict(folder="minilm", type="bert", prefix="", layers=2, heads=12, H=24, E=24, I=12, segments=2, act="gelu",
         head_act="gelu", offset=0, names=BERT_NAMES, head=None, long_only_hidden=True,
         fields=dict(hidden_act="gelu", max_position_embeddings=POSITIONS)),
    # Generators of ELECTRA base and large: layers a third or a quarter as wide as the embeddings.
    dict(folder="electra-wide", type="electra", prefix="electra.", layers=1, heads=2, H=16, E=40, I=24, segments=2,
         act="gelu", head_act="gelu", offset=0, names=BERT_NAMES, project="embeddings_project",
         head=dict(transform="generator_predictions.dense", head_norm="generator_predictions.LayerNorm",
                   head_bias="generator_lm_head.bias"),
         fields=dict(hidden_act="gelu", embedding_size=40, max_position_embeddings=POSITIONS)),
    dict(folder="camembert", type="camembert", prefix="roberta.", layers=1, heads=2, H=16, E=16, I=32, segments=1,
         act="gelu", head_act="gelu", offset=2, names=BERT_NAMES, head=ROBERTA_HEAD, epsilon=1e-5,
         fields=dict(hidden_act="gelu", pad_token_id=1, max_position_embeddings=POSITIONS + 2)),
]
LONG = " ".join(["ba dasa . ke lo matezu , ro po nesa ga gavi"] * 3).split()[:27]
TEXTS = [("ba dasa .", None), ("ke lo [MASK] matezu , ro", "po nesa ga gavi ."), (" ".join(LONG), None)]


def make_weights(f, rng):
    H, E, I = f["H"], f["E"], f["I"]
    W = {}

    def linear(name, outputs, inputs, size=1.0):
        W[name + ".weight"] = rng.normal(0, size / math.sqrt(inputs), (outputs, inputs))
        W[name + ".bias"] = rng.normal(0, 0.3, outputs)

    def norm(name, size):
        W[name + ".weight"], W[name + ".bias"] = rng.normal(1, 0.2, size), rng.normal(0, 0.2, size)

    p, n = f["prefix"], f["names"]
    W[p + "embeddings.word_embeddings.weight"] = rng.normal(0, 1, (V, E))
    W[p + "embeddings.position_embeddings.weight"] = rng.normal(0, 0.5, (POSITIONS + f["offset"], E))
    if f["segments"]:
        W[p + "embeddings.token_type_embeddings.weight"] = rng.normal(0, 0.5, (f["segments"], E))
    norm(p + "embeddings.LayerNorm", E)
    if f.get("project") and (E != H or f["type"] == "albert"):
        linear(p + f["project"], H, E)
    if f.get("distances"):
        W[p + "encoder.relative_attention_bias.weight"] = rng.normal(0, 1, (f["distances"], f["heads"]))
    for i in range(f.get("groups", f["layers"])):
        q = p + n["layer"] % i
        linear(q + n["q"], H, H, 1.5)
        linear(q + n["k"], H, H, 1.5)
        linear(q + n["v"], H, H)
        linear(q + n["o"], H, H)
        norm(q + n["n1"], H)
        linear(q + n["up"], I, H, 1.5)
        linear(q + n["down"], H, I)
        norm(q + n["n2"], H)
    if f["head"]:
        linear(f["head"]["transform"], E, H)
        norm(f["head"]["head_norm"], E)
        W[f["head"]["head_bias"]] = rng.normal(0, 0.3, V)
    return W


def bucket(relative, buckets, farthest=128):
    """Raffel et al. 2020: half of the buckets for each direction, of these half for single distances, the
    other half for logarithmically growing ones."""
    half = buckets // 2
    back = half if relative > 0 else 0
    n = abs(relative)
    exact = half // 2
    if n < exact:
        return back + n
    large = exact + int(math.log(n / exact) / math.log(farthest / exact) * (half - exact))
    return back + min(large, half - 1)


def forward(f, W, ids, sides):
    H, A, T, p, n = f["H"], f["heads"], len(ids), f["prefix"], f["names"]
    epsilon = f.get("epsilon", 1e-12)

    def linear(name, x):
        return x @ W[name + ".weight"].T + W[name + ".bias"]

    def norm(name, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        return centred / np.sqrt((centred ** 2).mean(axis=-1, keepdims=True) + epsilon) \
            * W[name + ".weight"] + W[name + ".bias"]

    def split(x):
        return x.reshape(T, A, H // A).swapaxes(0, 1)

    e = p + "embeddings."
    x = W[e + "word_embeddings.weight"][ids] + W[e + "position_embeddings.weight"][np.arange(T) + f["offset"]]
    if f["segments"]:
        x = x + W[e + "token_type_embeddings.weight"][np.minimum(sides, f["segments"] - 1)]
    x = norm(e + "LayerNorm", x)
    if f.get("project") and p + f["project"] + ".weight" in W:
        x = linear(p + f["project"], x)
    bias = 0
    if f.get("distances"):
        table = W[p + "encoder.relative_attention_bias.weight"]
        bias = np.array([[table[bucket(k - q, f["distances"])] for k in range(T)] for q in range(T)])
        bias = bias.transpose(2, 0, 1)
    out = {"query": [], "key": [], "value": [], "attention": [], "hidden": [x]}
    for layer in range(f["layers"]):
        group = layer * f.get("groups", f["layers"]) // f["layers"]
        w = p + n["layer"] % group
        query, key, value = (split(linear(w + n[name], x)) for name in "qkv")
        scores = query @ key.swapaxes(1, 2) / math.sqrt(H // A) + bias
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        context = (weights @ value).swapaxes(0, 1).reshape(T, H)
        x = norm(w + n["n1"], x + linear(w + n["o"], context))
        x = norm(w + n["n2"], x + linear(w + n["down"], activation(f["act"], linear(w + n["up"], x))))
        for name, array in (("query", query), ("key", key), ("value", value), ("attention", weights), ("hidden", x)):
            out[name].append(array)
    out = {name: np.stack(arrays) for name, arrays in out.items()}
    if f["head"]:
        h = f["head"]
        x = norm(h["head_norm"], activation(f["head_act"], linear(h["transform"], x)))
        out["logits"] = x @ W[e + "word_embeddings.weight"].T + W[h["head_bias"]]
    return out


def write_folder(f, rng):
    folder = os.path.join("tests", "data", "families", f["folder"])
    os.makedirs(folder, exist_ok=True)
    W = {name: x.astype(np.float32).astype(np.float64) for name, x in make_weights(f, rng).items()}
    write_safetensors(os.path.join(folder, "model.safetensors"),
                      {name: ("F32", x.shape, to_bytes(x, "F32")) for name, x in W.items()}, {"format": "pt"})
    config = {"model_type": f["type"], "vocab_size": V}
    if f["type"] != "distilbert":
        config.update(hidden_size=f["H"], num_hidden_layers=f["layers"], num_attention_heads=f["heads"],
                      intermediate_size=f["I"], layer_norm_eps=f.get("epsilon", 1e-12))
    if f["segments"]:
        config["type_vocab_size"] = f["segments"]
    config.update(f["fields"])
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=1)
    with open(os.path.join(folder, "vocab.txt"), "w") as file:
        file.write("\n".join(PIECES) + "\n")
    for number, (text, pair) in enumerate(TEXTS):
        tokens = ["[CLS]"] + tokenize(text) + ["[SEP]"]
        sides = [0] * len(tokens)
        if pair:
            more = tokenize(pair) + ["[SEP]"]
            tokens, sides = tokens + more, sides + [1] * len(more)
        ids = np.array([PIECES.index(piece) for piece in tokens])
        out = forward(f, W, ids, np.array(sides))
        if number == 2:     # for the long one what is at the end is enough: files stay small
            kept = ("hidden",) if f.get("long_only_hidden") else ("hidden", "attention")
            out = {name: out[name] for name in kept}
        tensors = {"ids": ("I64", ids.shape, to_bytes(ids, "I64"))}
        tensors.update({name: ("F32", x.shape, to_bytes(x, "F32")) for name, x in out.items()})
        write_safetensors(os.path.join(folder, f"expected_{number}.safetensors"), tensors,
                          {"text_a": text, "text_b": pair or "", "tokens": json.dumps(tokens)})
    print(folder)


if __name__ == "__main__":
    for number, family in enumerate(FAMILIES):
        write_folder(family, np.random.default_rng(100 + number))
