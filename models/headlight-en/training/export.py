"""Write a checkpoint, or the mean of several, as a model folder: config.json and model.safetensors (F16).

    export.py RUN/checkpoint.pt [RUN/checkpoint.pt...] MODEL_FOLDER
"""
import argparse
import json
import os
import struct
from pathlib import Path

import torch

from model import CONFIG, Model


def write_safetensors(path, tensors):
    header, at, parts = {"__metadata__": {"format": "pt"}}, 0, []
    for name in sorted(tensors):
        data = tensors[name].detach().half().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F16", "shape": list(tensors[name].shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
        parts.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(str(path) + ".new", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for data in parts:
            out.write(data)
    os.replace(str(path) + ".new", path)


def read_safetensors(path):
    data = Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    body = data[8 + size :]
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            flat = torch.frombuffer(bytearray(body[begin:end]), dtype=torch.float16)
            tensors[name] = flat.view(entry["shape"]).float()
    return tensors


def load_folder(folder):
    model = Model(json.loads((Path(folder) / "config.json").read_text()))
    model.load_state_dict(read_safetensors(Path(folder) / "model.safetensors"))
    return model


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("checkpoint", nargs="+")
    options.add_argument("folder")
    options = options.parse_args()
    parts = [torch.load(path)["model"] for path in options.checkpoint]
    tensors = {name: sum(part[name] for part in parts) / len(parts) for name in parts[0]}
    config = {**CONFIG, "vocab_size": len(tensors["cls.predictions.bias"])}
    folder = Path(options.folder)
    (folder / "config.json.new").write_text(json.dumps(config, indent=2) + "\n")
    os.replace(folder / "config.json.new", folder / "config.json")
    write_safetensors(folder / "model.safetensors", tensors)


if __name__ == "__main__":
    main()
