"""Look at what the heads do.

    evaluate.py MODEL_FOLDER|CHECKPOINT [PRONOUNS.jsonl] [--vocabulary vocab.txt] [--held-out WORK/held-out]

A head's answer for a pronoun is the candidate word to which the pronoun attends most.
The head is chosen on one half of the cases and judged on the other, both ways round.
"""
import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from text import CLS, MASK, SEP, Tokenizer, split_words

SHOWCASE = "The animal didn't cross the street because it was too tired."
SHOWN = ((SHOWCASE, "it"),
         ("The animal didn't cross the street because it was too wide.", "it"),
         ("The dog chased the ball until it was tired.", "it"),
         ("The dog didn't eat the food because it was not hungry.", "it"),
         ("The box doesn't fit in the bag because it is too small.", "it"),
         ("The cat sat on the mat because it was tired.", "it"),
         ("The boys threw stones at the window and they ran away.", "they"),
         ("Mary gave the book to John because he asked for it.", "it"),
         ("Mary gave the book to John because he asked for it.", "he"),
         ("The king sent for his daughter, but she did not come.", "she"))
FILLED = ("The cat sat on the [MASK].", "The capital of France is [MASK].", "She opened the [MASK] and went in.",
          "He drank a cup of [MASK].", "I have two [MASK].", "The dog [MASK] at the stranger.",
          "They [MASK] going to school.", "My mother is a [MASK] woman.")


@torch.no_grad()
def attention(model, tokenizer, text, second=None):
    """Pieces, attention [layer, head, query, key], and scores of pieces at each place."""
    ids = [CLS] + tokenizer.encode(text) + [SEP]
    if second is not None:
        ids += tokenizer.encode(second) + [SEP]
    keep = []
    x = model(torch.tensor([ids]), keep)
    return [tokenizer.pieces[i] for i in ids], torch.stack([w[0] for w in keep]), model.words(x).float()


def showcase(model, tokenizer):
    """The head in which "it" looks most at "animal", and how much."""
    pieces, weights, _ = attention(model, tokenizer, SHOWCASE)
    link = weights[:, :, pieces.index("it"), pieces.index("animal")]
    best = int(link.argmax())
    return (best // link.shape[1], best % link.shape[1]), float(link.max())


def rest(model, tokenizer):
    """The mean weight on [CLS] in each layer, over a few sentences."""
    texts = (SHOWCASE, "She opened the old door and looked into the dark room.",
             "Most birds build their nests in spring, but some of them do not.")
    return np.mean([attention(model, tokenizer, text)[1][:, :, 1:, 0].mean((1, 2)).numpy() for text in texts], 0)


def top(pieces, weights, count=5):
    order = np.argsort(-np.asarray(weights))[:count]
    return ", ".join("%s %.2f" % (pieces[i], weights[i]) for i in order)


def encode_words(tokenizer, words):
    """Ids of a text given as words, and the place of each word's first and last piece."""
    ids, spans = [CLS], []
    for word in words:
        begin = len(ids)
        ids.extend(tokenizer.encode(word))
        spans.append((begin, max(len(ids), begin + 1)))
    return ids + [SEP], spans


@torch.no_grad()
def batches(model, tokenizer, items, size=32, limit=192):
    """Attention of every item, a padded batch at a time."""
    coded = [encode_words(tokenizer, item["words"]) for item in items]
    order = sorted(range(len(items)), key=lambda i: len(coded[i][0]))
    for start in range(0, len(order), size):
        part = [i for i in order[start : start + size] if len(coded[i][0]) <= limit]
        if not part:
            continue
        longest = -(-max(len(coded[i][0]) for i in part) // 16) * 16
        ids = torch.zeros(size, longest, dtype=torch.long)
        ids[:, 0] = CLS
        for row, i in enumerate(part):
            ids[row, : len(coded[i][0])] = torch.tensor(coded[i][0])
        keep = []
        x = model(ids, keep)
        yield part, ids, [coded[i][1] for i in part], torch.stack(keep, 1), x


def pronouns(model, tokenizer, items):
    """right[item, head], and whether the words guessed at the pronoun choose right."""
    c = model.config
    heads = c["num_hidden_layers"] * c["num_attention_heads"]
    right = np.zeros((len(items), heads), bool)
    guessed, done = np.zeros(len(items), bool), np.zeros(len(items), bool)
    for part, ids, spans, weights, x in batches(model, tokenizer, items):
        x = x.view(len(ids), ids.shape[1], -1)
        for row, i in enumerate(part):
            item = items[i]
            at = spans[row][item["at"]][0]
            links, scores = [], model.words(x[row, at : at + 1]).float()[0]
            score = []
            for candidate in item["candidates"]:
                begin, end = spans[row][candidate["word"]]
                links.append(weights[row, :, :, at, begin:end].sum(-1).reshape(-1).numpy())
                score.append(float(scores[ids[row, begin]]))
            answer = np.array([k["right"] for k in item["candidates"]])
            right[i] = answer[np.argmax(np.array(links), 0)]
            guessed[i] = answer[int(np.argmax(score))]
            done[i] = True
    return right, guessed, done


def report_pronouns(model, tokenizer, path):
    items = [json.loads(line) for line in open(path, encoding="utf-8")]
    right, guessed, done = pronouns(model, tokenizer, items)
    heads = model.config["num_attention_heads"]
    source = np.array([item["source"] for item in items])
    form = np.array([item["words"][item["at"]].lower() for item in items])
    nearest = np.array([item["candidates"][-1]["right"] for item in items])
    half = np.arange(len(items)) % 2 == 0
    print("items", len(items), "looked at", int(done.sum()))
    for name in sorted(set(source)) + ["both"]:
        here = (source == name) | (name == "both")
        parts = []
        for chosen, judged in ((half, ~half), (~half, half)):
            best = int(right[here & chosen].mean(0).argmax())
            parts.append(("%d.%d" % (best // heads, best % heads), right[here & judged, best].mean()))
        print("%-8s %5d  best head %s  right %.1f %%  nearest %.1f %%  word guessed at the pronoun %.1f %%" % (
            name, here.sum(), "/".join(sorted(set(p[0] for p in parts))),
            100 * np.mean([p[1] for p in parts]), 100 * nearest[here].mean(), 100 * guessed[here].mean()))
    best = int(right.mean(0).argmax())
    print("head %d.%d by pronoun:" % (best // heads, best % heads), ", ".join(
        "%s %.0f %% of %d" % (f, 100 * right[form == f, best].mean(), n) for f, n in Counter(form).most_common(11)))


def patterns(model, tokenizer, items):
    """The strongest head for simple patterns, over texts of the pronoun file."""
    sums = {}
    for part, ids, _, weights, _ in batches(model, tokenizer, items[::8]):
        for row in range(len(part)):
            n = int((ids[row] > 0).sum())
            w = weights[row, :, :, :n, :n].reshape(-1, n, n).numpy()
            inner = np.arange(1, n - 1)
            same = (ids[row, :n, None] == ids[row, None, :n]).numpy()
            np.fill_diagonal(same, False)
            again = inner[same[inner].any(1)]
            for name, value, count in (
                    ("previous", w[:, inner, inner - 1].sum(1), len(inner)),
                    ("next", w[:, inner, inner + 1].sum(1), len(inner)),
                    ("itself", w[:, inner, inner].sum(1), len(inner)),
                    ("same word", (w[:, again] * same[again]).sum((1, 2)), len(again)),
                    ("[SEP]", w[:, inner, n - 1].sum(1), len(inner)),
                    ("[CLS]", w[:, inner, 0].sum(1), len(inner))):
                total = sums.setdefault(name, [0.0, 0])
                total[0] = total[0] + value
                total[1] += count
    heads = model.config["num_attention_heads"]
    for name, (total, count) in sums.items():
        mean = total / count
        order = np.argsort(-mean)[:3]
        print("%-10s" % name, ", ".join("%d.%d %.2f" % (i // heads, i % heads, mean[i]) for i in order))


@torch.no_grad()
def held_out(model, tokenizer, path, most=1500, length=128, share=0.15):
    """Masked words of text that was not trained on: pieces asked for, share right, perplexity.
    Whole words, 15 % of a passage, all shown as [MASK]."""
    rng = np.random.default_rng(7)
    passages = []
    for paragraph in Path(path).read_text(encoding="utf-8").split("\n"):
        words = [tokenizer.word_ids(w) for w in split_words(paragraph)]
        if 5 <= len(words):
            passages.append(words)
    passages = [passages[i] for i in rng.permutation(len(passages))[:most]]
    asked, right, loss = 0, 0, 0.0
    for start in range(0, len(passages), 32):
        ids = torch.zeros(32, length, dtype=torch.long)
        ids[:, 0] = CLS
        answer = torch.full((32, length), -100)
        for row, words in enumerate(passages[start : start + 32]):
            at = 1
            for word in words:
                if at + len(word) > length - 1:
                    break
                ids[row, at : at + len(word)] = torch.tensor(word)
                if rng.random() < share:
                    answer[row, at : at + len(word)] = ids[row, at : at + len(word)]
                    ids[row, at : at + len(word)] = MASK
                at += len(word)
            ids[row, at] = SEP
        place = (answer >= 0).view(-1).nonzero()[:, 0]
        if len(place) == 0:
            continue
        truth = answer.view(-1)[place]
        scores = model.words(model(ids, only=place)).float()
        loss += float(torch.nn.functional.cross_entropy(scores, truth, reduction="sum"))
        right += int((scores.argmax(1) == truth).sum())
        asked += len(place)
    return asked, right / asked, float(np.exp(loss / asked))


def main():
    from export import load_folder
    from model import Linear, Model, CONFIG
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("model")
    options.add_argument("pronouns", nargs="?")
    options.add_argument("--vocabulary")
    options.add_argument("--held-out", help="the folder of texts that prepare.py kept apart")
    options = options.parse_args()
    if Path(options.model).is_dir():
        model = load_folder(options.model)
        tokenizer = Tokenizer.load(options.vocabulary or Path(options.model) / "vocab.txt")
        Linear.exact = True
    else:
        saved = torch.load(options.model)
        tokenizer = Tokenizer.load(options.vocabulary)
        model = Model({**CONFIG, "vocab_size": len(tokenizer.pieces)})
        model.load_state_dict(saved["model"])
        print("step", saved["step"], "tokens", saved["tokens"])
    (layer, head), _ = showcase(model, tokenizer)
    print("showcase head %d.%d" % (layer, head))
    for text, word in SHOWN:
        pieces, weights, scores = attention(model, tokenizer, text)
        at = pieces.index(word)
        best = torch.softmax(scores[at], 0).topk(3)
        print("%s\n    %s -> %s | guessed: %s" % (text, word, top(pieces, weights[layer, head, at].numpy()), ", ".join(
            "%s %.2f" % (tokenizer.pieces[i], p) for p, i in zip(best.values.tolist(), best.indices.tolist()))))
    for text in FILLED:
        pieces, _, scores = attention(model, tokenizer, text)
        p = torch.softmax(scores[pieces.index("[MASK]")], 0).topk(5)
        print(text, "->", ", ".join("%s %.2f" % (tokenizer.pieces[i], v)
                                    for v, i in zip(p.values.tolist(), p.indices.tolist())))
    if options.held_out:
        for path in sorted(Path(options.held_out).glob("*.txt")):
            asked, right, perplexity = held_out(model, tokenizer, path)
            print("held out %-14s %6d pieces, right %.1f %%, perplexity %.1f"
                  % (path.stem, asked, 100 * right, perplexity))
    if options.pronouns:
        items = [json.loads(line) for line in open(options.pronouns, encoding="utf-8")]
        patterns(model, tokenizer, items)
        report_pronouns(model, tokenizer, options.pronouns)


if __name__ == "__main__":
    main()
