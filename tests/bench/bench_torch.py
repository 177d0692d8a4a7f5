#!/usr/bin/python3
"""The forward pass of bench_model in PyTorch, for comparison: BERT with attention and hidden states
returned, random weights. bench_model calls it; by hand:

    OMP_WAIT_POLICY=passive python3 tests/bench/bench_torch.py LAYERS HEADS HIDDEN INNER SECONDS \
        THREADS[,THREADS...] TOKENS...

Prints one line "TOKENS THREADS MEDIAN_MS" for each combination. Exit status 3: no PyTorch here.
"""
import math
import statistics
import sys
import time

try:
    import torch
    from torch.nn import functional as F
except ImportError:
    sys.exit(3)


class Layer(torch.nn.Module):
    def __init__(self, heads, hidden, inner):
        super().__init__()
        self.heads = heads
        self.query = torch.nn.Linear(hidden, hidden)
        self.key = torch.nn.Linear(hidden, hidden)
        self.value = torch.nn.Linear(hidden, hidden)
        self.output = torch.nn.Linear(hidden, hidden)
        self.up = torch.nn.Linear(hidden, inner)
        self.down = torch.nn.Linear(inner, hidden)
        self.attention_norm = torch.nn.LayerNorm(hidden, eps=1e-12)
        self.norm = torch.nn.LayerNorm(hidden, eps=1e-12)

    def split(self, x):
        batch, tokens, hidden = x.shape
        return x.view(batch, tokens, self.heads, hidden // self.heads).permute(0, 2, 1, 3)

    def forward(self, x):
        query, key, value = (self.split(linear(x)) for linear in (self.query, self.key, self.value))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(query.shape[-1])
        weights = F.softmax(scores, dim=-1)
        context = torch.matmul(weights, value).permute(0, 2, 1, 3).contiguous().view(x.shape)
        x = self.attention_norm(self.output(context) + x)
        return self.norm(self.down(F.gelu(self.up(x))) + x), weights


class Bert(torch.nn.Module):
    def __init__(self, layers, heads, hidden, inner):
        super().__init__()
        self.words = torch.nn.Embedding(1000, hidden)
        self.positions = torch.nn.Embedding(512, hidden)
        self.segments = torch.nn.Embedding(2, hidden)
        self.norm = torch.nn.LayerNorm(hidden, eps=1e-12)
        self.layers = torch.nn.ModuleList(Layer(heads, hidden, inner) for _ in range(layers))

    def forward(self, ids):
        places = torch.arange(ids.shape[1]).unsqueeze(0)
        x = self.norm(self.words(ids) + self.positions(places) +
                      self.segments(torch.zeros_like(ids)))
        hidden, attention = [x], []
        for layer in self.layers:
            x, weights = layer(x)
            hidden.append(x)
            attention.append(weights)
        return hidden, attention


def median_ms(model, ids, seconds):
    times, end = [], time.perf_counter() + seconds
    with torch.no_grad():
        model(ids)
        while len(times) < 5 or time.perf_counter() < end:
            start = time.perf_counter()
            model(ids)
            times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


layers, heads, hidden, inner = (int(word) for word in sys.argv[1:5])
bert = Bert(layers, heads, hidden, inner).eval()
for count in sys.argv[6].split(","):
    torch.set_num_threads(int(count))
    for tokens in sys.argv[7:]:
        numbers = torch.arange(int(tokens)).unsqueeze(0)
        print(tokens, count, f"{median_ms(bert, numbers, float(sys.argv[5])):.4f}", flush=True)
