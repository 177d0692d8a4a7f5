"""The encoder (BERT, post-layer-norm, tied masked-word head) and its optimiser.

Parameter names are those of BertForPreTraining. Products run in bf16, everything
else in fp32. Several short texts share a row: a text starts at its [CLS] and
attention does not cross from one to another.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

from text import CLS, PAD, SEP

CONFIG = {
    "architectures": ["BertForPreTraining"], "model_type": "bert", "vocab_size": 8192,
    "hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 8,
    "intermediate_size": 1024, "hidden_act": "gelu", "max_position_embeddings": 256,
    "type_vocab_size": 2, "layer_norm_eps": 1e-12, "initializer_range": 0.02,
    "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
    "position_embedding_type": "absolute", "pad_token_id": 0, "torch_dtype": "float16",
}


class Linear(nn.Linear):
    """A linear layer whose product runs in bf16 where `exact` is not set."""
    exact = False

    def forward(self, x):
        if Linear.exact:
            return F.linear(x, self.weight, self.bias)
        return F.linear(x.bfloat16(), self.weight.bfloat16(), self.bias.bfloat16())


class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        h = c["hidden_size"]
        self.heads, self.width = c["num_attention_heads"], h // c["num_attention_heads"]
        self.query, self.key, self.value = Linear(h, h), Linear(h, h), Linear(h, h)
        self.watched, self.peak = False, None

    def split(self, x, rows, length):
        return x.view(rows, length, self.heads, self.width).transpose(1, 2)

    @torch.no_grad()
    def clip(self, limit):
        """Where a head's largest score went over the limit, shrink its queries and keys
        (QK-clip, Kimi K2 2025): scores that grow and grow end in heads that look at one
        place only and learn nothing any more."""
        shrink = (limit / self.peak).clamp(max=1).sqrt().repeat_interleave(self.width)
        for part in (self.query, self.key):
            part.weight.mul_(shrink[:, None])
            part.bias.mul_(shrink)

    def forward(self, x, bias, rows, length, keep):
        q = self.split(self.query(x), rows, length)
        k = self.split(self.key(x), rows, length)
        v = self.split(self.value(x), rows, length)
        scores = torch.matmul(q, k.transpose(2, 3)).float() * (1 / math.sqrt(self.width))
        if self.watched:
            self.peak = scores.detach().abs().amax((0, 2, 3))
        weights = torch.softmax(scores + bias, 3)
        if keep is not None:
            keep.append(weights.detach())
        return torch.matmul(weights.to(v.dtype), v).transpose(1, 2).reshape(rows * length, -1)


def _norm(c):
    return nn.LayerNorm(c["hidden_size"], eps=c["layer_norm_eps"])


class Output(nn.Module):
    def __init__(self, c, width):
        super().__init__()
        self.dense = Linear(width, c["hidden_size"])
        self.LayerNorm = _norm(c)

    def forward(self, x, residual):
        return self.LayerNorm(self.dense(x).float() + residual)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self = SelfAttention(c)
        self.output = Output(c, c["hidden_size"])


class Dense(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.dense = Linear(a, b)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attention = Attention(c)
        self.intermediate = Dense(c["hidden_size"], c["intermediate_size"])
        self.output = Output(c, c["intermediate_size"])

    def forward(self, x, bias, rows, length, keep, only=None):
        context = self.attention.self(x, bias, rows, length, keep)
        if only is not None:
            context, x = context[only], x[only]
        x = self.attention.output(context, x)
        return self.output(F.gelu(self.intermediate.dense(x)), x)


class Embeddings(nn.Module):
    def __init__(self, c):
        super().__init__()
        h = c["hidden_size"]
        self.word_embeddings = nn.Embedding(c["vocab_size"], h)
        self.position_embeddings = nn.Embedding(c["max_position_embeddings"], h)
        self.token_type_embeddings = nn.Embedding(c["type_vocab_size"], h)
        self.LayerNorm = _norm(c)


class Container(nn.Module):
    pass


class Model(nn.Module):
    def __init__(self, c=CONFIG):
        super().__init__()
        self.config = c
        self.bert = Container()
        self.bert.embeddings = Embeddings(c)
        self.bert.encoder = Container()
        self.bert.encoder.layer = nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))
        self.bert.pooler = Dense(c["hidden_size"], c["hidden_size"])
        self.cls = Container()
        self.cls.seq_relationship = Linear(c["hidden_size"], 2)
        self.cls.predictions = Container()
        self.cls.predictions.bias = nn.Parameter(torch.zeros(c["vocab_size"]))
        self.cls.predictions.transform = Container()
        self.cls.predictions.transform.dense = Linear(c["hidden_size"], c["hidden_size"])
        self.cls.predictions.transform.LayerNorm = _norm(c)
        self.start()

    def start(self):
        """First values. Positions start as sine waves, so that "one to the left" is a
        linear map from the beginning and the neighbour heads form early."""
        std = self.config["initializer_range"]
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, 0.0, std)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        for layer in self.bert.encoder.layer:
            for part in (layer.attention.self.query, layer.attention.self.key):
                nn.init.normal_(part.weight, 0.0, 2.5 * std)
        place = self.bert.embeddings.position_embeddings.weight
        count, width = place.shape
        rate = torch.exp(torch.arange(width // 2) * (-math.log(10000.0) / (width // 2)))
        angle = torch.arange(count)[:, None] * rate[None]
        with torch.no_grad():
            place.copy_(torch.cat([angle.sin(), angle.cos()], 1) * std * math.sqrt(2))

    def forward(self, ids, keep=None, hide=None, deep=None, only=None, free=None, aside=None,
                told=None):
        """Hidden states [rows * length, hidden] of ids [rows, length], or those of the places
        in `only`. hide: pairs of a share of the texts and a table of pieces that nobody may look
        at in them; deep: the same (a share, a table) from one layer on, and whether a token may
        not look at itself there either; free: [layers, heads], the heads in which nothing of their
        own text is hidden; aside: a share and a table for the heads of a third table [layers, heads];
        told: places and what is added to their embeddings."""
        rows, length = ids.shape
        at = torch.arange(length)
        begins = ids == CLS
        text = begins.cumsum(1)
        text = torch.where(ids == PAD, torch.full_like(text, -1), text)
        first = torch.cummax(torch.where(begins, at, torch.zeros_like(at)), 1)[0]
        place = (at - first).clamp(max=self.config["max_position_embeddings"] - 1)
        closed = (ids == SEP).cumsum(1)
        closed = closed - (ids == SEP).long()
        segment = (closed - closed.gather(1, first)).clamp(0, 1)
        same = text[:, :, None] == text[:, None, :]
        bias = torch.zeros(same.shape).masked_fill_(~same, -1e4)
        whole = bias.clone()[:, None] if free is not None else None
        if aside is not None:
            share, pieces, apart = aside
            texts = torch.rand(rows, length).gather(1, text.clamp(min=0)) < share
            other = bias.masked_fill((texts & pieces[ids])[:, None] & same, -1e3)[:, None]
        for share, pieces in hide or ():
            texts = torch.rand(rows, length).gather(1, text.clamp(min=0)) < share
            bias.masked_fill_((texts & pieces[ids])[:, None] & same, -1e3)
        upper, first_deep = bias, len(self.bert.encoder.layer)
        if deep is not None:                    # -1e3, not -1e4: a text may have nothing else
            share, pieces, first_deep, itself = deep
            texts = torch.rand(rows, length).gather(1, text.clamp(min=0)) < share
            hidden = (texts & pieces[ids])[:, None]
            if itself:
                hidden = hidden | (torch.eye(length, dtype=torch.bool) & texts[:, None])
            upper = bias.masked_fill(hidden & same, -1e3)
        bias, upper = bias[:, None], upper[:, None]

        e = self.bert.embeddings
        x = e.word_embeddings(ids) + e.position_embeddings(place) + e.token_type_embeddings(segment)
        x = e.LayerNorm(x).view(rows * length, -1)
        if told is not None:
            x = x.index_add(0, *told)
        layers = self.bert.encoder.layer
        for i, layer in enumerate(layers):
            seen = bias if i < first_deep else upper
            if free is not None:
                seen = torch.where(free[i][None, :, None, None], whole, seen)
            if aside is not None:
                seen = torch.where(apart[i][None, :, None, None], other, seen)
            x = layer(x, seen, rows, length, keep, only if layer is layers[-1] else None)
        return x

    def words(self, x):
        """Scores of all pieces for the chosen hidden states."""
        t = self.cls.predictions.transform
        x = t.LayerNorm(F.gelu(t.dense(x)).float())
        w, b = self.bert.embeddings.word_embeddings.weight, self.cls.predictions.bias
        if Linear.exact:
            return F.linear(x, w, b)
        return F.linear(x.bfloat16(), w.bfloat16(), b.bfloat16())

    def relation(self, x):
        """Scores of "follows" and "does not" for the hidden states of [CLS]."""
        return self.cls.seq_relationship(torch.tanh(self.bert.pooler.dense(x).float()))

    def watch(self, on):
        for layer in self.bert.encoder.layer:
            layer.attention.self.watched = on

    def clip(self, limit):
        """Shrink queries and keys of watched layers; the largest score seen."""
        peaks = [layer.attention.self.peak.max() for layer in self.bert.encoder.layer]
        for layer in self.bert.encoder.layer:
            layer.attention.self.clip(limit)
        return float(max(peaks))


# -- optimiser ---------------------------------------------------------------------

def orthogonal(g):
    """The nearest (roughly) orthogonal matrices of a stack, by five Newton-Schulz steps."""
    x = g.bfloat16()
    flip = x.shape[1] > x.shape[2]
    if flip:
        x = x.transpose(1, 2)
    x = x / (x.float().norm(dim=(1, 2), keepdim=True).bfloat16() + 1e-7)
    for _ in range(5):
        a = torch.bmm(x, x.transpose(1, 2))
        b = -4.7750 * a + 2.0315 * torch.bmm(a, a)
        x = 3.4445 * x + torch.bmm(b, x)
    return (x.transpose(1, 2) if flip else x).float()


class Optimiser:
    """Muon for the matrices of the encoder, AdamW for everything else."""

    def __init__(self, model, decay=0.05):
        self.decay = decay
        names = dict(model.named_parameters())
        self.muon = {n: p for n, p in names.items() if "encoder" in n and p.dim() == 2}
        self.adam = {n: p for n, p in names.items() if n not in self.muon}
        self.state = {n: torch.zeros_like(p) for n, p in names.items()}
        self.second = {n: torch.zeros_like(p) for n, p in self.adam.items()}
        self.pace = {}          # of queries and keys: their rate, the others' being 1; 0.5 if not here
        self.groups = {}
        for n, p in self.muon.items():
            self.groups.setdefault(tuple(p.shape), []).append(n)
        self.count = 0

    @torch.no_grad()
    def step(self, muon_rate, adam_rate, momentum=0.95, betas=(0.9, 0.98)):
        self.count += 1
        for shape, names in self.groups.items():
            updates = []
            for n in names:
                g, m = self.muon[n].grad, self.state[n]
                m.mul_(momentum).add_(g)
                updates.append(g.add(m, alpha=momentum))
            updates = orthogonal(torch.stack(updates))
            scale = muon_rate * 0.2 * math.sqrt(max(shape))
            for n, u in zip(names, updates):
                slow = self.pace.get(n, 0.5) if "query" in n or "key" in n else 1.0
                self.muon[n].mul_(1 - muon_rate * self.decay).add_(u, alpha=-scale * slow)
        c1, c2 = 1 - betas[0] ** self.count, 1 - betas[1] ** self.count
        for n, p in self.adam.items():
            if p.grad is None:                          # a step without pairs
                continue
            m, v = self.state[n], self.second[n]
            m.mul_(betas[0]).add_(p.grad, alpha=1 - betas[0])
            v.mul_(betas[1]).addcmul_(p.grad, p.grad, value=1 - betas[1])
            if p.dim() == 2:
                p.mul_(1 - adam_rate * self.decay)
            p.addcdiv_(m, (v / c2).sqrt_().add_(1e-8), value=-adam_rate / c1)
        for p in list(self.muon.values()) + list(self.adam.values()):
            p.grad = None

    def save(self):
        return {"state": self.state, "second": self.second, "count": self.count}

    def load(self, saved):
        self.state, self.second, self.count = saved["state"], saved["second"], saved["count"]
