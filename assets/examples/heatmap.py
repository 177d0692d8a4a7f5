"""Read what `headlight dump` wrote, and draw one head as a heatmap; needs NumPy only.

    headlight dump "The cat sat." -o cat.safetensors
    python3 heatmap.py cat.safetensors 1 3 cat.png        # layer 1, head 3

Prints the weights as a table, the same numbers as `headlight render -v heatmap -o cat.csv`.
"""
import json
import struct
import sys
import zlib

import numpy as np


def read_safetensors(path):
    """name: array, and the metadata. 8 bytes of length, a JSON header, the numbers."""
    data = open(path, "rb").read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(data[8 + size + begin : 8 + size + end], "<f4").reshape(entry["shape"])
    return arrays, metadata


def write_png(path, grey):
    """A picture of bytes [height, width]."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                  + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    path, layer, head, picture = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    arrays, metadata = read_safetensors(path)
    tokens = json.loads(metadata["tokens"])
    weights = arrays["attention"][layer, head]              # [query, key], rows sum to 1
    for token, row in zip(tokens, weights):
        print(token, *("%.6f" % weight for weight in row))
    cells = 255 - np.rint(255 * np.clip(weights, 0, 1)).astype(np.uint8)
    write_png(picture, np.kron(cells, np.ones((24, 24), np.uint8)))


if __name__ == "__main__":
    main()
