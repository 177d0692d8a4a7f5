#!/usr/bin/python3
"""Makes tests/data/bert-tiny*: random BERTs of a few kilobytes in three dialects, with what a plain
float64 computation of the paper's equations gives for them. test_bert_own compares ours with it.

    python3 tests/reference/make_reference.py        from the repository root; needs python3-numpy
"""
import json
import math
import os

import numpy as np

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ","] + [
    consonant + vowel for consonant in "bdfgklmnpr" for vowel in "aeo"
] + ["##" + consonant + vowel for consonant in "stvz" for vowel in "aeiou"]

DIALECTS = [
    dict(folder="bert-tiny", dtype="F32", prefix="bert.", norm=("weight", "bias"), act="gelu",
         head="tied", layers=2, heads=2, hidden=16, inner=32, segments=2, shards=1,
         texts=[("ba dasa .", None), ("ke lo [MASK] matezu , ro", "po nesa ga gavi .")]),
    dict(folder="bert-tiny-f16", dtype="F16", prefix="", norm=("gamma", "beta"), act="gelu_new",
         head=None, layers=2, heads=3, hidden=24, inner=40, segments=2, shards=2,
         texts=[("fe kosi , de bava mo", "ne")]),
    dict(folder="bert-tiny-bf16", dtype="BF16", prefix="bert.", norm=("weight", "bias"), act="relu",
         head="untied", layers=1, heads=4, hidden=24, inner=40, segments=1, shards=1,
         texts=[("ro ro ro na", None)]),
]
POSITIONS = 40


# ---- Numbers as a file stores them ----

def to_bytes(x, dtype):
    if dtype == "BF16":  # the upper half of a float32, rounded to the nearest even
        bits = x.astype("<f4").view("<u4").astype(np.uint64)
        bits = (bits + 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))) >> np.uint64(16)
        return bits.astype("<u2").tobytes()
    return x.astype({"F32": "<f4", "F16": "<f2", "I64": "<i8"}[dtype]).tobytes()


def from_bytes(raw, dtype, shape):
    if dtype == "BF16":
        x = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
    else:
        x = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2"}[dtype])
    return x.reshape(shape).astype(np.float64)


def write_safetensors(path, tensors, metadata):
    """tensors: name -> (dtype, shape, bytes)"""
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


# ---- A random model ----

def make_weights(dialect, rng):
    H, I, V = dialect["hidden"], dialect["inner"], len(PIECES)
    weights = {}

    def linear(name, outputs, inputs, size=1.0):
        weights[name + ".weight"] = rng.normal(0, size / math.sqrt(inputs), (outputs, inputs))
        weights[name + ".bias"] = rng.normal(0, 0.3, outputs)

    def norm(name):
        weights[f"{name}.{dialect['norm'][0]}"] = rng.normal(1, 0.2, H)
        weights[f"{name}.{dialect['norm'][1]}"] = rng.normal(0, 0.2, H)

    p = dialect["prefix"]
    weights[p + "embeddings.word_embeddings.weight"] = rng.normal(0, 1, (V, H))
    weights[p + "embeddings.position_embeddings.weight"] = rng.normal(0, 0.5, (POSITIONS, H))
    weights[p + "embeddings.token_type_embeddings.weight"] = rng.normal(0, 0.5,
                                                                        (dialect["segments"], H))
    norm(p + "embeddings.LayerNorm")
    for i in range(dialect["layers"]):
        q = f"{p}encoder.layer.{i}."
        linear(q + "attention.self.query", H, H, 1.5)  # so that attention is peaked
        linear(q + "attention.self.key", H, H, 1.5)
        linear(q + "attention.self.value", H, H)
        linear(q + "attention.output.dense", H, H)
        norm(q + "attention.output.LayerNorm")
        linear(q + "intermediate.dense", I, H, 1.5)
        linear(q + "output.dense", H, I)
        norm(q + "output.LayerNorm")
    if dialect["head"]:
        linear("cls.predictions.transform.dense", H, H)
        norm("cls.predictions.transform.LayerNorm")
    if dialect["head"] == "tied":
        weights["cls.predictions.bias"] = rng.normal(0, 0.3, V)
    if dialect["head"] == "untied":
        linear("cls.predictions.decoder", V, H)
    return weights


# ---- The paper ----

def activation(name, x):
    if name == "relu":
        return np.maximum(x, 0)
    if name == "gelu_new":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
    return x * 0.5 * np.vectorize(math.erfc)(-x / math.sqrt(2))


def forward(dialect, W, ids, sides):
    H, A, T, p = dialect["hidden"], dialect["heads"], len(ids), dialect["prefix"]
    gain, shift = dialect["norm"]

    def linear(name, x):
        return x @ W[name + ".weight"].T + W[name + ".bias"]

    def norm(name, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred ** 2).mean(axis=-1, keepdims=True) + 1e-12)
        return centred / deviation * W[f"{name}.{gain}"] + W[f"{name}.{shift}"]

    def split(x):
        return x.reshape(T, A, H // A).swapaxes(0, 1)

    out = {"query": [], "key": [], "value": [], "attention": [], "hidden": []}
    e = p + "embeddings."
    segments = np.minimum(sides, dialect["segments"] - 1)
    x = norm(e + "LayerNorm", W[e + "word_embeddings.weight"][ids] +
             W[e + "position_embeddings.weight"][:T] +
             W[e + "token_type_embeddings.weight"][segments])
    out["hidden"].append(x)
    for i in range(dialect["layers"]):
        q = f"{p}encoder.layer.{i}."
        query, key, value = (split(linear(f"{q}attention.self.{name}", x))
                             for name in ("query", "key", "value"))
        scores = query @ key.swapaxes(1, 2) / math.sqrt(H // A)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        context = (weights @ value).swapaxes(0, 1).reshape(T, H)
        x = norm(q + "attention.output.LayerNorm",
                 x + linear(q + "attention.output.dense", context))
        inner = activation(dialect["act"], linear(q + "intermediate.dense", x))
        x = norm(q + "output.LayerNorm", x + linear(q + "output.dense", inner))
        for name, array in (("query", query), ("key", key), ("value", value),
                            ("attention", weights), ("hidden", x)):
            out[name].append(array)
    out = {name: np.stack(arrays) for name, arrays in out.items()}
    if dialect["head"]:
        c = "cls.predictions."
        x = norm(c + "transform.LayerNorm",
                 activation(dialect["act"], linear(c + "transform.dense", x)))
        if dialect["head"] == "untied":
            out["logits"] = linear(c + "decoder", x)
        else:
            out["logits"] = x @ W[e + "word_embeddings.weight"].T + W[c + "bias"]
    return out


# ---- Files ----

def tokenize(text):
    pieces = []
    for word in text.split():
        if word in PIECES:
            pieces.append(word)
        else:
            pieces += [word[:2]] + ["##" + word[i:i + 2] for i in range(2, len(word), 2)]
    return pieces


def write_folder(dialect, rng):
    folder = os.path.join("tests", "data", dialect["folder"])
    os.makedirs(folder, exist_ok=True)
    stored = {name: (dialect["dtype"], x.shape, to_bytes(x, dialect["dtype"]))
              for name, x in make_weights(dialect, rng).items()}
    if dialect["shards"] == 1:
        write_safetensors(os.path.join(folder, "model.safetensors"), stored, {"format": "pt"})
    else:
        index, names = {}, list(stored)
        for part in range(dialect["shards"]):
            file = f"model-{part + 1:05}-of-{dialect['shards']:05}.safetensors"
            mine = {name: stored[name] for name in names[part::dialect["shards"]]}
            index.update({name: file for name in mine})
            write_safetensors(os.path.join(folder, file), mine, {"format": "pt"})
        with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
            json.dump({"metadata": {}, "weight_map": index}, file, indent=1)
    config = {
        "model_type": "bert", "hidden_act": dialect["act"], "hidden_size": dialect["hidden"],
        "num_hidden_layers": dialect["layers"], "num_attention_heads": dialect["heads"],
        "intermediate_size": dialect["inner"], "max_position_embeddings": POSITIONS,
        "type_vocab_size": dialect["segments"], "vocab_size": len(PIECES),
        "layer_norm_eps": 1e-12,
    }
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=1)
    with open(os.path.join(folder, "vocab.txt"), "w") as file:
        file.write("\n".join(PIECES) + "\n")
    W = {name: from_bytes(raw, dtype, shape) for name, (dtype, shape, raw) in stored.items()}
    for number, (text, pair) in enumerate(dialect["texts"]):
        tokens = ["[CLS]"] + tokenize(text) + ["[SEP]"]
        sides = [0] * len(tokens)
        if pair:
            more = tokenize(pair) + ["[SEP]"]
            tokens, sides = tokens + more, sides + [1] * len(more)
        ids = np.array([PIECES.index(piece) for piece in tokens])
        out = forward(dialect, W, ids, np.array(sides))
        tensors = {"ids": ("I64", ids.shape, to_bytes(ids, "I64"))}
        tensors.update({name: ("F32", x.shape, to_bytes(x, "F32")) for name, x in out.items()})
        write_safetensors(os.path.join(folder, f"expected_{number}.safetensors"), tensors,
                          {"text_a": text, "text_b": pair or "", "tokens": json.dumps(tokens)})
        print(f"{folder} {number}: {' '.join(tokens)}; mean largest attention "
              f"{out['attention'].max(axis=-1).mean():.2f}")


if __name__ == "__main__":
    for number, dialect in enumerate(DIALECTS):
        write_folder(dialect, np.random.default_rng(number))
